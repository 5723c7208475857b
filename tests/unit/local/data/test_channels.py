"""Which objects a channel has, whose they are, and what they are called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.local.data.channels import Channel, ChannelError, Item, local_path
from tests.unit.memory import MemoryStore

parts = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=5)
keys = st.lists(parts, min_size=1, max_size=4).map("/".join)


def channel(uri: str = "s3://b/p/", *, sharded: bool = False, data_type: str = "S3Prefix") -> Channel:
    return Channel(name="c", uri=uri, data_type=data_type, sharded=sharded, mode="File")


@given(count=st.integers(0, 60), hosts=st.integers(1, 20))
def test_sharded_every_object_goes_to_exactly_one_host_and_shares_differ_by_one_at_most(count: int, hosts: int) -> None:
    items = [Item(bucket="b", key=str(number), path=str(number)) for number in range(count)]
    shares = [channel(sharded=True).share(items, host, hosts) for host in range(hosts)]
    assert sorted(item.key for share in shares for item in share) == sorted(item.key for item in items)
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


@given(count=st.integers(0, 60), hosts=st.integers(1, 20))
def test_replicated_every_object_goes_to_every_host(count: int, hosts: int) -> None:
    items = [Item(bucket="b", key=str(number), path=str(number)) for number in range(count)]
    assert all(channel().share(items, host, hosts) == items for host in range(hosts))


@given(folder=keys, key=keys)
def test_below_a_folder_the_path_is_the_rest_of_the_key(folder: str, key: str) -> None:
    assert local_path(f"{folder}/", f"{folder}/{key}") == key
    assert local_path(folder, f"{folder}/{key}") == key
    assert local_path("", key) == key


@given(folder=keys, name=parts, rest=st.text(min_size=1, max_size=3).filter(lambda text: text[0] != "/"))
def test_a_prefix_that_ends_within_a_name_keeps_the_whole_name(folder: str, name: str, rest: str) -> None:
    assert local_path(f"{folder}/{name}", f"{folder}/{name}{rest}") == name + rest


@given(key=keys)
def test_an_exact_key_keeps_its_base_name(key: str) -> None:
    assert local_path(key, key) == key.rpartition("/")[2]


@given(stored=st.sets(keys, max_size=20), data=st.data())
def test_no_two_objects_of_one_prefix_share_a_path_unless_refused(stored: set[str], data: Any) -> None:
    store = MemoryStore(*stored)
    prefix = (
        data.draw(st.sampled_from(sorted(stored)).flatmap(lambda key: st.just(key[: len(key) // 2]))) if stored else ""
    )
    try:
        items = channel(f"s3://b/{prefix}").items(store)
    except ChannelError:
        return
    paths = [item.path for item in items]
    assert len(set(paths)) == len(paths)
    assert {item.key for item in items} == {key for key in stored if key.startswith(prefix)}
    assert not any(path.startswith("/") or ".." in path.split("/") for path in paths)


def test_console_markers_are_no_objects() -> None:
    items = channel().items(MemoryStore("p/", "p/sub/", "p/sub/a"))
    assert [item.path for item in items] == ["sub/a"]
    with pytest.raises(ChannelError, match="No S3 objects found"):
        channel().items(MemoryStore("p/", "p/sub/"))


@pytest.mark.parametrize(
    "clash", [("p/a", "p/a/b"), ("p/a", "p/a/b/c"), ("p/../x",), ("p//x",), ("p/./x",), ("p/a/../x",)]
)
def test_what_no_folder_can_hold_is_refused_by_name(clash: tuple[str, ...]) -> None:
    with pytest.raises(ChannelError, match="no folder"):
        channel().items(MemoryStore(*clash))


@pytest.mark.parametrize(("uri", "keys"), [("s3://b/p/x", ("p/x", "p/x/x")), ("s3://b/p/in", ("p/in/in2", "p/in2"))])
def test_two_objects_that_would_be_one_file_are_refused(uri: str, keys: tuple[str, ...]) -> None:
    with pytest.raises(ChannelError, match="would both be"):
        channel(uri).items(MemoryStore(*keys))


@pytest.mark.parametrize("names", [["../x"], ["/x"], [""], [1], "a"])
def test_a_manifest_with_impossible_names_is_refused(names: Any) -> None:
    store = MemoryStore("p/a", "p/../x", "p//x", "p/")
    store.write("b", "m", json.dumps([{"prefix": "s3://b/p/"}, *names]).encode())
    if names == "a":
        store.write("b", "m", json.dumps("a").encode())
    with pytest.raises(ChannelError):
        channel("s3://b/m", data_type="ManifestFile").items(store)


@pytest.mark.parametrize("data_type", ["ManifestFile", "AugmentedManifestFile"])
def test_a_manifest_of_lists_in_lists_is_refused(data_type: str) -> None:
    store = MemoryStore()
    store.write("b", "m", b"[" * 100_000)
    asked = Channel(name="c", uri="s3://b/m", data_type=data_type, sharded=False, mode="Pipe", attributes=("a",))
    with pytest.raises(ChannelError):
        asked.items(store)


@pytest.mark.parametrize("data_type", ["ManifestFile", "AugmentedManifestFile"])
def test_a_manifest_of_gigabytes_is_named(monkeypatch: pytest.MonkeyPatch, data_type: str) -> None:
    monkeypatch.setattr("simple_sagemaker.local.data.channels._LARGEST_MANIFEST", 3)
    asked = Channel(name="c", uri="s3://b/long", data_type=data_type, sharded=False, mode="Pipe", attributes=("a",))
    with pytest.raises(ChannelError, match="s3://b/long has more than 3 bytes"):
        asked.items(MemoryStore("long"))
