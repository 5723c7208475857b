"""Tasks from Python, with real jobs on this machine."""

from __future__ import annotations

import copy
import logging
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import Data, Job, Project
from simple_sagemaker.errors import (
    EngineUnavailable,
    InputNotFound,
    JobFailed,
    JobStopped,
    SsmError,
    StaleResult,
    UsageError,
)
from simple_sagemaker.jobs.result_parts import NotDownloaded
from tests.counts import examples

THREADS = examples(4, 8)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_skip_that_differs_warns_and_says_how(project: Project, here: Path) -> None:
    first = project.run("task", "worker.py", hyperparameters={"lr": 0.7})
    assert (first.skipped, first.differences) == (False, ())
    same = project.run("task", "worker.py", hyperparameters={"lr": 0.7})
    assert (same.name, same.skipped, same.differences) == (first.name, True, ())
    with pytest.warns(StaleResult, match=r"lr: 0\.7 -> 99\.0") as warned:
        stale = project.run("task", "worker.py", hyperparameters={"lr": 99.0})
    assert warned[0].filename == __file__
    assert (stale.name, stale.skipped, stale.differences) == (first.name, True, (("lr", "0.7", "99.0"),))
    assert (same.unseen, stale.unseen) == ((), ())
    again = Project("proj", engine="local", if_changed=True)
    with pytest.warns(StaleResult):
        again.run("task", "worker.py", hyperparameters={"lr": 99.0}, if_changed=False)
    assert not again.run("task", "worker.py", hyperparameters={"lr": 99.0}).skipped


def test_a_task_runs_to_its_end_and_its_results_are_brought(project: Project, here: Path) -> None:
    job = project.run("task", "worker.py", instance_count=2, output_path="out", download_model=True)
    assert job.status == "Completed"
    assert job.task_name == "task"
    result = job.result()
    assert (result.status, result.reason, result.folder) == ("Completed", None, Path("out"))
    assert files(here / "out") == ["logs/logs0", "logs/logs1", "model/of_algo-1", "model/of_algo-2"]


def test_hyperparameters_keep_their_types(project: Project) -> None:
    values = {"n": 3, "lr": 1e-3, "word": "a b", "on": True, "nothing": None, "list": [1, "x"], "map": {"k": 2.5}}
    job = project.run("task", "worker.py", hyperparameters=values)
    (line,) = [line for line in job.logs()["algo-1"] if line.startswith("hps ")]
    assert line == f"hps {sorted(values.items())}"


def test_arguments_reach_the_script_as_they_are(project: Project, here: Path) -> None:
    (here / "words.py").write_text("import sys\nprint(sys.argv[1:])\n")
    job = project.run("task", "words.py", arguments=["--verbose", "a  b", 3, Path("x/y"), ""])
    assert job.logs()["algo-1"][-1] == "['--verbose', 'a  b', '3', 'x/y', '']"


def test_a_shell_command_runs(project: Project, here: Path) -> None:
    job = project.shell("task", 'echo "$SM_CURRENT_HOST of $SM_HOSTS"', instance_count=2)
    assert {host: lines[-1] for host, lines in job.logs().items()} == {
        host: f'{host} of ["algo-1","algo-2"]' for host in ("algo-1", "algo-2")
    }


def test_a_completed_task_is_not_run_again(project: Project) -> None:
    first = project.run("task", "worker.py")
    assert project.run("task", "worker.py").name == first.name
    assert project.run("task", "worker.py", clean_state=True).name != first.name


def test_tasks_are_chained(project: Project, here: Path) -> None:
    project.run("one", "worker.py", hyperparameters={"word": "chained"})
    (here / "data").mkdir()
    (here / "data/a.txt").write_text("a")
    job = project.shell(
        "two",
        'cd "$SM_INPUT_DIR/data"; ls */*; tar xzOf model/model.tar.gz of_algo-1',
        inputs={"data": "data", "model": project.input_of("one", "model"), "state": project.input_of("one", "state")},
    )
    lines = [line.rstrip() for line in job.logs()["algo-1"]]
    assert {"data/a.txt", "model/model.tar.gz", "state/kept", "chained"} <= set(lines)


