"""Killing what is left of a host, whether or not anything is, and how long hosts have to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.supervisor import monitor


def test_a_group_is_killed_and_one_that_is_gone_is_no_error() -> None:
    process = subprocess.Popen(["/bin/sh", "-c", "sleep 600 & wait"], start_new_session=True)
    monitor.kill_group(process.pid)
    assert process.wait(60) == -signal.SIGKILL
    with pytest.raises(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    monitor.kill_group(process.pid)


# a host that ignores SIGTERM, watched in a process of its own, since a monitor kills all of its process's children
IGNORES = """
import os, subprocess, sys, time
from pathlib import Path
from simple_sagemaker.local.isolation.namespaces import Started
from simple_sagemaker.local.job.log_stream import Stream
from simple_sagemaker.local.supervisor import monitor

folder, ending, grace_s, monitor._SPOT_GRACE_S = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
script = "trap '' TERM; echo ready; i=0; while [ $i -lt 900 ]; do i=$((i+1)); sleep 0.1; done"
host = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
assert os.read(host.stdout.fileno(), 6) == b"ready\\n"
errors, nothing = os.pipe()
os.close(nothing)
started = Started(pid=host.pid, main=host.pid, errors=errors)
output = os.dup(host.stdout.fileno())
running = monitor.RunningHost(name="algo-1", started=started, output=output, stream=Stream("algo-1", Path(folder)))
began = time.monotonic()
watching = monitor.Monitor(
    hosts=[running], is_stop_requested=lambda: False, background=iter(()), grace_s=grace_s, alarms=[(began, ending)],
    on_ending=lambda _: None, problem=lambda: "",
)
print(watching.watch(), time.monotonic() - began)
"""


@pytest.mark.parametrize(
    ("ending", "grace_s", "spot_grace_s", "at_least_s"),
    [("interrupted", 600, 0.1, 0.1), ("interrupted", 0.1, 600, 0.1), ("timeout", 1, 0, 1)],
)
def test_a_spot_interruption_leaves_no_more_time_than_aws_does(
    tmp_path: Path, ending: str, grace_s: float, spot_grace_s: float, at_least_s: float
) -> None:
    argv = [sys.executable, "-c", IGNORES, str(tmp_path), ending, str(grace_s), str(spot_grace_s)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    how, after_s = done.stdout.split()
    assert how == ending
    assert at_least_s <= float(after_s) < 60
