"""XGBoost as it answers the requests of a transform job, and such a job on the emulator, from training to outputs."""

from __future__ import annotations

import io
import pickle
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.batch_transform.xgboost_model import XgboostModel

pytestmark = pytest.mark.xgboost
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::000000000000:role/Jobs"
DRAW = random.Random(3)
ROWS = [[DRAW.random(), DRAW.random()] for _ in range(50)]
CSV = "".join(f"{a},{b}\n" for a, b in ROWS).encode()
LIBSVM = "".join(f"0:{a} 1:{b}\n" for a, b in ROWS).encode()


def trained(seed: int = 1) -> Any:
    import numpy as np
    import xgboost

    labels = [int(a + b > 1) for a, b in ROWS]
    matrix = xgboost.DMatrix(np.array(ROWS), label=labels)
    return xgboost.train({"objective": "binary:logistic", "seed": seed, "subsample": 0.5}, matrix, 5)


def expected(*boosters: Any) -> list[float]:
    import numpy as np
    import xgboost

    each = [booster.predict(xgboost.DMatrix(np.array(ROWS))) for booster in boosters]
    found: list[float] = np.mean(each, axis=0).tolist()
    return found


def answered(model: XgboostModel, body: bytes, kind: str | None) -> list[float]:
    status, answer = model.answer(body, kind, "text/csv")
    assert status == 200, answer
    return [float(line) for line in answer.decode().splitlines()]


@pytest.mark.parametrize(("body", "kind"), [(CSV, "text/csv"), (CSV, None), (LIBSVM, "text/libsvm")])
def test_rows_become_predictions(tmp_path: Path, body: bytes, kind: str | None) -> None:
    booster = trained()
    booster.save_model(tmp_path / "xgboost-model.ubj")
    assert answered(XgboostModel(str(tmp_path)), body, kind) == pytest.approx(expected(booster))


def test_a_pickled_model_is_read_and_those_of_a_cross_validation_are_averaged(tmp_path: Path) -> None:
    first, second = trained(1), trained(2)
    (tmp_path / "xgboost-model-0").write_bytes(pickle.dumps(first))
    second.save_model(tmp_path / "model.ubj")
    (tmp_path / "model.ubj").rename(tmp_path / "xgboost-model-1")
    assert answered(XgboostModel(str(tmp_path)), CSV, "text/csv") == pytest.approx(expected(first, second))


@pytest.mark.parametrize(
    ("body", "kind", "accept", "status"),
    [
        (b"", "text/csv", None, 204),
        (b"a,b", "text/csv", None, 415),
        (b"1,2", "application/json", None, 415),
        (b"1,2", "text/csv", "application/json", 406),
        (b"0:1 5:2", "text/libsvm", None, 400),
    ],
)
def test_what_cannot_be_predicted_has_the_containers_status(
    tmp_path: Path, body: bytes, kind: str, accept: str | None, status: int
) -> None:
    trained().save_model(tmp_path / "xgboost-model.ubj")
    found = XgboostModel(str(tmp_path)).answer(body, kind, accept)
    assert found[0] == status, found


def test_a_model_that_was_trained_here_transforms() -> None:
    from simple_sagemaker.testing import emulator

    with emulator() as aws:
        s3, sagemaker = aws.client("s3"), aws.client("sagemaker")
        s3.create_bucket(Bucket="boost")
        rows = "".join(f"{int(a + b > 1)},{a},{b}\n" for a, b in ROWS)
        s3.put_object(Bucket="boost", Key="train/rows.csv", Body=rows.encode())
        s3.put_object(Bucket="boost", Key="in/rows.csv", Body=CSV)
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://boost/train/", "S3DataDistributionType": "FullyReplicated"}
        sagemaker.create_training_job(
            TrainingJobName="boost",
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            HyperParameters={"num_round": "5", "objective": "binary:logistic"},
            InputDataConfig=[
                {"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}
            ],
            OutputDataConfig={"S3OutputPath": "s3://boost/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )
        artifacts = aws.wait("boost")["ModelArtifacts"]["S3ModelArtifacts"]
        container = {"Image": IMAGE, "ModelDataUrl": artifacts}
        sagemaker.create_model(ModelName="boost", ExecutionRoleArn=ROLE, PrimaryContainer=container)
        given = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://boost/in/"}}
        sagemaker.create_transform_job(
            TransformJobName="predict",
            ModelName="boost",
            TransformInput={"DataSource": given, "ContentType": "text/csv", "SplitType": "Line"},
            TransformOutput={"S3OutputPath": "s3://boost/predicted", "AssembleWith": "Line", "Accept": "text/csv"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        assert aws.wait("predict")["TransformJobStatus"] == "Completed", aws.logs("predict")
        output = s3.get_object(Bucket="boost", Key="predicted/rows.csv.out")["Body"].read()
        key = artifacts.removeprefix("s3://boost/")
        with tarfile.open(fileobj=io.BytesIO(s3.get_object(Bucket="boost", Key=key)["Body"].read())) as archive:
            member = archive.extractfile("xgboost-model")
            assert member is not None
            booster = _booster(member.read())
    assert [float(line) for line in output.decode().splitlines()] == pytest.approx(expected(booster))


def _booster(data: bytes) -> Any:
    import xgboost

    return xgboost.Booster(model_file=bytearray(data))
