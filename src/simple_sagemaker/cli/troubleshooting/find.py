"""Find entries: by an error's whole text, and by whatever a person types of it.

An error's text is looked through for the entries' messages; what was typed may be an entry's word, an exit status, a
piece of a message, or words that occur anywhere in an entry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from ...core.spelling import nearest
from .entry import ANY, Entry
from .table import ENTRIES

_LEAST = 9  # characters of a message that tell it from other text
_STATUS = re.compile(r"(?:(?:ended |exited )?(?:with )?(?:exit ?)?(?:status|code)? ?)?(\d{1,3})", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9_./-]*[a-z0-9]", re.IGNORECASE)
_BY_NAME, _PASTED, _WORDS = 4000, 3000, 1000  # the ways to find one, the surer the higher
_ADDS = 300  # for a message's entry that says more than the message; again for one that is no frame
_MOST_WORDS = 60  # that are looked at one by one, of a log that was pasted
_IS_ABOUT = 6  # the weight of a word by which an entry is to be found
_SHARE = 0.5  # of the words that an entry has to have where none has all
_FILLERS = frozenset(
    {"a", "an", "and", "are", "at", "be", "by", "can", "could", "do", "for", "how", "i", "in", "is", "it", "job", "my"}
    | {"no", "not", "of", "on", "or", "the", "to", "too", "was", "why", "with"}
)


def entry_of(text: str) -> Entry | None:
    """The entry that an error's text leads to: the one with its longest message; None without any.

    One that adds something to the text comes before one that does not, and before one whose message is but the frame.
    """
    flat = _flat(text)
    found = [(_rank(entry), length, entry) for entry in ENTRIES if (length := _longest_in(flat, entry)) >= _LEAST]
    return max(found, key=lambda one: one[:2], default=(0, 0, None))[2]


def _rank(entry: Entry) -> int:
    """How much an entry is worth beside others whose messages stand in the same text."""
    return 0 if entry.is_plain else 1 if entry.is_frame else 2


def search(typed: str) -> list[Entry]:
    """The entries that what was typed may be about, the likeliest first; none where no entry has half its words."""
    flat = _flat(typed)
    status = _STATUS.fullmatch(flat)
    if status and (named := [entry for entry in ENTRIES if int(status[1]) in entry.statuses]):
        return named
    scored = [(_score(flat, entry), entry) for entry in ENTRIES]
    best = max(score for score, _ in scored)
    least = _WORDS + _IS_ABOUT if best >= _WORDS + _IS_ABOUT else 1  # beside a good one no poor ones
    found = [one for one in scored if one[0] >= least]
    return [entry for _, entry in sorted(found, key=lambda one: -one[0])]


def is_sure(typed: str, entry: Entry) -> bool:
    """Whether an entry that was found has all that was typed, and not only half of its words."""
    flat = _flat(typed)
    return _STATUS.fullmatch(flat) is not None or _score(flat, entry) >= _WORDS


def near_words(typed: str) -> list[str]:
    """Words of the table that those typed may be meant to be."""
    known = sorted({word for entry in ENTRIES for word in (entry.word, *_words(_flat(entry.also)))})
    near = [one for word in _words(_flat(typed)) if len(word) > 2 and (one := nearest(word, known))]
    return list(dict.fromkeys(near))[:4]


def _score(flat: str, entry: Entry) -> int:
    """How well an entry fits to what was typed; 0 for not at all."""
    if flat.replace(" ", "-").replace("_", "-") == entry.word:
        return _BY_NAME
    if (length := _longest_in(flat, entry)) >= _LEAST:
        return _PASTED + length + _ADDS * _rank(entry)
    words = _words(flat)
    weights = [_weight(word, entry) for word in words]
    if words and all(weights):
        piece = len(words) > 1 and any(flat in _flat(message) for message in entry.messages)
        return _WORDS * (1 + piece) + sum(weights)
    return sum(weights) if sum(map(bool, weights)) >= max(1, _SHARE * len(words)) else 0


def _weight(word: str, entry: Entry) -> int:
    """How much a word says for an entry, by the place where it stands."""
    for weight, text in (
        (8, f"{entry.word} {entry.word.replace('-', ' ')}"),
        (_IS_ABOUT, entry.also),
        (4, f"{entry.title} {' '.join(entry.messages)}"),
        (1, f"{entry.means} {' '.join(entry.do)}"),
    ):
        if _begins_word(word, _flat(text)):
            return weight
    return 0


def _begins_word(piece: str, text: str) -> bool:
    """Whether a piece stands in a text, at the beginning of a word."""
    at = text.find(piece)
    while at > 0 and text[at - 1].isalnum() and piece[0].isalnum():
        at = text.find(piece, at + 1)
    return at >= 0


def _longest_in(flat: str, entry: Entry) -> int:
    """How many characters the longest message of an entry has that stands in a text; 0 for none."""
    return max((length for one in entry.messages if (length := length_in(flat, _flat(one)))), default=0)


def length_in(text: str, message: str) -> int:
    """The characters of a message that a text has in their order, leaving out what varies; 0 where one is missing."""
    at, length = 0, 0
    for piece in filter(None, (piece.strip() for piece in message.split(ANY))):
        found = text.find(piece, at)
        if found < 0:
            return 0
        at, length = found + len(piece), length + len(piece)
    return length


@lru_cache(maxsize=4096)  # the table's own texts, which are looked at for each word
def _flat(text: str) -> str:
    return " ".join(text.lower().split())


def _words(flat: str) -> Sequence[str]:
    words = list(dict.fromkeys(islice((match[0] for match in _WORD.finditer(flat)), _MOST_WORDS)))
    return [word for word in words if word not in _FILLERS] or words
