"""The services beside SageMaker: moto's own application in this process, one request at a time.

moto keeps everything in memory and is not thread-safe (two conditional puts would both succeed), hence the lock. It
reads its account number from the environment when it is first imported.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from ..errors import EngineUnavailable
from ..local.job.home import ACCOUNT
from .http import Answer, Environ

INSTALL = "The emulator needs moto's server.\nInstall it from the clone: pip install '.[emulator]'"


class MockAws:
    """moto, called as a function from a request to an answer."""

    def __init__(self) -> None:
        os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        try:
            from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        except ImportError as error:
            raise EngineUnavailable(INSTALL) from error
        self._application = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = threading.RLock()

    def lock(self) -> AbstractContextManager[object]:
        """Hold this while reading or writing moto's memory other than by a request."""
        return self._one_at_a_time

    def answer(self, environ: Environ) -> Answer:
        """Return moto's answer to a request whose body has been read."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        with self._one_at_a_time:
            chunks: Iterable[bytes] = self._application(environ, start)
            body = b"".join(chunks)
        status, headers = started[-1]
        return status, headers, body
