"""How often AWS is asked: soon at first, seldom later, and an emulator of this machine more often."""

from __future__ import annotations

import pytest

from simple_sagemaker.aws import polling


@pytest.mark.parametrize(
    ("watched_s", "job_s", "lines_s", "loopback_s"),
    [(0, 2.0, 1.0, 0.1), (10, 7.0, 2.0, 0.6), (40, 22.0, 5.0, 2.0), (56, 30.0, 5.0, 2.0), (1000, 30.0, 5.0, 2.0)],
)
def test_pauses_grow_up_to_a_bound(watched_s: float, job_s: float, lines_s: float, loopback_s: float) -> None:
    assert polling.pace(lambda: 0.0)(watched_s) == pytest.approx(job_s)
    assert polling.pace(lambda: 1.0)(watched_s) == pytest.approx(job_s * 1.2)
    assert polling.reading(lambda: 0.0).pace(watched_s) == pytest.approx(lines_s)
    assert polling.reading(lambda: 1.0).pace(watched_s) == pytest.approx(lines_s * 1.2)
    assert polling.loopback_pace(watched_s) == pytest.approx(loopback_s)
    assert polling.loopback_reading().pace(watched_s) == pytest.approx(loopback_s)


def test_lines_of_aws_are_read_within_its_limits_and_those_of_this_machine_sooner() -> None:
    aws, here = polling.reading(lambda: 0.0), polling.loopback_reading()
    assert (aws.pages, aws.breath_s, aws.listing, aws.settle_s) == (8, 1.0, 12, (0.5, 1.0))
    assert (here.pages, here.breath_s, here.listing, here.settle_s) == (8, 0.1, 12, (0.05, 0.1))
