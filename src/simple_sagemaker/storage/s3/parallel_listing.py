"""Listings of any length: several stretches of the keys are asked for at once, and given in the order of keys.

S3 gives a thousand keys an answer, and only the end of an answer says how to ask for the next one. But keys that lie in
folders can be asked for from any folder on: where a first answer is not the last, one question more tells which folders
there are, and how many of them that answer went through says how many make a stretch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ...core.layout import is_directory_bucket
from ...core.store import Stored
from .listing import asked, folders, objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 4  # stretches
_ANSWERS = 8  # of one stretch in memory
_FEWEST, _AIM = 1.8, 5.8  # answers that a stretch should have: less than fit, for folders are not all alike
_MORE = 1.1  # times as many keys are asked for as are expected: the first one behind a stretch says that it is all


def listed(client: S3Client, bucket: str, prefix: str) -> Iterator[Sequence[Stored]]:
    """The objects whose key begins with ``prefix``, some at a time.

    Reading the first object asks for no second answer; later on some thousands are read ahead.
    """
    page = asked(client, bucket, prefix)
    found = objects(page)
    if token := page.get("NextContinuationToken"):
        yield found[:1]
        listing = _Listing(client, bucket, prefix, len(found))
        try:
            yield from listing.given(found[1:], token)
        finally:
            listing.leave()
    else:
        yield found


class _Stretch:
    """Keys behind ``start``, up to ``end`` (None: to the last), of which there may be so many."""

    def __init__(self, start: str, end: str | None, keys: float) -> None:
        self.start, self.end, self.keys = start, end, keys
        self.token = ""
        self.answers: SimpleQueue[Sequence[Stored] | BaseException | None] = SimpleQueue()  # None: no more are read


_Left = tuple[Sequence[Stored], str]  # an answer that was not yet given, and the token of the next one, "" for none


class _Listing:
    """A listing that takes more than one answer of ``full`` keys."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, full: int) -> None:
        self._client, self._bucket, self._prefix, self._full = client, bucket, prefix, full
        self._crowd = ThreadPoolExecutor(_AT_ONCE)
        self._is_left = False

    def leave(self) -> None:
        """End what is under way."""
        self._is_left = True
        self._crowd.shutdown(cancel_futures=True)

    def given(self, held: Sequence[Stored], token: str) -> Iterator[Sequence[Stored]]:
        """An answer, and those behind it. What comes next is asked for before one is given."""
        patience = 1  # answers until folders are looked for again
        while token:
            if stretches := self._seen(held):
                held, token = yield from self._at_once(held, stretches)
                patience = 1
            else:
                held, token = yield from self._one_by_one(held, token, patience)
                patience *= 2
        yield held

    def _one_by_one(self, held: Sequence[Stored], token: str, count: int) -> Generator[Sequence[Stored], None, _Left]:
        for _ in range(count):
            coming = self._crowd.submit(asked, self._client, self._bucket, self._prefix, token=token)
            yield held
            page = coming.result()
            held, token = objects(page), page.get("NextContinuationToken", "")
            if not token:
                break
        return held, token

    def _seen(self, found: Sequence[Stored]) -> list[_Stretch]:
        """The stretches behind some objects; none where no folders are seen."""
        ordered = all(one.key < other.key for one, other in pairwise(found))
        if not found or not ordered or is_directory_bucket(self._bucket):  # the last know no order
            return []
        last = found[-1].key
        above = _above(self._prefix, found[0].key, last)
        if above is None:
            return []
        page = asked(self._client, self._bucket, above, delimiter="/", after=last)
        behind = [name for name in folders(page) if name > last]
        each = len(found) / len({one.key[len(above) :].partition("/")[0] for one in found})
        aim = min(_AIM * self._full, max(_FEWEST * self._full, each * len(behind) / _AT_ONCE))
        together = max(1, int(aim / each))
        borders = [last, *behind[together - 1 :: together]]
        if len(borders) == 1:
            return []
        return [*(_Stretch(*pair, each * together) for pair in pairwise(borders)), _Stretch(borders[-1], None, 0)]

    def _at_once(
        self, held: Sequence[Stored], stretches: Sequence[_Stretch]
    ) -> Generator[Sequence[Stored], None, _Left]:
        """What is held, the stretches, and some answers of the last one, which has no end."""
        behind = iter(stretches)
        for stretch in islice(behind, _AT_ONCE + 1):
            self._crowd.submit(self._read, stretch)
        yield held
        for stretch in stretches[:-1]:
            yield from self._whole(stretch)
            for other in islice(behind, 1):
                self._crowd.submit(self._read, other)
        held = ()
        for found in self._part(stretches[-1]):
            yield held
            held = found
        return held, stretches[-1].token

    def _whole(self, stretch: _Stretch) -> Iterator[Sequence[Stored]]:
        yield from self._part(stretch)
        while stretch.token:
            self._crowd.submit(self._read, stretch)
            yield from self._part(stretch)

    def _part(self, stretch: _Stretch) -> Iterator[Sequence[Stored]]:
        """The answers as they come, until no more are read."""
        while (found := stretch.answers.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found

    def _read(self, stretch: _Stretch) -> None:
        """As many answers of a stretch as may be in memory."""
        try:
            for _ in range(_ANSWERS):
                if self._is_left:
                    break
                found, stretch.token = self._answer(stretch)
                stretch.answers.put(found)
                if not stretch.token:
                    break
        except BaseException as error:  # noqa: BLE001 - raised where the answers are read
            stretch.answers.put(error)
        stretch.answers.put(None)

    def _answer(self, stretch: _Stretch) -> _Left:
        start, token = ("", stretch.token) if stretch.token else (stretch.start, "")
        most = int(stretch.keys * _MORE) + 1
        most = most if 1 < most < self._full else 0
        page = asked(self._client, self._bucket, self._prefix, after=start, token=token, most=most)
        found = objects(page)
        stretch.keys -= len(found)
        if stretch.end is not None and found and found[-1].key > stretch.end:
            return found[: bisect_right(found, stretch.end, key=_key)], ""
        return found, page.get("NextContinuationToken", "")


def _key(found: Stored) -> str:
    return found.key


def _above(prefix: str, first: str, last: str) -> str | None:
    """The folder in whose folders the keys of an answer lie, from the first to the last; None where they lie in none.

    Where all lie in one folder, that folder's folder.
    """
    folder, _, _ = last[len(prefix) :].rpartition("/")
    above = prefix
    names = folder.split("/") if folder else []
    for name in names:
        if not first.startswith(f"{above}{name}/") or name == names[-1]:
            return above
        above += f"{name}/"
    return None
