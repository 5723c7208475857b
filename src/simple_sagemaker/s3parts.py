"""A large object fetched in several ranges at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import obstore.store

PART = 8 << 20  # bytes, of what is sent and fetched in parts
AT_ONCE = 6


class _Changed(Exception):
    """A part is of another version of the object than the first."""


def in_parts(fast: obstore.store.S3Store, key: str, size: int, tag: str | None, to: Path) -> bool:
    """Fetch a large object in several ranges at once; False when it changed in between."""
    import obstore
    from obstore.exceptions import GenericError

    def part(start: int) -> None:
        found = obstore.get(fast, key, options={"range": (start, min(start + PART, size))})
        if found.meta["e_tag"] != tag:
            raise _Changed
        data = found.bytes()
        with open(to, "r+b") as out:
            out.seek(start)
            out.write(data)

    with open(to, "wb") as whole:
        whole.truncate(size)
    try:
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for _ in workers.map(part, range(0, size, PART)):
                pass
    except _Changed:
        return False
    except GenericError as error:
        if "non-partial" not in str(error):
            raise
        with open(to, "wb") as out:  # a server that sends the whole where a range was asked for
            out.writelines(obstore.get(fast, key).stream(min_chunk_size=PART))
    return True
