"""``ssm exec`` as a person types it, into jobs of a test's engine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.local.conftest import Engine
from tests.local.scripts import ML, RELEASED

JOB = "task-2030-01-31-12-00-00-a1B2c3D4"
TAGS = [{"Key": "SimpleSagemakerProject", "Value": "proj"}, {"Key": "SimpleSagemakerTask", "Value": "task"}]
WAITS = f'{ML}trap "exit 0" TERM; echo begun; {RELEASED}\n'


def start(engine: Engine, script: str = WAITS, **changes: Any) -> str:
    """Start a job as our commands would; return its name once its code runs."""
    name = engine.start(script, **{"name": JOB, "Tags": TAGS, **changes})
    engine.until_printed(name, "begun")
    return name


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "simple_sagemaker.cli.main", "exec", *words]


def environment(engine: Engine, **changes: str) -> dict[str, str]:
    return {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": str(engine.home.root), **changes}


def run(
    engine: Engine, *program: str, feed: bytes = b"", host: int = 1, **changes: str
) -> subprocess.CompletedProcess[bytes]:
    """Run ``ssm exec`` for a host of the job, with these words after the ``--``."""
    words = ["--", *program] if program else []
    return subprocess.run(
        command("--job", JOB, "--host", str(host), *words),
        env=environment(engine, **changes),
        input=feed,
        capture_output=True,
        timeout=300,
        check=False,
    )


@contextmanager
def running(engine: Engine, *words: str, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """``ssm exec`` while it runs."""
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    process = subprocess.Popen(command("--job", JOB, "--", *words), env=environment(engine), **streams)
    with process:
        try:
            yield process
        finally:
            process.kill()


def processes(of: str) -> list[int]:
    """The processes of this machine whose command line, its words parted by zeros, begins with a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(of.encode()):
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def until(holds: Callable[[], object], within_s: float = 60) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.02)
