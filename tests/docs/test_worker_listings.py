"""Workers as documents show them, in our own lines: what each is for happens, with jobs on this machine."""

from __future__ import annotations

import ast
import re

from tests.cli.conftest import Shell

STATE_AND_OUTPUT = """
import pathlib
from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig()
host = config.current_host
pathlib.Path(config.output_data_dir, "of_" + host).write_text("output")
pathlib.Path(config.model_dir, "of_" + host).write_text("model")
pathlib.Path(config.instance_state, "own").write_text(host)
"""

CHANNELS = """
import os
from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig(False)
print("-***-", sorted(config.channels))
for folder in (config.channel_data, config.channel_bucket, config.channel_left):
    print("-***-", sorted(os.listdir(folder)))
"""

TWO_TASKS = """
import logging, pathlib, sys
from worker_toolkit import worker_lib

logger = logging.getLogger(__name__)


def files(folder):
    return sorted(path for path in pathlib.Path(folder).rglob("*"))


def work():
    config = worker_lib.WorkerConfig()
    logger.info(f"Hyperparams: {config.hps}")
    logger.info(f"Input data files: {list(map(str, files(config.channel_data)))}")
    logger.info(f"State files: {list(map(str, files(config.state)))}")
    if int(config.hps["task"]) == 1:
        pathlib.Path(config.instance_state, "state_" + config.current_host).write_text("state")
        for file in files(config.channel_data):
            target = pathlib.Path(config.model_dir, f"{file.name}_proc_by_{config.current_host}")
            target.write_text(f"{file.read_text()} processed by {config.current_host}")
        pathlib.Path(config.model_dir, "output_" + config.current_host).write_text("output")
    else:
        logger.info(f"Input task2_data: {list(map(str, files(config.channel_task2_data)))}")
        logger.info(f"Input task2_data_dist: {list(map(str, files(config.channel_task2_data_dist)))}")
    logger.info("finished!")


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    if "--worker" in sys.argv:
        work()
"""


def said(log: str, what: str) -> str:
    found = re.search(rf"^INFO:__main__:{what}: (.*)$", log, re.MULTILINE)
    assert found, log
    return found.group(1)


def names(log: str, what: str) -> list[str]:
    """The base names of the files that a line of the log lists."""
    return [path.rpartition("/")[2] for path in ast.literal_eval(said(log, what))]


def test_state_and_model_are_of_all_hosts_and_the_output_of_the_first(shell: Shell) -> None:
    shell.write("w.py", STATE_AND_OUTPUT)
    words = ("-e", "w.py", "--ic", "2", "-o", "out", "--download_state", "--download_model", "--download_output")
    assert shell.run(*words).status == 0
    top = shell.folder / "out"
    found = sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file())
    assert [name for name in found if not name.startswith("logs/")] == [
        "model/of_algo-1",
        "model/of_algo-2",
        "output/of_algo-1",
        "state/algo-1/own",
        "state/algo-2/own",
    ]
    assert (top / "state/algo-2/own").read_text() == "algo-2"


def test_inputs_of_three_kinds_are_channels_by_their_names(shell: Shell) -> None:
    shell.write("one.py", STATE_AND_OUTPUT)
    shell.write("two.py", CHANNELS)
    shell.write("data/sample_data.txt", "sample")
    shell.bucket_file("public", "all/persons.json")
    assert shell.ssm("run", "-p", "proj", "-t", "one", "-e", "one.py").status == 0
    more = ("--iis", "bucket", "s3://public/all/persons.json", "--iit", "left", "one", "model")
    assert shell.run("-e", "two.py", "-i", "data", *more, "-o", "out").status == 0
    assert [line for line in shell.log().splitlines() if line.startswith("-***-")] == [
        "-***- ['bucket', 'data', 'left']",
        "-***- ['sample_data.txt']",
        "-***- ['persons.json']",
        "-***- ['model.tar.gz']",
    ]


def test_one_file_is_the_worker_of_two_tasks(shell: Shell) -> None:
    shell.write("example.py", TWO_TASKS)
    for number in (1, 2):
        shell.write(f"data/sample_data{number}.txt", f"sample {number}")
    shared = ("-p", "proj", "-e", "example.py", "--ic", "2", "--cs", "--arg", "hello world!")
    inputs = ("-i", "data", "ShardedByS3Key", "--download_model")
    first = shell.ssm("run", *shared, "-t", "task1", *inputs, "--task", "1", "-o", "output1", "--", "--worker")
    assert first.status == 0, first.err
    for host in (1, 2):
        log = shell.log("output1", host - 1)
        assert ast.literal_eval(said(log, "Hyperparams")) == {"arg": "hello world!", "task": "1"}
        assert names(log, "Input data files") == [f"sample_data{host}.txt"]
        assert names(log, "State files") == [f"algo-{host}"]
        assert "INFO:worker_toolkit.worker_lib:Creating instance specific state dir" in log
        assert "INFO:__main__:finished!" in log
    model = {path.name: path.read_text() for path in (shell.folder / "output1/model").iterdir()}
    assert model == {
        "output_algo-1": "output",
        "output_algo-2": "output",
        "sample_data1.txt_proc_by_algo-1": "sample 1 processed by algo-1",
        "sample_data2.txt_proc_by_algo-2": "sample 2 processed by algo-2",
    }

    chained = ("--iit", "task2_data", "task1", "model", "--iit", "task2_data_dist", "task1", "model", "ShardedByS3Key")
    second = shell.ssm("run", *shared, "-t", "task2", *chained, "--task", "2", "-o", "output2", "--", "--worker")
    assert second.status == 0, second.err
    logs = [shell.log("output2", number) for number in (0, 1)]
    assert [names(log, "Input task2_data") for log in logs] == [["model.tar.gz"]] * 2
    assert sorted(names(log, "Input task2_data_dist") for log in logs) == [[], ["model.tar.gz"]]
    assert all({"worker_toolkit", "example.py"} <= set(names(log, "Input data files")) for log in logs)


def test_a_shell_command_finds_the_same_folders_in_its_variables(shell: Shell) -> None:
    shell.write("data/a.txt", "text")
    line = 'ls "$SM_CHANNEL_DATA" && cp "$SM_CHANNEL_DATA/a.txt" "$SM_MODEL_DIR" && echo "$SM_HPS"'
    words = ("--cmd_line", line, "-i", "data", "--msg", "hi", "-o", "out", "--download_model")
    done = shell.ssm("shell", "-p", "proj", "-t", "task", *words)
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-2:] == ["a.txt", '{"msg":"hi"}']
    assert (shell.folder / "out/model/a.txt").read_text() == "text"
