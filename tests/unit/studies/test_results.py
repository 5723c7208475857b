"""What ``-o`` brings of a study: a table of its trials and the whole record, each whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Download
from simple_sagemaker.errors import SsmError
from simple_sagemaker.studies.begun import words
from simple_sagemaker.studies.records import StudyRecord, study_record
from simple_sagemaker.studies.results import bring, trials_csv
from tests.unit.memory import MemoryStore
from tests.unit.studies.test_study import end, limits, spec, start, study
from tests.unit.tasks.service import Notes, World


def record(*events: Any) -> StudyRecord:
    return study_record(study(limits(), *events), words(spec()), project="P", task="T", seed=7)


def test_a_table_has_a_row_a_trial_the_best_first() -> None:
    stop = {"kind": "stop", "trial": 2, "job": "job-2-0", "why": "worse, than it was"}
    made = record(
        start(1), end(1, 0.5), start(2), stop, end(2, None, status="Failed", reason="no\nluck"), start(3, resource=9)
    )
    text = trials_csv(made.trials, ["rate", "kind", "new"], "loss")
    first, *rows = csv.reader(io.StringIO(text))
    assert first == [
        *("trial", "status", "loss", "rate", "kind", "new"),
        *("resource", "values", "began", "seconds", "billed_s", "job", "why_stopped", "reason"),
    ]
    began = "2030-01-31T12:00:00.000Z"
    assert rows == [
        ["1", "Completed", "0.5", "0.1", "a", "", "", "0", began, "10", "10", "job-1-0", "", ""],
        ["2", "Failed", "", "0.2", "a", "", "", "0", began, "10", "10", "job-2-0", "worse, than it was", "no\nluck"],
        ["3", "Running", "", "0.3", "a", "", "9", "0", began, "0", "0", "job-3-9", "", ""],
    ]
    assert "\r" not in text


def bring_to(folder: Path | None) -> None:
    made = spec()
    made = replace(made, task=replace(made.task, download=Download(path=folder)))
    bring(record(start(1)), made, World(MemoryStore()).services(), Notes())


def test_both_files_are_there_where_no_trial_is_the_best_yet(tmp_path: Path) -> None:
    bring_to(tmp_path / "new/out")
    assert sorted(path.name for path in (tmp_path / "new/out").iterdir()) == ["study.json", "trials.csv"]
    assert json.loads((tmp_path / "new/out/study.json").read_text())["task"] == "T"
    (tmp_path / "new/out/trials.csv").write_text("an earlier study's")
    bring_to(tmp_path / "new/out")  # where results are already
    assert (tmp_path / "new/out/trials.csv").read_text().startswith("trial,status,loss")
    bring_to(None)  # nothing was asked for


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SsmError, match=rf"{tmp_path}/file: .*\. Name another folder, or make room"):
        bring_to(tmp_path / "file")


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").mkdir()  # which no file can replace
    with pytest.raises(SsmError):
        bring_to(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["trials.csv"]
