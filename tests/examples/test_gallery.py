"""The gallery's commands run as they stand, and leave what its page says."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import Emulator
from tests.examples.conftest import EXAMPLES, Clone, blocks

PAGE = EXAMPLES.parent / "docs" / "gallery.md"
WORKFLOW = (EXAMPLES / "ci" / "workflow.yml").read_text(encoding="utf-8")


def shown(heading: str, language: str = "text") -> str:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(block)


def with_python(clone: Clone) -> dict[str, str]:
    """The path of somebody whose environment is the tests'."""
    return {"PATH": f"{clone.tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_a_spot_job_that_is_interrupted_finishes_with_its_state(clone: Clone) -> None:
    (command,) = blocks(PAGE, "Spot machines, with state")
    log, task = "", ""
    for task in ("spot", "once-more", "at-last"):
        clone.run(command.replace("-t spot", f"-t {task}"))
        log = clone.log("spot")
        if "stopped after" in log:
            break  # else this machine was too busy: the job's was taken away before its script began
    said = [line for line in log.splitlines() if line.startswith("-***-")]
    numbers = [re.sub(r"\d+", "N", line) for line in said]
    assert numbers == [re.sub(r"\d+", "N", line) for line in shown("Spot machines, with state").splitlines()]
    (stopped,) = re.findall(r"stopped after epoch (\d+)", log)
    assert re.findall(r"from epoch (\d+)", log) == ["0", stopped]
    assert len(re.findall(r"^epoch \d+: ", log, re.MULTILINE)) == 8  # none of them twice
    assert json.loads((clone.folder / "output/spot/model/line.json").read_text())["epoch"] == 8
    (job,) = clone.jobs(task)
    changes = [one["Status"] for one in clone.describe(job)["SecondaryStatusTransitions"]]
    assert changes.count("Interrupted") == 1


def test_a_search_brings_its_best_trial(clone: Clone) -> None:
    (command,) = blocks(PAGE, "A search")
    clone.run(command)
    study = json.loads((clone.folder / "output/sweep/study.json").read_text())
    losses = [trial["objective"] for trial in study["trials"]]
    assert len(losses) == 4
    assert study["best"]["objective"] == min(losses)
    assert (clone.folder / "output/sweep/trials.csv").exists()
    assert (clone.folder / "output/sweep/model/line.json").exists()


def test_a_chain_judges_its_model_and_runs_again_only_what_changed(clone: Clone) -> None:
    command, spelled_out = blocks(PAGE, "Processing, training, evaluation")
    evaluation = shown("Processing, training, evaluation").strip()
    assert clone.run(command).endswith(evaluation)
    assert (clone.folder / "output/pipeline/output/evaluation.json").read_text() == evaluation
    jobs = sorted(path.name for path in (clone.home / "jobs").iterdir() if not path.name.startswith("."))
    assert len(jobs) == 3
    clone.run(spelled_out)  # the script's own commands: nothing has changed, so nothing runs
    assert sorted(path.name for path in (clone.home / "jobs").iterdir() if not path.name.startswith(".")) == jobs


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    folder = tmp_path_factory.mktemp("emulated")
    emulator = Emulator(folder / "emulator")
    yield Clone(folder, emulator)
    emulator.stop()


def test_a_private_network_is_in_the_request(emulated: Clone) -> None:
    (command,) = blocks(PAGE, "A private network")
    members = json.loads(shown("A private network", "json"))
    printed = emulated.run(command)
    request, _ = json.JSONDecoder().raw_decode(printed[printed.index("{") :])
    assert {name: request[name] for name in members} == members
    key = re.findall(r"--kms_key_id (\S+)", command)
    assert [request["OutputDataConfig"]["KmsKeyId"], request["ResourceConfig"]["VolumeKmsKeyId"]] == [*key, *key]
    assert emulated.jobs("private") == []


@pytest.mark.long
def test_a_job_in_a_private_network_runs_as_far_as_the_emulator_has_one(emulated: Clone) -> None:
    (command,) = blocks(PAGE, "A private network")
    members = json.loads(shown("A private network", "json"))
    emulated.run(command.replace("--dry_run", ""))
    (job,) = emulated.jobs("private")
    described = emulated.describe(job)
    assert described["TrainingJobStatus"] == "Completed"
    assert {name: described[name] for name in members} == members
    iam = emulated.client("iam")
    policy = iam.get_role_policy(RoleName="SageMakerIAMRole_ssm-ex", PolicyName="simple-sagemaker")["PolicyDocument"]
    assert "ec2:CreateNetworkInterface" in json.dumps(policy)
    assert re.findall(r"--kms_key_id (\S+)", command)[0] in json.dumps(policy)


STEPS = re.findall(r"^ +- run: (.*)$", WORKFLOW, re.MULTILINE)


def test_the_workflow_for_ci_runs_its_jobs(clone: Clone) -> None:
    assert "SSM_ENGINE: local" in WORKFLOW  # as the clone's environment has it
    install, smoke, look, tests, request = STEPS
    assert "pip install" in install
    assert blocks(PAGE, "CI")[0].splitlines() == [smoke, look, tests]
    clone.run(smoke)
    clone.run(look)
    assert '"InstanceType": "ml.g5.xlarge"' in clone.run(request)


@pytest.mark.long
def test_the_workflow_for_ci_runs_its_tests(clone: Clone) -> None:
    (tests,) = (step for step in STEPS if "-m pytest" in step)
    assert "1 passed" in clone.run(tests, with_python(clone))


@pytest.mark.xgboost
def test_xgboost_trains_a_booster(clone: Clone) -> None:
    (command,) = blocks(PAGE, "XGBoost")
    clone.run(command, {"SSM_PYTHON": sys.executable, **with_python(clone)})
    assert "validation-auc:" in clone.log("boost")
    assert (clone.folder / "output/boost/model/xgboost-model").stat().st_size


def test_the_networks_command_is_the_one_that_its_own_page_has() -> None:
    """So what `tox -e torch` sees of one holds for the other."""
    (command,) = blocks(PAGE, "Two hosts, one network")
    page = blocks(EXAMPLES / "digits/README.md", "Run")[0]
    assert command.strip() in page
    assert shown("Two hosts, one network") in (EXAMPLES / "digits/README.md").read_text(encoding="utf-8")


def test_every_section_says_why_with_what_how_and_to_what_end() -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(sections) == 7
    for section in sections:
        for part in ("**Why:**", "**Files:**", "**Command:**", "**What comes out:**"):
            assert part in section, (part, section.splitlines()[0])


def test_every_example_of_the_gallery_is_in_the_examples_own_list() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for name in ("spot", "xgboost", "pipeline", "ci"):
        assert f"({name}/" in page, name
    assert os.access(EXAMPLES / "pipeline/run.sh", os.X_OK)