def test_a_share_of_the_data_is_one_hosts(project: Project, here: Path) -> None:
    (here / "data").mkdir()
    for name in "ab":
        (here / "data" / name).write_text(name)
    shared = Data("data", distribution="ShardedByS3Key")
    job = project.shell("task", 'ls "$SM_CHANNEL_DATA"', instance_count=2, inputs={"data": shared})
    assert sorted(lines[-1] for lines in job.logs().values()) == ["a", "b"]


def test_a_failed_job_is_an_error_and_its_results_are_brought_all_the_same(project: Project, here: Path) -> None:
    with pytest.raises(JobFailed, match="exit code: 3"):
        project.shell("task", "echo so far; exit 3", output_path="out")
    assert "so far" in (here / "out/logs/logs0").read_text()
    with pytest.raises(InputNotFound, match="no completed job"):
        project.result("task")


def test_a_job_that_is_not_waited_for_is_looked_at_and_stopped(project: Project) -> None:
    job = project.shell("task", "echo begun; exec sleep 100", wait=False)
    until = time.monotonic() + 300
    while "begun" not in job.logs().get("algo-1", []):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert job.status == "InProgress"
    job.stop()
    assert job.wait().status == "Stopped"
    with pytest.raises(JobStopped, match="asked to stop"):
        job.result()
    job.stop()
    assert job.status == "Stopped"


def test_results_of_a_job_that_is_not_waited_for_come_when_it_is(project: Project, here: Path) -> None:
    job = project.run("task", "worker.py", wait=False, output_path="out", download_output=True)
    assert not (here / "out").exists()
    job.result()
    assert files(here / "out") == ["logs/logs0", "output/output"]


def test_a_running_task_is_joined(project: Project, here: Path) -> None:
    first = project.shell("task", "while [ ! -e go ]; do sleep 0.05; done", wait=False)
    second = Project("proj").shell("task", "while [ ! -e go ]; do sleep 0.05; done", wait=False)
    assert second.name == first.name
    first.stop()
    first.wait()


def test_threads_run_a_task_each(project: Project, here: Path) -> None:
    def run(number: int) -> Job:
        return project.run(f"task{number}", "worker.py", hyperparameters={"word": number}, output_path=f"out{number}")

    with ThreadPoolExecutor(THREADS) as threads:
        jobs = list(threads.map(run, range(THREADS)))
    assert [job.task_name for job in jobs] == [f"task{number}" for number in range(THREADS)]
    assert len({job.name for job in jobs}) == THREADS
    for number in range(THREADS):
        assert f"hps [('word', {number})]" in (here / f"out{number}/logs/logs0").read_text().splitlines()


def test_threads_that_run_one_task_start_one_job(project: Project) -> None:
    together = threading.Barrier(4)

    def run(_: int) -> Job:
        together.wait()
        return project.run("task", "worker.py")

    with ThreadPoolExecutor(4) as threads:
        assert len({job.name for job in threads.map(run, range(4))}) == 1


def test_threads_share_a_job(project: Project, here: Path) -> None:
    job = project.run("task", "worker.py", wait=False, output_path="out")
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: job.result(), range(4)))
    assert len({result.job for result in results}) == 1


def test_nothing_of_the_callers_is_changed(project: Project, here: Path) -> None:
    (here / "lib").mkdir()
    (here / "lib/one.py").touch()
    said: dict[str, Any] = {
        "hyperparameters": {"list": [1, {"deep": [2]}]},
        "dependencies": ["lib"],
        "arguments": ["a"],
        "tags": {"key": "value"},
        "job_env": {"NAME": "value"},
        "metric_definitions": {"score": "score=([0-9]+)"},
        "distribution": {"torch_distributed": {"enabled": False}},
    }
    before = copy.deepcopy(said)
    project.run("one", "worker.py", **said)
    project.run("two", "worker.py", **said)
    assert said == before


def test_what_is_changed_later_has_no_effect_on_a_running_task(project: Project) -> None:
    values: dict[str, Any] = {"word": ["before"]}
    job = project.run("task", "worker.py", hyperparameters=values, wait=False)
    values["word"].append("after")
    job.result()
    assert "hps [('word', ['before'])]" in job.logs()["algo-1"]


def test_metrics_are_the_last_values_found_in_the_logs(project: Project) -> None:
    job = project.shell("task", "echo score=1; echo score=2.5", metric_definitions={"Score": "score=([0-9.]+)"})
    assert job.result().metrics == {"Score": 2.5}


