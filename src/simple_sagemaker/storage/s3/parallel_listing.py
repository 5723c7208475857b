"""Listings of any length: several key ranges are requested at once, and yielded in the order of keys.

S3 returns a thousand keys a page, and only the end of a page says how to request the next one. But keys in folders can
be requested from any folder on: where the first page is not the last, one more request tells which folders follow, and
the number of folders that the first page covers says how many make a range. Where the keys that are probably there are
known, ranges are made of those, and requested from the start.
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

_AT_ONCE = 4  # key ranges
_PAGES_AHEAD = 8  # of one range in memory
_MIN_PAGES, _TARGET_PAGES = 1.8, 5.8  # that a range should have: less than fit, because folders differ in size
_PAGE = 1000  # keys: the most that S3 returns at once
_SPARE = 60  # keys: so many fewer than its pages hold has a range of known keys, as there may be new ones
_MARGIN = 1.1  # times as many keys are requested as are expected: the first one behind a range says that it is complete


def list_objects(client: S3Client, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Sequence[Stored]]:
    """Yield the objects whose key begins with ``prefix``, some at a time.

    Reading the first object does not request a second page; later some thousands of objects are read ahead. ``below``
    are keys below the prefix that are probably there, in order: of more than a page of them some thousands are
    requested at once.
    """
    if len(below) > _PAGE and not is_directory_bucket(bucket):
        listing = _Listing(client, bucket, prefix, _PAGE)
        try:
            yield from listing.read_known(below)
        finally:
            listing.close()
        return
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
    """The keys after ``start`` up to ``end`` (None: to the last); ``keys`` is their expected number."""

    def __init__(self, start: str, end: str | None, keys: float) -> None:
        self.start, self.end, self.keys = start, end, keys
        self.token = ""
        self.pages: SimpleQueue[Sequence[Stored] | BaseException | None] = SimpleQueue()  # None: no more are read


_Remainder = tuple[Sequence[Stored], str]  # a page not yet yielded, and the token of the next one ("" for none)


class _Listing:
    """A listing of more than one page; a full page has ``full`` keys."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, full: int) -> None:
        self._client, self._bucket, self._prefix, self._full = client, bucket, prefix, full
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._is_closed = False

    def close(self) -> None:
        """Stop the requests under way."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)

    def read_all(self, page_objects: Sequence[Stored], token: str) -> Iterator[Sequence[Stored]]:
        """Yield a page and those after it. The next one is requested before one is yielded."""
        patience = 1  # pages until folders are looked for again
        while token:
            if ranges := self._find_ranges(page_objects):
                page_objects, token = yield from self._read_in_parallel(page_objects, ranges)
                patience = 1
            else:
                page_objects, token = yield from self._read_one_by_one(page_objects, token, patience)
                patience *= 2
        yield page_objects

    def read_known(self, below: Sequence[str]) -> Iterator[Sequence[Stored]]:
        """Yield all pages, in ranges that begin where these keys do."""
        pages = min(int(_TARGET_PAGES), max(1, round(len(below) / self._full / _AT_ONCE)))
        each = pages * self._full - _SPARE
        borders = ["", *(self._prefix + key for key in below[each - 1 :: each])]
        ranges = [*(_KeyRange(*pair, each) for pair in pairwise(borders)), _KeyRange(borders[-1], None, 0)]
        page_objects, token = yield from self._read_in_parallel((), ranges)
        yield from self.read_all(page_objects, token)

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
        """The key ranges after these objects; none if the objects lie in no folders."""
        if not stored or not _are_ordered(stored) or is_directory_bucket(self._bucket):  # the last know no order
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
        """Yield the current page, each key range, and some pages of the last one, which has no end."""
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
        """Yield the pages as they arrive, until the reader stops."""
        while (item := key_range.pages.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _read(self, key_range: _KeyRange) -> None:
        """Read as many pages of a key range as may be in memory."""
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
        if key_range.end is not None and stored and stored[-1].key > key_range.end and _are_ordered(stored):
            return stored[: bisect_right(stored, key_range.end, key=_key)], ""
        return stored, page.get("NextContinuationToken", "")


def _key(stored: Stored) -> str:
    return stored.key


def _are_ordered(stored: Sequence[Stored]) -> bool:
    keys = [one.key for one in stored]
    return keys == sorted(keys)


def _above(prefix: str, first: str, last: str) -> str | None:
    """The folder whose subfolders hold the keys of a page, from the first to the last; None if they are in no folder.

    If all are in one folder, its parent.
    """
    folder, _, _ = last[len(prefix) :].rpartition("/")
    if not folder:
        return None
    above = prefix
    for name in folder.split("/")[:-1]:
        if not first.startswith(f"{above}{name}/"):
            break
        above += f"{name}/"
    return above
