"""What a terminal gets of what jobs and services say, and what a pipe gets."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from typing import Any

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.errors import JobFailed
from simple_sagemaker.jobs import outcome
from simple_sagemaker.jobs.follow import JobResult

pty = pytest.importorskip("pty")

SAID = "before\x1b]0;PWN\x07\x9d0;PWN\x9c\x1b[2J \x1b[31mred\x1b[0m\x9b2J after"
SHOW = """
import sys
from simple_sagemaker.jobs import display
text = sys.argv[1].encode().decode("unicode_escape")
with getattr(display, sys.argv[2])(1) as shown:
    shown.phase("Starting", text)
    shown.lines("algo-1", [text])
    shown.note(text)
"""


def on_terminals(screen: str, *, stderr: bool) -> str:
    """What the display writes to a terminal that is its stdout, and its stderr or not."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-c", SHOW, SAID.encode("unicode_escape").decode(), screen]
    try:
        done = subprocess.Popen(
            argv, stdout=theirs, stderr=theirs if stderr else subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"}
        )
        os.close(theirs)
        written = b""
        while True:
            try:
                data = os.read(ours, 1 << 16)
            except OSError:  # Linux says so that the other side is closed
                break
            if not data:
                break
            written += data
        assert done.wait() == 0
    finally:
        os.close(ours)
    return written.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("screen", ["screen", "notebook_screen"])
@pytest.mark.parametrize("stderr", [True, False])
def test_a_terminal_gets_the_words_and_the_colors_of_a_job_and_nothing_that_steers_it(
    screen: str, stderr: bool
) -> None:
    written = on_terminals(screen, stderr=stderr)
    assert "before" in written
    assert "after" in written
    assert "\x1b[31mred\x1b[0m" in written
    assert "PWN" not in written
    assert "\x1b[2J" not in written
    assert not {"\x9b", "\x9c", "\x9d", "\x07"} & {*written}


def test_in_a_pipe_the_lines_of_a_job_are_as_they_were_and_ours_are_clean() -> None:
    argv = [sys.executable, "-c", SHOW, SAID.encode("unicode_escape").decode(), "screen"]
    done = subprocess.run(argv, capture_output=True, check=True, encoding="utf-8")
    assert done.stdout == f"algo-1 | {SAID}\n"
    assert done.stderr.count("before red after") == 2
    assert not {"\x1b", "\x07", "\x9b"} & {*done.stderr}


def test_the_error_of_a_failed_job_is_fit_for_a_terminal() -> None:
    answer: dict[str, Any] = {
        "TrainingJobName": "j",
        "TrainingJobStatus": "Failed",
        "SecondaryStatus": "Failed",
        "SecondaryStatusTransitions": [],
        "CreationTime": datetime.now(timezone.utc),
        "FailureReason": f"AlgorithmError: {SAID}",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/p/t/j/output/model.tar.gz"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    }
    described = of_training(answer)
    result = JobResult(
        job="j",
        status="Failed",
        secondary="Failed",
        reason=described.reason,
        seconds=1,
        message=None,
        described=described,
    )
    with pytest.raises(JobFailed) as failed:
        outcome.check(result)
    assert "AlgorithmError: before red after" in str(failed.value)
    assert result.reason == f"AlgorithmError: {SAID}"
