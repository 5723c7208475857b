"""WorkerConfig: the documents' table, from the environment alone."""

from __future__ import annotations

import argparse
import copy
import json
import logging
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simple_sagemaker.payload.worker_toolkit import worker_lib
from simple_sagemaker.payload.worker_toolkit.worker_lib import WorkerConfig

DOCUMENTED = {
    "SAGEMAKER_JOB_NAME": "task1-2020-09-23-17-12-46-0JNcrR6H",
    "SM_CHANNELS": '["data","model","my-chan.1"]',
    "SM_CHANNEL_DATA": "/opt/ml/input/data/data",
    "SM_CHANNEL_MODEL": "/opt/ml/input/data/model",
    "SM_CHANNEL_MY-CHAN.1": "/opt/ml/input/data/my-chan.1",
    "SM_HPS": '{"arg":"hello world!","task":1,"worker":1}',
    "SSM_STATE": "/state",
    "SSM_INSTANCE_STATE": "/state/algo-1",
    "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
    "SM_MODEL_DIR": "/opt/ml/model",
    "SSM_TENSORBOARD_DIR": "/opt/ml/output/tensorboard",
    "SM_NUM_CPUS": "2",
    "SM_NUM_GPUS": "1",
    "SM_CURRENT_HOST": "algo-1",
    "SM_HOSTS": '["algo-1","algo-2"]',
    "SM_NETWORK_INTERFACE_NAME": "eth0",
    "SSM_NUM_NODES": "2",
    "SSM_HOST_RANK": "0",
}
FIELDS = {
    "job_name": "task1-2020-09-23-17-12-46-0JNcrR6H",
    "channels": ["data", "model", "my-chan.1"],
    "channel_data": "/opt/ml/input/data/data",
    "channel_model": "/opt/ml/input/data/model",
    "channel_my_chan_1": "/opt/ml/input/data/my-chan.1",
    "hps": {"arg": "hello world!", "task": 1, "worker": 1},
    "state": "/state",
    "instance_state": "/state/algo-1",
    "output_data_dir": "/opt/ml/output/data",
    "model_dir": "/opt/ml/model",
    "tensorboard_dir": "/opt/ml/output/tensorboard",
    "num_cpus": 2,
    "num_gpus": 1,
    "current_host": "algo-1",
    "hosts": ["algo-1", "algo-2"],
    "network_interface_name": "eth0",
    "num_nodes": 2,
    "host_rank": 0,
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable of a job, and the root logger as it was afterwards."""
    for name in [*os.environ]:
        if name.startswith(("SM_", "SSM_", "SAGEMAKER_", "TRAINING_JOB")):
            monkeypatch.delenv(name)
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in DOCUMENTED.items():
        monkeypatch.setenv(name, text)


@pytest.mark.usefixtures("documented")
@pytest.mark.parametrize("field", FIELDS)
def test_every_documented_field_is_there(field: str) -> None:
    assert getattr(WorkerConfig(per_instance_state=False), field) == FIELDS[field]


@pytest.mark.usefixtures("documented")
def test_the_command_line_is_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ["train.py", "--model", "resnet", "--num", "5", "--input", "x", "--host", "h", "--job_name", "7", "-h"]
    monkeypatch.setattr(sys, "argv", argv)
    config = WorkerConfig(False)
    assert (config.model_dir, config.num_cpus, config.job_name) == (
        FIELDS["model_dir"],
        FIELDS["num_cpus"],
        FIELDS["job_name"],
    )
    assert sys.argv == argv


@pytest.mark.usefixtures("documented")
def test_an_unknown_channel_names_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"'nope' is not among the channels \['data', 'model', 'my-chan.1'\]"):
        _ = WorkerConfig(False).channel_nope
    with pytest.raises(AttributeError, match="no field 'chanel_data'"):
        _ = WorkerConfig(False).chanel_data


def test_without_a_job_there_are_sensible_values(monkeypatch: pytest.MonkeyPatch) -> None:
    config = WorkerConfig(False)
    assert (config.channel_data, config.channels, config.hps) == ("", [], {})
    assert (config.hosts, config.num_nodes, config.host_rank) == (["algo-1"], 1, 0)
    assert (config.model_dir, config.state) == ("/opt/ml/model", "/state")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/elsewhere")
    monkeypatch.setenv("SSM_STATE", "/kept")
    config = WorkerConfig(False)
    assert (config.model_dir, config.output_data_dir) == ("/elsewhere/model", "/elsewhere/output/data")
    assert config.instance_state == "/kept/algo-1"


@pytest.mark.parametrize(
    ("variable", "field", "default"),
    [
        ("SM_INPUT_DIR", "input_dir", "/opt/ml/input"),
        ("SM_INPUT_CONFIG_DIR", "input_config_dir", "/opt/ml/input/config"),
        ("SM_OUTPUT_DIR", "output_dir", "/opt/ml/output"),
        ("SM_OUTPUT_DATA_DIR", "output_data_dir", "/opt/ml/output/data"),
        ("SSM_TENSORBOARD_DIR", "tensorboard_dir", "/opt/ml/output/tensorboard"),
    ],
)
def test_a_folder_is_its_variables_or_where_sagemaker_has_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str, default: str
) -> None:
    for name in ("SM_INPUT_DIR", "SM_INPUT_CONFIG_DIR", "SM_OUTPUT_DIR", "SM_OUTPUT_DATA_DIR", "SSM_TENSORBOARD_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SAGEMAKER_BASE_DIR", raising=False)
    assert getattr(WorkerConfig(False), field) == default
    monkeypatch.setenv(variable, "/mine")
    assert getattr(WorkerConfig(False), field) == "/mine"


@pytest.mark.usefixtures("documented")
def test_it_can_be_copied_and_pickled() -> None:
    config = WorkerConfig(False)
    for other in (copy.copy(config), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert other.__dict__ == config.__dict__
        assert other.channel_my_chan_1 == "/opt/ml/input/data/my-chan.1"


def test_channels_that_differ_in_case_alone_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_CHANNELS", '["Data","data"]')
    monkeypatch.setenv("SM_CHANNEL_DATA", "/opt/ml/input/data/data")
    config = WorkerConfig(False)
    assert config.channel("Data") == "/opt/ml/input/data/Data"
    assert config.channel_data == "/opt/ml/input/data/data"
    with pytest.raises(AttributeError, match="could be each of"):
        config.channel("DATA")


def test_a_processing_jobs_channels_are_known_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_CHANNEL_PERSONS", "/opt/ml/processing/input/persons")
    config = WorkerConfig(False)
    assert config.channels == ["persons"]
    assert config.channel("Persons") == config.channel_persons == "/opt/ml/processing/input/persons"


def test_a_processing_jobs_hosts_come_from_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "resourceconfig.json").write_text('{"current_host":"algo-2","hosts":["algo-1","algo-2"]}')
    (tmp_path / "processingjobconfig.json").write_text('{"ProcessingJobName":"p-1"}')
    monkeypatch.setattr(worker_lib, "PROCESSING_CONFIG", str(tmp_path))
    config = WorkerConfig(False)
    assert (config.job_name, config.current_host, config.num_nodes, config.host_rank) == ("p-1", "algo-2", 2, 1)


def test_the_state_of_an_instance_is_made_and_others_are_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "algo-2").mkdir()
    (tmp_path / "algo-2/kept").write_text("")
    monkeypatch.setenv("SSM_STATE", str(tmp_path))
    with caplog.at_level(logging.INFO):
        config = WorkerConfig()
    assert config.instance_state == str(tmp_path / "algo-1")
    assert Path(config.instance_state).is_dir()
    assert (tmp_path / "algo-2/kept").exists()
    assert [record.getMessage() for record in caplog.records] == ["Creating instance specific state dir"]


@pytest.mark.parametrize(
    ("before", "debug_level", "after"),
    [
        (logging.WARNING, True, logging.INFO),
        (logging.ERROR, False, logging.ERROR),
        (logging.DEBUG, True, logging.DEBUG),
        (logging.NOTSET, True, logging.NOTSET),
    ],
)
def test_info_passes_when_asked(before: int, debug_level: bool, after: int) -> None:
    logging.getLogger().setLevel(before)
    WorkerConfig(False, set_debug_level=debug_level)
    assert logging.getLogger().level == after


@pytest.mark.usefixtures("documented")
def test_a_namespace_gets_what_it_lacks() -> None:
    namespace = argparse.Namespace(model_dir="/typed", state=None, lr=0.1)
    assert WorkerConfig(False).updateNamespace(namespace) is namespace
    assert (namespace.model_dir, namespace.state, namespace.lr) == ("/typed", "/state", 0.1)
    assert namespace.num_nodes == 2
    assert vars(namespace)["channel_my-chan.1"] == "/opt/ml/input/data/my-chan.1"


@pytest.mark.usefixtures("documented")
def test_a_namespace_gets_just_what_is_named() -> None:
    namespace = argparse.Namespace(data="typed")
    WorkerConfig(False).updateNamespace(namespace, {"data": "channel_data", "world_size": "num_nodes"})
    assert vars(namespace) == {"data": "/opt/ml/input/data/data", "world_size": 2}


def test_the_variables_that_were_too_long_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "long.json").write_text(json.dumps({"SM_HPS": '{"a":1}'}))
    monkeypatch.setenv("SSM_LONG_ENVIRONMENT", str(tmp_path / "long.json"))
    assert WorkerConfig(False).hps == {"a": 1}
