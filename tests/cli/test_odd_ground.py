"""Odd surroundings: closed streams, scripts of Windows, damaged and misdated leftovers, killed commands."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.services import processes
from tests.cli.conftest import Shell

PLACE = TaskPlace(bucket="sagemaker-us-east-1-000000000000", project="proj", task="task")


def claim(shell: Shell) -> Path:
    return shell.home / "buckets" / PLACE.bucket / PLACE.claim


def write_claim(shell: Shell, text: str) -> None:
    claim(shell).parent.mkdir(parents=True, exist_ok=True)
    claim(shell).write_text(text, encoding="utf-8")


def lock(at: datetime, *, process: str = "", job: str = "task-2020-01-01-00-00-00-aaaaaaaa") -> str:
    return json.dumps({"job": job, "kind": "training", "at": at.isoformat(), "process": process})


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("command", ["run", "data"])
def test_a_command_runs_with_closed_streams(shell: Shell, closed: str, command: str) -> None:
    shell.write("w.py", "import os\nopen(os.environ['SM_OUTPUT_DATA_DIR'] + '/it', 'w').write('ran')\n")
    first = ["-e", "w.py", "-o", "out", "--download_output"]
    if command == "data":
        assert shell.run("-e", "w.py").status == 0
        first = ["-o", "out", "--download_output"]
    line = " ".join([sys.executable, "-m", "simple_sagemaker.cli.main", command, "-p", "proj", "-t", "task", *first])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{line} {closed}"], cwd=shell.folder, env=shell.environment, capture_output=True, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert [path.read_text() for path in (shell.folder / "out/output").rglob("it")] == ["ran"]


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        ("ENOSPC", "Free some space"),
        ("EDQUOT", "Free some space"),
        ("EROFS", "can be written"),
        ("EMFILE", "ulimit -n"),
        ("EACCES", "that you may read and write it"),
    ],
)
def test_what_the_system_refuses_is_said_with_what_helps(number: str, advice: str) -> None:
    from simple_sagemaker.cli.main import _describe_os_error

    code = getattr(errno, number)
    first, second = _describe_os_error(OSError(code, os.strerror(code), "/the/place")).splitlines()
    assert first == f"{os.strerror(code)}: /the/place"
    assert advice in second


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("attach -p p -t t", "no job was stopped"),
        ("logs -f -p p -t t", "no job was stopped"),
        ("stop -p p -t t", "Interrupted."),
        ("replay --job a1B2c3D4", "Interrupted."),
        ("run -p p -t t -e w.py", "nothing is running"),
        ("-p p -t t -e w.py", "nothing is running"),
        ("", "nothing is running"),
    ],
)
def test_an_early_ctrl_c_says_what_it_means_for_jobs(typed: str, said: str) -> None:
    from simple_sagemaker.cli.main import _describe_interrupt

    assert said in _describe_interrupt(typed.split())


def test_a_script_with_windows_line_ends_is_refused_with_its_first_line(shell: Shell) -> None:
    (shell.folder / "run.sh").write_bytes(b"#!/bin/bash\r\necho hello\r\n")
    done = shell.run("-e", "run.sh")
    assert done.status == 2
    assert "-e run.sh has the line ends of Windows" in done.err
    assert "#!/bin/bash\\r" in done.err
    assert not (shell.home / "jobs").exists() or not any((shell.home / "jobs").glob("[!.]*"))


def test_a_python_file_with_windows_line_ends_runs(shell: Shell) -> None:
    (shell.folder / "w.py").write_bytes(b"#!/usr/bin/env python\r\nprint('ran')\r\n")
    done = shell.run("-e", "w.py")
    assert done.status == 0, done.err
    assert "ran" in done.out


def test_a_script_beside_the_entry_point_is_warned_of(shell: Shell) -> None:
    (shell.folder / "code").mkdir()
    shell.write("code/w.py", "print('ran')")
    (shell.folder / "code/helper.sh").write_bytes(b"#!/bin/sh\r\n")
    done = shell.run("-s", "code", "-e", "w.py")
    assert done.status == 0
    assert "Warning: 'helper.sh': Windows line ends" in done.err


def test_a_script_whose_interpreter_is_not_here_is_refused_before_it_is_sent(shell: Shell) -> None:
    shell.write("run.sh", "#!/opt/nosuch/zsh -x\necho hello\n")
    done = shell.run("-e", "run.sh")
    assert done.status == 2
    assert "-e run.sh starts with /opt/nosuch/zsh, which is not on this machine" in done.err


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\0" * 90, '{"job": "x"}', '{"job": "x", "at": "2030-01-01"}'])
def test_a_damaged_lock_is_named_and_replaced(shell: Shell, text: str) -> None:
    shell.write("w.py", "print('ran')")
    write_claim(shell, text)
    done = shell.run("-e", "w.py")
    assert done.status == 0, done.err
    assert "proj/task/claim.json is damaged" in done.err


def test_a_lock_from_the_future_is_void(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    write_claim(shell, lock(datetime.now(timezone.utc) + timedelta(days=365)))
    began = time.monotonic()
    assert shell.run("-e", "w.py").status == 0
    assert time.monotonic() - began < 110


@pytest.mark.skipif(sys.platform != "linux", reason="processes are told apart by /proc")
def test_the_lock_of_a_killed_command_of_this_machine_is_void_at_once(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        where = processes.identity().rsplit(":", 2)[0]
        began = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19]
        dead = f"{where}:{other.pid}:{began}"
        assert processes.lives(dead) is True
        other.kill()
    assert processes.lives(dead) is False
    write_claim(shell, lock(datetime.now(timezone.utc), process=dead))
    began_s = time.monotonic()
    assert shell.run("-e", "w.py").status == 0
    assert time.monotonic() - began_s < 110


@contextmanager
def sleeper() -> Iterator[str]:
    """The identity of a process that lives for as long as the context."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        try:
            began = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19]
            yield f"{processes.identity().rsplit(':', 2)[0]}:{other.pid}:{began}"
        finally:
            other.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are told apart by /proc")
