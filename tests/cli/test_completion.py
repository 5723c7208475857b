"""``ssm completion``: the scripts in the shells themselves, and what is completed from this machine."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.cli.completion.scripts import script
from simple_sagemaker.cli.completion.table import choices, spellings
from simple_sagemaker.cli.completion.words import words
from simple_sagemaker.errors import UsageError
from tests.cli.conftest import Shell

FILE = """
[project]
name = "demo"
[task.train]
entry_point = "train.py"
[task.look]
cmd_line = "ls"
[task.search]
entry_point = "train.py"
[task.search.hp_space]
lr = "0.1..0.2"
[profile.big]
instance_count = 2
"""
HOSTILE = [
    "$(touch PWNED)",
    "`touch PWNED`",
    "a b",
    "'; touch PWNED; '",
    '"; touch PWNED; "',
    "-rf",
    "a\nb",
    "\x1b[31m",
    "é",
]


def job(home: Path, name: str, project: str, task: str) -> Path:
    folder = home / "jobs" / name
    folder.mkdir(parents=True)
    tags = [{"Key": "SimpleSagemakerProject", "Value": project}, {"Key": "SimpleSagemakerTask", "Value": task}]
    (folder / "tags.json").write_text(json.dumps(tags))
    return folder


@pytest.fixture
def project(shell: Shell) -> Shell:
    """A project with jobs of its own and of others, some with names that a shell could take for commands."""
    shell.write("ssm.toml", FILE)
    (shell.folder / "folder").mkdir()
    job(shell.home, "train-2026-01-02-00-00-00-Abcdefg2", "demo", "train")
    job(shell.home, "old-2026-01-01-00-00-00-Abcdefg1", "demo", "old-task")
    job(shell.home, "probe-002-2025-01-01-00-00-00-Abcdefg4", "demo", "probe")
    job(shell.home, "probe-011-2025-01-01-00-00-01-Abcdefg5", "demo", "probe")
    job(shell.home, "x-007-2025-01-01-00-00-01-Abcdefg6", "demo", "x-007")  # which is no trial's
    job(shell.home, "other-2026-01-03-00-00-00-Abcdefg3", "elsewhere", "far")
    for number, name in enumerate(HOSTILE):
        job(shell.home, f"x-2026-01-04-00-00-00-Hostile{number}", "demo", name)
        if "/" not in name:
            (shell.home / "jobs" / name).mkdir()
    binaries = shell.folder.parent / "bin"
    binaries.mkdir()
    program = binaries / "ssm"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simple_sagemaker.cli.main "$@"\n')
    program.chmod(0o755)
    shell.environment |= {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(shell.folder), "LC_ALL": "C.UTF-8"}
    for name in ("bash", "zsh", "fish"):
        (shell.folder.parent / name).write_text(script([name]))
    return shell


def ran(project: Shell, *argv: str) -> str:
    done = subprocess.run(
        argv, cwd=project.folder, env=project.environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert not done.stderr
    assert not (project.folder / "PWNED").exists()
    return done.stdout


def in_bash(project: Shell, line: list[str]) -> set[str]:
    """What bash offers for a line's last word: its function is called as readline calls it."""
    quoted = " ".join("'{}'".format(word.replace("'", "'\\''")) for word in line)
    program = (
        f"source '{project.folder.parent}/bash'; COMP_WORDS=({quoted}); COMP_CWORD={len(line) - 1}; _ssm; "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    return set(filter(None, ran(project, "bash", "--norc", "-c", program).splitlines()))


def in_fish(project: Shell, line: list[str]) -> set[str]:
    program = f"source '{project.folder.parent}/fish'; complete -C \"{' '.join(line)}\""
    out = ran(project, "fish", "--no-config", "-c", program)
    return {offered.partition("\t")[0] for offered in out.splitlines()}


def in_zsh(project: Shell, line: list[str]) -> set[str]:
    """What an interactive zsh lists at a TAB, read from its terminal."""
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=inner, stdout=inner, stderr=inner, cwd=project.folder,
        env={**project.environment, "TERM": "dumb", "COLUMNS": "200", "ZDOTDIR": str(project.folder)},
        start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    try:
        setup = (
            "PS1='READY> '; stty -echo cols 200 rows 2000; autoload -Uz compinit; compinit -D -u; LISTMAX=9999; "
            f"bindkey '^I' list-choices; source '{project.folder.parent}/zsh'; echo DO''NE\n"
        )
        os.write(terminal, setup.encode())
        _read_until(terminal, "DONE")
        os.write(terminal, " ".join(line).encode() + b"\t")
        shown = _read_until(terminal, None)
        os.write(terminal, b"\x03exit\n")
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert not (project.folder / "PWNED").exists()
    return {word for row in shown.splitlines() if "READY>" not in row for word in row.split()} - {*line[:-1]}


def _read_until(terminal: int, end: str | None) -> str:
    """Read a terminal up to a word, or until it is quiet after it has shown something in answer to a TAB."""
    text, deadline = "", time.monotonic() + 60
    while time.monotonic() < deadline and not (end and end in text):
        answered = end is None and ("\n" in text or "\a" in text)  # with words, or with the bell: there are none
        ready, _, _ = select.select([terminal], [], [], 1 if answered else 30)
        if not ready:
            break
        text += os.read(terminal, 1 << 16).decode(errors="replace")
    return text


OFFER = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}
SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"there is no {name}")) for name in OFFER
]
CASES: list[tuple[list[str], set[str], set[str]]] = [
    (["ssm", ""], {"run", "data", "completion"}, set()),
    (["ssm", "run", "--dow"], {"--download_state", "--download_model", "--download_output"}, {"--no_spot"}),
    (["ssm", "run", "--framework", ""], {"pytorch", "huggingface"}, {"folder"}),
    (["ssm", "run", "--launch_by", ""], {"direct", "toolkit"}, {"folder"}),
    (["ssm", "run", "-t", ""], {"train", "old-task"}, {"look", "far", "a", "-rf"}),
    (["ssm", "shell", "-t", ""], {"look", "old-task"}, {"far"}),
    (["ssm", "data", "-p", "elsewhere", "--job", ""], {"Abcdefg3"}, {"Abcdefg1", "Abcdefg2"}),
    (["ssm", "logs", "--job", ""], {"Abcdefg1", "Abcdefg2"}, {"Abcdefg3"}),
    (["ssm", "run", "--iit", "x", "train", ""], {"state", "model", "source", "output"}, {"train"}),
    (["ssm", "run", "-t", "s"], set(), {"search"}),
    (["ssm", "tune", "-t", ""], {"search", "train"}, {"look"}),
    (["ssm", "tune", "--tune_by", ""], {"random", "grid", "bayesian", "hyperband"}, {"folder"}),
    (["ssm", "tune", "--tune_st"], {"--tune_stop"}, {"--tune_by"}),
    (["ssm", "logs", "-t", "probe", "--trial", ""], {"2", "11"}, {"7", "folder"}),
    (["ssm", "logs", "-t", "x-007", "--trial", ""], set(), {"2", "7"}),
    (["ssm", "completion", ""], {"bash", "zsh", "fish", "powershell"}, {"--help"}),
    (["ssm", "explain", "ca"], {"capacity"}, {"--help", "quota"}),
    (["ssm", "built_ins", "x"], {"xgboost"}, {"--json", "kmeans"}),
]


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(("line", "offered", "others"), CASES, ids=[" ".join(line) for line, _, _ in CASES])
def test_a_shell_offers_what_fits(
    project: Shell, name: str, line: list[str], offered: set[str], others: set[str]
) -> None:
    shown = OFFER[name](project, line)
    assert offered <= shown
    assert not others & shown


