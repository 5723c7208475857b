"""The page about the project file: its example is a legal file, and what it shows was printed by running it."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from simple_sagemaker.cli.config import schema_text
from simple_sagemaker.options.project_file.keys import file_options
from simple_sagemaker.options.project_file.read import load
from simple_sagemaker.options.project_file.schema import schema
from tests import running_ssm

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "project-file.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ssm.toml").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("AWS_", "SSM_")):
            monkeypatch.delenv(name)
    return tmp_path


def printed(folder: Path, *argv: str) -> str:
    done = running_ssm.run(*argv, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace(str(folder), "/home/me/demo")


def test_the_example_says_what_the_page_shows(folder: Path) -> None:
    shown = re.findall(r"```text\n\$ ssm (config .*?)\n(.*?)```", TEXT, re.DOTALL)
    assert shown
    for command, output in shown:
        assert output == printed(folder, *command.split()), f"docs/project-file.md: $ ssm {command}"


def test_the_tables_hold_in_the_file(folder: Path) -> None:
    rows = re.findall(r"^\| `?-.*?\| (`.*=.*) \|$", TEXT, re.MULTILINE)
    assert len(rows) >= 10
    for row in rows:
        lines = [line for line in re.findall(r"`([^`]*)`", row) if " = " in line]
        (folder / "ssm.toml").write_text("[defaults]\n" + "\n".join(lines) + "\n")
        assert load({}) is not None, row


def test_the_schema_is_up_to_date() -> None:
    kept = (ROOT / "docs" / "schemas" / "ssm-toml.json").read_text(encoding="utf-8")
    assert kept == schema_text(), "run: python tools/write_schema.py"
    assert json.loads(kept) == schema()


def test_the_schema_has_every_key() -> None:
    assert set(schema()["definitions"]["options"]["properties"]) == set(file_options())


LEGAL = [
    EXAMPLE,
    "",
    "[defaults]\nlaunch_by = ''\nframework = 'sklearn'\ncommand = 'bash -x'\ndistribution = '{}'\nhp = {a = [1]}",
    "[task.t]\narguments = ['a', 1]\ninput_s3 = {a = 's3://b/k', b = ['s3://b/k', 'FullyReplicated']}",
]
ILLEGAL = [
    "[defaults]\ninstance_tipe = 'x'",
    "[defaults]\ninstance_count = '2'",
    "[task.t]\nbucket_name = 'x'",
    "[task.'a b']\nno_spot = true",
    "[defaults]\nno_spot = 1",
    "[defaults]\ntag = ['a']",
    "[other]",
]


@pytest.mark.parametrize(("text", "is_legal"), [*((one, True) for one in LEGAL), *((one, False) for one in ILLEGAL)])
def test_the_schema_agrees_with_the_reader(folder: Path, text: str, is_legal: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    from simple_sagemaker.errors import UsageError

    (folder / "ssm.toml").write_text(text)
    try:
        load({})
    except UsageError:
        assert not is_legal
    else:
        assert is_legal
    checker = jsonschema.Draft7Validator(schema())
    assert checker.is_valid(tomllib.loads(text)) == is_legal
