"""``ssm rm`` and ``ssm home``: what is chosen goes, and nothing else, however alike the names of its neighbors."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.names import short_name
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.services import choose
from simple_sagemaker.studies import removal as studies
from simple_sagemaker.tasks import removal
from simple_sagemaker.tasks.removal import Wanted
from tests.cli.conftest import Shell
from tests.counts import examples

BUCKET = "sagemaker-us-east-1-000000000000"
NAMES = ("t", "t1", "t-1", "t.", "x", "output", "source", "model", "train-2026-01-31-12-00-00-a1B2c3D4")
PREFIXES = ("", "x/", "t/", "x/t/", "p/t/", "x", "p/t/train-2026-01-31-12-00-00-a1B2c3D4/")
PROJECTS = ("p", "t", "x", "p1", "state", "input", "source", "output", "train-2026-01-31-12-00-00-a1B2c3D4")


def shell_job(shell: Shell, task: str, *words: str) -> str:
    done = shell.ssm(
        "shell", "-p", "proj", "-t", task, "--fr", *words, "--cmd_line", "echo 1 > $SSM_STATE/x", "--no_wait"
    )
    assert done.status == 0, done.err
    shell.ssm("attach", "--job", done.out.strip())
    return done.out.strip()


def in_bucket(shell: Shell) -> set[str]:
    root = shell.home / "buckets" / BUCKET
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".ssm" not in str(path)}


def test_a_jobs_objects_and_its_record_go_and_its_neighbors_stay(shell: Shell) -> None:
    first, second, other = shell_job(shell, "t"), shell_job(shell, "t"), shell_job(shell, "t1")
    refused = shell.ssm("rm", "-p", "proj", "-t", "t")
    assert refused.status == 2
    assert "2 jobs" in refused.err
    assert "--yes" in refused.err
    assert {first, second, other} <= {name.name for name in shell.jobs()}

    done = shell.ssm("rm", "--job", short_name(first), "--yes")
    assert done.status == 0, done.err
    assert done.out.startswith(f"Deleted: 1 job ({short_name(first)}) of task t: ")
    assert not any(first in key for key in in_bucket(shell))
    assert [path.name for path in shell.jobs()] == sorted([second, other])
    assert "proj/t/state/x" in in_bucket(shell)

    done = shell.ssm("rm", "-p", "proj", "-t", "t", "--state", "--input", "--yes", "--json")
    assert json.loads(done.out)["jobs"] == [second]
    assert {key.split("/")[1] for key in in_bucket(shell)} == {"t1"}
    again = shell.ssm("rm", "-p", "proj", "-t", "t", "--yes")
    assert again.status == 4
    assert "nothing was found" in again.err


def test_what_a_killed_removal_left_is_deleted_too(shell: Shell) -> None:
    shell_job(shell, "t")
    shutil.rmtree(shell.home / "buckets" / BUCKET / "proj" / "t")  # and the records are still there
    assert shell.ssm("rm", "-p", "proj", "-t", "t", "--yes").status == 0
    assert shell.jobs() == []
    assert shell.ssm("rm", "-p", "proj", "-t", "t", "--yes").status == 4


def test_a_running_job_is_refused_and_stays(shell: Shell) -> None:
    shell.write("w.py", "import time\nprint('ready', flush=True)\ntime.sleep(300)\n")
    name = shell.ssm("run", "-p", "proj", "-t", "t", "-e", "w.py", "--no_wait").out.strip()
    before = in_bucket(shell)
    for words in (["--job", name], ["-p", "proj", "-t", "t"], ["-p", "proj", "-t", "t", "--older", "0s", "--state"]):
        done = shell.ssm("rm", *words, "--yes")
        assert done.status == 2, done.err
        assert f"{name} is running: nothing was deleted" in done.err
        assert f"Stop it first: ssm stop --job {name[-8:]} --it local\n" in done.err
        assert f"ssm stop --job {short_name(name)}" in done.err
    assert in_bucket(shell) == before
    assert shell.ssm("stop", "--job", name, "--wait").status == 0
    assert shell.ssm("rm", "--job", name, "--yes").status == 0
    assert shell.jobs() == []


def test_only_older_jobs_go(shell: Shell) -> None:
    name = shell_job(shell, "t")
    done = shell.ssm("rm", "-p", "proj", "-t", "t", "--older", "1h", "--yes")
    assert done.status == 4, done.err
    assert [path.name for path in shell.jobs()] == [name]
    assert shell.ssm("rm", "-p", "proj", "-t", "t", "--older", "0s", "--yes").status == 0
    assert shell.jobs() == []


def test_the_home_is_weighed_and_cleaned(shell: Shell) -> None:
    name = shell_job(shell, "t")
    report = json.loads(shell.ssm("home", "--json").out)
    parts = {one["name"]: one for one in report["parts"]}
    assert parts["jobs"]["entries"] == 1
    assert parts[f"bucket {BUCKET}"]["files"] >= 3
    assert parts["cache"]["size"] > 10_000
    refused = shell.ssm("home", "--clean")
    assert refused.status == 2
    assert "add --yes" in refused.err
    assert shell.ssm("home", "--clean", "--older", "1h", "--yes").status == 0
    assert [path.name for path in shell.jobs()] == [name]
    assert "cache" not in {one["name"] for one in json.loads(shell.ssm("home", "--json").out)["parts"]}
    done = shell.ssm("home", "--clean", "--older", "0s", "--yes")
    assert done.status == 0
    assert shell.jobs() == []
    assert any(name in key for key in in_bucket(shell))  # results are no record
    assert shell_job(shell, "t") != name


@pytest.mark.parametrize("seed", sorted({375, 855, *range(examples(30, 1000))}))  # the two lie in a job's own parts
def test_nothing_of_a_neighbor_is_ever_deleted(tmp_path: Path, seed: int) -> None:
    """Many tasks whose folders lie in, beside and under each other; one of them is deleted, or it is refused."""
    random_ = random.Random(seed)
    shell = Shell(tmp_path)
    services = choose.local({**shell.environment})
    services.store.make_bucket(BUCKET)
    owners: dict[str, set[TaskPlace]] = {}
    places = {
        TaskPlace(
            bucket=BUCKET,
            prefix=random_.choice(PREFIXES),
            project=random_.choice(PROJECTS),
            task=random_.choice(NAMES),
        )
        for _ in range(12)
    }
    for place in places:
        jobs = [f"{random_.choice(['t', 'train', 'x'])}-2026-01-31-12-00-0{number}-a1B2c3D4" for number in range(2)]
        keys = [f"{place.source(job)}run.json" for job in jobs]
        keys += [f"{place.output(job)}model.tar.gz" for job in jobs]
        keys += [f"{place.state}{name}" for name in ("x", "deep/y")] + [f"{place.input}data"]
        keys += [place.claim, f"{place.folder}notes.txt", f"{place.folder}{jobs[0]}/mine.txt"]
        for key in keys:
            if random_.random() < 0.8 and not any(
                other.startswith(f"{key}/") or key.startswith(f"{other}/") for other in owners
            ):
                services.store.write(BUCKET, key, b"{}")
                owners.setdefault(key, set()).add(place)
    chosen = random_.choice(sorted(places, key=lambda one: one.folder))
    wanted = Wanted(place=chosen, state=random_.random() < 0.5, inputs=random_.random() < 0.5)
    found = None
    with suppress(UsageError):  # of what lies inside one another
        found = removal.find(wanted, services)
    if found:
        removal.remove(wanted, found, services)
    left = {one.key for one in services.store.list(BUCKET, "")}
    gone = owners.keys() - left
    assert all(chosen in owners[key] for key in gone), [key for key in gone if chosen not in owners[key]]
    assert found or not gone
    kept = {f"{chosen.folder}notes.txt"} & owners.keys()
    assert kept <= left
    code = {key for key, whose in owners.items() if chosen in whose and key.endswith("/source/run.json")}
    assert not (found and code & left), "what was chosen is still there"


OF_TRIAL = "t-001-2026-01-31-12-00-00-a1B2c3D4"
AROUND = ("", "p/", "p/t/", "p/t/trials/", "p/t/study/", "p/t/trials/001/", f"p/t/trials/001/{OF_TRIAL}/")
PARTS = ("t", "p", "trials", "study", "001", "state", "source", "events", "output", OF_TRIAL)


def keys_of_study(place: TaskPlace) -> dict[str, bytes]:
    """The objects of a study with two trials."""
    content = {f"{place.study}study.json": b"{}", place.best_trial: b"{}", f"{place.study}driver.json": b"{}"}
    content |= {f"{place.source(name)}{file}": b"{}" for name in ("study",) for file in ("run.json", "start.sh")}
    for number in (1, 2):
        trial, job = place.trial(number), f"t-{number:03}-2026-01-31-12-00-00-a1B2c3D4"
        event = {"kind": "start", "trial": number, "job": job}
        content[f"{place.study}events/{number:06}.json"] = json.dumps(event).encode()
        content |= dict.fromkeys(
            (f"{trial.source(job)}run.json", f"{trial.output(job)}model.tar.gz", f"{trial.state}x"), b"{}"
        )
    return content


@pytest.mark.parametrize("seed", range(examples(40, 2000)))
def test_a_study_is_deleted_and_nothing_of_a_neighbor(tmp_path: Path, seed: int) -> None:
    """A study among tasks whose folders lie in it; all of it is deleted, or one trial, or it is refused."""
    random_ = random.Random(seed)
    services = choose.local({**Shell(tmp_path).environment})
    services.store.make_bucket(BUCKET)
    chosen = TaskPlace(bucket=BUCKET, project="p", task="t")
    mine = keys_of_study(chosen)
    keys: dict[str, bytes] = {key: data for key, data in mine.items() if random_.random() < 0.9}
    foreign: set[str] = set()
    for _ in range(random_.choice((0, 1, 1, 4))):
        place = TaskPlace(
            bucket=BUCKET, prefix=random_.choice(AROUND), project=random_.choice(PARTS), task=random_.choice(PARTS)
        )
        if place == chosen:
            continue
        job = f"{place.task[:9]}-2026-01-31-12-00-00-a1B2c3D5"
        lock = json.dumps({"job": job, "kind": "training", "at": "2026-01-31T12:00:00+00:00"}).encode()
        theirs = {f"{place.source(job)}run.json": b"{}", f"{place.output(job)}model.tar.gz": b"{}", place.claim: lock}
        theirs |= {f"{place.state}x": b"{}", f"{place.input}data": b"{}", f"{place.folder}notes.txt": b"{}"}
        foreign |= theirs.keys()
        keys |= theirs
    written: set[str] = set()
    for key, data in keys.items():
        if not any(other.startswith(f"{key}/") or key.startswith(f"{other}/") for other in written):
            services.store.write(BUCKET, key, data)
            written.add(key)
    trial = random_.choice((None, None, 1))
    wanted = Wanted(place=chosen, trial=trial, state=random_.random() < 0.5)
    found = None
    with suppress(UsageError, InputNotFound):
        found = studies.find(wanted, services)
    if found:
        studies.remove(wanted, found, services)
    gone = written - {one.key for one in services.store.list(BUCKET, "")}
    assert not sorted(gone & (foreign - mine.keys())), wanted
    assert found or not gone
    if found and trial is None:
        readable = {int(key[-6]) for key in written if "/study/events/" in key and key in mine}
        kept = {key for key in written - gone if key in mine and not key.startswith(chosen.trials)}
        assert not kept, "the name is not free"
        for number in readable:
            assert not {key for key in written - gone if key in mine and key.startswith(chosen.trial(number).folder)}
    if found and trial is not None:
        gone.discard(f"{chosen.study}driver.json")  # the lock, whose content was none
        assert all(key.startswith(chosen.trial(trial).folder) for key in gone)