@pytest.mark.parametrize("name", SHELLS)
def test_a_value_can_be_attached(project: Shell, name: str) -> None:
    line = ["ssm", "run", "--framework", "=", "p"] if name == "bash" else ["ssm", "run", "--framework="]
    assert {"pytorch", "--framework=pytorch"} & OFFER[name](project, line)


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
def test_fish_offers_files_and_folders(project: Shell) -> None:
    assert in_fish(project, ["ssm", "run", "-e", "ss"]) == {"ssm.toml"}
    assert in_fish(project, ["ssm", "run", "-s", "f"]) == {"folder/"}


def test_bash_leaves_files_to_readline(project: Shell) -> None:
    assert in_bash(project, ["ssm", "run", "-e", ""]) == set()
    assert "complete -o bashdefault -o default -F _ssm ssm" in script(["bash"])


@pytest.mark.parametrize("kind", ["tasks", "jobs", "trials", "profiles", "projects", "nosuch", ""])
def test_names_that_need_quotes_are_not_printed(project: Shell, kind: str) -> None:
    done = project.ssm("--complete", kind, "data")
    assert (done.status, done.err) == (0, "")
    assert all(re.fullmatch(r"[A-Za-z0-9._][A-Za-z0-9._-]*", line) for line in done.out.split("\n") if line)


