"""Jobs of this machine do not compile our launcher each time: they use what the home keeps, if it is of this source."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path

import pytest

import simple_sagemaker
from tests.cli.conftest import Shell

LAUNCHER = Path(simple_sagemaker.__file__).parent / "payload" / "ssm_launcher"
SCRIPT = "import os, sys\nprint('seen', os.environ.get('SSM_PYCACHE'), sys.pycache_prefix)\n"


def put(shell: Shell, source: bytes, of: bytes) -> None:
    """Put code compiled from ``source`` where the home keeps the launcher's ``values.py``, as if made from ``of``."""
    (kept,) = shell.home.glob("cache/launcher-*/ssm_launcher/values.*.pyc")
    head = importlib.util.MAGIC_NUMBER + (0b11).to_bytes(4, "little") + importlib.util.source_hash(of)
    kept.write_bytes(head + marshal.dumps(compile(source, "values.py", "exec")))


@pytest.mark.parametrize("isolation", ["auto", "plain"])
def test_a_job_uses_what_is_kept_and_only_if_its_own_launcher_is_that_source(shell: Shell, isolation: str) -> None:
    worker = str(shell.write("worker.py", SCRIPT))
    shell.environment["SSM_ISOLATION"] = isolation
    first = shell.run("-e", worker)
    assert "seen None None" in first.out + first.err
    source = (LAUNCHER / "values.py").read_bytes()
    marked = source + b"\nimport os\nos.write(1, b'compiled before\\n')\n"
    put(shell, marked, of=source)
    second = shell.run("-e", worker, "--force_running")
    assert "compiled before" in second.out + second.err
    put(shell, marked, of=marked)
    third = shell.run("-e", worker, "--force_running")
    assert third.status == 0
    assert "compiled before" not in third.out + third.err
