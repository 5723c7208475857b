"""Every variable of the environment that we read or set is in the page of variables, in one row, and no other is."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from simple_sagemaker.local.job.home import Home
from simple_sagemaker.services import environment
from tests.cli.conftest import Shell
from tests.rules.tree import PACKAGE, SOURCE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8")
OTHERS = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
OTHERS.remove(ROOT / "docs" / "variables.md")
SECTIONS = dict(re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
OF_PERSON, OF_OTHERS, OF_JOB, OF_LAUNCHER = SECTIONS
NO_VARIABLES = {"SSM_ENGIN", "SSM_START_SESSION_RESPONSE"}  # a mistyped one; the end of AWS_SSM_START_SESSION_RESPONSE
# how our code reads the environment; of a web server's it reads names such as HTTP_HOST
READ = re.compile(r'\b(?:environ|environment|variables)(?:\.get|\.pop)?[(\[]\s*b?"([A-Z][A-Z0-9_]{3,})"(?!\]\s*=[^=])')
WSGI = re.compile(r"HTTP_|CONTENT_|PATH_INFO|QUERY_STRING|REQUEST_METHOD")


@cache
def source() -> str:
    files = [file for file in (SOURCE / PACKAGE).rglob("*") if file.suffix in {".py", ".sh"}]
    return "".join(file.read_text(encoding="utf-8") for file in files if "troubleshooting" not in file.parts)


def rows(section: str) -> dict[str, list[str]]:
    """The cells of each row after the first, by each variable that the row is about."""
    table = [line.split("|")[1:-1] for line in SECTIONS[section].splitlines() if line.startswith("| `")]
    assert len({len(cells) for cells in table}) == 1, section
    return {name: [one.strip() for one in cells[1:]] for cells in table for name in re.findall(r"`(\w+)`", cells[0])}


def test_no_variable_has_two_rows() -> None:
    row = re.compile(r"^\| `(SSM_\w+)` .*\n(?!\|-)", re.MULTILINE)  # and not the head of a table
    elsewhere = Counter(name for page in OTHERS for name in row.findall(page.read_text(encoding="utf-8")))
    assert {name: count for name, count in elsewhere.items() if count > 1} == {}
    names = Counter(name for section in SECTIONS for name in rows(section))
    assert {name: count for name, count in names.items() if count > 1} == {}


def test_every_variable_of_ours_in_the_source_has_a_row_and_the_other_way_round() -> None:
    named = {*re.findall(r"\bSSM_[A-Z][A-Z0-9_]*[A-Z0-9]\b", source())} - NO_VARIABLES
    listed = {name for section in SECTIONS for name in rows(section) if name.startswith("SSM_")}
    assert named - listed == set(), "docs/variables.md lacks them"
    assert listed - named == set(), "nothing reads or sets them"


def test_every_other_variable_that_is_read_has_a_row_and_the_other_way_round() -> None:
    text = source()
    listed = {name for section in SECTIONS for name in rows(section)}
    read = {name for name in READ.findall(text) if not WSGI.match(name)}
    assert len(read) > 50
    assert read - listed == set(), "docs/variables.md lacks them"
    assert listed - {*re.findall(r"\b[A-Z][A-Z0-9_]+\b", text)} == set(), "nothing reads or sets them"


def test_the_variables_of_a_person_are_those_that_are_checked_for_slips(tmp_path: Path) -> None:
    assert {*rows(OF_PERSON)} == {*environment._OURS}
    settings = environment.engine_settings({}, Home(tmp_path))
    defaults = {name: cells[1] for name, cells in rows(OF_PERSON).items()}
    assert defaults["SSM_STOP_GRACE_S"].startswith(f"`{settings.stop_grace_s:g}`")
    assert defaults["SSM_SPOT_WAIT_S"] == f"`{settings.spot_wait_s:g}`"
    assert defaults["SSM_LOG_LIMIT_MB"] == f"`{settings.log_limit_mb}`"
    assert defaults["SSM_ISOLATION"] == f"`{settings.isolation}`"


@pytest.mark.parametrize(
    ("command", "others"),
    [("shell", {"SSM_OUTPUT"}), ("process", {"SSM_TENSORBOARD_DIR"})],
    ids=["training", "processing"],
)
def test_a_job_sees_what_the_page_says(tmp_path: Path, command: str, others: set[str]) -> None:
    shell = Shell(tmp_path)
    code = ("--cmd_line", "env") if command == "shell" else ("--entrypoint", "env")
    done = shell.ssm(command, "-p", "p", "-t", "t", *code, "-o", "out")
    assert done.status == 0, done.err
    seen = {*re.findall(r"^(SSM_\w+)=", (shell.folder / "out/logs/logs0").read_text(), re.MULTILINE)}
    assert seen <= {*rows(OF_JOB), "SSM_PYTHON"}
    ours = {name for name, cells in rows(OF_JOB).items() if cells[1] == "our launcher"}
    assert ours - others <= seen
