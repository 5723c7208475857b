"""A study is begun once and opened again by the same words; what would make its trials unlike is refused by name."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.records import replace
from simple_sagemaker.errors import SsmError, UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.studies.begin import OpenedStudy, begin, trials_wanted
from simple_sagemaker.studies.spec import Resource, TuneSpec
from simple_sagemaker.tasks.prepared import DryRun
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer
from tests.unit.studies.test_study import spec
from tests.unit.tasks.service import Notes, World

KEY = "P/T/study/study.json"
WORDS = (
    *("tune", "-p", "P", "-t", "T", "-b", "a-bucket", "-e", "w.py"),
    *("--hp_space", "rate", "0.0..1.0", "--md", "loss", "loss=(.*)"),
)


class Command:
    """A person's commands in a folder, on one account."""

    def __init__(self, folder: Path) -> None:
        (folder / "w.py").write_text("print(1)\n")
        (folder / "data").mkdir()
        (folder / "data/a.txt").write_text("a")
        self.store = FolderStore(folder / "buckets")
        self.world = World(self.store)
        self.notes: list[str] = []

    def begin(self, *more: str) -> OpenedStudy | DryRun:
        image = () if "--image_uri" in more else ("--image_uri", "image:1")
        goal = () if "--tune_for" in more else ("--tune_for", "loss", "min")
        words = parse([*WORDS, *image, *goal, *more])
        assert isinstance(words, TuneSpec)
        notes = Notes()
        try:
            return begin(words, self.world.services(), notes)
        finally:
            self.notes = notes.notes

    def opened(self, *more: str) -> OpenedStudy:
        made = self.begin(*more)
        assert isinstance(made, OpenedStudy)
        return made

    def refused(self, *more: str) -> list[str]:
        """What is named as different."""
        with pytest.raises(UsageError) as told:
            self.begin(*more)
        lines = str(told.value).splitlines()
        assert lines[0].endswith("was begun with something else, and its trials would not be alike:")
        assert lines[-1].endswith("delete this study first: ssm rm -p P -t T")
        return [line.strip() for line in lines[1:-1]]

    @property
    def written(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.read("a-bucket", KEY))
        return found


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path)


def test_the_first_command_begins_it_and_the_next_opens_it(command: Command) -> None:
    first = command.opened()
    assert (first.is_new, first.tuning_job, first.place.bucket, first.place.folder) == (True, None, "a-bucket", "P/T/")
    assert first.seed == zlib.crc32(b"a1B2c3D4")
    written = command.written
    assert (written["version"], written["seed"], written["began"]) == (1, first.seed, "2030-01-31T12:00:00.000Z")
    assert written["words"]["metric"] == {"name": "loss", "regex": "loss=(.*)"}
    assert written["request"]["AlgorithmSpecification"]["TrainingImage"] == "image:1"
    assert set(written["fingerprint"]) >= {"code", "inputs"}
    assert "tuning_job" not in written
    again = command.opened()
    assert (again.is_new, again.seed, again.place) == (False, first.seed, first.place)
    assert again.template.request == first.template.request
    assert command.written == written
    assert not [note for note in command.notes if note.startswith("Trials from now on")]


def test_a_range_of_two_whole_numbers_is_said_to_be_one(command: Command) -> None:
    told = "lr is a whole number, 0 or 1; 0.0..1.0 would search all between"
    more = ("--hp_space", "lr", "0..1", "--hp_space", "n", "1..3", "--hp_space", "k", "0..9/9")
    command.opened(*more)
    assert [note for note in command.notes if "whole number" in note] == [told]
    command.opened(*more)
    assert not [note for note in command.notes if "whole number" in note]  # it was said when the study began


def test_a_seed_that_is_asked_for_is_its_seed(command: Command) -> None:
    assert command.opened("--tune_seed", "0").seed == 0
    assert command.opened().seed == 0
    assert command.refused("--tune_seed", "9") == ["seed: 0 -> 9"]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--it", "ml.c5.xlarge"), ["instance type: ml.m5.large -> ml.c5.xlarge"]),
        (("--ic", "2"), ["instances: 1 -> 2"]),
        (("--image_uri", "image:2"), ["image"]),
        (("-i", "data"), ["input data", "input data: input/a.txt is not as it was sent"]),
        (("--hp", "layers", "3"), ["hyperparameters"]),
        (("--job_env", "A", "secret"), ["environment"]),
        (("--tune_for", "loss", "max"), ["goal: min -> max"]),
        (("--it", "ml.c5.xlarge", "--ic", "2"), ["instances: 1 -> 2", "instance type: ml.m5.large -> ml.c5.xlarge"]),
        (("--fail_if", "loss > 9"), ["metrics", "rules"]),
    ],
)
def test_what_would_make_trials_unlike_is_refused_by_name(
    command: Command, more: tuple[str, ...], named: list[str]
) -> None:
    command.opened()
    assert sorted(command.refused(*more)) == sorted(named)
    command.opened()  # nothing of it has been taken over


