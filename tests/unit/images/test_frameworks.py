"""Image addresses, held against what AWS's own SDK answered (``images_recorded.json``, by tools/refresh_images.py)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.images.frameworks import framework_image
from simple_sagemaker.images.published import builds, facts, frameworks

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("images_recorded.json").read_text(encoding="utf-8"))
DATA = Path(sys.modules["simple_sagemaker.images.published"].__file__ or "").with_name("image_data")


def image(
    framework: str = "pytorch",
    *,
    version: str | None = None,
    py_version: str | None = None,
    machine: str = "ml.m5.large",
    region: str = "eu-west-1",
) -> str:
    """The repository and tag of an address."""
    address = framework_image(framework, version=version, py_version=py_version, instance_type=machine, region=region)
    return address.partition("/")[2]


def refused(*words: str, **asked: str) -> None:
    """Asking is refused, with all of these words in the message."""
    framework = asked.pop("framework", "pytorch")
    with pytest.raises(UsageError) as error:
        image(framework, **asked)
    assert [word for word in words if word not in str(error.value)] == [], str(error.value)


@pytest.mark.parametrize("row", RECORDED["answers"], ids=lambda row: "-".join(row[:3]))
def test_every_recorded_answer_of_the_sdk_is_ours(row: list[Any]) -> None:
    framework, machine, region, host, answers = row
    for answer in answers:
        version, py, expected = answer.split(" ")
        ours = framework_image(framework, version=version, py_version=py or None, instance_type=machine, region=region)
        assert ours == f"{host}/{expected}"


def test_the_record_covers_every_version_that_is_known() -> None:
    for framework in frameworks():
        versions = facts(framework)["versions"]
        versions = {
            name for name, rows in versions.items() if any(len(row) < 5 or row[4].get("sdk") != "" for row in rows)
        }
        asked = {
            answer.split(" ")[0].partition("+")[0]
            for row in RECORDED["answers"]
            if row[0] == framework
            for answer in row[4]
        }
        assert versions <= asked


def test_the_data_says_where_it_comes_from_and_the_record_comes_from_there_too() -> None:
    for framework in frameworks():
        source = json.loads((DATA / f"{framework}.json").read_text(encoding="utf-8"))["from"]
        assert source == RECORDED["from"]
        assert source.keys() == {"package", "version", "read"}


def test_a_version_without_a_python_is_that_version_with_its_newest_python() -> None:
    assert image(version="1.12.1") == "pytorch-training:1.12.1-cpu-py38"
    assert image(version="1.6.0") == "pytorch-training:1.6.0-cpu-py36"  # py3 and py36 are published
    assert image("tensorflow", version="1.15.2") == "tensorflow-training:1.15.2-cpu-py37"


def test_a_python_without_a_version_is_the_newest_version_with_that_python() -> None:
    assert image(py_version="py38") == "pytorch-training:1.12.1-cpu-py38"
    assert image("tensorflow", py_version="py39") == "tensorflow-training:2.11.0-cpu-py39"


def test_nothing_given_is_the_newest_image() -> None:
    assert image() == "pytorch:2.14-cpu-amzn2023-sagemaker"
    assert image("tensorflow") == "tensorflow-training:2.21.0-cpu-py312"
    assert image("sklearn") == "sagemaker-scikit-learn:1.9-0-cpu-py3"


def test_newer_images_of_pytorch_have_tags_of_their_own() -> None:
    assert image(version="2.11", machine="ml.g5.xlarge") == "pytorch:2.11-cu130-amzn2023-sagemaker"
    assert image(version="2.12", machine="local") == "pytorch:2.12-cpu-amzn2023-sagemaker"
    assert image(version="2.13", machine="ml.p4d.24xlarge") == "pytorch:2.13-cu133-amzn2023-sagemaker"
    assert image(version="2.14", py_version="py312") == image(version="2.14")
    refused("2.14", "py313", "py312", version="2.14", py_version="py313")
    refused("P2", "1.13", version="2.14", machine="ml.p2.xlarge")


def test_a_python_that_the_newest_images_do_not_have_is_that_of_an_older_one() -> None:
    assert image(py_version="py313") == "pytorch-training:2.10.0-cpu-py313"
    assert image(py_version="py312") == "pytorch:2.14-cpu-amzn2023-sagemaker"


def test_nothing_given_is_the_newest_image_of_the_region() -> None:
    assert image(region="us-gov-west-1") == "pytorch:2.13-cpu-amzn2023-sagemaker"
    assert image(py_version="py311") == "pytorch-training:2.5.1-cpu-py311"
    assert image(py_version="py311", region="us-iso-east-1") == "pytorch-training:2.3.0-cpu-py311"
    refused("2.5.1", "us-iso-east-1", "2.3.0", version="2.5.1", region="us-iso-east-1")


def test_nothing_given_is_the_newest_image_of_the_machine() -> None:
    assert image(machine="ml.p2.xlarge") == "pytorch-training:1.12.1-gpu-py38"
    refused("P2", "2.0.1", machine="ml.p2.xlarge", version="2.0.1")


def test_a_short_version_stays_short_in_the_address() -> None:
    assert image(version="2.6") == "pytorch-training:2.6-cpu-py312"
    assert image(version="2.6.0") == "pytorch-training:2.6.0-cpu-py312"


@pytest.mark.parametrize(
    ("machine", "processor"),
    [
        ("local", "cpu"),
        ("local_gpu", "gpu"),
        ("ml.m5.large", "cpu"),
        ("ml.c5n.18xlarge", "cpu"),
        ("ml.t3.medium", "cpu"),
        ("ml.g4dn.xlarge", "gpu"),
        ("ml.g6e.xlarge", "gpu"),
        ("ml.p4d.24xlarge", "gpu"),
        ("ml.p6-b200.48xlarge", "gpu"),
    ],
)
def test_the_machine_chooses_the_processor(machine: str, processor: str) -> None:
    assert image(version="2.6", machine=machine) == f"pytorch-training:2.6-{processor}-py312"


@pytest.mark.parametrize("machine", ["ml.inf2.xlarge", "ml.c7g.large", "ml.g5g.xlarge"])
def test_a_machine_with_neither_processor_is_refused(machine: str) -> None:
    refused(machine, "--image_uri", machine=machine)


@pytest.mark.parametrize("machine", ["", "m5.large", "ml.m5", "locals", "ml.m5.large.x"])
def test_what_is_no_machine_is_refused(machine: str) -> None:
    refused("is not an instance type", machine=machine)


def test_trainium_machines_have_images_of_their_own() -> None:
    trn = {"machine": "ml.trn1.2xlarge", "region": "us-east-1"}
    newest = "pytorch-training-neuronx:2.1.2-neuronx-py310-sdk2.20.2-ubuntu20.04"
    assert image(**trn) == newest
    assert image(version="1.11", **trn) == "pytorch-training-neuron:1.11-neuron-py38-sdk2.4.0-ubuntu20.04"
    repository = "huggingface-pytorch-training-neuronx"
    assert image("huggingface", **trn) == f"{repository}:2.8.0-transformers4.55.4-neuronx-py310-sdk2.26.0-ubuntu22.04"
    tag = "2.1.2-transformers4.43.2-neuronx-py310-sdk2.20.0-ubuntu20.04"
    assert image("huggingface", version="4.43.2", **trn) == f"{repository}:{tag}"
    refused("trn", "2.10.0 has images for cpu, gpu only", "1.11.0, 2.1.2", version="2.10.0", **trn)
    refused("trn", "tensorflow has images", framework="tensorflow", **trn)
    assert image("huggingface", machine="local").startswith("huggingface-pytorch-training:")


def test_model_parallelism_has_images_by_versions_of_pytorch() -> None:
    smp = {"framework": "pytorch-smp", "region": "us-west-2"}
    assert image(machine="ml.p4d.24xlarge", **smp) == "smdistributed-modelparallel:2.5.1-gpu-py311-cu124"
    assert image(machine="ml.p4d.24xlarge", version="2.0.1", **smp).endswith(":2.0.1-gpu-py310-cu118")
    assert image(machine="ml.p5en.48xlarge", version="2.0.1", **smp).endswith(":2.0.1-gpu-py310-cu121")


def test_sparks_images_have_a_version_of_their_own_where_a_python_is_asked_for() -> None:
    assert image("spark") == "sagemaker-spark-processing:3.5-cpu"
    assert image("spark", version="3.5", py_version="py39") == "sagemaker-spark-processing:3.5-cpu-py39-v1"
    assert image("spark", py_version="py312") == "sagemaker-spark-processing:3.5-cpu-py312-v1"
    refused("py38", "py39, py312", framework="spark", version="3.5", py_version="py38")


def test_older_frameworks_have_tags_that_begin_with_other_words() -> None:
    assert image("ray-pytorch", region="us-east-1") == "sagemaker-rl-ray-container:ray-1.6.0-torch-cpu-py36"
    assert image("coach-mxnet", machine="ml.p3.2xlarge") == "sagemaker-rl-mxnet:coach0.11.0-gpu-py3"
    assert image("vw", region="us-east-1") == "sagemaker-rl-vw-container:vw-8.7.0-cpu"
    assert image("mxnet") == "mxnet-training:1.9.0-cpu-py38"
    assert image("mxnet", version="1.8", machine="ml.p4d.24xlarge").endswith(":1.8-gpu-py37-cu110-ubuntu16.04-v1")
    assert image("autogluon", machine="ml.g5.xlarge") == "autogluon-training:1.5.0-gpu-py311"


def test_no_two_images_of_a_framework_are_told_apart_by_nothing() -> None:
    for framework in frameworks():
        for version in facts(framework)["versions"]:
            rows = [(one.py_version, one.base, one.processors) for one in builds(framework, version, version)]
            assert len(rows) == len(set(rows))


def test_a_framework_without_gpu_images_says_so() -> None:
    refused("local_gpu", "cpu only", "sklearn", framework="sklearn", machine="local_gpu")


def test_a_version_that_is_not_there_is_refused_with_its_neighbours() -> None:
    refused("1.12.7", "1.12.0", "1.12.1", "--framework_version", version="1.12.7")
    refused("99", "2.10.0", version="99")
    refused("newest", "2.10.0", version="newest")
    refused("1.4-2", "1.4-2-py312", framework="sklearn", version="1.4-9")


def test_a_python_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused("py38", "py312", "--py_version", version="2.6", py_version="py38")
    refused("3.12", "py312", version="2.6", py_version="3.12")


def test_a_region_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused("eu-west-9", "eu-west-1", region="eu-west-9")
    refused("''", "us-east-1", region="")


def test_a_framework_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused("caffe", "pytorch, pytorch-smp", "sklearn", "--image_uri", framework="caffe")
    refused("../image_data/pytorch", framework="../image_data/pytorch")


def test_every_regions_host_is_in_the_domain_that_botocore_knows() -> None:
    partitions = botocore.session.get_session().get_data("partitions")["partitions"]
    facts = json.loads((DATA / "pytorch.json").read_text(encoding="utf-8"))
    regions = {region for owners in facts["accounts"] for names in owners.values() for region in names.split()}
    domains = {
        region: partition["outputs"]["dnsSuffix"]
        for partition in partitions
        for region in regions
        if re.fullmatch(partition["regionRegex"], region)
    }
    for region, domain in domains.items():
        host = framework_image("pytorch", instance_type="local", region=region).partition("/")[0]
        assert host.partition(".dkr.")[2] == f"ecr.{region}.{domain}"
    assert len(domains) > 40


def test_an_address_costs_no_heavy_import() -> None:
    ask = (
        "import sys; from simple_sagemaker.images.frameworks import framework_image as f;"
        "f('pytorch', instance_type='local', region='us-east-1');"
        "print(sorted({'boto3', 'botocore', 'importlib.resources', 'packaging'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "[]"


def test_the_data_is_small() -> None:
    assert [file.name for file in DATA.iterdir() if file.stat().st_size > 30_000] == []


@pytest.mark.parametrize(
    ("version", "near"),
    [
        ("1.12.7", "1.11.0, 1.12.0, 1.12.1, 1.13.1, 2.0.0"),
        ("2.5.7", None),
    ],
)
def test_five_versions_that_begin_alike_are_named_in_order(version: str, near: str | None) -> None:
    with pytest.raises(UsageError) as told:
        image(version=version)
    named = str(told.value).partition("nearest versions are ")[2].partition(".\n")[0].split(", ")
    assert len(named) == 5
    assert named == sorted(named, key=lambda one: [int(part) for part in re.findall(r"\d+", one)])
    assert version.rpartition(".")[0] in {one.rpartition(".")[0] for one in named}
    if near:
        assert {"1.12.0", "1.12.1"} <= set(named)


def test_a_base_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused("4.49.0 on tensorflow9", "4.49.0+pytorch2.5.1", framework="huggingface", version="4.49.0+tensorflow9")
    refused("2.6 on x; there is 2.6.", version="2.6+x")
    assert image("huggingface", version="4.49.0+pytorch2.5", machine="ml.g5.xlarge").startswith(
        "huggingface-pytorch-training:2.5-transformers4.49.0-gpu"
    )


def test_a_region_is_refused_with_at_most_five_like_it() -> None:
    with pytest.raises(UsageError) as told:
        image(version="2.6", region="us-east-9")
    named = str(told.value).partition("published in ")[2].partition(". ")[0].split(", ")
    assert len(named) == 5
    assert "us-east-1" in named


def test_local_takes_an_image_for_gpus_where_there_is_no_other() -> None:
    assert "gpu" in image("pytorch-smp", machine="local", region="us-west-2")
    assert "neuronx" not in image("huggingface", machine="local")