def test_every_form_of_a_task_is_known(project: Shell) -> None:
    text = "task.a.entry_point = 'x'\ntask.b = {cmd_line = 'x'}\n[task.'c']\nhp.x = \"\"\"\n[task.no]\n\"\"\"\n"
    text += "[task.d]\n"
    project.write("ssm.toml", text)
    shown = project.ssm("--complete", "tasks", "data").out.split()
    assert {"a", "b", "c", "d"} <= {*shown}
    assert "no" not in shown
    (project.folder / "ssm.toml").unlink()
    project.write("pyproject.toml", "[project]\nname = 'other'\n[tool.ssm.project]\nname = 'demo'\n[tool.ssm.task.e]\n")
    assert project.ssm("--complete", "tasks", "run").out.split()[0] == "e"
    assert project.ssm("--complete", "projects").out.split()[0] == "demo"


def test_what_is_odd_in_the_home_is_passed_over(project: Shell) -> None:
    jobs = project.home / "jobs"
    os.mkfifo(job(project.home, "a-2026-01-05-00-00-00-Pipexxxx", "demo", "x") / "pipe")
    tags = jobs / "a-2026-01-05-00-00-00-Pipexxxx" / "tags.json"
    makers: list[Callable[[], None]] = [lambda: os.mkfifo(tags), lambda: tags.symlink_to("/dev/zero"), tags.mkdir]
    for make in makers:
        tags.unlink()
        make()
        assert "old-task" in words("tasks", ["data"], project.environment)
    tags.rmdir()
    for text in ("", "[", "[1]", '[{"Key": 1}]', "[" * 100_000, '{"a": 1}'):
        tags.write_text(text)
        assert "old-task" in words("tasks", ["data"], project.environment)
        tags.unlink()


def test_a_file_that_cannot_be_used_is_passed_over(project: Shell) -> None:
    project.write("ssm.toml", "broken")
    done = project.ssm("--complete", "tasks", "data")
    assert (done.status, done.err) == (0, "")
    assert "old-task" in done.out.split()
    none = project.ssm("--complete", "tasks", "data", environment={"SSM_HOME": str(project.folder / "gone")})
    assert (none.status, none.out.strip(), none.err) == (0, "", "")


def test_nothing_heavy_is_loaded(project: Shell) -> None:
    clean = {name: value for name, value in project.environment.items() if not name.startswith("COVERAGE_")}
    argv = [sys.executable, "-X", "importtime", "-m", "simple_sagemaker.cli.main", "--complete", "tasks", "run", "-t"]
    done = subprocess.run(argv, cwd=project.folder, env=clean, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "train" in done.stdout.split()
    assert not loaded & {"boto3", "botocore", "obstore", "rich", "argparse", "asyncio", "subprocess"}


def test_every_option_is_in_the_table_with_known_kinds() -> None:
    lists = choices()
    for one in spellings():
        for kind in one.kinds:
            assert (
                kind in {"-", "files", "dirs", "tasks", "jobs", "trials", "profiles", "projects"} or kind[1:] in lists
            )
    by_flag = {(one.command, one.flag): one for one in spellings()}
    assert by_flag["run", "--source_dir"].kinds == ("dirs",)
    assert by_flag["run", "-e"].kinds == ("files",)
    assert by_flag["run", "-i"].kinds == ("files", "@distribution", "-")
    assert by_flag["run", "--no_spot"].value_count == "0"
    assert by_flag["process", "--it"].kinds == ("@processing_type",)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_scripts_are_legal(project: Shell, name: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"there is no {name}")
    assert ran(project, name, "-n", str(project.folder.parent / name)) == ""


def test_the_script_of_bash_is_clean(project: Shell) -> None:
    ran(project, str(Path(sys.executable).with_name("shellcheck")), "-s", "bash", str(project.folder.parent / "bash"))


def test_a_shell_has_to_be_named(shell: Shell) -> None:
    for argv, message in (
        ([], "name the shell: bash, zsh, fish, powershell."),
        (["zhs"], "Did you mean zsh?"),
        (["zsh", "x"], "unexpected argument 'x'"),
    ):
        done = shell.ssm("completion", *argv)
        assert (done.status, done.out) == (2, "")
        assert message in done.err
    with pytest.raises(UsageError):
        script(["tcsh"])
    assert "usage: ssm completion {bash,zsh,fish,powershell}" in shell.ssm("completion", "-h").out
    assert shell.ssm("completion", "powershell").out == script(["powershell"])
