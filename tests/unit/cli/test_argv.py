from __future__ import annotations

import pytest

from simple_sagemaker.cli.argv import read
from simple_sagemaker.options.commands import COMMANDS
from tests.unit.cli.typed import RUN, SHELL, TASK, meant, refused, run, shell


def test_an_unknown_key_is_a_hyperparameter_and_stays_a_string() -> None:
    spec = run("--msg", "Hello, world!", "--task_type", "1")
    assert dict(spec.hyperparameters) == {"msg": "Hello, world!", "task_type": "1"}


@pytest.mark.parametrize("value", ["-inf", "-1", "-p", "-", "", "a=b", "-h"])
def test_a_hyperparameter_takes_exactly_the_next_word(value: str) -> None:
    spec = run("--lr", value, "--n", "2")
    assert dict(spec.hyperparameters) == {"lr": value, "n": "2"}


@pytest.mark.parametrize("value", ["0.1", "", "--x", "a=b", "-- x"])
def test_a_hyperparameter_can_be_joined_to_its_value_by_an_equals_sign(value: str) -> None:
    assert dict(run(f"--lr={value}").hyperparameters) == {"lr": value}


@pytest.mark.parametrize("flag", ["-o", "--output_path", "--prefix", "--aws_profile", "--rn"])
def test_a_missing_value_is_not_filled_by_a_hyperparameter(flag: str) -> None:
    message = refused(*RUN, flag, "--lr=0.1")
    assert "--lr=0.1 reads as a hyperparameter" in message
    assert f"write: {flag}=--lr=0.1" in message
    assert run("--prefix=--lr=0.1").place.prefix == "--lr=0.1"


@pytest.mark.parametrize(
    ("typed", "meant_as"),
    [(["--tag", "team=a b"], "--tag team 'a b'"), (["--hp", "lr=0.5"], "--hp lr 0.5"), (["--job_env", "A="], "A ''")],
)
def test_two_values_in_one_word_do_not_take_the_next_word(typed: list[str], meant_as: str) -> None:
    for following in ("--epochs=3", "--epochs"):
        assert f"Write: {typed[0]} " in refused(*RUN, *typed, following, "3")
        assert meant_as in refused(*RUN, *typed, following, "3")


def test_a_dash_that_a_text_editor_put_is_recognised() -> None:
    assert "its dash is another character" in refused(*RUN, "--lr", "0.1", "\u2013out", "x")


def test_a_mistyped_help_is_recognised() -> None:
    assert "Did you mean --help?" in refused(*RUN, "--hlep")


def test_what_is_suggested_looks_like_what_was_typed() -> None:
    assert "Did you mean" not in refused("process", *TASK, "--code", "a.py", "--lr", "3")
    assert "Did you mean --instance_type?" in refused("process", *TASK, "--code", "a.py", "--Instance-Tpye", "3")


@pytest.mark.parametrize(
    ("typed", "name"), [("torch", "pytorch"), ("scikit-learn", "sklearn"), ("HF", "huggingface"), ("xgb", "xgboost")]
)
def test_another_name_of_a_framework_is_recognised(typed: str, name: str) -> None:
    assert f"Did you mean {name}?" in refused(*RUN, "-f", typed)


def test_hyperparameters_keep_the_order_typed() -> None:
    assert list(run("--z", "1", "--hp", "m", "2", "--a", "3").hyperparameters) == ["z", "m", "a"]


def test_a_key_without_a_value_is_refused_with_both_ways_out() -> None:
    message = refused(*RUN, "--verbose")
    assert "--verbose=true" in message
    assert "-- --verbose" in message


@pytest.mark.parametrize("after", [["--lr", "1"], ["--", "x"], ["--no_spot"]])
def test_a_key_followed_by_another_is_refused(after: list[str]) -> None:
    assert "--verbose is not an option" in refused(*RUN, "--verbose", *after)


def test_a_misspelt_flag_is_recognised() -> None:
    assert "did you mean --no_spot?" in refused(*RUN, "--no_spott")


@pytest.mark.parametrize("word", ["--task", "--out", "--model", "--i", "--project"])
def test_nothing_is_abbreviated(word: str) -> None:
    spec = run(word, "7")
    assert dict(spec.hyperparameters) == {word[2:]: "7"}
    assert spec.place.task == "task"


def test_the_first_double_dash_ends_the_options() -> None:
    spec = run("--lr", "1", "--", "--lr", "2", "--", "-p", "", "-h")
    assert dict(spec.hyperparameters) == {"lr": "1"}
    assert list(spec.arguments) == ["--lr", "2", "--", "-p", "", "-h"]


