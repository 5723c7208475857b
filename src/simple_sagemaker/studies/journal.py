"""What happened in a study, one object an event, each written only if nobody else wrote the one of its number.

So that all who read see the same events in the same order, and of two commands that drive a study at once only one gets
on. Events are never changed or deleted.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..core.layout import TaskPlace, uri
from ..core.store import Store
from ..errors import SsmError

Event = dict[str, Any]

_READERS = 16  # at once, when a study with many events is read for the first time
_FEW = 8


class Journal:
    """The events of a study so far. Not for several threads at once."""

    def __init__(self, place: TaskPlace, store: Store) -> None:
        self._bucket = place.bucket
        self._folder = f"{place.study}events/"
        self._store = store
        self._count = 0

    def load(self) -> list[Event]:
        """All events that there are. Raises SsmError for a damaged one."""
        keys = [one.key for one in self._store.list(self._bucket, self._folder)]
        if len(keys) > _FEW:
            with ThreadPoolExecutor(_READERS) as pool:
                events = list(pool.map(self._event, keys))
        else:
            events = [self._event(key) for key in keys]
        self._count = len(events)
        if keys and keys[-1] != self._key(self._count):
            raise self._damaged(keys[-1], "one before it is missing")
        return events

    def load_readable(self) -> list[Event]:
        """The events that can be read, of a journal that is damaged."""
        events = []
        for one in self._store.list(self._bucket, self._folder):
            try:
                events.append(self._event(one.key))
            except (SsmError, FileNotFoundError):
                continue
        return events

    def read_new(self) -> list[Event]:
        """The events that others wrote since the last call."""
        events: list[Event] = []
        while True:
            try:
                events.append(self._event(self._key(self._count + 1)))
            except FileNotFoundError:
                return events
            self._count += 1

    def append(self, event: Event) -> bool:
        """Add an event; return False, and add nothing, if somebody else has added one meanwhile."""
        content = json.dumps(event, indent=1, allow_nan=False).encode()
        is_added = self._store.write_if(self._bucket, self._key(self._count + 1), content, expected=None)
        self._count += is_added
        return is_added

    def _key(self, number: int) -> str:
        return f"{self._folder}{number:06}.json"

    def _event(self, key: str) -> Event:
        try:
            event = json.loads(self._store.read(self._bucket, key))
        except (ValueError, RecursionError) as error:
            raise self._damaged(key, str(error)) from error
        if not isinstance(event, dict) or not isinstance(event.get("kind"), str):
            raise self._damaged(key, "it is no event")
        return event

    def _damaged(self, key: str, why: str) -> SsmError:
        return SsmError(
            f"The study is damaged: {uri(self._bucket, key)}: {why}.\n"
            "Search under another task name, or delete this study: ssm rm -p PROJECT -t TASK"
        )
