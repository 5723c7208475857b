from __future__ import annotations

import pytest

from simple_sagemaker.core.rules import Metric
from tests.unit.cli.typed import RUN, refused, run


def repeated(flag: str, count: int) -> list[str]:
    return [word for number in range(count) for word in (flag, f"n{number}", "(x)")]


@pytest.mark.parametrize(
    "argv",
    [["--lr", "1", "--lr", "2"], ["--lr=1", "--hp", "lr", "2"], ["--tag", "lr", "1", "--tag", "lr", "2"]],
)
def test_a_name_given_twice_is_refused_with_both_values(argv: list[str]) -> None:
    message = refused(*RUN, *argv)
    assert "given twice, as '1' and as '2'" in message


@pytest.mark.parametrize(
    "name", ["sagemaker_program", "sagemaker_anything", "default_user_module_name", "_tuning_objective_metric"]
)
@pytest.mark.parametrize("typed", ["--{}", "--hp {}"])
def test_the_toolkits_own_hyperparameters_are_refused(name: str, typed: str) -> None:
    assert "toolkit reserves this name" in refused(*RUN, *typed.format(name).split(), "1")


def test_a_job_has_room_for_93_hyperparameters() -> None:
    assert len(run(*repeated("--hp", 93)).hyperparameters) == 93
    assert "room for 93" in refused(*RUN, *repeated("--hp", 94))


def test_a_distribution_with_many_words_leaves_less_room() -> None:
    ways = '{"torch_distributed": {"enabled": true}, "smdistributed": {"modelparallel": {"enabled": true}}}'
    assert len(run("--distribution", ways, *repeated("--hp", 91)).hyperparameters) == 91
    assert "room for 91" in refused(*RUN, "--distribution", ways, *repeated("--hp", 92))


def test_a_distribution_too_long_for_a_hyperparameter_is_refused() -> None:
    message = refused(*RUN, "--distribution", '{"mpi": {"enabled": true, "custom_mpi_options": "' + "x" * 2499 + '"}}')
    assert "--distribution: sagemaker_mpi_custom_mpi_options" in message


def test_variables_are_kept_in_order() -> None:
    assert list(run("--job_env", "B", "1", "--job_env", "_a", "").environment.items()) == [("B", "1"), ("_a", "")]
    assert dict(run("--job_env", "SSM_PYTHON", "/opt/python").environment) == {"SSM_PYTHON": "/opt/python"}


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "É", "A=1"])
def test_a_variables_name_is_one_that_shells_know(name: str) -> None:
    assert "a variable's name" in refused(*RUN, "--job_env", name, "x")


@pytest.mark.parametrize(("name", "value"), [("A" * 513, "x"), ("A", "x" * 513)])
def test_a_variables_lengths_are_those_of_the_service(name: str, value: str) -> None:
    assert "512 characters" in refused(*RUN, "--job_env", name, value)


@pytest.mark.parametrize("name", ["AWS_CONTAINERS", "AWS_PROFILE", "SMITH", "HOSTNAMES", "sm_model_dir"])
def test_a_variable_of_a_similar_name_is_the_persons(name: str) -> None:
    assert run("--job_env", name, "x").environment == {name: "x"}


def test_the_longest_that_the_service_takes_is_taken() -> None:
    spec = run(
        "--job_env", "A" * 512, "x" * 512, "--tag", "k" * 128, "v" * 256, "--md", "n" * 255, "(" + "x" * 498 + ")"
    )
    assert dict(spec.environment) == {"A" * 512: "x" * 512}
    assert dict(spec.tags) == {"k" * 128: "v" * 256}
    assert spec.metrics == (Metric(name="n" * 255, regex="(" + "x" * 498 + ")"),)


def test_a_variable_is_text_and_given_once() -> None:
    assert "not UTF-8 text" in refused(*RUN, "--job_env", "A", "\udcff")
    assert "given twice" in refused(*RUN, "--job_env", "A", "1", "--job_env", "A", "1")


def test_a_job_can_have_100_variables() -> None:
    assert len(run(*repeated("--job_env", 100)).environment) == 100
    assert "can have 100" in refused(*RUN, *repeated("--job_env", 101))