@pytest.mark.parametrize(
    ("more", "names"),
    [
        (("--max_run_mins", "7"), "time limits"),
        (("--no_spot",), "spot, time limits"),
        (("--tag", "team", "a"), "tags"),
        (("-v", "50"), "volume size"),
    ],
)
def test_what_would_not_is_taken_over_and_shown(command: Command, more: tuple[str, ...], names: str) -> None:
    before = command.opened().template.request
    opened = command.opened(*more)
    assert f"Trials from now on have other {names} than the first" in command.notes
    assert opened.template.request != before
    assert command.written["request"] == before  # what it was begun with stays


def test_changed_code_and_inputs_are_named(command: Command) -> None:
    command.opened("-i", "data")
    Path("w.py").write_text("print(2)\n")
    assert command.refused("-i", "data") == ["code"]
    Path("w.py").write_text("print(1)\n")
    Path("data/a.txt").write_text("changed")
    assert command.refused("-i", "data") == ["input data: input/a.txt is not as it was sent"]
    assert command.refused() == ["input data"]
    Path("data/a.txt").write_text("a")
    assert not command.opened("-i", "data").is_new


def test_a_dry_run_writes_nothing_and_says_what_would_be(command: Command) -> None:
    made = command.begin("--dry_run")
    assert isinstance(made, DryRun)
    assert made.notes[-1] == "Study: 20 trials of T, by random; below is what they have in common"
    assert not command.store.has_bucket("a-bucket")
    command.opened()
    before = {one.key for one in command.store.list("a-bucket", "")}
    made = command.begin("--dry_run", "--max_run_mins", "7")
    assert isinstance(made, DryRun)
    assert made.notes[-1] == "Study: T has been begun, and would go on; below is what its trials have in common"
    assert "Trials from now on have other time limits than the first" in made.notes
    assert made.request["StoppingCondition"]["MaxRuntimeInSeconds"] == 420
    assert {one.key for one in command.store.list("a-bucket", "")} == before


def test_a_task_with_jobs_of_its_own_is_none_for_a_study(command: Command) -> None:
    command.store.make_bucket("a-bucket")
    job = "T-2030-01-31-11-00-00-aaaaaaaa"
    command.store.write("a-bucket", f"P/T/{job}/source/run.json", b"{}")
    with pytest.raises(UsageError, match=f"has jobs of its own, the newest of them {job}: a study needs a task"):
        command.begin()


def test_the_lock_is_gone_after_it_was_begun(command: Command) -> None:
    command.opened()
    assert [one.key for one in command.store.list("a-bucket", "P/T/") if "lock" in one.key] == []


def test_a_study_that_a_tuning_job_drives_has_its_name(command: Command) -> None:
    first = command.opened("--tune_on", "aws", "--it", "ml.c5.xlarge")
    assert first.tuning_job == command.written["tuning_job"]
    assert str(first.tuning_job).startswith("t-")
    assert len(str(first.tuning_job)) <= 32
    assert command.opened("--tune_on", "aws", "--it", "ml.c5.xlarge").tuning_job == first.tuning_job
    changed = command.refused("--tune_on", "aws", "--it", "ml.c5.xlarge", "--max_run_mins", "7")
    assert changed == ["time limits"]  # its tuning job cannot take over anything
    assert "driven by: aws -> client" in command.refused("--it", "ml.c5.xlarge")


def test_a_damaged_study_is_not_opened(command: Command) -> None:
    command.opened()
    command.store.write("a-bucket", KEY, b"{}")
    with pytest.raises(SsmError, match="The study is damaged"):
        command.begin()


FEW = (Categorical(name="kind", values=("a", "b")), Integer(name="n", low=1, high=3))
MANY = (*FEW, Continuous(name="rate", low="0", high="1"))


@pytest.mark.parametrize(
    ("changes", "trials"),
    [
        ({"space": FEW}, 6),
        ({"space": MANY}, 20),
        ({"space": FEW, "max_trials": 9}, 9),
        ({"space": FEW, "strategy": "grid"}, 6),
        ({"space": (Integer(name="n", low=1, high=50),), "strategy": "grid"}, 50),
        ({"space": (Integer(name="n", low=1, high=50),)}, 20),
        ({"space": MANY, "strategy": "hyperband", "resource": Resource(name="e", least=1, most=27)}, 49),
        ({"space": FEW, "strategy": "hyperband", "resource": Resource(name="e", least=1, most=27)}, 6),
    ],
)
def test_a_search_has_as_many_trials_as_suit_it(changes: dict[str, Any], trials: int) -> None:
    assert trials_wanted(replace(spec(), **changes)) == trials
