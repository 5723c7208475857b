"""The services beside SageMaker: moto's own application in this process, one request at a time.

moto keeps everything in memory and checks nothing about concurrent callers, so a conditional put would let two through:
hence the lock. Its account is ours, said before it is first imported.
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
    """moto as a function from a request to an answer."""

    def __init__(self) -> None:
        os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        try:
            from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        except ImportError as error:
            raise EngineUnavailable(INSTALL) from error
        self._application = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = threading.RLock()

    def locked(self) -> AbstractContextManager[object]:
        """For whoever reads or writes moto's memory without a request."""
        return self._one_at_a_time

    def answer(self, environ: Environ) -> Answer:
        """What moto answers to a request whose body has been read."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        with self._one_at_a_time:
            chunks: Iterable[bytes] = self._application(environ, start)
            body = b"".join(chunks)
        status, headers = started[-1]
        return status, headers, body
