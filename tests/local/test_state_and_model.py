"""Whatever jobs do to their state and their model: the next job, and whoever brings them, finds exactly that."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import tarfile
from collections.abc import Mapping
from typing import Any

import pytest

from tests.counts import examples
from tests.local.changing import CHANGE
from tests.local.conftest import DOCKER, Engine, with_time
from tests.local.scripts import python
from tests.local.test_spot import spot, were_ready

JOBS = examples(2, 4)  # of a task, one after the other
KEPT = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"}}
SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
}


@pytest.mark.parametrize("engine", ["direct"], indirect=True)
@pytest.mark.parametrize("seed", range(examples(0 if DOCKER else 1, 0), examples(1 if DOCKER else 2, 100)))
def test_state_and_model_are_what_the_hosts_left(engine: Engine, seed: int) -> None:
    hosts = 1 + seed % 3
    before: dict[str, dict[str, str]] = {f"algo-{number + 1}": {} for number in range(hosts)}
    for job in range(JOBS):
        interrupted = (seed + job) % 2 == 0
        code = f"SEED, JOB, ENDS_BY_SIGNAL = {seed}, {job}, {interrupted}\n{CHANGE}"
        described = _run(engine, code, hosts=hosts, interrupted=interrupted, seed=seed, job=job)
        name = described["TrainingJobName"]
        assert described["TrainingJobStatus"] == "Completed", (described, engine.printed(name))
        printed = engine.printed(name)
        for host, lines in printed.items():
            reports = [json.loads(line[5:]) for line in lines if line.startswith("LEFT ")]
            assert len(reports) == (2 if interrupted else 1), lines
            for report in reports:  # of one attempt after the other
                assert report["began"] == before[host], f"{host} of job {job} found another state"
                before[host] = report["files"]
                assert not [lost for lost in report["lost"] if not _is_named(lines, f"checkpoints/{host}/{lost}")]
            _check_model(_model(engine, name), host, reports[-1]["model"], printed["algo-1"])
        stored = {
            key: hashlib.sha256(engine.store.read("b", f"state/{key}")).hexdigest() for key in engine.keys("state/")
        }
        assert stored == {f"{host}/{path}": digest for host, files in before.items() for path, digest in files.items()}


def _run(engine: Engine, code: str, *, hosts: int, interrupted: bool, seed: int, job: int) -> Mapping[str, Any]:
    if not interrupted:
        return engine.run(python(code), hosts=hosts, name=f"job-{seed}-{job}", **KEPT)
    state = {key: engine.store.read("b", f"state/{key}") for key in engine.keys("state/")}

    def run(after_s: int) -> Mapping[str, Any]:
        engine.store.delete("b", [f"state/{key}" for key in engine.keys("state/")])
        for key, data in state.items():
            engine.store.write("b", f"state/{key}", data)
        spot(engine, interrupt_after_s=((1.0 if DOCKER else 4.0) * after_s,), stop_grace_s=120)
        return engine.run(python(code), hosts=hosts, name=f"job-{seed}-{job}-{after_s}", **KEPT, **SPOT)

    return with_time(run, lambda described: were_ready(engine, described, hosts=hosts))


def _is_named(lines: list[str], path: str) -> bool:
    return any(path in line or json.dumps(path)[1:-1] in line for line in lines)


def _model(engine: Engine, name: str) -> dict[str, tuple[str, str]]:
    """The digest of each file in a job's model, or the target of each link."""
    model: dict[str, tuple[str, str]] = {}
    with tarfile.open(fileobj=io.BytesIO(engine.store.read("b", f"p/t/{name}/output/model.tar.gz"))) as archive:
        for member in archive:
            if member.issym():
                model[member.name] = ("", member.linkname)
            elif content := archive.extractfile(member):
                model[member.name] = (hashlib.sha256(content.read()).hexdigest(), "")
    return model


def _check_model(
    model: dict[str, tuple[str, str]], host: str, left: tuple[dict[str, str], dict[str, str]], lines: list[str]
) -> None:
    """The archive has the host's files, its links that lead to something inside, and names the others."""
    files, links = left
    ours = {name[len(host) + 1 :]: entry for name, entry in model.items() if name.startswith(f"{host}/")}
    assert {name: digest for name, (digest, target) in ours.items() if not target} == files
    for link, target in links.items():
        if link in ours:
            at = posixpath.dirname(f"{host}/{link}")
            leads_to = target.rpartition("/model/")[2] if target.startswith("/") else posixpath.join(at, target)
            assert posixpath.normpath(posixpath.join(at, ours[link][1])) == posixpath.normpath(leads_to)
        else:
            assert _is_named(lines, f"model: {host}/{link} is left out"), f"{link} -> {target}: not a word"
    assert {name for name, (_, target) in ours.items() if target} <= links.keys()
