"""A host that begins as a fork of its supervisor is as one started anew, and takes nothing along that is secret."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.local.conftest import DOCKER, ISOLATION, Engine, settings
from tests.local.test_python import HYPERPARAMETERS, SCRIPT, packed

pytestmark = [
    pytest.mark.parametrize("engine", ["direct"], indirect=True),
    pytest.mark.skipif(DOCKER or sys.platform != "linux", reason="hosts that are forks, seen through /proc"),
]

# what the user's program finds of itself and of the launcher, which is its parent
LOOK = """
import json, os, re, resource, sys

def process(pid):
    status = dict(line.split(":\\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\\t" in line)
    names = "Umask SigBlk SigIgn CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Groups Uid Gid Threads"
    named = [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
    files = sorted(os.readlink(name) for name in named if os.path.lexists(name))  # one of these was of the listing
    return {
        **{name: status[name] for name in names.split()},
        "SigCgt": int(status["SigCgt"], 16) & 0x7FFFFFFF,  # the C library's own are above
        "cwd": os.readlink(f"/proc/{pid}/cwd"),
        "files": [re.sub(r"\\d+", "N", name) for name in files],
        "oom": open(f"/proc/{pid}/oom_score_adj").read(),
        "limits": open(f"/proc/{pid}/limits").read(),
        "can be read": os.access(f"/proc/{pid}/environ", os.R_OK),
    }

print(json.dumps({
    "argv": sys.argv, "path": sys.path, "flags": repr(sys.flags), "executable": sys.executable, "prefix": sys.prefix,
    "environ": dict(os.environ), "me": process("self"), "launcher": process(os.getppid()),
    "is_fork": b"launcher.py" not in open(f"/proc/{os.getppid()}/cmdline", "rb").read(),
}))
"""
MORE_SECRET = "AKIA-THE-CALLERS-"
FIND_SECRET = f"""
import os
words = [{MORE_SECRET!r}.encode() + b"SECRET", b"Hello, " + b"world!"]  # the second one is an argument of the script's
found = [0, 0]
with open(f"/proc/{{os.getppid()}}/mem", "rb", buffering=0) as memory:
    for line in open(f"/proc/{{os.getppid()}}/maps"):
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        if line.split()[1].startswith("r") and "[v" not in line:
            memory.seek(first)
            content = memory.read(last - first)
            found = [before or word in content for before, word in zip(found, words)]
print("found", *found)
"""


def run(engine: Engine, code: str, **variables: str) -> tuple[Mapping[str, Any], list[str]]:
    """Run a script through our launcher; with a caller's ``variables`` the supervisor knows what hosts must not."""
    engine.client = engine.service(settings(), variables or None)
    engine.store.write("b", "src/sourcedir.tar.gz", packed({"train.py": code}))
    described = engine.run("", HyperParameters=HYPERPARAMETERS, **SCRIPT)
    return described, engine.printed(described["TrainingJobName"])["algo-1"]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def seen(engine: Engine, **variables: str) -> dict[str, Any]:
    """What the script and its launcher are, without what differs from job to job."""
    described, lines = run(engine, LOOK, **variables)
    assert described["TrainingJobStatus"] == "Completed", "\n".join(lines)
    name = described["TrainingJobName"]
    text = next(line for line in lines if line.startswith('{"argv"')).replace(name, "JOB")
    found: dict[str, Any] = json.loads(text)
    for differs in ("MASTER_PORT", "MASTER_ADDR", "SAGEMAKER_JOB_NAME"):
        found["environ"].pop(differs, None)
    return found


@pytest.mark.skipif(ISOLATION == "bwrap", reason="bwrap starts a program")
def test_a_forked_host_is_like_one_that_was_started_anew(engine: Engine) -> None:
    forked = seen(engine)
    anew = seen(engine, AWS_SESSION_TOKEN="of the caller")
    assert (forked.pop("is_fork"), anew.pop("is_fork")) == (True, False)
    (few, more) = (Counter(one["launcher"].pop("files")) for one in (forked, anew))
    assert few <= more
    for part, value in anew.items():
        assert forked[part] == value
    assert not [text for text in strings(forked) if "simple_sagemaker" in text]


def test_a_host_never_gets_the_memory_of_a_supervisor_that_knows_the_callers_secrets(engine: Engine) -> None:
    _, lines = run(engine, FIND_SECRET, AWS_SECRET_ACCESS_KEY=f"{MORE_SECRET}SECRET")
    assert lines[-1] == "found False True", lines


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit(7)", "ExitCode 7"),
        ("import os; os.kill(os.getpid(), 9)", "ExitCode -9"),
        ("1 / 0", "ZeroDivision"),
    ],
)
def test_a_forked_host_fails_as_one_that_was_started_anew(engine: Engine, code: str, says: str) -> None:
    forked, forked_lines = run(engine, code)
    anew, anew_lines = run(engine, code, AWS_SESSION_TOKEN="of the caller")
    assert says in forked["FailureReason"]
    one, other = ([run["FailureReason"], *lines] for run, lines in ((forked, forked_lines), (anew, anew_lines)))
    assert [line.replace(forked["TrainingJobName"], anew["TrainingJobName"]) for line in one] == other
