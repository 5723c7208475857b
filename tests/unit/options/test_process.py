"""``ssm process``: what its words mean, and which are refused."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import (
    Code,
    Download,
    Image,
    Instances,
    LocalInput,
    Place,
    ProcessSpec,
    Rerun,
    S3Input,
    Security,
    TaskInput,
    TaskSpec,
)
from simple_sagemaker.errors import InputNotFound
from simple_sagemaker.images.frameworks import framework_image
from tests.unit.cli.typed import TASK, refused

PROCESS = ("process", *TASK)


@pytest.fixture(autouse=True)
def files(here: Path) -> None:
    for name in ("clean.py", "code/sub/clean.py", "code/requirements.txt", "run.sh", "lib/a.py", "data/a.txt"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")


def meant(*argv: str) -> ProcessSpec:
    spec = parse([*PROCESS, *argv])
    assert isinstance(spec, ProcessSpec)
    return spec


def test_the_defaults_are_the_documents() -> None:
    assert meant("--code", "clean.py") == ProcessSpec(
        place=Place(project="proj", task="task"),
        code=Code(entry_point="clean.py", entry_file=Path("clean.py")),
        command=(),
        instances=Instances(type="ml.t3.medium", count=1, volume_gb=30, spot=False, max_run_mins=1440),
        image=Image(framework="sklearn", framework_version="0.20.0"),
    )


EVERYTHING = """
    --code clean.py -d lib --command python3 -it ml.m5.large --ic 3 -v 50 --max_run_mins 60 --ar repo --rn local
    --image_tag v1 --df 'RUN true' -f pytorch --fv 2.6 --pv py312 -i data ShardedByS3Key --iis more s3://b/k
    --iit before first state --fr --tag k v --env A 'b c' --arguments one two -o out --download_state
    --download_model --download_output --prefix x/ -b my-bucket --role_name mine --no_wait
