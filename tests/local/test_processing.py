"""Processing jobs: what a container finds, what it leaves, and how it ends. As recorded in real jobs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import DOCKER, PLAIN, Engine
from tests.local.processing import NUMBER, Processings, brought, sent
from tests.local.scripts import WAIT

once = pytest.mark.parametrize("engine", ["direct"], indirect=True)
P = "/opt/ml/processing"


@pytest.fixture
def jobs(engine: Engine) -> Iterator[Processings]:
    """Processing jobs of the engine; what still runs at the end is stopped."""
    made = Processings(engine)
    yield made
    for one in engine.direct.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"]:
        engine.direct.stop_processing_job(ProcessingJobName=one["ProcessingJobName"])
        made.end(one["ProcessingJobName"])


RECORDED = """
import pathlib
tree = sorted(str(path.relative_to(ML)) for path in pathlib.Path(ML, "processing").rglob("*"))
config = pathlib.Path(ML, "config")
print(json.dumps([tree, {path.name: json.loads(path.read_text()) for path in sorted(config.iterdir())},
    oct(config.stat().st_mode & 0o777), os.getcwd(), os.path.isdir(os.path.join(ML, "output/metrics/cloudwatch"))]))
"""


def test_a_container_finds_its_inputs_outputs_and_configuration(jobs: Processings) -> None:
    jobs.engine.store.write("b", "code/ex.py", b"x")
    jobs.engine.store.write("b", "dep/lib/a.py", b"x")
    inputs = [brought("DEP", "s3://b/dep/", f"{P}/input/code/dep"), brought("code", "s3://b/code/", f"{P}/input/code")]
    outputs = [sent("out", f"{P}/output/", "s3://b/out"), sent("state", f"{P}/state", "s3://b/state", "Continuous")]
    environment = {"KEY": "a&b", "SSM_STATE": f"{P}/state"}
    report_by_host = jobs.run_json(RECORDED, inputs=inputs, outputs=outputs, Environment=environment, name="Case-39")
    tree, configs, mode, cwd, has_metrics = report_by_host["algo-1"]
    brought_files = ["processing/input/code/dep/lib/a.py", "processing/input/code/ex.py", "processing/input/run/run.sh"]
    assert [path for path in tree if "." in path.rpartition("/")[2]] == brought_files
    assert {"processing/output", "processing/state"} <= {*tree}
    assert (mode, cwd, has_metrics) == ("0o755", "/", True)
    assert configs["resourceconfig.json"] == {"current_host": "algo-1", "hosts": ["algo-1"]}
    job_config = configs["processingjobconfig.json"]
    assert job_config["ProcessingJobArn"].endswith(":processing-job/case-39")
    assert job_config["ProcessingJobName"] == "Case-39"
    assert job_config["AppSpecification"]["ContainerArguments"] is None
    assert job_config["ProcessingOutputConfig"]["KmsKeyId"] is None
    assert job_config["ProcessingResources"]["ClusterConfig"] == {
        "InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 30, "VolumeKmsKeyId": None,
    }  # fmt: skip
    assert job_config["StoppingCondition"] == {"MaxRuntimeInSeconds": 600}
    dep = job_config["ProcessingInputs"][0]
    assert dep["InputName"] == "DEP"
    assert {key: dep["S3Input"][key] for key in dep["S3Input"] if key != "LocalPath"} == {
        "S3Uri": "s3://b/dep/", "S3DataType": "S3Prefix", "S3InputMode": "File", "S3CompressionType": "None",
        "S3DataDistributionType": "FullyReplicated", "S3DownloadMode": "StartOfJob",
    }  # fmt: skip
    assert job_config["Environment"]["KEY"] == "a&b"
    if not PLAIN:
        assert dep["S3Input"]["LocalPath"] == f"{P}/input/code/dep"
        assert job_config["Environment"]["SSM_STATE"] == f"{P}/state"


def test_a_job_is_what_its_entry_point_and_arguments_say_byte_for_byte(jobs: Processings) -> None:
    code = 'import json, os, sys; print(json.dumps([sys.argv[1:], os.environ["KEY"], os.environ["AWS_REGION"]]))'
    app = {"ContainerEntrypoint": ["python3", "-c", code], "ContainerArguments": ["a  b", "", "$HOME", "--x", "é"]}
    described = jobs.run("", app=app, Environment={"KEY": "a  b"}, inputs=[])
    assert described["ProcessingJobStatus"] == "Completed"
    (line,) = jobs.printed("process-1")["algo-1"]
    assert line == '[["a  b", "", "$HOME", "--x", "\\u00e9"], "a  b", "us-east-1"]'


def test_outputs_are_plain_files_and_what_links_inside_lead_to(jobs: Processings) -> None:
    script = "cd $P/output; mkdir d; echo 1 > d/a; echo 2 > b; ln -s b link; ln -s /etc deep; mkdir empty; mkfifo pipe"
    described = jobs.run(script, outputs=[sent("out", f"{P}/output", "s3://b/p/t/out/")])
    assert described["ProcessingJobStatus"] == "Completed"
    assert jobs.engine.keys("p/t/out/") == ["b", "d/a", "link"]
    assert jobs.engine.store.read("b", "p/t/out/d/a") == b"1\n"


@once
def test_an_output_is_never_filled_with_what_is_there_already_and_nothing_is_deleted(jobs: Processings) -> None:
    jobs.engine.store.write("b", "state/old", b"x")
    outputs = [sent("state", f"{P}/state", "s3://b/state", "Continuous")]
    assert jobs.run_json('print(json.dumps(os.listdir(ML + "/processing/state")))', outputs=outputs) == {"algo-1": []}
    script = "echo 1 > $P/state/new; until [ -e $ML/config/released ]; do sleep 0.02; done; rm $P/state/new"
    name = jobs.start(script, outputs=outputs)
    jobs.until(name, lambda _: jobs.engine.keys("state/") == ["new", "old"])
    jobs.engine.release(name)
    assert jobs.end(name)["ProcessingJobStatus"] == "Completed"
    assert jobs.engine.keys("state/") == ["new", "old"]


def test_a_continuous_output_is_there_while_the_job_runs_and_the_other_kind_after_it(jobs: Processings) -> None:
    outputs = [sent("now", f"{P}/now", "s3://b/now", "Continuous"), sent("then", f"{P}/then", "s3://b/then")]
    name = jobs.start(f"echo 1 > $P/now/a; echo 1 > $P/then/a; {WAIT}", outputs=outputs)
    jobs.until(name, lambda _: jobs.engine.keys("now/") == ["a"])
    assert jobs.engine.keys("then/") == []
    jobs.engine.client.stop_processing_job(ProcessingJobName=name)
    assert jobs.end(name)["ProcessingJobStatus"] == "Stopped"
    assert jobs.engine.keys("then/") == ["a"]


@once
def test_outputs_of_a_job_that_fails_are_kept(jobs: Processings) -> None:
    outputs = [sent("now", f"{P}/now", "s3://b/now", "Continuous"), sent("then", f"{P}/then", "s3://b/then")]
    described = jobs.run("echo 1 > $P/now/a; echo 1 > $P/then/a; exit 3", outputs=outputs)
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert jobs.engine.keys("now/") == jobs.engine.keys("then/") == ["a"]


@once
def test_an_output_has_a_folder_by_its_name_beside_its_own(jobs: Processings) -> None:
    code = 'print(json.dumps(open(ML + "/output/data/out/a").read()))'
    outputs = [sent("out", f"{P}/elsewhere", "s3://b/out")]
    script = f'open(ML + "/processing/elsewhere/a", "w").write("x"); {code}'
    assert jobs.run_json(script, outputs=outputs) == {"algo-1": "x"}


@once
def test_an_output_may_lie_outside_the_folder_of_processing(jobs: Processings) -> None:
    if PLAIN:
        pytest.skip("a plain host has no folders outside its own")
    described = jobs.run("echo 1 > /results/a", outputs=[sent("out", "/results", "s3://b/out")])
    assert described["ProcessingJobStatus"] == "Completed"
    assert jobs.engine.keys("out/") == ["a"]
    assert not os.path.exists("/results")


SEEN = 'print(json.dumps(sorted(os.listdir(ML + "/processing/input/data"))))'
HOSTS = """
resource = json.load(open(ML + "/config/resourceconfig.json"))
host = resource["current_host"]
open(f"{ML}/processing/output/{host}", "w").write(host)
open(f"{ML}/processing/output/all", "w").write(host)
print(json.dumps([resource["hosts"], sorted(os.listdir(ML + "/processing/input/data"))]))
"""


def test_hosts_share_sharded_inputs_and_write_to_one_place(jobs: Processings) -> None:
    for name in "abcde":
        jobs.engine.store.write("b", f"data/{name}", b"x")
    sharded = brought("data", "s3://b/data/", f"{P}/input/data", S3DataDistributionType="ShardedByS3Key")
    reports = jobs.run_json(HOSTS, hosts=2, inputs=[sharded], outputs=[sent("out", f"{P}/output", "s3://b/out")])
    both = ["algo-1", "algo-2"]
    assert reports == {"algo-1": [both, ["a", "c", "e"]], "algo-2": [both, ["b", "d"]]}
    assert jobs.engine.keys("out/") == ["algo-1", "algo-2", "all"]
    assert jobs.engine.store.read("b", "out/all") == b"algo-2"  # the last host's


@once
def test_a_manifest_and_a_single_object_are_inputs_too(jobs: Processings) -> None:
    for key in ("data/x/1", "data/y/2", "one/persons.json"):
        jobs.engine.store.write("b", key, b"x")
    jobs.engine.store.write("b", "manifest", b'[{"prefix": "s3://b/data/"}, "x/1"]')
    listed = brought("listed", "s3://b/manifest", f"{P}/input/data", S3DataType="ManifestFile")
    single = brought("one", "s3://b/one/persons.json", f"{P}/input/data/one")
    assert jobs.run_json(SEEN, inputs=[single, listed]) == {"algo-1": ["one", "x"]}


@once
def test_an_input_within_another_hides_what_that_one_has_there(jobs: Processings) -> None:
    for key in ("outer/inner/hidden", "outer/seen", "other/a"):
        jobs.engine.store.write("b", key, b"x")
    inputs = [
        brought("inner", "s3://b/other/", f"{P}/input/data/inner"),
        brought("outer", "s3://b/outer/", f"{P}/input/data"),
    ]
    code = (
        'top = ML + "/processing/input/data"; print(json.dumps([sorted(os.listdir(top)), os.listdir(top + "/inner")]))'
    )
    assert jobs.run_json(code, inputs=inputs) == {"algo-1": [["inner", "seen"], ["a"]]}


@once
def test_an_input_in_pipe_mode_is_a_pipe_for_each_time_it_is_read(jobs: Processings) -> None:
    jobs.engine.store.write("b", "data/1", b"one ")
    jobs.engine.store.write("b", "data/2", b"two")
    piped = brought("train", "s3://b/data/", f"{P}/input/train", S3InputMode="Pipe")
    code = 'print(json.dumps([open(f"{ML}/processing/input/train_{epoch}").read() for epoch in (0, 1)]))'
    assert jobs.run_json(code, inputs=[piped]) == {"algo-1": ["one two", "one two"]}


def test_the_message_of_a_job_is_told_however_it_ends(jobs: Processings) -> None:
    script = "mkdir -p $ML/output; printf 'done: é' > $ML/output/message; "
    assert jobs.run(script)["ExitMessage"] == "done: é"
    failed = jobs.run(f"{script} exit 1")
    assert (failed["ProcessingJobStatus"], failed["ExitMessage"]) == ("Failed", "done: é")
    assert "ExitMessage" not in jobs.run("true")


@once
def test_messages_of_hosts_follow_each_other_and_are_cut_at_a_kilobyte(jobs: Processings) -> None:
    script = NUMBER + 'python3 -c "import sys; sys.stdout.write(sys.argv[1] * 400)" é$N > $ML/output/message'
    message = jobs.run(script, hosts=2)["ExitMessage"]
    assert message.startswith("é1é1")
    assert len(message.encode()) in {1023, 1024}
    assert "é" in message[-2:]


@once
def test_a_message_that_is_no_text_fails_the_job(jobs: Processings) -> None:
    described = jobs.run("printf '\\377\\376' > $ML/output/message")
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("ClientError: ")
    assert jobs.run("python3 -c \"print('é' * 1000)\" > $ML/output/message")["ProcessingJobStatus"] == "Completed"


@once
def test_a_failure_file_has_no_meaning_here(jobs: Processings) -> None:
    assert jobs.run("echo no > $ML/output/failure")["ProcessingJobStatus"] == "Completed"


@once
def test_one_host_that_fails_ends_the_others(jobs: Processings) -> None:
    described = jobs.run(f"{NUMBER} [ $N = 2 ] && exit 1; {WAIT}", hosts=2)
    assert described["ProcessingJobStatus"] == "Failed"


def test_a_job_that_is_stopped_has_time_to_write(jobs: Processings) -> None:
    script = "trap 'echo late > $P/output/a; exit 0' TERM; echo ready > $P/state/r; sleep 100 & wait"
    outputs = [sent("out", f"{P}/output", "s3://b/out"), sent("s", f"{P}/state", "s3://b/s", "Continuous")]
    name = jobs.start(script, outputs=outputs)
    jobs.until(name, lambda _: jobs.engine.keys("s/") == ["r"])
    jobs.engine.client.stop_processing_job(ProcessingJobName=name)
    described = jobs.end(name)
    assert described["ProcessingJobStatus"] == "Stopped"
    assert "FailureReason" not in described
    assert jobs.engine.store.read("b", "out/a") == b"late\n"
    with pytest.raises(ClientError, match="processing job is in status Stopped"):
        jobs.engine.client.stop_processing_job(ProcessingJobName=name)


@once
def test_a_job_that_runs_too_long_is_stopped(jobs: Processings) -> None:
    described = jobs.run(WAIT, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert described["ProcessingJobStatus"] == "Stopped"
    assert (described["ProcessingEndTime"] - described["ProcessingStartTime"]).total_seconds() >= 1


def test_processing_jobs_are_listed_and_described_apart_from_training_jobs(jobs: Processings) -> None:
    engine = jobs.engine
    engine.run("true", name="trained")
    jobs.run("true", name="processed", Tags=[{"Key": "k", "Value": "v"}])
    jobs.run("exit 1", name="broken")
    listed = engine.client.list_processing_jobs(SortBy="Name")["ProcessingJobSummaries"]
    assert [one["ProcessingJobName"] for one in listed] == ["broken", "processed"]
    failed = engine.client.list_processing_jobs(StatusEquals="Failed")["ProcessingJobSummaries"]
    assert [one["FailureReason"] for one in failed] == ["AlgorithmError: See job logs for more information"]
    assert [one["TrainingJobName"] for one in engine.client.list_training_jobs()["TrainingJobSummaries"]] == ["trained"]
    with pytest.raises(ClientError, match="Could not find requested job"):
        engine.client.describe_processing_job(ProcessingJobName="trained")
    with pytest.raises(ClientError, match="Requested resource not found"):
        engine.client.describe_training_job(TrainingJobName="processed")
    arn = engine.client.describe_processing_job(ProcessingJobName="processed")["ProcessingJobArn"]
    assert engine.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    engine.client.delete_processing_job(ProcessingJobName="processed")
    assert "processed" not in str(engine.client.list_processing_jobs())
    streams = engine.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="broken/"
    )
    assert streams["logStreams"] == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a word too long": ({"app": {"ContainerArguments": ["x" * 257]}}, "length less than or equal to 256"),
    "a variable too long": ({"Environment": {"A": "x" * 257}}, "length less than or equal to 256"),
    "nothing there": ({"inputs": [brought("d", "s3://b/none/", f"{P}/input/d")]}, "No S3 objects found"),
    "elsewhere": ({"inputs": [brought("d", "s3://b/data/", "/data")]}, "LocalPath must be a path under"),
    "outside": ({"inputs": [brought("d", "s3://b/data/", f"{P}/../../x")]}, "LocalPath must be a path under"),
    "one name twice": (
        {"inputs": [brought("d", "s3://b/data/", f"{P}/a"), brought("d", "s3://b/data/", f"{P}/b")]},
        "Duplicate InputName: d",
    ),
    "one place twice": (
        {"inputs": [brought("c", "s3://b/data/", f"{P}/a"), brought("d", "s3://b/data/", f"{P}/a/")]},
        "Two inputs have the LocalPath",
    ),
    "an output twice": (
        {"outputs": [sent("o", f"{P}/a", "s3://b/a"), sent("o", f"{P}/b", "s3://b/b")]},
        "Duplicate OutputName: o",
    ),
    "an output nowhere": ({"outputs": [sent("o", "here", "s3://b/a")]}, "LocalPath must be an absolute path"),
    "compressed files": (
        {"inputs": [brought("d", "s3://b/data/", f"{P}/a", S3CompressionType="Gzip")]},
        "input mode Pipe only",
    ),
    "too long": ({"StoppingCondition": {"MaxRuntimeInSeconds": 777601}}, "less than or equal to 777600"),
    "a bad name": ({"name": "my_job"}, "regular expression"),
}
if not DOCKER:  # a container starts its image's own program
    REFUSED["no program"] = ({"AppSpecification": {"ImageUri": "an-image"}}, "ContainerEntrypoint")


@once
@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_the_service_refuses_becomes_no_job(jobs: Processings, case: str) -> None:
    changes, message = REFUSED[case]
    jobs.engine.store.write("b", "data/a", b"x")
    with pytest.raises(ClientError, match=message) as caught:
        jobs.start("true", **changes)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert jobs.engine.client.list_processing_jobs()["ProcessingJobSummaries"] == []


@once
def test_a_name_is_taken_once(jobs: Processings) -> None:
    jobs.run("true", name="mine")
    with pytest.raises(ClientError, match="processing-job/mine") as caught:
        jobs.start("true", name="mine")
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


@pytest.mark.parametrize("first", ["training", "processing"])
def test_a_training_and_a_processing_job_can_have_the_same_name(jobs: Processings, first: str) -> None:
    engine = jobs.engine

    def train(script: str) -> None:
        entrypoint = {"ContainerEntrypoint": ["/bin/sh", "-c", script]}
        engine.start("", name="twin", algorithm=entrypoint, Tags=[{"Key": "kind", "Value": "training"}])

    def process(script: str) -> None:
        entrypoint = {"ContainerEntrypoint": ["/bin/sh", "-c", script]}
        jobs.start("", name="twin", app=entrypoint, Tags=[{"Key": "kind", "Value": "processing"}])

    starts = [(train, "echo trained"), (process, f"echo processing; {WAIT}")]
    for start, script in starts if first == "training" else starts[::-1]:
        start(script)
    for start, script in starts:
        with pytest.raises(ClientError) as caught:
            start(script)
        assert caught.value.response["Error"]["Code"] == "ResourceInUse"
    trained = engine.end("twin")
    assert trained["TrainingJobStatus"] == "Completed"
    jobs.until("twin", lambda _: jobs.printed("twin") == {"algo-1": ["processing"]})
    processed = engine.client.describe_processing_job(ProcessingJobName="twin")
    assert processed["ProcessingJobStatus"] == "InProgress"
    assert engine.printed("twin") == {"algo-1": ["trained"]}
    arns = {"training": trained["TrainingJobArn"], "processing": processed["ProcessingJobArn"]}
    assert {kind: engine.client.list_tags(ResourceArn=arn)["Tags"][0]["Value"] for kind, arn in arns.items()} == {
        kind: kind for kind in arns
    }
    engine.client.stop_processing_job(ProcessingJobName="twin")
    assert jobs.end("twin")["ProcessingJobStatus"] == "Stopped"
    assert engine.client.describe_training_job(TrainingJobName="twin")["TrainingJobStatus"] == "Completed"
    for _ in range(2):  # as they are read, and then as the index has them
        assert len(engine.client.list_training_jobs()["TrainingJobSummaries"]) == 1
        (summary,) = engine.client.list_processing_jobs()["ProcessingJobSummaries"]
        assert (summary["ProcessingJobName"], summary["ProcessingJobStatus"]) == ("twin", "Stopped")
        time.sleep(0.2)
    engine.client.delete_training_job(TrainingJobName="twin")
    with pytest.raises(ClientError, match="not found"):
        engine.client.describe_training_job(TrainingJobName="twin")
    assert engine.client.describe_processing_job(ProcessingJobName="twin")["ProcessingJobStatus"] == "Stopped"
    assert engine.run("true", name="twin")["TrainingJobStatus"] == "Completed"
    with pytest.raises(ClientError) as caught:
        process("true")
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


@once
def test_an_input_or_output_that_the_application_manages_is_left_to_it(jobs: Processings) -> None:
    managed = {**brought("d", "s3://b/none/", f"{P}/input/d"), "AppManaged": True}
    output = {**sent("o", f"{P}/o", "s3://b/o"), "AppManaged": True}
    code = 'print(json.dumps(os.path.exists(ML + "/processing/input/d")))'
    assert jobs.run_json(code, inputs=[managed], outputs=[output]) == {"algo-1": False}


@once
def test_a_killed_supervisor_leaves_a_failed_job(jobs: Processings) -> None:
    import signal

    name = jobs.start(WAIT)
    jobs.until(name, lambda described: "ProcessingStartTime" in described)
    os.killpg(int((jobs.engine.home.jobs / name / "supervisor.pid").read_text()), signal.SIGKILL)
    described = jobs.end(name)
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("InternalServerError: ")
