"""``ssm tune`` on this machine: real trials, killed and gone on with, and what other commands see of them."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.counts import LONG

WORKER = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--kind", default="good")
parser.add_argument("--epochs", type=int, default=1)
args = parser.parse_args()
for epoch in range(args.epochs):
    print(f"loss={(args.rate - 0.3) ** 2 + (args.kind == 'bad') + 1 / (epoch + 1):.6f}", flush=True)
"""
STATEFUL = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--epochs", type=int)
args = parser.parse_args()
state = os.environ["SSM_STATE"] + "/epoch"
epoch = int(open(state).read()) if os.path.exists(state) else 0
while epoch < args.epochs:
    epoch += 1
    print(f"ran an epoch loss={abs(args.rate - 0.3) + 1 / epoch:.6f}", flush=True)
    with open(state, "w") as file:
        file.write(str(epoch))
"""
METRIC = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")
SPACE = ("--hp_space", "rate", "0.0..1.0", "--hp_space", "kind", "good|bad")


@pytest.fixture(autouse=True)
def plain(shell: Shell) -> None:
    shell.environment["SSM_ISOLATION"] = "plain"  # the quickest, and what is tested is the search
    shell.write("w.py", WORKER)
    shell.write("s.py", STATEFUL)


def words(*more: str, task: str = "task", worker: str = "w.py", space: tuple[str, ...] = SPACE) -> tuple[str, ...]:
    return ("tune", "-p", "proj", "-t", task, "-e", worker, *METRIC, *space, *more)


def study(shell: Shell, folder: str = "out") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shell.folder / folder / "study.json").read_text(encoding="utf-8"))
    return found


def proposals(shell: Shell, folder: str = "out") -> dict[int, dict[str, str]]:
    return {trial["number"]: trial["hyperparameters"] for trial in study(shell, folder)["trials"]}


def test_a_search_ends_with_the_best_trial_and_brings_it(shell: Shell) -> None:
    done = shell.ssm(*words("--tune_jobs", "5", "--tune_at_once", "2", "--tune_seed", "4", "-o", "out"))
    assert done.status == 0, done.err
    found = study(shell)
    objectives = [trial["objective"] for trial in found["trials"]]
    assert len(objectives) == 5
    assert objectives == sorted(objectives)
    assert found["best"]["objective"] == objectives[0]
    assert f"loss={objectives[0]:.6f}" in shell.log()
    with open(shell.folder / "out" / "trials.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == objectives
    assert rows[0]["rate"] == found["best"]["hyperparameters"]["rate"]
    assert "Completed: all 5 trials have ended" in done.err
    again = re.search(r"To run it again: (ssm run .*)", done.err)
    assert again
    assert "-t task-best" in again.group(1)
    assert f"--hp rate {found['best']['hyperparameters']['rate']}" in again.group(1)
    assert "--tune" not in again.group(1)
    assert done.out.splitlines()[1].split()[0].startswith("*")


def test_the_same_seed_gives_the_same_trials_and_more_of_them_extend_a_search(shell: Shell) -> None:
    seeded = ("--tune_seed", "9", "--tune_at_once", "2")
    assert shell.ssm(*words(*seeded, "--tune_jobs", "4", "-o", "one", task="one")).status == 0
    assert shell.ssm(*words(*seeded, "--tune_jobs", "2", "-o", "two", task="two")).status == 0
    assert len(proposals(shell, "two")) == 2
    assert shell.ssm(*words(*seeded, "--tune_jobs", "4", "-o", "two", task="two")).status == 0
    assert proposals(shell, "one") == proposals(shell, "two")
    jobs = len(shell.jobs())
    done = shell.ssm(*words(*seeded, "--tune_jobs", "4", "-o", "two", task="two"))
    assert (done.status, len(shell.jobs())) == (0, jobs)
    assert "Nothing ran" in done.err


def test_a_grid_tries_each_combination_once(shell: Shell) -> None:
    space = ("--hp_space", "rate", "0.0..1.0/0.5", "--hp_space", "kind", "good|bad")
    done = shell.ssm(*words("--tune_by", "grid", "--tune_at_once", "2", "-o", "out", space=space))
    assert done.status == 0, done.err
    tried = sorted((one["rate"], one["kind"]) for one in proposals(shell).values())
    assert tried == [(x, kind) for x in ("0", "0.5", "1") for kind in ("bad", "good")]


def test_a_promoted_trial_goes_on_at_its_epoch(shell: Shell) -> None:
    space = ("--hp_space", "rate", "0.0..1.0")
    by = ("--tune_by", "hyperband", "--tune_resource", "epochs", "1", "3", "--tune_at_once", "2", "--tune_seed", "1")
    done = shell.ssm(*words(*by, "-o", "out", worker="s.py", space=space))
    assert done.status == 0, done.err
    found = study(shell)
    # brackets from 1 to 3: three trials of 1, of which the best goes on to 3, and two of 3
    assert len(found["trials"]) == 5
    scheduled = 3 * 1 + 1 * (3 - 1) + 2 * 3
    ran = 0
    for trial in found["trials"]:
        for job in trial["jobs"]:
            logs = shell.ssm("logs", "--job", job)
            ran += logs.out.count("ran an epoch")
    assert ran == scheduled
    assert found["best"]["resource"] == 3


def test_trials_that_are_no_better_than_the_median_are_stopped(shell: Shell) -> None:
    shell.write("slow.py", "import time\n" + WORKER + "    time.sleep(30 if args.rate > 0.9 and epoch else 0)\n")
    space = ("--hp_space", "rate", "0.1|0.2|0.3|0.4|0.5|0.95")
    by = ("--tune_by", "grid", "--tune_at_once", "1", "--tune_stop", "median", "--epochs", "3")
    began = time.monotonic()
    done = shell.ssm(*words(*by, "-o", "out", worker="slow.py", space=space))
    assert done.status == 0, done.err
    assert time.monotonic() - began < 30
    last = next(trial for trial in study(shell)["trials"] if trial["number"] == 6)
    assert last["status"] == "Stopped"
    assert "worse than the median" in last["why_stopped"]


@pytest.mark.parametrize(
    ("more", "why", "fewer_than"),
    [
        (("--tune_target", "1.5"), "has reached 1.5", 12),
        (("--tune_patience", "3"), "no better than trial", 12),
    ],
)
def test_a_search_ends_when_it_is_good_enough(shell: Shell, more: tuple[str, ...], why: str, fewer_than: int) -> None:
    done = shell.ssm(*words("--tune_jobs", "12", "--tune_at_once", "1", "--tune_seed", "5", *more, "-o", "out"))
    assert done.status == 0, done.err
    assert why in done.err
    assert len(study(shell)["trials"]) < fewer_than


def test_failing_trials_are_tolerated_up_to_a_number(shell: Shell) -> None:
    shell.write("fails.py", "import sys\nsys.exit('no data')\n")
    limit = ("--tune_jobs", "6", "--tune_at_once", "1", "--tune_failures", "1")
    done = shell.ssm(*words(*limit, "-o", "out", worker="fails.py"))
    assert done.status == 1
    assert "2 trials failed, and 1 may" in done.err
    assert "no data" in done.err
    assert len(study(shell)["trials"]) == 2
    with (shell.folder / "out" / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["status"], "no data" in row["reason"]) for row in rows] == [("Failed", True)] * 2
    more = shell.ssm(*words(*limit[:-1], "3", "-o", "out", worker="fails.py"))
    assert more.status == 1
    assert len(study(shell)["trials"]) == 4


def test_a_regex_that_finds_nothing_is_said_while_the_first_trial_runs(shell: Shell) -> None:
    shell.write("mute.py", "for i in range(60): print('Loss is', i)\n")
    done = shell.ssm(*words("--tune_jobs", "1", worker="mute.py"))
    assert done.status == 1
    assert "has found no loss" in done.err
    assert "Loss is" in done.err


@pytest.mark.parametrize(
    ("line", "seen"),
    [("loss=0.9, acc=1", "loss=0.9, acc=1"), ("loss=\\x1b[1m0.5\\x1b[0m", "'loss=\\x1b[1m0.5\\x1b[0m'")],
)
def test_a_value_that_is_no_number_is_shown_at_the_trials_end(shell: Shell, line: str, seen: str) -> None:
    shell.write("odd.py", f"print('{line}')\n")
    done = shell.ssm(*words("--tune_jobs", "2", "--tune_at_once", "1", worker="odd.py"))
    assert done.status == 1
    assert done.err.count(f"Warning: '{METRIC[2]}' has found no loss in the") == 1
    assert seen in done.err
    assert "Its model" not in done.err


@pytest.mark.long
def test_a_study_and_a_task_of_runs_exclude_each_other(shell: Shell) -> None:
    assert shell.run("-e", "w.py", "--rate", "0.1").status == 0
    refused = shell.ssm(*words("--tune_jobs", "1"))
    assert refused.status == 2
    assert "has jobs of its own" in refused.err
    assert shell.ssm(*words("--tune_jobs", "1", task="search")).status == 0
    for more in ((), ("--fr",)):
        run = shell.ssm("run", "-p", "proj", "-t", "search", "-e", "w.py", "--rate", "0.1", *more)
        assert run.status == 2
        assert "has a study" in run.err
    assert shell.ssm(*words("--tune_jobs", "1", task="search", space=SPACE[:3])).status == 2
    shell.write("w.py", WORKER + "\n# changed\n")
    changed = shell.ssm(*words("--tune_jobs", "2", task="search"))
    assert changed.status == 2
    assert "\n  code\n" in changed.err


def test_the_outcome_of_a_study_is_the_best_trials(shell: Shell) -> None:
    shell.write(
        "model.py", WORKER + "\nimport os\nopen(os.environ['SM_MODEL_DIR'] + '/x', 'w').write(str(args.rate))\n"
    )
    done = shell.ssm(*words("--tune_jobs", "3", "--tune_at_once", "1", "-o", "out", worker="model.py"))
    assert done.status == 0, done.err
    best = study(shell)["best"]["hyperparameters"]["rate"]
    assert (shell.folder / "out" / "model" / "x").read_text(encoding="utf-8") == str(float(best))
    assert shell.ssm("data", "-p", "proj", "-t", "task", "-o", "later", "--download_model").status == 0
    assert (shell.folder / "later" / "model" / "x").read_text(encoding="utf-8") == str(float(best))
    shell.write("reads.py", "import tarfile\ntarfile.open('/opt/ml/input/data/m/model.tar.gz').extractall('.')\n")
    reads = "tar -xzOf $SM_CHANNEL_M/model.tar.gz x"
    chained = shell.ssm("shell", "-p", "proj", "-t", "next", "--cmd", reads, "--iit", "m", "task", "model", "-o", "n")
    assert chained.status == 0, chained.err
    assert str(float(best)) in shell.log("n")


def test_who_clears_the_state_of_a_study_is_told_where_the_trials_states_are(shell: Shell) -> None:
    space = ("--hp_space", "rate", "0.0..1.0", "--epochs", "1")
    done = shell.ssm(*words("--tune_jobs", "2", "--tune_at_once", "2", worker="s.py", space=space))
    assert done.status == 0, done.err
    cleared = shell.ssm("data", "-p", "proj", "-t", "task", "--clean_state")
    assert "State: 0 files cleared" in cleared.err
    assert "ssm rm --trial NUMBER --state deletes that of one" in cleared.err
    one = shell.ssm("rm", "-p", "proj", "-t", "task", "--trial", "1", "--state", "--yes")
    assert one.status == 0, one.err
    assert states(shell) == [2]
    assert shell.ssm("rm", "-p", "proj", "-t", "task", "--state", "--yes").status == 0
    assert states(shell) == []


def states(shell: Shell) -> list[int]:
    """The trials that have a state."""
    home = Path(shell.environment["SSM_HOME"])
    return sorted(int(path.parents[1].name) for path in home.glob("buckets/*/proj/task/trials/*/state/epoch"))


def test_a_search_that_is_killed_again_and_again_ends_as_one_that_never_was(shell: Shell) -> None:
    argv = ("--tune_jobs", "8", "--tune_at_once", "2", "--tune_seed", "11")
    assert shell.ssm(*words(*argv, "-o", "calm", task="calm")).status == 0
    for delay_s in (0.25, 0.45, 0.6, 0.8):
        shell.is_killed(words(*argv, task="killed"), delay_s)
    done = shell.ssm(*words(*argv, "-o", "killed", task="killed"))
    assert done.status == 0, done.err
    calm, killed = study(shell, "calm"), study(shell, "killed")
    outcome = [
        [(one["number"], one["objective"], one["hyperparameters"]) for one in found["trials"]]
        for found in (calm, killed)
    ]
    assert outcome[0] == outcome[1]
    assert all(len(one["jobs"]) == 1 for one in killed["trials"])
    assert len(shell.jobs()) == 16


def test_a_second_command_watches_and_takes_over(shell: Shell) -> None:
    shell.write("slow.py", WORKER + "\nimport time; time.sleep(1)\n")
    argv = words("--tune_jobs", "6", "--tune_at_once", "1", worker="slow.py")
    first = subprocess.Popen(
        shell.command(*argv), cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    events = Path(shell.home / "buckets").glob
    while not list(events("*/proj/task/study/events/000002.json")):
        time.sleep(0.02)
    second = subprocess.Popen(
        shell.command(*argv, "-o", "out"), cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert second.stderr is not None
    lines = iter(second.stderr.readline, b"")
    assert any(b"Watching: process" in line for line in lines)
    while not list(events("*/proj/task/study/events/000004.json")):  # it has looked several times
        time.sleep(0.02)
    first.kill()
    first.wait()
    _, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert b"Watching:" not in err  # which was noted once
    assert len(study(shell)["trials"]) == 6
    assert len(shell.jobs()) == 6


def test_leaving_lets_trials_end_and_begins_no_more(shell: Shell) -> None:
    shell.write("slow.py", WORKER + "\nimport time; time.sleep(1)\n")
    argv = words("--tune_jobs", "4", "--tune_at_once", "1", worker="slow.py")
    process = subprocess.Popen(
        shell.command(*argv), cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not shell.jobs():
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    assert b"goes on to the end, and no other begins" in err
    done = shell.ssm(*argv, "-o", "out")
    assert done.status == 0, done.err
    assert sorted(proposals(shell)) == [1, 2, 3, 4]
    assert len(shell.jobs()) == 4


def test_events_are_json_a_line_and_a_dry_run_changes_nothing(shell: Shell) -> None:
    dry = shell.ssm(*words("--dry_run"))
    assert dry.status == 0, dry.err
    assert "OutputDataConfig" in json.loads(dry.out)
    assert not shell.jobs()
    assert not list((shell.home / "buckets").glob("*")) if (shell.home / "buckets").exists() else True
    done = shell.ssm(*words("--tune_jobs", "2", "--tune_at_once", "1", "--json_events"))
    assert done.status == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [one["event"] for one in events] == [*["trial_started", "trial_ended"] * 2, "study_ended"]
    assert events[-1]["study"]["best"]["number"] in {1, 2}


def test_a_search_learns_from_another_study(shell: Shell) -> None:
    pytest.importorskip("optuna")
    space = ("--hp_space", "rate", "0.0..1.0")
    assert shell.ssm(*words("--tune_jobs", "12", "--tune_at_once", "2", task="first", space=space)).status == 0
    argv = ("--tune_by", "bayesian", "--tune_from", "first", "--tune_jobs", "1", "--tune_seed", "1")
    learned = shell.ssm(*words(*argv, "-o", "out", task="second", space=space))
    assert learned.status == 0, learned.err
    assert "Learning from 12 trials of first" in learned.err
    alone = shell.ssm(*words(*argv[:2], *argv[4:], "-o", "alone", task="third", space=space))
    assert alone.status == 0, alone.err
    assert proposals(shell, "out") != proposals(shell, "alone")
    narrow = shell.ssm(*words(*argv, task="narrow", space=("--hp_space", "rate", "0.0..0.1")))
    assert "more have values that this search does not" in narrow.err
    nothing = shell.ssm(*words("--tune_by", "bayesian", "--tune_from", "none", task="fourth", space=space))
    assert nothing.status == 4
    assert "--tune_from none: that task has no study" in nothing.err


@pytest.mark.skipif(not LONG, reason="takes ten seconds")
def test_a_bayesian_search_goes_on_as_it_would_have(shell: Shell) -> None:
    pytest.importorskip("optuna")
    argv = ("--tune_by", "bayesian", "--tune_seed", "2", "--tune_at_once", "1")
    space = ("--hp_space", "rate", "0.0..1.0")
    assert shell.ssm(*words(*argv, "--tune_jobs", "13", "-o", "one", task="one", space=space)).status == 0
    assert shell.ssm(*words(*argv, "--tune_jobs", "11", "-o", "two", task="two", space=space)).status == 0
    done = shell.ssm(*words(*argv, "--tune_jobs", "13", "-o", "two", task="two", space=space))
    assert done.status == 0, done.err
    assert proposals(shell, "one") == proposals(shell, "two")
