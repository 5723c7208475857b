"""Rules on this machine: a job that they end, well or not, and what it saves before."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

WORKER = """
import os, signal, sys, time
def save(*_):
    with open(os.environ["SM_MODEL_DIR"] + "/saved", "w") as file:
        file.write("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
for epoch in range(10_000):
    print(f"epoch {epoch} loss={epoch}", flush=True)
    time.sleep(0.01)
"""
METRIC = ("--md", "loss", r"loss=(\S+)")


@pytest.fixture(autouse=True)
def worker(shell: Shell) -> None:
    shell.write("w.py", WORKER)


def test_a_job_that_a_rule_fails_says_which_and_keeps_its_state(shell: Shell) -> None:
    done = shell.run("-e", "w.py", *METRIC, "--fail_if", "loss > 20")
    assert done.status == 1
    assert "rule 'loss > 20' is met: loss=21 in line 22" in done.err


def test_a_job_that_a_rule_ends_is_completed_with_what_it_saved(shell: Shell) -> None:
    done = shell.run("-e", "w.py", *METRIC, "--end_if", "loss rises 5", "-o", "out", "--download_model")
    assert done.status == 0, done.err
    assert (shell.folder / "out/model/saved").read_text() == "saved"
    assert "rule 'loss rises 5' is met: loss=5" in shell.log()
    again = shell.run("-e", "w.py", *METRIC, "--end_if", "loss rises 5")
    assert "Nothing ran" in again.err


def test_one_hosts_rule_fails_the_job_of_all(shell: Shell) -> None:
    shell.write(
        "w.py", WORKER.replace("loss={epoch}", "{'loss' * (os.environ['SM_CURRENT_HOST'] == 'algo-2')}={epoch}")
    )
    done = shell.run("-e", "w.py", "--ic", "2", *METRIC, "--fail_if", "loss > 20", "--warn_if", "loss > 3")
    assert done.status == 1
    assert "algo-2 | simple-sagemaker: rule 'loss > 3' is met" in done.out
    assert "rule 'loss > 20' is met" in done.err


def test_a_script_that_passes_over_the_signal_fails_all_the_same(shell: Shell) -> None:
    ignores = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    shell.write("w.py", f"{ignores}print('loss=9', flush=True)\ntime.sleep(2)\nprint('went on')\n")
    done = shell.run("-e", "w.py", *METRIC, "--fail_if", "loss > 1")
    assert done.status == 1
    assert "rule 'loss > 1' is met" in done.err
