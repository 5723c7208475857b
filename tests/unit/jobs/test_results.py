"""Results brought to a folder: each part whole, logs by host and time, states that a folder cannot hold."""

from __future__ import annotations

import errno
import gzip
import os
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from simple_sagemaker.core.access import LocalAccess
from simple_sagemaker.core.aws_api import Logs, SageMaker, Tagging
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.core.specs import Download
from simple_sagemaker.core.store import Store
from simple_sagemaker.errors import AccessDenied
from simple_sagemaker.jobs import result_parts as parts
from simple_sagemaker.jobs import results
from simple_sagemaker.jobs.result_parts import NotDownloaded
from simple_sagemaker.storage.archives.unpack import UnsafeArchive
from tests.unit.jobs import watching
from tests.unit.jobs.watching import JOB, refused
from tests.unit.memory import MemoryStore
from tests.unit.storage.archives.test_unpack import member, packed
from tests.unit.tasks.service import Notes

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

OUT = f"p/task/{JOB}/output/"


class Streams:
    """Logs by stream, two lines a page."""

    def __init__(self, **streams: list[str]) -> None:
        self.streams: Mapping[str, list[str]] = {f"{JOB}/{name}": lines for name, lines in streams.items()}

    def describe_log_streams(self, **_: object) -> Any:
        return {"logStreams": [{"logStreamName": name} for name in self.streams]}

    def get_log_events(self, **request: Any) -> Any:
        lines, start = self.streams[request["logStreamName"]], int(request.get("nextToken", 0))
        page = lines[start : start + 2]
        return {
            "events": [{"timestamp": 0, "message": line} for line in page],
            "nextForwardToken": str(start + len(page)),
        }


def described(**changes: Any) -> DescribeTrainingJobResponseTypeDef:
    services_with: dict[str, Any] = {"CheckpointConfig": {"S3Uri": "s3://b/p/task/state"}}
    return watching.described(("Completed", ""), status="Completed", **services_with | changes)


def services_with(store: Store, logs: Streams | None = None) -> Services:
    return Services(
        engine="local",
        sagemaker=cast("SageMaker", None),  # what a job left is brought without asking for the job again
        tagging=lambda: cast("Tagging", None),  # nothing is looked up by its tags
        logs=cast("Logs", logs or Streams()),
        store=store,
        access=LocalAccess(store, account="000000000000", region="us-east-1"),
        region="us-east-1",
        now=lambda: datetime.now(timezone.utc),
        token=lambda: "a1B2c3D4",
        pace=lambda _: 0.0,
    )


def download_to(
    folder: Path, store: MemoryStore, *, logs: Streams | None = None, job: Any = None, **chosen: bool
) -> dict[str, bytes]:
    """What the folder holds afterwards."""
    results.download(Download(path=folder, **chosen), of_training(job or described()), services_with(store, logs))
    return content(folder)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def archive(*names: str) -> bytes:
    return gzip.compress(packed([member(name) for name in names]))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "a" / "out"


def test_logs_are_numbered_by_host_and_a_hosts_streams_follow_each_other_in_time(out: Path) -> None:
    streams = {f"algo-{host}-100": [f"host {host}"] for host in range(1, 13)}
    logs = Streams(**streams, **{"algo-2-1000": ["later", "still", "last"], "algo-2-99": ["first"]})
    found = download_to(out, MemoryStore(), logs=logs)
    assert [*sorted(found, key=lambda name: int(name[9:]))] == [f"logs/logs{number}" for number in range(12)]
    assert found["logs/logs9"] == b"host 10\n"
    assert found["logs/logs1"] == b"first\nhost 2\nlater\nstill\nlast\n"


def test_logs_that_may_not_be_read_keep_nothing_else_away(out: Path) -> None:
    class Denied(Streams):
        def describe_log_streams(self, **_: object) -> Any:
            raise refused("AccessDeniedException", operation="DescribeLogStreams")

    store = MemoryStore("p/task/state/x")
    with pytest.raises(AccessDenied, match="DescribeLogStreams"):
        download_to(out, store, logs=Denied(), state=True)
    assert content(out) == {"state/x": b"p/task/state/x"}


def test_logs_are_read_no_faster_than_the_service_allows(out: Path) -> None:
    logs = Streams(**{f"algo-{host}-100": ["a", "b", "c"] for host in range(1, 3)})
    slow = replace(services_with(MemoryStore(), logs), reading=Reading(pages=2, breath_s=0.05))
    began = time.monotonic()
    results.download(Download(path=out), of_training(described()), slow)
    assert time.monotonic() - began >= 3 * 0.05  # three pages of each, the last of them empty
    assert content(out) == {f"logs/logs{number}": b"a\nb\nc\n" for number in range(2)}


