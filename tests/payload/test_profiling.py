"""A script that is profiled: it runs as by itself, and its profile is there however it ends."""

from __future__ import annotations

import pstats
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.payload.job import REPORT, Ended, JobFolder

SCRIPT = """
import multiprocessing, os, pickle, sys
from beside import double

def work(number):
    return double(number)

class Thing:
    pass

if __name__ == "__main__":
    print("main", __name__, __file__, __spec__, sys.argv, sorted(n for n in globals() if not n.startswith("__")))
    print("pickled", type(pickle.loads(pickle.dumps(Thing()))).__module__)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print("spawned", pool.map(work, [1, 2]))
    END
"""


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    run_file = {"kind": "run", "entry_point": "train.py", "profile": "cprofile", "arguments": ["a b", "--profile"]}
    return JobFolder(tmp_path / "ml", run_file=run_file)


def ending(job: JobFolder, end: str) -> Ended:
    job.files = {"train.py": SCRIPT.replace("END", end), "beside.py": "def double(n):\n    return 2 * n\n"}
    return job.run()


def profile(job: JobFolder) -> set[str]:
    """The functions that the profile has."""
    stats = pstats.Stats(str(job.output / "data/profile/algo-1.prof"))
    return {function for _, _, function in getattr(stats, "stats", {})}


def test_a_script_runs_as_by_itself_and_its_profile_is_in_the_output(job: JobFolder) -> None:
    done = ending(job, "work(3)")
    assert done.status == 0, done.text
    names = ["Thing", "double", "multiprocessing", "os", "pickle", "sys", "work"]
    assert f"main __main__ {job.code / 'train.py'} None ['train.py', 'a b', '--profile'] {names}" in done.text
    assert "pickled __main__" in done.text
    assert "spawned [2, 4]" in done.text
    assert {"work", "double"} <= profile(job)
    assert re.search(r"profile: +[0-9.]+ s +[0-9.]+ s +\d+ calls  \S+", done.text)


@pytest.mark.parametrize(
    ("end", "status", "last"),
    [("raise ValueError('bad')", 1, "ValueError: bad"), ("sys.exit(7)", 7, ""), ("sys.exit('why')", 1, "why")],
)
def test_the_profile_of_a_script_that_fails_is_written_too(job: JobFolder, end: str, status: int, last: str) -> None:
    done = ending(job, f"work(3); {end}")
    assert done.status == status, done.text
    assert last in job.failure
    assert "double" in profile(job)


def test_a_script_that_is_ended_leaves_its_profile(job: JobFolder) -> None:
    job.files = {"train.py": "import time\ndef one():\n    pass\none()\nprint('begun', flush=True)\ntime.sleep(60)\n"}
    process = job.start()
    assert process.stdout
    began = time.monotonic()
    while b"begun" not in process.stdout.readline():
        assert time.monotonic() < began + 30
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert "one" in profile(job)


def test_a_script_keeps_a_handler_of_its_own(job: JobFolder) -> None:
    job.files = {
        "train.py": "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('saved') or 0))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    }
    done = job.run()
    assert done.status == 0, done.text
    assert "saved" in done.text
    assert profile(job)


def test_code_with_a_setup_py_is_run_as_a_module(job: JobFolder) -> None:
    job.files = {
        "setup.py": "",
        "mine/__init__.py": "",
        "mine/beside.py": "def double(n):\n    return 2 * n\n",
        "mine/train.py": "from .beside import double\nprint(__package__, __name__, __spec__.name, double(4))\n",
    }
    job.write()
    job.write_code(with_launcher=True)
    argv = [job.python, "-m", "ssm_launcher.profiled", "cprofile", "mine/train.py"]
    surroundings = {**job.surroundings(), "SM_OUTPUT_DATA_DIR": str(job.output / "data")}
    done = subprocess.run(argv, cwd=job.code, env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout == "mine __main__ mine.train 8\n"
    assert "double" in profile(job)


def test_a_script_finds_itself_after_it_went_elsewhere(job: JobFolder) -> None:
    job.files = {
        "train.py": "import inspect, os\ndef one():\n    return 1\nos.chdir('/')\nprint(open(__file__).read(6))\n"
        "print(inspect.getsource(one), __loader__.get_source('__main__')[:14])\n"
    }
    done = job.run()
    assert done.status == 0, done.text
    assert "import\ndef one():\n    return 1\n import inspect" in done.text


def test_forks_of_a_script_leave_its_profile_alone(job: JobFolder) -> None:
    job.files = {
        "train.py": "import multiprocessing, os, signal, sys, time\n"
        "def wait(_):\n    time.sleep(60)\n"
        "def one():\n    pass\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n    pool.map(abs, [1, 2])\n"
        "child = os.fork()\n"
        "if not child:\n    sys.exit(3)\n"
        "print('left with', os.waitpid(child, 0)[1] >> 8)\n"
        "child = multiprocessing.get_context('fork').Process(target=wait, args=(0,))\n"
        "child.start()\nchild.terminate()\nchild.join()\n"
        "print('ended by', -child.exitcode)\n"
        "one()\n"
    }
    done = job.run()
    assert done.status == 0, done.text
    assert "left with 3" in done.text
    assert "ended by 15" in done.text
    assert done.text.count("snakeviz") == 1
    assert "one" in profile(job)


@pytest.mark.parametrize("entry_point", ["train.py", "profile.py", "pstats.py"])
def test_files_with_names_of_the_profilers_modules_stay_the_scripts_own(job: JobFolder, entry_point: str) -> None:
    job.run_file = {**job.run_file, "entry_point": entry_point}
    mine = "print('mine', __name__)\n"
    script = (
        f"import sys\n{'import profile, pstats' if entry_point == 'train.py' else ''}\ndef one():\n    {mine}one()\n"
    )
    job.files = {"profile.py": mine, "pstats.py": mine, "cProfile.py": mine, entry_point: script}
    done = job.run()
    assert done.status == 0, done.text
    names = ["profile", "pstats", "__main__"] if entry_point == "train.py" else ["__main__"]
    assert re.findall(r"^mine (\w+)$", done.text, re.MULTILINE) == names
    assert "one" in profile(job)


def test_what_cannot_be_profiled_runs_all_the_same(job: JobFolder) -> None:
    job.run_file = {**job.run_file, "profile": "torch"}
    job.files = {"train.py": REPORT, "torch.py": "raise ImportError('none here')\n"}
    done = job.run()
    assert done.status == 0, done.text
    assert "simple-sagemaker: profile: nothing is profiled: PyTorch 2 or later is needed" in done.text
    assert job.report.arguments == ["a b", "--profile"]


def test_a_profile_that_cannot_be_written_fails_nothing(job: JobFolder) -> None:
    job.files = {"train.py": "import os\nopen(os.environ['SM_OUTPUT_DATA_DIR'] + '/profile', 'w').close()\n"}
    done = job.run()
    assert done.status == 0, done.text
    assert "the profile could not be written" in done.text
