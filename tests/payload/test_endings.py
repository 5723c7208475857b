"""How a job ends: statuses, failure files, signals, what is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from simple_sagemaker.payload.ssm_launcher.process import Bar
from tests.payload.job import JobFolder

COUNTS = """
import signal, sys, time
def stop(number, frame):
    print("got", number)
    sys.exit(42)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
print("ready")
time.sleep(60)
"""

OUTPUT_GONE = """
import os, shutil
place = os.environ["SM_OUTPUT_DIR"]
shutil.rmtree(place, ignore_errors=True)
{put}
os._exit({status})
"""


def wait_for(text: bytes, process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    seen = b""
    while text not in seen:
        chunk = os.read(process.stdout.fileno(), 65536)
        assert chunk, seen
        seen += chunk
    return seen


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=False)
    return listed.stdout.strip() not in {"", "Z"}


def finish(process: subprocess.Popen[bytes]) -> str:
    try:
        output, _ = process.communicate(timeout=300)
    finally:
        process.kill()
    return output.decode()


@pytest.mark.parametrize(
    ("way", "status", "message"),
    [("direct", 7, "last words"), ("train", 1, "")],  # as AWS's own train has it, for the requests of other clients
)
def test_the_exit_status_is_the_scripts(job: JobFolder, way: str, status: int, message: str) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"'}
    job.files = {"train.py": "print('last words'); raise SystemExit(7)"}
    assert job.run(way).status == status
    lines = job.failure.splitlines()
    assert lines[:3] == ["ExecuteUserScriptError:", "ExitCode 7", f'ErrorMessage "{message}"']
    assert lines[3].startswith('Command "')
    assert not (job.output / "success").exists()


def test_empty_folders_of_the_state_are_named_at_the_end(job: JobFolder) -> None:
    job.files = {"train.py": "import os; os.makedirs(os.environ['SSM_STATE'] + '/runs/1'); raise SystemExit(7)"}
    lines = job.run().text.splitlines()
    assert "simple-sagemaker: empty folders of the state are not kept, since S3 has files only: runs/1" in lines


def test_the_failure_tells_the_exception(job: JobFolder) -> None:
    job.files = {
        "train.py": "print('noise')\ntry:\n  1 / 0\nexcept ZeroDivisionError as e:\n  raise ValueError('ü') from e"
    }
    assert job.run().status == 1
    assert 'ErrorMessage "ValueError: ü"\n' in job.failure


def test_the_exception_of_another_clients_script_is_its_message(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"'}
    job.files = {"train.py": "print('noise'); raise ValueError('boom')"}
    assert job.run("train").status == 1
    assert 'ErrorMessage "ValueError: boom"\n' in job.failure


def test_a_killed_script_is_told_by_its_signal(job: JobFolder) -> None:
    job.files = {"train.py": "import os; os.kill(os.getpid(), 9)"}
    assert job.run().status == 137
    assert "\nExitCode -9\n" in job.failure
    assert '\nKilled "killed by signal 9 (SIGKILL, often out of memory)"\n' in job.failure


def test_a_segmentation_fault_is_told_by_its_name(job: JobFolder) -> None:
    job.files = {"train.py": "import os; os.kill(os.getpid(), 11)"}
    job.run()
    assert "signal 11 (SIGSEGV, a segmentation fault)" in job.failure


def test_the_status_of_a_process_that_ran_out_of_memory_is_explained(job: JobFolder) -> None:
    job.run_file = {"kind": "shell", "command": "sh -c 'kill -9 $$'; exit $?"}
    assert job.run().status == 137
    assert (
        '\nExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)"\n'
        'Killed "killed by signal 9 (SIGKILL, often out of memory)"\nCommand'
    ) in job.failure


def test_an_empty_failure_file_of_the_script_gives_way_to_the_exception(job: JobFolder) -> None:
    job.files = {"train.py": "import os; open(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w'); raise ValueError('bad')"}
    job.run()
    assert 'ErrorMessage "ValueError: bad"\n' in job.failure


def test_a_failure_file_of_the_script_is_kept(job: JobFolder) -> None:
    job.files = {"train.py": "import os; open(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('mine'); exit(4)"}
    assert job.run().status == 4
    assert job.failure == "mine"


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("put", ["open(place, 'w')", "os.mkfifo(place)", "os.symlink(place, place)"])
def test_a_script_that_leaves_no_folder_for_its_files_ends_with_its_own_status(
    job: JobFolder, put: str, status: int
) -> None:
    job.files = {"train.py": OUTPUT_GONE.format(put=put, status=status)}
    ended = job.run()
    assert ended.status == status
    assert "Traceback" not in ended.text
    assert f"/output/{'failure' if status else 'success'} cannot be written (" in ended.text


def test_output_and_errors_arrive_in_order_and_byte_for_byte(job: JobFolder) -> None:
    script = "import os\nfor n in range(2000):\n  os.write(1 + n % 2, b'%d\\xff\\t' % n)\n"
    job.files = {"train.py": script}
    ended = job.run()
    assert ended.output.endswith(b"\n\n" + b"".join(b"%d\xff\t" % number for number in range(2000)))


def test_output_is_not_held_back(job: JobFolder) -> None:
    job.files = {"train.py": "import time; print('now'); time.sleep(60)"}
    process = job.start()
    wait_for(b"now", process)
    process.send_signal(signal.SIGTERM)
    finish(process)


def test_a_progress_bar_is_seen_while_it_moves_and_nothing_of_it_is_lost(job: JobFolder) -> None:
    job.files = {
        "train.py": "import sys, time\nfor n in range(10_000):\n    sys.stderr.write('\\r%5d' % n); time.sleep(0.05)\n"
    }
    process = job.start()
    assert process.stdout is not None
    try:
        drawn_lines = (line for line in iter(process.stdout.readline, b"") if b"\r" in line)
        lines = [next(drawn_lines), next(drawn_lines)]
    finally:
        process.kill()
        finish(process)
    assert all(line.endswith(b"\r\n") for line in lines)
    drawn = b"".join(lines).replace(b"\r\n", b"\r").split(b"\r")
    assert drawn == [b"", *(b"%5d" % number for number in range(len(drawn) - 2)), b""]


def test_only_bars_get_line_ends() -> None:
    bar = Bar()
    assert bar.with_line_ends(b"\r 1%", 0) == b"\r 1%"
    assert bar.with_line_ends(b"\r 2%", 0.9) == b"\r 2%"
    assert bar.with_line_ends(b"\r 3%\r 4%", 1.1) == b"\r 3%\r\n 4%"
    assert bar.with_line_ends(b"\r 5%", 2.0) == b"\r 5%"
    assert bar.with_line_ends(b"\r100%\n", 9) == b"\r100%\n"
    assert bar.with_line_ends(b"\ra", 20) == b"\ra"
    for text in (b"one\r\ntwo\r", b"\nthree\r\n", b"plain", b"\n"):  # another system's line ends
        assert Bar().with_line_ends(text, 0) == bar.with_line_ends(text, 40) == text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("way", ["direct", "toolkit", "train"])
def test_a_signal_reaches_the_script_whose_status_is_kept(job: JobFolder, number: signal.Signals, way: str) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"'}
    job.files = {"train.py": COUNTS}
    process = job.start(way)
    wait_for(b"ready", process)
    process.send_signal(number)
    assert finish(process).endswith(f"got {int(number)}\n")
    assert process.returncode == (1 if way == "train" else 42)


def test_a_script_that_has_stopped_itself_sees_the_signal(job: JobFolder) -> None:
    stopping = COUNTS.replace("time.sleep(60)", "import os; os.kill(0, signal.SIGSTOP); time.sleep(60)")
    job.files = {"train.py": stopping}
    process = job.start()
    wait_for(b"ready", process)
    time.sleep(0.3)
    process.terminate()
    assert finish(process).endswith(f"got {int(signal.SIGTERM)}\n")
    assert process.returncode == 42


def test_a_script_that_lets_the_signal_kill_it_ends_so(job: JobFolder) -> None:
    job.run_file = {"kind": "shell", "command": "echo ready; sleep 60"}
    process = job.start()
    wait_for(b"ready\n", process)
    process.terminate()
    finish(process)
    assert process.returncode == 143
    assert "ExitCode -15" in job.failure


def test_a_signal_at_any_moment_ends_the_job(job: JobFolder) -> None:
    """From before the launcher starts until the script runs, a stop is never lost."""
    job.files = {"train.py": "import time; print('ready'); time.sleep(60)"}
    for milliseconds in range(0, 120, 10):
        process = job.start()
        time.sleep(milliseconds / 1000)
        process.terminate()
        finish(process)
        assert process.returncode in {143, -15}, milliseconds


def test_a_daemon_that_keeps_the_output_open_does_not_hold_the_job(job: JobFolder) -> None:
    job.files = {
        "train.py": "import subprocess\nd = subprocess.Popen(['sleep', '3000'], start_new_session=True)\n"
        "print('daemon', d.pid, flush=True)"
    }
    began = time.monotonic()
    ended = job.run()
    pid = int(ended.text.split()[-1])
    os.kill(pid, signal.SIGKILL)
    assert ended.status == 0
    assert time.monotonic() - began < 1000


def test_a_daemon_that_floods_the_output_does_not_hold_the_job(job: JobFolder) -> None:
    flooded = "setsid sh -c 'echo $$ > pid; exec yes' & until [ -s pid ]; do :; done; exit 6"
    job.run_file = {"kind": "shell", "command": flooded}
    process = job.start()
    assert process.stdout is not None
    while os.read(process.stdout.fileno(), 1 << 20):
        if process.poll() is not None:
            break
    os.kill(int((job.code / "pid").read_text()), signal.SIGKILL)
    finish(process)
    assert process.returncode == 6


def test_what_is_left_of_the_scripts_group_is_killed(job: JobFolder) -> None:
    job.run_file = {"kind": "shell", "command": "sleep 300 & echo $!"}
    pid = int(job.run().text.split()[-1])
    deadline = time.monotonic() + 300
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_script_that_closes_its_output_is_still_waited_for(job: JobFolder) -> None:
    job.files = {"train.py": "import os, time\nos.close(1); os.close(2)\ntime.sleep(0.3)\nos._exit(9)"}
    assert job.run().status == 9


def test_standard_input_is_empty(job: JobFolder) -> None:
    job.files = {"train.py": "import sys; print(repr(sys.stdin.read()))"}
    assert job.run().text.endswith("\n''\n")


@pytest.mark.skipif(sys.platform != "linux", reason="PID namespaces are Linux's")
def test_as_the_first_process_it_reaps_orphans(job: JobFolder) -> None:
    unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel lets nobody make a PID namespace")
    job.run_file = {
        "kind": "shell",
        "command": "for i in 1 2 3 4 5; do sh -c 'sleep 0.05 & :'; done; sleep 0.4; "
        "cat /proc/1/cmdline | tr '\\0' ' '; echo; cat /proc/[0-9]*/stat | grep -c ' Z '; exit 3",
    }
    argv = job.launch_argv("direct")
    done = subprocess.run([*unshare, *argv], env=job.surroundings(), capture_output=True, text=True, check=False)
    assert done.returncode == 3
    first, zombies = done.stdout.splitlines()[-2:]
    assert first.rstrip().endswith("launcher.py")
    assert zombies == "0"


def test_a_program_that_cannot_be_started_is_told(job: JobFolder) -> None:
    job.files = {"run.sh": "#!/no/such/interpreter\n"}
    job.run_file = {"kind": "run", "entry_point": "run.sh"}
    ended = job.run()
    assert ended.status == 127
    assert "cannot start ./run.sh" in ended.text
    assert "cannot start ./run.sh" in job.failure
