"""One training: from the newest checkpoint on, to the model's file."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import xgboost

from . import callbacks, checkpoints, kfold
from .cluster import Part
from .errors import AlgorithmFailure, CustomerMistake, advise
from .log import note
from .plan import MODEL, Data, Places, Plan, boost, make_plan, stop_early

# Messages of xgboost and scikit-learn that the container knows as a mistake of its customer.
_CUSTOMERS = (
    "label must be in [0,1] for logistic regression",
    "label must be in [0, num_class)",
    "base_score must be in (0,1) for logistic loss",
    "AUC: dataset only contains pos or neg samples",
    "PoissonRegression: label must be nonnegative",
    "TweedieRegression: label must be nonnegative",
    "Parameter reg_lambda should be greater equal to 0",
    "feature_names mismatch",
    "preds.size() == labels size",
    "Target is multiclass but average='binary'",
)


def train(values: Mapping[str, Any], data: Data, places: Places, part: Part) -> None:
    """Train and save what comes of it. Raises Failure."""
    columns = data.train.num_col()
    note(f"Train matrix has {data.train.num_row()} rows and {columns} columns")
    if data.validation is not None:
        note(f"Validation matrix has {data.validation.num_row()} rows")
    plan = make_plan(values)
    if plan.saves_on_termination and part.is_leader:
        signal.signal(signal.SIGTERM, lambda *_: _end_with_model(places.model))
    try:
        if "_kfold" in values:
            folds = kfold.Folds.of(values, data.both or data.train)
            models = kfold.cross_validate(plan, folds, data, places)
        else:
            models = {MODEL: _train_one(plan, data, places, part)}
    except Exception as error:
        text = str(error)
        if any(known in text for known in _CUSTOMERS):
            raise CustomerMistake(text, advise(text)) from error
        raise AlgorithmFailure(f"XGB train call failed with exception:\n {text}", advise(text)) from error
    if part.is_leader:
        for name, booster in models.items():
            callbacks.save_model(booster, places.model / name)


def _train_one(plan: Plan, data: Data, places: Places, part: Part) -> Any:
    """Train, from the newest checkpoint on if there is one."""
    kept = part.share(checkpoints.load(places.checkpoints) if part.is_leader else None)
    done = xgboost.Booster(model_file=bytearray(kept)).num_boosted_rounds() if kept else 0
    done = min(done, plan.rounds)
    if kept and plan.draws:
        note("Rounds of this training draw at random: the earlier ones run again, silently, for the same numbers")
    goes_on = bool(kept) and not plan.draws
    first, silent = (done, 0) if goes_on else (0, done)
    after: list[Any] = [callbacks.Lines(first=first, silent=silent), *stop_early(plan, data)]
    if places.checkpoints and part.is_leader:
        after.append(callbacks.SaveCheckpoints(places.checkpoints, first=first, silent=silent))
    if plan.saves_on_termination and part.is_leader:
        after.append(callbacks.SaveModel(places.model / MODEL))
    return boost(
        plan,
        data.train,
        data,
        callbacks=after,
        num_boost_round=plan.rounds - first,
        xgb_model=bytearray(kept or b"") if goes_on else None,
    )


def _end_with_model(folder: Path) -> NoReturn:
    """End as completed, with nothing in the folder but models."""
    for file in folder.iterdir():
        if file.is_file() and not file.name.startswith(MODEL):
            file.unlink(missing_ok=True)
    os._exit(0)
