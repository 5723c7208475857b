"""Listings by the index are those of the folders, whatever happened to either; and they open few files."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.api import index_file
from simple_sagemaker.local.api.job_index import JobIndex
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.drafts import remove_abandoned
from simple_sagemaker.local.job.folder import JobFolder, all_jobs, delete_job
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.job.kinds import PROCESSING, TRAINING, Kind
from tests.counts import examples
from tests.unit.local.made_jobs import keep_running, left_over, make, read_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
SETTINGS = Settings(python=sys.executable)
STATES = ("Completed", "Failed", "Stopped")


def engine(home: Home) -> LocalSageMaker:
    """An engine that knows nothing yet, as that of a new process."""
    return LocalSageMaker(home, settings=SETTINGS)


def listed(sagemaker: LocalSageMaker, kind: Kind = TRAINING, **request: Any) -> list[dict[str, Any]]:
    """All pages of a listing."""
    call = sagemaker.list_training_jobs if kind == TRAINING else sagemaker.list_processing_jobs
    summaries: list[dict[str, Any]] = []
    while True:
        answer = call(**request)
        summaries += answer[f"{kind.prefix}JobSummaries"]
        if "NextToken" not in answer:
            return summaries
        request["NextToken"] = answer["NextToken"]


def names(sagemaker: LocalSageMaker, **request: Any) -> list[str]:
    return [summary["TrainingJobName"] for summary in listed(sagemaker, **request)]


def searched(sagemaker: LocalSageMaker, name: str, value: str) -> list[str]:
    """The names of all jobs with a property."""
    expression = {"Filters": [{"Name": name, "Value": value}]}
    request: dict[str, Any] = {"Resource": "TrainingJob", "SearchExpression": expression, "MaxResults": 3}
    found: list[str] = []
    while True:
        answer = sagemaker.search(**request)
        found += [result["TrainingJob"]["TrainingJobName"] for result in answer["Results"]]
        if "NextToken" not in answer:
            return sorted(found)
        request["NextToken"] = answer["NextToken"]


def assert_same(home: Home, sagemaker: LocalSageMaker) -> None:
    """Listings and searches say what reading all folders says."""
    for kind in (TRAINING, PROCESSING):
        assert listed(sagemaker, kind, MaxResults=3) == [summary for summary, _ in read_all(home, kind)]
    jobs = read_all(home)
    for status in (*STATES, "InProgress"):
        expected = [one["TrainingJobName"] for one, _ in jobs if one["TrainingJobStatus"] == status]
        assert names(sagemaker, StatusEquals=status) == expected
        assert searched(sagemaker, "TrainingJobStatus", status) == sorted(expected)
    for value in "123":
        expected = sorted(one["TrainingJobName"] for one, tags in jobs if tags.get("t") == value)
        assert searched(sagemaker, "Tags.t", value) == expected


def damage(path: Path, chance: random.Random) -> None:
    """Do to a file what killed writers, full disks and lost power do."""
    if not path.exists():
        return
    data = path.read_bytes()
    half = data[: len(data) // 2]
    kind = chance.randrange(4)
    if kind == 3:
        path.unlink()
    else:
        path.write_bytes((b"", half, bytes(len(data)))[kind])


class Life:
    """A home in which anything happens to jobs, by this process and by others."""

    def __init__(self, home: Home, chance: random.Random) -> None:
        self.home = home
        self.chance = chance
        self.locks: dict[str, int] = {}

    def job(self) -> JobFolder | None:
        jobs = sorted(all_jobs(self.home.jobs), key=lambda job: job.name)
        return self.chance.choice(jobs) if jobs else None

    def step(self) -> None:
        act = self.chance.choice((self.create, self.create, self.create, self.end, self.delete, self.tag, self.tear))
        act()

    def create(self) -> None:
        name, kind = f"job-{self.chance.randrange(12)}", self.chance.choice((TRAINING, TRAINING, PROCESSING))
        if (self.home.jobs / name).exists():
            return
        if self.chance.random() < 0.7:
            make(self.home, name, kind=kind, status=self.chance.choice(STATES), t=self.chance.choice("123"))
        else:
            self.locks[name] = keep_running(make(self.home, name, kind=kind, status="InProgress"))

    def end(self) -> None:
        if self.locks:
            _, lock = self.locks.popitem()
            os.close(lock)  # its supervisor is gone: the next who reads it writes the end

    def delete(self) -> None:
        job = self.job()
        if job is None or job.name in self.locks:
            return
        if job.lock.exists() and self.chance.random() < 0.5:
            delete_job(job)
        else:
            shutil.rmtree(job.path)

    def tag(self) -> None:
        if job := self.job():
            job.write_tags([{"Key": "t", "Value": self.chance.choice("123")}])

    def tear(self) -> None:
        job = self.job()
        if job and job.name not in self.locks and self.chance.random() < 0.5:
            damage(job.path / self.chance.choice(("request.json", "settings.json", "journal.jsonl")), self.chance)

    def close(self) -> None:
        for lock in self.locks.values():
            os.close(lock)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def life(home: Home, request: pytest.FixtureRequest) -> Iterator[Life]:
    made = Life(home, random.Random(request.param))
    yield made
    made.close()


@pytest.mark.parametrize("life", range(examples(5, 60)), indirect=True)
def test_whatever_happens_listings_are_those_of_the_folders(life: Life) -> None:
    home, file = life.home, life.home.cache / "ended-jobs"
    engines = [engine(home), engine(home)]
    for _ in range(examples(25, 40)):
        for _ in range(life.chance.randrange(4)):
            life.step()
        if life.chance.random() < 0.2:
            damage(file, life.chance)
        if life.chance.random() < 0.2:
            time.sleep(0.11)  # jobs are believed to be at rest then
        if life.chance.random() < 0.3:
            engines[life.chance.randrange(2)] = engine(home)
        assert_same(home, life.chance.choice(engines))
    for one in engines:
        assert_same(home, one)


def settle(home: Home) -> None:
    """Make the index of a home, of jobs that are at rest."""
    time.sleep(0.11)
    index = JobIndex(home)
    index.jobs()
    assert (home.cache / "ended-jobs").exists()


@pytest.mark.parametrize("wrong", ["empty", "zeros", "half", "shifted", "a folder", "another version", "unreadable"])
def test_a_wrong_index_is_as_none(home: Home, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        make(home, f"job-{number}", status=STATES[number % 3], t=str(number % 3))
    with monkeypatch.context() as patch:
        if wrong == "another version":
            patch.setattr(index_file, "_SEED", 1)
        settle(home)
    file = home.cache / "ended-jobs"
    data = file.read_bytes()
    if wrong == "a folder":
        file.unlink()
        file.mkdir()
    else:
        damaged = {"empty": b"", "zeros": bytes(len(data)), "half": data[: len(data) // 2], "shifted": data[7:]}
        file.write_bytes(damaged.get(wrong, data))
    if wrong == "unreadable":
        file.chmod(0)
    assert_same(home, engine(home))
    make(home, "later", status="Failed")
    assert_same(home, engine(home))


def test_a_line_that_a_killed_process_left_costs_that_line_alone(home: Home) -> None:
    make(home, "a")
    settle(home)
    file = home.cache / "ended-jobs"
    with open(file, "ab") as out:
        out.write(file.read_bytes().strip()[:40])
    make(home, "b")
    settle(home)
    last = file.read_bytes().split(b"\n")[-2]
    assert json.loads(last.partition(b" ")[2])[0] == "b"
    assert_same(home, engine(home))


def test_what_another_process_wrote_is_taken_over_with_its_tags(home: Home) -> None:
    mine = engine(home)
    make(home, "a", t="1")
    assert names(mine) == ["a"]
    settle(home)
    assert searched(mine, "Tags.t", "1") == ["a"]
    JobFolder(home.jobs / "a").write_tags([{"Key": "t", "Value": "2"}])  # as another process does
    assert searched(mine, "Tags.t", "1") == []
    assert searched(mine, "Tags.t", "2") == ["a"]


def test_a_job_of_the_name_of_a_deleted_one_is_another(home: Home) -> None:
    mine = engine(home)
    make(home, "a", status="Failed", t="1")
    settle(home)
    assert names(mine, StatusEquals="Failed") == ["a"]
    delete_job(JobFolder(home.jobs / "a"))
    lock = keep_running(make(home, "a", status="InProgress"))
    assert names(mine, StatusEquals="Failed") == []
    assert names(mine, StatusEquals="InProgress") == ["a"]
    assert searched(mine, "Tags.t", "1") == []
    os.close(lock)


def test_an_unreadable_job_is_named_once_and_passed_over(home: Home) -> None:
    for name in "abc":
        make(home, name)
    (home.jobs / "b" / "settings.json").write_bytes(b"")
    lines: list[str] = []
    index = JobIndex(home, lines.append)
    for _ in range(3):
        assert sorted(job.name for job in index.jobs()) == ["a", "c"]
        index.running()
    assert len(lines) == 1
    assert lines[0].startswith("Job b is damaged, and is left out: settings.json is no JSON: ")


def test_the_file_does_not_grow_with_jobs_that_are_gone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "_MOST_WASTE", 2000)
    index = JobIndex(home)
    for number in range(25):
        make(home, f"job-{number}")
        settle(home)
        index.jobs()
        delete_job(JobFolder(home.jobs / f"job-{number}"))
    assert (home.cache / "ended-jobs").stat().st_size < 6000
    assert_same(home, engine(home))


def test_the_index_holds_no_environment_and_is_for_this_user_alone(home: Home) -> None:
    make(home, "a")
    settle(home)
    file = home.cache / "ended-jobs"
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"HyperParameters" not in file.read_bytes()


# Counts what a process opens and lists, of files in the home, for a page, and for 50 looks at a home at rest.
COUNTED = """
import collections, json, sys
from pathlib import Path
from simple_sagemaker.local.api.job_index import JobIndex
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Home, Settings

