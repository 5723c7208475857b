"""``ssm process`` as a person runs it, and processing and training tasks that read each other's results."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from simple_sagemaker.local.isolation.choose import choose
from tests.cli.conftest import Done, Shell
from tests.payload.test_requirements import wheel

BUCKET = "sagemaker-us-east-1-000000000000"
TOLD = """
import json, os, pathlib, sys
from worker_toolkit import worker_lib
config = worker_lib.WorkerConfig()
folders = {name: config.channel(name) for name in config.channels}
print(json.dumps({
    "argv": sys.argv[1:],
    "folder": os.getcwd(),
    "channels": {name: sorted(str(f.relative_to(p)) for f in pathlib.Path(p).rglob("*") if f.is_file())
                 for name, p in folders.items()},
    "state": sorted(str(f.relative_to(config.state)) for f in pathlib.Path(config.state).rglob("*") if f.is_file()),
    "job": config.job_name, "hosts": config.hosts, "host": config.current_host, "rank": config.host_rank,
    "nodes": config.num_nodes, "hps": config.hps, "same": config.output_data_dir == os.environ["SSM_OUTPUT"],
    "variable": os.environ.get("VARIABLE"),
}))
pathlib.Path(config.instance_state, "count").open("a").write("x")
pathlib.Path(config.output_data_dir, "out-" + config.current_host).write_text("out")
pathlib.Path(config.model_dir, "model-" + config.current_host).write_text("model")
"""
READY = re.compile(r" ready$", re.MULTILINE)  # printed, not the command line that prints it


def process(shell: Shell, *argv: str, task: str = "task") -> Done:
    return shell.ssm("process", "-p", "proj", "-t", task, *argv)


def told(done: Done) -> dict[str, dict[str, object]]:
    """What each host of the job told."""
    assert done.status == 0, done.err
    lines = [line.partition(" | ") for line in done.out.splitlines() if " | {" in line]
    return {host.strip(): json.loads(text) for host, _, text in lines}


def keys(shell: Shell, task: str = "task") -> list[str]:
    """What a task has in its bucket, job names left out."""
    folder = shell.home / "buckets" / BUCKET / "proj" / task
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    plain = (re.sub(rf"^{task}-[-0-9]{{19}}-\w{{8}}/", "JOB/", path) for path in found)
    return sorted(plain)


def test_a_script_finds_its_inputs_state_and_outputs_and_its_words_byte_for_byte(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    shell.write("data/sub/a.txt", "a")
    shell.bucket_file("other", "k/one.json")
    argv = ("--code", "w.py", "-i", "data", "--iis", "more", "s3://other/k/", "--env", "VARIABLE", "a  b")
    done = process(shell, *argv, "--arguments", "one  two", "--", "--x", "", "$HOME")
    output = told(done)["algo-1"]
    job = output.pop("job")
    assert str(job) in done.err
    assert str(output.pop("folder")).endswith("/opt/ml/processing/input/code")
    assert output == {
        "argv": ["one  two", "--x", "", "$HOME"],
        "channels": {"data": ["sub/a.txt"], "more": ["one.json"]},
        "state": [],
        "hosts": ["algo-1"],
        "host": "algo-1",
        "rank": 0,
        "nodes": 1,
        "hps": {},
        "same": True,
        "variable": "a  b",
    }
    assert keys(shell) == [
        "JOB/output/model/model-algo-1",
        "JOB/output/output/out-algo-1",
        *(f"JOB/source/{name}" for name in ("launcher.py", "run.json", "sourcedir.tar.gz", "start.sh")),
        "claim.json",
        "input/sub/a.txt",
        "state/algo-1/count",
    ]


def test_results_of_every_host_are_brought_and_the_state_is_there_again(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    wanted = ("-o", "out", "--download_state", "--download_model", "--download_output")
    first = process(shell, "--code", "w.py", "--ic", "2", *wanted)
    assert {host: output["state"] for host, output in told(first).items()} == {"algo-1": [], "algo-2": []}
    brought = shell.folder / "out"
    assert sorted(path.name for path in (brought / "output").iterdir()) == ["out-algo-1", "out-algo-2"]
    assert sorted(path.name for path in (brought / "model").iterdir()) == ["model-algo-1", "model-algo-2"]
    again = process(shell, "--code", "w.py", "--ic", "2", "--fr", *wanted)
    both = ["algo-1/count", "algo-2/count"]
    assert {host: output["state"] for host, output in told(again).items()} == {"algo-1": both, "algo-2": both}
    assert (brought / "state/algo-1/count").read_text() == (brought / "state/algo-2/count").read_text() == "xx"
    shell.write("w.py", f"{TOLD}\nos.makedirs(os.environ['SSM_STATE'] + '/runs/1')")
    cleared = process(shell, "--code", "w.py", "--clean_state")
    assert "empty folders of the state are not kept, since S3 has files only: runs/1" in cleared.out + cleared.err
    assert "2 files cleared" in cleared.err
    assert told(cleared)["algo-1"]["state"] == []


def test_a_completed_task_is_skipped_and_data_serves_it(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    told(process(shell, "--code", "w.py"))
    skipped = process(shell, "--code", "w.py", "--arguments", "new")
    assert "Skipped" in skipped.err
    assert "  arguments: " in skipped.err
    assert told(process(shell, "--code", "w.py", "--arguments", "new", "--if_changed"))["algo-1"]["argv"] == ["new"]
    done = shell.ssm("data", "-p", "proj", "-t", "task", "-o", "again", "--download_output", "--download_state")
    assert done.status == 0, done.err
    assert (shell.folder / "again/output/out-algo-1").read_text() == "out"
    assert (shell.folder / "again/logs/logs0").exists()
    assert "1 file cleared" in shell.ssm("data", "-p", "proj", "-t", "task", "--clean_state").err


OF_AWS = """
import argparse, os
import pathlib

