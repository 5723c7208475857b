"""``--json_events`` and ``--quiet_run``: what a program, or a person who wants peace, gets of a run."""

from __future__ import annotations

import json

from tests.cli.conftest import Shell

WORKER = "import sys\nfor epoch in range(3):\n    print(f'loss={1 / (epoch + 1)}')\nsys.exit(int(sys.argv[-1]))\n"
WORDS = ("run", "-p", "p", "-t", "t", "-e", "w.py", "--md", "loss", r"loss=(\S+)")


def test_events_are_all_that_is_printed_and_end_with_the_end(shell: Shell) -> None:
    shell.write("w.py", WORKER)
    done = shell.ssm(*WORDS, "--ic", "2", "--json_events", "--", "0")
    assert done.status == 0
    events = [json.loads(line) for line in done.out.splitlines()]
    assert events[0]["event"] == "start"
    end = {"event": "end", "job": events[0]["job"], "status": "Completed", "reason": None, "skipped": False}
    assert events[-1] == {**events[-1], **end}
    assert [one["phase"] for one in events if one["event"] == "phase"][-2:] == ["Uploading", "Completed"]
    for host in (1, 2):
        lines = [one["line"] for one in events if one["event"] == "line" and one["host"] == host]
        assert lines[-3:] == ["loss=1.0", "loss=0.5", "loss=0.3333333333333333"]
    assert {one["metric"] for one in events if one["event"] == "metric"} == {"loss"}

    failed = shell.ssm(*WORDS, "--json_events", "--force_running", "--", "3")
    assert failed.status == 1
    end = json.loads(failed.out.splitlines()[-1])
    assert (end["event"], end["status"]) == ("end", "Failed")
    assert "exit code: 3" in end["reason"]
    assert "Failed" in failed.err


def test_a_skip_says_so_and_warns_of_what_is_stale(shell: Shell) -> None:
    shell.write("w.py", WORKER)
    assert shell.ssm(*WORDS, "--quiet_run", "--", "0").status == 0
    done = shell.ssm(*WORDS, "--json_events", "--lr", "1", "--skip_status", "9", "--", "0")
    assert done.status == 9
    (end,) = [json.loads(line) for line in done.out.splitlines()]
    assert (end["event"], end["status"], end["skipped"]) == ("end", "Completed", True)
    assert "lr: not given -> 1" in done.err
    quiet = shell.ssm(*WORDS, "--quiet_run", "--lr", "1", "--", "0")
    assert (quiet.status, quiet.out) == (0, "")
    assert "lr: not given -> 1" in quiet.err


def test_a_quiet_run_prints_the_jobs_lines_alone(shell: Shell) -> None:
    shell.write("w.py", WORKER)
    done = shell.ssm(*WORDS, "--quiet_run", "-o", "out", "--", "0")
    assert (done.status, done.err) == (0, "")
    assert [line for line in done.out.splitlines() if "loss" in line][-1] == "algo-1 | loss=0.3333333333333333"
    assert "loss=1.0" in shell.log()
    started = shell.ssm(*WORDS, "--quiet_run", "--no_wait", "--fr", "--", "0")
    assert started.err == ""
    assert started.out.startswith("t-20")
    both = shell.ssm(*WORDS, "--quiet_run", "--json_events")
    assert both.status == 2
    assert "contradict each other" in both.err
