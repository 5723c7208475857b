"""Running the user's code: its output as it comes, its end, its stop and what is left of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping

import pytest

from simple_sagemaker.payload.ssm_launcher import process
from simple_sagemaker.payload.ssm_launcher.process import Bar, Ended

ENVIRONMENT: Mapping[bytes, bytes] = {b"PATH": os.environb[b"PATH"]}


def run(script: str, watch: object = None) -> Ended:
    return process.run([b"/bin/sh", b"-c", script.encode()], dict(ENVIRONMENT), b"/", watch)


@pytest.mark.parametrize(
    ("script", "status", "exit_status"),
    [("exit 0", 0, 0), ("exit 7", 7, 7), ("kill -9 $$", -9, 137), ("kill -TERM $$", -15, 143)],
)
def test_an_end_has_its_status_or_its_signal(script: str, status: int, exit_status: int) -> None:
    ended = run(script)
    assert (ended.status, ended.stop_signal) == (status, 0)
    assert process.exit_status(ended.status) == exit_status


def test_output_and_errors_come_in_order_and_the_last_of_them_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    ended = run("echo one; echo two >&2; pwd; cat; echo $SECRET")  # its input is empty
    assert capfd.readouterr().out == "one\ntwo\n/\n\n"
    assert ended.tail == b"one\ntwo\n/\n\n"
    many = run("yes 0123456789 | head -n 2000; echo last")
    assert len(many.tail) == process.TAIL
    assert many.tail.endswith(b"0123456789\nlast\n")
    assert len(capfd.readouterr().out) == 2000 * 11 + 5


@pytest.mark.parametrize(
    ("argv", "status", "why"),
    [
        ([b"/no/such/program", b"x"], 127, b"cannot start /no/such/program x: [Errno 2]"),
        ([b"/etc"], 126, b"cannot start /etc: [Errno 13]"),
    ],
)
def test_a_program_that_cannot_start_has_the_status_that_a_shell_gives(
    argv: list[bytes], status: int, why: bytes
) -> None:
    ended = process.run(argv, dict(ENVIRONMENT), b"/")
    assert ended.status == status
    assert why in ended.tail


def test_a_script_without_a_first_line_is_the_shells(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "script")
    with open(path, "w", encoding="utf-8") as file:
        file.write("echo $1-$2\n")
    os.chmod(path, 0o755)
    assert process.run([os.fsencode(path), b"a", b"b"], dict(ENVIRONMENT), b"/").tail == b"a-b\n"


def test_what_the_code_leaves_running_is_ended_and_holds_nothing_up() -> None:
    began = time.monotonic()
    ended = run("sleep 300 & echo $!")
    assert time.monotonic() - began < 60
    pid = int(ended.tail)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    break
        except (ProcessLookupError, FileNotFoundError):
            break
        time.sleep(0.005)
    else:
        pytest.fail("it still runs")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_launcher_is_the_codes_and_is_remembered(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    script = (
        f"trap 'echo stopped; exit 3' {number.name.removeprefix('SIG')}; kill -{number.value} {os.getpid()}; "
        "while true; do sleep 0.01; done"
    )
    ended = run(script)
    assert (ended.status, ended.stop_signal) == (3, number)
    assert ended.tail.endswith(b"stopped\n")  # a shell may tell of its sleep's end, too
    assert signal.getsignal(number) is before


class Rule:
    """A watch that ends the code once it has printed a word."""

    interval_s = 0.01
    grace_s = 0.2

    def __init__(self) -> None:
        self.hit: str | None = None
        self.seen = b""

    def feed(self, data: bytes) -> None:
        self.seen += data

    def tick(self) -> None:
        self.hit = "met" if b"bad" in self.seen else None


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("trap 'exit 4' TERM; echo bad; while true; do sleep 0.01; done", 4),
        ("trap '' TERM; echo bad; while true; do sleep 0.01; done", -9),  # what does not listen is killed
        ("echo good; sleep 0.1; exit 0", 0),
    ],
)
def test_a_rule_that_is_met_ends_the_code_as_nobodys_stop(script: str, status: int) -> None:
    ended = run(script, Rule())
    assert (ended.status, ended.stop_signal) == (status, 0)


BAR = process.BAR_S


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([(b"a\nb\n", 0.0)], b"a\nb\n"),
        ([(b"1%\r2%\r", 0.0), (b"3%\r4%", BAR - 0.01)], b"1%\r2%\r3%\r4%"),
        ([(b"1%\r2%", 0.0), (b"3%\r4%", BAR)], b"1%\r2%3%\r\n4%"),
        ([(b"1%\r2%", 0.0), (b"3%\r4%", BAR), (b"\r5%", BAR + 0.5)], b"1%\r2%3%\r\n4%\r5%"),  # once a second
        ([(b"1%\r2%", 0.0), (b"done\n\r3%", BAR + 1)], b"1%\r2%done\n\r3%"),  # a line has ended: it begins anew
        ([(b"1%\r2%", 0.0), (b"half\r", BAR + 1), (b"\nnext", BAR + 2)], b"1%\r2%half\r\nnext"),  # "\r\n" in two halves
        ([(b"", 0.0), (b"x", BAR + 1)], b"x"),
    ],
)
def test_a_progress_bar_gets_a_line_end_each_second(pieces: list[tuple[bytes, float]], shown: bytes) -> None:
    bar = Bar()
    assert b"".join(bar.with_line_ends(data, now) for data, now in pieces) == shown


def test_the_code_has_no_descriptor_of_the_launchers() -> None:
    listing = "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("a system without /proc")
    with open(os.devnull) as held:
        os.set_inheritable(held.fileno(), True)
        ended = process.run([os.fsencode(sys.executable), b"-c", listing.encode()], dict(ENVIRONMENT), b"/")
    assert ended.tail == b"[0, 1, 2, 3]\n"  # the last is the one that lists