"""


def test_every_documented_option_is_understood() -> None:
    argv = shlex.split(EVERYTHING.replace("-it", "--it").replace(" --no_wait", ""))
    spec = meant(*argv, "--", "--three", "")
    assert spec.command == ("python3",)
    assert spec.arguments == ("one", "two", "--three", "")
    assert spec.code == Code(
        entry_point="clean.py", entry_file=Path("clean.py"), dependencies=(Path("lib"),)
    )  # fmt: skip
    assert spec.instances == Instances(type="ml.m5.large", count=3, volume_gb=50, spot=False, max_run_mins=60)
    assert spec.image == Image(
        framework="pytorch", framework_version="2.6", py_version="py312", docker_file="RUN true",
        aws_repo_name="repo", repo_name="local", image_tag="v1",
    )  # fmt: skip
    assert spec.inputs == (
        LocalInput(path=Path("data"), distribution="ShardedByS3Key"),
        S3Input(name="more", uri="s3://b/k"),
        TaskInput(name="before", task="first", type="state"),
    )
    assert spec.rerun == Rerun(force_running=True)
    assert (spec.tags, spec.environment) == ({"k": "v"}, {"A": "b c"})
    assert spec.download == Download(path=Path("out"), state=True, model=True, output=True)
    assert spec.place == Place(project="proj", task="task", prefix="x/", bucket="my-bucket")
    assert spec.security == Security(role_name="mine")


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        ("--entrypoint /bin/bash", ("/bin/bash",)),
        ("-e python3 x.py", ("python3", "x.py")),
        ("-e bash --entrypoint=-c -e 'ls | wc'", ("bash", "-c", "ls | wc")),
        ("""-e 'bash -c "ls | wc"'""", ("bash", "-c", "ls | wc")),
        ("-e 'a b' c", ("a b", "c")),
        ("--code run.sh --command bash --command=-x", ("bash", "-x")),
        ("--code run.sh --command 'bash -x'", ("bash", "-x")),
        ("--code run.sh --command=bash", ("bash",)),
    ],
)
def test_a_commands_words_may_begin_with_a_dash(argv: str, command: tuple[str, ...]) -> None:
    assert meant(*shlex.split(argv)).command == command


def test_arguments_may_begin_with_a_dash_and_are_never_split() -> None:
    attached = ("--arguments=--lr", "--arguments=-1")
    spec = meant("--code", "run.sh", "--arguments", "a b", "c", *attached, "--", "--x", "$HOME")
    assert spec.arguments == ("a b", "c", "--lr", "-1", "--x", "$HOME")


IN_FOLDER = Code(entry_point="sub/clean.py", source_dir=Path("code"))
ON_S3 = Code(entry_point="a.py", entry_uri="s3://b/k/a.py", dependencies=(Path("lib"),))
CODES: dict[str, tuple[str, Code]] = {
    "a folder": ("--code sub/clean.py -s code", IN_FOLDER),
    "its path from here": ("--code code/sub/clean.py -s code", IN_FOLDER),
    "a packed folder": ("--code a.py -s s3://b/k.tar.gz", Code(entry_point="a.py", source_uri="s3://b/k.tar.gz")),
    "a script on S3": ("--code s3://b/k/a.py -d lib", ON_S3),
    "a command in a folder": ("-e ./run.sh -s code", Code(source_dir=Path("code"))),
    "a command beside files": ("-e ./run.sh -d run.sh", Code(dependencies=(Path("run.sh"),))),
}


@pytest.mark.parametrize("case", CODES)
def test_code_lies_in_a_folder_on_s3_or_by_itself(case: str) -> None:
    argv, code = CODES[case]
    assert meant(*argv.split()).code == code


NINE = " ".join(f"--iis n{number} s3://b/k" for number in range(9))
REFUSED: dict[str, tuple[str, str]] = {
    "nothing": ("", "nothing to run: name a script with --code FILE"),
    "both": ("--code clean.py -e ls", "--code names a script and -e a whole command"),
    "a start of nothing": ("--command python3", "which is missing. For a whole command use --entrypoint"),
    "no script": ("--code nosuch.py", "'nosuch.py': it does not exist"),
    "a folder": ("--code s3://b/k/", "names a folder"),
    "no bucket": ("--code s3://", "names no bucket"),
    "in two places": ("--code s3://b/a.py -s code", "drop one"),
    "outside": ("--code clean.py -s code", "is outside the source folder"),
    "two of one name": ("--code clean.py -d lib -d code/../lib", "would both be 'lib'"),
    "unknown": ("--code clean.py --foo bar", "there is no option --foo"),
    "nearly": ("--code clean.py --downlod_state", "Did you mean --download_state?"),
    "another command's": ("--code clean.py --no_spot", "it is one of 'ssm run'"),
    "run's own": ("--entry_point clean.py", "Did you mean --entrypoint?"),
    "a hyperparameter": ("--code clean.py --hp a b", "it is one of 'ssm run'"),
    "a dash": ("--code run.sh --command bash -x", "attached: --command=-x"),
    "an open quote": ("-e \"bash -c 'ls\"", "no closing quotation"),
    "a long value": (f"-e ls --env LONG {'x' * 257}", "--env 'LONG': a variable's name and value are limited to 256"),
    "a variable of ours": ("-e ls --env SSM_OUTPUT x", "the job sets this variable itself"),
    "a variable twice": ("-e ls --env A b --env A c", "given twice"),
    "too long": ("-e ls --max_run_mins 12961", "the maximum is 12960"),
    "too many": ("-e ls --ic 101", "the maximum is 100"),
    "a name of ours": ("-e ls --iis state_prev s3://b/k", "taken by the channel with the task's state"),
    "nine inputs": ("-e ls " + NINE, "9 inputs; a job can have 8"),
    "one name twice": ("-e ls --iis n s3://b/k --iit n t state", "'n' is taken by --iis"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_words_that_cannot_be_meant_are_refused(case: str) -> None:
    argv, message = REFUSED[case]
    assert message in refused(*PROCESS, *shlex.split(argv))


def test_an_input_that_is_not_there_is_said() -> None:
    with pytest.raises(InputNotFound, match="nosuch"):
        parse([*PROCESS, "-e", "ls", "-i", "nosuch"])


@pytest.mark.parametrize(
    ("argv", "version"),
    [
        ("", "0.20.0"),
        ("-f sklearn", "0.20.0"),
        ("-f pytorch", None),
        ("-f pytorch --fv 2.6", "2.6"),
        ("--fv 1.2-1", "1.2-1"),
    ],
)
def test_the_version_asked_for_is_the_one_meant(argv: str, version: str | None) -> None:
    assert meant("-e", "ls", *argv.split()).image.framework_version == version


def test_the_image_that_is_meant_without_a_word_is_one_that_there_is() -> None:
    spec = meant("-e", "ls")
    found = framework_image(
        spec.image.framework,
        version=spec.image.framework_version,
        py_version=spec.image.py_version,
        instance_type=spec.instances.type,
        region="eu-west-1",
    )
    assert found == "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3"


def test_every_option_of_document_001_is_there() -> None:
    from simple_sagemaker.options.table import by_flag

    documented: Any = """
        -h --help --project_name -p --prefix --task_name -t --bucket_name -b --code --entrypoint -e --dependencies -d
        --command --instance_type --it --instance_count --ic --volume_size -v --max_run_mins --aws_repo_name --ar
        --repo_name --rn --image_tag --docker_file_path_or_content --df --framework -f --framework_version --fv
        --force_running --fr --tag --env --arguments --input_path -i --input_s3 --iis --input_task --iit
        --clean_state --cs --keep_state --ks --output_path -o --download_state --download_model --download_output
    """
    assert not {*documented.split()} - by_flag("process").keys()


def test_what_is_an_option_here_stays_free_for_the_scripts_of_other_commands() -> None:
    spec = parse(["run", *TASK, "-e", "clean.py", "--env", "x", "--code", "y", "--command", "z", "--arguments", "a"])
    assert isinstance(spec, TaskSpec)
    assert spec.hyperparameters == {"env": "x", "code": "y", "command": "z", "arguments": "a"}


def test_spark_submits_the_script_unless_another_command_is_given() -> None:
    assert meant("-f", "spark", "--code", "clean.py").command == ("smspark-submit",)
    assert meant("-f", "spark", "--code", "clean.py").image == Image(framework="spark")
    with_options = meant("-f", "spark", "--code", "clean.py", "--command", "smspark-submit --class a.Main")
    assert with_options.command == ("smspark-submit", "--class", "a.Main")
    assert meant("-f", "spark", "--entrypoint", "smspark-submit", "x.py").command == ("smspark-submit", "x.py")
