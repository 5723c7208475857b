"""When a tuning job ends, which trials are stopped early, and what the next ones get: decided without any job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.local.api.tuning.plan import ParentTrial, Plan
from simple_sagemaker.local.api.tuning.trials import Trial
from simple_sagemaker.local.requests.tuning import (
    Definition,
    hyperband_resources,
    machine_count,
    machine_types,
    machines,
    most_trials,
    read_definitions,
    read_space,
    with_hinted,
)
from simple_sagemaker.local.tuning.ending import Ending, ending_of
from simple_sagemaker.local.tuning.search import Search
from simple_sagemaker.local.tuning.stopping import rule_for


def request(trials: int | None = 10, definitions: int = 1, **config: Any) -> dict[str, Any]:
    """A request of a tuning job, as far as these rules read it."""
    objective = {"Type": config.pop("goal", "Minimize"), "MetricName": "loss"}
    ranges = config.pop("ranges", {"IntegerParameterRanges": [{"Name": "n", "MinValue": "1", "MaxValue": "4"}]})
    limits = {"MaxParallelTrainingJobs": 1, **({} if trials is None else {"MaxNumberOfTrainingJobs": trials})}
    member = {"TuningObjective": objective, "HyperParameterRanges": ranges}
    return {
        "HyperParameterTuningJobName": "t",
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": limits, **config},
        "TrainingJobDefinitions": [{**member, "DefinitionName": f"d{number}"} for number in range(definitions)],
        **({"WarmStartConfig": {"WarmStartType": config.pop("warm")}} if "warm" in config else {}),
    }


def trial(number: int, objective: float | None = None, status: str | None = "Completed", **values: str) -> Trial:
    facts = None if status is None else {"status": status, "objective": objective, "created": 1.0}
    return Trial(number=number, name=f"t-{number}", definition=0, values=values or {"n": "1"}, facts=facts)


def ending(made: Mapping[str, Any], trials: Sequence[Trial], *, age_s: float = 1.0) -> Ending | None:
    ended = [one.objective for one in trials if one.facts]
    return ending_of(made, "min", trials, ended, most=most_trials(made), age_s=age_s)


def test_it_goes_on_until_all_trials_have_begun() -> None:
    made = request(trials=2)
    assert ending(made, [trial(1, 1.0)]) is None
    assert ending(made, [trial(1, 1.0), trial(2, status=None)]) == Ending(status="Completed")


def test_the_time_limit_counts_from_its_creation_and_stops_trials() -> None:
    made = request()
    made["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = 120
    assert ending(made, [trial(1, status=None)], age_s=119.9) is None
    assert ending(made, [trial(1, status=None)], age_s=120.0) == Ending(status="Completed", stops=True)


@pytest.mark.parametrize(
    ("criteria", "objectives", "ends"),
    [
        ({"TargetObjectiveMetricValue": 0.5}, [0.51], False),
        ({"TargetObjectiveMetricValue": 0.5}, [0.5, 9.0], True),
        ({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}, [1.0, 0.995, 1.0], False),
        ({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}, [1.0, 0.995, 1.0, 2.0], True),
        ({"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}, [1.0] * 20, False),
        ({"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}, [1.0] * 21, True),
        ({"ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}}, [1.0] * 30, False),
    ],
)
def test_a_criterion_that_is_met_ends_it(criteria: dict[str, Any], objectives: list[float], ends: bool) -> None:
    made = request(trials=100, TuningJobCompletionCriteria=criteria)
    found = ending(made, [trial(number, value) for number, value in enumerate(objectives, 1)])
    assert (found is not None and found.stops and found.status == "Completed") == ends


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        ("FFFF", None),
        ("FFFFF", "No training job succeeded after 5 attempts."),
        ("FFFFCF", None),  # one completed, even without an objective
        ("CCCCC", "No objective metrics found after running 5 training jobs."),
        ("CCCCCo", None),
        ("ooooF", None),
    ],
)
def test_failures_end_it_only_while_nothing_succeeded(ends: str, reason: str | None) -> None:
    kinds = {"F": (None, "Failed"), "C": (None, "Completed"), "o": (1.0, "Completed")}
    trials = [trial(number, *kinds[one]) for number, one in enumerate(ends, 1)]
    found = ending(request(trials=100), trials)
    assert (found.reason or "").startswith(reason) if reason and found else found is None and reason is None


@pytest.mark.parametrize(
    ("ends", "status", "reason"),
    [
        ("FF", "Failed", "All training jobs failed."),
        ("CF", "Failed", "No objective metrics found after running 1 training jobs."),
        ("oF", "Completed", ""),
        ("SS", "Completed", ""),
        ("CS", "Completed", ""),
        ("C-", "Completed", ""),  # the one that runs may yet give an objective
        ("F-", "Completed", ""),
    ],
)
def test_fewer_trials_than_five_fail_it_too_where_all_of_them_did(ends: str, status: str, reason: str) -> None:
    kinds: dict[str, tuple[float | None, str | None]] = {
        "F": (None, "Failed"), "C": (None, "Completed"), "o": (1.0, "Completed"), "S": (None, "Stopped"),
        "-": (None, None),
    }  # fmt: skip
    found = ending(request(trials=2), [trial(number, *kinds[one]) for number, one in enumerate(ends, 1)])
    assert found is not None
    assert found.status == status
    assert (found.reason or "").startswith(reason)


def test_the_median_rule_judges_every_epoch_once_from_five_earlier_trials_on() -> None:
    rule = rule_for(request(TrainingJobEarlyStoppingType="Auto"), read_definitions(request()))
    earlier = {number: [float(number)] * 3 for number in range(1, 6)}
    emitted = {**earlier, 6: [2.0, 4.0]}
    assert rule.is_over(6, 0, emitted, [1, 2, 3, 4, 5])  # 4 is worse than 3, the median, at its second epoch
    assert not rule.is_over(6, 2, emitted, [1, 2, 3, 4, 5])
    assert not rule.is_over(6, 0, emitted, [1, 2, 3, 4])
    assert not rule_for(request(), read_definitions(request())).is_over(6, 0, emitted, [1, 2, 3, 4, 5])


def test_hyperband_judges_trials_of_a_bracket_at_its_rungs() -> None:
    strategy = {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}}
    made = request(trials=9, Strategy="Hyperband", StrategyConfig=strategy)
    rule = rule_for(made, read_definitions(made))  # the first bracket has nine trials, with rungs after 1 and 3
    emitted: dict[int, list[float]] = {number: [float(number)] for number in range(1, 10)}
    goes_on = [number for number in range(1, 10) if not rule.is_over(number, 0, emitted, [])]
    assert goes_on == [1, 2, 3]
    emitted[1] = [1.0] * 8
    assert not rule.is_over(1, 1, emitted, [])
    assert rule.is_over(1, 8, {**emitted, 1: [1.0] * 9}, [])  # all that any trial may have


def test_hyperband_gives_each_definition_brackets_of_its_own() -> None:
    strategy = {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}}
    made = request(trials=6, definitions=2, Strategy="Hyperband", StrategyConfig=strategy)
    rule = rule_for(made, read_definitions(made))
    emitted = {1: [10.0], 2: [1.0], 3: [11.0], 4: [2.0], 5: [12.0], 6: [3.0]}  # odd ones are the first definition's
    assert [number for number in range(1, 7) if not rule.is_over(number, 0, emitted, [])] == [1, 2]


@pytest.mark.parametrize(
    ("static", "config", "resources"),
    [
        ({"epochs": "27"}, {}, (1, 27)),
        ({"num_epochs": '"9"'}, {"MinResource": 3}, (3, 9)),
        ({"epochs": "27"}, {"MaxResource": 5}, (1, 5)),
        ({"epochs": "many"}, {}, None),
        ({}, {"MinResource": 1}, None),
    ],
)
def test_the_most_of_the_resource_is_given_or_inferred(
    static: dict[str, str], config: dict[str, int], resources: tuple[int, int] | None
) -> None:
    made = request(StrategyConfig={"HyperbandStrategyConfig": config})
    definition = Definition(name=None, objective="loss", goal="min", space=(), member={"StaticHyperParameters": static})
    assert hyperband_resources(made, definition) == resources


def test_a_grid_of_several_definitions_leaves_out_those_that_are_through() -> None:
    made = request(
        trials=None,
        definitions=2,
        Strategy="Grid",
        ranges={"CategoricalParameterRanges": [{"Name": "n", "Values": ["a"]}]},
    )
    more = {"CategoricalParameterRanges": [{"Name": "n", "Values": ["a", "b", "c"]}]}
    made["TrainingJobDefinitions"][1]["HyperParameterRanges"] = more
    definitions = read_definitions(made)
    assert most_trials(made) == 4
    search = Search(made, definitions, Plan(seed=1, settings=()))
    assert [search.propose(number, []) for number in range(1, 5)] == [
        (0, {"n": "a"}),
        (1, {"n": "a"}),
        (1, {"n": "b"}),
        (1, {"n": "c"}),
    ]


def parent(value: str, objective: float) -> ParentTrial:
    facts = {"status": "Completed", "objective": objective, "created": 1.0}
    return ParentTrial(tuning_job="p", name=f"p-{value}", values={"n": value}, tuned={"n": value}, facts=facts)


def test_random_repeats_nothing_of_parents_with_the_same_data() -> None:
    made = request(warm="IdenticalDataAndAlgorithm")
    plan = Plan(seed=1, settings=(), parents=[parent("2", 1.0), parent("3", 2.0), parent("99", 0.0)])
    search = Search(made, read_definitions(made), plan)
    assert {search.propose(number, [])[1]["n"] for number in (1, 2)} == {"1", "4"}


def test_with_other_data_the_best_of_the_parents_come_first() -> None:
    made = request(warm="TransferLearning", goal="Maximize")
    plan = Plan(seed=1, settings=(), parents=[parent("2", 1.0), parent("3", 2.0), parent("2", 0.5)])
    search = Search(made, read_definitions(made), plan)
    assert [search.propose(number, [])[1]["n"] for number in (1, 2)] == ["3", "2"]


def test_five_of_the_parents_come_first_each_once() -> None:
    ranges = {"ContinuousParameterRanges": [{"Name": "n", "MinValue": "0", "MaxValue": "1"}]}
    made = request(warm="TransferLearning", goal="Minimize", ranges=ranges)
    parents = [parent(f"0.{place}", place) for place in (7, 1, 1, 3, 2, 2, 5, 4, 6)]
    search = Search(made, read_definitions(made), Plan(seed=1, settings=(), parents=parents))
    proposed = [search.propose(number, [])[1]["n"] for number in range(1, 8)]
    assert proposed[:5] == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert not {*proposed[5:]} & {one.values["n"] for one in parents}


def test_bayesian_search_learns_from_its_own_trials_of_the_same_definition() -> None:
    ranges = {"ContinuousParameterRanges": [{"Name": "n", "MinValue": "0", "MaxValue": "1"}]}
    made = request(Strategy="Bayesian", ranges=ranges, definitions=2)
    places = [place / 20 for place in range(21)]
    own = [trial(2 * number + 1, abs(place - 0.3), n=str(place)) for number, place in enumerate(places)]
    others = [
        replace(trial(2 * number + 2, abs(place - 0.9), n=str(place)), definition=1)
        for number, place in enumerate(places)
    ]
    definitions = read_definitions(made)
    for index, best in ((0, 0.3), (1, 0.9)):
        number = 43 + index
        found = [Search(made, definitions, Plan(seed=s, settings=())).propose(number, own + others) for s in range(5)]
        assert {one[0] for one in found} == {index}
        assert sum(abs(float(values["n"]) - best) < 0.2 for _, values in found) >= 4


def test_bayesian_search_learns_from_parents_with_the_same_data_at_once() -> None:
    ranges = {"ContinuousParameterRanges": [{"Name": "n", "MinValue": "0", "MaxValue": "1"}]}
    made = request(warm="IdenticalDataAndAlgorithm", Strategy="Bayesian", ranges=ranges)
    parents = [parent(str(place / 20), abs(place / 20 - 0.3)) for place in range(21)]
    definitions = read_definitions(made)
    learned = [
        float(Search(made, definitions, Plan(seed=seed, settings=(), parents=parents)).propose(1, [])[1]["n"])
        for seed in range(5)
    ]
    assert sum(abs(value - 0.3) < 0.2 for value in learned) >= 4


@pytest.mark.parametrize(
    ("hint", "value_range"),
    [
        ("6", "IntegerParameterRanges 0 60"),
        ("0.01", "ContinuousParameterRanges 0.001 0.1"),
        ("-2.0", "ContinuousParameterRanges -20 -0.2"),
        ("0", "IntegerParameterRanges 0 10"),
        ("true", "CategoricalParameterRanges true,false"),
        ("adam", "CategoricalParameterRanges adam"),
    ],
)
def test_a_hint_becomes_a_range_around_it(hint: str, value_range: str) -> None:
    made = with_hinted({"AutoParameters": [{"Name": "x", "ValueHint": hint}]})
    [(kind, [one])] = [(kind, members) for kind, members in made.items() if kind != "AutoParameters"]
    shown = ",".join(one["Values"]) if "Values" in one else f"{float(one['MinValue']):g} {float(one['MaxValue']):g}"
    assert f"{kind} {shown}" == value_range
    assert [made.name for made in read_space(made)] == ["x"]


def test_machines_are_those_of_either_member_and_the_first_of_alternatives() -> None:
    configs = [
        {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 5},
        {"InstanceType": "ml.p3.2xlarge"},
    ]
    tuned = {"HyperParameterTuningResourceConfig": {"AllocationStrategy": "Prioritized", "InstanceConfigs": configs}}
    assert machines(tuned) == configs[0]
    assert (machine_count(tuned), machine_types(tuned)) == (2, ["ml.g5.xlarge"])
    groups = [
        {"InstanceType": kind, "InstanceCount": 2, "InstanceGroupName": kind}
        for kind in ("ml.m5.large", "ml.g5.xlarge")
    ]
    grouped = {"ResourceConfig": {"InstanceGroups": groups, "VolumeSizeInGB": 1}}
    assert (machine_count(grouped), machine_types(grouped)) == (4, ["ml.m5.large", "ml.g5.xlarge"])


@pytest.mark.parametrize(
    ("trials", "strategy", "most"),
    [
        (3, "Grid", 3),
        (None, "Grid", 4),
        (3, "Random", 3),
        (None, "Random", 10_000),
        (None, "Bayesian", 750),
        (None, "Hyperband", 750),
    ],
)
def test_as_many_trials_as_were_asked_for_or_as_the_strategy_has(trials: int | None, strategy: str, most: int) -> None:
    assert most_trials(request(trials, Strategy=strategy)) == most
