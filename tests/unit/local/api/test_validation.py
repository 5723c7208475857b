"""What a request is refused for beyond its shapes, in which words, and what of the same kind is accepted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from simple_sagemaker.core.store import Stored
from simple_sagemaker.local.api.validation import objection
from tests.unit.memory import MemoryStore

IMAGES = "This machine runs processes and has no images: the request needs a ContainerEntrypoint"
SCRIPT = "or script mode's hyperparameters sagemaker_program and sagemaker_submit_directory."
MACHINE = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
GROUPS = "ResourceConfig can have InstanceGroups, or InstanceType and InstanceCount, but not both."
NO_MACHINES = "ResourceConfig needs InstanceType and InstanceCount, or InstanceGroups."


def training(algorithm: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A request that is accepted, with other members."""
    entrypoint = {"TrainingInputMode": "File", "TrainingImage": "i", "ContainerEntrypoint": ["true"]}
    return {
        "TrainingJobName": "job",
        "AlgorithmSpecification": {**entrypoint, **(algorithm or {})},
        "ResourceConfig": MACHINE,
        **members,
    }


def processing(
    *, inputs: list[dict[str, Any]] | None = None, outputs: list[dict[str, Any]] | None = None, **app: Any
) -> dict[str, Any]:
    return {
        "ProcessingJobName": "job",
        "AppSpecification": {"ImageUri": "i", "ContainerEntrypoint": ["true"], **app},
        "ProcessingResources": {"ClusterConfig": MACHINE},
        **({} if inputs is None else {"ProcessingInputs": inputs}),
        **({} if outputs is None else {"ProcessingOutputConfig": {"Outputs": outputs}}),
    }


def refused(request: dict[str, Any], *, images: bool = False, store: MemoryStore | None = None) -> str | None:
    return objection(request, store or MemoryStore("in/a"), images=images, python=sys.executable)


def group(name: str, count: int = 1) -> dict[str, Any]:
    return {"InstanceGroupName": name, "InstanceType": "ml.m5.large", "InstanceCount": count}


def channel(name: str = "c", uri: str = "s3://b/in", data_type: str = "S3Prefix", **config: Any) -> dict[str, Any]:
    source = {"S3DataType": data_type, "S3Uri": uri, **config.pop("source", {})}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **config}


def test_a_request_with_the_least_is_accepted() -> None:
    assert refused(training()) is None
    assert refused(processing()) is None
    assert refused(training(InputDataConfig=[channel()])) is None


def test_a_transform_job_is_not_checked_here() -> None:
    assert refused({"TransformJobName": "job", "Tags": [{"Key": "aws:x", "Value": ""}]}) is None


@pytest.mark.parametrize("request_for", [training, processing])
def test_tags_are_checked_first_of_both_kinds(request_for: Any) -> None:
    wrong = {**request_for(), "Tags": [{"Key": "aws:x", "Value": ""}]}
    assert refused(wrong) == "Tag keys that begin with aws: are reserved for AWS: aws:x."


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ({"InstanceGroups": [group("a"), group("b")]}, None),
        ({"InstanceGroups": [group("a")], "InstanceType": "ml.m5.large"}, GROUPS),
        ({"InstanceGroups": [group("a")], "InstanceCount": 1}, GROUPS),
        ({"InstanceGroups": [group("b"), group("a"), group("a"), group("b")]}, "Duplicate InstanceGroupName: a, b."),
        (
            {"InstanceGroups": [group("a", 0), group("b", 1), group("c", 0)]},
            "InstanceGroups need an InstanceCount of at least 1: a, c.",
        ),
        ({"InstanceType": "ml.m5.large"}, NO_MACHINES),
        ({"InstanceCount": 1}, NO_MACHINES),
        ({"InstanceGroups": []}, NO_MACHINES),
        ({}, NO_MACHINES),
    ],
)
def test_machines_are_of_one_type_or_in_groups(resources: dict[str, Any], why: str | None) -> None:
    assert refused(training(ResourceConfig=resources)) == why


def test_a_channel_names_groups_that_there_are() -> None:
    def of_groups(*names: str) -> str | None:
        config = [channel(source={"InstanceGroupNames": [*names]})]
        return refused(training(ResourceConfig={"InstanceGroups": [group("a"), group("b")]}, InputDataConfig=config))

    assert of_groups("a") is None
    assert of_groups("b", "a") is None
    assert of_groups("z", "a", "x") == "Channel c: there is no instance group x, z."


