"""One command drives a study at a time: the one that wrote ``driver.json``, for as long as it renews it.

Whoever finds it watches the study, and takes over once its process is known to be dead or, where that cannot be known,
once it has not been renewed for a minute and a half.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.layout import TaskPlace

if TYPE_CHECKING:
    from ..core.services import Services

_RENEWED_EVERY = timedelta(seconds=20)
_DEAD_AFTER = timedelta(seconds=90)


class DriverLock:
    """The lock on one study, as this command has or wants it."""

    def __init__(self, place: TaskPlace, services: Services) -> None:
        self._bucket = place.bucket
        self._key = f"{place.study}driver.json"
        self._services = services
        self._ours: bytes | None = None
        self._renewed: datetime | None = None
        self._token = services.token()

    @property
    def is_ours(self) -> bool:
        """Whether this command drives."""
        return self._ours is not None

    def take(self) -> bool:
        """Take the lock, or renew it if it is ours; return whether it is ours now."""
        now = self._services.now()
        since = None if self._renewed is None else now - self._renewed
        if self._ours is not None and since is not None and timedelta(0) <= since < _RENEWED_EVERY:
            return True  # not with a clock that was set back
        expected = self._ours
        if expected is None:
            expected = self._read()
            if expected is not None and not self._is_void(expected, now):
                return False
        content = json.dumps({"process": self._services.process, "at": now.isoformat(), "token": self._token}).encode()
        if self._services.store.write_if(self._bucket, self._key, content, expected=expected):
            self._ours, self._renewed = content, now
        else:
            self._ours = None
        return self.is_ours

    def release(self) -> None:
        """Let others drive. Does nothing if the lock is not ours."""
        if self._ours is not None and self._read() == self._ours:
            self._services.store.delete(self._bucket, [self._key])
        self._ours = None

    def holder(self) -> str | None:
        """Who drives, for people; None where nobody does."""
        content = self._read()
        return None if content is None or self._is_void(content, self._services.now()) else self.whose()

    def whose(self) -> str:
        """Who drives, for people."""
        content = self._read()
        process = _values(content).get("process", "") if content is not None else ""
        if process and self._services.lives(str(process)):
            return f"process {str(process).rsplit(':', 2)[1]} of this machine"
        return "another command"

    def _read(self) -> bytes | None:
        try:
            return self._services.store.read(self._bucket, self._key)
        except FileNotFoundError:
            return None

    def _is_void(self, content: bytes, now: datetime) -> bool:
        values = _values(content)
        lives = self._services.lives(str(values.get("process", "")))
        if lives is not None:
            return not lives
        try:
            at = datetime.fromisoformat(values["at"])
            return not -_DEAD_AFTER <= now - at <= _DEAD_AFTER
        except (KeyError, TypeError, ValueError):
            return True  # damaged


def _values(content: bytes | None) -> dict[str, Any]:
    try:
        values = json.loads(content or b"")
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