def test_what_was_never_written_is_an_empty_folder(out: Path) -> None:
    download_to(out, MemoryStore(), model=True, output=True, state=True)
    assert sorted(os.listdir(out)) == ["logs", "model", "output", "state"]
    assert content(out) == {}


def test_a_job_without_state_leaves_none(out: Path) -> None:
    download_to(out, MemoryStore("p/task/state/x"), job=described(CheckpointConfig={}), state=True)
    assert os.listdir(out / "state") == []


def test_a_part_is_replaced_as_a_whole_and_nothing_else_is_touched(out: Path) -> None:
    store = MemoryStore("p/task/state/a", "p/task/state_old/b", "p/task/state/d/c", "p/task/state/marker/")
    store.objects[f"{OUT}model.tar.gz"] = archive("m", "n/o")
    download_to(out, store, model=True, state=True)
    for name in ("model/stale", "state/stale", "user.tar.gz", "output/kept", ".model.new-notes/x"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    assert download_to(out, store, model=True, state=True) == {
        ".model.new-notes/x": b"mine",
        "model/m": b"abc",
        "model/n/o": b"abc",
        "output/kept": b"mine",
        "state/a": b"p/task/state/a",
        "state/d/c": b"p/task/state/d/c",
        "user.tar.gz": b"mine",
    }


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (["a", "a/b"], "a/b"),
        (["x/../../evil"], "x/../../evil"),
        (["x//y"], "x//y"),
        (["./x"], "./x"),
        (["x\0y"], "x\\x00y"),
        (["n" * 300], "nnn"),
    ],
)
def test_a_key_that_no_folder_holds_is_refused_by_name_and_the_old_state_stays(
    out: Path, keys: list[str], name: str
) -> None:
    download_to(out, MemoryStore("p/task/state/old"), state=True)
    with pytest.raises(NotDownloaded) as caught:
        download_to(out, MemoryStore("p/task/state/fine", *(f"p/task/state/{key}" for key in keys)), state=True)
    assert name in str(caught.value)
    assert [*content(out)] == ["state/old"]
    assert sorted(os.listdir(out)) == ["logs", "state"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that marks folders")
def test_a_folder_of_the_persons_own_is_never_replaced(out: Path) -> None:
    (out / "model").mkdir(parents=True)
    (out / "model/net.py").write_text("mine")
    with pytest.raises(NotDownloaded, match="left as it is"):
        download_to(out, MemoryStore(), model=True)
    assert content(out) == {"model/net.py": b"mine"}
    assert sorted(os.listdir(out)) == ["logs", "model"]


def test_a_part_that_is_refused_keeps_no_other_away(out: Path) -> None:
    store = MemoryStore("p/task/state/a")
    store.objects |= {f"{OUT}model.tar.gz": archive("../evil"), f"{OUT}output.tar.gz": archive("fine")}
    download_to(out, MemoryStore(), model=True)
    (out / "model/old").write_text("old")
    with pytest.raises(UnsafeArchive, match=r"\.\./evil"):
        download_to(out, store, model=True, output=True, state=True)
    assert sorted(content(out)) == ["model/old", "output/fine", "state/a"]
    assert sorted(os.listdir(out)) == ["logs", "model", "output", "state"]
    assert os.listdir(out.parent) == ["out"]


def test_all_refusals_are_told(out: Path) -> None:
    store = MemoryStore()
    store.objects |= {f"{OUT}model.tar.gz": archive("../evil"), f"{OUT}output.tar.gz": b"broken"}
    with pytest.raises(NotDownloaded) as caught:
        download_to(out, store, model=True, output=True)
    assert "../evil" in str(caught.value)
    assert "output.tar.gz" in str(caught.value)


def test_what_the_store_lacks_is_not_told_as_the_folders_fault(out: Path) -> None:
    with pytest.raises(NotDownloaded) as caught:
        download_to(out, MemoryStore(), state=True, job=described(CheckpointConfig={"S3Uri": "s3://gone/p/task/state"}))
    assert str(caught.value) == f"The results cannot be downloaded to {out / 'state'}: no bucket 'gone'."


@pytest.mark.parametrize("at", ["", "x"])
def test_a_destination_that_is_a_file_is_one_error(tmp_path: Path, at: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotDownloaded, match="file"):
        download_to(tmp_path / "file" / at, MemoryStore())
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("part", parts.NAMES)
def test_a_place_that_is_no_folder_is_never_replaced(out: Path, part: str) -> None:
    out.mkdir(parents=True)
    (out.parent / "elsewhere").mkdir()
    (out / part).symlink_to("../elsewhere")
    with pytest.raises(NotDownloaded, match="is a link"):
        download_to(out, MemoryStore(), model=True, output=True, state=True, source=True)
    assert (out / part).is_symlink()


def test_nothing_is_made_where_nothing_is_asked_for() -> None:
    assert results.download(Download(), of_training(described()), services_with(MemoryStore())) == []


def watched(out: Path, store: MemoryStore, job: Any = None, **chosen: bool) -> list[str]:
    """What is said while parts are brought."""
    notes = Notes()
    services = services_with(store)
    results.download(Download(path=out, **chosen), of_training(job or described()), services, notes)
    return notes.notes


def test_what_was_fetched_is_said(out: Path) -> None:
    store = MemoryStore("p/task/state/a", "p/task/state/d/b")
    store.write("b", f"{OUT}model.tar.gz", archive("m"))
    size = len(store.objects[f"{OUT}model.tar.gz"])
    assert watched(out, store, model=True, state=True) == [
        f"Model: {size} B fetched and unpacked",
        "State: 2 files, 2 fetched (30 B)",
    ]


@pytest.mark.parametrize(("count", "more"), [(1, None), (20, None), (21, 1), (25, 5)])
def test_twenty_of_what_was_left_out_are_named_and_the_others_counted(out: Path, count: int, more: int | None) -> None:
    links = [member(f"l{number:02}", tarfile.SYMTYPE, link="/etc/passwd") for number in range(count)]
    store = MemoryStore()
    store.write("b", f"{OUT}output.tar.gz", gzip.compress(packed([member("a"), *links])))
    said = watched(out, store, output=True)
    named = [one for one in said if one.startswith("Output: left out: ")]
    assert len(named) == min(count, 20)
    assert [one for one in said if "more were left out" in one] == (
        [f"Output: {more} more were left out"] if more else []
    )
    assert content(out) == {"output/a": b"abc"}


def test_the_logs_of_a_job_with_metrics_come_with_a_table_of_them(out: Path) -> None:
    metrics = {"MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}]}
    logs = Streams(**{"algo-1-100": ["loss=1", "x", "loss=2"], "algo-2-100": ["loss=3"]})
    found = download_to(out, MemoryStore(), logs=logs, job=described(AlgorithmSpecification=metrics))
    rows = found.pop("logs/metrics.csv").decode().splitlines()
    assert rows[0] == "time,host,metric,number,value"
    assert [row.split(",")[1:] for row in rows[1:]] == [
        ["algo-1", "loss", "1", "1.0"],
        ["algo-1", "loss", "2", "2.0"],
        ["algo-2", "loss", "1", "3.0"],
    ]
    assert found == {"logs/logs0": b"loss=1\nx\nloss=2\n", "logs/logs1": b"loss=3\n"}


def test_a_folder_that_cannot_be_written_is_told_with_the_file(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, named = MemoryStore(), list[str | None]()
    store.write("b", f"{OUT}model.tar.gz", archive("m"))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", named.pop())

    monkeypatch.setattr(results, "_download_archive", full)
    for name, about in ((str(out / "model/big"), f" ({out}/model/big)"), (str(out / "model"), ""), (None, "")):
        named.append(name)
        with pytest.raises(NotDownloaded) as caught:
            download_to(out, store, model=True)
        first = f"The results cannot be written to {out}/model: No space left on device{about}."
        assert str(caught.value).splitlines()[0] == first


def test_a_download_that_broke_off_is_gone_on_with_and_what_it_had_is_taken(out: Path) -> None:
    """Of a state: the files that an interrupted try had are moved, those of an earlier download are linked."""
    store = Breaking("p/task/state/a", "p/task/state/b", "p/task/state/c")
    store.left = 2
    with pytest.raises(KeyboardInterrupt):
        download_to(out, store, state=True)
    (making,) = [path for path in out.iterdir() if path.name.startswith(".state.new-")]
    assert (making / "goes-on").is_file()
    store.left, store.filled = 99, []
    assert download_to(out, store, state=True) == {f"state/{name}": f"p/task/state/{name}".encode() for name in "abc"}
    assert len(store.filled) == 1
    assert sorted(path.name for path in out.iterdir()) == ["logs", "state"]
    store.filled = []
    download_to(out, store, state=True)
    assert store.filled == []


class Breaking(MemoryStore):
    """A store that is interrupted after so many objects."""

    left = 99

    def __init__(self, *keys: str) -> None:
        super().__init__(*keys)
        self.filled: list[str] = []

    def fill(self, bucket: str, key: str, to: str, on_progress: Any = None) -> None:
        if len(self.filled) == self.left:
            raise KeyboardInterrupt
        self.filled.append(key)
        super().fill(bucket, key, to)
