"""What a request for a tuning job is refused for, at both sides of each bound."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.api.tuning.validation import limit_objection, objection
from tests.unit.local.api.tuning.requests import MACHINE, OBJECTIVE, definition, integers, of_one, of_several, words

EITHER = "Provide either TrainingJobDefinition or TrainingJobDefinitions, and not both."
EITHER_MACHINES = "Provide either ResourceConfig or HyperParameterTuningResourceConfig, and not both."
CONFIGS = (
    "HyperParameterTuningResourceConfig needs InstanceConfigs, or InstanceType, InstanceCount and VolumeSizeInGB, "
    "not both."
)
NO_RESOURCE = (
    "The strategy Hyperband needs MaxResource in HyperbandStrategyConfig, or a static hyperparameter epochs, "
    "numepochs, n-epochs, n_epochs or num_epochs."
)
GRID = "With the strategy Grid, MaxNumberOfTrainingJobs must be the number of combinations, 6, or absent; it is "


def test_both_forms_are_accepted() -> None:
    assert objection(of_one()) is None
    assert objection(of_several({}, {})) is None


def test_a_request_has_one_of_the_two_forms() -> None:
    one, several = of_one(), of_several({})
    assert objection({**several, "TrainingJobDefinition": definition()}) == EITHER
    del one["TrainingJobDefinition"]
    assert objection(one) == EITHER


def test_a_single_definition_has_its_objective_and_ranges_in_the_configuration() -> None:
    missing = "HyperParameterTuningJobConfig needs a HyperParameterTuningJobObjective."
    assert objection(of_one(HyperParameterTuningJobObjective=None)) == missing
    inside = definition(TuningObjective=OBJECTIVE, HyperParameterRanges=integers("n"))
    assert objection(of_one(inside)) == "HyperParameterRanges, TuningObjective is for TrainingJobDefinitions only."


def test_several_definitions_have_objective_and_ranges_of_their_own() -> None:
    assert objection(of_several({}, ParameterRanges=integers("n"))) == (
        "With TrainingJobDefinitions, ParameterRanges belong into each definition."
    )
    both = of_several({}, ParameterRanges=integers("n"), HyperParameterTuningJobObjective=OBJECTIVE)
    assert objection(both) == (
        "With TrainingJobDefinitions, HyperParameterTuningJobObjective and ParameterRanges belong into each definition."
    )


@pytest.mark.parametrize("member", ["DefinitionName", "TuningObjective", "HyperParameterRanges"])
def test_each_of_several_definitions_needs_its_members(member: str) -> None:
    assert objection(of_several({}, {member: None})) == f"Each of TrainingJobDefinitions needs a {member}."


def test_definitions_differ_in_name_and_not_in_the_type_of_their_objective() -> None:
    assert objection(of_several({"DefinitionName": "d1"}, {})) == (
        "The DefinitionName of each of TrainingJobDefinitions must be unique."
    )
    assert objection(of_several({}, {"TuningObjective": {**OBJECTIVE, "Type": "Maximize"}})) == (
        "The TuningObjective of all TrainingJobDefinitions must have the same Type."
    )


def test_a_warm_start_is_for_one_definition() -> None:
    warm: dict[str, Any] = {"WarmStartConfig": {}}
    assert objection({**of_several({}), **warm}) is None
    assert objection({**of_one(), **warm}) is None
    assert objection({**of_several({}, {}), **warm}) == (
        "WarmStartConfig is for a single training job definition only."
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ResourceConfig": None}, EITHER_MACHINES),
        ({"HyperParameterTuningResourceConfig": MACHINE}, EITHER_MACHINES),
        ({"ResourceConfig": None, "HyperParameterTuningResourceConfig": MACHINE}, None),
        ({"ResourceConfig": None, "HyperParameterTuningResourceConfig": {"InstanceConfigs": [MACHINE]}}, None),
        ({"ResourceConfig": None, "HyperParameterTuningResourceConfig": {"VolumeKmsKeyId": "k"}}, CONFIGS),
        *[
            (
                {
                    "ResourceConfig": None,
                    "HyperParameterTuningResourceConfig": {"InstanceConfigs": [MACHINE], name: MACHINE[name]},
                },
                CONFIGS,
            )
            for name in MACHINE
        ],
    ],
)
def test_machines_are_in_one_place(changes: dict[str, Any], why: str | None) -> None:
    assert objection(of_one(definition(**changes))) == why


def test_all_definitions_together_have_48_variables() -> None:
    def of_variables(*counts: int) -> str | None:
        return objection(of_several(*({"Environment": {f"V{i}": "" for i in range(count)}} for count in counts)))

    assert of_variables(40, 8) is None
    assert of_variables(40, 9) == "All definitions together can have 48 environment variables; there are 49."


def test_ranges_have_values() -> None:
    assert objection(of_one(ParameterRanges=integers("n", low=3, high=1))) == (
        "MinValue 3 of n must be less than MaxValue 1."
    )


@pytest.mark.parametrize("strategy", ["Random", "Hyperband"])
def test_something_is_searched(strategy: str) -> None:
    nothing = of_one(ParameterRanges=None, Strategy=strategy)
    assert objection(nothing) == "At least one hyperparameter range is needed."
    assert objection({**nothing, "Autotune": {"Mode": "Enabled"}}) == (
        "At least one hyperparameter range or AutoParameters is needed."
    )


def test_thirty_hyperparameters_can_be_searched() -> None:
    names = [f"n{number}" for number in range(31)]
    assert objection(of_one(ParameterRanges=integers(*names[:30]))) is None
    assert objection(of_one(ParameterRanges=integers(*names))) == (
        "At most 30 hyperparameters can be searched; there are 31."
    )


def test_a_hyperparameter_is_searched_once_and_not_static_too() -> None:
    assert objection(of_one(ParameterRanges=integers("b", "a", "b", "c", "a"))) == (
        "A hyperparameter has two ranges: a, b."
    )
    static = definition(StaticHyperParameters={"c": "1", "b": "1", "a": "1"})
    assert objection(of_one(static, ParameterRanges=integers("b", "n", "a"))) == (
        "Hyperparameters cannot be both static and searched: a, b."
    )


def test_a_hundred_hyperparameters_are_all_with_the_services_own() -> None:
    def of_static(count: int) -> str | None:
        return objection(of_one(definition(StaticHyperParameters={f"s{number}": "1" for number in range(count)})))

    assert of_static(98) is None  # with the one that is searched, and the objective's name
    assert of_static(99) == (
        "There can be 100 hyperparameters, static and searched together with the service's own; there are 101."
    )


def test_every_objective_is_among_its_definitions_metrics() -> None:
    other = {"TuningObjective": {**OBJECTIVE, "MetricName": "other"}}
    why = (
        "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
    )
    assert objection(of_several(other, {})) == objection(of_several({}, other)) == why


def hyperband(least: int | None, most: int | None) -> dict[str, Any]:
    config = {"MinResource": least, "MaxResource": most}
    return {"HyperbandStrategyConfig": {name: value for name, value in config.items() if value is not None}}


@pytest.mark.parametrize(
    ("least", "most", "why"),
    [
        (1, 1, None),
        (9, 9, None),
        (None, 20_000, None),
        (10, 9, "Hyperband needs 1 <= MinResource <= MaxResource <= 20000, not 10 and 9."),
        (0, 9, "Hyperband needs 1 <= MinResource <= MaxResource <= 20000, not 0 and 9."),
        (None, 20_001, "Hyperband needs 1 <= MinResource <= MaxResource <= 20000, not 1 and 20001."),
        (
            1,
            None,
            NO_RESOURCE,
        ),
    ],
)
def test_hyperband_has_between_one_and_twenty_thousand_of_its_resource(
    least: int | None, most: int | None, why: str | None
) -> None:
    assert objection(of_one(Strategy="Hyperband", StrategyConfig=hyperband(least, most))) == why


def test_hyperband_finds_the_resource_of_every_definition() -> None:
    epochs = {"StaticHyperParameters": {"epochs": "9"}}
    assert objection(of_several(epochs, epochs, Strategy="Hyperband")) is None
    assert "MaxResource" in str(objection(of_several(epochs, {}, Strategy="Hyperband")))


def test_a_strategys_configuration_is_hyperbands() -> None:
    assert objection(of_one(StrategyConfig=hyperband(1, 9))) == (
        "StrategyConfig is for the strategy Hyperband only, not for Random."
    )


@pytest.mark.parametrize("word", ["Auto", "Off"])
def test_stopping_early_is_neither_for_hyperband_nor_for_several_definitions(word: str) -> None:
    early: dict[str, Any] = {"TrainingJobEarlyStoppingType": word}
    with_hyperband = of_one(Strategy="Hyperband", StrategyConfig=hyperband(1, 9), **early)
    several = of_several({}, {}, **early)
    assert objection(of_one(**early)) is None
    assert objection(of_several({}, **early)) is None
    if word == "Off":
        assert objection(with_hyperband) is objection(several) is None
    else:
        assert objection(with_hyperband) == (
            "TrainingJobEarlyStoppingType must be Off with the strategy Hyperband, which stops jobs itself."
        )
        assert objection(several) == "TrainingJobEarlyStoppingType must be Off with several training job definitions."


@pytest.mark.parametrize(("wanted", "why"), [(None, None), (6, None), (5, f"{GRID}5."), (7, f"{GRID}7.")])
def test_a_grid_has_all_of_its_combinations(wanted: int | None, why: str | None) -> None:
    of_two = {"HyperParameterRanges": words(n="ab", m="xy")}
    grid = of_several(of_two, {"HyperParameterRanges": words(n="ab")}, Strategy="Grid")
    grid["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxParallelTrainingJobs": 1,
        **({"MaxNumberOfTrainingJobs": wanted} if wanted else {}),
    }
    assert objection(grid) == why


def test_a_grid_is_of_words() -> None:
    mixed = of_one(Strategy="Grid", ParameterRanges={**words(n="ab"), **integers("m")})
    assert objection(mixed) == "The strategy Grid supports categorical hyperparameter ranges only."


def test_there_are_as_many_combinations_as_trials() -> None:
    def of_trials(wanted: int, *spaces: dict[str, Any]) -> str | None:
        request = of_several(*({"HyperParameterRanges": space} for space in spaces))
        request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = wanted
        return objection(request)

    two, three = words(n="ab"), integers("n", low=1, high=3)
    assert of_trials(5, two, three) is None
    assert of_trials(6, two, three) == (
        "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations "
        "for the provided ranges [5.0] must be equal or greater than the value of MaxNumberOfJobs, [6]. "
        "Provide additional ranges."
    )
    endless = {"ContinuousParameterRanges": [{"Name": "n", "MinValue": "0", "MaxValue": "1"}]}
    assert of_trials(6, two, endless) is None


def test_without_a_number_of_trials_few_combinations_are_enough() -> None:
    request = of_one(ParameterRanges=words(n="ab"))
    del request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    assert objection(request) is None


def quota(what: str, limit: int, wanted: int) -> str:
    return (
        f"The account-level service limit 'Maximum number of {what} per hyperparameter tuning job' is {limit}, with a "
        f"request of {wanted}. Please use AWS Service Quotas to request an increase for this quota."
    )


@pytest.mark.parametrize(
    ("limits", "parents", "strategy", "why"),
    [
        ({"MaxParallelTrainingJobs": 100}, 0, "Random", None),
        ({"MaxParallelTrainingJobs": 101}, 0, "Random", quota("parallel training jobs", 100, 101)),
        ({"MaxNumberOfTrainingJobs": 10_000}, 0, "Random", None),
        ({"MaxNumberOfTrainingJobs": 10_001}, 0, "Random", quota("training jobs", 10_000, 10_001)),
        ({"MaxNumberOfTrainingJobs": 750}, 0, "Bayesian", None),
        ({"MaxNumberOfTrainingJobs": 751}, 0, "Bayesian", quota("training jobs", 750, 751)),
        ({"MaxNumberOfTrainingJobs": 9_990}, 10, "Random", None),
        ({"MaxNumberOfTrainingJobs": 9_990}, 11, "Random", quota("training jobs", 10_000, 10_001)),
    ],
)
def test_the_accounts_limits_count_the_trials_of_parents(
    limits: dict[str, int], parents: int, strategy: str, why: str | None
) -> None:
    assert limit_objection(of_one(limits=limits, Strategy=strategy), parents) == why


def test_of_a_number_that_is_not_given_a_grid_has_its_combinations_and_others_one() -> None:
    grid = of_one(Strategy="Grid", ParameterRanges=words(n="ab", m="xyz"))
    open_ended = of_one()
    for request in (grid, open_ended):
        del request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    assert limit_objection(grid, 744) is None
    assert limit_objection(grid, 745) == quota("training jobs", 750, 751)
    assert limit_objection(open_ended, 9_999) is None
    assert limit_objection(open_ended, 10_000) == quota("training jobs", 10_000, 10_001)
