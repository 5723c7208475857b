"""The launcher and the worker's library on the oldest and the newest Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.payload.job import REPORT, JobFolder

VERSIONS = ["3.6", "3.8", "3.13"]
WORKER = """
from worker_toolkit import worker_lib
worker_config = worker_lib.WorkerConfig()
assert worker_config.hps == {"msg": "Hello, world!"}, worker_config.hps
assert worker_config.channel_data.endswith("/input/data/data")
"""


def interpreter(version: str) -> str:
    interpreters = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    if not interpreters:
        pytest.skip(f"no Python {version} here")
    return str(interpreters[-1])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("way", ["direct", "toolkit", "train"])
def test_a_job_runs_under_the_plainest_locale(job: JobFolder, version: str, way: str) -> None:
    job.python = interpreter(version)
    job.hyperparameters = {"msg": '"Hello, world!"'}
    if way == "train":
        job.hyperparameters["sagemaker_program"] = '"train.py"'
    if way != "train":
        job.run_file["arguments"] = ["日本", "\udcff", ""]
    if way == "toolkit":
        job.environment = {"SM_HPS": '{"msg":"Hello, world!"}', "SM_CHANNELS": '["data"]'}
        job.environment["SM_CHANNEL_DATA"] = "/x/input/data/data"
    job.channels = {"data": {"TrainingInputMode": "File"}}
    job.files["train.py"] = REPORT + (WORKER if way != "train" else "")
    job.environment.update(LANG="C", LC_ALL="C")
    ended = job.run(way)
    assert ended.status == 0, ended.text
    expected = ["--msg", "Hello, world!"] + ([] if way == "train" else ["日本", "\udcff", ""])
    assert job.report.arguments == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_a_failing_job_tells_why(job: JobFolder, version: str) -> None:
    job.python = interpreter(version)
    job.files = {"train.py": "raise ValueError('\\u65e5')"}
    job.environment = {"LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
    assert job.run().status == 1
    assert 'ErrorMessage "ValueError: 日"' in job.failure


NAMES = [
    b"plain.txt",
    "日本/é.txt".encode(),
    b"not utf-8 \xff\xfe",
    b"new\nline and \ttab ",
    b"x" * 150 + b"/" + b"y" * 200,
    "é".encode() * 120,
    b"d/" * 60 + b"\xfe" * 100,
    b"z" * 155 + b"/" + b"z" * 100,
]
LIST = """
import binascii, os, sys
found = [os.path.join(at, name)[2:] for at, _, names in os.walk(b".") for name in names]
bad = [one for one in found if one.startswith(b"_") and open(one, "rb").read() != one]
print("found: " + " ".join(binascii.hexlify(one).decode() for one in sorted(found)), sys.argv[1:], bad)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold fewer names")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_files_arrive_under_their_names_whatever_they_are(
    job: JobFolder, tmp_path: Path, version: str, locale: str
) -> None:
    job.python = interpreter(version)
    top = os.fsencode(tmp_path / "code")
    names = sorted(os.path.join(b"_", name) for name in NAMES)
    for name in names:
        os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
        with open(os.path.join(top, name), "wb") as file:
            file.write(name)
    (tmp_path / "code/train.py").write_text(LIST)
    job.source = tmp_path / "code"
    job.run_file["arguments"] = ["a b"]
    job.environment.update(LANG=locale, LC_ALL=locale)
    ended = job.run("direct")
    assert ended.status == 0, ended.text
    (line,) = [line for line in ended.text.splitlines() if line.startswith("found: ")]
    names_in_hex, _, rest = line.removeprefix("found: ").partition(" [")
    assert [one for one in map(bytes.fromhex, names_in_hex.split()) if one.startswith(b"_")] == names
    assert rest == "'a b'] []"


@pytest.mark.skipif(sys.platform != "linux", reason="the tar of Linux")
def test_plain_tar_unpacks_the_code_too(job: JobFolder, tmp_path: Path) -> None:
    (tmp_path / "code" / ("é" * 80) / "deep").mkdir(parents=True)
    (tmp_path / "code/train.py").write_text("print(1)")
    (tmp_path / "code" / ("é" * 80) / "deep" / ("x" * 120)).write_text("long")
    (tmp_path / "out").mkdir()
    job.pack(tmp_path / "code", tmp_path)
    argv = ["tar", "xzf", str(tmp_path / "sourcedir.tar.gz"), "-C", str(tmp_path / "out")]
    subprocess.run(argv, check=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    assert (tmp_path / "out" / ("é" * 80) / "deep" / ("x" * 120)).read_text() == "long"
    assert (tmp_path / "out/ssm_launcher/main.py").is_file()
