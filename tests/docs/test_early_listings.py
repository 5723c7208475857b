"""Workers and commands of the first release, in our own lines: they run unchanged, with jobs on this machine."""

from __future__ import annotations

import json

from tests.cli.conftest import Shell

GREETING = """
from task_toolkit import task_lib

args = task_lib.parseArgs()
print(args.hps["msg"])
"""

STATE_AND_OUTPUT = """
import os
from task_toolkit import task_lib

args = task_lib.parseArgs()
for folder, name in ((args.output_data_dir, "of_output"), (args.model_dir, "of_model"), (args.state, "of_state")):
    with open(os.path.join(folder, name), "w") as file:
        file.write(name)
task_lib.markCompleted(args)
"""

LISTING = """
import logging, os, sys
from task_toolkit import task_lib

logger = logging.getLogger(__name__)


def show(folder):
    logger.info(f"*** START listing files in {folder}")
    logger.info(sorted(os.listdir(folder)) if folder else "")
    logger.info(f"*** END file listing {folder}")


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout)
    task_lib.setDebugLevel()
    args = task_lib.parseArgs()
    show(args.input_data)
    show(args.input_bucket)
"""


def early(shell: Shell, task: str, *words: str, status: int = 0) -> None:
    """``ssm`` without a command, as there was none."""
    done = shell.ssm("-p", "simple-sagemaker-example-cli", "-t", task, *words)
    assert done.status == status, done.err


def test_a_hyperparameter_is_read_from_hps(shell: Shell) -> None:
    shell.write("worker2.py", GREETING)
    early(shell, "task2", "-e", "worker2.py", "--msg", "Hello, world!", "-o", "out")
    log = shell.log().splitlines()
    assert [line for line in log if line.endswith("worker2.py --msg Hello, world!")]
    assert log[-1] == "Hello, world!"


def test_what_a_marked_task_left_is_brought_and_it_is_not_run_twice(shell: Shell) -> None:
    shell.write("worker3.py", STATE_AND_OUTPUT)
    words = ("-e", "worker3.py", "-o", "out", "--download_state", "--download_model", "--download_output")
    early(shell, "task3", *words)
    early(shell, "task3", *words)
    top = shell.folder / "out"
    assert (top / "output/of_output").read_text() == "of_output"
    assert (top / "model/of_model").read_text() == "of_model"
    assert (top / "state/of_state").read_text() == "of_state"
    (job,) = shell.jobs()
    assert json.loads((top / "state/algo-1/completed.json").read_text())["job"] == job.name


def test_a_task_that_is_marked_and_then_fails_is_not_completed(shell: Shell) -> None:
    shell.write("worker.py", f"{STATE_AND_OUTPUT}\nraise SystemExit(3)\n")
    early(shell, "task3", "-e", "worker.py", status=1)
    early(shell, "task3", "-e", "worker.py", status=1)
    assert len(shell.jobs()) == 2


def test_inputs_are_listed_as_documented_with_and_without_data(shell: Shell) -> None:
    shell.write("worker3.py", STATE_AND_OUTPUT)
    shell.write("worker4.py", LISTING)
    shell.write("data/sample_data.txt", "sample")
    shell.bucket_file("public", "all/persons.json")
    early(shell, "task3", "-e", "worker3.py")
    bucket = ("--iis", "bucket", "s3://public/all/persons.json")
    early(shell, "task4", "-e", "worker4.py", "-i", "./data", *bucket, "-o", "with")
    early(shell, "task5", "-e", "worker4.py", "--iit", "bucket", "task3", "model", "-o", "without")
    lines = [line for line in shell.log("with").splitlines() if line.startswith("INFO:__main__:")]
    data, bucket_folder = (line.rpartition(" ")[2] for line in lines[::3])
    assert (data.rpartition("/")[2], bucket_folder.rpartition("/")[2]) == ("data", "bucket")
    assert lines[1::3] == ["INFO:__main__:['sample_data.txt']", "INFO:__main__:['persons.json']"]
    assert shell.log("without").splitlines()[-6:-3] == [
        "INFO:__main__:*** START listing files in ",
        "INFO:__main__:",
        "INFO:__main__:*** END file listing ",
    ]
    assert shell.log("without").splitlines()[-2] == "INFO:__main__:['model.tar.gz']"
