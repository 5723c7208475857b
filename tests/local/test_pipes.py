"""Pipe mode: the data of a channel through one named pipe after the other."""

from __future__ import annotations

import gzip
import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Engine, channel
from tests.local.records import MAGIC, records
from tests.local.scripts import ML, python, run_json

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
READ = """
import base64, time
def opened(name):
    limit = time.monotonic() + 300
    while not os.path.exists(name) and time.monotonic() < limit:
        time.sleep(0.005)
    return open(name, "rb")
def epochs(channel, count):
    for number in range(count):
        with opened("%s/input/data/%s_%d" % (ML, channel, number)) as pipe:
            yield base64.b64encode(pipe.read()).decode()
"""


def piped(name: str, uri: str = "s3://b/p/", **changes: Any) -> dict[str, Any]:
    return channel(name, uri, InputMode="Pipe", **changes)


def read(engine: Engine, *channels: dict[str, Any], epochs: int = 1, hosts: int = 1) -> dict[str, list[bytes]]:
    """What each host reads from the first channel's pipes, epoch by epoch."""
    import base64

    name = channels[0]["ChannelName"]
    code = f"{READ}\nprint(json.dumps(list(epochs({name!r}, {epochs}))))"
    by_host = run_json(engine, code, channels=list(channels), hosts=hosts)
    return {host: [base64.b64decode(text) for text in texts] for host, texts in by_host.items()}


def put(engine: Engine, **objects: bytes) -> None:
    for name, data in objects.items():
        engine.store.write("b", f"p/{name}", data)


def test_each_epoch_brings_every_object_in_order_and_the_config_says_pipe(engine: Engine) -> None:
    put(engine, a=b"1\n", b=bytes(60_000), c=b"", d=b"4")
    whole = b"1\n" + bytes(60_000) + b"4"
    assert read(engine, piped("train"), epochs=3)["algo-1"] == [whole] * 3
    config = json.loads((engine.home.jobs / "job-1/algo-1/opt/ml/input/config/inputdataconfig.json").read_text())
    assert config["train"]["TrainingInputMode"] == "Pipe"


def test_the_next_pipe_appears_only_when_the_last_was_read_or_closed(engine: Engine) -> None:
    put(engine, a=bytes(200_000))
    code = f"""{READ}
at = ML + "/input/data/"
def there():
    return sorted(name for name in os.listdir(at) if name.startswith("d_"))
seen = [there()]
pipe = open(at + "d_0", "rb", buffering=0)
pipe.read(1000)
time.sleep(0.3)
seen.append(there())
pipe.close()  # early
pipe = opened(at + "d_1")
first = len(pipe.read(199_999))
time.sleep(0.3)
seen.append(there())
rest = len(pipe.read())
with opened(at + "d_2") as again:
    print(json.dumps([seen, first, rest, len(again.read())]))
"""
    seen, *sizes = run_json(engine, code, channels=[piped("d")])["algo-1"]
    assert seen[:2] == [["d_0"], ["d_0"]]
    assert seen[2] in (["d_1"], ["d_2"])  # a buffered reader may have taken the last byte already
    assert sizes == [199_999, 1, 200_000]


def test_cat_of_one_pipe_after_the_other_never_has_to_wait_for_a_name(engine: Engine) -> None:
    put(engine, a=b"x\n")
    script = f"{ML} cd $ML/input/data; for n in 0 1 2 3 4 5 6 7 8 9; do cat d_$n || exit 1; done"
    described = engine.run(script, channels=[piped("d")])
    assert described["TrainingJobStatus"] == "Completed", engine.printed("job-1")
    assert engine.printed("job-1")["algo-1"] == ["x"] * 10


def test_compressed_objects_come_unpacked(engine: Engine) -> None:
    put(engine, a=gzip.compress(b"one\n"), b=gzip.compress(b"two\n") + gzip.compress(b"three\n"))
    assert read(engine, piped("d", CompressionType="Gzip"))["algo-1"] == [b"one\ntwo\nthree\n"]


def test_each_object_becomes_one_record(engine: Engine) -> None:
    contents = [b"", b"12345", struct.pack("<III", 1, MAGIC, 2), struct.pack("<I", MAGIC), bytes(100_001)]
    put(engine, **{f"o{number}": data for number, data in enumerate(contents)})
    (stream,) = read(engine, piped("d", RecordWrapperType="RecordIO"))["algo-1"]
    assert records(stream) == contents
    assert len(stream) % 4 == 0


def test_shares_are_sharded_and_a_seed_changes_order_and_shares_each_epoch(engine: Engine) -> None:
    names = [f"{number:02}" for number in range(30)]
    for name in names:
        engine.store.write("b", f"p/{name}", f"{name} ".encode())
    sharded = {"S3DataDistributionType": "ShardedByS3Key"}
    plain = read(engine, piped("d", source=sharded), epochs=2, hosts=2)
    assert plain["algo-1"] == ["".join(f"{name} " for name in names[::2]).encode()] * 2
    shuffled = read(engine, piped("d", source=sharded, ShuffleConfig={"Seed": 7}), epochs=3, hosts=2)
    shares = [[set(epoch.split()) for epoch in shuffled[host]] for host in ("algo-1", "algo-2")]
    for mine, others in zip(*shares, strict=True):
        assert mine | others == {name.encode() for name in names}
        assert len(mine) == len(others) == 15
    assert shares[0][0] != shares[0][1]
    again = read(engine, piped("d", source=sharded, ShuffleConfig={"Seed": 7}), epochs=3, hosts=2)
    assert again == shuffled


