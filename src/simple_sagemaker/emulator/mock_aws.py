"""The services beside SageMaker: moto's own application in this process, one request at a time.

moto keeps everything in memory and is not thread-safe (two conditional puts would both succeed), hence the lock. It
reads its account number from the environment. Its own pages (``/moto-api``) and all services
that are not listed here are out of reach: a request goes straight to the application of the service it is signed for.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from ..errors import EngineUnavailable
from ..local.job.home import ACCOUNT
from . import role_trust
from .http import Answer, Environ

INSTALL = (
    "The emulator needs moto's server, version 5.2.5 or newer.\nInstall it from the clone: pip install '.[emulator]'"
)

# what a request is signed for: moto's name
SERVICES = {
    "s3": "s3",
    "iam": "iam",
    "sts": "sts",
    "ecr": "ecr",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
}

_VARIABLES = {"MOTO_ACCOUNT_ID": ACCOUNT, "MOTO_DISABLE_GLOBAL_CORS": "true"}
_MANAGED_POLICIES = "MOTO_IAM_LOAD_MANAGED_POLICIES"
_UNCHECKED = "INITIAL_NO_AUTH_ACTION_COUNT"  # how many requests moto answers without asking IAM


class MockAws:
    """moto, called as a function from a request to an answer."""

    def __init__(self) -> None:
        os.environ.update(_VARIABLES)
        os.environ.setdefault(_MANAGED_POLICIES, "false")
        try:
            from moto.iam.access_control import IAMPolicyStatement, IAMRequestBase
            from moto.moto_server import werkzeug_app
            from moto.moto_server.utilities import RegexConverter
        except ImportError as error:
            raise EngineUnavailable(INSTALL) from error

        class AcrossLines(RegexConverter):
            """moto's patterns of addresses, in which "." stands for a line end, too: a key of S3 may hold one."""

            def __init__(self, url_map: Any, *patterns: Any) -> None:
                super().__init__(url_map, *(f"(?s:{pattern})" for pattern in patterns))

        werkzeug_app.RegexConverter = AcrossLines  # type: ignore[attr-defined]
        # Signatures have been checked here before moto sees a request, and it knows those in headers only.
        IAMRequestBase.check_signature = _is_checked  # type: ignore[assignment]
        IAMPolicyStatement.is_action_permitted = role_trust.checking(IAMPolicyStatement.is_action_permitted)  # type: ignore[method-assign]
        self._make: Callable[..., Any] = werkzeug_app.create_backend_app
        self._applications: dict[str, Callable[..., Iterable[bytes]]] = {}
        self._one_at_a_time = threading.RLock()

    def lock(self) -> AbstractContextManager[object]:
        """Hold this while reading or writing moto's memory other than by a request."""
        return self._one_at_a_time

    def answer(self, environ: Environ, service: str) -> Answer:
        """Return moto's answer to a request, signed for one of ``SERVICES``, whose body has been read."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        with self._one_at_a_time:
            if service not in self._applications:
                self._applications[service] = self._make(SERVICES[service])
            chunks = self._applications[service](environ, start)
            body = b"".join(chunks)
        status, headers = started[-1]
        return status, headers, body


def remember_settings() -> Callable[[], None]:
    """What sets moto back to the settings that it has now, for whoever uses it in this process after an emulator."""
    before = {name: os.environ.get(name) for name in (*_VARIABLES, _MANAGED_POLICIES)}
    loaded = sys.modules.get("moto.settings")
    unchecked = float(os.environ.get(_UNCHECKED, "inf")) if loaded is None else getattr(loaded, _UNCHECKED)

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        settings = sys.modules.get("moto.settings")
        if settings is not None:
            setattr(settings, _UNCHECKED, unchecked)

    return restore


def forget_everything() -> None:
    """Empty moto's memory, which is the process's: an emulator that ran before this one has left it full."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


def _is_checked(_: object) -> None:
    """In place of moto's own check of a signature."""