@pytest.mark.parametrize(
    "name",
    [
        *("SM_MODEL_DIR", "SM_", "TRAINING_JOB_NAME", "TRAINING_JOB_ARN", "ECS_CONTAINER_METADATA_URI_V4"),
        # by these the job's own role is found: others would be used in its place
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        *("AWS_REGION", "AWS_EXECUTION_ENV", "HOSTNAME", "CURRENT_HOST", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION"),
        *("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY", "SAGEMAKER_BASE_DIR", "SSM_NUM_NODES", "SSM_HOST_RANK"),
        *("SSM_STATE", "SSM_INSTANCE_STATE", "SSM_OUTPUT", "SSM_TENSORBOARD_DIR", "SSM_LONG_ENVIRONMENT"),
        *("SSM_ENVIRONMENTS", "SSM_PYCACHE", "SSM_PYTHON_BELOW"),
    ],
)
def test_a_variable_that_the_job_sets_itself_is_refused(name: str) -> None:
    assert "sets this variable itself" in refused(*RUN, "--job_env", name, "x")


def test_a_hyperparameters_name_has_256_characters_at_most() -> None:
    assert run("--" + "n" * 256, "1").hyperparameters == {"n" * 256: "1"}
    assert "at most 256" in refused(*RUN, "--" + "n" * 257, "1")


@pytest.mark.parametrize(("letter", "most"), [("x", 2498), ('"', 1249), ("é", 416)])
def test_a_hyperparameters_value_counts_as_it_is_sent(letter: str, most: int) -> None:
    assert run("--text", letter * most).hyperparameters == {"text": letter * most}
    message = refused(*RUN, "--text", letter * (most + 1))
    assert "at most 2500" in message
    assert "after --" in message


def test_arguments_have_no_such_limit() -> None:
    assert run("--", "x" * 100_000).arguments == ("x" * 100_000,)


def test_tags_are_kept() -> None:
    assert dict(run("--tag", "My Tag", "a/b:c=d@é", "--tag", "empty", "").tags) == {"My Tag": "a/b:c=d@é", "empty": ""}


def test_a_job_has_room_for_48_tags() -> None:
    tags = [word if word != "(x)" else "x" for word in repeated("--tag", 49)]
    assert len(run(*tags[:-3]).tags) == 48
    assert "room for 48" in refused(*RUN, *tags)


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("k" * 129, "x"), ("k", "v" * 257)])
def test_a_tags_lengths_are_those_of_the_service(key: str, value: str) -> None:
    assert "1 to 128" in refused(*RUN, "--tag", key, value)


@pytest.mark.parametrize(("key", "value"), [("a,b", "x"), ("k", "a\nb"), ("k", "#1"), ("k", "\udcff")])
def test_a_tags_letters_are_those_of_the_service(key: str, value: str) -> None:
    assert "cannot be in a tag" in refused(*RUN, "--tag", key, value)


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "SimpleSagemakerProject", "SimpleSagemakerTask"])
def test_a_tag_that_belongs_to_others_is_refused(key: str) -> None:
    assert "choose another key" in refused(*RUN, "--tag", key, "x")


def test_metrics_are_kept_in_order() -> None:
    spec = run("--md", "Score", "Score=(.*?);", "--metric_definitions", "a", "(a)")
    assert list(spec.metrics) == [Metric(name="Score", regex="Score=(.*?);"), Metric(name="a", regex="(a)")]


def test_a_metric_given_twice_is_refused() -> None:
    assert "given twice" in refused(*RUN, "--md", "a", "(a)", "--md", "a", "(b)")


def test_a_job_can_have_40_metrics() -> None:
    assert len(run(*repeated("--md", 40)).metrics) == 40
    assert "can have 40" in refused(*RUN, *repeated("--md", 41))


@pytest.mark.parametrize(("name", "regex"), [("", "(x)"), ("n" * 256, "(x)"), ("n", ""), ("n", "(" + "x" * 499 + ")")])
def test_a_metrics_lengths_are_those_of_the_service(name: str, regex: str) -> None:
    assert "1 to 255" in refused(*RUN, "--md", name, regex)


def test_a_metric_needs_a_regular_expression_with_a_group() -> None:
    assert "is not a regular expression" in refused(*RUN, "--md", "n", "(x")
    assert "has no group" in refused(*RUN, "--md", "n", "x=.*")
    assert "has no group" in refused(*RUN, "--md", "n", "(?:x)")