def test_a_double_dash_is_nobodys_value() -> None:
    assert "--cmd_line takes one value" in refused("shell", *TASK, "--cmd_line", "--", "x")


def test_undecodable_bytes_reach_the_script_as_they_came() -> None:
    odd = b"caf\xe9\xff".decode("utf-8", "surrogateescape")
    spec = run("--name", odd, "--", odd)
    assert (spec.hyperparameters["name"], list(spec.arguments)) == (odd, [odd])


@pytest.mark.parametrize("name", ["tag", "lr", "project_name", "help"])
def test_hp_makes_a_hyperparameter_of_any_name(name: str) -> None:
    assert dict(run("--hp", name, "--x").hyperparameters) == {name: "--x"}


def test_hp_can_hold_a_value_that_is_an_option() -> None:
    assert dict(run("--hp", "mode", "--no_spot").hyperparameters) == {"mode": "--no_spot"}


@pytest.mark.parametrize("options", [["--hp", "--lr", "1"], ["--hp", "", "1"], ["--=1"], ["---x", "1"]])
def test_a_hyperparameters_name_begins_with_no_dash_and_is_not_empty(options: list[str]) -> None:
    assert "name cannot be empty or begin with a dash" in refused(*RUN, *options)


def test_a_hyperparameter_with_a_single_dash_is_refused_with_advice() -> None:
    message = refused(*RUN, "-x", "3")
    assert "--x VALUE" in message
    assert "--hp x VALUE" in message


def test_a_value_glued_to_a_short_option_is_refused_with_advice() -> None:
    message = refused(*RUN, "-v30")
    assert "-v 30" in message
    assert "--v30 VALUE" in message


@pytest.mark.parametrize("options", [["-v=40"], ["--volume_size=40"], ["-v", "40"]])
def test_an_option_can_be_joined_to_its_value_by_an_equals_sign(options: list[str]) -> None:
    assert run(*options).instances.volume_gb == 40


@pytest.mark.parametrize("command", ["-x", "--version", "-c 'ls'", "--anything --at=all"])
def test_an_option_takes_a_value_that_begins_with_a_dash(command: str) -> None:
    assert shell_command("--cmd_line", command) == command


def shell_command(*options: str) -> str | None:
    return meant(["shell", *TASK, *options]).code.command


def test_a_regular_expression_may_begin_with_a_dash() -> None:
    assert run("--md", "loss", "-loss=(.*?);").metrics[0].regex == "-loss=(.*?);"


def test_an_option_does_not_swallow_another() -> None:
    message = refused(*RUN, "-o", "--no_spot")
    assert "--no_spot is an option" in message
    assert "-o=--no_spot" in message


def test_a_word_that_is_an_option_can_still_be_a_value() -> None:
    assert shell_command("--cmd_line=-m") == "-m"


@pytest.mark.parametrize("options", [["extra"], ["--no_spot", "yes"], ["--lr", "1", "2"], ["-o", "a", "b"]])
def test_a_word_that_belongs_to_nothing_is_named(options: list[str]) -> None:
    assert f"unexpected argument {options[-1]!r}" in refused(*RUN, *options)


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("run train.py", "Did you mean -e train.py?"),
        ("run go.sh", "Did you mean -e go.sh?"),
        ("run train", ""),
        ("process clean.py", "Did you mean --code clean.py?"),
        ("shell ls", "Did you mean --cmd_line ls?"),
        ("logs a1B2c3D4", "--job a1B2c3D4 "),
        ("status train-2030-01-31-12-00-00-a1B2c3D4", "--job train-2030-01-31-12-00-00-a1B2c3D4 "),
        ("stop train", "-p PROJECT -t TASK"),
        ("diff a1B2c3D4 e5F6g7H8", "--job a1B2c3D4 "),
        ("data train", "--job train "),
        ("ls train", "-p PROJECT -t train"),
        ("compare train", "-p PROJECT -t train"),
        ("home train", ""),
    ],
)
def test_the_very_first_word_can_belong_to_nothing_and_what_it_may_be_is_said(typed: str, advice: str) -> None:
    command, word, *_ = typed.split()
    first, *more = refused(*typed.split()).splitlines()
    assert f"ssm {command}: unexpected argument {word!r}." == first
    assert (advice in more[0]) if advice else len(more) == 1, more


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--tag", "red"], "--hp tag red"),
        (["--tag"], "--hp tag VALUE"),
        (["--tag=red"], "--hp tag red"),
        (["--download_model", "yes please"], "--hp download_model 'yes please'"),
        (["--no_spot=true"], "--hp no_spot true"),
        (["--framework", "jax"], "--hp framework jax"),
        (["--volume_size", "big"], "--hp volume_size big"),
        (["--distribution", "normal"], "--hp distribution normal"),
        (["--dependencies", "--lr", "1"], "--hp dependencies VALUE"),
        (["--iis", "3"], "--hp iis 3"),
    ],
)
def test_a_reserved_name_used_as_a_hyperparameter_says_how(options: list[str], advice: str) -> None:
    assert advice in refused(*RUN, *options)


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        (["-i", "data", "-i", "lib"], "-i 'data'", "-i 'lib'"),
        (["-v", "1", "--volume_size", "2"], "-v '1'", "--volume_size '2'"),
        (["--project_name", "other"], "-p 'proj'", "--project_name 'other'"),
        (["--aws_repo", "a", "--ar", "b"], "--aws_repo 'a'", "--ar 'b'"),
    ],
)
def test_an_option_given_twice_is_refused_naming_both(options: list[str], first: str, second: str) -> None:
    message = refused(*RUN, *options)
    assert first in message
    assert second in message


