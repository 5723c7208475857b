"""The page about built-in algorithms: commands are tried against an emulated AWS, files and Python are right."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import UsageError
from tests.emulated import Emulator

PAGE = (Path(__file__).parents[2] / "docs" / "built-ins.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines() if line.strip()
]
FILES = {
    "train.csv": "0,1.5,2\n1,2.5,3\n",
    "val.csv": "0,1.5,2\n1,2.5,3\n",
    "numbers.csv": "1,1.5,2\n1,2.5,3\n",
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(tmp_path_factory.mktemp("emulator"))
    s3 = made.client("s3")
    s3.create_bucket(Bucket="my-bucket")
    s3.put_object(Bucket="my-bucket", Key="points/a", Body=b"1,2\n")
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_right(command: str, emulator: Emulator, folder: Path) -> None:
    words = shlex.split(command)[1:]
    words += ["--dry_run"] if words[0] in {"run", "tune"} else []
    done = emulator.ssm(folder, *words, SSM_HOME=str(folder / "home"))
    assert done.returncode == 0, done.stderr
    if "--built_in" in words:
        assert "MetricDefinitions" not in done.stdout
        assert '"TrainingImage"' in done.stdout


def test_the_project_file_of_the_page_is_right(folder: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (folder / "ssm.toml").write_text(text, encoding="utf-8")
    spec = parse(["run", "-t", "churn"])
    assert isinstance(spec, TaskSpec)
    assert spec.image.built_in == "xgboost:3.2-0"


def test_the_python_of_the_page_can_be_compiled() -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    ast.parse(text)


def test_the_error_of_the_page_is_the_one_that_is_said(folder: Path) -> None:
    (text,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    (folder / "train.csv").write_text("age,income,churn\n31,1.5,0\n", encoding="utf-8")
    with pytest.raises(UsageError) as error:
        parse(shlex.split(COMMANDS[0])[1:])
    assert text.strip() in str(error.value)
