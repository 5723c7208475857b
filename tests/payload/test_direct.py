"""The direct way: start.sh, the launcher, the person's code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.payload.job import REPORT, JobFolder, resources

SHELL = {"kind": "shell", "entry_point": None}


def test_the_documented_lines_come_before_the_output(job: JobFolder) -> None:
    job.hyperparameters = {"msg": '"Hello, world!"', "sagemaker_job_name": '"job-1"'}
    job.files = {"worker2.py": "import sys; print(sys.argv[2])"}
    job.run_file = {"kind": "run", "entry_point": "worker2.py"}
    ended = job.run()
    first, rest = ended.text.split("\n", 1)
    assert first.startswith("simple-sagemaker: Python 3.")
    assert first.endswith(f"({job.python})")
    command = f"{job.python} worker2.py --msg Hello, world!"
    assert rest == f"Invoking script with the following command:\n\n{command}\n\nHello, world!\n"
    assert ended.status == 0
    assert (job.output / "success").read_bytes() == b""
    assert job.failure == ""


def test_hyperparameters_come_first_and_the_arguments_follow_as_typed(job: JobFolder) -> None:
    job.hyperparameters = {"b": "2", "a": '"x y"'}
    arguments = ["", "--", "it's", '"', "$(id)", "a\nb", "*", "ü", "\udcff", "\\"]
    job.run_file = {"kind": "run", "entry_point": "train.py", "arguments": arguments}
    job.run()
    assert job.report.arguments == ["-a", "x y", "-b", "2", *arguments]
    assert job.report.argv[-2] == b"\xff"
    assert json.loads(job.report.environment["SM_USER_ARGS"]) == ["-a", "x y", "-b", "2", *arguments]


def test_ten_thousand_arguments_arrive_and_the_log_line_is_cut(job: JobFolder) -> None:
    arguments = [f"--argument-{number}" for number in range(10_000)]
    job.run_file = {"kind": "run", "entry_point": "train.py", "arguments": arguments}
    ended = job.run()
    assert job.report.arguments == arguments
    assert len(ended.output) < 4000
    assert "(10001 arguments)" in ended.text


def test_a_variable_too_long_for_the_kernel_goes_to_a_file(job: JobFolder) -> None:
    job.hyperparameters = {f"key{number:02}": json.dumps("x" * 2400) for number in range(90)}
    ended = job.run()
    assert ended.status == 0, ended.text
    environment = job.report.environment
    assert "SM_HPS" not in environment
    long_variables = json.loads(Path(environment["SSM_LONG_ENVIRONMENT"]).read_text())
    assert json.loads(long_variables["SM_HPS"]) == {f"key{number:02}": "x" * 2400 for number in range(90)}
    assert ended.text.count("too long for the environment") == 1


def test_worker_config_reads_the_variables_that_were_too_long(job: JobFolder) -> None:
    job.hyperparameters = {f"key{number:02}": json.dumps("x" * 2400) for number in range(90)}
    job.files = {"train.py": "from worker_toolkit import worker_lib\nprint(len(worker_lib.WorkerConfig(False).hps))"}
    assert job.run().text.endswith("\n90\n")


def test_ours_beside_aws_variables(job: JobFolder) -> None:
    hosts = ["algo-1", "algo-10", "algo-2"]
    job.resource = resources(*hosts, current="algo-2")
    state = job.base / "state"
    job.config = {
        "checkpointconfig.json": {"LocalPath": f"{state}/"},
        "tensorboardoutputconfig.json": {"S3OutputPath": "s3://b/p", "LocalPath": "/somewhere/board/"},
    }
    job.run()
    environment = job.report.environment
    assert environment["SSM_NUM_NODES"] == "3"
    assert environment["SSM_HOST_RANK"] == "2"
    assert environment["SSM_STATE"] == str(state)
    assert environment["SSM_INSTANCE_STATE"] == f"{state}/algo-2"
    assert (state / "algo-2").is_dir()
    assert environment["SSM_TENSORBOARD_DIR"] == "/somewhere/board"
    assert environment["MASTER_ADDR"] == "algo-1"
    assert environment["MASTER_PORT"] == "7777"
    assert environment["NCCL_SOCKET_IFNAME"] == "eth0"
    assert environment["PYTHONUNBUFFERED"] == "1"
    assert environment["PYTHONPATH"].split(":")[0] == str(job.code) == job.report.folder
    assert "RANK" not in environment


def test_what_the_engine_has_set_for_pytorch_stays(job: JobFolder) -> None:
    given = {"MASTER_ADDR": "127.1.2.3", "MASTER_PORT": "4242", "NCCL_DEBUG": "INFO", "GLOO_SOCKET_IFNAME": "lo"}
    job.environment = {**given, "PYTHONUNBUFFERED": ""}
    job.run()
    seen = job.report.environment
    assert {name: seen[name] for name in given} == given
    assert seen["PYTHONUNBUFFERED"] == ""


def test_the_hidden_channel_is_hidden(job: JobFolder) -> None:
    job.channels = {"data": {"TrainingInputMode": "File"}, "ssm_source": {"TrainingInputMode": "File"}}
    job.run()
    assert job.report.environment["SM_CHANNELS"] == '["data"]'
    assert not [name for name, text in job.report.sagemaker.items() if "ssm_source" in name.lower() + text]


def test_modules_named_like_pythons_own_do_not_stop_the_launcher(job: JobFolder) -> None:
    names = ["json", "signal", "select", "tarfile", "re", "subprocess", "types"]
    job.files = {"train.py": "print('ran')", **{f"{name}.py": "raise SystemExit(99)" for name in names}}
    job.environment = {"PYTHONPATH": str(job.code)}
    assert job.run().text.endswith("\nran\n")


def test_a_second_start_unpacks_over_the_first(job: JobFolder) -> None:
    argv = job.launch_argv("direct")
    job.code.mkdir()
    (job.code / "stale.py").write_text("left by the interrupted run")
    (job.code / "folder").mkdir()
    (job.code / "link").symlink_to("/")
    assert os.spawnve(os.P_WAIT, argv[0], argv, job.surroundings()) == 0
    assert sorted(path.name for path in job.code.iterdir()) == [
        "launcher.py",
        "run.json",
        "ssm_launcher",
        "task_toolkit",
        "train.py",
        "worker_toolkit",
    ]


@pytest.mark.parametrize("name", ["run.sh", "tools/run.sh", "run.bash"])
def test_a_shell_script_gets_the_hyperparameters_as_arguments(job: JobFolder, name: str) -> None:
    job.hyperparameters = {"foo": '"bar baz"', "empty": '""'}
    job.files = {name: f'#!/bin/sh\nexec {job.python} report.py "$@"\n', "report.py": REPORT}
    job.run_file = {"kind": "run", "entry_point": name, "arguments": ["$HOME"]}
    assert job.run().status == 0
    assert job.report.arguments == ["--empty", "", "--foo", "bar baz", "$HOME"]


def test_a_shell_script_without_a_first_line_runs_too(job: JobFolder) -> None:
    job.files = {"run.sh": 'printf "%s|" "$@"; exit 3'}
    job.run_file = {"kind": "run", "entry_point": "run.sh", "arguments": ["a b", ""]}
    ended = job.run()
    assert (ended.status, ended.text.endswith("\na b||")) == (3, True)


def test_a_shell_task_gets_its_command_and_quoted_arguments(job: JobFolder) -> None:
    job.hyperparameters = {"foo": "1"}
    job.run_file = {**SHELL, "command": "echo $SM_HP_FOO && printf '%s|'", "arguments": ["it's", "", "$(id)", "a\nb"]}
    ended = job.run()
    assert ended.text.endswith("\n1\nit's||$(id)|a\nb|")


def test_a_long_shell_command_goes_by_way_of_a_file(job: JobFolder) -> None:
    text = "x" * 200_000
    job.run_file = {**SHELL, "command": f"TEXT={text}; echo ${{#TEXT}}; exit 5"}
    ended = job.run()
    assert (ended.status, ended.text.endswith("\n200000\n")) == (5, True)


def test_an_entry_point_in_a_folder_runs_from_the_root_of_the_code(job: JobFolder) -> None:
    job.files = {"tools/train.py": "import beside\n" + REPORT, "tools/beside.py": "", "top.py": ""}
    job.run_file = {"kind": "run", "entry_point": "tools/train.py"}
    assert job.run().status == 0
    assert job.report.folder == str(job.code)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "not a path inside"),
        ("../out.py", "not a path inside"),
        ("/etc/passwd", "not a path"),
        ("no.py", "not among"),
    ],
)
def test_an_entry_point_that_cannot_be_is_refused(job: JobFolder, name: str, text: str) -> None:
    job.run_file = {"kind": "run", "entry_point": name}
    ended = job.run()
    assert ended.status == 1
    assert text in job.failure
    assert text in ended.text


def test_an_argument_with_a_nul_character_is_refused(job: JobFolder) -> None:
    job.hyperparameters = {"a": json.dumps("x\0y")}
    assert job.run().status == 1
    assert "NUL" in job.failure


def test_a_missing_configuration_file_is_named(job: JobFolder) -> None:
    argv = job.launch_argv("direct")
    (job.base / "input/config/resourceconfig.json").unlink()
    assert os.spawnve(os.P_WAIT, argv[0], argv, job.surroundings()) == 1
    assert "resourceconfig.json cannot be read" in job.failure


def test_a_distribution_that_needs_awss_runners_is_refused(job: JobFolder) -> None:
    nested = {"smdistributed": {"dataparallel": {"enabled": True}}, "mpi": {"enabled": True}}
    job.run_file["distribution"] = {**nested, "parameter_server": {"enabled": False}}
    assert job.run().status == 1
    assert "dataparallel, mpi needs the runners of AWS's own images" in job.failure


def test_torch_distributed_starts_pytorchs_launcher_on_the_jobs_interpreter(job: JobFolder) -> None:
    job.resource = resources("algo-1", "algo-2", current="algo-2")
    job.run_file["distribution"] = {"torch_distributed": {"enabled": True}}
    job.hyperparameters = {"lr": "0.1"}
    job.files["torch/__init__.py"] = ""
    job.files["torch/distributed/__init__.py"] = ""
    job.files["torch/distributed/run.py"] = REPORT
    assert job.run().status == 0
    where = ["--master_addr", "algo-1", "--master_port", "7777", "--node_rank", "1"]
    assert job.report.arguments == ["--nnodes", "2", "--nproc_per_node", "1", *where, "train.py", "--lr", "0.1"]
    assert job.report.environment["NCCL_PROTO"] == "simple"


def test_a_warning_names_code_that_knows_the_usual_folders(job: JobFolder) -> None:
    job.files["deep/b.py"] = "open('/opt/ml/model/x')"
    job.files["a.sh"] = "ls /state/"
    job.files["fine.py"] = "'/home/opt/ml', 'my/state', '/state.txt', '/statement'"
    text = job.run().text
    assert "WARNING: a.sh, deep/b.py mention /opt/ml or /state" in text
    assert text.count("WARNING") == 1


def test_no_warning_for_the_launchers_own_files(job: JobFolder) -> None:
    assert "WARNING" not in job.run().text


def test_the_launcher_loads_nothing_that_takes_long(job: JobFolder) -> None:
    job.files = {"train.py": ""}
    job.launch_argv("direct")
    log = job.base.parent / "imports"
    traced = job.base.parent / "python"
    traced.write_text(f'#!/bin/sh\nexec {job.python} -X importtime "$@" 2>>{log}\n')
    traced.chmod(0o755)
    job.python = str(traced)
    assert job.run().status == 0
    loaded = {line.rpartition("|")[2].strip() for line in log.read_text().splitlines()}
    assert "json" in loaded
    assert not loaded & {"argparse", "asyncio", "email", "http.client", "inspect", "ssl", "tempfile", "typing", "uuid"}
