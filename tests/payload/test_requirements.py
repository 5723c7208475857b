"""What a job's code asks for is installed first: into its interpreter, or once for all jobs beside it."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.payload.job import JobFolder

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
SHOW = "import tiny, sys; print('tiny', tiny.VERSION, tiny.__file__)"
# A package whose build needs nothing from an index: its backend is its own.
BACKEND = """
import shutil
def build_wheel(folder, settings=None, metadata=None):
    shutil.copy("prepared.whl", folder + "/tiny-2.0-py3-none-any.whl")
    return "tiny-2.0-py3-none-any.whl"
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def wheel(version: str) -> bytes:
    """A wheel of the package ``tiny``, made by hand."""
    info = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with pip and the package ``tiny`` 0.5, made once for all processes of a test run."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = root / "interpreter"
    with open(root / "interpreter.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make_interpreter(folder)
            (folder / "made").touch()
    return folder / "bin/python"


def _make_interpreter(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wheel_file = folder / "tiny-0.5-py3-none-any.whl"
    wheel_file.write_bytes(wheel("0.5"))
    install = ["-m", "pip", "install", "-q", "--no-index", str(wheel_file)]
    subprocess.run([str(folder / "bin/python"), *install], check=True, env={**os.environ, **OFFLINE})


def overlay(folder: Path, python: Path) -> Path:
    """What the engine makes for a host: an environment of its own on top of another, which it does not change."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    base = python.resolve()
    (folder / "bin/python").symlink_to(base)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    parent = python.parent.parent / "lib" / version / "site-packages"
    (site / "_ssm_host.pth").write_text(f"import site; site.addsitedir({str(parent)!r})\n")
    return folder / "bin/python"


@pytest.fixture
def asking(job: JobFolder) -> JobFolder:
    """A job whose code asks for ``tiny`` 1.0."""
    job.environment = dict(OFFLINE)
    job.files = {
        "train.py": SHOW,
        "tiny-1.0-py3-none-any.whl": wheel("1.0"),
        "requirements.txt": "./tiny-1.0-py3-none-any.whl\n",
    }
    return job


def shared(job: JobFolder, interpreter: Path, tmp_path: Path, name: str = "host") -> Path:
    """Let ``job`` run on an interpreter of its own, with environments shared below the folder returned."""
    job.python = str(overlay(tmp_path / name, interpreter))
    job.environment["SSM_ENVIRONMENTS"] = str(tmp_path / "environments")
    return tmp_path / "environments"


def test_requirements_go_into_the_jobs_interpreter(asking: JobFolder, interpreter: Path, tmp_path: Path) -> None:
    asking.python = str(overlay(tmp_path / "host", interpreter))
    ended = asking.run()
    assert f"tiny 1.0 {tmp_path}/host/lib/" in ended.text, ended.text


@pytest.mark.parametrize("way", ["direct", "train"])
def test_a_failing_installation_fails_the_job_with_pips_words(
    asking: JobFolder, interpreter: Path, tmp_path: Path, way: str
) -> None:
    asking.python = str(overlay(tmp_path / "host", interpreter))
    asking.hyperparameters = {"sagemaker_program": '"train.py"'}
    asking.files["requirements.txt"] = "surely-no-such-package==1\n"
    ended = asking.run(way)
    assert ended.status == 1
    assert "requirements.txt cannot be installed (exit status 1)" in asking.failure
    assert "No matching distribution found for surely-no-such-package==1" in asking.failure
    assert "Invoking script" not in ended.text


def test_a_shell_script_and_a_shell_task_get_none(asking: JobFolder, interpreter: Path) -> None:
    asking.python = str(interpreter)
    asking.files["run.sh"] = f"{interpreter} train.py"
    asking.run_file = {"kind": "run", "entry_point": "run.sh"}
    assert "tiny 0.5" in asking.run().text
    asking.run_file = {"kind": "shell", "command": f"{interpreter} train.py"}
    assert "tiny 0.5" in asking.run().text


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_package_is_installed_and_run_as_a_module(
    asking: JobFolder, interpreter: Path, tmp_path: Path, is_shared: bool
) -> None:
    asking.python = str(overlay(tmp_path / "host", interpreter))
    if is_shared:
        asking.environment["SSM_ENVIRONMENTS"] = str(tmp_path / "environments")
    asking.files.pop("requirements.txt")
    asking.files.update(
        {"setup.py": "", "pyproject.toml": PROJECT, "backend.py": BACKEND, "prepared.whl": wheel("2.0")}
    )
    ended = asking.run()
    assert f"\n{asking.python} -m train\n" in ended.text
    assert "\ntiny 2.0 " in ended.text


def test_the_second_job_finds_the_environment_of_the_first(
    asking: JobFolder, interpreter: Path, tmp_path: Path
) -> None:
    environments = shared(asking, interpreter, tmp_path)
    first = asking.run()
    assert f"tiny 1.0 {environments}" in first.text, first.text
    shared(asking, interpreter, tmp_path, "another-host")
    second = asking.run()
    assert f"tiny 1.0 {environments}" in second.text
    assert "pip install" in first.text
    assert "pip install" not in second.text
    assert subprocess.run([interpreter, "-c", SHOW], capture_output=True, text=True, check=True).stdout.startswith(
        "tiny 0.5"
    )


def test_packages_of_the_interpreter_count_as_installed(asking: JobFolder, interpreter: Path, tmp_path: Path) -> None:
    shared(asking, interpreter, tmp_path)
    asking.files["requirements.txt"] = "tiny==0.5\n"
    ended = asking.run()
    assert "Requirement already satisfied" in ended.text
    assert "\ntiny 0.5 " in ended.text


def test_programs_of_the_environment_are_found_first(asking: JobFolder, interpreter: Path, tmp_path: Path) -> None:
    environments = shared(asking, interpreter, tmp_path)
    asking.files["train.py"] = "import shutil; print(shutil.which('python'))"
    assert f"\n{environments}" in asking.run().text


@pytest.mark.parametrize("mark", ["", "pipe", "hole"])
def test_an_environment_that_was_not_finished_is_built_again(
    asking: JobFolder, interpreter: Path, tmp_path: Path, mark: str
) -> None:
    environments = shared(asking, interpreter, tmp_path)
    asking.run()
    (built,) = [path for path in environments.iterdir() if path.is_dir()]
    (built / ".complete").unlink()
    if mark == "pipe":
        os.mkfifo(built / ".complete")
    elif mark:
        with open(built / ".complete", "wb") as out:
            out.truncate(1 << 36)
    (next(built.glob("lib/*/site-packages")) / "tiny.py").write_text("half writ")
    assert f"tiny 1.0 {built}" in asking.run().text


def test_a_second_start_on_the_same_host_finds_the_same_environment(
    asking: JobFolder, interpreter: Path, tmp_path: Path
) -> None:
    environments = shared(asking, interpreter, tmp_path)
    asking.run()
    assert "pip install" not in asking.run().text
    assert len([path for path in environments.iterdir() if path.is_dir()]) == 1


def test_other_content_is_another_environment(asking: JobFolder, interpreter: Path, tmp_path: Path) -> None:
    environments = shared(asking, interpreter, tmp_path)
    asking.run()
    asking.files["tiny-1.0-py3-none-any.whl"] = wheel("1.1")
    asking.files["tiny-1.1-py3-none-any.whl"] = wheel("1.1")
    asking.files["requirements.txt"] = "# of another kind\n./tiny-1.1-py3-none-any.whl\n"
    assert "tiny 1.1" in asking.run().text
    assert len([path for path in environments.iterdir() if path.is_dir()]) == 2


def test_two_jobs_at_once_build_one_environment(asking: JobFolder, interpreter: Path, tmp_path: Path) -> None:
    shared(asking, interpreter, tmp_path)
    other = JobFolder(tmp_path / "other", files=asking.files, environment=asking.environment)
    other.python = str(overlay(tmp_path / "other-host", interpreter))
    processes = [asking.start(), other.start()]
    texts = [process.communicate(timeout=300)[0].decode() for process in processes]
    assert all("tiny 1.0" in text for text in texts)
    assert sum("pip install" in text for text in texts) == 1


def test_an_interpreter_that_is_not_the_jobs_own_is_left_alone(asking: JobFolder, tmp_path: Path) -> None:
    asking.python = str(Path(sys.executable).resolve())
    asking.environment["SSM_ENVIRONMENTS"] = str(tmp_path / "environments")
    assert asking.run().status == 1
    assert "no prefix of its own" in asking.failure


def test_an_interpreter_without_pip_gets_pythons_own(asking: JobFolder, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    asking.python = str(folder / "bin/python")
    ended = asking.run()
    assert "ensurepip" in ended.text
    assert "\ntiny 1.0 " in ended.text


@pytest.mark.parametrize("change", ["content", "same size and time", "another file", "a file less"])
def test_an_environment_that_was_changed_since_is_built_again(
    asking: JobFolder, interpreter: Path, tmp_path: Path, change: str
) -> None:
    environments = shared(asking, interpreter, tmp_path)
    asking.run()
    site = next(environments.glob("*/lib/*/site-packages"))
    module, before = site / "tiny.py", (site / "tiny.py").stat()
    if change == "another file":
        (site / "json.py").write_text("raise SystemExit('not the real one')\n")
    elif change == "a file less":
        module.unlink()
    else:
        module.write_text("VERSION = '6.6'\n" if change != "content" else "raise SystemExit('changed')\n")
        if change != "content":
            os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    ended = asking.run()
    assert ended.status == 0, ended.text
    assert "the requirements were changed after they were installed" in ended.text
    assert f"tiny 1.0 {environments}" in ended.text
    assert "pip install" not in asking.run().text


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("way", ["direct", "train"])
def test_pip_imports_nothing_from_the_code_that_it_installs_for(
    asking: JobFolder, interpreter: Path, tmp_path: Path, way: str, is_shared: bool
) -> None:
    asking.python = str(overlay(tmp_path / "host", interpreter))
    if is_shared:
        asking.environment["SSM_ENVIRONMENTS"] = str(tmp_path / "environments")
    asking.hyperparameters = {"sagemaker_program": '"train.py"'}
    trap = f"open({str(tmp_path / 'imported')!r}, 'a').write(__name__ + ' ')\nraise ImportError('not the real one')\n"
    names = ["random", "types", "tempfile", "copy", "signal", "queue", "logging", "runpy", "importlib", "pip", "json"]
    asking.files.update({f"{name}.py": trap for name in names})
    asking.files["train.py"] = "print('started')"
    ended = asking.run(way)
    assert not (tmp_path / "imported").exists(), (tmp_path / "imported").read_text()
    assert ended.status == 0, ended.text
    assert "Successfully installed tiny-1.0" in ended.text
