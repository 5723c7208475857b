"""What an attempt makes of what its hosts printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simple_sagemaker.local.job.home import Settings
from simple_sagemaker.local.job.log_stream import Stream
from simple_sagemaker.local.supervisor.attempt import Attempt, interruption_s

PATTERNS = [("Score", re.compile("Score=([0-9]+);")), ("Loss", re.compile("Loss=([0-9]+);"))]


@pytest.mark.parametrize("order", [("algo-1", "algo-2", "algo-3"), ("algo-3", "algo-1", "algo-2")])
def test_the_last_value_of_a_metric_counts_whichever_host_printed_it(tmp_path: Path, order: tuple[str, ...]) -> None:
    streams = {
        host: Stream(host=host, folder=tmp_path / "logs", patterns=PATTERNS) for host in ("algo-1", "algo-2", "algo-3")
    }
    for number, host in enumerate(order):
        streams[host]._last_ms = 4_000_000_000_000 + number  # the clock, which only this moves
        streams[host].feed(b"Score=%d;\n" % number)
    streams["algo-2"].feed(b"Loss=7;\n")
    for stream in streams.values():
        stream.close()
    attempt = Attempt.__new__(Attempt)
    attempt._streams = streams
    values = {name: (point["host"], point["value"]) for name, point in attempt.last_metrics().items()}
    assert values == {"Score": (order[-1], 2.0), "Loss": ("algo-2", 7.0)}


@pytest.mark.parametrize(
    ("spot", "after", "number", "seconds"),
    [
        (True, (5.0, 7.0), 1, 5.0),
        (True, (5.0, 7.0), 2, 7.0),
        (True, (5.0, 7.0), 3, None),
        (True, (), 1, None),
        (False, (5.0, 7.0), 1, None),
        (None, (5.0, 7.0), 1, None),
    ],
)
def test_each_attempt_of_a_spot_job_is_interrupted_at_its_own_time(
    spot: bool | None, after: tuple[float, ...], number: int, seconds: float | None
) -> None:
    request = {} if spot is None else {"EnableManagedSpotTraining": spot}
    assert interruption_s(request, Settings(python="python", interrupt_after_s=after), number) == seconds
