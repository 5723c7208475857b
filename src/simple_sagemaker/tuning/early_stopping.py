"""Early stopping by the median, by the rule that AWS documents for its tuning jobs.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

from .goal import Goal, is_better

FEWEST_TRIALS = 5  # that have to have come as far, before any is stopped; see docs/decisions


def is_hopeless(objectives: Sequence[float], earlier: Sequence[Sequence[float]], goal: Goal) -> bool:
    """Whether a trial is to be stopped after the last of its objectives, one an epoch.

    It is when that one is worse than the median of what the ``earlier`` trials had in the mean up to the same epoch.
    Fewer than five of those that came so far stop nothing.
    """
    epoch = len(objectives)
    if not epoch:
        return False
    means = [fmean(one[:epoch]) for one in earlier if len(one) >= epoch]
    means = [mean for mean in means if not math.isnan(mean)]
    if len(means) < FEWEST_TRIALS:
        return False
    return math.isnan(objectives[-1]) or is_better(median(means), objectives[-1], goal)