home = Home(Path(sys.argv[1]))
jobs = str(home.jobs)
counts = collections.Counter()
sagemaker = LocalSageMaker(home, settings=Settings(python=sys.executable))
index = JobIndex(home)
sagemaker.list_training_jobs(MaxResults=1)
index.running()

def count(event, arguments):
    if event in {"open", "os.listdir", "os.scandir"}:
        counts[event] += 1

sys.addaudithook(count)
index_by_act = {}
tags = {"Filters": [{"Name": "Tags.t", "Value": "1"}]}
for act, call in {
    "list": lambda: sagemaker.list_training_jobs(MaxResults=10),
    "search": lambda: sagemaker.search(Resource="TrainingJob", SearchExpression=tags, MaxResults=10),
    "idle": lambda: [(index.names(), index.running()) for _ in range(50)],
}.items():
    counts.clear()
    call()
    index_by_act[act] = sum(counts.values())
print(json.dumps(index_by_act))
"""


def test_a_page_opens_the_files_of_its_own_jobs_and_idling_none(home: Home) -> None:
    for number in range(300):
        make(home, f"job-{number}", t="1")
    settle(home)
    counted = subprocess.run(
        [sys.executable, "-c", COUNTED, str(home.root)], capture_output=True, text=True, check=True
    )
    counts = json.loads(counted.stdout)
    assert counts["list"] < 200  # 10 jobs of some five files, each opened in two steps, and what is lazily imported
    assert counts["search"] < 200
    assert counts["idle"] == 0


# Dies at the n-th thing that it does to the file system, for n from 0 until it comes through.
KILLED = """
import os, sys
from pathlib import Path
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.folder import JobFolder, delete_job
from simple_sagemaker.local.job.home import Home, Settings
from tests.unit.local.made_jobs import make

