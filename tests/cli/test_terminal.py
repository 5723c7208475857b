"""At a terminal: colours, the status line, and Ctrl-C that asks."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Shell

WAITS = "import time\nprint('ready', flush=True)\ntime.sleep(300)\n"


class Session:
    """A command with a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self.terminal = terminal
        self.seen = ""

    def read_until(self, text: str, within_s: float = 300) -> None:
        """Read what the terminal shows until a text is there."""
        limit = time.monotonic() + within_s
        while text not in self.seen and time.monotonic() < limit:
            self._read(0.1)
        assert text in self.seen, self.seen

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        """Read to the end and give the exit status."""
        limit = time.monotonic() + 300
        while time.monotonic() < limit and self._read(0.1):
            pass
        return self.process.wait(10)

    def _read(self, wait_s: float) -> bool:
        if not select.select([self.terminal], [], [], wait_s)[0]:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # the other side is closed: the command has ended
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def session(shell: Shell, *argv: str) -> Iterator[Session]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        shell.command(*argv),
        cwd=shell.folder,
        env={**shell.environment, "TERM": "xterm-256color", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  no other thread runs here
    )
    os.close(theirs)
    try:
        yield Session(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        for job in shell.jobs():
            (job / "stop").touch()


def begin(shell: Shell) -> tuple[str, ...]:
    shell.write("w.py", WAITS)
    return ("run", "-p", "p", "-t", "t", "-e", "w.py", "-o", "out")


def test_host_names_are_coloured_and_the_phase_shows(shell: Shell) -> None:
    shell.write("w.py", "print('hello')")
    with session(shell, "run", "-p", "p", "-t", "t", "-e", "w.py", "--ic", "2") as terminal:
        assert terminal.end() == 0
    assert re.search(r"\x1b\[3\dmalgo-1", terminal.seen)
    assert re.search(r"\x1b\[3\dmalgo-2", terminal.seen)
    assert "Training" in terminal.seen
    assert "Completed" in terminal.seen


def test_ctrl_c_asks_and_s_stops_the_job(shell: Shell) -> None:
    with session(shell, *begin(shell)) as terminal:
        terminal.read_until("ready")
        terminal.type("\x03")
        terminal.read_until("[c]ontinue watching? ")
        terminal.type("s\n")
        assert terminal.end() == 3
    assert "Stopped" in terminal.seen
    assert "ready" in shell.log()


def test_ctrl_c_asks_and_d_leaves_the_job_running(shell: Shell) -> None:
    with session(shell, *begin(shell)) as terminal:
        terminal.read_until("ready")
        terminal.type("\x03")
        terminal.read_until("[c]ontinue watching? ")
        terminal.type("d\n")
        assert terminal.end() == 7
        assert '"status"' not in (shell.jobs()[0] / "journal.jsonl").read_text()
    assert "goes on" in terminal.seen
    assert "To stop it: ssm stop -p " in terminal.seen.replace("\r\n", "\n")


def test_ctrl_c_asks_and_c_goes_on_watching(shell: Shell) -> None:
    shell.write(
        "w.py", "import os, time\nprint('ready', flush=True)\nwhile not os.path.exists('/state/go'): time.sleep(0.05)\n"
    )
    with session(shell, "run", "-p", "p", "-t", "t", "-e", "w.py") as terminal:
        terminal.read_until("ready")
        terminal.type("\x03")
        terminal.read_until("[c]ontinue watching? ")
        terminal.type("c\n")
        (shell.jobs()[0] / "algo-1" / "state" / "go").touch()
        assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_without_a_terminal_detaches_and_says_so(shell: Shell, number: signal.Signals) -> None:
    argv = begin(shell)
    process = subprocess.Popen(
        shell.command(*argv),
        cwd=shell.folder,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    for line in process.stdout:
        if b"ready" in line:
            break
    process.send_signal(number)
    _, output = process.communicate(timeout=300)
    job = shell.jobs()[0]
    try:
        assert process.returncode == 7
        assert "goes on" in output.decode()
        assert '"status"' not in (job / "journal.jsonl").read_text()
    finally:
        (job / "stop").touch()


def test_what_is_being_sent_is_told_with_bytes_and_rate(shell: Shell) -> None:
    (shell.folder / "many").mkdir()
    for number in range(3000):
        (shell.folder / "many" / f"{number}").write_text("x")
    shell.write("worker.py", "print('ready')\n")
    with session(shell, "run", "-p", "p", "-t", "t", "-e", "worker.py", "-i", "many") as watching:
        watching.read_until(" of 3,000 files")
        watching.read_until("B/s")
        assert watching.end() == 0
    assert "Input: 3,000 files, 3,000 sent (3.0 kB), 0 deleted" in watching.seen


def test_what_is_printed_for_copying_is_not_broken_into_lines(shell: Shell) -> None:
    shell.write("worker.py", "")
    options = ("run", "-p", "p", "-t", "t", "-e", "worker.py", "--job_env", "TEXT", "x" * 200)
    with session(shell, *options, "--dry_run") as dry:
        assert dry.end() == 0
    assert f'"TEXT": "{"x" * 200}"' in dry.seen


def test_long_and_wide_names_of_metrics_leave_the_table_in_order(shell: Shell) -> None:
    name = "validation_mean_average_precision_at_50_of_all_classes"
    shell.write("w.py", f"for n in (2, 1): print('loss=%s 损失=%s {name}=%s' % (n, n, n))")
    options = [w for one in ("loss", "损失", name) for w in ("--md", one, f"{one}=([0-9]+)")]
    table = shell.run("-e", "w.py", *options).err.partition("Metrics")[2].splitlines()
    assert table[1] == f"  loss{' ' * 34}  1     1 (lowest)"
    assert table[2] == f"  损失{' ' * 34}  1     1 to 2"
    assert table[3] == f"  {name}  1     2 (highest)"


def test_tables_are_no_wider_than_the_terminal(shell: Shell) -> None:
    name = "_".join(["validation"] * 10)
    task = "a-task-with-a-long-name-as-people-give-them"
    shell.write("w.py", f"for n in (2, 1): print('{name}=%s' % n)")
    done = shell.ssm("run", "-p", "p", "-t", task, "-e", "w.py", "--md", name, f"{name}=([0-9]+)")
    assert done.status == 0, done.err
    for words in (["metrics", "-p", "p", "-t", task], ["ls", "-p", "p"], ["cost", "-p", "p"]):
        with session(shell, *words) as shown:
            assert shown.end() == 0
        lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.seen).splitlines()
        assert len(lines) > 1, words
        assert [line for line in lines if len(line) > 120] == [], words