def test_what_a_task_left_is_brought_at_any_time(project: Project, here: Path) -> None:
    project.run("task", "worker.py")
    brought = Project("proj").download("task", "all", source=True)
    assert brought == {name: Path("all", name) for name in ("logs", "model", "output", "state", "source")}
    assert {"model/of_algo-1", "output/output", "state/kept", "source/worker.py"} <= set(files(here / "all"))
    assert Project("proj").download("task", "one", logs=False, output=False, state=False) == {
        "model": Path("one/model")
    }
    assert files(here / "one") == ["model/of_algo-1"]


def test_the_result_of_a_task_says_where_its_outcomes_are(project: Project) -> None:
    job = project.run("task", "worker.py")
    result = project.result("task")
    assert (result.job, result.status) == (job.name, "Completed")
    base = "s3://sagemaker-us-east-1-000000000000/proj/task"
    assert result.uri("model") == f"{base}/{job.name}/output/model.tar.gz"
    assert result.uri("output") == f"{base}/{job.name}/output/output.tar.gz"
    assert result.uri("source") == f"{base}/{job.name}/source/sourcedir.tar.gz"
    assert result.uri("state") == f"{base}/state/"


def test_prefix_and_bucket_are_the_projects(here: Path, tmp_path: Path) -> None:
    project = Project("proj", prefix="team/", bucket_name="our-bucket")
    project.run("task", "worker.py")
    assert (tmp_path / "home/buckets/our-bucket/team/proj/task/state/kept").exists()
    assert project.result("task").uri("state") == "s3://our-bucket/team/proj/task/state/"
    with pytest.raises(InputNotFound, match="no such bucket"):
        Project("proj").result("task")


def test_the_state_is_cleared(project: Project, tmp_path: Path) -> None:
    project.run("task", "worker.py")
    assert project.clean_state("task") == 1
    assert project.clean_state("task") == 0
    assert not list((tmp_path / "home").glob("buckets/*/proj/task/state/kept"))


def test_cleaning_a_project_leaves_others_of_like_names_alone(project: Project, here: Path, tmp_path: Path) -> None:
    project.run("task", "worker.py")
    Project("proj2").run("task", "worker.py")
    assert project.clean_all() > 0
    assert [path.name for path in (tmp_path / "home/buckets").glob("[!.]*/*")] == ["proj2"]
    with pytest.raises(InputNotFound):
        project.clean_all()


def test_a_project_with_a_running_job_is_not_cleaned(project: Project, tmp_path: Path) -> None:
    job = project.shell("task", "exec sleep 100", wait=False)
    with pytest.raises(UsageError, match="in progress"):
        project.clean_all()
    job.stop()
    job.wait()


def test_a_folder_of_ones_own_in_the_way_is_said_before_the_job(project: Project, here: Path, tmp_path: Path) -> None:
    (here / "out").mkdir()
    (here / "out/logs").write_text("mine")
    with pytest.raises(NotDownloaded, match="is a file"):
        project.run("task", "worker.py", output_path="out")
    assert not (tmp_path / "home/jobs").exists()