home, deadly = Home(Path(sys.argv[1])), int(sys.argv[2])
EVENTS = {"os.mkdir", "os.rename", "os.rmdir", "os.remove", "open", "os.truncate", "os.listdir"}
done = 0

def watch(event, arguments):
    global done
    if event in EVENTS and any(str(home.root) in str(one) or isinstance(one, int) for one in arguments):
        if done == deadly:
            os._exit(9)
        done += 1

sys.addaudithook(watch)
make(home, "new", t="2")
JobFolder(home.jobs / "old").write_tags([{"Key": "t", "Value": "3"}])
sagemaker = LocalSageMaker(home, settings=Settings(python=sys.executable))
sagemaker.list_training_jobs()
delete_job(JobFolder(home.jobs / "gone"))
sagemaker.list_training_jobs()
"""


def test_a_kill_at_any_moment_leaves_nothing_wrong_and_nothing_behind(tmp_path: Path) -> None:
    step, status, deadly = examples(13, 1), 9, 0
    while status == 9:
        home = Home(tmp_path / str(deadly))
        for name in ("old", "gone"):
            make(home, name, t="1")
        settle(home)
        mine = engine(home)
        assert sorted(names(mine)) == ["gone", "old"]
        words = [sys.executable, "-c", KILLED, str(home.root), str(deadly)]
        killed = subprocess.run(words, capture_output=True, text=True, check=False)
        status = killed.returncode
        assert status in {0, 9}, killed.stderr
        assert_same(home, mine)
        remove_abandoned(home.jobs)
        assert left_over(home) == []
        assert_same(home, mine)
        assert_same(home, engine(home))
        deadly += step
    assert deadly > 20
