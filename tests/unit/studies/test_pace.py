"""How often a driver looks at a trial."""

from __future__ import annotations

import pytest

from simple_sagemaker.studies.trial_watch import pause_s


@pytest.mark.parametrize(
    ("pace_s", "age_s", "expected"), [(0.02, 0.2, 0.02), (0.02, 5, 0.1), (0.02, 3600, 0.25), (10, 3600, 10)]
)
def test_a_trial_that_runs_for_long_is_looked_at_seldom(pace_s: float, age_s: float, expected: float) -> None:
    assert pause_s(pace_s, age_s) == pytest.approx(expected)
