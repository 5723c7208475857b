"""A job's folder on this machine, filled as SageMaker fills it, and the ways to start the launcher in it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simple_sagemaker.core.specs import Code, Place, TaskSpec
from simple_sagemaker.payload import CHANNEL_FILES, CODE_FILES, FOLDER
from simple_sagemaker.tasks.code.files import CodeFiles
from simple_sagemaker.tasks.code.package import package

# A script that tells, byte for byte, what it was given.
REPORT = """
import json, os, sys
with open(os.path.join(os.environ["SAGEMAKER_BASE_DIR"], "output/data/report.json"), "w") as file:
    json.dump({
        "argv": [os.fsencode(word).hex() for word in sys.argv[1:]],
        "environment": {name.hex(): text.hex() for name, text in os.environb.items()},
        "folder": os.getcwd(),
    }, file)
"""


@dataclass(frozen=True)
class Report:
    """What a script saw: its arguments, its environment, its folder."""

    argv: list[bytes]
    raw_environment: dict[bytes, bytes]
    folder: str

    @property
    def arguments(self) -> list[str]:
        return [word.decode("utf-8", "surrogateescape") for word in self.argv]

    @property
    def environment(self) -> dict[str, str]:
        return {_text(name): _text(text) for name, text in self.raw_environment.items()}

    @property
    def sagemaker(self) -> dict[str, str]:
        """The variables that AWS's toolkit sets, as far as they are set."""
        others = {"SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION", "CURRENT_HOST"}
        return {name: text for name, text in self.environment.items() if name.startswith("SM_") or name in others}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Ended:
    """How a launcher ended, and all it printed."""

    status: int
    output: bytes

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


def resources(*hosts: str, current: str = "", **more: Any) -> dict[str, Any]:
    """A resourceconfig.json in the short form; one host without any named."""
    named = hosts or ("algo-1",)
    return {"current_host": current or named[0], "hosts": [*named], "network_interface_name": "eth0", **more}


@dataclass
class JobFolder:
    """Everything below ``base`` is one host's ``/opt/ml``. Set the fields, then ``start`` or ``run`` it."""

    base: Path
    hyperparameters: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=resources)
    config: dict[str, Any] = field(default_factory=dict)  # further files of input/config
    files: dict[str, str | bytes] = field(default_factory=lambda: {"train.py": REPORT})
    run_file: dict[str, Any] = field(default_factory=lambda: {"kind": "run", "entry_point": "train.py"})
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable
    source: Path | None = None  # a folder that is packed as the client packs it, in place of ``files``

    @property
    def code(self) -> Path:
        return self.base / "code"

    @property
    def output(self) -> Path:
        return self.base / "output"

    @property
    def failure(self) -> str:
        path = self.output / "failure"
        return path.read_text("utf-8") if path.exists() else ""

    @property
    def report(self) -> Report:
        report = json.loads((self.output / "data" / "report.json").read_text())
        return Report(
            argv=[bytes.fromhex(word) for word in report["argv"]],
            raw_environment={bytes.fromhex(n): bytes.fromhex(t) for n, t in report["environment"].items()},
            folder=report["folder"],
        )

    def write(self) -> None:
        """Write what SageMaker writes before the first process starts; an earlier run leaves nothing."""
        if self.base.exists():
            shutil.rmtree(self.base)
        for folder in ("input/config", "input/data", "model", "output/data"):
            (self.base / folder).mkdir(parents=True)
        for name in self.channels:
            (self.base / "input/data" / name).mkdir()
        contents = {
            "hyperparameters.json": self.hyperparameters,
            "inputdataconfig.json": self.channels,
            "resourceconfig.json": self.resource,
            **self.config,
        }
        for name, content in contents.items():
            (self.base / "input/config" / name).write_text(json.dumps(content))

    def write_code(self, *, with_launcher: bool) -> None:
        """Put the person's files where the code lies unpacked, and the launcher's beside them."""
        for name, content in self.files.items():
            path = self.code / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if with_launcher:
            for name in CODE_FILES:
                (self.code / name).parent.mkdir(exist_ok=True)
                shutil.copy(FOLDER / name, self.code / name)
            (self.code / "run.json").write_text(json.dumps({"version": 1, **self.run_file}))

    def write_channel(self) -> None:
        """Fill the hidden channel as the client does: start script, launcher, packed code."""
        channel = self.base / "input/data/ssm_source"
        channel.mkdir(exist_ok=True)
        for name in CHANNEL_FILES:
            shutil.copy(FOLDER / name, channel / name)
        if self.source:
            self.pack(self.source, channel)
            return
        contents = {name: (FOLDER / name).read_bytes() for name in CODE_FILES}
        contents["run.json"] = json.dumps({"version": 1, **self.run_file}).encode()
        contents.update((n, c if isinstance(c, bytes) else c.encode()) for n, c in self.files.items())
        with tarfile.open(channel / "sourcedir.tar.gz", "w:gz", compresslevel=1) as archive:
            for name, content in contents.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    def pack(self, folder: Path, channel: Path) -> None:
        """Fill the hidden channel with what the client itself makes of a folder."""
        code = CodeFiles()
        code.add_folder(folder, "", use_gitignore=False)
        spec = TaskSpec(
            kind="run",
            place=Place(project="p", task="t"),
            code=Code(entry_point=self.run_file["entry_point"]),
            arguments=self.run_file.get("arguments", ()),
        )
        made = package(spec, code, {})
        made.pack(channel / "sourcedir.tar.gz")
        for name, data in made.beside.items():
            (channel / name).write_bytes(data)

    def launch_argv(self, way: str) -> list[str]:
        """Write the job for one way into the launcher, and say what starts it."""
        self.write()
        if way == "direct":
            self.write_channel()
            return ["/bin/sh", str(self.base / "input/data/ssm_source/start.sh")]
        self.write_code(with_launcher=way == "toolkit")
        if way == "train":
            return [self.python, "-E", "-s", "-S", str(FOLDER / "launcher.py"), "--train"]
        return [self.python, "launcher.py", "--mangled", "beyond", "repair"]

    def surroundings(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the first process, made of nothing."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base),
            "SAGEMAKER_BASE_DIR": str(self.base),
            "SSM_PYTHON": self.python,
            "SM_STUDIO_LOCAL_MODE": "true",
        }
        return {**variables, **self.environment, **(more or {})}

    def start(self, way: str = "direct") -> subprocess.Popen[bytes]:
        """Start the launcher, its output in a pipe."""
        argv = self.launch_argv(way)
        return subprocess.Popen(
            argv,
            env=self.surroundings(),
            cwd=self.code if way == "toolkit" else self.base,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, way: str = "direct", timeout_seconds: float = 60) -> Ended:
        """Start the launcher and wait for its end."""
        process = self.start(way)
        try:
            output, _ = process.communicate(timeout=timeout_seconds)
        finally:
            process.kill()
            process.wait()
        return Ended(process.returncode, output)
