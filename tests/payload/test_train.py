"""In place of AWS's ``train``: requests of other clients on the local engine."""

from __future__ import annotations

import subprocess

import pytest

from tests.payload.job import JobFolder, resources


def test_the_program_is_the_hyperparameter(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"', "lr": "0.1"}
    assert job.run("train").status == 0
    assert job.report.arguments == ["--lr", "0.1"]


def test_the_environment_names_the_program_before_the_hyperparameter(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"no.py"'}
    job.environment["SAGEMAKER_PROGRAM"] = "train.py"
    assert job.run("train").status == 0


def test_a_job_without_a_program_says_so(job: JobFolder) -> None:
    assert job.run("train").status == 1
    assert "neither the hyperparameter sagemaker_program nor SAGEMAKER_PROGRAM" in job.failure


def test_no_folder_is_made_in_another_clients_checkpoints(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"'}
    job.config = {"checkpointconfig.json": {"LocalPath": str(job.base / "checkpoints")}}
    assert job.run("train").status == 0
    assert job.report.environment["SSM_STATE"] == str(job.base / "checkpoints")
    assert not (job.base / "checkpoints").exists()


def test_our_toolkit_way_runs_below_it(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"launcher.py"', "msg": '"a b"'}
    job.run_file["arguments"] = ["", "\udcff"]
    argv = job.launch_argv("train")
    job.write_code(with_launcher=True)
    done = subprocess.run(argv, env=job.surroundings(), capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert job.report.arguments == ["--msg", "a b", "", "\udcff"]
    assert job.report.environment["SM_USER_ENTRY_POINT"] == "train.py"
    assert (job.base / "state/algo-1").is_dir()


@pytest.mark.parametrize("flag", ["sagemaker_mpi_enabled", "sagemaker_parameter_server_enabled"])
def test_a_runner_that_only_awss_images_have_is_refused(job: JobFolder, flag: str) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"', flag: "true"}
    assert job.run("train").status == 1
    assert "needs the runners of AWS's own images" in job.failure


def test_torch_distributed_is_run_by_its_hyperparameter(job: JobFolder) -> None:
    job.hyperparameters = {"sagemaker_program": '"train.py"', "sagemaker_torch_distributed_enabled": "true"}
    job.resource = resources("algo-1", "algo-2")
    job.files["torch/__init__.py"] = ""
    job.files["torch/distributed/__init__.py"] = ""
    job.files["torch/distributed/run.py"] = "import sys; print(sys.argv[1:])"
    job.environment = {"MASTER_ADDR": "127.9.8.7", "MASTER_PORT": "4141"}
    where = "'--master_addr', '127.9.8.7', '--master_port', '4141', '--node_rank', '0'"
    assert f"['--nnodes', '2', '--nproc_per_node', '1', {where}, 'train.py']" in job.run("train").text
