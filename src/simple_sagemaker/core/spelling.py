"""How far two names are apart, for suggestions about mistyped ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = 4  # letters of a word that is not mistyped into another one by a single letter


def distance(one: str, other: str) -> int:
    """How many letters more, less or other, and swaps of two neighbours, lie between two names."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        above, before, row = before, row, [i + 1]
        for j, wanted in enumerate(other):
            cost = min(before[j + 1] + 1, row[j] + 1, before[j] + (letter != wanted))
            if i and j and letter == other[j - 1] and one[i - 1] == wanted:
                cost = min(cost, above[j - 1] + 1)
            row.append(cost)
    return row[-1]


def is_same_but_for_a_slip(one: str, other: str) -> bool:
    """Whether one bucket's name is probably the other one, mistyped.

    A letter more, less or other, or two swapped, in a word of four letters or more, or a dash or dot more or less.
    ``data-1`` and ``data-2``, ``team-a`` and ``team-b``, ``x-eu`` and ``x-us`` are different names.
    """
    if one == other or abs(len(one) - len(other)) > 1 or distance(one, other) > 1:
        return False
    words, others = (re.split(r"[-.]", name) for name in (one, other))
    if len(words) != len(others):
        return True
    changed = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    if not changed:  # a dot for a dash
        return True
    apart = [re.sub(r"[0-9]", "", word) for word in changed[0]]
    return min(map(len, changed[0])) >= _WORD and apart[0] != apart[1]


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that ``name`` probably misspells: up to one mistake in three letters; None if all are farther.

    Of several that are as near it is the one with the longest beginning in common: ``tun`` is tune, and not run. Then
    it is the longest: letters are forgotten, and who means to run is not told to remove.
    """
    typed = name.lower()
    near = ((distance(typed, one.lower()), -_begins_alike(typed, one.lower()), -len(one), one) for one in names)
    best = min(near, default=None)
    return best[-1] if best and best[0] <= max(1, len(name) // 3) else None


def _begins_alike(one: str, other: str) -> int:
    """How many letters two names begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (letter, another) in pairs if letter != another), min(len(one), len(other)))
