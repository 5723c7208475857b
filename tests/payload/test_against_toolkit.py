"""The same configuration gives the same arguments and the same variables as AWS's own toolkit, 5.1.4."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.payload.ssm_launcher import command, environment, values
from simple_sagemaker.payload.ssm_launcher.places import Places
from tests.counts import examples
from tests.payload.job import REPORT, JobFolder, resources
from tests.payload.toolkit import Toolkit, is_installed, python

pytestmark = pytest.mark.skipif(not is_installed(), reason="sagemaker-training is not installed (see TOOLKIT_PYTHON)")

FILE = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
SHARDED = {**FILE, "S3DistributionType": "ShardedByS3Key", "ContentType": "text/csv"}


def group(name: str, instance_type: str, *hosts: str) -> dict[str, Any]:
    return {"instance_group_name": name, "instance_type": instance_type, "hosts": [*hosts]}


def current(*hosts: str, current: str = "", groups: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A resourceconfig.json in the form of 2025."""
    more.setdefault("current_instance_type", "ml.c5.xlarge")
    more.setdefault("current_group_name", "homogeneousCluster")
    more.setdefault("topology", None)
    given = groups or [group("homogeneousCluster", "ml.c5.xlarge", *hosts)]
    return resources(*hosts, current=current, instance_groups=given, **more)


TWO_GROUPS = [group("cpu", "ml.c5.xlarge", "algo-1", "algo-2"), group("gpu", "ml.g5.xlarge", "algo-3")]
HETERO = current("algo-1", "algo-2", "algo-3", current="algo-3", groups=TWO_GROUPS, current_group_name="gpu")

HYPERPARAMETERS: dict[str, dict[str, str]] = {
    "none": {},
    "the documents' message": {"msg": '"Hello, world!"'},
    "every kind": {"b": "2", "a": '"x"', "Z": "1", "long_name": "true", "n": "null", "l": '[1,"a b",true]', "f": "0.5"},
    "nested": {"d": '{"k2":2,"k1":[1,{"x":null}]}', "l": '[[1,2],{"a":"b"}]'},
    "texts that are no JSON": {"a": "hello world", "b": "007", "c": "True", "d": "", "e": "{", "f": "it's"},
    "JSON that is odd": {"a": "NaN", "b": "-Infinity", "c": "1e-3", "d": "1e400", "e": " 3 ", "f": '"3"', "g": "-0"},
    "empty texts": {"e": '""', "f": '"v"'},
    "quotes and shells": {"a": '"$(id) `id` $HOME"', "b": '"\\"\'\\\\"', "c": '"a\\nb\\tc"', "d": '"*"', "e": '"; ls"'},
    "not ASCII": {"ü": '"ñ 日本 🙂"', "raw": "日本", "esc": '"\\u00fc"'},
    "odd names": {"batch-size": "32", "a.b": "1", "a b": "2", "_x": "3", "9": "4", "-": "5", "--": "6"},
    "capitals that collide": {"a": "1", "A": "2"},
    "a sharp s": {"straße": "1"},
    "falsehood": {"flag": "false", "zero": "0", "nothing": "null", "list": "[]", "dict": "{}"},
    "large numbers": {"a": "123456789012345678901234567890", "b": "1.7976931348623157e308", "c": "0.1"},
    "numbers as names of keys": {"d": '{"10":1,"9":2,"b":{"c":[]}}'},
    "framework settings": {"sagemaker_foo": '"bar"', "x": "1", "sagemaker_baz": "[1]"},
    "tuning": {"_tuning_objective_metric": '"loss"', "default_user_module_name": '"m"', "x": "1"},
    "an S3 submit directory": {"sagemaker_submit_directory": '"s3://b/p/sourcedir.tar.gz"'},
    "log level": {"sagemaker_container_log_level": "10", "sagemaker_enable_cloudwatch_metrics": "false"},
    "region and job": {"sagemaker_region": '"eu-west-1"', "sagemaker_job_name": '"my-job"'},
    "a quoted map": {"mp_parameters": '"{\\"ddp\\": true}"'},
}
CASES: dict[str, dict[str, Any]] = {
    **{f"hyperparameters: {name}": {"hyperparameters": given} for name, given in HYPERPARAMETERS.items()},
    "channels: one": {"channels": {"data": FILE}},
    "channels: with a content type": {"channels": {"train": SHARDED, "Test": FILE}},
    "channels: odd names": {"channels": {"my-chan.1": FILE, "a_b": FILE, "UPPER": FILE}},
    "channels: a model": {"channels": {"model": {**FILE, "ContentType": "application/x-sagemaker-model"}}},
    "channels: twins but for case": {"channels": {"data": FILE, "Data": FILE}},
    "hosts: two, the second": {"resource": resources("algo-1", "algo-2", current="algo-2")},
    "hosts: eleven": {"resource": resources("algo-1", "algo-10", "algo-11", "algo-2", current="algo-2")},
    "hosts: no interface": {"resource": {"current_host": "algo-1", "hosts": ["algo-1"]}},
    "hosts: today's form": {"resource": current("algo-1", "algo-2", current="algo-2")},
    "hosts: two groups": {"resource": HETERO},
    "hosts: a topology": {"resource": current("algo-1", topology=[{"hostName": "algo-1", "capacityUnitId": "u"}])},
    "hosts: another interface": {"resource": {**resources(), "network_interface_name": "ethwe"}},
    "hosts: a trn2": {"resource": current("algo-1", current_instance_type="ml.trn2.48xlarge")},
    "distribution: a group": {
        "resource": HETERO,
        "hyperparameters": {"sagemaker_distribution_instance_groups": '["gpu"]'},
    },
    "entry point: in a folder": {"hyperparameters": {"sagemaker_program": '"sub/train.py"', "x": '"a b"'}},
    "entry point: shell": {
        "hyperparameters": {"sagemaker_program": '"run.sh"', "x": '"a b"', "y": '"it\'s"', "z": '""'}
    },
    "entry point: from the environment": {"environment": {"SAGEMAKER_PROGRAM": "sub/train.py"}},
    "entry point: not quoted": {"hyperparameters": {"sagemaker_program": "train.py"}},
    "environment: the job's name": {"environment": {"TRAINING_JOB_NAME": "Job-1", "SAGEMAKER_JOB_NAME": "lost"}},
    "environment: the region": {"environment": {"AWS_DEFAULT_REGION": "ap-south-1"}},
    "environment: a module": {"environment": {"SM_HP_MP_PARAMETERS": "{}", "SAGEMAKER_SUBMIT_DIRECTORY": "/x"}},
}
FILES = {"train.py": REPORT, "sub/train.py": REPORT, "run.sh": '#!/bin/sh\nexec "$REPORT_PYTHON" train.py "$@"\n'}


