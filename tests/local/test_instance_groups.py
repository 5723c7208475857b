"""Heterogeneous clusters: groups of machines of different types in one job."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import IMAGE, Engine, channel, processes_only
from tests.local.scripts import run_json

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
GROUPS = [
    {"InstanceGroupName": "cpu", "InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
    {"InstanceGroupName": "gpu", "InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
]
RESOURCES = {"VolumeSizeInGB": 30, "InstanceGroups": GROUPS}
SEEN = """
config = {}
for name in ("resourceconfig", "inputdataconfig", "init-config"):
    config[name] = json.load(open(f"{ML}/input/config/{name}.json"))
data = f"{ML}/input/data"
files = {name: sorted(os.listdir(f"{data}/{name}")) for name in os.listdir(data) if os.path.isdir(f"{data}/{name}")}
print(json.dumps([config, files]))
"""


def test_all_groups_hosts_run_and_know_their_group(engine: Engine) -> None:
    seen = run_json(engine, SEEN, ResourceConfig=RESOURCES)
    assert [*sorted(seen)] == ["algo-1", "algo-2", "algo-3"]
    for host, group, kind in (("algo-1", "cpu", "ml.c5.xlarge"), ("algo-3", "gpu", "ml.g5.xlarge")):
        resources = seen[host][0]["resourceconfig"]
        assert resources["current_host"] == host
        assert (resources["current_group_name"], resources["current_instance_type"]) == (group, kind)
        assert resources["hosts"] == ["algo-1", "algo-2", "algo-3"]
        assert resources["instance_groups"] == [
            {"instance_group_name": "cpu", "instance_type": "ml.c5.xlarge", "hosts": ["algo-1"]},
            {"instance_group_name": "gpu", "instance_type": "ml.g5.xlarge", "hosts": ["algo-2", "algo-3"]},
        ]
        assert seen[host][0]["init-config"]["hostConfig"]["clusterSize"] == 3
    described = engine.client.describe_training_job(TrainingJobName="job-1")
    assert described["ResourceConfig"] == RESOURCES


def test_a_channel_is_for_the_groups_that_it_names(engine: Engine) -> None:
    for number in range(4):
        engine.store.write("b", f"p/{number}", b"x")
    shared = {"S3DataDistributionType": "ShardedByS3Key"}
    channels = [
        channel("gpu", "s3://b/p/", source={"InstanceGroupNames": ["gpu"], **shared}),
        channel("cpu", "s3://b/p/", source={"InstanceGroupNames": ["cpu"]}, InputMode="FastFile"),
        channel("both", "s3://b/p/", source={"InstanceGroupNames": ["gpu", "cpu"], **shared}),
    ]
    seen = run_json(engine, SEEN, ResourceConfig=RESOURCES, channels=channels)
    everything = ["0", "1", "2", "3"]
    expected = {
        "algo-1": {"cpu": everything, "both": ["0", "3"]},
        "algo-2": {"gpu": ["0", "2"], "both": ["1"]},
        "algo-3": {"gpu": ["1", "3"], "both": ["2"]},
    }
    for host, files in expected.items():
        config, found = seen[host]
        assert {name: names for name, names in found.items() if name != "run"} == files
        assert config["inputdataconfig"].keys() == {*files, "run"}


def test_pipes_are_for_the_groups_that_they_name(engine: Engine) -> None:
    for number in range(2):
        engine.store.write("b", f"p/{number}", b"%d" % number)
    source = {"InstanceGroupNames": ["gpu"], "S3DataDistributionType": "ShardedByS3Key"}
    code = """
pipe = f"{ML}/input/data/gpu_0"
print(json.dumps(open(pipe).read() if "gpu" in json.load(open(f"{ML}/input/config/inputdataconfig.json")) else None))
"""
    channels = [channel("gpu", "s3://b/p/", source=source, InputMode="Pipe")]
    seen = run_json(engine, code, ResourceConfig=RESOURCES, channels=channels)
    assert seen == {"algo-1": None, "algo-2": "0", "algo-3": "1"}


@processes_only
def test_a_script_finds_its_group_in_its_variables(engine: Engine) -> None:
    code = b"""
import json, os
names = ("CURRENT_INSTANCE_GROUP", "CURRENT_INSTANCE_TYPE", "IS_HETERO", "INSTANCE_GROUPS")
print("SEEN" + json.dumps([os.environ["SM_" + name] for name in names]))
"""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("train.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code))
    engine.store.write("b", "src/s.tar.gz", packed.getvalue())
    described = engine.run(
        "",
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://b/src/s.tar.gz"},
        ResourceConfig=RESOURCES,
    )
    assert described["TrainingJobStatus"] == "Completed", engine.printed("job-1")
    seen = {
        host: json.loads(line[4:])
        for host, lines in engine.printed("job-1").items()
        for line in lines
        if line.startswith("SEEN")
    }
    groups = '["cpu","gpu"]'
    assert seen["algo-1"] == ["cpu", "ml.c5.xlarge", "true", groups]
    assert seen["algo-3"] == ["gpu", "ml.g5.xlarge", "true", groups]


@pytest.mark.parametrize(
    "resources",
    [
        {**RESOURCES, "InstanceType": "ml.m5.large", "InstanceCount": 1},
        {**RESOURCES, "InstanceGroups": [GROUPS[0], GROUPS[0]]},
        {**RESOURCES, "InstanceGroups": [GROUPS[0], {**GROUPS[1], "InstanceCount": 0}]},
        {"VolumeSizeInGB": 30},
    ],
)
def test_groups_that_cannot_be_are_refused(engine: Engine, resources: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        engine.start("true", ResourceConfig=resources)


def test_a_channel_for_a_group_that_is_not_there_is_refused(engine: Engine) -> None:
    engine.store.write("b", "p/a", b"x")
    channels = [channel("d", "s3://b/p/", source={"InstanceGroupNames": ["tpu"]})]
    for changes in ({"ResourceConfig": RESOURCES}, {}):
        with pytest.raises(ClientError, match="there is no instance group tpu"):
            engine.start("true", channels=channels, **changes)
