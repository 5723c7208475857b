"""The variables that the user's code sees, under the names of AWS's toolkit and under ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.payload.ssm_launcher import environment
from simple_sagemaker.payload.ssm_launcher.places import Places, Refusal

GROUPS = [
    {"instance_group_name": "gpus", "instance_type": "ml.g5.xlarge", "hosts": ["algo-1", "algo-2"]},
    {"instance_group_name": "cpus", "instance_type": "ml.m5.large", "hosts": ["algo-3"]},
]


@pytest.fixture(autouse=True)
def _no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRAINING_JOB_NAME", "SAGEMAKER_TRAINING_MODULE", "SM_HP_MP_PARAMETERS", "AWS_REGION", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)


def job(folder: Path, *, resource: dict[str, Any] | None = None, **files: Any) -> environment.Job:
    """A job with two hosts, whose configuration files are as SageMaker writes them."""
    usual = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"], "network_interface_name": "eth7"}
    config = folder / "input/config"
    config.mkdir(parents=True, exist_ok=True)
    contents = {"resourceconfig": usual | (resource or {}), "inputdataconfig": {}, "hyperparameters": {}, **files}
    for name, content in contents.items():
        (config / f"{name}.json").write_text(json.dumps(content))
    return environment.Job(Places(str(folder)))


def test_the_facts_are_those_of_the_configuration(tmp_path: Path) -> None:
    made = job(
        tmp_path,
        inputdataconfig={"train": {"TrainingInputMode": "File"}, "ssm_source": {}},
        hyperparameters={"lr": "0.5", "sagemaker_region": '"eu-west-3"', "sagemaker_job_name": '"job-1"'},
    )
    facts = environment.facts(made, "sub/train.py", 3)
    expected = {
        "channel_input_dirs": {"train": f"{tmp_path}/input/data/train"},
        "current_host": "algo-2",
        "current_instance_group": "homogeneousCluster",
        "current_instance_group_hosts": [],
        "current_instance_type": "local",
        "hosts": ["algo-1", "algo-2"],
        "hyperparameters": {"lr": 0.5},
        "instance_groups": [],
        "is_hetero": False,
        "is_master": False,
        "log_level": 20,
        "master_hostname": "algo-1",
        "model_dir": f"{tmp_path}/model",
        "module_dir": f"{tmp_path}/code",
        "module_name": "sub/train",
        "network_interface_name": "eth7",
        "num_cpus": os.cpu_count(),
        "num_gpus": 3,
        "num_neurons": 0,
        "output_data_dir": f"{tmp_path}/output/data",
        "output_intermediate_dir": f"{tmp_path}/output/intermediate",
        "user_entry_point": "sub/train.py",
        "topology": [],
    }
    assert {name: facts[name] for name in expected} == expected
    variables = environment.sagemaker_variables(made, facts, ["--lr", "0.5"])
    assert {name: variables[name] for name in variables if name.startswith(("SM_CH", "SM_HP", "SAGE", "CURR"))} == {
        "SM_CHANNELS": '["train"]',
        "SM_CHANNEL_TRAIN": f"{tmp_path}/input/data/train",
        "SM_HPS": '{"lr":0.5}',
        "SM_HP_LR": "0.5",
        "SAGEMAKER_JOB_NAME": "job-1",
        "SAGEMAKER_REGION": "eu-west-3",
        "CURRENT_HOST": "algo-2",
    }
    assert json.loads(variables["SM_TRAINING_ENV"])["num_gpus"] == 3
    assert json.loads(variables["SM_USER_ARGS"]) == ["--lr", "0.5"]
    assert json.loads(variables["SM_HOSTS"]) == ["algo-1", "algo-2"]
    assert (variables["SM_NUM_GPUS"], variables["SM_CURRENT_HOST"]) == ("3", "algo-2")
    assert not [name for name in environment.ONLY_TOGETHER if f"SM_{name.upper()}" in variables]


def test_what_others_set_in_the_environment_is_among_the_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = job(tmp_path, resource={"topology": ["a"]})
    monkeypatch.setenv("TRAINING_JOB_NAME", "job-7")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("SM_HP_MP_PARAMETERS", "{}")
    facts = environment.facts(made, None, 0)
    assert (facts["job_name"], facts["module_name"], facts["user_entry_point"]) == ("job-7", "", None)
    assert not facts["is_modelparallel_enabled"]
    variables = environment.sagemaker_variables(made, facts, [])
    assert (variables["SM_TOPOLOGY"], variables["SAGEMAKER_REGION"]) == ('["a"]', "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    monkeypatch.setenv("SM_HP_MP_PARAMETERS", '{"a": 1}')
    assert environment.facts(made, None, 0)["is_modelparallel_enabled"]
    assert environment.sagemaker_variables(made, facts, [])["SAGEMAKER_REGION"] == "us-west-1"


@pytest.mark.parametrize(
    ("hyperparameters", "hosts", "master", "groups"),
    [
        ({}, [], "algo-1", []),
        ({"sagemaker_mpi_enabled": "true"}, ["algo-3"], "algo-3", ["cpus"]),
        ({"sagemaker_distribution_instance_groups": '["gpus"]'}, ["algo-1", "algo-2"], "algo-1", ["gpus"]),
    ],
)
def test_a_distribution_spans_its_groups(
    tmp_path: Path, hyperparameters: dict[str, str], hosts: list[str], master: str, groups: list[str]
) -> None:
    resource = {
        "hosts": ["algo-1", "algo-2", "algo-3"],
        "current_host": "algo-3",
        "current_group_name": "cpus",
        "current_instance_type": "ml.m5.large",
        "instance_groups": GROUPS,
    }
    made = job(tmp_path, resource=resource, hyperparameters=hyperparameters)
    facts = environment.facts(made, "a.py", 0)
    assert (made.distribution_hosts, made.master, facts["distribution_instance_groups"]) == (hosts, master, groups)
    assert (facts["is_hetero"], facts["is_master"]) == (True, master == "algo-3")
    assert (facts["current_instance_group_hosts"], facts["instance_groups"]) == (["algo-3"], ["gpus", "cpus"])


def test_our_variables_say_where_a_host_stands(tmp_path: Path) -> None:
    made = job(tmp_path, checkpointconfig={"LocalPath": "/checkpoints/"}, tensorboardoutputconfig={"LocalPath": "/tb"})
    assert environment.our_variables(made) == {
        "SSM_NUM_NODES": "2",
        "SSM_HOST_RANK": "1",
        "SSM_STATE": "/checkpoints",
        "SSM_INSTANCE_STATE": "/checkpoints/algo-2",
        "SSM_TENSORBOARD_DIR": "/tb",
    }


def test_a_trial_of_a_tuning_job_has_a_state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = job(tmp_path)
    monkeypatch.setenv("TRAINING_JOB_NAME", "search-001")
    assert plain.state == f"{tmp_path}/state"
    assert plain.tensorboard == f"{tmp_path}/output/tensorboard"
    trial = job(tmp_path, hyperparameters={"_tuning_objective_metric": '"loss"'})
    assert trial.state == f"{tmp_path}/state/search-001"
    assert "_tuning_objective_metric" not in trial.hyperparameters
    own_root = Places("/opt/ml/")
    trial.places.is_plain = own_root.is_plain
    assert trial.state == "/state/search-001"


def test_variables_override_the_environment_and_defaults_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(str(tmp_path))
    monkeypatch.setenv("MASTER_PORT", "1")
    monkeypatch.setenv("SM_HOSTS", "old")
    monkeypatch.setenv("PYTHONPATH", "/mine")
    defaults = environment.default_variables("algo-1", "eth7")
    env = environment.merge(places, {"SM_HOSTS": "new"}, defaults)
    assert (env[b"MASTER_PORT"], env[b"SM_HOSTS"]) == (b"1", b"new")
    assert (env[b"MASTER_ADDR"], env[b"NCCL_SOCKET_IFNAME"], env[b"PYTHONUNBUFFERED"]) == (b"algo-1", b"eth7", b"1")
    assert env[b"PYTHONPATH"] == f"{tmp_path}/code:/mine".encode()
    monkeypatch.delenv("PYTHONPATH")
    assert environment.merge(places, {}, {})[b"PYTHONPATH"] == f"{tmp_path}/code".encode()
    assert defaults["MASTER_PORT"] == "7777"  # documented


def test_a_configuration_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    job(tmp_path)
    file = tmp_path / "input/config/resourceconfig.json"
    for content, why in (("[]", "holds no JSON object"), ("{", "is not JSON")):
        file.write_text(content)
        with pytest.raises(Refusal, match=f"{file} {why}"):
            environment.Job(Places(str(tmp_path)))
    file.unlink()
    with pytest.raises(Refusal, match=f"{file} cannot be read: No such file"):
        environment.Job(Places(str(tmp_path)))


def test_every_host_has_its_folder_of_the_state_where_one_can_be_made(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environment.make_instance_state(str(tmp_path / "state"), "algo-2")
    environment.make_instance_state(str(tmp_path / "state"), "algo-2")
    assert (tmp_path / "state/algo-2").is_dir()
    (tmp_path / "file").write_text("")
    environment.make_instance_state(str(tmp_path / "file"), "algo-2")
    assert capfd.readouterr().out == (
        f"simple-sagemaker: the state folder {tmp_path}/file/algo-2 cannot be made: Not a directory\n"
    )
