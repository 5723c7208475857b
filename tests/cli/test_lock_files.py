"""Lock files among the code: what they pin is installed from an index, and nothing else is."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.cli.conftest import Done, Shell
from tests.payload.test_requirements import wheel

WHEELS = {f"tiny-{version}-py3-none-any.whl": wheel(version) for version in ("1.0", "2.0")}
USES_IT = "import tiny; print('tiny is', tiny.VERSION)\n"
DIGEST = hashlib.sha256(WHEELS["tiny-1.0-py3-none-any.whl"]).hexdigest()
PYPROJECT = '[project]\nname = "demo"\nversion = "0.1"\ndependencies = ["tiny"]\n'
UV_LOCK = """
version = 1
requires-python = "PYTHON"

[[package]]
name = "demo"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "tiny" }]

[package.metadata]
requires-dist = [{ name = "tiny" }]

[[package]]
name = "tiny"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://x/tiny-1.0-py3-none-any.whl", hash = "sha256:DIGEST" }]
"""
PYLOCK = """
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "tiny"
version = "1.0"
wheels = [{ name = "tiny-1.0-py3-none-any.whl", hashes = { sha256 = "DIGEST" } }]
"""


class _Index(BaseHTTPRequestHandler):
    """A package index with the wheels of ``tiny``."""

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        links = "".join(f'<a href="/files/{wheel}">{wheel}</a>' for wheel in WHEELS)
        body = WHEELS.get(name) or (links.encode() if self.path == "/simple/tiny/" else b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/octet-stream" if name else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name that the base class has
        """Say nothing."""


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()


def process(shell: Shell, index: str, *argv: str) -> Done:
    shell.write("code/w.py", USES_IT)
    shell.write("code/pyproject.toml", PYPROJECT)
    settings = (
        "--env",
        "PIP_INDEX_URL",
        index,
        "--env",
        "PIP_NO_CACHE_DIR",
        "1",
        "--env",
        "PIP_CONFIG_FILE",
        "/dev/null",
    )
    return shell.ssm("process", "-p", "proj", "-t", "task", "-s", "code", "--code", "w.py", *settings, *argv)


def uv_lock(digest: str = DIGEST, python: str = ">=3.6") -> str:
    return UV_LOCK.replace("DIGEST", digest).replace("PYTHON", python)


@pytest.mark.parametrize(("name", "text"), [("uv.lock", uv_lock()), ("pylock.toml", PYLOCK.replace("DIGEST", DIGEST))])
def test_what_a_lock_file_pins_is_installed(shell: Shell, index: str, name: str, text: str) -> None:
    shell.write(f"code/{name}", text)
    done = process(shell, index)
    assert "tiny is 1.0" in done.out, done.err
    assert f"Code: {name} pins what is installed: 1 package, by hash" in done.err


def test_a_file_with_another_hash_is_not_installed(shell: Shell, index: str) -> None:
    shell.write("code/uv.lock", uv_lock("0" * 64))
    done = process(shell, index)
    assert done.status == 1
    assert "What uv.lock pins cannot be installed" in done.err
    assert f"Got        {DIGEST}" in done.err
    assert "tiny is" not in done.out


def test_a_lock_for_other_pythons_is_refused_in_the_job(shell: Shell, index: str) -> None:
    shell.write("code/uv.lock", uv_lock(python=">=3.99"))
    done = process(shell, index)
    assert done.status == 1
    assert "uv.lock is for Python >=3.99, and this job has Python 3." in done.err


def test_a_requirements_file_counts_more_than_a_lock_and_a_pylock_more_than_uvs(shell: Shell, index: str) -> None:
    shell.write("code/uv.lock", uv_lock("0" * 64))
    shell.write("code/requirements.txt", "tiny\n")
    done = process(shell, index)
    assert "tiny is 2.0" in done.out, done.err
    assert "Code: requirements.txt is installed, not what uv.lock pins" in done.err
    (shell.folder / "code/requirements.txt").unlink()
    shell.write("code/pylock.toml", PYLOCK.replace("DIGEST", DIGEST))
    assert "tiny is 1.0" in process(shell, index, "--fr").out


def test_a_lock_that_the_project_has_outgrown_is_refused_before_anything_is_sent(shell: Shell) -> None:
    shell.write("code/uv.lock", uv_lock())
    shell.write("code/w.py", USES_IT)
    shell.write("code/pyproject.toml", PYPROJECT.replace('"tiny"', '"tiny", "huge"'))
    done = shell.run("-s", "code", "-e", "w.py")
    assert done.status == 2
    assert "uv.lock cannot be installed: pyproject.toml needs huge, which is not in it" in done.err
    assert shell.written() == []


def test_a_lock_that_only_lies_beside_the_script_is_named_with_what_sends_it(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    shell.write("uv.lock", uv_lock())
    done = shell.run("-e", "w.py")
    assert "uv.lock is not sent, nor installed: -d uv.lock does both" in done.err