def test_a_flag_may_be_repeated() -> None:
    assert run("--fr", "--force_running").rerun.force_running


def test_an_option_with_several_words_ends_at_the_next_dash() -> None:
    spec = run("-d", "lib", "data", "--lr", "1", "-d", "code")
    assert [str(path) for path in spec.code.dependencies] == ["lib", "data", "code"]
    assert dict(spec.hyperparameters) == {"lr": "1"}


@pytest.mark.parametrize(("argv", "word"), [(RUN, "--cmd_line"), (RUN, "--dir_files"), (SHELL, "--source_dir")])
def test_an_option_of_the_other_command_is_no_hyperparameter(argv: tuple[str, ...], word: str) -> None:
    assert f"{word} is an option of 'ssm" in refused(*argv, word, "x")


def test_cmd_is_a_hyperparameter_of_run() -> None:
    assert dict(run("--cmd", "train").hyperparameters) == {"cmd": "train"}


def test_shell_takes_hyperparameters_and_arguments_too() -> None:
    spec = shell("--top", "5", "--", "a", "-b")
    assert (dict(spec.hyperparameters), list(spec.arguments)) == ({"top": "5"}, ["a", "-b"])


def test_the_first_releases_names_belong_to_run() -> None:
    assert "--aws_repo is an option of 'ssm run'" in refused(*SHELL, "--aws_repo", "x")


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("rnu", "run"),
        ("Run", "run"),
        ("running", "run"),
        ("dta", "data"),
        ("proc", "process"),
        ("processing", "process"),
        ("emulate", "emulator"),
        ("emulatr", "emulator"),
        ("shel", "shell"),
        ("help", "-h"),
    ],
)
def test_a_command_that_is_none_names_the_one_that_was_meant(typed: str, command: str) -> None:
    assert f"there is no command '{typed}': did you mean 'ssm {command}'?" in refused(typed, *TASK)


@pytest.mark.parametrize("typed", ["train", "foo", "x"])
def test_a_command_that_is_like_none_lists_them_all(typed: str) -> None:
    *most, last = COMMANDS
    assert f"there is no command '{typed}', the commands are {', '.join(most)} and {last}." in refused(typed, *TASK)


@pytest.mark.parametrize(
    "typed",
    [
        ["exec", "-p", "p", "-t", "t", "--host", "algo-2", "--", "ls"],
        ["process", "-p", "p", "-t", "t", "--code", "c.py", "--instance_count", "two"],
        ["process", "-p", "p", "-t", "t", "--code", "c.py", "--input_s3", "data"],
        ["process", "-p", "p", "-t", "t", "--code", "c.py", "--framework", "torchh"],
    ],
)
def test_no_hyperparameter_is_advised_where_there_are_none(typed: list[str]) -> None:
    assert "--hp" not in refused(*typed)
    assert "write: --hp instance_count two" in refused(*RUN, "--instance_count", "two")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (["--output_path=~/out"], "output_path"),
        (["-o", "~/out"], "output_path"),
        (["-d", "a", "~/out"], "dependencies"),
        (["--input_local", "data", "~/out"], "input_local"),
    ],
)
def test_a_path_at_home_that_the_shell_has_left_alone_is_there_and_no_folder_of_that_name(
    typed: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert read("run", typed).uses[name][0].values[-1] == "/home/me/out"
    assert read("run", ["--text", "~/out"]).hyperparameters == [("text", "~/out")]


def test_a_command_for_a_job_without_dashes_before_it_is_told_where_it_goes() -> None:
    said = refused("exec", "-p", "p", "-t", "t", "ls", "-l")
    assert "The command to run in the job goes after --: -- ls …" in said
