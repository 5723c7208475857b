"""``ssm why``: which command it asks about, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.cli.why import _lines, change_line
from simple_sagemaker.core.job_specs import WhySpec
from simple_sagemaker.core.specs import ProcessSpec, TaskSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.explain import Explanation
from simple_sagemaker.tasks.setup import Change
from tests.unit.cli.typed import RUN, SHELL

PROCESS = ("process", "-p", "proj", "-t", "task", "--image_uri", "x:1", "--entrypoint", "ls")


def asked(*argv: str) -> WhySpec:
    spec = parse(["why", *argv])
    assert isinstance(spec, WhySpec)
    return spec


@pytest.mark.parametrize(("command", "kind"), [(RUN, TaskSpec), (SHELL, TaskSpec), (PROCESS, ProcessSpec)])
def test_the_command_is_read_as_it_would_be_run(command: tuple[str, ...], kind: type) -> None:
    spec = asked(*command)
    assert isinstance(spec.task, kind)
    assert (spec.place, spec.json, spec.quiet) == (spec.task.place, False, False)
    assert spec.task == parse(command)


def test_words_before_the_command_are_for_why_itself() -> None:
    spec = asked("--json", "--quiet", *RUN)
    assert (spec.json, spec.quiet) == (True, True)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "name the command to ask about: ssm why run -p …, ssm why shell or ssm why process."),
        (("--json",), "name the command to ask about: ssm why run"),
        (("ls", "-p", "proj"), "name the command to ask about, not 'ls': ssm why run"),
        (("tune", "-p", "proj"), "a search is compared with no earlier job"),
    ],
)
def test_a_command_that_runs_no_single_job_is_refused(argv: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(["why", *argv])
    assert told in str(refused.value)


def explained(**more: Any) -> list[str]:
    values: dict[str, Any] = {
        "decision": "run", "reason": "it is new", "job": None, "status": None, "differences": (), "others": (),
    }  # fmt: skip
    return _lines(Explanation(**{**values, **more}))


def test_what_would_be_done_comes_first_and_then_what_differs() -> None:
    change = Change(name="spot", before="yes", now="no")
    assert explained() == ["Would run: it is new"]
    assert explained(decision="skipped", job="j", status="Completed") == [
        "Would be skipped: it is new",
        "Newest job: j (Completed)",
        "Nothing that --if_changed looks at differs from it.",
    ]
    assert explained(decision="joined", job="j", status="InProgress", differences=(change,), others=(change,)) == [
        "Would join the running job: it is new",
        "Newest job: j (InProgress)",
        "What differs from it:",
        "  spot: yes -> no",
        "What differs too, for which no task is run again:",
        "  spot: yes -> no",
    ]


@pytest.mark.parametrize(
    ("before", "now", "line"),
    [
        ("a", "b", "  x: a -> b"),
        ("", "b", "  x: not given -> b"),
        ("a", "", "  x: a -> not given"),
        (None, "b", "  x: b"),
        ("a", None, "  x"),
    ],
)
def test_a_change_is_what_was_and_what_is_as_far_as_that_is_known(
    before: str | None, now: str | None, line: str
) -> None:
    assert change_line(Change(name="x", before=before, now=now)) == line
