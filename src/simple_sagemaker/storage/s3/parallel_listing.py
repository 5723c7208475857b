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
from .listing import folders, objects, request_page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 4  # stretches
_PAGES_AHEAD = 8  # of one stretch in memory
_MIN_PAGES, _TARGET_PAGES = 1.8, 5.8  # answers that a stretch should have: less than fit, for folders are not all alike
_MARGIN = 1.1  # times as many keys are asked for as are expected: the first one behind a stretch says that it is all


def list_objects(client: S3Client, bucket: str, prefix: str) -> Iterator[Sequence[Stored]]:
    """The objects whose key begins with ``prefix``, some at a time.

    Reading the first object asks for no second answer; later on some thousands are read ahead.
    """
    page = request_page(client, bucket, prefix)
    stored = objects(page)
    if token := page.get("NextContinuationToken"):
        yield stored[:1]
        listing = _Listing(client, bucket, prefix, len(stored))
        try:
            yield from listing.read_all(stored[1:], token)
        finally:
            listing.close()
    else:
        yield stored


class _KeyRange:
    """Keys behind ``start``, up to ``end`` (None: to the last), of which there may be so many."""

    def __init__(self, start: str, end: str | None, keys: float) -> None:
        self.start, self.end, self.keys = start, end, keys
        self.token = ""
        self.pages: SimpleQueue[Sequence[Stored] | BaseException | None] = SimpleQueue()  # None: no more are read


_Remainder = tuple[Sequence[Stored], str]  # a page not yet yielded, and the token of the next one ("" for none)


class _Listing:
    """A listing that takes more than one answer of ``full`` keys."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, full: int) -> None:
        self._client, self._bucket, self._prefix, self._full = client, bucket, prefix, full
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._is_closed = False

    def close(self) -> None:
        """End what is under way."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)

    def read_all(self, page_objects: Sequence[Stored], token: str) -> Iterator[Sequence[Stored]]:
        """An answer, and those behind it. What comes next is asked for before one is given."""
        patience = 1  # answers until folders are looked for again
        while token:
            if ranges := self._find_ranges(page_objects):
                page_objects, token = yield from self._read_in_parallel(page_objects, ranges)
                patience = 1
            else:
                page_objects, token = yield from self._read_one_by_one(page_objects, token, patience)
                patience *= 2
        yield page_objects

    def _read_one_by_one(
        self, page_objects: Sequence[Stored], token: str, count: int
    ) -> Generator[Sequence[Stored], None, _Remainder]:
        for _ in range(count):
            coming = self._pool.submit(request_page, self._client, self._bucket, self._prefix, token=token)
            yield page_objects
            page = coming.result()
            page_objects, token = objects(page), page.get("NextContinuationToken", "")
            if not token:
                break
        return page_objects, token

    def _find_ranges(self, stored: Sequence[Stored]) -> list[_KeyRange]:
        """The stretches behind some objects; none where no folders are seen."""
        ordered = all(one.key < other.key for one, other in pairwise(stored))
        if not stored or not ordered or is_directory_bucket(self._bucket):  # the last know no order
            return []
        last = stored[-1].key
        above = _above(self._prefix, stored[0].key, last)
        if above is None:
            return []
        page = request_page(self._client, self._bucket, above, delimiter="/", after=last)
        behind = [name for name in folders(page) if name > last]
        each = len(stored) / len({one.key[len(above) :].partition("/")[0] for one in stored})
        aim = min(_TARGET_PAGES * self._full, max(_MIN_PAGES * self._full, each * len(behind) / _AT_ONCE))
        together = max(1, int(aim / each))
        borders = [last, *behind[together - 1 :: together]]
        if len(borders) == 1:
            return []
        return [*(_KeyRange(*pair, each * together) for pair in pairwise(borders)), _KeyRange(borders[-1], None, 0)]

    def _read_in_parallel(
        self, page_objects: Sequence[Stored], ranges: Sequence[_KeyRange]
    ) -> Generator[Sequence[Stored], None, _Remainder]:
        """What is held, the stretches, and some answers of the last one, which has no end."""
        behind = iter(ranges)
        for key_range in islice(behind, _AT_ONCE + 1):
            self._pool.submit(self._read, key_range)
        yield page_objects
        for key_range in ranges[:-1]:
            yield from self._range_pages(key_range)
            for other in islice(behind, 1):
                self._pool.submit(self._read, other)
        page_objects = ()
        for next_objects in self._ready_pages(ranges[-1]):
            yield page_objects
            page_objects = next_objects
        return page_objects, ranges[-1].token

    def _range_pages(self, key_range: _KeyRange) -> Iterator[Sequence[Stored]]:
        yield from self._ready_pages(key_range)
        while key_range.token:
            self._pool.submit(self._read, key_range)
            yield from self._ready_pages(key_range)

    def _ready_pages(self, key_range: _KeyRange) -> Iterator[Sequence[Stored]]:
        """The answers as they come, until no more are read."""
        while (item := key_range.pages.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _read(self, key_range: _KeyRange) -> None:
        """As many answers of a stretch as may be in memory."""
        try:
            for _ in range(_PAGES_AHEAD):
                if self._is_closed:
                    break
                stored, key_range.token = self._request(key_range)
                key_range.pages.put(stored)
                if not key_range.token:
                    break
        except BaseException as error:  # noqa: BLE001 - raised where the answers are read
            key_range.pages.put(error)
        key_range.pages.put(None)

    def _request(self, key_range: _KeyRange) -> _Remainder:
        start, token = ("", key_range.token) if key_range.token else (key_range.start, "")
        most = int(key_range.keys * _MARGIN) + 1
        most = most if 1 < most < self._full else 0
        page = request_page(self._client, self._bucket, self._prefix, after=start, token=token, most=most)
        stored = objects(page)
        key_range.keys -= len(stored)
        if key_range.end is not None and stored and stored[-1].key > key_range.end:
            return stored[: bisect_right(stored, key_range.end, key=_key)], ""
        return stored, page.get("NextContinuationToken", "")


def _key(stored: Stored) -> str:
    return stored.key


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
