"""What our check of hyperparameters takes, xgboost takes, but for what the container does not hold back either."""

from __future__ import annotations

import random
from typing import Any

import pytest

from simple_sagemaker.local.xgboost_algorithm.errors import Failure
from simple_sagemaker.local.xgboost_algorithm.hyperparameters import TABLE, validate
from simple_sagemaker.local.xgboost_algorithm.ranges import Interval
from tests.counts import examples

pytestmark = pytest.mark.xgboost

# Checked neither by the container nor by us, and refused by xgboost, or only for other data (see the recorded cases).
_NOT_HELD_BACK = {
    *("interaction_constraints", "updater", "process_type", "objective", "num_class", "eval_metric", "base_score"),
    *("tree_method", "grow_policy", "booster", "monotone_constraints", "sampling_method", "max_bin", "num_round"),
    *("aft_loss_distribution_scale", "use_dask_gpu_training", "_tuning_objective_metric", "nthread"),
}
_FREE = [name for name in TABLE if name not in _NOT_HELD_BACK]


def some_value(name: str, chance: random.Random, *, legal: bool) -> str:
    one = TABLE[name]
    if not isinstance(one.legal, Interval):
        return str(chance.choice([*one.legal])) if legal else "no-such-value"
    low = -5 if one.legal.low is None else one.legal.low
    high = low + 8 if one.legal.high is None else one.legal.high
    if not legal:
        return str(low - 1 if one.kind == "Integer" else low - 0.5)
    if one.kind == "Integer":
        return str(chance.randint(int(low) + one.legal.low_is_open, int(min(high, low + 8)) - one.legal.high_is_open))
    return str(low + (high - low) * chance.uniform(0.05, 0.95))


def test_legal_values_train_and_others_are_refused() -> None:
    import numpy as np
    import xgboost

    from simple_sagemaker.local.xgboost_algorithm.plan import make_plan

    draw = np.random.default_rng(3)
    rows: Any = draw.normal(size=(40, 4))
    matrix = xgboost.DMatrix(rows, label=rows[:, 0] + draw.normal(size=40))
    chance = random.Random(11)
    for _ in range(examples(200, 2000)):
        names = chance.sample(_FREE, chance.randint(1, 8))
        texts = {"num_round": "2", "verbosity": "0"} | {name: some_value(name, chance, legal=True) for name in names}
        plan = make_plan(validate(texts))
        xgboost.train({**plan.parameters, "verbosity": 0}, matrix, num_boost_round=2)
        wrong = chance.choice(names)
        with pytest.raises(Failure, match=wrong):
            validate(texts | {wrong: some_value(wrong, chance, legal=False)})
