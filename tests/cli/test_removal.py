"""``ssm rm`` and ``ssm home``: what is chosen goes, and nothing else, however alike the names of its neighbors."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.names import short_name
from simple_sagemaker.errors import UsageError
from simple_sagemaker.services import choose
from simple_sagemaker.tasks import removal
from simple_sagemaker.tasks.removal import Wanted
from tests.cli.conftest import Shell
from tests.counts import examples

BUCKET = "sagemaker-us-east-1-000000000000"
NAMES = ("t", "t1", "t-1", "t.", "x", "output", "source", "model", "train-2026-01-31-12-00-00-a1B2c3D4")
PREFIXES = ("", "x/", "t/", "x/t/", "p/t/", "x", "p/t/train-2026-01-31-12-00-00-a1B2c3D4/")
PROJECTS = ("p", "t", "x", "p1", "state", "input", "train-2026-01-31-12-00-00-a1B2c3D4")


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


def test_a_running_job_is_refused_and_stays(shell: Shell) -> None:
    shell.write("w.py", "import time\nprint('ready', flush=True)\ntime.sleep(300)\n")
    name = shell.ssm("run", "-p", "proj", "-t", "t", "-e", "w.py", "--no_wait").out.strip()
    before = in_bucket(shell)
    for words in (["--job", name], ["-p", "proj", "-t", "t"], ["-p", "proj", "-t", "t", "--older", "0s", "--state"]):
        done = shell.ssm("rm", *words, "--yes")
        assert done.status == 2, done.err
        assert f"{name} is running: nothing was deleted" in done.err
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
    assert "--yes does it" in refused.err
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
