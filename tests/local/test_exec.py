"""A program in a running job: its bytes, its end, its surroundings; and what it gets hold of."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.hosts import entrance
from tests.local.conftest import DOCKER, PLAIN, Engine, processes_only
from tests.local.entering import JOB, environment, processes, run, running, start, until
from tests.local.scripts import ML, RELEASED

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
isolated = pytest.mark.skipif(PLAIN, reason="a plain process sees all that this user has")
_MIB = 1 << 20


def test_bytes_pass_intact_both_ways_and_are_not_collected(engine: Engine) -> None:
    start(engine)
    data = os.urandom(_MIB) * 100
    digest = hashlib.sha256(data).hexdigest()
    done = run(engine, "cat", feed=data)
    assert (done.returncode, hashlib.sha256(done.stdout).hexdigest()) == (0, digest)
    measured = (
        "import os, sys, subprocess, resource\n"
        "done = subprocess.run(sys.argv[1:], stdin=0, stdout=subprocess.DEVNULL)\n"
        "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    words = [sys.executable, "-m", "simple_sagemaker.cli.main", "exec", "--job", JOB, "--", "cat"]
    peak = subprocess.run(
        [sys.executable, "-c", measured, *words], input=data, env=environment(engine), capture_output=True, check=True
    )
    status, kib = peak.stdout.split()
    assert (status, int(kib) < 80 * 1024) == (b"0", True)


def test_outputs_stay_apart_and_the_status_is_the_programs(engine: Engine) -> None:
    start(engine)
    done = run(engine, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    assert run(engine, "sh", "-c", "kill -9 $$").returncode == 137
    missing = run(engine, "no-such-program")
    assert missing.returncode in ({126, 127} if DOCKER else {127})  # Docker's own, which differs with its version
    assert b"no-such-program" in missing.stdout + missing.stderr
    assert b"Traceback" not in missing.stderr


def test_a_program_with_any_name_and_any_bytes_as_words(engine: Engine) -> None:
    start(engine)
    odd = b"\n" if DOCKER else b"\xff\n"  # Docker's API has texts only
    done = run(engine, "printf", "%s|", "a b", "", "--", "-x", "*", "é", os.fsdecode(odd))
    assert done.stdout == b"a b||--|-x|*|\xc3\xa9|" + odd + b"|"
    made = ML + 'printf "#!/bin/sh\\necho odd\\n" > $ML/a=b && chmod +x $ML/a=b && echo $ML/a=b'
    place = run(engine, "sh", "-c", made).stdout.decode().strip()
    assert run(engine, place).stdout == b"odd\n"


def test_without_words_a_shell_reads_what_comes(engine: Engine) -> None:
    start(engine)
    done = run(engine, feed=b"echo hello; exit 3\n")
    assert (done.returncode, done.stdout) == (3, b"hello\n")


def test_the_program_finds_what_the_jobs_own_has_and_nothing_of_the_callers(engine: Engine) -> None:
    script = f"{ML}mkdir $ML/deep && cd $ML/deep && echo begun; {RELEASED}"
    start(engine, script, Environment={"BASE": "/opt/ml", "OF_THE_JOB": "é\n2"})
    code = "import os, json; print(json.dumps([dict(os.environ), os.getcwd(), os.getuid(), os.uname().nodename]))"
    done = run(engine, "python3", "-c", code, CALLERS_SECRET="secret")
    variables, folder, user, name = json.loads(done.stdout)
    assert variables["OF_THE_JOB"] == "é\n2"
    assert "CALLERS_SECRET" not in variables
    assert DOCKER or folder.endswith("/opt/ml/deep")
    assert user == (os.getuid() if PLAIN else 0)
    assert PLAIN or name == "algo-1"


def test_the_second_host_is_another_one(engine: Engine) -> None:
    start(engine, hosts=2)
    code = f"{ML}cat $ML/input/config/resourceconfig.json"
    hosts = [json.loads(run(engine, "sh", "-c", code, host=n).stdout)["current_host"] for n in (1, 2)]
    assert hosts == ["algo-1", "algo-2"]
    beyond = run(engine, "true", host=3)
    assert (beyond.returncode, beyond.stderr.decode().splitlines()[0]) == (2, f"--host 3: {JOB} has 2 hosts.")


def test_a_job_that_has_ended_or_not_begun_is_refused(engine: Engine) -> None:
    start(engine)
    engine.release(JOB)
    engine.end(JOB)
    done = run(engine, "true")
    assert (done.returncode, done.stderr.decode()) == (4, f"--job {JOB} has ended (Completed).\n")
    until(lambda: not list((engine.home.jobs / JOB).glob("*/entrance.json")))  # which has the host's environment


@processes_only
def test_a_host_whose_process_is_another_by_now_is_not_entered(engine: Engine) -> None:
    start(engine)
    file = engine.home.jobs / JOB / "algo-1" / "entrance.json"
    written = json.loads(file.read_text())
    assert file.stat().st_mode & 0o077 == 0
    file.write_text(json.dumps({**written, "started": written["started"] - 1}))
    with pytest.raises(entrance.NotRunning):
        entrance.open_host(entrance.read_entrance(file.parent))
    done = run(engine, "true")
    assert (done.returncode, b"has no running host now" in done.stderr) == (1, True)


def test_when_it_is_killed_nothing_of_it_is_left_and_the_job_goes_on(engine: Engine) -> None:
    start(engine)
    mark = "7391.25"
    script = f"sleep {mark} & (setsid sleep {mark} &) ; echo ready; sleep {mark}"
    with running(engine, "sh", "-c", script) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        until(lambda: len(processes(f"sleep\0{mark}")) == 3)
        process.kill()
        until(lambda: not processes(f"sleep\0{mark}"))
    assert engine.client.describe_training_job(TrainingJobName=JOB)["TrainingJobStatus"] == "InProgress"
    assert run(engine, "echo", "alive").stdout == b"alive\n"


def test_when_the_job_ends_the_program_ends_too(engine: Engine) -> None:
    start(engine)
    with running(engine, "sleep", "7392.25") as process:
        until(lambda: processes("sleep\x007392.25"))
        engine.release(JOB)
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors.decode()) == (1, f"{JOB} has ended, and what ran in it has ended with it.\n")
    assert not processes("sleep\x007392.25")


@processes_only
def test_an_interrupt_reaches_the_program(engine: Engine) -> None:
    start(engine)
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    with running(engine, "sh", "-c", script) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b"interrupted\n"
        assert process.wait(60) == 9


@processes_only
def test_whoever_reads_no_more_ends_the_program(engine: Engine) -> None:
    start(engine)
    with running(engine, "yes") as process:
        assert process.stdout
        assert process.stdout.readline() == b"y\n"
        process.stdout.close()
        assert process.wait(60) == 128 + signal.SIGPIPE


def test_no_file_of_the_callers_reaches_the_job(engine: Engine, tmp_path: Path) -> None:
    start(engine)
    files = {name: tmp_path / name for name in ("in", "out", "other")}
    for file in files.values():
        file.write_text("of the caller")
    with files["in"].open() as source, files["out"].open("w") as target, files["other"].open() as other:
        os.set_inheritable(other.fileno(), True)
        script = "for one in /proc/self/fd/*; do readlink $one; done; cat"
        with running(engine, "sh", "-c", script, stdin=source, stdout=target, close_fds=False) as process:
            assert process.wait(60) == 0
    *held, read = files["out"].read_text().splitlines()
    assert read == "of the caller"
    assert [one for one in held if str(tmp_path) in one] == []


@isolated
@processes_only
def test_the_job_sees_nothing_of_the_caller_in_the_process_between(engine: Engine) -> None:
    watch = """
