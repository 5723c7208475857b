"""A tuning job whose files are not what the engine writes is said to be damaged, and hides no other one."""

from __future__ import annotations

import random
import shutil
from collections import Counter

import pytest
from botocore.exceptions import ClientError

from tests.cli.test_damaged_jobs import changes
from tests.counts import examples
from tests.local import searches
from tests.local.conftest import Engine, processes_only

FILES = ("request.json", "settings.json", "tags.json", "journal.jsonl", "plan.json")


@processes_only
@pytest.mark.parametrize("engine", ["direct"], indirect=True)
def test_a_damaged_tuning_job_is_named_and_passed_over(engine: Engine) -> None:
    parents = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "good"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    tags = [{"Key": "of", "Value": "me"}]
    searches.run(engine, name="good", trials=1, Tags=tags)
    searches.run(engine, name="bad", trials=2, Tags=tags, WarmStartConfig=parents)
    folder = engine.home.jobs / "bad"
    codes: Counter[str] = Counter()
    for seed in range(examples(60, 3000)):
        chance = random.Random(seed)
        path = folder / chance.choice(FILES)
        before = path.read_text(encoding="utf-8")
        shutil.rmtree(engine.home.cache / "ended-jobs", ignore_errors=True)
        path.write_text(changes(before, chance), encoding="utf-8")
        try:
            searches.describe(engine, "bad")
            searches.trials(engine, "bad")
            engine.client.list_tags(
                ResourceArn="arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/bad"
            )
        except ClientError as error:
            codes[error.response["Error"]["Code"]] += 1
        listed = engine.client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        assert "good" in {one["HyperParameterTuningJobName"] for one in listed}
        engine.client.search(Resource="HyperParameterTuningJob")
        path.write_text(before, encoding="utf-8")
    assert codes["DamagedJob"]
    assert not codes.keys() - {"DamagedJob", "ResourceNotFound", "ValidationException"}
    assert searches.describe(engine, "bad")["HyperParameterTuningJobStatus"] == "Completed"
