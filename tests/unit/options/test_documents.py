"""The command lines of both documents mean what the documents say. File paths alone are other."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import (
    Code,
    Download,
    Image,
    Instances,
    LocalInput,
    Place,
    Rerun,
    S3Input,
    TaskInput,
    TaskSpec,
)

CLI = "simple-sagemaker-example-cli"
PERSONS = "s3://awsglue-datasets/examples/us-legislators/all/persons.json"

# Both documents' commands are the same but for what the early one writes otherwise.
EARLY, LATER = ("", CLI), ("run", "ssm-ex")


@pytest.fixture(autouse=True)
def example_files(here: Path) -> None:
    names = [f"worker{number}.py" for number in range(1, 5)]
    names += ["example6/Dockerfile", "example6/code/worker6.py", "example6/data/sample_data1.txt"]
    for name in [*names, "example6/external_dependency/lib1.py", "example6/code/internal_dependency/lib2.py"]:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")


def meant(line: str) -> TaskSpec:
    spec = parse(shlex.split(line))
    assert isinstance(spec, TaskSpec)
    return spec


def spec(project: str, task: str, out: str, code: Code, **more: Any) -> TaskSpec:
    place = Place(project=project, task=task)
    return TaskSpec(kind="run", place=place, code=code, download=Download(path=Path(out)), **more)


def single(number: int) -> Code:
    return Code(entry_point=f"worker{number}.py", entry_file=Path(f"worker{number}.py"))


EXAMPLE6 = Code(entry_point="worker6.py", source_dir=Path("example6/code"))


def test_the_shell_example() -> None:
    line = 'shell -p ssm-ex -t shell-task -o ./output --cmd_line "cat /proc/cpuinfo && nvidia-smi"'
    assert meant(line) == TaskSpec(
        kind="shell",
        place=Place(project="ssm-ex", task="shell-task"),
        code=Code(command="cat /proc/cpuinfo && nvidia-smi"),
        download=Download(path=Path("output")),
    )


@pytest.mark.parametrize(("command", "project", "task"), [(*EARLY, "task1"), (*LATER, "python-task")])
def test_example_1_asks_for_two_machines(command: str, project: str, task: str) -> None:
    line = f"{command} -p {project} -t {task} -e worker1.py -o ./output/example1 --it ml.p3.2xlarge --ic 2"
    machines = Instances(type="ml.p3.2xlarge", count=2)
    assert meant(line) == spec(project, task, "output/example1", single(1), instances=machines)


@pytest.mark.parametrize(("command", "project"), [EARLY, LATER])
def test_example_2_passes_a_hyperparameter(command: str, project: str) -> None:
    line = f'{command} -p {project} -t task2 -e worker2.py --msg "Hello, world!" -o ./output/example2'
    assert meant(line) == spec(project, "task2", "output/example2", single(2), hyperparameters={"msg": "Hello, world!"})


@pytest.mark.parametrize(("command", "project"), [EARLY, LATER])
def test_example_3_keeps_state(command: str, project: str) -> None:
    line = f"{command} -p {project} -t task3 -e worker3.py -o ./output/example3"
    assert meant(line) == spec(project, "task3", "output/example3", single(3))


@pytest.mark.parametrize(("command", "project"), [EARLY, LATER])
def test_example_4_reads_data(command: str, project: str) -> None:
    line = f"{command} -p {project} -t task4 -e worker4.py -i ./data --iis bucket {PERSONS} -o ./output/example4"
    inputs = (LocalInput(path=Path("data")), S3Input(name="bucket", uri=PERSONS))
    assert meant(line) == spec(project, "task4", "output/example4", single(4), inputs=inputs)


@pytest.mark.parametrize(("command", "project"), [EARLY, LATER])
def test_example_5_reads_a_tasks_model(command: str, project: str) -> None:
    line = f"{command} -p {project} -t task5 -e worker4.py --iit bucket task3 model -o ./output/example5"
    inputs = (TaskInput(name="bucket", task="task3", type="model"),)
    assert meant(line) == spec(project, "task5", "output/example5", single(4), inputs=inputs)


@pytest.mark.parametrize(
    ("command", "project", "repo", "more"),
    [(*EARLY, "--aws_repo", ""), (*LATER, "--aws_repo_name", "--no_spot"), (*LATER, "--aws_repo_name", "--ks")],
)
def test_example_6_1_builds_an_image(command: str, project: str, repo: str, more: str) -> None:
    line = (
        f"{command} -p {project} -t task6-1 -s example6/code -e worker6.py -i example6/data ShardedByS3Key "
        f'--iis persons {PERSONS} --df example6 --repo_name "task6_repo" {repo} "task6_repo" {more} '
        "--ic 2 --task_type 1 -o out/example6_1"
    )
    assert meant(line) == spec(
        project,
        "task6-1",
        "out/example6_1",
        EXAMPLE6,
        inputs=(
            LocalInput(path=Path("example6/data"), distribution="ShardedByS3Key"),
            S3Input(name="persons", uri=PERSONS),
        ),
        image=Image(docker_file="example6", repo_name="task6_repo", aws_repo_name="task6_repo"),
        instances=Instances(count=2, spot=more != "--no_spot"),
        hyperparameters={"task_type": "1"},
        rerun=Rerun(),
    )


@pytest.mark.parametrize(("command", "project", "metrics"), [(*EARLY, "-m --md"), (*LATER, "--md")])
def test_example_6_2_tags_and_measures(command: str, project: str, metrics: str) -> None:
    line = (
        f"{command} -p {project} -t task6-2 -s example6/code -e worker6.py -d example6/external_dependency "
        "--iit task_6_1_model task6-1 model --iit task_6_1_state task6-1 state ShardedByS3Key "
        f'-f tensorflow {metrics} "Score" "Score=(.*?);" --tag "MyTag" "MyValue" --ic 2 --task_type 2 -o out/example6_2'
    )
    dependency = Path("example6/external_dependency")
    assert meant(line) == spec(
        project,
        "task6-2",
        "out/example6_2",
        Code(entry_point="worker6.py", source_dir=Path("example6/code"), dependencies=(dependency,)),
        inputs=(
            TaskInput(name="task_6_1_model", task="task6-1", type="model"),
            TaskInput(name="task_6_1_state", task="task6-1", type="state", distribution="ShardedByS3Key"),
        ),
        image=Image(framework="tensorflow"),
        instances=Instances(count=2),
        tags={"MyTag": "MyValue"},
        metrics=(Metric(name="Score", regex="Score=(.*?);"),),
        hyperparameters={"task_type": "2"},
    )


def test_the_dockerfile_text_of_the_help_page() -> None:
    line = "run -p p -t t -e worker1.py --df 'RUN pip3 install pandas==0.25.3 scikit-learn==0.21.3'"
    assert meant(line).image.docker_file == "RUN pip3 install pandas==0.25.3 scikit-learn==0.21.3"
