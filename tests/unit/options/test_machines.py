from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import Image, Instances, ProcessSpec
from simple_sagemaker.images.published import frameworks, is_for_training
from simple_sagemaker.options.machines import FRAMEWORKS, PROCESSING_FRAMEWORKS
from tests.unit.cli.typed import RUN, TASK, refused, run


def test_machines_are_as_chosen() -> None:
    spec = run("--it", "ml.p3.2xlarge", "--ic", "2", "-v", "50", "--max_run_mins", "60", "--max_wait_mins", "90")
    assert spec.instances == Instances(
        type="ml.p3.2xlarge", count=2, volume_gb=50, max_run_mins=60, max_wait_mins=90, spot=True
    )


@pytest.mark.parametrize(
    "kind", ["local", "local_gpu", "ml.m5.large", "ml.p4d.24xlarge", "ml.u-6tb1.56xlarge", "ml.trn1.2xlarge"]
)
def test_an_instance_type_is_awss_or_this_machine(kind: str) -> None:
    assert run("--instance_type", kind).instances.type == kind


@pytest.mark.parametrize("kind", ["p3.2xlarge", "ml.p3", "ML.P3.2XLARGE", "docker", "ml.p3.2xlarge "])
def test_another_instance_type_is_refused(kind: str) -> None:
    assert "ml.FAMILY.SIZE" in refused(*RUN, "--it", kind)


def test_a_forgotten_ml_is_recognised() -> None:
    assert "Did you mean ml.p3.2xlarge?" in refused(*RUN, "--it", "p3.2xlarge")


@pytest.mark.parametrize("flag", ["--ic", "--instance_count", "-v", "--max_run_mins"])
@pytest.mark.parametrize("word", ["0", "-5"])
def test_a_number_that_is_too_small_is_refused(flag: str, word: str) -> None:
    assert f"{flag} {word} is too small" in refused(*RUN, flag, word)


@pytest.mark.parametrize("word", ["two", "1.5", "1e3", "1_000", "٣", " 3", "9" * 5000])
def test_a_number_is_a_whole_one(word: str) -> None:
    assert "whole number" in refused(*RUN, "--ic", word)


def test_a_job_runs_for_28_days_at_most() -> None:
    assert run("--max_run_mins", "40320").instances.max_run_mins == 40320
    assert "28 days" in refused(*RUN, "--max_run_mins", "40321")


def test_waiting_includes_running() -> None:
    assert run("--max_wait_mins", "1440").instances.wait_mins == 1440
    assert run("--max_wait_mins", "0", "--max_run_mins", "7").instances.wait_mins == 7
    assert "--max_run_mins 1440" in refused(*RUN, "--max_wait_mins", "1439")
    assert "is too small" in refused(*RUN, "--max_wait_mins", "-1")


def test_on_demand_machines_are_not_waited_for() -> None:
    assert "only spot jobs wait" in refused(*RUN, "--no_spot", "--max_wait_mins", "2000")
    assert not run("--no_spot", "--max_wait_mins", "0").instances.spot


def test_spot_and_no_spot_contradict_each_other() -> None:
    assert "contradict" in refused(*RUN, "--no_spot", "--use_spot_instances")
    assert run("--use_spot_instances").instances.spot


def test_an_image_is_as_chosen() -> None:
    spec = run(
        *("-f", "tensorflow", "--fv", "2.3.0", "--pv", "py37"),
        *("--ar", "a/b", "--rn", "r_1", "--image_tag", "v1", "--df", "RUN true"),
    )
    assert spec.image == Image(
        framework="tensorflow",
        framework_version="2.3.0",
        py_version="py37",
        docker_file="RUN true",
        aws_repo_name="a/b",
        repo_name="r_1",
        image_tag="v1",
    )


@pytest.mark.parametrize("name", ["pytorch", "tensorflow", "sklearn", "xgboost", "huggingface"])
def test_the_usual_frameworks_can_be_chosen(name: str) -> None:
    assert run("-f", name).image.framework == name
    assert name in refused(*RUN, "-f", "jax")


