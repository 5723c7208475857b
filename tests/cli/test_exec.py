"""``ssm exec`` as it is typed: which job is meant, and a shell with a terminal."""

from __future__ import annotations

import fcntl
import signal
import struct
import termios
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Shell
from tests.cli.test_terminal import session


@pytest.fixture
def job(shell: Shell) -> Iterator[str]:
    """The name of a running job of task ``t``."""
    shell.write("w.py", "import time\nprint('ready', flush=True)\ntime.sleep(300)\n")
    done = shell.ssm("run", "-p", "p", "-t", "t", "-e", "w.py", "--no_wait")
    assert done.status == 0, done.err
    name = done.out.strip()
    until_training(shell, name)
    yield name
    (shell.jobs()[0] / "stop").touch()


def until_training(shell: Shell, name: str) -> None:
    limit = time.monotonic() + 60
    while shell.ssm("exec", "--job", name, "--", "true").status != 0:
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_job_is_named_by_its_task_its_letters_or_its_whole_name(shell: Shell, job: str) -> None:
    for words in (
        ("-p", "p"),
        ("-p", "p", "-t", "t"),
        ("--job", job[-8:]),
        ("-p", "p", "--job", job[-8:]),
        ("--job", job),
    ):
        done = shell.ssm("exec", *words, "--", "printenv", "TRAINING_JOB_NAME")
        assert (done.status, done.out, done.err) == (0, f"{job}\n", "")


def test_a_job_whose_launcher_is_a_process_of_its_own_is_entered_alike(shell: Shell) -> None:
    shell.write("w.py", "import time\ntime.sleep(300)\n")
    done = shell.ssm("run", "-p", "p", "-t", "t", "-e", "w.py", "--no_wait", "--job_env", "SSM_PYTHON", "python3")
    name = done.out.strip()
    until_training(shell, name)
    deadline = time.monotonic() + 60
    while "w.py" not in (found := shell.ssm("exec", "--job", name, "--", "printenv", "SM_USER_ENTRY_POINT")).out:
        assert time.monotonic() < deadline, found
    (shell.jobs()[0] / "stop").touch()


def test_a_port_of_a_process_is_one_of_this_machine(shell: Shell, job: str) -> None:
    done = shell.ssm("exec", "--job", job, "--forward", "6006")
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith("What listens on port 6006 there is at 127.0.0.1:6006 here.\n")


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        ((), 2, "ssm exec: missing: --project_name NAME (-p), or --job NAME."),
        (("-p", "p", "-t", "t", "--host", "0"), 2, "ssm exec: --host 0 is too small: the minimum is 1."),
        (("-p", "p", "--forward", "1", "--", "ls"), 2, "ssm exec: --forward runs nothing: leave out --"),
        (("--job", "here"), 2, "ssm exec: --job 'here' is not the name of a job."),
        (("-p", "p", "--", "true"), 4, "There is no running job of project 'p'."),
        (("-p", "p", "-t", "t", "ls"), 2, "ssm exec: unexpected argument 'ls': --task_name takes one value (NAME)"),
        (("-p", "p", "-t", "t", "--", ""), 2, "ssm exec: the command after -- is empty: leave out -- for a shell."),
        (("-p", "p", "-t", "t", "--", "true"), 4, "There is no running job of task 't' of project 'p'."),
        (("-p", "p", "--job", "a1B2c3D4"), 4, "--job a1B2c3D4: there is no such job of project 'p'."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_error(
    shell: Shell, words: tuple[str, ...], status: int, error: str
) -> None:
    done = shell.ssm("exec", *words)
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith(error.replace("--task_name takes", "-t takes"))


def test_a_shell_has_a_terminal_of_the_size_of_ours_and_ctrl_c_reaches_what_runs(shell: Shell, job: str) -> None:
    with session(shell, "exec", "--job", job) as terminal:
        fcntl.ioctl(terminal.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
        terminal.type("stty size; echo $((6 * 7))\n")
        terminal.read_until("33 101")
        terminal.read_until("42")
        terminal.type("echo st'art'ed; sleep 300\n")
        terminal.read_until("started")
        time.sleep(0.3)
        terminal.type("\x03")
        fcntl.ioctl(terminal.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        terminal.process.send_signal(signal.SIGWINCH)
        time.sleep(0.3)
        terminal.type("stty size; test -t 2 && exit 5\n")
        terminal.read_until("50 120")
        assert terminal.end() == 5


def test_a_terminal_is_as_it_was_when_the_command_is_ended(shell: Shell, job: str) -> None:
    with session(shell, "exec", "--job", job, "--", "sh", "-c", "echo ready; sleep 300") as terminal:
        before = termios.tcgetattr(terminal.terminal)
        terminal.read_until("ready")
        assert termios.tcgetattr(terminal.terminal) != before
        terminal.process.terminate()
        assert terminal.process.wait(60) == -signal.SIGTERM
        assert termios.tcgetattr(terminal.terminal) == before
