"""Supervisors that one process forks are like those that are started anew; their jobs outlive that process."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from simple_sagemaker.local.supervisor import spawn
from simple_sagemaker.local.supervisor.nursery import Nursery
from tests.local.conftest import DOCKER, Engine, settings

pytestmark = [
    pytest.mark.parametrize("engine", ["direct"], indirect=True),
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere supervisors are started anew"),
]
only_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="a supervisor cannot be read by its own user"
)
SECRET = "AKIA-THE-CALLERS-OWN"


@pytest.fixture
def nursery(engine: Engine) -> Iterator[Nursery]:
    made = Nursery(loads_s3=False)
    engine.client = engine.service(settings(), nursery=made)
    yield made
    made.close()


@contextmanager
def supervised(engine: Engine) -> Iterator[tuple[int, int]]:
    """A running job's supervisor and the process that made it; the job can be stopped at the end, whatever was done."""
    name = engine.start("sleep 60")
    engine.until(name, lambda described: described["SecondaryStatus"] == "Training")
    process = int((engine.home.jobs / name / "supervisor.pid").read_text())
    yield process, parent(process)
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def open_files(process: int) -> set[str]:
    return {os.readlink(file) for file in Path(f"/proc/{process}/fd").iterdir() if os.path.lexists(file)}


