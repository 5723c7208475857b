"""Below AWS's toolkit: its runners start the launcher as they would start the script, and the script comes of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.payload.job import REPORT, JobFolder, resources

# What python -m mpi4py does: it runs the script in its own process.
MPI4PY = {
    "mpi4py/__init__.py": "",
    "mpi4py/__main__.py": """
import runpy, sys
sys.argv[:] = sys.argv[1:]
if sys.argv[0] == "-m":
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    print("mpi4py runs", sys.argv[0], flush=True)
    runpy.run_path(sys.argv[0], run_name="__main__")
""",
}
XLA_SPAWN = """
import importlib, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
sys.argv = sys.argv[1:] + ["--num_gpus", "2"]
module = importlib.import_module("launcher")
for index in range(2):
    if os.fork() == 0:
        module._mp_fn(index)
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""
# A program that meets its peers: real MPI tells rank and size.
MEETING = """
import json, os, sys
from mpi4py import MPI
told = MPI.COMM_WORLD.allgather([MPI.COMM_WORLD.Get_rank(), sys.argv[1:], os.environ["SM_USER_ENTRY_POINT"]])
if MPI.COMM_WORLD.Get_rank() == 0:
    print("told", json.dumps(told), flush=True)
"""


def below(job: JobFolder, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """One of AWS's runners with the job's code unpacked, in the folder and on the path where it starts the script."""
    job.launch_argv("toolkit")
    return subprocess.run(
        [job.python, *arguments],
        env=job.surroundings({"PYTHONPATH": str(job.code), **variables}),
        cwd=job.code,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )


def mpirun(job: JobFolder) -> subprocess.CompletedProcess[str]:
    """Two ranks of real MPI, started as AWS's runner starts them."""
    arguments = ["-np", "2", "--allow-run-as-root", "--oversubscribe", job.python, "-m", "mpi4py", "launcher.py"]
    return subprocess.run(
        [Path(job.python).with_name("mpirun"), *arguments],
        env=job.surroundings({"PYTHONPATH": str(job.code)}),
        cwd=job.code,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_under_mpi_the_script_runs_by_way_of_mpi4py(job: JobFolder) -> None:
    job.files |= MPI4PY
    job.run_file["arguments"] = ["", "a b", "$(id)"]
    done = below(job, "-m", "mpi4py", "launcher.py", "--mangled")
    assert done.returncode == 0, done.stdout
    assert b"mpi4py runs launcher.py" in done.stdout
    assert b"mpi4py runs train.py" in done.stdout
    assert job.report.arguments == ["", "a b", "$(id)"]


def test_under_mpi_a_package_runs_by_way_of_mpi4py_too(job: JobFolder) -> None:
    job.files = {**MPI4PY, "train.py": REPORT, "setup.py": ""}
    done = below(job, "-m", "mpi4py", "-m", "launcher")
    assert done.returncode == 0, done.stdout
    assert b"-m mpi4py -m train" in done.stdout


def test_a_rank_on_another_host_knows_its_own_host(job: JobFolder) -> None:
    job.resource = resources("algo-1", "algo-2", current="algo-2")
    handed = {"SM_CURRENT_HOST": "algo-1", "SM_TRAINING_ENV": json.dumps({"current_host": "algo-1", "job_name": "j"})}
    done = below(job, "launcher.py", **handed)
    assert done.returncode == 0, done.stdout
    seen = job.report.environment
    assert (seen["SM_CURRENT_HOST"], seen["CURRENT_HOST"], seen["SSM_HOST_RANK"]) == ("algo-2", "algo-2", "1")
    known = json.loads(seen["SM_TRAINING_ENV"])
    assert (known["current_host"], known["job_name"]) == ("algo-2", "j")


def test_what_a_runner_has_set_for_the_script_stays(job: JobFolder) -> None:
    cluster = json.dumps({"cluster": {"worker": ["algo-1:8890"]}, "task": {"type": "worker", "index": 0}})
    done = below(job, "launcher.py", TF_CONFIG=cluster, RANK="3", LOCAL_RANK="1", WORLD_SIZE="8", MASTER_ADDR="algo-1")
    assert done.returncode == 0, done.stdout
    seen = job.report.environment
    assert (seen["TF_CONFIG"], seen["RANK"], seen["LOCAL_RANK"], seen["WORLD_SIZE"]) == (cluster, "3", "1", "8")
    assert seen["MASTER_ADDR"] == "algo-1"


def test_a_job_cut_off_from_s3_does_not_see_the_channel_that_brought_its_code(job: JobFolder) -> None:
    channel = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    job.channels = {"data": channel, "ssm_source": channel}
    hidden = str(job.base / "input/data/ssm_source")
    handed = {
        "SM_CHANNELS": '["data","ssm_source"]',
        "SM_CHANNEL_SSM_SOURCE": hidden,
        "SM_INPUT_DATA_CONFIG": json.dumps(job.channels),
        "SM_TRAINING_ENV": json.dumps(
            {"channel_input_dirs": {"ssm_source": hidden}, "input_data_config": job.channels}
        ),
    }
    done = below(job, "launcher.py", **handed)
    assert done.returncode == 0, done.stdout
    seen = job.report.sagemaker
    assert json.loads(seen["SM_CHANNELS"]) == ["data"]
    assert not [name for name, text in seen.items() if "ssm_source" in text or "SSM_SOURCE" in name]


def test_a_process_of_pytorch_xla_calls_the_function_of_the_script(job: JobFolder, tmp_path: Path) -> None:
    script = (
        "import os, sys\ndef _mp_fn(index):\n    print('called', index, sys.argv, os.environ['SM_USER_ENTRY_POINT'])\n"
    )
    job.files = {"sub/train.py": script}
    job.run_file = {"kind": "run", "entry_point": "sub/train.py", "arguments": ["a b"]}
    (tmp_path / "xla_spawn.py").write_text(XLA_SPAWN)
    done = below(job, str(tmp_path / "xla_spawn.py"), "launcher.py", "--mangled")
    assert done.returncode == 0, done.stdout
    for index in range(2):
        assert f"called {index} ['sub/train.py', 'a b'] sub/train.py".encode() in done.stdout


def test_a_script_without_that_function_is_refused(job: JobFolder, tmp_path: Path) -> None:
    job.files = {"train.py": ""}
    (tmp_path / "xla_spawn.py").write_text(XLA_SPAWN)
    assert (
        b"pytorchxla calls the function _mp_fn of 'train.py'"
        in below(job, str(tmp_path / "xla_spawn.py"), "launcher.py").stdout
    )


@pytest.mark.skipif("MPI_PYTHON" not in os.environ, reason="MPI_PYTHON names no interpreter with mpi4py and openmpi")
def test_two_ranks_of_real_mpi_meet_in_the_script(job: JobFolder) -> None:
    job.python = os.environ["MPI_PYTHON"]
    job.files = {"train.py": MEETING}
    job.run_file["arguments"] = ["", "a b"]
    job.hyperparameters = {"lr": "0.1"}
    job.launch_argv("toolkit")
    done = mpirun(job)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("told ")]
    arguments = ["--lr", "0.1", "", "a b"]
    assert json.loads(line[5:]) == [[0, arguments, "train.py"], [1, arguments, "train.py"]]


@pytest.mark.skipif("MPI_PYTHON" not in os.environ, reason="MPI_PYTHON names no interpreter with mpi4py and openmpi")
def test_a_rank_of_real_mpi_that_fails_ends_the_others(job: JobFolder) -> None:
    job.python = os.environ["MPI_PYTHON"]
    job.files = {
        "train.py": "from mpi4py import MPI\nrank = MPI.COMM_WORLD.Get_rank()\nif rank == 1:\n"
        "    raise SystemExit(7)\nMPI.COMM_WORLD.recv(source=1)\n"
    }
    job.launch_argv("toolkit")
    done = mpirun(job)
    assert done.returncode == 7, done.stdout + done.stderr


def test_the_launcher_imports_nothing_from_the_code_and_the_program_does(job: JobFolder, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'imported')!r}, 'a').write(__name__ + ' ')\nprint('of the code')\n"
    job.files.update({f"{name}.py": trap for name in ("queue", "json", "shutil", "tarfile", "signal", "select")})
    job.files["importlib/__init__.py"] = trap
    job.files["train.py"] = "import queue\n"
    ended = below(job, "launcher.py")
    assert ended.returncode == 0, ended.stdout
    assert (tmp_path / "imported").read_text() == "queue "
