"""A search whose driver is killed at random moments ends as one that never was: nothing lost, nothing twice."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.counts import examples

WORKER = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--kind")
args = parser.parse_args()
print(f"loss={abs(args.rate - 0.3) + (args.kind == 'bad')}")
"""
SPACES = {
    "random": ("--hp_space", "rate", "0.0..1.0", "--hp_space", "kind", "good|bad", "--tune_jobs", "10"),
    "grid": ("--hp_space", "rate", "0.0..1.0/0.25", "--hp_space", "kind", "good|bad"),
}
KILLS = examples(8, 100)  # of each strategy
_OF_ONE_SEARCH = 8


def words(task: str, strategy: str) -> tuple[str, ...]:
    metric = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")
    how = ("--tune_by", strategy, "--tune_seed", "3", "--tune_at_once", "2")
    return ("tune", "-p", "proj", "-t", task, "-e", "w.py", *metric, *how, *SPACES[strategy], "-o", task)


def outcome(shell: Shell, task: str) -> list[tuple[Any, ...]]:
    study = json.loads((shell.folder / task / "study.json").read_text(encoding="utf-8"))
    assert all(len(one["jobs"]) == 1 for one in study["trials"])
    members = ("number", "status", "objective", "hyperparameters", "values")
    return sorted((tuple(one[name] for name in members) for one in study["trials"]), key=lambda one: one[0])


@pytest.mark.long  # the default run kills in test_tune.py
@pytest.mark.timeout(900)
@pytest.mark.parametrize("strategy", ["random", "grid"])
def test_a_search_whose_driver_is_killed_at_random_moments_ends_as_an_undisturbed_one(
    shell: Shell, strategy: str
) -> None:
    shell.environment["SSM_ISOLATION"] = "plain"
    shell.write("w.py", WORKER)
    chance = random.Random(f"kills of {strategy}")
    assert shell.ssm(*words("calm", strategy)).status == 0
    calm = outcome(shell, "calm")
    assert len(calm) == 10
    kills = tasks = 0
    while kills < KILLS:
        task = f"killed{tasks}"
        tasks += 1
        for _ in range(_OF_ONE_SEARCH):
            if kills < KILLS and shell.is_killed(words(task, strategy), chance.uniform(0.1, 1.5)):
                kills += 1
        done = shell.ssm(*words(task, strategy))
        assert done.status == 0, done.err
        assert outcome(shell, task) == calm
        jobs = [job.name for job in shell.jobs() if job.name.startswith(f"{task}-")]
        assert len(jobs) == 10
    print(f"{strategy}: {kills} kills of the drivers of {tasks} searches")  # noqa: T201 - the figures, with -s