import os, time
print("begun", flush=True)
while not os.path.exists("/opt/ml/input/config/released"):
    for number in os.listdir("/proc"):
        for name in ("environ", "cmdline"):
            try:
                data = open(f"/proc/{number}/{name}", "rb").read()
            except OSError:
                continue
            if b"SECRET-" b"7393" in data:
                print("seen", name, flush=True)
"""
    start(engine, f"python3 -c '{watch}'")
    done = run(engine, "sleep", "0.5", CALLERS="SECRET-7393")
    assert done.returncode == 0
    run(engine, "sh", "-c", ": SECRET-7393; sleep 0.3; true")  # so that the watcher is shown to see
    printed = engine.printed(JOB)["algo-1"]
    assert "seen cmdline" in printed
    assert "seen environ" not in printed


@isolated
@processes_only
def test_a_link_to_the_starting_program_itself_leads_to_no_file_of_this_machine(engine: Engine) -> None:
    start(engine)
    trap = 'printf "#!/proc/self/exe\\n" > /opt/ml/trap && chmod +x /opt/ml/trap'
    assert run(engine, "sh", "-c", trap).returncode == 0
    programs: set[str] = set()

    def programs_seen() -> set[str]:  # none, if it is looked for amid an exec, when it has no command line
        programs.update(os.readlink(f"/proc/{pid}/exe") for pid in processes("/proc/self/exe\0"))
        return programs

    with running(engine, "/opt/ml/trap"):  # which starts itself again and again
        until(programs_seen)
    assert programs == {"/memfd:env (deleted)"}
    until(lambda: not processes("/proc/self/exe\0"))


def test_remote_debugging_is_for_jobs_whose_code_runs(engine: Engine) -> None:
    enabled = {"EnableRemoteDebug": True}
    start(engine)
    engine.client.update_training_job(TrainingJobName=JOB, RemoteDebugConfig=enabled)
    assert engine.client.describe_training_job(TrainingJobName=JOB)["RemoteDebugConfig"] == enabled
    engine.release(JOB)
    engine.end(JOB)
    with pytest.raises(ClientError, match="not in Completed"):
        engine.client.update_training_job(TrainingJobName=JOB, RemoteDebugConfig=enabled)
