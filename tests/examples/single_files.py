"""What the documents say of a runner and a worker in one file, whichever release's libraries it uses."""

from __future__ import annotations

import ast
import re
from pathlib import Path


def line(log: str, what: str) -> str:
    """What a worker logged of something."""
    found = re.search(rf"^INFO:__main__:{what}: (.*)$", log, re.MULTILINE)
    assert found, log
    return found.group(1)


def names(log: str, what: str) -> list[str]:
    """The base names of the paths that a worker listed."""
    return sorted(re.findall(r"PosixPath\('(?:[^']*/)?([^/']+)'\)", line(log, what)))


def check(output: Path, library: str) -> None:
    """Both tasks did on both hosts what they are for, and their results lie in ``output``."""
    for host in (1, 2):
        first, second = ((output / f"output{task}/logs/logs{host - 1}").read_text() for task in (1, 2))
        for task, log in ((1, first), (2, second)):
            assert ast.literal_eval(line(log, "Hyperparams")) == {"arg": "hello world!", "task": task, "worker": 1}
            words = rf"python[0-9.]* \w+\.py --arg hello world! --task {task} --worker 1"
            assert re.search(rf"^\S+{words}$", log, re.MULTILINE)
            assert f"INFO:{library}:Creating instance specific state dir" in log
            assert names(log, "State files") == [f"algo-{host}"]
            assert "INFO:__main__:finished!" in log
        assert names(first, "Input data files") == [f"sample_data{host}.txt"]
        assert names(second, "Input task2_data") == ["model.tar.gz"]
    shares = [names((output / f"output2/logs/logs{host}").read_text(), "Input task2_data_dist") for host in (0, 1)]
    assert sorted(shares) == [[], ["model.tar.gz"]]
    made = {path.name: path.read_text() for path in (output / "output1/model").iterdir()}
    assert sorted(made) == [
        "output_algo-1",
        "output_algo-2",
        "sample_data1.txt_proc_by_algo-1",
        "sample_data2.txt_proc_by_algo-2",
    ]
    assert made["sample_data1.txt_proc_by_algo-1"].endswith(" processed by algo-1")
    for name in ("algo-1", "algo-2"):
        assert (output / f"output1/state/{name}/state_{name}").read_text() == "state"
