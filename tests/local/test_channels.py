"""Which objects reach which host of a job, and under which names."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import PLAIN, Engine, channel
from tests.local.scripts import ML, run_json

once = pytest.mark.parametrize("engine", ["direct"], indirect=True)
SHARDED = {"S3DataDistributionType": "ShardedByS3Key"}


def put(engine: Engine, *keys: str) -> None:
    for key in keys:
        engine.store.write("b", key, key.encode())


def seen(engine: Engine, *channels: dict[str, Any], hosts: int = 1) -> dict[str, list[str]]:
    """Run a job that lists its channels (but for the one with its script); each host's paths, ``channel/name``."""
    described = engine.run(
        f"{ML} cd $ML/input/data && find . -mindepth 1 -path ./run -prune -o -type f ! -name '*-manifest' -print"
        " -o -type d -empty -print | sort; echo .",
        channels=[*channels],
        hosts=hosts,
    )
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    printed = engine.printed(described["TrainingJobName"])
    return {host: [line[2:] for line in lines if line != "."] for host, lines in printed.items()}


@once
def test_a_prefix_brings_what_lies_below_it_and_a_bare_one_also_what_begins_with_it(engine: Engine) -> None:
    put(engine, "p/in/a", "p/in/sub/b", "p/in2/c", "p/train.csv", "p/trial/d")
    channels = [
        channel("folder", "s3://b/p/in/"),
        channel("bare", "s3://b/p/in"),
        channel("partial", "s3://b/p/tr"),
        channel("bucket", "s3://b/p/"),
    ]
    assert seen(engine, *channels)["algo-1"] == [
        *("bare/a", "bare/in2/c", "bare/sub/b"),
        *("bucket/in/a", "bucket/in/sub/b", "bucket/in2/c", "bucket/train.csv", "bucket/trial/d"),
        *("folder/a", "folder/sub/b"),
        *("partial/train.csv", "partial/trial/d"),
    ]


@once
def test_a_single_object_keeps_its_base_name_and_stays_packed(engine: Engine) -> None:
    put(engine, "x/model.tar.gz", "x/y/persons.json")
    channels = [channel("model", "s3://b/x/model.tar.gz"), channel("one", "s3://b/x/y/persons.json")]
    assert seen(engine, *channels)["algo-1"] == ["model/model.tar.gz", "one/persons.json"]


@once
def test_content_and_odd_names_arrive_unchanged(engine: Engine) -> None:
    content = {f"odd/{name}": os.urandom(1000) for name in ("a b", "é", "%20", "#?", " x ", "t\tb", "q'\"$(x)", "*")}
    for key, data in content.items():
        engine.store.write("b", key, data)
    code = """
folder = ML + "/input/data/odd"
print(json.dumps({name: open(os.path.join(folder, name), "rb").read().hex() for name in os.listdir(folder)}))
"""
    by_host = run_json(engine, code, channels=[channel("odd", "s3://b/odd/")])["algo-1"]
    assert {f"odd/{name}": bytes.fromhex(data) for name, data in by_host.items()} == content


@once
def test_a_manifest_brings_the_objects_it_names_and_no_other(engine: Engine) -> None:
    put(engine, "p/x/1", "p/x/2", "p/y/2")
    engine.store.write("b", "lists/m.json", json.dumps([{"prefix": "s3://b/p/"}, "y/2", "x/1"]).encode())
    by_list = {"S3DataType": "ManifestFile"}
    channels = [
        channel("all", "s3://b/lists/m.json", source=by_list),
        channel("shared", "s3://b/lists/m.json", source=by_list | SHARDED),
    ]
    by_host = seen(engine, *channels, hosts=2)
    assert by_host["algo-1"] == ["all/x/1", "all/y/2", "shared/y/2"]  # the first of the list, not of the alphabet
    assert by_host["algo-2"] == ["all/x/1", "all/y/2", "shared/x/1"]


@once
def test_an_empty_folder_in_a_bucket_is_no_object(engine: Engine) -> None:
    put(engine, "p/in/a")
    (engine.store.root / "b/p/in/empty").mkdir()
    assert seen(engine, channel("data", "s3://b/p/in/"))["algo-1"] == ["data/a"]


@once
def test_sharding_deals_objects_out_in_key_order_and_replicating_gives_all_to_all(engine: Engine) -> None:
    put(engine, *(f"s/algo-{host}/s_{number}" for host in (1, 2) for number in range(1, 11)), "one/f")
    channels = [
        channel("shards", "s3://b/s/", source=SHARDED),
        channel("one", "s3://b/one/", source=SHARDED),
        channel("all", "s3://b/one/"),
    ]
    by_host = seen(engine, *channels, hosts=2)
    first, second = (1, 2, 4, 6, 8), (10, 3, 5, 7, 9)
    assert by_host["algo-1"] == ["all/f", "one/f", *_shards(first)]
    assert by_host["algo-2"] == ["all/f", "one", *_shards(second)]  # a folder, with nothing in it


def _shards(numbers: tuple[int, ...]) -> list[str]:
    return [f"shards/algo-{host}/s_{number}" for host in (1, 2) for number in numbers]