def test_a_host_without_a_share_reads_an_empty_pipe(engine: Engine) -> None:
    put(engine, a=b"a")
    by_host = read(engine, piped("d", source={"S3DataDistributionType": "ShardedByS3Key"}), epochs=2, hosts=2)
    assert by_host == {"algo-1": [b"a", b"a"], "algo-2": [b"", b""]}


def test_an_augmented_manifest_brings_its_attributes_in_order(engine: Engine) -> None:
    put(engine, one=b"first", two=b"second")
    lines = [{"source-ref": "s3://b/p/one", "label": 3, "k": "v"}, {"label": [1], "source-ref": "s3://b/p/two"}]
    engine.store.write("b", "m.jsonl", "\n".join(json.dumps(line) for line in lines).encode())
    source = {"S3DataType": "AugmentedManifestFile", "AttributeNames": ["source-ref", "label"]}
    one = piped("d", "s3://b/m.jsonl", source=source, RecordWrapperType="RecordIO")
    (stream,) = read(engine, one)["algo-1"]
    assert records(stream) == [b"first", b"3", b"second", b"[1]"]


REFUSED = {
    "gzip in file mode": (channel("d", "s3://b/p/", CompressionType="Gzip"), "input mode Pipe only"),
    "records in file mode": (channel("d", "s3://b/p/", RecordWrapperType="RecordIO"), "input mode Pipe only"),
    "nothing there": (piped("d", "s3://b/none/"), "No S3 objects found"),
    "no attributes": (
        piped("d", "s3://b/m.jsonl", source={"S3DataType": "AugmentedManifestFile"}),
        "needs AttributeNames",
    ),
    "an attribute that is not there": (
        piped("d", "s3://b/m.jsonl", source={"S3DataType": "AugmentedManifestFile", "AttributeNames": ["x"]}),
        "line 1: there is no 'x'",
    ),
    "an object that is not there": (
        piped("d", "s3://b/m.jsonl", source={"S3DataType": "AugmentedManifestFile", "AttributeNames": ["a-ref"]}),
        "s3://b/p/none does not exist",
    ),
}


@pytest.mark.parametrize(("refused", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_streamed_is_refused_at_submit(engine: Engine, refused: dict[str, Any], message: str) -> None:
    put(engine, a=b"a")
    engine.store.write("b", "m.jsonl", b'{"a-ref": "s3://b/p/none"}\n')
    with pytest.raises(ClientError, match=message):
        engine.start("true", channels=[refused])


def test_data_that_breaks_fails_the_job_and_never_looks_whole(engine: Engine) -> None:
    put(engine, a=gzip.compress(b"good\n"), b=b"not compressed")
    began = time.monotonic()
    script = f"{ML} trap 'exit 0' TERM; cat $ML/input/data/d_0 > $ML/output/data/copy & wait; echo whole; sleep 1000"
    described = engine.run(script, channels=[piped("d", CompressionType="Gzip")])
    assert described["TrainingJobStatus"] == "Failed"
    assert "channel d: s3://b/p/b" in described["FailureReason"]
    assert "whole" not in engine.printed("job-1").get("algo-1", [])
    assert time.monotonic() - began < 500


def test_a_job_that_never_reads_its_pipes_ends_all_the_same(engine: Engine) -> None:
    put(engine, a=b"a")
    assert engine.run("true", hosts=2, channels=[piped("d"), piped("e")])["TrainingJobStatus"] == "Completed"


def test_a_stalled_reader_keeps_nothing_else_waiting(engine: Engine) -> None:
    put(engine, a=bytes(1_000_000))
    code = """
import time
pipe = open(ML + "/input/data/d_0", "rb")
pipe.read(10)
print("ready", flush=True)
time.sleep(60)
"""
    name = engine.start(python(code), channels=[piped("d")])
    engine.until_printed(name, "ready")
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name, within_s=300)["TrainingJobStatus"] == "Stopped"


def test_pipes_stay_in_the_jobs_folder_when_a_link_takes_its_place(engine: Engine, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(engine, a=bytes(200_000))
    code = f"""{READ}
data = ML + "/input/data"
pipe = open(data + "/d_0", "rb", buffering=0)
os.rename(data, data + "-moved")
os.symlink({str(outside)!r}, data)
while pipe.read(100_000):
    pass
print(json.dumps(len(opened(data + "-moved/d_1").read())))
"""
    assert run_json(engine, code, channels=[piped("d")]) == {"algo-1": 200_000}
    assert list(outside.iterdir()) == []