@pytest.fixture(scope="module")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    started = Toolkit(tmp_path_factory.mktemp("toolkit") / "opt-ml")
    yield started
    started.close()


def job_of(base: Path, case: dict[str, Any]) -> JobFolder:
    job = JobFolder(base, files=dict(FILES))
    for name, value in case.items():
        setattr(job, name, dict(value))
    job.hyperparameters.setdefault("sagemaker_program", '"train.py"')
    job.environment["REPORT_PYTHON"] = job.python
    return job


def arguments_of(toolkit_report: dict[str, Any]) -> list[str]:
    """The arguments that the toolkit's command gives the script, read back from it."""
    if toolkit_report["command"][0] == "/bin/sh":
        return shlex.split(toolkit_report["command"][2])[1:]
    return list(toolkit_report["command"][3:])


def test_there_are_forty_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", CASES)
def test_a_script_sees_what_awss_toolkit_would_show_it(toolkit: Toolkit, name: str) -> None:
    job = job_of(toolkit.base, CASES[name])
    ended = job.run("train")
    assert ended.status == 0, ended.text
    toolkit_report = toolkit.ask(job)
    assert job.report.arguments == arguments_of(toolkit_report) == toolkit_report["arguments"]
    assert job.report.sagemaker == {**toolkit_report["variables"], "SM_STUDIO_LOCAL_MODE": "true"} | inherited(job)


def inherited(job: JobFolder) -> dict[str, str]:
    """What the platform had set and the toolkit leaves alone."""
    return {name: text for name, text in job.environment.items() if name == "SM_HP_MP_PARAMETERS"}


