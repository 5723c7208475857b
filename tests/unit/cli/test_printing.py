"""What programs read of a command: one record a line, and nothing around it."""

from __future__ import annotations

import io
import sys

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.cli import printing
from simple_sagemaker.cli.printing import ask, patiently, print_json_line, print_result, say
from simple_sagemaker.core.job_specs import JobsSpec
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Place
from simple_sagemaker.jobs.outages import Clock
from tests.unit.jobs.watching import refused


def test_a_record_is_one_line_without_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    print_json_line({"a": [1, 2], "b": "c d\n"})
    assert capsys.readouterr().out == '{"a":[1,2],"b":"c d\\n"}\n'


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("y\n", True), ("YES\n", True), (" y \n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_nothing_but_yes_is_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, is_yes: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert ask("Go on?") is is_yes
    assert capsys.readouterr().err == "Go on? [y/N] "


class Waits:
    """A clock that waiting alone moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.clock = Clock(seconds=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.5)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    made = Waits()
    monkeypatch.setattr(printing, "Clock", lambda: made.clock)
    return made


SPEC = JobsSpec(place=Place(project="p", task=""))


def test_errors_that_pass_are_waited_out(waits: Waits, capsys: pytest.CaptureFixture[str]) -> None:
    answers = [refused("ThrottlingException"), refused("InternalFailure", 500), None]

    def act() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(SPEC, act) is None  # which is an answer too
    assert answers == []
    assert 0 < waits.now < 60
    assert "it is asked again, for a minute at most" in capsys.readouterr().err  # and no job is spoken of


def test_after_a_minute_the_error_is_told(waits: Waits) -> None:
    def act() -> None:
        raise refused("ThrottlingException")

    with pytest.raises(ClientError, match="ThrottlingException"):
        patiently(SPEC, act)
    assert 60 < waits.now < 200


def test_an_error_that_stays_is_told_at_once(waits: Waits) -> None:
    def act() -> None:
        raise refused("AccessDeniedException")

    with pytest.raises(ClientError, match="AccessDeniedException"):
        patiently(SPEC, act)
    assert waits.now == 0


def test_what_the_output_cannot_hold_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    below = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(below, encoding="ascii"))
    print_result("caf\u00e9")
    sys.stdout.flush()
    assert below.getvalue().strip() == b"caf\\xe9"


def test_quiet_leaves_out_what_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    say(SPEC, "told")
    say(SPEC, "")
    say(replace(SPEC, quiet=True), "not told")
    assert capsys.readouterr().err == "told\n"
