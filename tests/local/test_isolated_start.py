"""The engine's own processes import nothing of the user's, and show nothing of the caller's to a job."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.isolation import interpreter
from simple_sagemaker.local.supervisor import spawn
from tests.local.conftest import DOCKER, Engine, processes_only, settings
from tests.unit.local.made_jobs import left_over

once = pytest.mark.parametrize("engine", ["direct"], indirect=True)
TRAP = "import builtins\nbuiltins.open({mark!r}, 'a').write(__name__ + '\\n')\nraise ImportError('not the real one')\n"
BECOME_NOBODY = """
"loaded while root's folders can be read".encode("ascii")
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    os.environ["TMPDIR"] = "/tmp"
"""


@pytest.fixture(params=["files", "packages"])
def trapped(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module named like each of Python's own; gives the file that lists those imported."""
    folder = tmp_path / "here"
    folder.mkdir()
    mark = tmp_path / "imported"
    for name in sys.stdlib_module_names - {"sys", "builtins"}:
        file = folder / f"{name}.py" if request.param == "files" else folder / name / "__init__.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(TRAP.format(mark=str(mark)))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return mark


@once
def test_modules_of_the_current_folder_are_not_imported_by_the_engine(engine: Engine, trapped: Path) -> None:
    described = engine.run("echo hello")
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    assert not trapped.exists(), trapped.read_text()


@processes_only
def test_modules_of_the_current_folder_are_not_imported_by_the_probes_of_a_python(
    trapped: Path, tmp_path: Path
) -> None:
    assert interpreter.inspect(sys.executable, tmp_path / "cache").executable == sys.executable
    shim = tmp_path / "python3"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)
    assert interpreter.resolve_shim(str(shim), {}, tmp_path / "cache") == sys.executable
    assert not trapped.exists(), trapped.read_text()


@once
def test_a_supervisor_that_does_not_come_up_is_an_error_that_says_why(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.client = LocalSageMaker(engine.home, settings=settings())
    monkeypatch.setattr(spawn, "_PROGRAM", "import no_such_module_at_all")
    with pytest.raises(ClientError, match=r"ended with status 1 .*No module named 'no_such_module_at_all'"):
        engine.run("true")
    assert left_over(engine.home) == []
    assert list(engine.home.jobs.glob("[!.]*")) == []


@once
@pytest.mark.skipif(DOCKER or sys.platform != "linux", reason="reads /proc of this machine")
def test_a_job_without_isolation_finds_the_callers_secrets_in_no_process(engine: Engine) -> None:
    secret = "AKIA-THE-CALLERS-SECRET"
    engine.client = engine.service(settings(isolation="plain"), {"AWS_SECRET_ACCESS_KEY": secret})
    script = "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c AKIA-THE-CALLERS"  # prints how many
    name = str(engine.run(f"{script}; true")["TrainingJobName"])
    assert engine.printed(name)["algo-1"] == ["0"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc of this machine")
def test_a_process_that_cannot_be_dumped_is_closed_to_others_of_the_same_user() -> None:
    code = f"""
import os, signal
from simple_sagemaker.local.isolation import namespaces
{BECOME_NOBODY}
for is_open in (True, False):
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        namespaces.set_dumpable(is_open)
        os.write(tell, b"x")
        signal.pause()
    os.read(ready, 1)
    try:
        os.close(os.open(f"/proc/{{child}}/environ", os.O_RDONLY))
        print("open")
    except PermissionError:
        print("closed")
    finally:
        os.kill(child, signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["open", "closed"], done


@pytest.mark.skipif(DOCKER or sys.platform != "linux", reason="needs namespaces of users")
def test_an_ordinary_user_gets_the_same_isolation_from_a_supervisor_that_cannot_be_read() -> None:
    """For root: as nobody. In tests/unprivileged.py's namespace root would still own the files that matter."""
    choose = f"""
import os, sys
from simple_sagemaker.local.isolation import choose, namespaces
{BECOME_NOBODY}
namespaces.set_dumpable(sys.argv[1] == "open")
print(choose.choose("auto"))
"""
    as_user = [sys.executable, "-c", choose]
    answers = [
        subprocess.run([*as_user, how], capture_output=True, text=True, check=True) for how in ("open", "closed")
    ]
    assert answers[0].stdout == answers[1].stdout, answers