@pytest.mark.parametrize(
    ("path", "is_accepted"),
    [("/opt/ml/checkpoints", True), ("/a..b/c", True), ("state", False), ("/opt/../etc", False), ("", False)],
)
def test_checkpoints_are_at_an_absolute_path(path: str, is_accepted: bool) -> None:
    config = {"S3Uri": "s3://b/c", "LocalPath": path}
    why = None if is_accepted else f"CheckpointConfig.LocalPath must be an absolute path, not {path!r}."
    assert refused(training(CheckpointConfig=config)) == why
    assert refused(training(CheckpointConfig={"S3Uri": "s3://b/c"})) is None


def test_an_algorithm_is_required_and_its_expressions_are_read() -> None:
    without = {name: value for name, value in training().items() if name != "AlgorithmSpecification"}
    assert refused(without, images=True) == "AlgorithmSpecification is required."

    def of_metrics(*regexes: str) -> str | None:
        return refused(training({"MetricDefinitions": [{"Name": f"m{i}", "Regex": r} for i, r in enumerate(regexes)]}))

    assert of_metrics("loss=(.*)", "[0-9]+") is None
    why = of_metrics("loss=(.*)", "(")
    assert str(why).startswith("Invalid regular expression '(' of metric 'm1': ")
    assert str(of_metrics("a{99999999999999999999}")).startswith("Invalid regular expression 'a{9")


def test_a_process_needs_a_program_and_a_container_has_its_images() -> None:
    none: dict[str, Any] = {"ContainerEntrypoint": []}
    assert refused(training(none)) == f"{IMAGES}, {SCRIPT}"
    assert refused(training(none), images=True) is None
    assert refused(processing(ContainerEntrypoint=[])) == f"{IMAGES}."
    assert refused(processing(ContainerEntrypoint=[]), images=True) is None


def test_script_mode_names_its_program_in_a_hyperparameter() -> None:
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6.0-cpu-py312"
    script = {"TrainingImage": image, "ContainerEntrypoint": []}
    submitted = {"sagemaker_submit_directory": "s3://b/in/a"}
    assert refused(training(script, HyperParameters={"sagemaker_program": "a.py", **submitted})) is None
    assert refused(training(script, HyperParameters=submitted)) == f"{IMAGES}, {SCRIPT}"
    assert refused(training({**script, "ContainerEntrypoint": ["true"]}, HyperParameters=submitted)) is None


def test_a_built_in_algorithm_that_no_process_has_is_named() -> None:
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    request = training({"TrainingImage": image, "ContainerEntrypoint": []})
    assert "The built-in algorithm linear-learner exists only as AWS's image" in str(refused(request))
    assert refused(request, images=True) is None


def test_channels_have_names_of_their_own() -> None:
    twice = [channel("b"), channel("a"), channel("b"), channel("c"), channel("a")]
    assert refused(training(InputDataConfig=twice)) == "Duplicate channel names: a, b."


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"InputMode": "FastFile"}, None),
        ({"InputMode": "Pipe"}, None),
        ({"InputMode": "Stream"}, "input mode Stream is not supported on this machine."),
        ({"CompressionType": "Gzip"}, "CompressionType and RecordWrapperType are for input mode Pipe only."),
        ({"RecordWrapperType": "RecordIO"}, "CompressionType and RecordWrapperType are for input mode Pipe only."),
        ({"CompressionType": "Gzip", "InputMode": "Pipe"}, None),
        ({"RecordWrapperType": "RecordIO", "InputMode": "Pipe"}, None),
        ({"CompressionType": "None", "RecordWrapperType": "None"}, None),
    ],
)
def test_a_channels_mode_and_what_is_for_pipes_only(config: dict[str, Any], why: str | None) -> None:
    assert refused(training(InputDataConfig=[channel(**config)])) == (f"Channel c: {why}" if why else None)


def test_an_augmented_manifest_needs_attributes_and_objects_that_there_are() -> None:
    def of_lines(*refs: str, **source: Any) -> str | None:
        store = MemoryStore("in/a", "in/b", "in/bc")
        store.write("b", "m", "".join(json.dumps({"source-ref": ref}) + "\n" for ref in refs).encode())
        one = channel(uri="s3://b/m", data_type="AugmentedManifestFile", source=source, InputMode="Pipe")
        return refused(training(InputDataConfig=[one]), store=store)

    attributes = {"AttributeNames": ["source-ref"]}
    assert of_lines("s3://b/in/a", "s3://b/in/b", "s3://b/in/a", **attributes) is None
    assert of_lines("s3://b/in/a") == "Channel c: AugmentedManifestFile needs AttributeNames."
    assert of_lines("s3://b/in/a", "s3://b/in/", **attributes) == "Channel c: s3://b/in/ does not exist."
    assert of_lines("s3://other/in/a", **attributes) == "Channel c: s3://other/in/a does not exist."