def lives(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def test_many_jobs_one_after_another_and_at_once_complete(engine: Engine, nursery: Nursery) -> None:
    for name in [engine.start("echo out; exit 0") for _ in range(3)]:
        assert engine.end(name)["TrainingJobStatus"] == "Completed"
        assert engine.printed(name)["algo-1"] == ["out"]
    failed = engine.run("exit 3")
    assert (failed["TrainingJobStatus"], "3" in failed["FailureReason"]) == ("Failed", True)


@only_root
def test_a_supervisor_is_a_session_of_its_own_with_nothing_of_the_process_that_made_it(
    engine: Engine, nursery: Nursery
) -> None:
    with supervised(engine) as (process, maker):
        assert maker != os.getpid()
        assert os.getsid(process) == os.getpgid(process) == process
        assert Path(f"/proc/{process}/environ").read_bytes() == Path(f"/proc/{maker}/environ").read_bytes()
        assert b"PATH=" in Path(f"/proc/{maker}/environ").read_bytes()
        assert len(Path(f"/proc/{maker}/environ").read_bytes().split(b"\0")) == 3
        shared = {file for file in open_files(process) & open_files(maker) if file.startswith("socket")}
        assert not shared


def test_jobs_go_on_when_the_process_is_killed_and_the_next_ones_start(engine: Engine, nursery: Nursery) -> None:
    with supervised(engine) as (process, maker):
        os.kill(maker, signal.SIGKILL)
        assert engine.run("true")["TrainingJobStatus"] == "Completed"  # is started anew
        assert engine.run("true")["TrainingJobStatus"] == "Completed"
        assert lives(process)


def test_it_ends_when_it_is_closed_and_its_supervisors_do_not(engine: Engine, nursery: Nursery) -> None:
    with supervised(engine) as (process, maker):
        nursery.close()
        assert not lives(maker)
        assert lives(process)


def test_a_fork_of_its_owner_neither_ends_it_nor_keeps_it(engine: Engine, nursery: Nursery) -> None:
    with supervised(engine) as (_, maker):
        ready, tell = os.pipe()
        fork = os.fork()
        if not fork:
            nursery.close()
            os.write(tell, b"x")
            signal.pause()
        os.read(ready, 1)
        assert lives(maker)
        other = os.fork()
        if not other:
            signal.pause()  # has the socket, too
        nursery.close()
        assert not lives(maker)
        for one in (fork, other):
            os.kill(one, signal.SIGKILL)
            os.waitpid(one, 0)


@only_root
@pytest.mark.skipif(DOCKER, reason="reads /proc of this machine")
def test_it_learns_no_secret_of_the_caller(engine: Engine, nursery: Nursery) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": SECRET}
    engine.client = engine.service(settings(), secrets, nursery)
    with supervised(engine) as (process, maker):
        assert (holds(process, SECRET), holds(maker, SECRET)) == (True, False)


def holds(process: int, word: str) -> bool:
    """Whether a process has a word in its memory."""
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            first, last = (int(end, 16) for end in line.split()[0].split("-"))
            if line.split()[1].startswith("r") and "[v" not in line:
                memory.seek(first)
                if word.encode() in memory.read(last - first):
                    return True
    return False


def test_a_supervisor_that_ends_before_it_has_a_job_is_told(engine: Engine, nursery: Nursery) -> None:
    made = nursery.start_supervisor("no-such-isolation", "no.such.module")
    until = time.monotonic() + 30
    while lives(made.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert "No module named" in made._explain("while it waited")
    made.dismiss()


@pytest.fixture
def littered(tmp_path: Path) -> Iterator[None]:
    """This process with a file and signals as a job must not find them."""
    ignored, blocked = (signal.SIGUSR2, signal.SIGQUIT), {signal.SIGUSR1, signal.SIGCHLD, signal.SIGTERM}
    before = [signal.signal(number, signal.SIG_IGN) for number in ignored]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    with (tmp_path / "of the caller").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    for number, handler in zip(ignored, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("littered")
@pytest.mark.skipif(DOCKER, reason="a container has descriptors and signals of its own")
@pytest.mark.parametrize("from_nursery", [True, False])
def test_a_job_has_no_descriptor_and_no_signals_of_the_program_that_started_it(
    engine: Engine, from_nursery: bool
) -> None:
    made = Nursery(loads_s3=False) if from_nursery else None
    engine.client = engine.service(settings(), nursery=made)
    name = engine.start("readlink /proc/self/fd/*; grep -E 'Sig(Blk|Ign)' /proc/self/status; exit 0")
    assert engine.end(name, within_s=60)["TrainingJobStatus"] == "Completed"
    lines = engine.printed(name)["algo-1"]
    assert not [line for line in lines if "of the caller" in line]
    signals = {line.split()[0]: int(line.split()[1], 16) & 0x7FFFFFFF for line in lines if line.startswith("Sig")}
    assert signals == {"SigBlk:": 0, "SigIgn:": 0}
    if made:
        made.close()


def test_one_that_is_stopped_is_replaced_and_holds_up_no_job(engine: Engine) -> None:
    made = Nursery(loads_s3=False, patience_s=2)
    first = made.start_supervisor("auto")
    maker = parent(first.pid)
    first.dismiss()
    os.kill(maker, signal.SIGSTOP)
    made.start_supervisor("auto").dismiss()
    assert not lives(maker)
    last = made.start_supervisor("auto")
    os.kill(parent(last.pid), signal.SIGSTOP)
    last.dismiss()
    made.close()


def test_it_goes_on_where_somebody_who_asked_is_gone(engine: Engine) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        maker = spawn.start_program("supervisor.nursery", "", [theirs.fileno()])
        theirs.close()
        for is_gone in (True, False):
            pipes, others = spawn.make_pipes()
            answer, tell = os.pipe()
            if is_gone:
                os.close(answer)
            socket.send_fds(ours, [f"{spawn.OF_JOBS} auto".encode()], [*others, tell])
            spawn.close_all((*others, tell))
            if not is_gone:
                assert os.read(answer, 20).isdigit()
                os.close(answer)
            spawn.close_all(pipes)
    assert os.waitpid(maker, 0) == (maker, 0)


@pytest.mark.parametrize("loads_s3", [True, False])
def test_where_there_are_no_more_descriptors_none_is_lost(engine: Engine, loads_s3: bool) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    made = Nursery(loads_s3=loads_s3)
    before = len(os.listdir("/dev/fd"))
    for free in range(12):
        resource.setrlimit(resource.RLIMIT_NOFILE, (first_free() + free, hard))
        try:
            supervisor = made.start_supervisor("auto")
        except OSError:
            continue
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        supervisor.dismiss()
    made.close()
    assert len(os.listdir("/dev/fd")) == before


def first_free() -> int:
    """The number that the next descriptor of this process has."""
    descriptor = os.open("/", os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def test_one_that_its_owner_forgot_ends_with_it_without_a_word(engine: Engine) -> None:
    script = "from simple_sagemaker.local.supervisor.nursery import Nursery\nmade = Nursery(loads_s3=False)\n"
    script += "made.start_supervisor('auto').dismiss()\n"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
