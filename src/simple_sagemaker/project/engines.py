"""The engines of a project: each composed once, for all threads."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Literal

from ..core.specs import DataStore, Spec
from ..errors import UsageError
from ..services import choose

if TYPE_CHECKING:
    import boto3

    from ..core.services import Services

Engine = Literal["aws", "local", "docker"]

_ADVICE = 'engine="local", or SSM_ENGINE=local'


class Engines:
    """The engines of one project, each made when it is first needed.

    ``engine`` is the one to use, ``instance_type`` chooses it where nothing else does, as ``--it local`` would.
    """

    def __init__(
        self,
        engine: Engine | None,
        *,
        instance_type: str | None,
        data_store: DataStore | None,
        session: boto3.Session | None,
    ) -> None:
        self._engine = _check(engine)
        self._instance_type = instance_type or ""
        self._data_store: DataStore | None = data_store
        self._session = session
        self._composing = threading.Lock()
        self._composed: dict[str, Services] = {}
        self._ran: dict[str, str] = {}

    def for_task(self, spec: Spec) -> Services:
        """The services that run a task."""
        engine = choose.engine_of(spec, self._environment())
        self._ran[spec.place.task] = engine
        return self._services(engine)

    def for_data(self, task_name: str = "") -> Services:
        """The services that keep what a task left: those that ran it, if this project did, else the usual ones."""
        used = set(self._ran.values())
        engine = self._ran.get(task_name) or (used.pop() if len(used) == 1 else None)
        return self._services(engine or choose.choose_engine(self._instance_type, self._environment()))

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **({"SSM_ENGINE": self._engine} if self._engine else {})}

    def _services(self, engine: str) -> Services:
        with self._composing:
            if engine not in self._composed:
                self._composed[engine] = choose.compose(
                    engine, self._environment(), instead=_ADVICE, data_store=self._data_store, session=self._session
                )
            return self._composed[engine]


def _check(name: Any) -> Engine | None:
    if name is None or name in choose.ENGINES:
        engine: Engine | None = name
        return engine
    raise UsageError(f"engine is one of {', '.join(choose.ENGINES)}, not {name!r}.")