@once
def test_eleven_hosts_are_ranked_as_text_and_share_data_by_number(engine: Engine) -> None:
    put(engine, *(f"s/{number:02}" for number in range(13)))
    code = (
        "who = json.load(open(ML + '/input/config/resourceconfig.json'))\n"
        "print(json.dumps([who['current_host'], who['hosts'], sorted(os.listdir(ML + '/input/data/d'))]))"
    )
    by_host = run_json(engine, code, hosts=11, channels=[channel("d", "s3://b/s/", source=SHARDED)])
    ranked = ["algo-1", "algo-10", "algo-11", *(f"algo-{number}" for number in range(2, 10))]
    for number in range(1, 12):
        shards = [f"{shard:02}" for shard in range(number - 1, 13, 11)]
        assert by_host[f"algo-{number}"] == [f"algo-{number}", ranked, shards]


@once
def test_the_side_file_lists_every_object_of_the_channel_also_other_hosts(engine: Engine) -> None:
    put(engine, "s/1", "s/2")
    code = "print(json.dumps(open(ML + '/input/data/d-manifest').read()))"
    by_host = run_json(engine, code, hosts=2, channels=[channel("d", "s3://b/s/", source=SHARDED)])
    assert by_host == dict.fromkeys(("algo-1", "algo-2"), "s/\ns3://b/s/1\ns3://b/s/2\n")


@once
@pytest.mark.skipif(PLAIN and os.geteuid() == 0, reason="only a view of its own keeps root from writing")
def test_a_fastfile_channel_can_be_read_and_not_written(engine: Engine) -> None:
    put(engine, "f/a", "f/sub/b", "w/c")
    code = """
answers = []
for what, act in {
    "read": lambda: open(ML + "/input/data/fast/sub/b").read(),
    "change": lambda: open(ML + "/input/data/fast/a", "a").write("x"),
    "add": lambda: open(ML + "/input/data/fast/sub/new", "w").close(),
    "drop": lambda: os.remove(ML + "/input/data/fast/a"),
    "write": lambda: open(ML + "/input/data/slow/c", "w").write("x"),
}.items():
    try:
        answers.append(act())
    except OSError as error:
        answers.append(error.errno)
print(json.dumps(answers))
"""
    channels = [channel("fast", "s3://b/f/", InputMode="FastFile"), channel("slow", "s3://b/w/")]
    refusal = 13 if PLAIN else 30  # EACCES, EROFS
    assert run_json(engine, code, channels=channels)["algo-1"] == ["f/sub/b", refusal, refusal, refusal, 1]
    assert engine.store.read("b", "f/a") == b"f/a"
    assert engine.store.read("b", "w/c") == b"w/c"


MANIFEST = {"S3DataType": "ManifestFile"}
REFUSED: dict[str, tuple[list[dict[str, Any]], str]] = {
    "duplicate names": ([channel("d", "s3://b/p/"), channel("d", "s3://b/p/a")], "Duplicate channel names: d"),
    "empty prefix": ([channel("d", "s3://b/none/")], 'No S3 objects found under S3 URL "s3://b/none/"'),
    "only markers": ([channel("d", "s3://b/marker/")], "No S3 objects found"),
    "missing bucket": ([channel("d", "s3://nobody/p/")], 'No S3 objects found under S3 URL "s3://nobody/p/"'),
    "missing manifest": ([channel("d", "s3://b/none.json", source=MANIFEST)], "none.json"),
    "manifest names nothing there": ([channel("d", "s3://b/m.json", source=MANIFEST)], "s3://b/p/gone"),
    "manifest that is no JSON": ([channel("d", "s3://b/p/a", source=MANIFEST)], "s3://b/p/a"),
    "manifest of another shape": ([channel("d", "s3://b/shape.json", source=MANIFEST)], "s3://b/shape.json"),
    "augmented manifest": (
        [channel("d", "s3://b/m.json", source={"S3DataType": "AugmentedManifestFile", "AttributeNames": ["a-ref"]})],
        "AugmentedManifestFile needs Pipe mode",
    ),
    "a file system": (
        [
            {
                "ChannelName": "d",
                "DataSource": {
                    "FileSystemDataSource": {
                        "FileSystemId": "fs-01234567",
                        "FileSystemAccessMode": "ro",
                        "FileSystemType": "EFS",
                        "DirectoryPath": "/d",
                    }
                },
            }
        ],
        "only S3DataSource",
    ),
}


@pytest.mark.parametrize(("channels", "message"), REFUSED.values(), ids=REFUSED)
def test_a_channel_that_cannot_be_read_is_refused_and_nothing_is_made(
    engine: Engine, channels: list[dict[str, Any]], message: str
) -> None:
    put(engine, "p/a")
    (engine.store.root / "b/marker/sub").mkdir(parents=True)
    engine.store.write("b", "m.json", json.dumps([{"prefix": "s3://b/p/"}, "a", "gone"]).encode())
    engine.store.write("b", "shape.json", b'{"prefix": "s3://b/p/"}')
    with pytest.raises(ClientError) as refused:
        engine.start("true", channels=channels)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert message in refused.value.response["Error"]["Message"]
    assert not engine.home.jobs.exists()
