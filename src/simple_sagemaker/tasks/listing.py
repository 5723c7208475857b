"""What lies under the address of an input: listed once, and each name checked against what a job can have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ..core import layout
from ..core.store import Store, Stored
from ..errors import UsageError
from ..storage.safe_paths import UnusableName, check_job_path


class Listing:
    """The objects under an address, listed once: first as far as the first of them, then the rest.

    ``as_files`` is whether the job gets them as files.
    """

    def __init__(self, channel: str, uri: str, store: Store, *, as_files: bool) -> None:
        self._channel = channel
        self._uri = uri
        self._as_files = as_files
        self._rest = iter(store.list(*layout.split_uri(uri)))
        self._seen: list[Stored] = []
        self.is_folder = True  # whether all objects lie in the folder of that address
        self.is_single = False  # whether the address is that of one object, and begins no other

    def first_key(self) -> str | None:
        """The first key, which is an object's own if the address names one; None without any.

        A key that ends in "/" is a folder's marker and does not count as data. Raises FileNotFoundError where there is
        no such bucket.
        """
        for one in self._rest:
            self._seen.append(one)
            if not one.key.endswith("/"):
                return one.key
        return None

    def objects(self) -> Iterator[Stored]:
        """All objects. Can be called once; then ``is_folder`` and ``is_single`` are known.

        Raises UsageError for an object that cannot be a file of a job.
        """
        key = layout.split_uri(self._uri)[1]
        for number, one in enumerate(chain(self._seen, self._rest)):
            self.is_folder = self.is_folder and one.key.startswith(key.rstrip("/") + "/")
            self.is_single = number == 0 and one.key == key
            if self._as_files and not one.key.endswith("/"):
                self._check_name(key, one.key)
            yield one

    def _check_name(self, prefix: str, key: str) -> None:
        """Raise UsageError for a key whose part behind the prefix is no path of a file."""
        path = key[prefix.rfind("/") + 1 :]
        if prefix and not prefix.endswith("/") and key[len(prefix) : len(prefix) + 1] == "/":
            path = key[len(prefix) + 1 :]
        try:
            check_job_path(path)
        except UnusableName as why:
            raise UsageError(
                f"Channel {self._channel!r} reads {self._uri}, and an object there cannot be a file of a job: {why}.\n"
                "Rename it, or move it to where the channel does not read it."
            ) from why
