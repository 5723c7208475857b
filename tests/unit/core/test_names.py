"""Names that are legal and those that are not, at their bounds; how a job is named, and how it is known again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from simple_sagemaker.core import names
from simple_sagemaker.errors import UsageError

MOMENT = datetime(2030, 1, 31, 13, 5, 9, tzinfo=timezone(timedelta(hours=1)))
TOKEN = "a1B2c3D4"


def name(what: str) -> str:
    return names.check_name("-p", what)


def channel(what: str) -> str:
    return names.check_channel("-i", what)


def bucket(what: str) -> str:
    return names.check_bucket(what, "-b")


def task(what: str) -> str:
    return names.check_task("-t", what)


@pytest.mark.parametrize(
    ("check", "legal"),
    [
        *((name, text) for text in ("a", "a" * 128, "A.b-c_9", "...", "input")),
        *((channel, text) for text in ("a", "a" * 64, "A.b-c_9", "...")),
        *((bucket, text) for text in ("abc", "a" * 63, "a.b-c", "0a9")),
        *((task, text) for text in ("a", "a" * 128, "inputs2")),
        *((names.check_job_name, text) for text in ("a", "a" * 63, "a--b", "A-9")),
    ],
)
def test_a_legal_name_is_itself(check: Callable[[str], str], legal: str) -> None:
    assert check(legal) == legal


@pytest.mark.parametrize(
    ("check", "illegal"),
    [
        *((name, text) for text in ("", "a" * 129, ".", "..", "a b", "a/b", "é", "a\n")),
        *((channel, text) for text in ("", "a" * 65, ".", "..", "a b", "a\n")),
        *((bucket, text) for text in ("ab", "a" * 64, "Abc", ".bc", "ab-", "a_b", "abc\n")),
        *((task, text) for text in ("input", "Inputs", "state", "study", "trials", "", "a" * 129)),
    ],
)
def test_an_illegal_name_is_refused_by_itself(check: Callable[[str], str], illegal: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(illegal)
    assert repr(illegal) in str(caught.value)


@pytest.mark.parametrize("illegal", ["", "a" * 64, "-a", "a-", "a_b", "a\n", 3, None])
def test_what_no_job_can_be_called_is_no_jobs_name(illegal: object) -> None:
    with pytest.raises(ValueError, match="no job's name"):
        names.check_job_name(illegal)


@pytest.mark.parametrize(
    ("of", "begins"),
    [
        ("task", "task-"),
        ("my_task.2", "my-task-2-"),
        ("--x--", "x-"),
        ("é", "task-"),
        ("a" * 128, "a" * 34 + "-"),
        ("a" * 33 + "_b", "a" * 33 + "-"),
    ],
)
def test_a_job_is_named_by_task_time_and_letters(of: str, begins: str) -> None:
    made = names.job_name(of, started=MOMENT, token=TOKEN)
    assert made == f"{begins}2030-01-31-12-05-09-{TOKEN}"
    assert len(made) <= 63
    assert names.is_job_name(made)
    assert names.check_job_name(made) == made
    assert (names.short_name(made), names.start_stamp(made)) == (TOKEN, "2030-01-31-12-05-09")


@pytest.mark.parametrize(("of", "begins"), [("Task", "task-"), ("a" * 20, "a" * 10 + "-"), ("_", "task-")])
def test_a_tuning_job_has_a_short_name_in_lower_case(of: str, begins: str) -> None:
    made = names.tuning_job_name(of, started=MOMENT, token=TOKEN)
    assert made == f"{begins}300131120509-a1b2c3d4"
    assert len(made) <= 32


@pytest.mark.parametrize(
    "other",
    ["task", f"task-2030-01-31-12-05-{TOKEN}", f"{'a' * 35}-2030-01-31-12-05-09-{TOKEN}", "x-2030-01-31-12-05-09-a"],
)
def test_another_name_is_whole(other: str) -> None:
    assert not names.is_job_name(other)
    assert names.short_name(other) == other


@pytest.mark.parametrize(
    ("text", "is_short"),
    [(TOKEN, True), ("00000000", True), ("a1B2c3D", False), ("a1B2c3D45", False), ("a1B2c3D-", False)],
)
def test_eight_letters_and_digits_are_a_short_name(text: str, is_short: bool) -> None:
    assert names.is_short_name(text) is is_short


def test_a_role_has_the_beginning_of_a_long_projects_name() -> None:
    assert names.role_name("p" * 47) == "SageMakerIAMRole_" + "p" * 47
    assert names.role_name("p" * 48) == "SageMakerIAMRole_" + "p" * 47
    assert len(names.role_name("p" * 128)) == 64
