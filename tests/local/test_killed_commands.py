"""Commands that are killed while they make, tag or delete jobs: the next one to start a job removes what they left."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simple_sagemaker.local.job.drafts import FOLDER, draft
from tests.counts import examples
from tests.local.conftest import DOCKER, Engine
from tests.unit.local.made_jobs import left_over

pytestmark = [
    pytest.mark.skipif(DOCKER, reason="what is killed is the command, which does not depend on what hosts are"),
    pytest.mark.timeout(600),
]

# Says that it is at work, then makes, tags and deletes jobs until it is killed.
COMMAND = """
import sys
from pathlib import Path
from tests.local.conftest import Engine

engine = Engine(Path(sys.argv[1]), "direct")
print("up", flush=True)
number = 0
while True:
    number += 1
    name = engine.start("mkdir -p $SM_MODEL_DIR/a/b/c", name=f"killed-{sys.argv[2]}-{number}")
    arn = engine.client.describe_training_job(TrainingJobName=name)["TrainingJobArn"]
    for value in range(5):
        engine.client.add_tags(ResourceArn=arn, Tags=[{"Key": "n", "Value": str(value)}])
    engine.end(name)
    engine.client.delete_training_job(TrainingJobName=name)
"""


def test_whatever_killed_commands_left_goes_with_the_next_start(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "home", "direct")
    chance = random.Random(7)
    for number in range(examples(4, 60)):
        words = [sys.executable, "-c", COMMAND, str(engine.home.root), str(number)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as command:
            assert command.stdout
            assert command.stdout.readline() == b"up\n"
            time.sleep(chance.uniform(0, 1))
            command.kill()
        engine.end(engine.start("true"))
        assert left_over(engine.home) == []
    for summary in engine.client.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]:
        engine.end(summary["TrainingJobName"])  # a supervisor that had begun goes on


def test_a_draft_that_somebody_holds_stays(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "home", "direct")
    with draft(engine.home.jobs) as place:
        place.mkdir()
        engine.run("true")
        assert place.is_dir()
        abandoned = place.with_name("abandoned")
        abandoned.mkdir(0o500)
        (place.with_name("abandoned.lock")).touch()
        engine.run("true")
        assert not abandoned.exists()
        assert len([*(engine.home.jobs / FOLDER).iterdir()]) == 2
    assert left_over(engine.home) == []


def test_a_start_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    from botocore.exceptions import ClientError

    engine = Engine(tmp_path / "home", "direct")
    engine.run("true", name="taken")
    with pytest.raises(ClientError, match="ResourceInUse"):
        engine.start("true", name="taken")
    assert left_over(engine.home) == []
