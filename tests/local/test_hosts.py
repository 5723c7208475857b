"""What a host is: its own processes, names, addresses and environment, and nothing of the caller's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Home
from tests.local.conftest import PLAIN, Engine, processes_only, settings
from tests.local.scripts import last_json, python, run_json

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
own_view = pytest.mark.skipif(PLAIN, reason="a plain process has no view of its own")
SECRET = "a-secret-of-the-caller"


@pytest.fixture(scope="module", autouse=True)
def _secret() -> Iterator[None]:
    """Set before any engine of this module is made."""
    os.environ["CALLERS_SECRET"] = SECRET
    yield
    del os.environ["CALLERS_SECRET"]


SEARCH = f"""
import glob, time
found = [name for name, value in os.environ.items() if "{SECRET}"[1:] in value]
parents, pid = [], os.getppid()
while pid > 1:
    parents.append(pid)
    stat = open("/proc/%d/stat" % pid).read()
    pid = int(stat.rpartition(")")[2].split()[1])
for number in glob.glob("/proc/[0-9]*"):
    pid = int(os.path.basename(number))
    try:
        if "{SECRET}"[1:].encode() in open(number + "/environ", "rb").read():
            found.append(pid)
    except OSError:
        pass
print(json.dumps([found, parents]))
"""


def test_a_secret_of_the_caller_cannot_be_seen_in_a_job(engine: Engine) -> None:
    result, above = run_json(engine, SEARCH)["algo-1"]
    if PLAIN:  # the caller's own process can be seen there, but none that belongs to the job
        result = [pid for pid in result if pid in above and pid not in _ours()]
    assert result == []
    received, _ = run_json(engine, SEARCH, Environment={"TOLD": SECRET})["algo-1"]
    assert "TOLD" in received  # so this search does find what is there


def _ours() -> set[int]:
    """This process and those above it."""
    result, pid = set(), os.getpid()
    while pid > 1:
        result.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return result


@processes_only
def test_the_environment_is_built_from_nothing(engine: Engine) -> None:
    result = run_json(engine, "print(json.dumps(dict(os.environ)))")["algo-1"]
    assert not {name for name in result if name.startswith(("PYTEST", "AWS_")) and name != "AWS_REGION"}
    assert "VIRTUAL_ENV" not in result
    assert result["HOME"] != os.environ.get("HOME")


@own_view
def test_a_host_is_alone_with_its_name_its_processes_and_its_tmp(engine: Engine, tmp_path: Path) -> None:
    mark = Path("/tmp") / f"{tmp_path.parent.name}-of-the-machine"
    mark.touch()
    code = """
import socket, time
processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]
open("/tmp/made-in-the-job", "w").close()
time.sleep(0.3)
assert os.listdir("/..") == os.listdir("/"), os.listdir("/..")  # no root of another
print(json.dumps([os.getpid(), sorted(processes), socket.gethostname(), sorted(os.listdir("/tmp")), os.getuid()]))
"""
    try:
        result = run_json(engine, code, hosts=2)
    finally:
        mark.unlink()
    for name in ("algo-1", "algo-2"):
        pid, processes, host, tmp, user = result[name]
        assert (pid, processes, host, user) == (1, [1], name, 0)
        assert "made-in-the-job" in tmp
        assert mark.name not in tmp
    assert not Path("/tmp/made-in-the-job").exists()


@own_view
def test_hosts_reach_each_other_by_name(engine: Engine) -> None:
    code = """
import socket, time
who = json.load(open(ML + "/input/config/resourceconfig.json"))
if who["current_host"] == "algo-1":
    server = socket.create_server(("algo-1", 7777))
    client, address = server.accept()
    client.sendall(b"hello")
    print(json.dumps(None))
else:
    for _ in range(200):
        try:
            client = socket.create_connection(("algo-1", 7777), timeout=5)
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
    same = {name: socket.gethostbyname(name) for name in who["hosts"]}
    print(json.dumps([client.recv(9).decode(), len(set(same.values())), socket.gethostbyname("localhost")]))
"""
    assert run_json(engine, code, hosts=2)["algo-2"] == ["hello", 2, "127.0.0.1"]


@processes_only
def test_two_jobs_at_once_have_ports_and_addresses_of_their_own_and_both_finish(engine: Engine) -> None:
    code = """
import socket, time
who = json.load(open(ML + "/input/config/resourceconfig.json"))
port = int(os.environ["MASTER_PORT"])
if who["current_host"] == "algo-1":
    server = socket.create_server(("", port))  # on every address, as torch's store does
    server.settimeout(300)
    server.accept()[0].sendall(os.environ["TRAINING_JOB_NAME"].encode())
    time.sleep(1)
    told = None
else:
    for _ in range(15_000):
        try:
            client = socket.create_connection((os.environ.get("MASTER_ADDR", "algo-1"), port), timeout=5)
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
    told = client.recv(99).decode()
print(json.dumps([port, told]))
"""
    names = [engine.start(python(code), hosts=2) for _ in range(2)]
    assert [engine.end(name)["TrainingJobStatus"] for name in names] == ["Completed", "Completed"]
    result = [last_json(engine, name)["algo-2"] for name in names]
    assert [received for _, received in result] == names
    assert len({port for port, _ in result}) == 2


@own_view
@processes_only
def test_a_host_cannot_write_to_the_machines_interpreter(engine: Engine) -> None:
    code = f"""
answers = []
for path in {[sys.prefix, sys.base_prefix]!r}:
    try:
        open(os.path.join(path, "ssm-test-mark"), "w").close()
        answers.append("written")
    except OSError as error:
        answers.append(error.errno)
print(json.dumps(answers))
"""
    assert run_json(engine, code)["algo-1"] == [30, 30]  # EROFS


def namespaces_work() -> bool:
    """Whether util-linux can do here what our namespaces need."""
    new = ("--user", "--map-root-user", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc")
    try:
        return subprocess.run(["unshare", *new, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_the_isolation_asked_for_is_the_one_used_and_is_recorded(engine: Engine) -> None:
    engine.run("true")
    lines = (engine.home.jobs / "job-1" / "journal.jsonl").read_text().splitlines()
    (used,) = [entry["isolation"] for line in lines if "isolation" in (entry := json.loads(line))]
    requested = os.environ.get("SSM_ISOLATION") or "auto"
    assert used == requested or (requested == "auto" and used in {"namespaces", "bwrap", "plain"})
    if requested == "auto" and sys.platform == "linux" and namespaces_work():
        assert used in {"namespaces", "docker"}  # a fault in ours would leave the next best, without a word


@processes_only
def test_links_on_the_way_to_the_home_and_to_the_interpreter_do_not_matter(engine: Engine, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    (real / "venv").symlink_to(sys.prefix)
    (link / "home").mkdir()
    linked = Engine(link / "home", "direct")
    linked.client = linked.direct = LocalSageMaker(
        Home(link / "home"), settings=settings(python=str(link / "venv/bin/python"))
    )
    result = run_json(linked, "import botocore\nprint(json.dumps(botocore.__name__))")
    assert result == {"algo-1": "botocore"}


@processes_only
def test_a_python_that_is_not_there_fails_the_job_and_is_named(engine: Engine) -> None:
    for program in ("/no/such/python", "/etc/passwd", "/bin/false"):
        engine.client = LocalSageMaker(engine.home, settings=settings(python=program))
        described = engine.run("true")
        assert described["TrainingJobStatus"] == "Failed"
        assert program in described["FailureReason"]