def test_a_channel_without_objects_is_refused_of_both_kinds() -> None:
    nothing = 'No S3 objects found under S3 URL "s3://b/none" given in input data source.'
    assert str(refused(training(InputDataConfig=[channel(), channel("d", "s3://b/none")]))).startswith(nothing)
    assert str(refused(processing(inputs=[given(uri="s3://b/none")]))).startswith(nothing)


class Closed(MemoryStore):
    """A bucket that the job's role may not list."""

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        raise PermissionError(f"AccessDenied: {bucket}/{prefix}{''.join(below)}\nand more")


def test_a_bucket_that_the_role_may_not_list_is_a_refusal() -> None:
    assert refused(training(InputDataConfig=[channel()]), store=Closed()) == "AccessDenied: b/in"


def given(name: str = "n", path: str = "/opt/ml/processing/x", uri: str = "s3://b/in", **more: Any) -> dict[str, Any]:
    source = {"S3Uri": uri, "S3DataType": "S3Prefix", "S3InputMode": "File", "LocalPath": path}
    return {"InputName": name, "S3Input": source, **more}


def output(name: str = "o", path: str = "/opt/ml/processing/o", uri: str = "s3://b/out", **more: Any) -> dict[str, Any]:
    return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}, **more}


@pytest.mark.parametrize(
    ("path", "is_accepted"),
    [
        ("/opt/ml/processing/x", True),
        ("/opt/ml/processing/x/y/", True),
        ("/opt/ml/processing/", False),
        ("/opt/ml/processing//", False),
        ("/opt/ml/processing", False),
        ("/opt/ml/processing/../x", False),
        ("/opt/ml/processing/x/.", False),
        ("/opt/ml/input", False),
        ("opt/ml/processing/x", False),
    ],
)
def test_an_input_is_below_the_folder_of_processing(path: str, is_accepted: bool) -> None:
    why = None if is_accepted else f"Input n: LocalPath must be a path under /opt/ml/processing/, not {path!r}."
    assert refused(processing(inputs=[given(path=path)])) == why


@pytest.mark.parametrize(
    ("path", "is_accepted"),
    [("/o", True), ("/o/p/", True), ("/", False), ("//", False), ("o", False), ("/o/..", False)],
)
def test_an_output_is_at_an_absolute_path(path: str, is_accepted: bool) -> None:
    why = None if is_accepted else f"Output o: LocalPath must be an absolute path, not {path!r}."
    assert refused(processing(outputs=[output(path=path)])) == why


def test_an_input_and_an_output_need_a_path() -> None:
    unnamed = given()
    del unnamed["S3Input"]["LocalPath"]
    assert refused(processing(inputs=[unnamed])) == (
        "Input n: LocalPath must be a path under /opt/ml/processing/, not ''."
    )
    unnamed = output()
    del unnamed["S3Output"]["LocalPath"]
    assert refused(processing(outputs=[unnamed])) == "Output o: LocalPath must be an absolute path, not ''."


def test_outputs_go_to_s3() -> None:
    assert refused(processing(outputs=[{"OutputName": "f", "FeatureStoreOutput": {}}])) == (
        "Output f: only S3Output can be written on this machine."
    )
    assert refused(processing(outputs=[output(uri="/tmp/out")])) == "Output o: '/tmp/out' is not an S3 address."
    assert refused(processing(outputs=[output(), output("p")])) is None


def test_inputs_and_outputs_have_names_and_inputs_paths_of_their_own() -> None:
    twice = [given("b"), given("a"), given("b"), given("a")]
    assert refused(processing(inputs=twice)) == "Duplicate InputName: a, b."
    assert refused(processing(outputs=[output(), output()])) == "Duplicate OutputName: o."
    same = [given("a", "/opt/ml/processing/x/"), given("b", "/opt/ml/processing/x"), given("c", "/opt/ml/processing/y")]
    assert refused(processing(inputs=same)) == "Two inputs have the LocalPath /opt/ml/processing/x."


def test_what_the_application_manages_itself_is_not_checked() -> None:
    assert refused(processing(outputs=[{"OutputName": "f", "FeatureStoreOutput": {}, "AppManaged": True}])) is None
    assert refused(processing(inputs=[given(path="/elsewhere", AppManaged=True)])) is None
    assert "Output f: only S3Output" in str(
        refused(processing(outputs=[{"OutputName": "f", "FeatureStoreOutput": {}, "AppManaged": False}]))
    )


def test_an_input_of_another_source_is_refused_by_name() -> None:
    assert "nn" in str(refused(processing(inputs=[{"InputName": "nn", "DatasetDefinition": {}}])))