@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=30)], ids=["young", "old"])
def test_the_lock_of_a_living_command_of_this_machine_holds_however_long_it_sends(shell: Shell, age: timedelta) -> None:
    shell.write("w.py", "print('ran')")
    with sleeper() as process:
        write_claim(shell, lock(datetime.now(timezone.utc) - age, process=process))
        command = shell.command("run", "-p", "proj", "-t", "task", "-e", "w.py")
        with subprocess.Popen(
            command,
            cwd=shell.folder,
            env=shell.environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as waiting:
            try:
                assert waiting.stderr
                line = next(line for line in waiting.stderr if "Waiting for another command" in line)
                assert f"(process {process.rsplit(':', 2)[1]} of this machine)" in line
                assert waiting.poll() is None
                os.unlink(claim(shell))
                waiting.stderr.read()
                assert waiting.wait(60) == 0
            finally:
                waiting.kill()


def test_a_lock_of_another_machine_holds_for_two_minutes(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    write_claim(shell, lock(datetime.now(timezone.utc) - timedelta(seconds=110), process="elsewhere:1:2"))
    done = shell.run("-e", "w.py")
    assert done.status == 0
    assert "Waiting for another command, for " in done.err


def test_a_job_that_was_named_by_a_wrong_clock_does_not_stay_the_newest(shell: Shell) -> None:
    shell.write("w.py", "print('one')")
    first = shell.run("-e", "w.py", "--no_wait").out.strip()
    assert shell.run("-e", "w.py").status == 0
    future = f"task-2099-01-01-00-00-00-{first[-8:]}"
    (shell.home / "jobs" / first).rename(shell.home / "jobs" / future)
    folder = shell.home / "buckets" / PLACE.bucket / PLACE.folder
    (folder / first).rename(folder / future)
    request = shell.home / "jobs" / future / "request.json"
    request.write_text(request.read_text().replace(first, future))
    shell.write("w.py", "print('two')")
    second = shell.run("-e", "w.py", "--force_running", "--no_wait").out.strip()
    assert shell.run("-e", "w.py").status == 0
    assert f"completed by {second}" in shell.run("-e", "w.py").err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fingerprint": 3}', "\0" * 200])
def test_a_damaged_run_file_is_named_and_passed_over(shell: Shell, text: str) -> None:
    shell.write("w.py", "print('ran')")
    job = shell.run("-e", "w.py", "--no_wait").out.strip()
    assert shell.run("-e", "w.py").status == 0
    file = shell.home / "buckets" / PLACE.bucket / PLACE.source(job) / "run.json"
    file.write_text(text)
    done = shell.run("-e", "w.py")
    assert done.status == 0, done.err
    assert f"{PLACE.source(job)}run.json is damaged" in done.err


def test_what_killed_commands_left_is_removed_by_the_next(shell: Shell, tmp_path: Path) -> None:
    shell.write("w.py", "print('ran')")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    shell.environment["TMPDIR"] = str(temporary)
    writing = shell.home / "buckets" / ".writing"
    script = (
        "import os, sys, time\nfrom pathlib import Path\nfrom simple_sagemaker.core.scratch import scratch_folder\n"
        "from simple_sagemaker.storage.folder_store import FolderStore\n"
        "with scratch_folder('ssm-code-') as folder:\n"
        "    FolderStore(Path(sys.argv[1]))._scratch().write_bytes(b'x' * 1000)\n"
        "    print('there', flush=True); time.sleep(600)\n"
    )
    words = [sys.executable, "-c", script, str(shell.home / "buckets")]
    with subprocess.Popen(words, env=shell.environment, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout
            assert other.stdout.readline() == "there\n"
            assert shell.run("-e", "w.py").status == 0
            assert len([*temporary.glob("ssm-code-*")]) == 1
            assert len([path for path in writing.rglob("*") if path.is_file() and path.stat().st_size]) == 1
        finally:
            other.kill()
    assert shell.run("-e", "w.py", "--force_running").status == 0
    assert [*temporary.glob("ssm-*")] == []
    assert [path for path in writing.rglob("*") if path.is_file() and path.stat().st_size] == []
