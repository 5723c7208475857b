"""Why a job failed, in few words."""

from __future__ import annotations

import pytest

from simple_sagemaker.jobs.timeline import reason_in_short

HEAD = "AlgorithmError: ExecuteUserScriptError:\nExitCode 7\n"


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        (f'{HEAD}ErrorMessage ""\nCommand "python w.py"', "ExitCode 7"),
        (f'{HEAD}ErrorMessage "\n"\nCommand "python w.py"', "ExitCode 7"),
        (f'{HEAD}ErrorMessage "no such\ncolumn"\nCommand "python w.py"', "no such column"),
        ("AlgorithmError: , exit code: 1", "AlgorithmError: , exit code: 1"),
        ('said "ExitCode 3"\nand more', 'said "ExitCode 3"'),
        ("", ""),
    ],
)
def test_a_reason_is_the_codes_words_else_its_exit_code_else_the_first_line(reason: str, short: str) -> None:
    assert reason_in_short(reason) == short
