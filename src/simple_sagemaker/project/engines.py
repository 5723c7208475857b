"""The engines of a project: each composed once, for all threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
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
    ``variables`` are set beside those of the environment.
    """

    def __init__(
        self,
        engine: Engine | None,
        *,
        instance_type: str | None,
        data_store: DataStore | None,
        session: boto3.Session | None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        engine = _check(engine)
        self._instance_type = instance_type or ""
        self._data_store: DataStore | None = data_store
        self._session = session
        self._variables = {**(variables or {}), **({"SSM_ENGINE": engine} if engine else {})}
        self._composing = threading.Lock()
        self._composed: dict[str, Services] = {}
        self._ran: dict[str, str] = {}

    def for_task(self, spec: Spec) -> Services:
        """The services that run a task."""
        engine = choose.engine_of(spec, self._environment())
        self._ran[spec.place.task] = engine
        return self._services(engine)

    def for_data(self, task_name: str = "", *, is_local: bool = False) -> Services:
        """The services that keep what a task left: those that ran it, if this project did, else the usual ones.

        ``is_local``: a project file says that the task's jobs run on this machine.
        """
        used = set(self._ran.values())
        engine = self._ran.get(task_name) or (used.pop() if len(used) == 1 else None)
        machine = self._instance_type or ("local" if is_local and not os.environ.get("SSM_ENGINE") else "")
        return self._services(engine or choose.choose_engine(machine, self._environment()))

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._variables}

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
