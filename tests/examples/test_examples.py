"""Every command of examples/README.md runs as it stands, and shows what the page says it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import Emulator
from tests.examples.conftest import EXAMPLES, Clone, shown

PAGE = EXAMPLES / "README.md"
ML = r"/\S+"  # /opt/ml; where hosts have no file system of their own, the folder lies elsewhere


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(tmp_path_factory.mktemp("aws"))
    yield made
    made.stop()


AWS = pytest.param("aws", marks=[pytest.mark.aws, pytest.mark.timeout(7200)])


@pytest.fixture(params=["local", pytest.param("emulator", marks=pytest.mark.long), AWS])
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clone]:
    """The examples on this machine, and word for word the same on an emulated AWS and on AWS itself.

    The short run has them on this machine alone.
    """
    if request.param == "local":
        yield Clone(tmp_path)
        return
    emulator = request.getfixturevalue("emulator") if request.param == "emulator" else None
    made = Clone(tmp_path, emulator, aws=emulator is None)
    yield made
    made.clean()


def listed(log: str, channel: str) -> str:
    """What worker4 listed of a channel."""
    start, end = (
        rf"\*\*\* START listing files in {ML}/input/data/{channel}\n",
        rf"INFO:__main__:\*\*\* END file listing {ML}/input",
    )
    found = re.search(f"{start}(.*?){end}/data/{channel}\n", log, re.DOTALL)
    assert found, log
    return found.group(1)


def test_the_main_job_greets_from_both_hosts_and_merges_the_model(clone: Clone) -> None:
    clone.follow("The main job")
    assert "-***- hello from algo-1" in clone.log("hello")
    assert "-***- hello from algo-2" in clone.log("hello", 1)
    assert clone.files("hello") == ["model/algo-1", "model/algo-2"]


def test_the_shell_command_prints_the_processors(clone: Clone) -> None:
    clone.follow("A shell command")
    assert "processor" in clone.log("shell")


def test_example_1_names_the_devices_of_both_hosts(clone: Clone) -> None:
    clone.follow("Example 1: a script on two hosts")
    assert all("-***-" in clone.log("example1", host) for host in (0, 1))
    (job,) = clone.jobs("python-task")
    assert clone.describe(job)["ResourceConfig"]["InstanceType"] == "ml.p3.2xlarge"


def test_example_2_passes_the_message(clone: Clone) -> None:
    clone.follow("Example 2: arguments")
    assert re.search(r"^\S+python worker\.py --msg Hello, world!$", clone.log("example2"), re.MULTILINE)
    assert "\n-***- Hello, world!\n" in clone.log("example2")


def test_example_3_brings_what_lies_in_the_three_folders(clone: Clone) -> None:
    clone.follow("Example 3: state and output")
    assert clone.files("example3") == shown(PAGE, "Example 3: state and output")
    for name in ("model", "output", "state"):
        (file,) = (clone.folder / "output/example3" / name).iterdir()
        assert file.read_text() == f"{file.name} file"


def test_example_4_lists_the_local_folder_and_the_bucket(clone: Clone) -> None:
    clone.fill_buckets()
    clone.follow("Example 4: input data")
    log = clone.log("example4")
    assert re.search(r" 19 .* sample_data\.txt\n", listed(log, "data"))
    assert " persons.json\n" in listed(log, "bucket")


def test_example_5_lists_the_model_of_example_3_and_no_data(clone: Clone) -> None:
    clone.follow("Example 3: state and output")
    clone.follow("Example 5: chaining")
    log = clone.log("example5")
    assert "INFO:__main__:*** START listing files in \nINFO:__main__:\nINFO:__main__:*** END file listing \n" in log
    assert re.search(r" model\.tar\.gz\n", listed(log, "bucket"))
    page = [line for line in shown(PAGE, "Example 5: chaining") if line.startswith("INFO")]
    assert len(page) == 5
    plain = re.sub(rf"{ML}/input/data/", "/opt/ml/input/data/", log).splitlines()
    assert [line for line in page if line not in plain] == []


def test_run_sh_runs_them_all_and_example_6_shows_everything_it_is_for(clone: Clone) -> None:
    clone.without_a_package_index()
    clone.fill_buckets()
    clone.run("examples/readme_examples/run.sh ./output")
    made = {path.name for path in (clone.folder / "output").iterdir() if (path / "logs/logs0").exists()}
    assert made == {"shell", *(f"example{number}" for number in ("1", "2", "3", "4", "5", "6_1", "6_2"))}
    the_first_part_shares_the_data_and_is_skipped_when_asked_for_again(clone)
    the_second_part_reads_the_first_and_has_a_metric_and_a_tag(clone)


def the_first_part_shares_the_data_and_is_skipped_when_asked_for_again(clone: Clone) -> None:
    for host in (1, 2):
        log = clone.log("example6_1", host - 1)
        assert f"-***- part 1 on algo-{host}\n" in log
        assert re.findall(r"-\*\*\*- data: (\S+),", log) == [f"sample_data{host}.txt"]
        assert "-***- persons: persons.json" in log
    assert "Skipped: the task was completed by" in (clone.folder / "output/example6_1_2_stdout").read_text()
    (job,) = clone.jobs("task6-1")
    assert clone.describe(job)["EnableManagedSpotTraining"] is False


def the_second_part_reads_the_first_and_has_a_metric_and_a_tag(clone: Clone) -> None:
    both = ["sample_data1.txt_by_algo-1", "sample_data2.txt_by_algo-2"]
    for host in (1, 2):
        log = clone.log("example6_2", host - 1)
        assert re.findall(r"-\*\*\*- state: (\S+),", log) == [f"algo-{host}/state_algo-{host}"]
        assert re.findall(r"-\*\*\*- in the model: (\S+)", log) == both
        assert re.findall(r"Score=(.*?);", log) == ["10", "20"]
    (job,) = clone.jobs("task6-2")
    described = clone.describe(job)
    assert "tensorflow" in described["AlgorithmSpecification"]["TrainingImage"]
    assert [(one["MetricName"], one["Value"]) for one in described["FinalMetricDataList"]] == [("Score", 20.0)]
    tags = clone.sagemaker.list_tags(ResourceArn=described["TrainingJobArn"])["Tags"]
    assert {"Key": "MyTag", "Value": "MyValue"} in tags


def test_run_sh_says_when_examples_fail(clone: Clone) -> None:
    with clone.start("examples/readme_examples/run.sh ./output", {"SSM_ENGINE": "nowhere"}) as process:
        printed, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert printed.count("'nowhere' is not an engine") == 7  # of 9: one writes to a file, one needs another's model


def test_filling_the_buckets_leaves_what_is_there(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    persons = clone.run("examples/fill_buckets.sh").strip()
    with open(persons, "w") as file:
        file.write("the real one")
    clone.run("examples/fill_buckets.sh")
    with open(persons) as file:
        assert file.read() == "the real one"
