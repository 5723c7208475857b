"""Buckets that are folders: what goes in comes out, in S3's order, whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simple_sagemaker.core.store import KeyRefused
from simple_sagemaker.storage.file_copy import copy_file
from simple_sagemaker.storage.folder_store import FolderStore
from tests.counts import examples

ODD = [
    "a b",
    "é",
    "日本",
    "%20",
    "#?",
    "t\tb",
    "n\nl",
    " front",
    "end ",
    "-",
    "..a",
    "a..",
    "~",
    "\\",
    "q'\"",
    "*",
    "...",
]
parts = st.one_of(st.sampled_from(ODD), st.text("ab.-_/0".replace("/", ""), min_size=1, max_size=3))
keys = st.lists(parts.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=3).map("/".join)


def being_written(store: FolderStore) -> list[Path]:
    """The files of objects that are not yet in their place; a process holds its folder of them by a lock."""
    return [path for path in (store.root / ".writing").rglob("*") if path.is_file() and path.name != ".lock"]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


def listed(store: FolderStore, prefix: str = "") -> list[str]:
    return [found.key for found in store.list("b", prefix)]


@settings(max_examples=examples(30, 500))  # each one writes files
@given(wanted=st.sets(keys, max_size=12), prefix=st.one_of(st.just(""), keys, keys.map(lambda key: key[:2])))
def test_keys_come_back_in_the_order_of_their_bytes_under_any_literal_prefix(wanted: set[str], prefix: str) -> None:
    assume(not any(other.startswith(f"{key}/") for key in wanted for other in wanted))
    with tempfile.TemporaryDirectory() as top:
        store = FolderStore(Path(top))
        store.make_bucket("b")
        for key in wanted:
            store.write("b", key, key.encode())
        expected = sorted((key for key in wanted if key.startswith(prefix)), key=str.encode)
        assert listed(store, prefix) == expected
        assert all(store.read("b", key) == key.encode() for key in wanted)
        store.delete("b", wanted)
        assert listed(store) == []
        assert os.listdir(Path(top) / "b") == []  # no folder is left of what is gone


def test_a_slash_sorts_as_the_byte_it_is(store: FolderStore) -> None:
    for key in ("a/b", "a.b", "a-b", "a0", "ab"):
        store.write("b", key, b"")
    assert listed(store) == ["a-b", "a.b", "a/b", "a0", "ab"]


def test_sizes_and_times_are_listed(store: FolderStore) -> None:
    store.write("b", "k", b"12345")
    (found,) = store.list("b", "k")
    assert (found.size, found.modified) == (5, (store.root / "b/k").stat().st_mtime)


@pytest.mark.parametrize("key", ["", "a//b", "/a", "a/", "..", "a/../b", "./a", "a/.", "../../etc/passwd"])
def test_a_key_that_is_no_path_is_refused_by_name_and_nothing_is_written(store: FolderStore, key: str) -> None:
    before = sorted(store.root.parent.rglob("*"))
    for act in (lambda: store.write("b", key, b"x"), lambda: store.read("b", key), lambda: store.delete("b", [key])):
        with pytest.raises(KeyRefused) as refused:
            act()
        assert repr(key) in str(refused.value)
    assert [path for path in sorted(store.root.parent.rglob("*")) if ".writing" not in path.parts] == before
    assert not being_written(store)


def test_an_object_beside_a_folder_of_its_name_is_refused_and_the_first_stays(store: FolderStore) -> None:
    store.write("b", "a", b"1")
    store.write("b", "d/x", b"2")
    for key in ("a/b", "a/b/c", "d"):
        with pytest.raises(KeyRefused):
            store.write("b", key, b"no")
    assert listed(store) == ["a", "d/x"]
    assert (store.read("b", "a"), store.read("b", "d/x")) == (b"1", b"2")


def test_a_name_too_long_for_a_file_is_refused_like_other_keys(store: FolderStore) -> None:
    with pytest.raises((KeyRefused, OSError)):
        store.write("b", "x" * 300, b"")
    assert listed(store) == []


def test_what_is_not_there_is_said_so(store: FolderStore, tmp_path: Path) -> None:
    for act in (
        lambda: store.read("b", "none"),
        lambda: store.read("nobody", "k"),
        lambda: store.fetch("b", "none", tmp_path / "to"),
        lambda: store.write("nobody", "k", b""),
        lambda: list(store.list("nobody", "")),
    ):
        with pytest.raises(FileNotFoundError):
            act()
    store.write("b", "d/x", b"")
    store.delete("b", ["none", "no/folder", "d", "d/x/below"])
    assert listed(store) == ["d/x"]
    assert not store.has_bucket("nobody")
    assert listed(store, "none/") == listed(store, "../") == listed(store, "a//b") == []


def test_folders_directly_below_a_prefix(store: FolderStore) -> None:
    for key in ("p/x/1", "p/y/z/2", "p/file", "q/w/3"):
        store.write("b", key, b"")
    assert store.folders("b", "p/") == ["x", "y"]
    assert store.folders("b", "p/y/") == ["z"]
    assert store.folders("b", "none/") == []
    assert store.folders("b", "p/file/") == []


def test_links_are_followed_and_circles_end(store: FolderStore, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    (data / "sub/f").write_text("x")
    (store.root / "b/linked").symlink_to(data)
    (data / "sub/up").symlink_to(data)
    (data / "broken").symlink_to(tmp_path / "nowhere")
    assert listed(store) == ["linked/sub/f"]
    assert store.read("b", "linked/sub/f") == b"x"


def test_deleting_below_a_linked_folder_never_takes_the_link_or_its_target_away(
    store: FolderStore, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "f").write_text("x")
    (store.root / "b/linked").symlink_to(data)
    store.delete("b", ["linked/f"])
    assert data.is_dir()
    assert listed(store) == []


def test_files_are_sent_and_fetched_byte_for_byte(store: FolderStore, tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "from").write_bytes(content)
    store.send(tmp_path / "from", "b", "d/k")
    store.fetch("b", "d/k", tmp_path / "deep/to")
    assert (tmp_path / "deep/to").read_bytes() == content
    (tmp_path / "from").write_bytes(b"changed")
    assert store.read("b", "d/k") == content  # a copy, not a link


def test_a_failed_send_leaves_the_old_object_and_no_scrap(store: FolderStore, tmp_path: Path) -> None:
    store.write("b", "k", b"old")
    with pytest.raises(FileNotFoundError):
        store.send(tmp_path / "none", "b", "k")
    assert store.read("b", "k") == b"old"
    assert not being_written(store)


def test_a_special_file_is_copied_as_the_bytes_it_gives(tmp_path: Path) -> None:
    copy_file(Path("/proc/self/status"), tmp_path / "to")  # says it is empty, and is not
    assert b"Name:" in (tmp_path / "to").read_bytes()


def test_of_several_that_write_only_what_is_not_there_one_does(store: FolderStore) -> None:
    assert store.write_if("b", "claim", b"1", expected=None)
    assert not store.write_if("b", "claim", b"2", expected=None)
    assert not store.write_if("b", "claim", b"2", expected=b"other")
    assert store.read("b", "claim") == b"1"
    assert store.write_if("b", "claim", b"2", expected=b"1")
    assert store.read("b", "claim") == b"2"
    assert listed(store) == ["claim"]
    won: list[int] = []
    race = [
        threading.Thread(target=lambda n=n: won.append(n) if store.write_if("b", "r", b"", expected=None) else None)
        for n in range(8)
    ]
    for thread in race:
        thread.start()
    for thread in race:
        thread.join()
    assert len(won) == 1


def test_a_reader_sees_the_old_object_or_the_new_one(store: FolderStore) -> None:
    store.write("b", "k", b"0" * 100_000)
    done = threading.Event()

    def rewrite() -> None:
        for number in range(examples(50, 2000)):
            store.write("b", "k", b"%d" % (number % 10) * 100_000)
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not done.is_set():
        content = store.read("b", "k")
        assert len(content) == 100_000
        assert len(set(content)) == 1
    writer.join()


def test_writers_and_deleters_of_one_folder_do_not_disturb_each_other(store: FolderStore) -> None:
    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(examples(100, 5000)):
                store.write("b", f"d/e/{name}", b"x")
                store.delete("b", [f"d/e/{name}"])
        except BaseException as error:  # noqa: BLE001  told to the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert listed(store) == []


def test_a_list_goes_on_while_others_delete(store: FolderStore) -> None:
    for number in range(20):
        store.write("b", f"d{number:02}/k", b"")
    found = []
    for one in store.list("b", ""):
        found.append(one.key)
        store.delete("b", [f"d{number:02}/k" for number in range(20)])
    assert found[0] == "d00/k"


_FULL = """
import os, resource, sys
from simple_sagemaker.storage.file_copy import write_new
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
before = sorted(os.listdir("/proc/self/fd"))
try:
    write_new(sys.argv[1], b"x" * 100)
except OSError as error:
    print(error.errno, os.path.exists(sys.argv[1]), sorted(os.listdir("/proc/self/fd")) == before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_a_file_that_does_not_fit_leaves_nothing_and_gives_its_room_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "f")], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{errno.EFBIG} False True\n"
