"""An image's own program: no code of the person's, and nothing that only code could use."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.specs import Code
from tests.unit.cli.typed import RUN, TASK, meant, refused, run

ALONE = ("run", *TASK, "--image_uri", "reg/own:1")


def test_an_image_without_code_runs_its_own_program() -> None:
    spec = meant([*ALONE, "--num_round", "5"])
    assert (spec.kind, spec.code, dict(spec.hyperparameters)) == ("algorithm", Code(), {"num_round": "5"})


def test_an_image_with_code_runs_the_code() -> None:
    assert run("--image_uri", "reg/own:1").kind == "run"


def test_a_folder_of_code_wants_an_entry_point_whatever_the_image() -> None:
    assert "missing: --entry_point FILE (-e)" in refused(*ALONE, "-s", "code")


def test_without_an_image_code_is_missing() -> None:
    assert "missing: --entry_point FILE (-e)" in refused("run", *TASK)


def test_an_image_does_not_stand_for_a_shells_command() -> None:
    assert "--cmd_line" in refused("shell", *TASK, "--image_uri", "reg/own:1")


@pytest.mark.parametrize(
    "argv", [["-d", "lib"], ["--launch_by", "toolkit"], ["--", "x"], ["--distribution", '{"mpi": {"enabled": true}}']]
)
def test_what_is_for_code_is_refused(argv: list[str]) -> None:
    message = refused(*ALONE, *argv)
    assert f"and {argv[0]} applies only to your own code" in message


def test_plain_hyperparameters_have_all_the_room_and_are_text() -> None:
    argv = [word for number in range(100) for word in ("--hp", f"n{number}", "x")]
    assert len(meant([*ALONE, *argv]).hyperparameters) == 100
    assert "room for 100" in refused(*ALONE, *argv, "--hp", "more", "x")
    assert meant([*ALONE, "--text", "é" * 2500]).hyperparameters == {"text": "é" * 2500}
    assert "at most 2500" in refused(*ALONE, "--text", "x" * 2501)
    assert "not UTF-8 text" in refused(*ALONE, "--text", "\udcff")


def test_a_job_that_is_left_brings_nothing() -> None:
    assert not run("--no_wait").wait
    assert run().wait
    assert "ssm data" in refused(*RUN, "--no_wait", "-o", "out")
    assert "--download_model" in refused(*RUN, "--no_wait", "--download_model")


def test_a_dry_run_is_one() -> None:
    assert run("--dry_run").dry_run
    assert not run().dry_run