def test_nothing_is_printed_and_everything_is_logged(
    project: Project, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handlers = logging.getLogger().handlers[:]
    caplog.set_level(logging.INFO, "simple_sagemaker")
    job = project.run("task", "worker.py")
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers
    said = {(record.name, record.getMessage()) for record in caplog.records}
    assert ("simple_sagemaker.task", f"Job {job.name}") in said
    assert ("simple_sagemaker.lines", "algo-1 | hps []") in said


@pytest.mark.parametrize("progress", ["lines", "auto"])
def test_progress_is_printed_when_asked_for(here: Path, progress: Any, capsys: pytest.CaptureFixture[str]) -> None:
    job = Project("proj", progress=progress).run("task", "worker.py")
    lines = capsys.readouterr().out.splitlines()
    assert f"Job {job.name}" in lines
    assert "algo-1 | hps []" in lines
    assert lines[-1] == "Completed: Training job completed"


def test_ctrl_c_leaves_the_job_running(here: Path, tmp_path: Path) -> None:
    (here / "runner.py").write_text(
        "from simple_sagemaker import Project\nProject('proj', progress='lines').shell('task', 'echo up; sleep 100')\n"
    )
    with subprocess.Popen([sys.executable, "runner.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        while b"up" not in process.stdout.readline().split():
            pass
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.stderr.read()
    job = Project("proj").shell("task", "echo up; sleep 100", wait=False)
    assert len(list((tmp_path / "home/jobs").glob("[!.]*"))) == 1
    assert job.status == "InProgress"
    job.stop()
    job.wait()


def test_the_engine_is_chosen_by_the_argument_before_the_environment(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSM_ENGINE", "aws")
    assert Project("proj", engine="local").run("task", "worker.py").status == "Completed"


def test_the_image_of_a_dockerfile_is_the_ready_made_one_where_there_are_no_images(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    plain = project.build_image(framework="sklearn", framework_version="1.2-1")
    assert plain.endswith("sagemaker-scikit-learn:1.2-1-cpu-py3")
    built = project.build_image(framework="sklearn", framework_version="1.2-1", docker_file_path_or_content="RUN true")
    assert built == plain
    assert "No image is built" in caplog.text


def test_a_task_with_a_dockerfile_is_refused_where_there_are_no_images(project: Project) -> None:
    with pytest.raises(EngineUnavailable, match=r"^docker_file_path_or_content builds an image"):
        project.run("task", "worker.py", docker_file_path_or_content="RUN true")


def test_results_are_looked_for_where_the_task_ran(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSM_ENGINE")
    project = Project("proj")
    project.run("task", "worker.py", instance_type="local")
    assert project.result("task").status == "Completed"
    assert Project("proj", instance_type="local").download("task", "out")["model"] == Path("out/model")
    assert project.clean_all() > 0


def test_the_projects_machine_is_that_of_tasks_that_name_none(here: Path) -> None:
    project = Project("proj", instance_type="ml.p3.2xlarge")
    for machine in (None, "ml.m5.large"):
        job = project.run("task", "worker.py", instance_type=machine, force_running=True)
        found = job.wait().described["ResourceConfig"]["InstanceType"]
        assert found == (machine or "ml.p3.2xlarge")


def test_what_the_service_refuses_is_an_error_of_ours(project: Project) -> None:
    with pytest.raises(SsmError, match=r"^SageMaker refused CreateTrainingJob: .*ml\.m9\.large"):
        project.run("task", "worker.py", instance_type="ml.m9.large")


def test_a_processing_task_is_chained_with_a_training_task(project: Project, here: Path) -> None:
    (here / "prepare.py").write_text(
        "import sys\nfrom worker_toolkit import worker_lib\n"
        "config = worker_lib.WorkerConfig()\nprint('words', sys.argv[1:])\n"
        "open(config.output_data_dir + '/made', 'w').write('by processing')\n"
    )
    job = project.process("prepare", "prepare.py", arguments=["--top", 5], output_path="out", download_output=True)
    assert "words ['--top', '5']" in job.logs()["algo-1"]
    assert job.result().status == "Completed"
    assert files(here / "out") == ["logs/logs0", "output/made"]
    inputs = {"made": project.input_of("prepare", "output")}
    assert project.shell("use", 'cat "$SM_CHANNEL_MADE/made"', inputs=inputs).logs()["algo-1"][-1] == "by processing"
    assert project.process("prepare", "prepare.py", arguments=["--top", 5]).name == job.name


def test_a_processing_task_that_is_not_waited_for_is_stopped(project: Project) -> None:
    job = project.process("task", entrypoint=["sleep", "100"], wait=False)
    job.stop()
    assert job.wait().status == "Stopped"


def test_what_a_failed_command_said_is_told_as_it_was(project: Project) -> None:
    with pytest.raises(JobFailed, match="no such --framework x, -s or --tag"):
        project.shell("task", "echo 'no such --framework x, -s or --tag' >&2; exit 1")


def test_a_failure_has_its_job_and_result_and_says_what_to_do(project: Project, here: Path) -> None:
    (here / "missing.py").write_text("import no_such_module_of_anybody")
    with pytest.raises(JobFailed, match=r"no module no_such_module_of_anybody.*SSM_PYTHON") as failed:
        project.run("missing", "missing.py")
    error = failed.value
    assert error.job
    assert error.result
    assert error.job.name == error.result.job
    assert (error.job.status, error.result.status) == ("Failed", "Failed")
    assert len(repr(error.result)) < 1500
    table = error.result._repr_html_()
    assert "no_such_module_of_anybody" in table
    assert "<script" not in table
