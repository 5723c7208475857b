"""What becomes of an error: words for a person on stderr, what to do next, and the exit status."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from simple_sagemaker.cli import main
from simple_sagemaker.cli.main import status_of
from simple_sagemaker.errors import SsmError


def test_a_mistyped_line_is_a_usage_error_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["run", "-p", "p"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ssm run: ")
    assert err.endswith("For its options, run: ssm run -h\n")


@pytest.mark.parametrize("name", ["ssm.yaml", "ssm.json"])
def test_a_file_that_is_no_project_file_is_named_where_something_is_missing(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(["run", "-t", "t"]) == 2
    assert "is not read" not in capsys.readouterr().err
    (tmp_path / name).write_text("project: p")
    assert status_of(["run", "-t", "t"]) == 2
    assert f"{name} is not read: the project file is ssm.toml, written in TOML." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "Interrupted before the job was started; nothing is running."),
        (["run"], "Interrupted before the job was started; nothing is running."),
        (["tune"], "Interrupted before the job was started; nothing is running."),
        (["status"], "Interrupted; no job was stopped."),
        (["logs"], "Interrupted; no job was stopped."),
        (["data"], "Interrupted."),
        (["ls"], "Interrupted."),
        (["replay"], "Interrupted."),
    ],
)
def test_ctrl_c_says_what_it_means_for_jobs(
    argv: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "_execute", interrupted)
    assert status_of(argv) == 130
    assert capsys.readouterr() == ("", f"{says}\n")


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (
            errno.ENOSPC,
            "Free some space (ssm home --clean), or use another disk: SSM_HOME",
        ),
        (errno.EDQUOT, "Free some space"),
        (errno.EROFS, "Choose a folder that can be written"),
        (errno.EMFILE, "Allow more open files (ulimit -n)"),
        (errno.EACCES, "Check that it exists, that you may read and write it"),
    ],
)
def test_what_the_system_refuses_is_told_with_its_file_and_what_to_do(
    number: int, advice: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> int:
        raise OSError(number, os.strerror(number), "/some/file\x1b[2J")

    monkeypatch.setattr(main, "_execute", fails)
    assert status_of(["ls"]) == 1
    out, err = capsys.readouterr()
    first, second, *_ = err.splitlines()
    assert out == ""
    assert first.startswith(f"{os.strerror(number)}: /some/file")
    assert "\x1b" not in err
    assert second.startswith(advice)


@pytest.mark.parametrize("status", range(1, 10))
def test_an_error_that_has_an_entry_points_to_it_where_its_status_may_have_one(
    status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failed(SsmError):
        exit_status = status

    def fails(_: object) -> int:
        raise Failed("ResourceLimitExceeded: the account-level service limit 'x' is 0 Instances")

    monkeypatch.setattr(main, "_execute", fails)
    assert status_of(["run"]) == status
    points = "More about it: ssm explain quota" in capsys.readouterr().err
    assert points is (status in {1, 3, 5, 6, 8, 9})  # usage errors, missing data and a stop say it themselves


def test_a_fault_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(main, "_execute", fails)
    with pytest.raises(ZeroDivisionError):
        status_of(["ls"])
