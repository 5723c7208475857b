"""How far two names are apart, for suggestions about mistyped ones."""

from __future__ import annotations

from collections.abc import Iterable


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


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that ``name`` probably misspells: up to one mistake in three letters; None if all are farther."""
    best = min(((distance(name.lower(), one.lower()), one) for one in names), default=None)
    return best[1] if best and best[0] <= max(1, len(name) // 3) else None
