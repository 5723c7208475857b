"""What a host's mirror sends, and what it may delete."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.core.store import Copied, ProgressCallback, Stored, no_progress
from simple_sagemaker.local.data.mirror import Mirror
from simple_sagemaker.local.data.transfers import Abandoned
from simple_sagemaker.local.job.beneath import TOO_DEEP
from simple_sagemaker.local.job.remove import remove_folder
from simple_sagemaker.storage.file_copy import ChangedMeanwhile
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.safe_paths import DEEPEST
from tests.counts import examples
from tests.unit.memory import MemoryStore

HOSTS = ["algo-1", "algo-2"]
names = st.sampled_from(["x", "algo-1/x", "algo-2/x", "algo-3/x", "d/y"])


def mirror(folder: Path, store: MemoryStore | FolderStore, host: str = "algo-1") -> Mirror:
    return Mirror(folder, "b", "state/", store, host, HOSTS)


def settle(one: Mirror) -> None:
    for _ in one.pass_once():
        pass


def restored(folder: Path, store: MemoryStore | FolderStore, host: str = "algo-1") -> Mirror:
    made = mirror(folder, store, host)
    for _ in made.restore():
        pass
    return made


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


@given(existing=st.sets(names), dropped=st.sets(names), host=st.sampled_from(HOSTS))
def test_of_what_it_found_a_host_deletes_only_its_own_folder_and_the_first_what_is_nobodys(
    existing: set[str], dropped: set[str], host: str
) -> None:
    store = MemoryStore(*(f"state/{name}" for name in existing))
    with tempfile.TemporaryDirectory() as top:
        one = restored(Path(top), store, host)
        for name in existing & dropped:
            (Path(top) / name).unlink()
        settle(one)
    others = "algo-2/" if host == "algo-1" else None
    gone = {
        name
        for name in existing & dropped
        if (host == "algo-2" and name.startswith("algo-2/")) or (others and not name.startswith(others))
    }
    assert store.objects.keys() == {f"state/{name}" for name in existing - gone}


@settings(max_examples=examples(30, 500))  # each one writes files
@given(steps=st.lists(st.dictionaries(names, st.text(max_size=3), max_size=4), min_size=1, max_size=4))
def test_what_one_host_writes_is_mirrored_exactly(steps: list[dict[str, str]]) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as top:
        one = restored(Path(top), store)
        for number, files in enumerate(steps):
            for old in [old for old in Path(top).rglob("*") if old.is_file()]:
                if str(old.relative_to(top)) not in files:
                    old.unlink()
            for path, text in files.items():
                write(Path(top), path, text)
                os.utime(Path(top) / path, ns=(number * 10**9, number * 10**9))
            settle(one)
            assert store.objects == {f"state/{path}": text.encode() for path, text in files.items()}


def test_an_unchanged_file_is_sent_once(tmp_path: Path) -> None:
    store = MemoryStore()
    one = restored(tmp_path, store)
    write(tmp_path, "x", "1")
    settle(one)
    store.objects.clear()
    settle(one)
    assert store.objects == {}


def test_what_was_only_restored_is_not_sent_back(tmp_path: Path) -> None:
    store = MemoryStore("state/x")
    one = restored(tmp_path, store)
    store.objects["state/x"] = b"another job's"
    settle(one)
    assert store.objects["state/x"] == b"another job's"


def test_a_name_that_no_bucket_can_hold_is_remembered_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    store.write("b", "state/x", b"")
    one = mirror(tmp_path / "folder", store)
    write(tmp_path / "folder", "x/below", "1")  # beside the object x
    write(tmp_path / "folder", "good", "1")
    settle(one)
    assert one.refused == {}  # yet: the next pass may have deleted what is in the way
    settle(one)
    assert "x/below" in one.refused
    assert store.read("b", "state/good") == b"1"


@pytest.mark.parametrize("key", ["state/", "state/sub/"])
def test_console_markers_in_the_state_are_passed_over(tmp_path: Path, key: str) -> None:
    restored(tmp_path, MemoryStore(key, "state/x"))
    assert (tmp_path / "x").is_file()


def test_a_key_that_would_leave_the_folder_is_never_restored(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    one = restored(folder, MemoryStore("state/../escaped", "state//tmp/escaped-too", "state/x"))
    assert one.refused.keys() == {"../escaped", "/tmp/escaped-too"}
    assert (folder / "x").is_file()
    assert not (tmp_path / "escaped").exists()
    assert not Path("/tmp/escaped-too").exists()


def test_a_file_that_is_always_rewritten_waits_for_the_next_pass(tmp_path: Path) -> None:
    class Restless(MemoryStore):
        """Says of every file that it changed while it was read, as the S3 store does."""

        restless = True

        def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
            if self.restless:
                raise ChangedMeanwhile(f"{path} changed each time while it was being sent")
            return super().send(path, bucket, key, on_progress)

    store = Restless()
    content = b"x" * (1 << 17)
    (tmp_path / "log").write_bytes(content)
    kept = mirror(tmp_path, store)
    settle(kept)
    assert list(store.list("b", "")) == []
    store.restless = False
    settle(kept)
    assert store.read("b", "state/log") == content


class Full(MemoryStore):
    """A store on a disk that is full for a while."""

    is_full = True

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return super().send(path, bucket, key, on_progress)

    def write(self, bucket: str, key: str, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), key)
        super().write(bucket, key, data)


def test_a_full_disk_is_tried_again_in_the_next_pass_and_nothing_is_deleted_meanwhile(tmp_path: Path) -> None:
    store = Full("state/gone", "state/x")
    one = restored(tmp_path, store)
    (tmp_path / "gone").unlink()
    write(tmp_path, "new", "1")
    settle(one)
    assert isinstance(one.stalled, OSError)
    assert store.objects.keys() == {"state/gone", "state/x"}
    store.is_full = False
    settle(one)
    assert one.stalled is None
    assert store.objects.keys() == {"state/new", "state/x"}


def test_a_file_in_place_of_a_folder_while_a_pass_deletes_is_sent_by_the_next(tmp_path: Path) -> None:
    class Store(FolderStore):
        def delete(self, bucket: str, keys: Iterable[str]) -> None:
            super().delete(bucket, keys)
            if (tmp_path / "folder/d").is_dir():
                shutil.rmtree(tmp_path / "folder/d")
                write(tmp_path / "folder", "d", "2")

    store = Store(tmp_path / "buckets")
    store.make_bucket("b")
    one = mirror(tmp_path / "folder", store)
    write(tmp_path / "folder", "d/a", "1")
    write(tmp_path / "folder", "x/y", "1")
    settle(one)
    shutil.rmtree(tmp_path / "folder/x")
    write(tmp_path / "folder", "x", "2")
    settle(one)  # sends x after x/y is deleted, but not d: d/a was there when this pass began
    settle(one)
    assert {stored.key for stored in store.list("b", "state/")} == {"state/x", "state/d"}
    assert one.refused == {}


def test_a_file_whose_key_was_refused_is_tried_again_in_the_last_pass(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    store.write("b", "state/algo-2/x/y", b"1")
    one = mirror(tmp_path / "folder", store)
    write(tmp_path / "folder", "algo-2/x", "2")
    settle(one)
    settle(one)
    assert one.refused.keys() == {"algo-2/x"}
    store.delete("b", ["state/algo-2/x/y"])  # by the other host
    for _ in one.pass_once(is_last=True):
        pass
    assert store.read("b", "state/algo-2/x") == b"2"


def test_the_reason_to_stop_a_job_gets_through_a_transfer(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise Abandoned

    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    write(tmp_path / "folder", "x", "1")
    one = Mirror(tmp_path / "folder", "b", "state/", store, "algo-1", HOSTS, on_progress=stop)
    with pytest.raises(Abandoned):
        settle(one)


def test_what_lies_too_deep_is_refused_by_name_and_what_was_kept_there_before_is_not_deleted(tmp_path: Path) -> None:
    deep = "/".join(["d"] * DEEPEST)
    store = MemoryStore("state/x", f"state/{deep}/f")
    one = restored(tmp_path, store)
    assert one.refused.keys() == {f"{deep}/f"}
    (tmp_path / deep).mkdir(parents=True)
    write(tmp_path, f"{deep}/f", "1")
    settle(one)
    assert one.refused[deep] == TOO_DEEP
    assert store.objects.keys() == {"state/x", f"state/{deep}/f"}
    remove_folder(tmp_path / "d")


def test_a_folder_that_became_a_link_to_elsewhere_is_refused_and_what_was_kept_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret").write_text("secret")
    store = MemoryStore("state/x")
    one = Mirror(tmp_path / "host/state", "b", "state/", store, "algo-1", HOSTS, root=tmp_path / "host")
    for _ in one.restore():
        pass
    remove_folder(tmp_path / "host/state")
    (tmp_path / "host/state").symlink_to(tmp_path / "elsewhere")
    settle(one)
    assert store.objects.keys() == {"state/x"}
    assert "leads out" in one.refused["."]


class Forgetful(MemoryStore):
    """Lists objects that another command has deleted by the time they are fetched."""

    def __init__(self, *keys: str, gone: str) -> None:
        super().__init__(*keys)
        self._gone = gone

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        listed = [*super().list(bucket, prefix)]
        self.objects.pop(self._gone, None)
        yield from listed


def test_an_object_that_is_gone_when_it_would_be_fetched_is_no_part_of_the_state(tmp_path: Path) -> None:
    store = Forgetful("state/a", "state/d/b", "state/z", gone="state/d/b")
    one = restored(tmp_path, store)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a", "z"]
    assert (one.count, one.refused) == (2, {})
    settle(one)
    assert store.objects.keys() == {"state/a", "state/z"}


def test_a_folder_of_this_machine_may_lose_objects_while_they_are_restored_too(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    for number in range(1, 20):
        store.write("b", f"state/{number:02}/x", b"1")
    one = mirror(tmp_path / "folder", store)
    for done, _ in enumerate(one.restore()):
        if done == 3:
            store.delete("b", [f"state/{number:02}/x" for number in range(10, 20)])
    kept = {path.parent.name for path in (tmp_path / "folder").rglob("x")}
    assert kept == {f"{number:02}" for number in range(1, 10)}
    settle(one)
    assert {key.key for key in store.list("b", "state/")} == {f"state/{name}/x" for name in kept}


@pytest.mark.parametrize("name", ["n" * 256, "a/b", "/".join(["d"] * (DEEPEST + 1)), "nul\0"])
def test_a_state_that_no_folder_can_hold_is_restored_without_what_it_cannot(tmp_path: Path, name: str) -> None:
    store = MemoryStore(f"state/{name}", "state/a", "state/x")
    before = dict(store.objects)
    one = restored(tmp_path, store)
    assert sorted(os.listdir(tmp_path)) == ["a", "x"]
    assert one.refused.keys() == {name}
    settle(one)
    assert store.objects == before


def test_a_folder_that_is_there_already_takes_a_restored_state(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    restored(tmp_path, MemoryStore("state/logs/deep/x"))
    assert (tmp_path / "logs/deep/x").is_file()


def test_what_could_not_be_deleted_is_tried_again_in_the_next_pass(tmp_path: Path) -> None:
    class Refusing(MemoryStore):
        """Fails to delete for a while."""

        refuses = True

        def delete(self, bucket: str, keys: Iterable[str]) -> None:
            if self.refuses:
                raise ConnectionError("no answer")
            super().delete(bucket, keys)

    store = Refusing("state/x", "state/y")
    one = restored(tmp_path, store)
    (tmp_path / "x").unlink()
    settle(one)
    assert isinstance(one.stalled, ConnectionError)
    store.refuses = False
    settle(one)
    assert one.stalled is None
    assert store.objects.keys() == {"state/y"}


@pytest.mark.parametrize("size", [10, 1 << 17])
def test_no_file_stays_open_when_sending_ends_early(tmp_path: Path, size: int) -> None:
    class Denied(MemoryStore):
        """Allows nothing."""

        def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
            raise PermissionError("access denied: s3:PutObject")

        def write(self, bucket: str, key: str, data: bytes) -> None:
            raise PermissionError("access denied: s3:PutObject")

    for number in range(50):
        write(tmp_path, str(number), "x" * size)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    with pytest.raises(PermissionError, match="s3:PutObject"):
        settle(mirror(tmp_path, Denied()))
    assert before in {0, len(os.listdir("/proc/self/fd"))}


@pytest.mark.parametrize("is_folder_first", [True, False])
def test_a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_are_kept(
    tmp_path: Path, is_folder_first: bool
) -> None:
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    folder = tmp_path / "folder"
    one = restored(folder, store)
    names = ["algo-1/x/y", "algo-1/x"] if is_folder_first else ["algo-1/x", "algo-1/x/y"]
    for name in names:
        shutil.rmtree(folder / "algo-1", ignore_errors=True)
        write(folder, name, name)
        settle(one)
    assert [stored.key for stored in store.list("b", "state/")] == [f"state/{names[1]}"]
    assert one.refused == {}
