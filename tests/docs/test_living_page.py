"""The page about the day after the run: what it shows was printed by running it, and still is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests import typed_ssm

PAGE = Path(__file__).parents[2] / "docs" / "living.md"
WORKER = """import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
lr = parser.parse_args().lr
for epoch in range(1, 9):
    print(f"epoch {epoch} loss={1 / (1 + lr * epoch):.4f}")
"""
BEFORE = (
    r"run -p demo -t train -e train.py --md loss loss=(\S+) --lr 0.1",
    r"run -p demo -t train -e train.py --md loss loss=(\S+) --lr 0.5 --force_running",
    "shell -p demo -t look --cmd_line",
)
SEARCH = (
    r"tune -p demo -t search -e train.py --md loss loss=(\S+) --tune_for loss min --hp_space lr 0.1|0.5|0.9 "
    "--tune_by grid --tune_at_once 1 --tune_seed 1"
)
JOB = re.compile(r"\b[a-z]+-\d{4}(?:-\d\d){5}-(\w{8})\b")


def normal(text: str, short_names: list[str]) -> list[str]:
    """The lines without what differs from run to run: names of jobs, times, sizes, and the blanks that align them."""
    text = JOB.sub("JOB", text)
    for name in short_names:
        text = text.replace(name, "SHORT")
    text = re.sub(r"\d{4}-\d\d-\d\d", "DAY", text)
    text = re.sub(r"\b\d\d:\d\d:\d\d\b", "TIME", text)
    text = re.sub(r"\b\d+(m\d\d)?s\b", "SPAN", text)
    text = re.sub(r"[\d,.]+ [kM]?B\b", "SIZE", text)
    text = re.sub(r"(jobs|cache|all|bucket \S+) +[\d ]+SIZE.*", r"\1 SIZE", text)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [re.sub(r" STARTING$|(?<=SPAN) SPAN$", "", line) for line in lines]  # shown where starting took a second
    return [line for line in lines if line != "ran: SPAN -> SPAN"]  # shown only where the two differ


def test_what_the_page_shows_is_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = typed_ssm.install(tmp_path / "bin")
    (tmp_path / "train.py").write_text(WORKER)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SSM_")},
        "SSM_ENGINE": "local",
        "SSM_HOME": str(tmp_path / "home"),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "COLUMNS": "100",
    }

    def printed(command: str | list[str]) -> str:
        shell = isinstance(command, str)
        done = subprocess.run(
            command, shell=shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    for number, words in enumerate(BEFORE):
        more = ["echo nothing here; exit 3"] if number == 2 else []
        printed(["ssm", *words.split(), *more])
    names = re.findall(r'"short_name": "(\w{8})"', printed("ssm ls -p demo --json"))[::-1]
    text = PAGE.read_text(encoding="utf-8")
    text, search = _without_search(text)
    shown_names = list(dict.fromkeys(re.findall(r"--job (\w{8})", text)))
    assert len(names) == len(shown_names) == 3
    # as the page has them: the first run of train, the second, and look
    mine = dict(zip(shown_names, names, strict=True))
    blocks = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    commands = 0
    for block in blocks:
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, re.MULTILINE):
            real = command
            for shown, name in mine.items():
                real = real.replace(shown, name)
            assert normal(printed(real), names) == normal(output.rstrip(), shown_names), command
            commands += 1
    assert commands >= 10
    printed(["ssm", *SEARCH.split()])
    trials = re.findall(r'"short_name": "(\w{8})"', printed("ssm ls -p demo -t search --json"))[::-1]
    shown_trials = re.findall(r"^ +\*?\d  (\w{8})", search, re.MULTILINE)[2::-1]
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", search, re.MULTILINE):
        assert normal(printed(command), trials) == normal(output.rstrip(), shown_trials), command


def _without_search(text: str) -> tuple[str, str]:
    """The page without what it shows of a study, which is run after all else; and that."""
    block = next(one for one in re.findall(r"```text\n.*?```\n", text, re.DOTALL) if "(study)" in one)
    return text.replace(block, ""), block.removeprefix("```text\n").removesuffix("```\n")