parser = argparse.ArgumentParser()
parser.add_argument("--split", type=int, default=1)
split = parser.parse_args().split
rows = pathlib.Path("/opt/ml/processing/input/raw.csv").read_text().splitlines()
for name, part in (("train", rows[:split]), ("test", rows[split:])):
    os.makedirs("/opt/ml/processing/" + name, exist_ok=True)
    pathlib.Path("/opt/ml/processing", name, name + ".csv").write_text("\\n".join(part))
pathlib.Path("/opt/ml/processing/new_model/model.txt").write_text(pathlib.Path("/opt/ml/processing/model/w").read_text())
"""


def test_a_script_written_for_aws_runs_unchanged_and_its_outputs_are_brought_and_chained(shell: Shell) -> None:
    if choose("auto").how == "plain":
        pytest.skip("a plain process has no file system of its own")
    shell.write("preprocess.py", OF_AWS)
    shell.write("data/raw.csv", "a\nb\nc")
    shell.bucket_file("models", "k/w", b"weights")
    done = process(
        shell,
        *("--code", "preprocess.py", "-i", "data", "--iis", "weights", "s3://models/k/"),
        *("--input_at", "data", "/opt/ml/processing/input", "--input_at", "weights", "/opt/ml/processing/model"),
        *("--output_from", "train", "/opt/ml/processing/train", "--output_from", "test", "/opt/ml/processing/test"),
        *("--output_from", "model", "/opt/ml/processing/new_model"),
        *("-o", "out", "--download_output", "--download_model", "--", "--split", "2"),
    )
    assert done.status == 0, done.err
    assert (shell.folder / "out/output/train/train.csv").read_text() == "a\nb"
    assert (shell.folder / "out/output/test/test.csv").read_text() == "c"
    assert (shell.folder / "out/model/model.txt").read_text() == "weights"
    shell.write("chained.py", CHAINED)
    chain = ("--iit", "only_train", "task", "output", "FullyReplicated", "train")
    assert "only_train ['train.csv']" in process(shell, "--code", "chained.py", *chain, task="next").out


def test_placed_inputs_and_outputs_are_found_by_the_variables_and_compared(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    shell.write("data/a.txt", "a")
    line = ("--code", "w.py", "-i", "data", "--output_from", "output", "/opt/ml/processing/result")
    output = told(process(shell, *line, "--input_at", "data", "/opt/ml/processing/input"))["algo-1"]
    assert isinstance(output["channels"], dict)
    assert "a.txt" in output["channels"]["data"]
    assert "JOB/output/output/out-algo-1" in keys(shell)
    skipped = process(shell, *line, "--input_at", "data", "/opt/ml/processing/other")
    assert "Skipped" in skipped.err
    assert "data at /opt/ml/processing/input -> data at /opt/ml/processing/other" in skipped.err
    again = process(shell, *line[:4], "--if_changed")
    assert "output output: /opt/ml/processing/result -> not given" in again.err
    assert told(again)["algo-1"]["channels"] == {"data": ["a.txt"]}


CHAINED = """
import pathlib
from worker_toolkit import worker_lib
config = worker_lib.WorkerConfig()
for name in config.channels:
    print(name, sorted(p.name for p in pathlib.Path(config.channel(name)).rglob("*") if p.is_file()))
