"""A search prepared by either door: its limits, who drives it, and what its record says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.errors import InputNotFound
from simple_sagemaker.studies import search
from simple_sagemaker.studies.driver import Driver
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.studies.search import Search
from simple_sagemaker.studies.spec import TuneSpec
from simple_sagemaker.tasks.prepared import DryRun
from tests.unit.studies.cluster import Told
from tests.unit.studies.test_begin import Command
from tests.unit.studies.test_study import end, start
from tests.unit.tasks.service import Notes

WORDS = (
    *("tune", "-p", "P", "-t", "T", "-b", "a-bucket", "-e", "w.py", "--image_uri", "image:1", "--tune_seed", "7"),
    *("--hp_space", "rate", "0.0..1.0", "--md", "loss", "loss=(.*)", "--tune_for", "loss", "min"),
)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path)


def prepared(command: Command, *more: str) -> Search | DryRun:
    words = parse([*WORDS, *more])
    assert isinstance(words, TuneSpec)
    return search.prepare(words, command.world.services(), Notes(), Told())


def found(command: Command, *more: str) -> Search:
    made = prepared(command, *more)
    assert isinstance(made, Search)
    return made


def most(made: Search) -> Any:
    assert made.driver.study.limits
    return made.driver.study.limits.max_trials


def test_a_search_has_the_limits_that_were_asked_for(command: Command) -> None:
    ends = ("--tune_jobs", "5", "--tune_at_once", "2", "--tune_failures", "1", "--tune_target", "0.5")
    made = found(command, *ends, "--tune_patience", "3", "--tune_mins", "9")
    limits = made.driver.study.limits
    assert limits
    assert (limits.max_trials, limits.at_once, limits.failures) == (5, 2, 1)
    assert (limits.target, limits.patience, limits.max_mins) == (0.5, 3, 9)
    assert made.share.at_once == 2
    assert isinstance(made.driver, Driver)


def test_the_number_of_trials_stays_unless_another_is_asked_for(command: Command) -> None:
    assert most(found(command)) == 20
    assert most(found(command, "--tune_jobs", "30")) == 30
    assert most(found(command)) == 30
    assert most(found(command, "--tune_jobs", "4")) == 4


def test_its_record_is_what_it_was_begun_with_and_came_to(command: Command) -> None:
    made = found(command)
    journal = Journal(made.opened.place, command.store)
    journal.load()
    job = "T-001-2030-01-31-12-00-00-aaaaaaaa"
    begun = {**start(1, job=job), "values": {"rate": "0.5"}}
    for event in (begun, {**end(1, 0.25), "job": job}):
        assert journal.append(event)
    record = found(command).record
    assert (record.project, record.task, record.seed, record.metric, record.goal) == ("P", "T", 7, "loss", "min")
    assert (record.strategy, record.space, record.max_trials) == ("random", {"rate": "0.0..1.0"}, 20)
    assert record.best
    assert (record.best.number, record.best.objective) == (1, 0.25)
    assert record.status == "Running"


def test_a_dry_run_is_no_search(command: Command) -> None:
    assert isinstance(prepared(command, "--dry_run"), DryRun)
    assert not command.store.has_bucket("a-bucket")


def test_what_cannot_be_is_refused_before_anything_is_written(command: Command) -> None:
    with pytest.raises(InputNotFound, match="--tune_from old: that task has no study in project P"):
        prepared(command, "--tune_by", "bayesian", "--tune_from", "old")
    assert not command.store.has_bucket("a-bucket")
