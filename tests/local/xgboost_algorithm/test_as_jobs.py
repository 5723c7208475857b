"""XGBoost as a job of any client: its image's address and no program, through boto3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from tests.local.conftest import Engine, channel, processes_only, settings, with_time
from tests.local.xgboost_algorithm.recorded import contents, recorded

pytestmark = [
    pytest.mark.xgboost,
    processes_only,
    pytest.mark.parametrize("engine", ["boto3"], indirect=True),
]
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"


def request_for(engine: Engine, case: str, *, halves: bool = False, image: str = IMAGE, **changes: Any) -> Any:
    """A request that trains a recorded case; with ``halves`` each file is two, of which each host gets one."""
    hyperparameters = recorded(case)["hyperparameters"] | changes.pop("hyperparameters", {})
    for path, content in contents(case).items():
        rows = content.splitlines(keepends=True)
        parts = [rows[: len(rows) // 2], rows[len(rows) // 2 :]] if halves else [rows]
        for number, part in enumerate(parts):
            engine.store.write(engine.bucket, f"{case}/{path}.{number}", b"".join(part))
    request = engine.request("", HyperParameters=hyperparameters, **changes)
    request["AlgorithmSpecification"] = {"TrainingInputMode": "File", "TrainingImage": image}
    request["InputDataConfig"] = [
        channel(
            name,
            f"s3://{engine.bucket}/{case}/{name}/",
            source={"S3DataDistributionType": "ShardedByS3Key" if halves else "FullyReplicated"},
            ContentType=config["ContentType"],
        )
        for name, config in recorded(case)["channels"].items()
    ]
    return request


def lines(engine: Engine, job: str) -> list[str]:
    """The metric lines of all hosts in the order of their times, with tabs as the log shows them undone."""
    return [
        text.replace("#011", "\t")
        for stream in engine.printed(job).values()
        for text in stream
        if re.match(r"\[\d+\](\t|#011)", text)
    ]


def run(engine: Engine, request: dict[str, Any]) -> Mapping[str, Any]:
    """Run a job to its end."""
    engine.client.create_training_job(**request)
    return engine.end(request["TrainingJobName"])


def model(engine: Engine, job: str) -> bytes:
    """The job's model, out of its archive."""
    content = engine.archive(job, "model")["xgboost-model"]
    assert content is not None
    return content


def test_a_job_prints_what_awss_container_does_and_leaves_its_model(engine: Engine) -> None:
    import xgboost

    job = run(engine, request_for(engine, "reg-csv"))
    assert lines(engine, job["TrainingJobName"]) == recorded("reg-csv")["lines"]
    booster = xgboost.Booster(model_file=bytearray(model(engine, job["TrainingJobName"])))
    assert booster.num_boosted_rounds() == 10


def test_a_mistake_is_the_jobs_failure_reason(engine: Engine) -> None:
    job = run(engine, request_for(engine, "reg-csv", hyperparameters={"max_dept": "3"}))
    said = "framework error: \nUserError: Extraneous hyperparameter found: max_dept\n\nDid you mean max_depth?"
    assert job["FailureReason"].startswith(f"AlgorithmError: {said}")


def test_two_hosts_with_half_of_the_data_train_the_same_model(engine: Engine) -> None:
    job = run(engine, request_for(engine, "reg-csv", halves=True, hosts=2))
    assert lines(engine, job["TrainingJobName"]) == recorded("reg-csv")["lines"]


def test_a_host_without_data_is_left_out(engine: Engine) -> None:
    job = run(engine, request_for(engine, "reg-csv", halves=True, hosts=3))
    assert lines(engine, job["TrainingJobName"]) == recorded("reg-csv")["lines"]
    assert any("host-without-data" in text for one in engine.printed(job["TrainingJobName"]).values() for text in one)


@pytest.mark.parametrize("hosts", [1, 2])
def test_a_training_that_is_interrupted_ends_as_an_undisturbed_one(engine: Engine, hosts: int) -> None:
    more = {"num_round": "300", "eta": "0.01", "early_stopping_rounds": "300", "nthread": "1"}
    shares: dict[str, Any] = {"hyperparameters": more, "halves": hosts > 1, "hosts": hosts}
    whole = run(engine, request_for(engine, "early-stopping-auc", **shares))

    def interrupted_after(seconds: int) -> Mapping[str, Any]:
        engine.direct = LocalSageMaker(engine.home, settings=settings(interrupt_after_s=(seconds,)))
        engine.client = engine.direct
        return run(
            engine,
            request_for(
                engine,
                "early-stopping-auc",
                EnableManagedSpotTraining=True,
                CheckpointConfig={"S3Uri": f"s3://{engine.bucket}/checkpoints-{seconds}"},
                StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
                **shares,
            ),
        )

    def went_on(job: Mapping[str, Any]) -> bool:
        printed = engine.printed(job["TrainingJobName"])["algo-1"]
        return any("Resuming from iteration" in line for line in printed)

    spot = with_time(interrupted_after, went_on)
    seen = dict.fromkeys(lines(engine, spot["TrainingJobName"]))  # a round whose checkpoint was lost is printed again
    assert list(seen) == lines(engine, whole["TrainingJobName"])
    assert model(engine, spot["TrainingJobName"]) == model(engine, whole["TrainingJobName"])


def test_an_older_image_runs_with_a_word_about_the_difference(engine: Engine) -> None:
    job = run(engine, request_for(engine, "reg-csv", image=IMAGE.replace("3.2-0", "1.7-1")))
    printed = engine.printed(job["TrainingJobName"])["algo-1"]
    said = [text for text in printed if "other-version" in text]
    assert len(said) == 1
    assert "the binary format" in said[0]
