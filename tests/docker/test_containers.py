"""Jobs in containers: what only they have. What every engine has is in tests/local, which runs in this mode too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.isolation.plain import living_descendants
from tests.docker.containers import BASE, LABEL, build, engine_on, in_containers, left, static_program
from tests.docker.daemon import Daemon
from tests.local.conftest import Engine
from tests.local.kills import kill, runs

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

OWN_PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
int main(int argc, char **argv) {
    mkdir("/opt/ml/model/own", 0700);
    FILE *out = fopen("/opt/ml/model/own/words", "w");
    for (int i = 1; i < argc; i++) fprintf(out, "%s\n", argv[i]);
    fclose(out);
    chmod("/opt/ml/model/own/words", 0600);
    return argc == 2 && strcmp(argv[1], "train") == 0 ? 0 : 3;
}
"""


@pytest.fixture
def engine(docker: Daemon, tmp_path: Path) -> Iterator[Engine]:
    made = engine_on(docker, tmp_path / "home")
    yield made
    assert left(docker, made) == []


def algorithm(image: str, **more: Any) -> dict[str, Any]:
    return {"TrainingInputMode": "File", "TrainingImage": image, **more}


def launched(engine: Engine, image: str) -> tuple[Any, list[str]]:
    """The description and the lines of a job of `ssm run` in an image; its code says which Python runs it."""
    worker = engine.home.root / "worker.py"
    worker.write_text("import sys; print('by', sys.executable)", encoding="utf-8")
    words = ["run", "-p", "p", "-t", "t", "-e", str(worker), "--image_uri", image]
    variables = {**os.environ, "SSM_ENGINE": "docker", "SSM_HOME": str(engine.home.root)}
    subprocess.run([sys.executable, "-m", "simple_sagemaker.cli.main", *words], env=variables, check=False)
    (job,) = engine.home.jobs.glob("[!.]*")
    return engine.end(job.name), engine.printed(job.name)["algo-1"]


@pytest.mark.parametrize("python", ["/usr/bin/python", "/opt/conda/bin/python"])
def test_an_image_whose_python_has_another_name_or_place_works(
    engine: Engine, docker: Daemon, tmp_path: Path, python: str
) -> None:
    changes = f"mkdir -p {Path(python).parent} && cp -L /usr/bin/python3 {python} && rm /usr/bin/python3*"
    image = build(docker, tmp_path / "other", f"FROM {{base}}\nRUN {changes}\n")
    described, lines = launched(engine, image)
    assert described["TrainingJobStatus"] == "Completed", lines
    assert f"by {python}" in lines


def test_an_image_without_python_says_so_in_one_line(engine: Engine, docker: Daemon, tmp_path: Path) -> None:
    image = build(docker, tmp_path / "none", "FROM {base}\nRUN rm -f /usr/bin/python3*\n")
    described, _ = launched(engine, image)
    assert described["TrainingJobStatus"] == "Failed"
    assert "The image has no Python of version 3.6 or newer" in described["FailureReason"]
    assert "\n" not in described["FailureReason"]


def test_an_image_with_a_program_of_its_own_is_started_with_train(
    engine: Engine, docker: Daemon, tmp_path: Path
) -> None:
    program = static_program(tmp_path / "c", OWN_PROGRAM)
    dockerfile = 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n'
    image = build(docker, tmp_path / "own", dockerfile, {"program": program})
    described = engine.run("", AlgorithmSpecification=algorithm(image))
    assert described["TrainingJobStatus"] == "Completed", described
    assert engine.archive("job-1", "model") == {"own": None, "own/words": b"train\n"}
    # arguments of the request are in the place of the word train
    described = engine.run("", AlgorithmSpecification=algorithm(image, ContainerArguments=["a", "b c"]))
    assert described["FailureReason"].endswith("exit code: 3")
    assert engine.archive("job-2", "model")["own/words"] == b"a\nb c\n"


def test_a_program_that_is_not_in_the_image_fails_the_job_with_its_name(engine: Engine) -> None:
    described = engine.run("", AlgorithmSpecification=algorithm(BASE, ContainerEntrypoint=["/no/such/program"]))
    assert described["TrainingJobStatus"] == "Failed"
    assert "/no/such/program" in described["FailureReason"]


def test_an_image_that_cannot_be_had_fails_the_job_with_its_name(engine: Engine, docker: Daemon) -> None:
    absent = f"{docker.registry}/no-such-image:1"
    described = engine.run("", AlgorithmSpecification=algorithm(absent, ContainerEntrypoint=["true"]))
    assert described["FailureReason"].startswith(f"ClientError: the image {absent} is not on this machine")


def test_an_image_is_pulled_when_it_is_not_there(engine: Engine, docker: Daemon) -> None:
    there = f"{docker.registry}/pulled-by-the-engine:1"
    docker.docker("tag", BASE, there)
    docker.docker("push", there)
    docker.docker("rmi", there)
    described = engine.run("true", algorithm={"TrainingImage": there})
    assert described["TrainingJobStatus"] == "Completed", described
    assert docker.docker("image", "inspect", there)


