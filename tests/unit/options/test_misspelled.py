"""Mistyped options are refused with the right suggestion, and no real script's hyperparameter is."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.argv import read
from simple_sagemaker.core.spelling import distance
from simple_sagemaker.errors import UsageError
from tests.counts import examples

HERE = Path(__file__).parent


def lines(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if not line.startswith("#")]


MISTAKES = [tuple(line.split()) for line in lines("mistakes.txt")]
NAMES = lines("real_hyperparameters.txt")


def test_there_are_enough_of_both() -> None:
    assert len(MISTAKES) >= 150
    assert len(NAMES) >= 300


def outcome(command: str, argv: list[str]) -> str | list[tuple[str, str]]:
    """The hyperparameters that are read of a command's words; the message if they are refused."""
    try:
        return read(command, argv).hyperparameters
    except UsageError as error:
        return str(error)


def test_each_mistake_is_refused_with_both_ways_out() -> None:
    outcomes = [
        (argv, option, f"--hp {typed} 4", outcome("run", argv))
        for typed, option in MISTAKES
        for argv in ([f"--{typed}", "4"], [f"--{typed}=4"])
    ]
    wrong = [
        one for one in outcomes if not isinstance(one[3], str) or f"--{one[1]}" not in one[3] or one[2] not in one[3]
    ]
    assert not wrong


def test_each_real_name_is_a_hyperparameter() -> None:
    typed = [("run", name) for name in NAMES] + [("shell", name) for name in NAMES[:: examples(6, 1)]]
    outcomes = [(name, outcome(command, [f"--{name}", "4"])) for command, name in typed]
    assert [(name, read_as) for name, read_as in outcomes if read_as != [(name, "4")]] == []


def test_a_mistake_can_be_meant() -> None:
    assert read("run", ["--hp", "instance_cuont", "4"]).hyperparameters == [("instance_cuont", "4")]


