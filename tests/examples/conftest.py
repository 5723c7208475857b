"""The examples as a person finds them: a copy of their folder, their pages' own commands, and the real ``ssm``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest

from simple_sagemaker.services import choose as services
from tests import typed_ssm
from tests.emulated import Emulator
from tests.warm_homes import warm

EXAMPLES = Path(__file__).parents[2] / "examples"
REQUIREMENTS = "readme_examples/example6/code/requirements.txt"


def blocks(page: Path, heading: str | None = None) -> list[str]:
    """The ``bash`` blocks of a page, or of one section of it."""
    text = page.read_text(encoding="utf-8")
    if heading is not None:
        text = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        assert text, f"{page} has no section {heading!r}"
    return re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def shown(page: Path, heading: str) -> list[str]:
    """The lines that a section shows as printed."""
    text = page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for language, block in found if not language for line in block.splitlines()]


class Clone:
    """A folder with the examples in it, where commands run as typed: on this machine, on an emulated AWS, or on AWS."""

    def __init__(self, folder: Path, emulator: Emulator | None = None, *, aws: bool = False) -> None:
        self._patience_s = 3600 if aws else 100
        self._began = datetime.now(timezone.utc)
        self.folder = folder / "clone"
        self.home = emulator.home if emulator else folder / "home"
        shutil.copytree(EXAMPLES, self.folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
        self.tools = tools = typed_ssm.install(folder / "tools")
        self.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        self.sagemaker: Any
        if emulator:
            self.environment |= {**emulator.variables, "PAUSE_S": "1"}
            self.sagemaker = emulator.client("sagemaker")
        elif aws:
            self.sagemaker = boto3.client("sagemaker")
        else:
            warm(self.home)
            self.environment |= {"SSM_ENGINE": "local", "SSM_HOME": str(self.home)}
            self.sagemaker = services.local(self.environment).sagemaker
        self._emulator = emulator
        self._aws = aws

    def start(self, command: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-ec", command],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str, environment: Mapping[str, str] | None = None, *, timeout_s: float = 0) -> str:
        """What the command printed; it has to succeed."""
        with self.start(command, environment) as process:
            printed, _ = process.communicate(timeout=timeout_s or self._patience_s)
        assert process.returncode == 0, printed
        return printed

    def follow(self, heading: str) -> list[str]:
        """Run a section of the examples' page from top to bottom: what each block printed."""
        return [self.run(block) for block in blocks(self.folder / "examples/README.md", heading)]

    def log(self, example: str, number: int = 0) -> str:
        return (self.folder / "output" / example / "logs" / f"logs{number}").read_text(encoding="utf-8")

    def files(self, example: str) -> list[str]:
        """What was brought for an example, logs aside."""
        top = self.folder / "output" / example
        found = [str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()]
        return sorted(name for name in found if not name.startswith("logs/"))

    def jobs(self, task: str) -> list[str]:
        """The task's jobs of this test."""
        found = self.sagemaker.list_training_jobs(
            NameContains=f"{task}-2", CreationTimeAfter=self._began, MaxResults=100
        )["TrainingJobSummaries"]
        return sorted(one["TrainingJobName"] for one in found if one["TrainingJobName"].startswith(f"{task}-2"))

    def describe(self, job: str) -> Any:
        return self.sagemaker.describe_training_job(TrainingJobName=job)

    def client(self, service: str) -> Any:
        """A client of boto3 for the emulated AWS, or AWS."""
        made: Any = self._emulator.client if self._emulator else boto3.client
        return made(service)

    def fill_buckets(self) -> None:
        """Put a stand-in for AWS's public bucket where jobs look for it; on AWS it is there."""
        if self._aws:
            return
        persons = self.run("examples/fill_buckets.sh", {"SSM_HOME": str(self.folder / "filled")}).strip()
        bucket, _, key = persons.partition("/buckets/")[2].partition("/")
        if self._emulator:
            s3 = self._emulator.client("s3")
            s3.create_bucket(Bucket=bucket)
            s3.upload_file(persons, bucket, key)
        else:
            self.run("examples/fill_buckets.sh")

    def clean(self) -> None:
        """Delete what the examples left on AWS, or on the emulator: their project's objects and role."""
        client = self.client
        account = client("sts").get_caller_identity()["Account"]
        s3, iam = client("s3"), client("iam")
        bucket, role = f"sagemaker-{self.sagemaker.meta.region_name}-{account}", "SageMakerIAMRole_ssm-ex"
        with suppress(s3.exceptions.NoSuchBucket, iam.exceptions.NoSuchEntityException):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="ssm-ex/"):
                for stored in page.get("Contents", []):
                    s3.delete_object(Bucket=bucket, Key=stored["Key"])
            iam.delete_role_policy(RoleName=role, PolicyName="simple-sagemaker")
            iam.delete_role(RoleName=role)

    def without_a_package_index(self) -> None:
        """Have example 6 install a package of the same name that lies beside its code."""
        code = self.folder / "examples" / Path(REQUIREMENTS).parent
        wanted = (code / "requirements.txt").read_text(encoding="utf-8").strip()
        name, version = wanted.split("==")
        wheel(code, name, version, "def naturalsize(size):\n    return f'{size} Bytes'\n")
        (code / "requirements.txt").write_text(f"--no-index\n--find-links .\n{wanted}\n", encoding="utf-8")


def wheel(folder: Path, name: str, version: str, source: str) -> None:
    """The smallest wheel there can be: one module, and the three files that say so."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(path, text)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)
