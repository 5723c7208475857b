"""What is known of the built-in algorithms is whole, and means what AWS's own pages say."""

from __future__ import annotations

import re

import pytest

from simple_sagemaker.built_ins.algorithms import algorithm, names, nearest_name
from simple_sagemaker.built_ins.metric_definitions import metric_definitions
from simple_sagemaker.images.built_in import built_in_versions

ALL = names()


def test_there_are_seventeen_and_each_has_an_image() -> None:
    assert len(ALL) == 17
    assert all(built_in_versions(name) for name in ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_table_agrees_with_itself(name: str) -> None:
    facts = algorithm(name)
    assert facts.name == name
    assert facts.channels["train"].required
    assert facts.sources[0].startswith("https://docs.aws.amazon.com/sagemaker/")
    for one in facts.hyperparameters.values():
        assert one.default is None or one.objection(one.default) is None, one
        assert one.required_with is None or one.required_with[0] in facts.hyperparameters
        assert one.range
    assert not facts.tunable.keys() - facts.hyperparameters.keys()
    for hyperparameter, words in facts.tunable.items():
        ends = words.split("|") if "|" in words else words.split("..")
        for end in ends:
            number = end.removesuffix(".0") if facts.hyperparameters[hyperparameter].form == "int" else end
            assert facts.hyperparameters[hyperparameter].objection(number) is None, (hyperparameter, end)


@pytest.mark.parametrize(
    ("name", "hyperparameter", "value", "objection"),
    [
        ("xgboost", "eta", "0.3", None),
        ("xgboost", "eta", "1.5", "is not in [0, 1]"),
        ("xgboost", "subsample", "0", "is not in (0, 1]"),
        ("xgboost", "num_round", "3.0", "is not a whole number"),
        ("xgboost", "num_round", "ten", "is not a whole number"),
        ("xgboost", "num_round", "1_000", "is not a whole number"),
        ("xgboost", "seed", "-2147483648", "is not in (-2147483648, 2147483647)"),
        ("xgboost", "objective", "reg:square", "is not a value of it"),
        ("xgboost", "eval_metric", "error@0.7,auc", None),
        ("xgboost", "eval_metric", "rmse, mae", "has a blank in ' mae'"),
        ("xgboost", "eval_metric", "acuracy", "has 'acuracy', which is none of it"),
        ("xgboost", "monotone_constraints", "(1,0,-1)", None),
        ("xgboost", "monotone_constraints", "(x", "is not a tuple of -1, 0, 1, such as (0,1,-1)"),
        ("xgboost", "monotone_constraints", "(2,0)", "has 2, which is none of -1, 0, 1"),
        ("linear-learner", "wd", "auto", None),
        ("linear-learner", "wd", "aut", "is not a number"),
        ("linear-learner", "use_bias", "True", None),
        ("linear-learner", "use_bias", "yes", "is neither true nor false"),
        ("kmeans", "k", "1", "is not in (1, +inf)"),
        ("kmeans", "eval_metrics", '["msd","ssd"]', None),
        ("kmeans", "eval_metrics", "[" * 2400, f"has {'[' * 2400!r}, which is none of it"),
        ("object2vec", "comparator_list", "hadamard, concat", None),
        ("forecasting-deepar", "time_freq", "5min", None),
        ("forecasting-deepar", "time_freq", "H", None),
        ("forecasting-deepar", "time_freq", "hourly", "is not a text of the form [0-9]*(M|W|D|H|min)"),
        ("ntm", "encoder_layers", "256,64", None),
        ("image-classification", "image_shape", "3,224,224", None),
    ],
)
def test_a_value_is_taken_or_refused_as_the_algorithm_does(
    name: str, hyperparameter: str, value: str, objection: str | None
) -> None:
    assert algorithm(name).hyperparameters[hyperparameter].objection(value) == objection


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("xgbost", "xgboost"),
        ("XGBoost", "xgboost"),
        ("deepar", "forecasting-deepar"),
        ("linearlearner", "linear-learner"),
        ("linear_learner", "linear-learner"),
        ("random_cut_forest", "randomcutforest"),
        ("k-means", "kmeans"),
        ("resnet", None),
    ],
)
def test_a_mistyped_name_is_understood(typed: str, name: str | None) -> None:
    assert nearest_name(typed) == name


@pytest.mark.parametrize(
    ("line", "metric", "value"),
    [
        ("[3]\ttrain-rmse:1.23456\tvalidation-rmse:2.5", "validation:rmse", "2.5"),
        ("[3]#011train-rmse:1.23456#011validation-rmse:2.5", "train:rmse", "1.23456"),
        ("[0]\ttrain-logloss:0.5\tvalidation-auc:nan", "validation:auc", "nan"),
        ("[0]\tvalidation-mlogloss:0.5", "validation:mlogloss", "0.5"),
        ("[9]\tvalidation-ndcg@32:0.75", "validation:ndcg", "0.75"),
    ],
)
def test_a_line_of_xgboost_holds_its_metrics(line: str, metric: str, value: str) -> None:
    found = {
        name: match[1] for name, regex in metric_definitions("xgboost").items() if (match := re.search(regex, line))
    }
    assert found[metric] == value
    assert not [name for name in found if name.rpartition(":")[2] not in line.replace("@32", "")]


def test_a_line_of_another_algorithm_holds_its_metric() -> None:
    line = "#quality_metric: host=algo-1, test msd <loss>=5.0781"
    (regex,) = [regex for name, regex in metric_definitions("kmeans").items() if name == "test:msd"]
    match = re.search(regex, line)
    assert match
    assert match[1] == "5.0781"
