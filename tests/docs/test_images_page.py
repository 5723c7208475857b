"""The pages about AWS's images and about Spark: their commands are such as can be run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import ProcessSpec
from simple_sagemaker.images.frameworks import framework_image
from simple_sagemaker.images.published import frameworks
from tests.cli.conftest import Shell

DOCS = Path(__file__).parents[2] / "docs"
IMAGES = (DOCS / "images.md").read_text(encoding="utf-8").partition("## Images of your own")[0]
SPARK = (DOCS / "processing.md").read_text(encoding="utf-8").partition("## Spark\n")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^ssm (images.*)$", IMAGES, re.MULTILINE)
OPTIONS = [row[1] for row in re.findall(r"^\| ([^|]+) \| `(.+)` \|$", SPARK, re.MULTILINE)]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_about_images_run(tmp_path: Path, command: str) -> None:
    done = Shell(tmp_path).ssm(*shlex.split(command))
    assert done.status == 0, done.err
    assert "PYTHON" in done.out


def test_the_page_names_every_framework_and_images_that_exist() -> None:
    named = set(re.findall(r"`([a-z][a-z-]+)`", IMAGES))
    assert set(frameworks()) <= named
    version = re.search(r"--fv (\d\S+)`", IMAGES)
    assert version
    assert framework_image("huggingface", version=version[1], instance_type="local_gpu", region="us-east-1")


def test_the_commands_about_spark_are_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("job.py", "app.jar", "code/job.py", "conf/configuration.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    first = re.search(r"```bash\nssm (.*)\n```", SPARK)
    assert first
    spec = parse(shlex.split(first[1]))
    assert isinstance(spec, ProcessSpec)
    assert (spec.command, spec.arguments, spec.instances.count) == (("smspark-submit",), ("s3://bucket/table",), 3)
    assert len(OPTIONS) == 4
    for options in OPTIONS:
        code = [] if "--code" in options else ["--code", "job.py"]
        one = parse(["process", "-p", "p", "-t", "t", "-f", "spark", *shlex.split(options), *code])
        assert isinstance(one, ProcessSpec)
        assert one.command[0] == "smspark-submit"
