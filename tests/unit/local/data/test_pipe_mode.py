"""Files that are fetched ahead for a pipe are closed, however fetching ended."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tracemalloc
from concurrent.futures import Future
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.data import pipe_mode, recordio
from simple_sagemaker.local.data.channels import Channel
from simple_sagemaker.local.data.pipe_mode import Flow
from simple_sagemaker.storage.folder_store import FolderStore


def test_only_what_was_fetched_is_closed() -> None:
    fetched: Future[io.BufferedReader] = Future()
    file = open(os.devnull, "rb")  # noqa: SIM115 - closed by what is tested
    fetched.set_result(file)
    failed: Future[io.BufferedReader] = Future()
    failed.set_exception(OSError("gone"))
    cancelled: Future[io.BufferedReader] = Future()
    cancelled.cancel()
    for future in (fetched, failed, cancelled):
        pipe_mode._close(future)
    assert file.closed


def test_a_packed_object_that_unpacks_into_gigabytes_is_not_unpacked_for_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordio, "LONGEST", 1000)
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    store.write("b", "bomb", gzip.compress(bytes(50_000_000)))
    channel = Channel(
        name="c", uri="s3://b/bomb", data_type="S3Prefix", sharded=False, mode="Pipe", gzip=True, recordio=True
    )
    (item,) = channel.items(store)
    flow = Flow(
        channel=channel, parts=[[item]], host=0, hosts=1, folder=tmp_path, scratch=tmp_path / "scratch", store=store
    )
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="bomb: ValueError: it is too long for a RecordIO record"):
            list(flow.chunks(0))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