def test_no_framework_is_published_that_cannot_be_chosen() -> None:
    assert set(frameworks()) == set(PROCESSING_FRAMEWORKS)
    assert {name for name in frameworks() if is_for_training(name)} == set(FRAMEWORKS)
    assert "ssm process" in refused(*RUN, "-f", "spark")


def test_an_image_can_be_named_outright() -> None:
    assert run("--image_uri", "reg.io:5000/a/b@sha256:0a").image == Image(uri="reg.io:5000/a/b@sha256:0a")


@pytest.mark.parametrize(
    "uri",
    [
        *("a", "a/b", "a:1.0", "localhost/a__b", "localhost:5000/a:latest", "ghcr.io/o/n-a.m_e:v1.2-rc.1"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6.0-cpu-py312",
        f"763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training@sha256:{'0a' * 32}",
    ],
)
def test_addresses_of_images_are_taken_as_they_are(uri: str) -> None:
    assert run("--image_uri", uri).image.uri == uri


ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize("name", ["*:latest", "a?:1", "${aws:x}:1", "a/../b", "/a", "a:*"])
def test_an_image_whose_name_would_widen_a_policy_is_refused(name: str) -> None:
    uri = f"{ECR}/{name}"
    assert f"--image_uri {uri!r} is not an image address" in refused(*RUN, "--image_uri", uri)


@pytest.mark.parametrize("uri", ["a b", "https://x/y", "é", "x" * 256])
def test_what_is_no_images_address_is_refused(uri: str) -> None:
    assert "--image_uri" in refused(*RUN, "--image_uri", uri)


@pytest.mark.parametrize("argv", [["-f", "pytorch"], ["--fv", "2.6"], ["--pv", "py3"], ["--df", "RUN true"]])
def test_an_image_named_outright_leaves_nothing_to_choose(argv: list[str]) -> None:
    assert f"so {argv[0]} has no effect" in refused(*RUN, "--image_uri", "x", *argv)


@pytest.mark.parametrize(
    "name", ["Upper", "a", "a//b", "-a", "a b", "1.dkr.ecr.us-east-1.amazonaws.com/a:1", "x" * 257]
)
def test_what_no_repository_can_be_called_is_refused(name: str) -> None:
    assert "not a repository name" in refused(*RUN, "--df", "RUN true", "--ar", name)
    assert "not a repository name" in refused(*RUN, "--df", "RUN true", "--rn", name)


@pytest.mark.parametrize("tag", [".a", "-a", "a/b", "a b", "x" * 129])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    assert "not an image tag" in refused(*RUN, "--df", "RUN true", "--image_tag", tag)


def test_machines_are_kept_for_an_hour_at_most_and_not_on_spot() -> None:
    assert run("--no_spot", "--keep_alive_mins", "60").instances.keep_alive_mins == 60
    assert run("--keep_alive_mins", "0").instances.spot
    assert "the maximum is 360" in refused(*RUN, "--no_spot", "--keep_alive_mins", "361")
    assert "Add --no_spot" in refused(*RUN, "--keep_alive_mins", "5")


def test_a_job_is_tried_again_up_to_30_times() -> None:
    assert run("--retry_attempts", "30").instances.retry_attempts == 30
    assert "the maximum is 30" in refused(*RUN, "--retry_attempts", "31")
    assert "is too small" in refused(*RUN, "--retry_attempts", "-1")


@pytest.mark.parametrize("text", ["RUN pip3 install x", "\n# a comment\nFROM __BASE_IMAGE__\nRUN true\n", "from x"])
def test_a_dockerfile_can_be_given_as_text(text: str) -> None:
    assert run("--df", text).image.docker_file == text


def test_a_dockerfile_can_be_a_folder_or_a_file(here: Path) -> None:
    (here / "image").mkdir()
    (here / "image" / "Dockerfile").write_text("FROM x\n")
    assert run("--df", "image").image.docker_file == "image"
    assert run("--df", "image/Dockerfile").image.docker_file == "image/Dockerfile"


def test_a_folder_without_a_dockerfile_is_refused() -> None:
    assert "no file named Dockerfile" in refused(*RUN, "--df", "data")


@pytest.mark.parametrize("word", ["nosuch", "no such folder", "./image", "# only a comment\n"])
def test_a_dockerfile_that_is_neither_there_nor_text_is_refused(word: str) -> None:
    assert "nor the text of a Dockerfile" in refused(*RUN, "--df", word)


@pytest.mark.parametrize(
    ("flag", "least", "most"),
    [
        ("--max_run_mins", 1, 40_320),
        ("--instance_count", 1, None),
        ("--volume_size", 1, None),
        ("--retry_attempts", 0, 30),
        ("--max_wait_mins", 0, None),
    ],
)
def test_a_number_is_taken_at_its_bounds_and_no_further(flag: str, least: int, most: int | None) -> None:
    run(flag, str(least))
    assert f"{flag} {least - 1}" in refused(*RUN, f"{flag}={least - 1}")
    if most is not None:
        run(flag, str(most))
        assert f"{flag} {most + 1}" in refused(*RUN, flag, str(most + 1))


@pytest.mark.parametrize(
    ("flag", "least", "most"),
    [("--max_run_mins", 1, 12_960), ("--instance_count", 1, 100), ("--volume_size", 1, 16_384)],
)
def test_a_processing_jobs_numbers_are_taken_at_their_bounds(flag: str, least: int, most: int) -> None:
    words = ("process", *TASK, "--entrypoint", "ls")
    for number in (least, most):
        assert isinstance(parse([*words, flag, str(number)]), ProcessSpec)
    assert f"{flag} {least - 1} is too small" in refused(*words, flag, str(least - 1))
    assert f"{flag} {most + 1} is too large" in refused(*words, flag, str(most + 1))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(
            ("torch", "pytorch"),
            ("PT", "pytorch"),
            ("tf", "tensorflow"),
            ("keras", "tensorflow"),
            ("hf", "huggingface"),
        ),
        *(("scikit-learn", "sklearn"), ("xgb", "xgboost"), ("transformers", "huggingface"), ("smp", "pytorch-smp")),
        *(("smdistributed-modelparallel", "pytorch-smp"), ("pytorch-neuronx", "pytorch"), ("sk-learn", "sklearn")),
        *(("huggingface-neuron", "huggingface"), ("tensorflwo", "tensorflow")),
    ],
)
def test_other_names_of_frameworks_are_known(typed: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in refused(*RUN, "-f", typed)


@pytest.mark.parametrize("name", ["spark", "clarify"])
def test_a_framework_of_processing_jobs_alone_is_one_of_theirs(name: str) -> None:
    assert f"-f {name}: AWS publishes its images for processing jobs alone" in refused(*RUN, "-f", name)


@pytest.mark.parametrize(
    ("flag", "legal", "illegal"),
    [
        ("--repo_name", ["ab", "a" * 256, "a/b-c_d.e"], ["a", "a" * 257, "A", "a--b", "/a"]),
        ("--aws_repo_name", ["ab", "a" * 256], ["a", "a" * 257]),
        ("--image_tag", ["a", "_", "a" * 128, "A.b-c"], ["a" * 129, ".a", "-a", "a b"]),
        ("--image_uri", ["a" * 255, "host:5000/a/b:tag", "a@sha256:0f"], ["a" * 256, "a b", "a:*"]),
    ],
)
def test_names_of_images_are_taken_at_their_bounds(flag: str, legal: list[str], illegal: list[str]) -> None:
    for name in legal:
        run(flag, name)
    for name in illegal:
        assert flag in refused(*RUN, f"{flag}={name}")


@pytest.mark.parametrize(
    ("typed", "guess"),
    [
        ("lcal", "Did you mean local? "),
        ("ml.r5.larg", "Did you mean ml.r5.large? "),
        ("ml.m5.large.x", "Use ml.FAMILY"),
    ],
)
def test_an_instance_type_that_is_none_is_refused(typed: str, guess: str) -> None:
    assert guess in refused(*RUN, "--it", typed)
