"""Listings of many answers: each object once, in the order of keys, whatever folders the keys lie in."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simple_sagemaker.storage.s3 import parallel_listing
from simple_sagemaker.storage.s3.store import S3Store
from tests.counts import examples
from tests.storage.conftest import session
from tests.storage.servers import rclone_server

_names = st.sampled_from(["a", "b", "ab", "a-b", "A", "é", "z z", "0"])
_keys = st.lists(_names, min_size=1, max_size=4).map("/".join) | st.sampled_from(["a/", "a//b", "b/c/", "a/b/"])


@hypothesis_settings(max_examples=examples(12, 500))
@given(
    keys=st.sets(_keys, max_size=60),
    prefix=st.sampled_from(["", "a", "a/", "b/c", "é/"]),
    known=st.sets(_keys, max_size=30),
)
def test_any_keys_are_listed_once_and_in_order(moto_server: str, keys: set[str], prefix: str, known: set[str]) -> None:
    store, bucket = S3Store(session(), endpoint=moto_server), f"listed-{uuid.uuid4()}"
    store.make_bucket(bucket)
    for key in keys:
        store.write(bucket, key, key.encode())
    wanted = sorted((key for key in keys if key.startswith(prefix)), key=str.encode)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")  # read at every request: few objects are many answers
        patch.setattr(parallel_listing, "_PAGE", 3)
        patch.setattr(parallel_listing, "_SPARE", 1)
        listed = [(found.key, found.size) for found in store.list(bucket, prefix)]
        below = sorted(key[len(prefix) :] for key in known if key.startswith(prefix))
        again = [(found.key, found.size) for found in store.list(bucket, prefix, below)]
    assert listed == again == [(key, len(key.encode())) for key in wanted]
    store.delete(bucket, keys)


@pytest.mark.long
def test_many_objects_in_folders_of_all_sizes_are_listed_once_and_in_order(tmp_path: Path) -> None:
    sizes = {"": 1500, "huge/": 12_000, "val/": 700}  # the second has more answers than are held of one stretch
    sizes |= {f"train/{number:03}/": number % 40 for number in range(700)}
    keys = [f"data/{folder}{number}" for folder, count in sizes.items() for number in range(count)]
    for folder in sizes:
        (tmp_path / "bucket" / "data" / folder).mkdir(parents=True, exist_ok=True)
    for key in keys:
        (tmp_path / "bucket" / key).touch()
    with rclone_server(tmp_path) as url:
        store = S3Store(session(), endpoint=url)
        assert [found.key for found in store.list("bucket", "data/")] == sorted(keys)
        assert [found.key for found in store.list("bucket", "data/train/")] == sorted(
            key for key in keys if key.startswith("data/train/")
        )


@pytest.mark.parametrize("long", ["a", "c", "e", "z"])
def test_a_folder_of_many_answers_is_listed_to_its_end_wherever_it_is(
    moto: str, monkeypatch: pytest.MonkeyPatch, long: str
) -> None:
    """Of the last stretch, which has no end, more answers come than are read ahead."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    store, bucket = S3Store(session(), endpoint=moto), f"long-{uuid.uuid4()}"
    store.make_bucket(bucket)
    keys = [f"{folder}/{number:03}" for folder in "abcdez" for number in range(100 if folder == long else 2)]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda key: store.write(bucket, key, b""), keys))
    assert [found.key for found in store.list(bucket, "")] == keys


def test_who_looks_whether_anything_is_there_asks_once(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    asked: list[object] = []
    ours = session()
    ours.register("before-send.s3.ListObjectsV2", lambda **sent: asked.append(sent))
    store = S3Store(ours, endpoint=moto)
    store.make_bucket("once")
    for number in range(50):
        store.write("once", f"{number // 5}/{number}", b"")
    assert next(iter(store.list("once", ""))).key == "0/0"
    assert len(asked) == 1
    assert len(list(islice(store.list("once", ""), 20))) == 20
    assert not [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]
