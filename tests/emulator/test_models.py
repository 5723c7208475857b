"""Models on the emulator, and which requests for transform jobs are refused, with which words."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator
from tests.emulator.transforms import BUCKET, IMAGE, OTHER_IMAGE, ROLE, Transforms


@pytest.fixture(scope="module")
def transforms(emulator: Emulator) -> Transforms:
    """What makes jobs, with the model ``double``."""
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    made = Transforms(emulator)
    made.model("double")
    return made


def test_a_model_is_described_listed_tagged_and_deleted(transforms: Transforms) -> None:
    sagemaker = transforms.sagemaker
    tags = [{"Key": "a", "Value": "b"}]
    container = {"Image": OTHER_IMAGE, "Environment": {"A": "b"}}
    arn = sagemaker.create_model(
        ModelName="First", ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags, EnableNetworkIsolation=True
    )["ModelArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:model/first"
    described = sagemaker.describe_model(ModelName="First")
    assert described["PrimaryContainer"] == container
    assert described["EnableNetworkIsolation"] is True
    assert "Tags" not in described
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    sagemaker.create_model(ModelName="second", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    first = sagemaker.list_models(MaxResults=1)
    rest = sagemaker.list_models(MaxResults=5, NextToken=first["NextToken"])
    assert [one["ModelName"] for one in first["Models"] + rest["Models"]] == ["second", "First", "double"]
    named = sagemaker.list_models(NameContains="ir", SortBy="Name", CreationTimeAfter=0)["Models"]
    assert [one["ModelName"] for one in named] == ["First"]
    with pytest.raises(ClientError, match=f'Cannot create already existing model "{arn}"'):
        sagemaker.create_model(ModelName="First", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    sagemaker.delete_model(ModelName="First")
    with pytest.raises(ClientError, match=f'Could not find model "{arn}"'):
        sagemaker.describe_model(ModelName="First")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://data/none.tar.gz"}},
            "Could not find model data at",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://no-such/m.tar.gz"}},
            "Could not find model data at",
        ),
        ({}, "needs a PrimaryContainer or Containers"),
        ({"PrimaryContainer": {"Environment": {}}}, "needs an Image or a ModelPackageName"),
        ({"PrimaryContainer": {"Image": "two words"}}, "Member must satisfy regular expression pattern"),
    ],
)
def test_a_model_that_cannot_be_is_refused(transforms: Transforms, members: dict[str, object], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        transforms.sagemaker.create_model(ModelName="refused", ExecutionRoleArn=ROLE, **members)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB can be at most 100, not 101"),
        ({"MaxPayloadInMB": 50, "MaxConcurrentTransforms": 3}, "at most 100 MB, not 150 MB"),
        ({"S3DataType": "AugmentedManifestFile"}, "S3Prefix or ManifestFile"),
        ({"DataProcessing": {"InputFilter": "id"}}, r"the JSONPath 'id' does not begin with \$"),
        ({"DataProcessing": {"InputFilter": "$.id"}}, r"chooses columns by their numbers"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "Output": {"Accept": None}},
            "ContentType and TransformOutput.Accept",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "Input": {"SplitType": "None"}},
            "SplitType Line and AssembleWith Line",
        ),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://data/x"}}, "DataCaptureConfig is not supported"),
        ({"Input": {"SplitType": "Word"}}, r"Member must satisfy enum value set: \[None, Line, RecordIO, TFRecord\]"),
    ],
)
def test_a_request_that_cannot_be_is_refused(transforms: Transforms, members: dict[str, object], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        transforms.start("refused", "s3://data/numbers/", "double", **members)
    with pytest.raises(ClientError, match="Could not find requested job with that name"):
        transforms.sagemaker.describe_transform_job(TransformJobName="refused")


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"Image": OTHER_IMAGE}, "not the serving program of .*/mine:1.*SAGEMAKER_PROGRAM"),
        ({"Image": "382416733822.dkr.ecr.us-east-1.amazonaws.com/knn:1"}, "built-in algorithm knn"),
        ({"Image": f"{IMAGE.partition('/')[0]}/tensorflow-inference:2.19-cpu"}, "TensorFlow Serving"),
        ({"Image": IMAGE, "Mode": "MultiModel"}, "multi-model"),
        ({"ModelPackageName": "package"}, "model package"),
    ],
)
def test_an_image_whose_own_program_serves_is_refused_by_name(
    transforms: Transforms, container: dict[str, str], words: str
) -> None:
    name = f"own-{sum(map(ord, words))}"
    transforms.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    with pytest.raises(ClientError, match=words):
        transforms.start("own", "s3://data/numbers/", name)


def test_a_name_is_taken_once_and_a_model_must_be_there(transforms: Transforms) -> None:
    data = transforms.put("numbers", {"one.csv": b"1\n2\n3\n"})
    transforms.start("taken", data, "double")
    with pytest.raises(ClientError, match="a transform job with this name already exists"):
        transforms.start("taken", data, "double")
    with pytest.raises(ClientError, match='Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/none"'):
        transforms.start("modelless", data, "none")
    assert transforms.ended("taken")["TransformJobStatus"] == "Completed"
