"""What cannot be printed beside the work does not break it off; stdout that cannot be written is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import pytest

from simple_sagemaker.cli.screens import screen_of
from simple_sagemaker.core.specs import Shows
from simple_sagemaker.jobs.display import Pipe
from simple_sagemaker.jobs.output import Output

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full, and pipes that do not block")
SSM = [sys.executable, "-m", "simple_sagemaker.cli.main"]
PREPARED = "import sys; from simple_sagemaker.cli.streams import prepare_streams; prepare_streams()\n"


def python(code: str, **streams: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", PREPARED + code]
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(words, text=True, timeout=60, check=False, **given)


@contextmanager
def unread() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def test_the_work_goes_on_where_nobody_reads_stderr() -> None:
    with unread() as stderr:
        done = python("print('said', file=sys.stderr, flush=True); print('done'); sys.exit(3)", stderr=stderr)
    assert (done.returncode, done.stdout) == (3, "done\n")


@pytest.mark.parametrize(("words", "status"), [(["nonsense"], 2), (["explain", "files"], 0)])
def test_the_exit_status_is_not_that_of_a_full_disk_behind_stderr(words: list[str], status: int) -> None:
    with open("/dev/full", "w") as full:
        assert subprocess.call([*SSM, *words], stdout=subprocess.DEVNULL, stderr=full) == status


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["-h"], ["ls", "-h"], ["explain", "files"], ["--complete", "choices", "ls"]])
def test_a_full_disk_behind_stdout_is_an_error_and_no_mistake_of_the_command_line(
    words: list[str], unbuffered: str
) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*SSM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment
        )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "The output cannot be written: No space left on device",
    )
    assert done.stderr.count("No space left") == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nothing_is_said_where_nobody_reads_stdout(unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with unread() as out:
        done = subprocess.run(
            [*SSM, "explain", "files"], stdout=out, stderr=subprocess.PIPE, text=True, check=False, env=environment
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_full_pipe_that_does_not_block_gets_everything(stream: str, unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    code = f"{PREPARED}sys.{stream}.write('x' * 999_999 + chr(10)); sys.{stream}.flush()"
    given: dict[str, Any] = {stream: writing, "env": environment}
    with subprocess.Popen([sys.executable, "-c", code], **given) as program:
        os.close(writing)
        with open(reading, "rb") as file:
            assert len(file.read()) == 1_000_000
    assert program.returncode == 0


def test_streams_keep_their_encoding_and_unbuffered_ones_stay_so() -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "latin-1:replace"}
    code = f"{PREPARED}import os; sys.stdout.write('é€'); os._exit(0)"
    assert subprocess.check_output([sys.executable, "-c", code], env=environment) == b"\xe9?"


@pytest.mark.parametrize("shows", ["lines", "events"])
def test_a_job_outlives_the_reader_of_its_lines_and_events(shows: Shows, monkeypatch: pytest.MonkeyPatch) -> None:
    class Services:
        now = staticmethod(lambda: datetime.now(timezone.utc))

    said: list[str] = []
    monkeypatch.setattr("simple_sagemaker.cli.printing.to_stderr", said.append)
    with unread() as stdout, os.fdopen(os.dup(stdout), "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        with screen_of(shows, 1, Services()) as screen:  # type: ignore[arg-type]
            screen.lines("algo-1", ["one"])
            screen.lines("algo-1", ["two"])
    assert said == ["The output cannot be written any more (Broken pipe); the job goes on, and is followed to its end"]


def test_lines_that_only_a_reader_wants_end_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with unread() as stdout, os.fdopen(os.dup(stdout), "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        pipe = Pipe(0, outlives_reader=False)
        with pytest.raises(BrokenPipeError):
            pipe.lines("algo-1", ["one"])
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())


def test_work_says_once_that_its_output_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    output = Output(said.append, work="the search")
    with open("/dev/full", "w", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        for _ in range(2):
            output.print(lambda: full.write("line\n"))
    end = "(No space left on device); the search goes on, and is followed to its end"
    assert said == [f"The output cannot be written any more {end}"]