@pytest.mark.parametrize(
    ("typed", "option"),
    [
        (["--region", "eu-west-1"], "--aws_region eu-west-1"),
        (["--region_name=us-gov-west-1"], "--aws_region us-gov-west-1"),
        (["--profile", "dev"], "--aws_profile dev"),
        (["--profile", "only-keys"], "--aws_profile only-keys"),
        (["--machine_type", "ml.g5.xlarge"], "--instance_type ml.g5.xlarge"),
        (["--role", "arn:aws:iam::123456789012:role/team/train"], "--role_name arn:aws:iam::123456789012:role/team"),
        (["--subnets", "subnet-0a1b2c"], "--vpc_subnets subnet-0a1b2c"),
        (["--security_groups=sg-0a1b2c"], "--vpc_security_groups sg-0a1b2c"),
        (["--kms_key", "arn:aws:kms:us-east-1:123456789012:key/x"], "--kms_key_id arn:aws:kms:us-east-1"),
        (["--image", "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:b"], "--image_uri 123456789012.dkr.ecr"),
    ],
)
def test_a_value_tells_what_another_tools_name_stands_for(
    typed: list[str], option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile dev]\nregion = eu-west-1\n")
    (tmp_path / "credentials").write_text("[only-keys]\naws_access_key_id = x\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(UsageError, match=option):
        read("run", typed)
    name = typed[0][2:].partition("=")[0]
    assert read("run", [f"--{name}", "front"]).hyperparameters == [(name, "front")]


@pytest.mark.parametrize(
    ("typed", "option", "value"),
    [
        *((name, "it", "ml.g5.xlarge") for name in ("itt", "i-t", "ti", "ut", "IT", "lit")),
        ("itt", "it", "local_gpu"),
        *((name, "it", "local") for name in ("itt", "ti", "i-t", "IT")),
        ("fb", "fv", "2.6.0"),
        ("pvv", "pv", "py312"),
        ("ddf", "df", "RUN pip install pandas"),
        ("dff", "df", "FROM __BASE_IMAGE__\nRUN x"),
    ],
)
def test_a_slip_of_a_short_option_is_refused_where_its_value_tells(typed: str, option: str, value: str) -> None:
    for argv in ([f"--{typed}", value], [f"--{typed}={value}"]):
        with pytest.raises(UsageError, match=f"did you mean --{option} ") as error:
            read("run", argv)
        assert f"--hp {typed}" in str(error.value)


@pytest.mark.parametrize(
    ("command", "name", "value", "option"),
    [
        ("tune", "max_jobs", "5", "--tune_jobs?"),
        ("tune", "trials", "5", "--tune_jobs?"),
        ("tune", "n_trials", "5", "--tune_jobs?"),
        ("tune", "max_concurrent_trials", "5", "--tune_at_once?"),
        ("tune", "strategy", "Bayesian", "--tune_by bayesian?"),
        ("run", "environment", '{"A": "b"}', "--job_env NAME VALUE?"),
        ("run", "env", "A_B=c=d", "--job_env A_B c=d?"),
        ("run", "tags", '[{"Key": "team", "Value": "x"}]', "--tag KEY VALUE?"),
    ],
)
def test_what_sagemakers_sdk_calls_an_option_is_refused_where_command_or_value_tells(
    command: str, name: str, value: str, option: str
) -> None:
    refused = outcome(command, [f"--{name}", value])
    assert isinstance(refused, str)
    assert option in refused
    assert f"--hp {name} " in refused
    assert read(command, ["--hp", name, value]).hyperparameters == [(name, value)]
    assert outcome(command, [f"--{name}", "other"]) == [(name, "other")] or option in {
        "--tune_jobs?",
        "--tune_at_once?",
    }


SHORT_NAMES = ["itt", "icc", "iic", "dff", "ddf", "rnn", "ppv", "arr", "id", "fc", "nv", "t", "iter", "lit"]
OTHER_VALUES = ["4", "0.5", "local", "gru", "1.5", "data/FROM x", "v1.0"]


@pytest.mark.parametrize("typed", SHORT_NAMES)
@pytest.mark.parametrize("value", OTHER_VALUES)
def test_a_name_of_two_or_three_letters_is_a_hyperparameter_with_any_other_value(typed: str, value: str) -> None:
    if (typed, value) == ("itt", "local"):
        return  # which is refused: see above
    assert read("run", [f"--{typed}", value]).hyperparameters == [(typed, value)]


@pytest.mark.parametrize(
    ("argv", "option"),
    [
        (["--icc", "2"], "--ic 2"),
        (["--iic=16"], "--ic 16"),
        (["--ci", "2"], "--ic 2"),
        (["--IC", "2"], "--ic 2"),
        (["--fvv", "2.6"], "--fv 2.6"),
        (["--vf", "2.16"], "--fv 2.16"),
        (["--rnn", "my-repo", "--df", "Dockerfile"], "--rn my-repo"),
        (["--df", "Dockerfile", "--arr", "team/my-repo"], "--ar team/my-repo"),
        (["--max_run", "3600"], "--max_run_mins 60"),
        (["--max-wait=90"], "--max_wait_mins 2"),
        (["--max_run", "4"], "--max_run_mins (minutes)"),
        (["--role", "Trainer"], "--role_name Trainer"),
    ],
)
def test_what_may_be_a_slip_is_a_hyperparameter_with_a_note(argv: list[str], option: str) -> None:
    arguments = read("run", argv)
    ((name, value),) = arguments.hyperparameters
    (note,) = arguments.notes
    assert note.startswith(f"Note: --{name} {value} is a hyperparameter of your code. Was {option} meant?")
    assert f"--hp {name} {value}" in note
    assert read("run", ["--hp", name, value]).notes == []


@pytest.mark.parametrize(
    "argv",
    [
        ["--icc", "2", "--ic", "3"],
        ["--max_run", "3600", "--max_run_mins", "60"],
        ["--max_jobs", "5"],
        ["--trials", "5"],
        ["--strategy", "Bayesian"],
        ["--environment", "CartPole-v1"],
        ["--instance_count", "3", "--icc", "2"],
        ["--icc", "0.5"],
        ["--icc", "100"],
        ["--icc", "0"],
        ["--id", "2"],
        ["--iter", "2"],
        ["--vf", "0.5"],
        ["--rnn", "gru"],
        ["--arr", "x"],
        ["--df", "Dockerfile", "--rn", "mine", "--rnn", "gru"],
        ["--df", "Dockerfile", "--rnn", "2"],
    ],
)
def test_what_is_no_slip_has_no_note(argv: list[str]) -> None:
    assert read("run", argv).notes == []


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abcd", 1), ("abc", "bc", 1), ("abc", "xbz", 2), ("ab", "bxa", 3)],
)
def test_distances(one: str, other: str, far: int) -> None:
    assert distance(one, other) == far
    assert distance(other, one) == far
