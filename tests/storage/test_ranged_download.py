"""A download in ranges over connections that break, and after a reboot that lost what was written."""

from __future__ import annotations

import http.server
import os
import re
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from simple_sagemaker.core.retries import broken_connections
from simple_sagemaker.storage.s3.ranged_download import RangedDownload, boot
from simple_sagemaker.storage.s3.store import S3Store
from tests.storage.conftest import session

STEP = 1 << 20
DATA = os.urandom(4 * STEP + 12345)
TAG = '"tag"'


class Breaking(http.server.BaseHTTPRequestHandler):
    """Serves DATA and, if it ``has_ranges``, its ranges; ends the first connections for each after ``cut`` bytes."""

    protocol_version = "HTTP/1.1"
    cut: ClassVar[int] = 0
    cuts: ClassVar[int] = 0  # of each range
    seen: ClassVar[dict[int, int]] = {}
    starts: ClassVar[list[int]] = []
    has_ranges: ClassVar[bool] = True
    is_abrupt: ClassVar[bool] = False

    def do_GET(self) -> None:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if self.has_ranges else None
        start, end = (int(match[1]), int(match[2]) + 1) if match else (0, len(DATA))
        data = DATA[start:end]
        self.starts.append(start)
        self.seen[end] = self.seen.get(end, 0) + 1  # one request of a range at a time
        is_cut = self.seen[end] <= self.cuts
        self.send_response(206 if match else 200)
        self.send_header("ETag", TAG)
        if match:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(DATA)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: self.cut] if is_cut else data)
        self.close_connection = self.close_connection or is_cut
        if is_cut and self.is_abrupt:  # a reset in place of an end in good order
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name is the base's
        pass


@pytest.fixture
def breaking() -> Iterator[str]:
    Breaking.cut = Breaking.cuts = 0
    Breaking.seen, Breaking.starts = {}, []
    Breaking.has_ranges, Breaking.is_abrupt = True, False
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Breaking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def download(url: str, to: Path, **more: Any) -> RangedDownload:
    client = S3Store(session(), endpoint=url)._client
    return RangedDownload(client=client, bucket="b", key="k", size=len(DATA), tag=TAG, to=to, step=STEP, **more)


ABRUPT = pytest.mark.parametrize("is_abrupt", [False, True], ids=["closed", "reset"])


@ABRUPT
@pytest.mark.parametrize("cut", [0, 1, 4000, 300_000])
def test_a_range_whose_connection_breaks_is_resumed_where_it_broke(
    breaking: str, tmp_path: Path, cut: int, is_abrupt: bool
) -> None:
    Breaking.cut, Breaking.cuts, Breaking.is_abrupt = cut, 3, is_abrupt
    moved: list[int] = []
    assert download(breaking, tmp_path / "to", on_progress=moved.append).run()
    assert (tmp_path / "to").read_bytes() == DATA
    assert sum(moved) == len(DATA)


@ABRUPT
def test_an_object_of_a_server_without_ranges_is_fetched_again(breaking: str, tmp_path: Path, is_abrupt: bool) -> None:
    Breaking.cut, Breaking.cuts, Breaking.has_ranges, Breaking.is_abrupt = 2 * STEP, 2, False, is_abrupt
    moved: list[int] = []
    assert download(breaking, tmp_path / "to", on_progress=moved.append).run()
    assert (tmp_path / "to").read_bytes() == DATA
    assert sum(moved) == len(DATA)


@ABRUPT
def test_an_object_that_boto3_reads_is_read_again(breaking: str, tmp_path: Path, is_abrupt: bool) -> None:
    Breaking.cut, Breaking.cuts, Breaking.is_abrupt = 100_000, 1, is_abrupt
    store = S3Store(session(), endpoint=breaking)
    assert store.read("b", "odd%") == DATA
    Breaking.seen.clear()
    store.fetch("b", "odd%", tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == DATA


def test_a_range_whose_connection_always_breaks_is_an_error_and_not_journaled(breaking: str, tmp_path: Path) -> None:
    Breaking.cut, Breaking.cuts = 0, 1000
    with pytest.raises(broken_connections()):  # which of them depends on the version of urllib3
        download(breaking, tmp_path / "to", resumable=True).run()
    assert len((tmp_path / "to.journal").read_text().splitlines()) == 1


def interrupted(url: str, to: Path) -> list[int]:
    """Fetch all but the last range, resumably; return the starts of the ranges that the journal has."""

    class Stopped(Exception):
        pass

    done: list[int] = []

    def stop(start: int) -> None:
        done.append(start)
        if len(done) == 4:
            raise Stopped

    with pytest.raises(Stopped):
        download(url, to, resumable=True, on_range_done=stop).run()
    return [int(line) for line in to.with_name(f"{to.name}.journal").read_text().splitlines()[1:]]


def test_what_an_interrupted_download_left_is_not_fetched_again(breaking: str, tmp_path: Path) -> None:
    done = interrupted(breaking, tmp_path / "to")
    assert len(done) >= 4
    Breaking.starts.clear()
    starts: list[int] = []
    assert download(breaking, tmp_path / "to", resumable=True, on_range_done=starts.append).run()
    assert (tmp_path / "to").read_bytes() == DATA
    assert sorted(starts) == [*range(0, len(DATA), STEP)]
    assert sorted(Breaking.starts) == [start for start in range(0, len(DATA), STEP) if start not in done]


@pytest.mark.skipif(not boot(), reason="nothing is resumed where boots have no name")
@pytest.mark.parametrize(
    "changed",
    [boot(), TAG, str(len(DATA)), str(STEP), "the file's size"],
    ids=["boot", "tag", "size", "step", "file"],
)
def test_what_may_be_lost_or_is_of_something_else_is_fetched_again(breaking: str, tmp_path: Path, changed: str) -> None:
    """Every word of the journal's first line counts: after a reboot, pages that were not yet on the disk are zeros."""
    interrupted(breaking, tmp_path / "to")
    journal = tmp_path / "to.journal"
    head, _, rest = journal.read_text().partition("\n")
    assert changed in head.split(" ") or changed == "the file's size"
    words = [word if word != changed else f"9{word}9" for word in head.split(" ")]
    journal.write_text(" ".join(words) + "\n" + rest)
    (tmp_path / "to").write_bytes(bytes(len(DATA) - (changed == "the file's size")))
    assert download(breaking, tmp_path / "to", resumable=True).run()
    assert (tmp_path / "to").read_bytes() == DATA
