"""The Python of a job: the person's environment below, the job's own layer above."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.local.conftest import IMAGE, PLAIN, Engine, channel, processes_only
from tests.local.scripts import ML, python, run_json

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
SITE = Path(sysconfig.get_path("purelib"))


def wheel(name: str, code: str) -> bytes:
    """A wheel of one module, version 1.0."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: hashlib.sha256(text.encode()).digest() for path, text in files.items()}
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(files[path])}"
        for path, digest in digests.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return packed.getvalue()


def listing() -> dict[str, tuple[int, int]]:
    """What the environment of this test holds, but for caches that Python writes for itself."""
    result: dict[str, tuple[int, int]] = {}
    for top in (SITE, Path(sys.prefix) / "bin", Path(sys.base_prefix) / "lib"):
        for at, folders, names in os.walk(top):
            folders[:] = [folder for folder in folders if folder != "__pycache__"]
            stats = {name: os.lstat(os.path.join(at, name)) for name in names}
            result |= {os.path.join(at, name): (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}
    return result


def test_pip_in_a_job_works_there_and_leaves_the_persons_environment_as_it_was(engine: Engine) -> None:
    engine.store.write("b", "w/ssm_tiny-1.0-py3-none-any.whl", wheel("ssm_tiny", "VALUE = 42\n"))
    engine.store.write("b", "w/colorful_iniconfig-1.0-py3-none-any.whl", wheel("colorful_iniconfig", ""))
    before = listing()
    script = f"""{ML}
python3 -c 'import ssm_tiny' 2>/dev/null && echo there before
pip install --no-index --no-deps --no-cache-dir --quiet $ML/input/data/wheels/ssm_tiny-1.0-py3-none-any.whl || exit 1
python3 -m pip install --no-index --no-deps -q $ML/input/data/wheels/colorful_iniconfig-1.0-py3-none-any.whl || exit 2
pip uninstall -y iniconfig >/dev/null 2>&1
python3 -c 'import ssm_tiny, colorful_iniconfig; print(ssm_tiny.VALUE)'
"""
    described = engine.run(script, channels=[channel("wheels", "s3://b/w/")])
    lines = engine.printed("job-1")["algo-1"]
    assert described["TrainingJobStatus"] == "Completed", lines
    assert lines[-1] == "42"
    assert "there before" not in lines
    assert listing() == before
    import iniconfig

    assert iniconfig.__file__


@processes_only
def test_packages_of_the_persons_environment_can_be_imported(engine: Engine) -> None:
    code = "import sys, botocore, hypothesis\nprint(json.dumps([botocore.__version__, list(sys.version_info[:2])]))"
    import botocore

    assert run_json(engine, code)["algo-1"] == [botocore.__version__, list(sys.version_info[:2])]


def test_two_hosts_do_not_see_what_the_other_installed(engine: Engine) -> None:
    engine.store.write("b", "w/ssm_tiny-1.0-py3-none-any.whl", wheel("ssm_tiny", "VALUE = 42\n"))
    code = """
import subprocess, sys, importlib.util
who = json.load(open(ML + "/input/config/resourceconfig.json"))["current_host"]
if who == "algo-1":
    path = ML + "/input/data/wheels/ssm_tiny-1.0-py3-none-any.whl"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", path], check=True)
    importlib.invalidate_caches()
print(json.dumps(importlib.util.find_spec("ssm_tiny") is not None))
"""
    result = run_json(engine, code, hosts=2, channels=[channel("wheels", "s3://b/w/")])
    assert result == {"algo-1": True, "algo-2": False}


def packed(files: dict[str, str]) -> bytes:
    """A ``sourcedir.tar.gz`` as AWS's SDKs make it."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


SCRIPT = {"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"}}
HYPERPARAMETERS = {
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": '"s3://b/src/sourcedir.tar.gz"',
    "sagemaker_container_log_level": "20",
    "sagemaker_job_name": '"job-1"',
    "sagemaker_region": '"us-east-1"',
    "epochs": "3",
    "msg": '"Hello, world!"',
    "empty": '""',
    "d": '{"k": 1}',
}


@processes_only
def test_script_mode_of_other_clients_runs_their_script_with_exact_arguments(engine: Engine) -> None:
    code = (
        "import helper, json, os, sys\n"
        "print(json.dumps([sys.argv[1:], os.getcwd(), os.environ['SM_HPS'], os.environ['SM_MODEL_DIR'], helper.X]))"
    )
    engine.store.write("b", "src/sourcedir.tar.gz", packed({"train.py": code, "helper.py": "X = 7\n"}))
    described = engine.run("", HyperParameters=HYPERPARAMETERS, **SCRIPT)
    lines = engine.printed("job-1")["algo-1"]
    assert described["TrainingJobStatus"] == "Completed", lines
    arguments, cwd, hps, model, helped = next(json.loads(line) for line in lines if line.startswith("[["))
    assert arguments == ["-d", "k=1", "--empty", "", "--epochs", "3", "--msg", "Hello, world!"]
    assert json.loads(hps) == {"epochs": 3, "msg": "Hello, world!", "empty": "", "d": {"k": 1}}
    assert cwd.endswith("/opt/ml/code")
    assert model.endswith("/opt/ml/model")
    assert helped == 7


@processes_only
def test_a_script_mode_script_that_fails_gives_its_exit_code_as_aws_does(engine: Engine) -> None:
    engine.store.write("b", "src/sourcedir.tar.gz", packed({"train.py": "import sys\nsys.exit(7)\n"}))
    described = engine.run("", HyperParameters=HYPERPARAMETERS, **SCRIPT)
    assert described["TrainingJobStatus"] == "Failed"
    assert "7" in described["FailureReason"]


def test_a_script_mode_source_that_is_not_there_fails_the_job_with_its_address(engine: Engine) -> None:
    described = engine.run("", HyperParameters=HYPERPARAMETERS, **SCRIPT)
    assert described["TrainingJobStatus"] == "Failed"
    assert "src/sourcedir.tar.gz" in described["FailureReason"]


def test_a_script_mode_source_cannot_write_outside_its_folder(engine: Engine, tmp_path: Path) -> None:
    engine.store.write("b", "src/sourcedir.tar.gz", packed({"train.py": "", "../../../../escaped": "x"}))
    described = engine.run("", HyperParameters=HYPERPARAMETERS, **SCRIPT)
    assert described["TrainingJobStatus"] == "Failed"
    assert not [*tmp_path.rglob("escaped")]


def test_a_jobs_first_program_may_be_the_jobs_python(engine: Engine) -> None:
    engine.store.write("b", "py/main.py", b"import sys\nprint(sys.argv[1:])\n")
    entry = {
        "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/main.py"],
        "ContainerArguments": ["", "a b", "$(x)", "*", "é"],
    }
    engine.run("", algorithm=entry, channels=[channel("code", "s3://b/py/")])
    assert engine.printed("job-1")["algo-1"] == ["['', 'a b', '$(x)', '*', 'é']"]


def test_what_python_writes_is_printed_at_once(engine: Engine) -> None:
    name = engine.start(python("import time\nprint('ready')\ntime.sleep(100)"))
    engine.until_printed(name, "ready", within_s=300)


@processes_only
@pytest.mark.skipif(PLAIN, reason="no mounts of its own")
def test_a_job_cannot_write_into_the_environments_that_others_use(engine: Engine) -> None:
    files = {
        "train.py": "import os, tiny_ssm\n"
        "try:\n    open(os.path.join(os.environ['SSM_ENVIRONMENTS'], 'x'), 'w')\n"
        "except OSError as error:\n    print(error.strerror)\n"
        "try:\n    open(tiny_ssm.__file__, 'a')\n"
        "except OSError as error:\n    print(error.strerror)\n",
        "requirements.txt": "--no-index\n/opt/ml/input/data/wheels/tiny_ssm-1.0-py3-none-any.whl\n",
    }
    engine.store.write("b", "w/tiny_ssm-1.0-py3-none-any.whl", wheel("tiny_ssm", "VALUE = 42\n"))
    engine.store.write("b", "src/sourcedir.tar.gz", packed(files))
    wheels = [channel("wheels", "s3://b/w/")]
    described = engine.run("", HyperParameters=HYPERPARAMETERS, channels=wheels, **SCRIPT)
    lines = engine.printed("job-1")["algo-1"]
    assert described["TrainingJobStatus"] == "Completed", lines
    assert lines[-2:] == ["Read-only file system"] * 2