def test_the_direct_way_shows_the_same_but_for_the_launchers_own_channel(toolkit: Toolkit) -> None:
    given = {"msg": '"a b"', "sagemaker_job_name": '"j"', "l": "[1]"}
    job = job_of(toolkit.base, {"hyperparameters": given, "channels": {"data": FILE}, "resource": current("algo-1")})
    assert job.run("train").status == 0
    toolkit_report = toolkit.ask(job)
    job.channels["ssm_source"] = FILE
    assert job.run("direct").status == 0
    assert job.report.arguments == arguments_of(toolkit_report)
    assert job.report.sagemaker == {**toolkit_report["variables"], "SM_STUDIO_LOCAL_MODE": "true"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
texts = json_values.map(json.dumps) | json_values.map(lambda value: json.dumps(value, ensure_ascii=False)) | st.text()
hyperparameters = st.dictionaries(
    names | st.sampled_from(["sagemaker_x", "sagemaker_s3_output", "a", "A"]), texts, max_size=6
)
channel_names = st.from_regex(r"[A-Za-z0-9._-]{1,10}", fullmatch=True).filter(lambda name: name not in {".", ".."})
channels = st.dictionaries(channel_names, st.just(FILE), max_size=4)
hosts = st.lists(st.integers(1, 30).map("algo-{}".format), min_size=1, max_size=4, unique=True).map(sorted)


@contextmanager
def only(given: dict[str, str]) -> Iterator[None]:
    """This process's environment, made to be just ``given`` for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@settings(max_examples=examples(30, 20_000))
@given(hyperparameters=hyperparameters, channels=channels, hosts=hosts, data=st.data())
def test_whatever_a_job_is_given_the_variables_and_arguments_are_awss(
    toolkit: Toolkit,
    hyperparameters: dict[str, str],
    channels: dict[str, Any],
    hosts: list[str],
    data: st.DataObject,
) -> None:
    here = data.draw(st.sampled_from(hosts))
    resource = data.draw(st.sampled_from([resources(*hosts, current=here), current(*hosts, current=here)]))
    given = {"hyperparameters": hyperparameters, "channels": channels, "resource": resource}
    job = job_of(toolkit.base, given)
    job.launch_argv("train")
    toolkit_report = toolkit.ask(job)
    with only({"PATH": os.environ["PATH"]}):
        read = environment.Job(Places(str(job.base)))
        known = environment.facts(read, "train.py", 0)
        arguments = values.arguments(read.hyperparameters)
        assert environment.sagemaker_variables(read, known, arguments) == toolkit_report["variables"]
    assert arguments == toolkit_report["arguments"]
    assert command.script(str(job.code), "train.py", arguments)[2:] == [
        *map(values.to_bytes, toolkit_report["arguments"])
    ]


@pytest.mark.parametrize("program", ["train.py", "run.sh"])
def test_the_real_train_program_runs_the_script_the_same_way(job: JobFolder, program: str) -> None:
    given = {"sagemaker_program": f'"{program}"', "msg": '"Hello, world!"', "e": '""', "l": '["it\'s"]', "u": '"日本"'}
    job = job_of(job.base, {"hyperparameters": given, "channels": {"data": FILE}})
    assert job.run("train").status == 0
    ours = job.report
    shutil.rmtree(job.output / "data")
    (job.output / "data").mkdir()
    done = run_train(job)
    assert done.returncode == 0, done.stdout
    assert job.report.arguments == ours.arguments
    assert job.report.sagemaker == ours.sagemaker


def test_the_real_train_program_runs_the_launcher_as_its_script(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"launcher.py"', "msg": '"Hello, world!"', "train": '"--train"'}
    job.run_file["arguments"] = ["", "a b", "\udcff", "$(id)"]
    job.launch_argv("toolkit")
    done = run_train(job)
    assert done.returncode == 0, done.stdout
    seen = job.report
    assert seen.arguments == ["--msg", "Hello, world!", "--train", "--train", "", "a b", "\udcff", "$(id)"]
    assert seen.environment["SM_USER_ENTRY_POINT"] == "train.py"
    assert seen.environment["SM_MODULE_NAME"] == "train"
    assert json.loads(seen.environment["SM_USER_ARGS"]) == seen.arguments
    assert json.loads(seen.environment["SM_TRAINING_ENV"])["user_entry_point"] == "train.py"
    assert seen.environment["SSM_NUM_NODES"] == "1"


def test_the_real_train_program_tells_how_the_script_behind_the_launcher_failed(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"launcher.py"'}
    job.files = {"train.py": "raise SystemExit(7)"}
    job.launch_argv("toolkit")
    assert run_train(job).returncode == 1
    assert "ExitCode 7" in job.failure


def test_the_real_train_program_takes_the_code_from_the_channel_of_a_job_cut_off_from_s3(job: JobFolder) -> None:
    channel = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    tarball = job.base / "input/data/ssm_source/sourcedir.tar.gz"
    job.hyperparameters = {
        "sagemaker_program": '"launcher.py"',
        "sagemaker_submit_directory": json.dumps(str(tarball)),
        "lr": '"0.1"',
    }
    job.channels = {"data": channel, "ssm_source": channel}
    job.write()
    job.write_channel()
    done = run_train(job)
    assert done.returncode == 0, done.stdout
    assert job.report.arguments == ["--lr", "0.1"]
    hidden = [name for name, text in job.report.sagemaker.items() if "SSM_SOURCE" in name or "ssm_source" in text]
    assert set(hidden) <= {"SM_MODULE_DIR", "SM_TRAINING_ENV"}  # where the code came from, and who says so


def run_train(job: JobFolder) -> subprocess.CompletedProcess[str]:
    """AWS's ``train`` program itself, in the folder of a job that is written already."""
    return subprocess.run(
        [python(), "-m", "sagemaker_training.cli.train"],
        env=job.surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