"""


def test_training_reads_what_processing_left_and_the_reverse(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    shell.write("chained.py", CHAINED)
    told(process(shell, "--code", "w.py", task="first"))
    kinds = ("model", "output", "state", "source")
    reads = [word for kind in kinds for word in ("--iit", f"{kind}_1", "first", kind)]
    trained = shell.run("-e", "chained.py", *reads)
    assert trained.status == 0, trained.err
    for line in ("model_1 ['model-algo-1']", "output_1 ['out-algo-1']", "state_1 ['count']", "['sourcedir.tar.gz']"):
        assert line in trained.out
    shell.write("leaves.py", TOLD.replace("SSM_OUTPUT", "SM_OUTPUT_DATA_DIR"))
    assert shell.ssm("run", "-p", "proj", "-t", "second", "-e", "leaves.py").status == 0
    reads = [word for kind in kinds for word in ("--iit", f"{kind}_2", "second", kind)]
    processed = process(shell, "--code", "chained.py", *reads, task="third")
    assert processed.status == 0, processed.err
    for line in ("model_2 ['model.tar.gz']", "output_2 ['output.tar.gz']", "state_2 ['count']", "['sourcedir.tar.gz']"):
        assert line in processed.out


def test_a_task_may_be_run_by_both_commands_and_keeps_one_state(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    told(process(shell, "--code", "w.py"))
    shell.write("count.sh", "cat $SSM_STATE/algo-1/count; echo")
    trained = shell.run("-e", "count.sh", "--fr")
    assert "algo-1 | x" in trained.out, trained.err
    assert "Skipped" in process(shell, "--code", "w.py").err
    assert told(process(shell, "--code", "w.py", "--fr"))["algo-1"]["state"] == ["algo-1/count"]


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("--entrypoint", "/bin/bash", "--", "-c", "echo $SSM_OUTPUT $0 $1", "a b", "$c"), "processing/output a b $c"),
        (
            (
                "-e",
                "bash -c 'echo $SM_CURRENT_HOST of $SSM_NUM_NODES'",
            ),
            "algo-1 of 1",
        ),
        (("-e", "set -o pipefail; x=(a 'b c'); [[ ${#x[@]} == 2 ]] && echo {1..3} \"${x[1]}\""), "1 2 3 b c"),
        (("-e", "echo $SM_CURRENT_HOST", "--", "it's"), "algo-1 it's"),
        (("--code", "run.sh", "--command", "bash", "--command=-e", "--", "x"), "script: x"),
        (("--code", "run.sh", "--", "y"), "script: y"),
        (("-e", "./run.sh", "-d", "run.sh", "--", "z"), "script: z"),
        (("--code", "s3://code/at/run.sh", "-d", "beside.txt", "--", "beside.txt"), "script: beside.txt"),
    ],
)
def test_commands_and_scripts_of_any_kind_run(shell: Shell, argv: tuple[str, ...], line: str) -> None:
    script = '#!/bin/sh\necho "script: $(ls "$1" 2>/dev/null || echo "$1")"\n'
    shell.write("run.sh", script).chmod(0o755)
    shell.write("beside.txt", "")
    shell.bucket_file("code", "at/run.sh", script.encode())
    done = process(shell, *argv)
    assert done.status == 0, done.err
    assert line in done.out


def test_a_command_of_any_length_arrives_whole(shell: Shell) -> None:
    shell.write("w.py", "import sys; print(len(sys.argv) - 1, max(map(len, sys.argv)), sum(map(len, sys.argv[1:])))")
    done = process(shell, "--code", "w.py", "--", "x" * 5000, *(["word"] * 300))
    assert "301 5000 6200" in done.out, done.err


def test_requirements_of_the_code_folder_are_installed_before_the_script_runs(shell: Shell) -> None:
    (shell.folder / "code").mkdir()
    (shell.folder / "code/tiny-1.0-py3-none-any.whl").write_bytes(wheel("1.0"))
    shell.write("code/requirements.txt", "./tiny-1.0-py3-none-any.whl\n")
    shell.write("code/sub/w.py", "import tiny; print('tiny is there')")
    done = process(shell, "--code", "sub/w.py", "-s", "code")
    assert "tiny is there" in done.out, done.err


def test_how_a_script_failed_is_said_with_its_last_words(shell: Shell) -> None:
    shell.write("w.py", "raise ValueError('no such column')")
    done = process(shell, "--code", "w.py", "-o", "out")
    assert done.status == 1
    assert "exit status 1: ValueError: no such column" in done.err
    assert "no such column" in shell.log()


def test_a_program_that_is_not_there_is_said(shell: Shell) -> None:
    done = process(shell, "-e", "nosuchprogram")
    assert done.status == 1
    assert "There is no program 'nosuchprogram'" in done.err


def test_a_stopped_job_is_joined_to_its_end_and_keeps_what_it_wrote(shell: Shell) -> None:
    script = "trap 'echo late > $SSM_OUTPUT/late; exit 0' TERM; echo ready; sleep 100 & wait"
    argv = ("-e", "bash", "--entrypoint=-c", "-o", "out", "--download_output")
    with ThreadPoolExecutor() as pool:
        ending = pool.submit(process, shell, *argv, "--", script)
        until = time.monotonic() + 300
        while not any(READY.search(log.read_text()) for job in shell.jobs() for log in (job / "logs").glob("*")):
            assert time.monotonic() < until
            time.sleep(0.05)
        (shell.jobs()[0] / "stop").touch()
        done = ending.result()
    assert done.status == 3
    assert "asked to stop" in done.err
    assert (shell.folder / "out/output/late").read_text() == "late\n"


def test_a_dry_run_shows_the_request_and_writes_nothing(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    done = process(shell, "--code", "w.py", "--dry_run")
    assert done.status == 0, done.err
    request = json.loads(done.out)
    assert request["ProcessingJobName"].startswith("task-")
    assert request["AppSpecification"]["ImageUri"].endswith("sagemaker-scikit-learn:0.20.0-cpu-py3")
    assert shell.written() == []


def test_a_running_job_is_joined_by_the_other_command(shell: Shell) -> None:

    def join(seconds: int) -> tuple[str, Done]:
        shell.write("wait.sh", f"echo started; sleep {seconds}")
        name = process(shell, "--code", "wait.sh", "--no_wait", "--fr").out.strip()
        return name, shell.run("-e", "wait.sh")

    name, joined = join(3)
    if "Skipped" in joined.err:  # a busy machine: the job was quicker than the command
        name, joined = join(60)
    assert f"Joining {name}" in joined.err
    assert joined.status == 0, joined.err
    assert "started" in joined.out


def test_a_state_that_is_cleared_cannot_be_read_by_the_same_command(shell: Shell) -> None:
    shell.write("w.py", TOLD)
    told(process(shell, "--code", "w.py"))
    refused = process(shell, "--code", "w.py", "--clean_state", "--iit", "old", "task", "state")
    assert refused.status == 2
    assert "--clean_state clears the state that --iit old would read" in refused.err
    assert "state/algo-1/count" in keys(shell)