def test_the_environment_is_the_images_and_the_jobs_and_nothing_of_the_callers(
    engine: Engine, docker: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "of the caller")
    image = build(docker, tmp_path / "env", 'FROM {base}\nENV OF_THE_IMAGE="a b"\n')
    variables = {
        "PATH": "/usr/bin:/bin:/of/the/request",
        "HOME": "/tmp/a\nb",
        "SPACES": " a  b ",
        "LINES": "a\nb",
        "HASH": "#x",
        "QUOTES": "\"'$HOME",
    }
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    described = engine.run(f'exec python3 -c "{code}"', algorithm={"TrainingImage": image}, Environment=variables)
    assert described["TrainingJobStatus"] == "Completed", engine.printed("job-1")
    found = json.loads(engine.printed("job-1")["algo-1"][-1])
    assert variables.items() <= found.items()
    assert found["OF_THE_IMAGE"] == "a b"
    assert found["TRAINING_JOB_NAME"] == "job-1"
    assert "A_SECRET" not in found


def test_files_of_a_container_belong_to_the_caller_afterwards(docker: Daemon, tmp_path: Path) -> None:
    # a caller who is not root, and an image without any chown
    program = static_program(tmp_path / "c", OWN_PROGRAM)
    image = build(
        docker, tmp_path / "own", 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n', {"program": program}
    )
    home = tmp_path / "home"
    code = f"""
import json, sys
from pathlib import Path
from simple_sagemaker.local.job.home import Settings
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from tests.local.conftest import Engine
engine = Engine(Path({str(home)!r}), "direct")
engine.client = LocalSageMaker(engine.home, settings=Settings(**json.loads(sys.argv[1])))
algorithm = {{"TrainingInputMode": "File", "TrainingImage": {image!r}}}
described = engine.run("", AlgorithmSpecification=algorithm)
print(json.dumps([described["TrainingJobStatus"], sorted(engine.archive("job-1", "model"))]))
"""
    user = 54321
    home.mkdir()
    os.chown(home, user, user)
    Path(docker.host.removeprefix("unix://")).chmod(0o666)
    from dataclasses import asdict

    # this Python may lie where only root may look
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    done = subprocess.run(
        [*words, sys.executable, "-c", code, json.dumps(asdict(in_containers(docker)))],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["Completed", ["own", "own/words"]]
    assert [path for path in home.rglob("*") if path.lstat().st_uid != user] == []


def test_supervisor_and_watchdog_killed_at_once_leave_nothing_once_somebody_looks(
    engine: Engine, docker: Daemon
) -> None:
    job = engine.start("echo up; sleep 1000", hosts=2)
    engine.until_printed(job, "up")
    watchdog = int((engine.home.jobs / job / "supervisor.pid").read_text())
    both = [watchdog, *living_descendants(watchdog)]
    kill(both)
    while any(runs(pid) for pid in both):
        time.sleep(0.01)
    assert left(docker, engine)
    assert engine.end(job)["TrainingJobStatus"] == "Failed"
    assert left(docker, engine) == []


def test_the_process_that_stays_with_a_container_killed_fails_the_job(engine: Engine, docker: Daemon) -> None:
    job = engine.start("echo up; sleep 1000")
    engine.until_printed(job, "up")
    top = int((engine.home.jobs / job / "supervisor.pid").read_text())
    with_it = [
        pid for pid in living_descendants(top) if b"start\0--attach" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert with_it
    os.kill(with_it[0], signal.SIGKILL)
    described = engine.end(job)
    assert (described["TrainingJobStatus"], described["FailureReason"][-3:]) == ("Failed", "137")


def test_a_host_that_ended_at_once_is_still_found_by_name(engine: Engine) -> None:
    script = """
[ "$(hostname)" = algo-1 ] && exit
sleep 2
getent hosts algo-1 >/dev/null && echo found
"""
    described = engine.run(script, hosts=2)
    assert described["TrainingJobStatus"] == "Completed"
    assert engine.printed("job-1")["algo-2"] == ["found"]


def test_an_isolated_job_has_a_network_that_leads_nowhere(engine: Engine, docker: Daemon) -> None:
    job = engine.start("getent hosts algo-2; sleep 100", hosts=2, EnableNetworkIsolation=True)
    engine.until_printed(job, "algo-2")
    mine = f"label={LABEL}={engine.home.jobs / job}"
    (network,) = docker.docker("network", "ls", "--quiet", "--filter", mine).split()
    assert docker.docker("network", "inspect", "--format", "{{.Internal}}", network) == "true\n"
    engine.client.stop_training_job(TrainingJobName=job)
    engine.end(job)


def test_a_folder_whose_name_has_commas_quotes_and_colons_can_hold_a_job(docker: Daemon, tmp_path: Path) -> None:
    made = engine_on(docker, tmp_path / 'a,b "c" d:e')
    described = made.run("echo x > /opt/ml/model/x")
    assert described["TrainingJobStatus"] == "Completed", described
    assert made.archive("job-1", "model") == {"x": b"x\n"}
    assert left(docker, made) == []
