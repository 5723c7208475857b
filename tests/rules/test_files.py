"""What holds for every file: its length, its words, its changelog, the command that tests it."""

from __future__ import annotations

import re

from packaging.version import Version

from simple_sagemaker import __version__
from tests.rules.tree import PACKAGE, ROOT, files, module

LONGEST = 300
# A longer file is listed here with the reason; it may go no further than the number of lines given.
LONGER: dict[str, tuple[int, str]] = {}

FRAGMENT = re.compile(r"(\d+|\+[a-z0-9-]+)\.(added|changed|removed|fixed|security)(\.\d+)?\.md")


TEXTS = {module(file) or PACKAGE: file.read_text(encoding="utf-8") for file in files()}
LINES = {name: len(text.splitlines()) for name, text in TEXTS.items()}


def test_no_file_is_long_without_a_reason() -> None:
    long = {name: lines for name, lines in LINES.items() if lines > LONGER.get(name, (LONGEST, ""))[0]}
    assert not long, f"lines of {long}: make it two files, or say in LONGER (tests/rules/test_files.py) why not"


def test_the_list_of_long_files_is_no_longer_than_needed() -> None:
    assert not [name for name in LONGER if LINES.get(name, 0) <= LONGEST]


def test_nothing_is_left_to_do_in_the_source() -> None:
    marks = {name: re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", text) for name, text in TEXTS.items()}
    assert {name: left for name, left in marks.items() if left} == {}


def test_rooms_are_not_named_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "common", "misc", "constants"}
    assert not [str(file) for file in files() if file.stem in empty]


def test_the_version_is_one_that_can_be_released() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)


def test_the_release_job_finds_the_version() -> None:
    page = (ROOT / "src" / PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.findall(r'^__version__ = "(.*)"$', page, flags=re.MULTILINE)  # the pattern of the workflow's sed
    assert found == [__version__]


def test_every_changelog_fragment_has_a_legal_name_and_says_something() -> None:
    fragments = [file for file in (ROOT / "changelog.d").iterdir() if file.name != ".gitignore"]
    bad = [file.name for file in fragments if not FRAGMENT.fullmatch(file.name)]
    assert not bad, f"{bad}: name a fragment ISSUE.TYPE.md or +WORD.TYPE.md (CONTRIBUTING.md)"
    assert all(file.read_text(encoding="utf-8").strip() for file in fragments)


def test_the_changelog_has_the_place_where_releases_are_written() -> None:
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").count("<!-- changes begin here -->\n") == 1


def test_ci_runs_the_readmes_own_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    command = next(line for line in script.splitlines() if line.endswith("/tox"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert command in readme, f"README.md must hold the line {command!r}, or .ci/run the README's"


def test_the_oldest_dependencies_that_are_tested_are_those_that_are_named() -> None:
    low = (ROOT / "tox.ini").read_text(encoding="utf-8").partition("[testenv:low]")[2].partition("[testenv")[0]
    tested = re.findall(r"^    ([a-z0-9-]+)==([0-9.]+)$", low, flags=re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'"([a-z0-9-]+)(?:\[[^]]*\])?>=([0-9.]+)', project)
    assert {"boto3", "moto", "obstore"} <= {name for name, _ in tested}
    for name, version in tested:
        oldest = {Version(other) for known, other in named if known == name}
        assert oldest == {Version(version)}, f"{name}: tox.ini's low and pyproject.toml disagree"
