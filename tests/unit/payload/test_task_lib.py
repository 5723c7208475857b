"""The first release's worker library: the same facts by its own names."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import sys
from pathlib import Path
from types import ModuleType

import pytest

from simple_sagemaker import payload

CHANNELS = {"SM_CHANNELS": '["bucket","my-set"]', "SM_CHANNEL_BUCKET": "/b/bucket", "SM_CHANNEL_MY-SET": "/b/my-set"}


@pytest.fixture
def task_lib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The library as a job finds it, at the root of the code; the job's state is a folder of this test."""
    for name in [name for name in os.environ if name.startswith(("SM_", "SSM_", "SAGEMAKER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SSM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SM_CURRENT_HOST", "algo-2")
    monkeypatch.setenv("SM_HOSTS", '["algo-1","algo-2"]')
    monkeypatch.setenv("SAGEMAKER_JOB_NAME", "the-job")
    monkeypatch.syspath_prepend(str(payload.FOLDER))
    import task_toolkit.task_lib  # type: ignore[import-not-found]

    module: ModuleType = task_toolkit.task_lib
    return module


def test_inputs_are_folders_by_the_names_of_their_channels(
    task_lib: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CHANNELS.items():
        monkeypatch.setenv(name, value)
    args = task_lib.parseArgs()
    assert (args.input_bucket, args.input_my_set, args.input_MY_SET) == ("/b/bucket", "/b/my-set", "/b/my-set")


def test_input_data_is_empty_without_such_a_channel(task_lib: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert task_lib.parseArgs().input_data == ""
    monkeypatch.setenv("SM_CHANNELS", '["data"]')
    monkeypatch.setenv("SM_CHANNEL_DATA", "/b/data")
    assert task_lib.parseArgs().input_data == "/b/data"


def test_a_channel_that_is_not_there_is_named_with_those_that_are(
    task_lib: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CHANNELS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AttributeError, match=r"input_basket.*\['bucket', 'my-set'\]"):
        _ = task_lib.parseArgs().input_basket


def test_hyperparameters_keep_their_types(task_lib: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_HPS", '{"arg":"hello world!","task":1}')
    assert task_lib.parseArgs().hps == {"arg": "hello world!", "task": 1}


def test_the_scripts_own_options_are_left_to_it(task_lib: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["w.py", "--model", "resnet", "--input", "x", "--host", "h", "--job", "7"])
    args = task_lib.parseArgs()
    assert args.model_dir == "/opt/ml/model"
    assert (args.current_host, args.job_name) == ("algo-2", "the-job")


def test_the_fields_are_those_of_a_namespace(task_lib: ModuleType) -> None:
    fields = vars(task_lib.parseArgs())
    named = {"hps", "input_data", "state", "output_data_dir", "model_dir", "num_cpus", "num_gpus", "hosts"}
    assert named | {"current_host", "network_interface_name", "channels"} <= set(fields)


def test_args_can_be_copied_and_pickled(task_lib: ModuleType) -> None:
    args = task_lib.parseArgs()
    assert copy.deepcopy(args) == pickle.loads(pickle.dumps(args)) == args


def test_every_host_has_a_folder_of_its_own_in_the_state(
    task_lib: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "state/algo-1").mkdir(parents=True)
    (tmp_path / "state/algo-1/kept").touch()
    assert task_lib.initMultiWorkersState(task_lib.parseArgs()) == str(tmp_path / "state/algo-2")
    assert (tmp_path / "state/algo-2").is_dir()
    assert (tmp_path / "state/algo-1/kept").exists()
    assert caplog.record_tuples == [
        ("task_toolkit.task_lib", logging.INFO, "Creating instance specific state dir"),
    ]


def test_completion_is_logged_and_recorded_with_the_job(
    task_lib: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    task_lib.markCompleted(task_lib.parseArgs())
    assert ("task_toolkit.task_lib", logging.INFO, "Marking instance algo-2 completion") in caplog.record_tuples
    recorded = json.loads((tmp_path / "state/algo-2/completed.json").read_text())
    assert recorded["job"] == "the-job"
    task_lib.markCompleted(task_lib.parseArgs())  # of a task that goes on with its state
    assert task_lib.initMultiWorkersState(task_lib.parseArgs()) == str(tmp_path / "state/algo-2")
    assert (tmp_path / "state/algo-2/completed.json").exists()


def test_the_debug_level_lets_info_through_and_no_more(task_lib: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.WARNING)
    task_lib.setDebugLevel()
    assert root.level == logging.INFO
