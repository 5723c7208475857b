"""The text of a failure: what survives, and within what length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.payload.ssm_launcher import failure

TRACEBACK = """epoch 1
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
ValueError: first
Traceback (most recent call last):
  File "train.py", line 9, in <module>
    raise Deep("a\\nb")
pkg.Deep: a
b
"""


def test_the_exception_of_the_last_traceback_is_told_whole() -> None:
    assert failure.last_words(TRACEBACK) == "pkg.Deep: a\nb"


def test_a_traceback_behind_a_rank_prefix_is_understood() -> None:
    lines = ["Traceback (most recent call last):", '  File "t.py", line 1', "KeyError: 'x'"]
    text = "\n".join("    " + line for line in lines)
    assert failure.last_words(text) == "    KeyError: 'x'"


def test_without_a_traceback_the_last_lines_are_told() -> None:
    assert failure.last_words("\n".join(map(str, range(20)))) == "15\n16\n17\n18\n19"
    assert failure.last_words("") == ""


def test_the_usual_text() -> None:
    text = failure.script_failure(7, b"boom\n", b"python train.py", "")
    assert text == 'ExecuteUserScriptError:\nExitCode 7\nErrorMessage "boom"\nCommand "python train.py"'


@given(st.integers(-64, 255), st.text(), st.text(min_size=1))
def test_the_status_and_the_end_of_the_message_survive_the_cutting(status: int, filler: str, command: str) -> None:
    output = (filler * 3000 + "\nthe very end").encode("utf-8")
    text = failure.script_failure(status, output, command.encode() * 500, "")
    assert len(text.encode()) <= 1024
    assert text.startswith(f"ExecuteUserScriptError:\nExitCode {status}\n")
    assert 'the very end"\n' in text
    assert "\nCommand " in text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-9, "killed by signal 9 (SIGKILL, often out of memory)"),
        (137, "killed by signal 9 (SIGKILL, often out of memory)"),
        (143, "killed by signal 15 (SIGTERM"),
        (-11, "killed by signal 11 (SIGSEGV"),
        (0, ""),
        (9, ""),
        (128, ""),
        (160, ""),
        (255, ""),
    ],
)
def test_a_signal_is_told_from_a_status_of_the_scripts_own(status: int, words: str) -> None:
    told = failure.killed_by(status)
    assert told.startswith(words)
    assert bool(told) == bool(words)
