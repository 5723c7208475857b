"""Hosts without namespaces: where the job's paths are, and which processes below one still live."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from simple_sagemaker.local.isolation.plain import living_descendants, translate_paths

PLACES = {"/opt/ml": "/home/host/ml", "/state": "/home/host/state"}


def test_arguments_that_are_paths_of_the_job_are_those_of_the_host() -> None:
    arguments = ["/opt/ml", "/opt/ml/model/a b", "/state/x", "/opt/ml2", "--in=/opt/ml/x", "x/opt/ml", "/stat", ""]
    assert translate_paths(arguments, PLACES) == [
        *("/home/host/ml", "/home/host/ml/model/a b", "/home/host/state/x"),
        *("/opt/ml2", "--in=/opt/ml/x", "x/opt/ml", "/stat", ""),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_descendants_are_those_of_descendants_too_but_not_the_dead() -> None:
    script = "sleep 60 & (sleep 60 & sh -c 'exit 0' & echo ready; exec sleep 61)"  # the innermost is never waited for
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as shell:
        try:
            assert shell.stdout
            assert shell.stdout.readline() == b"ready\n"
            deadline = time.monotonic() + 30
            while len(found := living_descendants(shell.pid)) != 3 and time.monotonic() < deadline:
                time.sleep(0.005)
            assert len(set(found)) == 3
            assert set(found) < set(living_descendants(os.getpid()))
            assert shell.pid not in found
        finally:
            os.killpg(shell.pid, 9)
