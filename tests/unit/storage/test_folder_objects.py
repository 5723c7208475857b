"""Objects in folders: what is read and written whole, on which condition, and which leftovers there are: none."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simple_sagemaker.core.regular_files import read_plain
from simple_sagemaker.core.store import KeyRefused
from simple_sagemaker.storage import file_copy, private
from simple_sagemaker.storage.file_copy import ChangedMeanwhile
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.safe_paths import SafeFolder, UnusableName, check_job_path


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


def leftovers(store: FolderStore) -> list[str]:
    return [str(path) for path in (store.root / ".writing").rglob("*") if path.is_file() and path.name != ".lock"]


@contextmanager
def _without_locks(_: Path) -> Iterator[bool]:
    yield False


@pytest.fixture(params=["locks", "no locks"])
def _locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no locks":
        monkeypatch.setattr("simple_sagemaker.storage.folder_store.exclusive", _without_locks)


@pytest.mark.usefixtures("_locks")
def test_a_write_looks_at_what_is_there(store: FolderStore) -> None:
    assert not store.write_if("b", "d/k", b"2", expected=b"1")
    assert store.write_if("b", "d/k", b"1", expected=None)
    assert not store.write_if("b", "d/k", b"2", expected=None)
    assert not store.write_if("b", "d/k", b"2", expected=b"other")
    assert store.read("b", "d/k") == b"1"
    assert store.write_if("b", "d/k", b"2", expected=b"1")
    assert store.read("b", "d/k") == b"2"
    assert [one.key for one in store.list("b", "")] == ["d/k"]
    assert leftovers(store) == []


def test_what_somebody_wrote_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"theirs")
    original = file_copy.has_content

    def racing(path: Path, expected: bytes) -> bool:
        is_expected = original(path, expected)
        (tmp_path / "k").write_bytes(b"newer")
        return is_expected

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_copy, "has_content", racing)
        assert not file_copy.move_aside(tmp_path / "k", tmp_path / "aside", b"ours")
    assert (tmp_path / "k").read_bytes() == b"newer"


@pytest.mark.parametrize("size", [0, 1, 1 << 16, (1 << 16) + 1, (1 << 23) + 5])
def test_any_size_goes_and_comes_and_is_counted(store: FolderStore, tmp_path: Path, size: int) -> None:
    data = os.urandom(min(size, 1000)) * (size // 1000 + 1)
    (tmp_path / "f").write_bytes(data[:size])
    counted: list[int] = []
    sent = store.send(tmp_path / "f", "b", "deep/k", counted.append)
    (stored,) = store.list("b", "")
    assert (sent.tag, stored.size, sent.stat.st_size, counted) == (stored.tag, size, size, [size])
    for bring in (lambda to: store.fill("b", "deep/k", str(to), counted.append), None):
        counted.clear()
        to = tmp_path / "to"
        if bring is None:
            store.fetch("b", "deep/k", to, counted.append)
        else:
            bring(to)
        assert (to.read_bytes(), counted) == (data[:size], [size])
    with store.open_stream("b", "deep/k", tmp_path / "keep", counted.append) as source:
        assert source.size == size
        assert source.read(10) == data[: min(10, size)]
        assert source.read(10) == data[10 : min(20, size)]
    assert store.holds("b", stored, tmp_path / "f") is True
    (tmp_path / "f").write_bytes(data[:size] + b"x")
    assert store.holds("b", stored, tmp_path / "f") is False
    store.copy("b", "deep/k", "other/k")
    assert store.read("b", "other/k") == data[:size]


def test_a_file_that_is_rewritten_each_time_is_given_up_after_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"x")
    tries: list[int] = []

    def rewritten(source: Path | str, to: Path | str) -> None:
        tries.append(1)
        if len(tries) < enough:
            os.utime(source, ns=(len(tries), len(tries)))

    monkeypatch.setattr(file_copy, "copy_file", rewritten)
    enough = 3
    assert file_copy.copy_steady(tmp_path / "f", tmp_path / "to").st_size == 1
    tries.clear()
    enough = 9
    with pytest.raises(ChangedMeanwhile, match="/f changed each time while it was being copied"):
        file_copy.copy_steady(tmp_path / "f", tmp_path / "to")
    assert len(tries) == 3


def test_a_file_that_grows_is_copied_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x")

    def growing(source: Path | str, to: Path | str) -> None:
        with open(source, "ab") as out:
            out.write(b"y")

    monkeypatch.setattr(file_copy, "copy_file", growing)
    assert file_copy.copy_steady(tmp_path / "f", tmp_path / "to").st_size == 1


def test_a_small_file_is_read_at_once_and_a_larger_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    small = file_copy.read_small(tmp_path / "f", 3)
    assert small
    assert (small.data, small.before.st_size) == (b"abc", 3)
    assert file_copy.read_small(tmp_path / "f", 2) is None


@pytest.mark.parametrize("in_kernel", [True, False])
def test_holes_and_bytes_are_copied_with_and_without_the_kernels_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_kernel: bool
) -> None:
    def no(*_: object) -> int:
        raise OSError("not here")

    if not in_kernel and hasattr(os, "copy_file_range"):
        monkeypatch.setattr(os, "copy_file_range", no)
    with open(tmp_path / "f", "wb") as out:
        out.write(b"begin")
        out.seek(1 << 22)
        out.write(b"middle")
        out.truncate(1 << 23)
    (tmp_path / "to").write_bytes(b"z" * (1 << 24))
    file_copy.copy_file(tmp_path / "f", tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == (tmp_path / "f").read_bytes()


def test_a_file_that_cannot_be_written_whole_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simple_sagemaker.storage.file_copy.os.write", full)
    with pytest.raises(OSError, match="No space"):
        file_copy.write_new(tmp_path / "f", b"x")
    assert not (tmp_path / "f").exists()


def test_empty_folders_go_with_what_was_in_them_up_to_the_bucket(store: FolderStore) -> None:
    for key in ("a/b/c/k", "a/x", "y/z"):
        store.write("b", key, b"")
    store.delete("b", ["a/b/c/k", "y/z", "none/at/all"])
    assert sorted(str(path.relative_to(store.root / "b")) for path in (store.root / "b").rglob("*")) == ["a", "a/x"]
    store.delete("b", ["a/x"])
    assert (store.root / "b").is_dir()
    with pytest.raises(KeyRefused):
        store.delete("b", ["../x"])


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("a", "a", "'a' is there twice, and what came first is a file"),
        ("a", "a/b", "'a/b' lies in 'a', which is a file"),
        ("a/b", "a", "'a' is there twice, and what came first is a folder"),
        ("d/a", "d/a", "'d/a' is there twice, and what came first is a file"),
    ],
)
def test_two_names_that_cannot_be_together_are_told(tmp_path: Path, first: str, second: str, why: str) -> None:
    folder = SafeFolder(tmp_path)
    os.close(folder.new_file(first))
    with pytest.raises(UnusableName) as caught:
        folder.new_file(second)
    assert str(caught.value) == why


def test_a_new_file_has_the_mode_that_is_asked_for_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        folder = SafeFolder(tmp_path)
        os.close(folder.new_file("plain"))
        os.close(folder.new_file("run", 0o777))
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "run")] == [0o644, 0o755]


@pytest.mark.parametrize(("length", "cut"), [(200, False), (201, True)])
def test_a_long_name_is_told_by_its_beginning(length: int, cut: bool) -> None:
    path = f"../{'n' * (length - 3)}"
    with pytest.raises(UnusableName, match="leads outside") as caught:
        check_job_path(path)
    assert ("…" in str(caught.value)) is cut


def test_what_is_private_is_this_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private.make_private(tmp_path / "a/b")
        private.make_private(tmp_path / "a/b")
        private.replace_private(tmp_path / "c/f", "é")
        private.replace_private(tmp_path / "c/f", "ü")
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "c", "c/f")}
    assert modes == {"a": 0o700, "a/b": 0o700, "c": 0o700, "c/f": 0o600}
    assert (tmp_path / "c/f").read_bytes() == "ü".encode()
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["f"]
    with pytest.raises(FileExistsError):
        private.write_private(tmp_path / "c/f", "x")
    with pytest.raises(FileExistsError):
        private.make_private(tmp_path / "c/f")
    (tmp_path / "c/d").mkdir()
    with pytest.raises(OSError, match="director"):
        private.replace_private(tmp_path / "c/d", "x")
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["d", "f"], "no scrap"


def test_a_plain_file_is_read_up_to_a_bound_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert read_plain(tmp_path / "f", 3) == b"abc"
    with pytest.raises(OSError, match="File too large"):
        read_plain(tmp_path / "f", 2)
    (tmp_path / "link").symlink_to("f")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", ""):
        with pytest.raises(OSError, match=r"links|regular file|directory"):
            read_plain(tmp_path / name)


def test_a_folder_is_closed_to_others(tmp_path: Path) -> None:
    for mode, narrowed in ((0o755, 0o700), (0o701, 0o700), (0o700, 0o700), (0o500, 0o500)):
        tmp_path.chmod(mode)
        private.narrow(tmp_path)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == narrowed
    tmp_path.chmod(0o700)
