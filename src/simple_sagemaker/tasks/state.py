"""The state that a task's jobs leave for the next one: whether there is any, and clearing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core.layout import TaskPlace
from .lock import refuse_folder_of_task

if TYPE_CHECKING:
    from ..core.services import Services


def has_state(place: TaskPlace, services: Services) -> bool:
    """Whether earlier jobs of the task left a state. Reads the beginning of one listing."""
    objects = services.store.list(place.bucket, place.state)
    return any(not one.key.endswith("/") for one in objects)


def clear_state(place: TaskPlace, services: Services) -> int:
    """Delete everything under the task's state; return the number of files. A running job is not looked for.

    Raises UsageError for a folder that another task has.
    """
    refuse_folder_of_task(place.bucket, place.state, services.store, "cleared as a state")
    count = 0

    def keys() -> Iterator[str]:
        nonlocal count
        for one in services.store.list(place.bucket, place.state):
            count += 1
            yield one.key

    services.store.delete(place.bucket, keys())
    return count
