"""The code of a task, packed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import payload
from simple_sagemaker.core import layout
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.progress import WithoutStatusLine
from simple_sagemaker.core.specs import Code, Image, Place, Security, TaskSpec
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks.code.files import Changed, CodeFiles
from simple_sagemaker.tasks.code.fingerprint import fingerprint
from simple_sagemaker.tasks.code.package import collect, package
from simple_sagemaker.tasks.code.read import read_code, retry_when_changed
from simple_sagemaker.tasks.code.upload import Delivery, describe


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "code"
    (made / "pkg/__pycache__").mkdir(parents=True)
    (made / ".git").mkdir()
    for name in ("worker.py", "pkg/__init__.py", "pkg/__pycache__/x.pyc", ".git/config", "old.pyc", "data é.txt"):
        (made / name).write_text(name)
    (made / "run.sh").write_text("#!/bin/sh\n")
    (made / "run.sh").chmod(0o755)
    return made


class Notes(WithoutStatusLine):
    """Somebody who watches and keeps the notes."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes

    def note(self, text: str) -> None:
        self._notes.append(text)

    def phase(self, name: str, message: str) -> None:
        raise NotImplementedError

    def lines(self, host: str, lines: list[str]) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Packed:
    """The files of a job's source folder, and the digests of the person's code alone and of the whole archive."""

    files: dict[str, bytes]
    code_digest: str
    digest: str


def packed(store: FolderStore, code: Code, **changes: Any) -> Packed:
    spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=code, **changes)
    with tempfile.TemporaryDirectory() as scratch:
        found = collect(spec, store, lambda: Path(scratch))
        marks = fingerprint(spec, found)
        made = package(spec, found, marks)
        made.pack(Path(scratch, "packed"))
        return Packed({**made.beside, layout.TARBALL: Path(scratch, "packed").read_bytes()}, marks["code"], made.digest)


def members(found: Packed) -> dict[str, tuple[int, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(found.files[layout.TARBALL])) as archive:
        return {one.name: (one.mode, content.read()) for one in archive if (content := archive.extractfile(one))}


def test_the_code_lies_at_the_root_beside_our_own_files_and_without_junk(store: FolderStore, folder: Path) -> None:
    found = members(packed(store, Code(entry_point="worker.py", source_dir=folder)))
    own = {*payload.CODE_FILES}
    assert found.keys() - own == {"worker.py", "pkg/__init__.py", "data é.txt", "run.sh"}
    assert own <= found.keys()
    assert found["run.sh"][0] == 0o755
    assert found["worker.py"] == (0o644, b"worker.py")


def test_the_same_content_gives_the_same_bytes_wherever_and_whenever_it_lies(
    store: FolderStore, folder: Path, tmp_path: Path
) -> None:
    first = packed(store, Code(entry_point="worker.py", source_dir=folder))
    shutil.copytree(folder, tmp_path / "elsewhere")
    for at, _, names in os.walk(tmp_path / "elsewhere"):
        for name in names:
            os.utime(os.path.join(at, name), (1, 1))
    second = packed(store, Code(entry_point="worker.py", source_dir=tmp_path / "elsewhere"))
    assert first == second


@pytest.mark.parametrize("change", ["content", "name", "mode", "new"])
def test_any_change_of_the_code_changes_its_digest(store: FolderStore, folder: Path, change: str) -> None:
    code = Code(entry_point="worker.py", source_dir=folder)
    before = packed(store, code).code_digest
    match change:
        case "content":
            (folder / "worker.py").write_text("worker.pY")
        case "name":
            (folder / "run.sh").rename(folder / "run2.sh")
        case "mode":
            (folder / "run.sh").chmod(0o644)
        case _:
            (folder / "empty").touch()
    assert packed(store, code).code_digest != before


def test_junk_and_arguments_do_not_change_the_digest_of_the_code(store: FolderStore, folder: Path) -> None:
    code = Code(entry_point="worker.py", source_dir=folder)
    before = packed(store, code)
    (folder / "pkg/__pycache__/y.pyc").touch()
    after = packed(store, code, arguments=["other"])
    assert after.code_digest == before.code_digest
    assert after.files[layout.RUN_FILE] != before.files[layout.RUN_FILE]


def test_dependencies_lie_at_the_root_by_their_names(store: FolderStore, folder: Path, tmp_path: Path) -> None:
    lone = tmp_path / "helper.py"
    lone.write_text("h")
    found = members(packed(store, Code(entry_point="helper.py", entry_file=lone, dependencies=(folder, lone))))
    assert {"helper.py", "code/worker.py", "code/pkg/__init__.py"} <= found.keys()


def test_run_json_says_what_to_run_and_with_which_words(store: FolderStore, folder: Path) -> None:
    words = ["", "a b", "$(x)", "é", "\n"]
    found = packed(store, Code(entry_point="worker.py", source_dir=folder), arguments=words)
    run = json.loads(found.files[layout.RUN_FILE])
    assert (run["entry_point"], run["arguments"], run["kind"]) == ("worker.py", words, "run")
    assert layout.RUN_FILE not in members(found)


def test_a_hyperparameters_value_cannot_be_read_from_run_json(store: FolderStore, folder: Path) -> None:
    found = packed(store, Code(entry_point="worker.py", source_dir=folder), hyperparameters={"key": "s3cret-value"})
    assert b"s3cret-value" not in found.files[layout.RUN_FILE]


def test_an_archive_on_s3_is_unpacked_and_packed_again_with_ours(store: FolderStore, folder: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.add(folder, arcname="./")
    store.write("b", "src/code.tar.gz", made.getvalue())
    found = members(packed(store, Code(entry_point="worker.py", source_uri="s3://b/src/code.tar.gz")))
    assert {"worker.py", "pkg/__init__.py", *payload.CODE_FILES} <= found.keys()
    assert found["run.sh"][0] == 0o755


def test_what_is_wrong_with_an_archive_is_said_with_its_address(store: FolderStore) -> None:
    store.write("b", "src/no.tar.gz", b"not an archive")
    with pytest.raises(UsageError, match=r"s3://b/src/no\.tar\.gz"):
        packed(store, Code(entry_point="w.py", source_uri="s3://b/src/no.tar.gz"))
    with pytest.raises(InputNotFound, match=r"s3://b/src/gone\.tar\.gz"):
        packed(store, Code(entry_point="w.py", source_uri="s3://b/src/gone.tar.gz"))
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w:gz").close()
    store.write("b", "src/empty.tar.gz", empty.getvalue())
    with pytest.raises(InputNotFound, match=r"w\.py is not in"):
        packed(store, Code(entry_point="w.py", source_uri="s3://b/src/empty.tar.gz"))


def test_a_cut_archive_is_said_with_its_address(store: FolderStore, folder: Path) -> None:
    (folder / "worker.py").write_bytes(os.urandom(100_000))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.add(folder, arcname="./")
    store.write("b", "src/cut.tar.gz", made.getvalue()[: made.tell() // 2])
    with pytest.raises(UsageError, match=r"s3://b/src/cut\.tar\.gz"):
        packed(store, Code(entry_point="worker.py", source_uri="s3://b/src/cut.tar.gz"))


def test_a_broken_link_is_refused_and_a_circle_does_not_hang(store: FolderStore, folder: Path) -> None:
    (folder / "broken").symlink_to("nowhere")
    with pytest.raises(UsageError, match="broken"):
        packed(store, Code(entry_point="worker.py", source_dir=folder))
    (folder / "broken").unlink()
    (folder / "pkg/round").symlink_to(folder)
    with pytest.raises(UsageError, match="round"):
        packed(store, Code(entry_point="worker.py", source_dir=folder))


def test_the_jobs_variables_are_not_in_run_json_nor_a_plain_digest_of_them(store: FolderStore, folder: Path) -> None:
    code = Code(entry_point="worker.py", source_dir=folder)
    found = packed(store, code, environment={"TOKEN": "s3cret-value"}).files[layout.RUN_FILE]
    assert b"s3cret" not in found
    assert b"TOKEN" not in found
    for text in ("s3cret-value", '{"TOKEN": "s3cret-value"}'):
        assert hashlib.sha256(text.encode()).hexdigest().encode() not in found


def test_variables_are_told_apart_within_a_task_and_cannot_be_compared_between_tasks(folder: Path) -> None:
    def digest(task: str, **environment: str) -> str:
        spec = TaskSpec(kind="run", place=Place(project="p", task=task), code=Code(), environment=environment)
        return fingerprint(spec, CodeFiles())["environment"]

    assert digest("t", A="1") == digest("t", A="1")
    assert len({digest("t", A="1"), digest("t", A="2"), digest("t", B="1"), digest("t"), digest("u", A="1")}) == 5


def test_another_image_is_another_task(folder: Path) -> None:
    def digest(uri: str | None) -> str:
        spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(), image=Image(uri=uri))
        return fingerprint(spec, CodeFiles())["image"]

    assert len({digest(None), digest("a:1"), digest("a:2")}) == 3


def test_an_algorithm_leaves_run_json_alone(store: FolderStore, tmp_path: Path) -> None:
    spec = TaskSpec(kind="algorithm", place=Place(project="p", task="t"), code=Code(), image=Image(uri="a:1"))
    found = package(spec, collect(spec, store, lambda: tmp_path), fingerprint(spec, CodeFiles()))
    assert not found.has_archive
    assert found.beside.keys() == {layout.RUN_FILE}
    assert json.loads(found.beside[layout.RUN_FILE])["kind"] == "algorithm"


@pytest.mark.parametrize(
    ("entry", "launched_by", "refused"),
    [("worker.py", None, True), ("run.sh", None, False), ("run.sh", "toolkit", True)],
)
def test_requirements_are_refused_where_no_network_would_bring_them(
    store: FolderStore, folder: Path, entry: str, launched_by: str | None, refused: bool
) -> None:
    (folder / "requirements.txt").write_text("numpy\n")
    code = Code(entry_point=entry, source_dir=folder)
    options = {"security": Security(network_isolation=True), "launched_by": launched_by}
    if not refused:
        packed(store, code, **options)
        return
    with pytest.raises(UsageError, match=r"--network_isolation.*requirements\.txt") as caught:
        packed(store, code, **options)
    assert "--image_uri" in str(caught.value)
    (folder / "requirements.txt").unlink()
    packed(store, code, **options)


def test_other_words_for_the_job_leave_the_archive_as_it_is(store: FolderStore, folder: Path) -> None:
    code = Code(entry_point="worker.py", source_dir=folder)
    first = packed(store, code, arguments=["a"], hyperparameters={"lr": "1"}, environment={"A": "1"})
    second = packed(store, code, arguments=["b"], hyperparameters={"lr": "2"}, environment={"A": "2"})
    assert first.files[layout.TARBALL] == second.files[layout.TARBALL]
    assert first.digest == second.digest
    assert first.files[layout.RUN_FILE] != second.files[layout.RUN_FILE]


def test_aws_toolkit_finds_in_the_archive_what_to_run(store: FolderStore, folder: Path) -> None:
    code = Code(entry_point="worker.py", source_dir=folder)
    found = packed(store, code, arguments=["a b"], launched_by="toolkit", hyperparameters={"lr": "1"})
    run = json.loads(members(found)[layout.RUN_FILE][1])
    assert (run["entry_point"], run["arguments"]) == ("worker.py", ["a b"])
    other = packed(store, code, arguments=["a b"], launched_by="toolkit", hyperparameters={"lr": "2"})
    assert found.digest == other.digest
    assert found.digest != packed(store, code, arguments=["c"], launched_by="toolkit").digest


def test_links_are_followed_and_empty_folders_kept(store: FolderStore, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/tool.py").write_text("tool")
    (folder / "linked").symlink_to(tmp_path / "lib")
    (folder / "alias.py").symlink_to("worker.py")
    (folder / "results/empty").mkdir(parents=True)
    found = packed(store, Code(entry_point="worker.py", source_dir=folder))
    assert members(found)["linked/tool.py"][1] == b"tool"
    assert members(found)["alias.py"][1] == b"worker.py"
    with tarfile.open(fileobj=io.BytesIO(found.files[layout.TARBALL])) as archive:
        assert [one.name for one in archive if one.isdir()] == ["results/empty"]


def test_a_linked_dependency_lands_under_the_name_that_was_typed(
    store: FolderStore, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "lib").symlink_to(folder)
    found = packed(store, Code(command="ls", dependencies=(tmp_path / "lib",)))
    assert "lib/worker.py" in members(found)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_refused_by_name(store: FolderStore, folder: Path) -> None:
    (folder / "closed.py").touch(mode=0)
    with pytest.raises(UsageError, match=r"closed\.py.*cannot be read"):
        packed(store, Code(entry_point="worker.py", source_dir=folder))
    (folder / ".ssmignore").write_text("closed.py\n")
    packed(store, Code(entry_point="worker.py", source_dir=folder))


def test_what_is_neither_file_nor_folder_is_left_out_and_named(
    store: FolderStore, folder: Path, tmp_path: Path
) -> None:
    os.mkfifo(folder / "pipe")
    spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(source_dir=folder))
    found = collect(spec, store, lambda: tmp_path)
    assert found.special == [str(folder / "pipe")]
    assert "pipe" not in found.files


@pytest.mark.parametrize("junk", [".ssmignore", "worker.pyc"])
def test_an_entry_point_that_stays_at_home_is_told_before_anything_is_sent(
    store: FolderStore, folder: Path, junk: str
) -> None:
    (folder / ".ssmignore").write_text("worker.py\n")
    (folder / "worker.pyc").touch()
    entry = "worker.py" if junk == ".ssmignore" else junk
    with pytest.raises(UsageError, match=f"--entry_point {entry} is left out"):
        packed(store, Code(entry_point=entry, source_dir=folder))


@pytest.mark.parametrize("change", ["rewritten", "gone", "shorter", "longer"])
def test_a_file_that_changes_before_it_is_packed_is_noticed(
    store: FolderStore, folder: Path, tmp_path: Path, change: str
) -> None:
    spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(source_dir=folder))
    (folder / "big.bin").write_bytes(bytes(3 << 20))
    made = package(spec, collect(spec, store, lambda: tmp_path), {})
    match change:
        case "rewritten":
            (folder / "big.bin").write_bytes(b"1" * (3 << 20))
        case "gone":
            (folder / "big.bin").unlink()
        case "shorter":
            os.truncate(folder / "big.bin", 1 << 20)
        case _:
            with (folder / "big.bin").open("ab") as out:
                out.write(b"more")
    if change == "longer":  # a log, say: it is packed as far as it went
        made.pack(tmp_path / "packed")
        with tarfile.open(tmp_path / "packed") as archive:
            assert archive.getmember("big.bin").size == 3 << 20
        return
    with pytest.raises(Changed, match=r"big\.bin"):
        made.pack(tmp_path / "packed")


def test_code_that_changes_once_is_read_again_and_code_that_always_changes_is_refused() -> None:
    tries: list[int] = []
    notes: list[str] = []

    def once() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise Changed("train.py")
        return "sent"

    def always() -> str:
        raise Changed("busy.log")

    assert retry_when_changed(once, notes.append) == "sent"
    assert "train.py" in notes[0]
    with pytest.raises(UsageError, match=r"busy\.log.*changes all the time"):
        retry_when_changed(always, notes.append)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of a process")
def test_memory_does_not_grow_with_the_size_of_the_code(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    for number in range(2):
        (tmp_path / f"code/{number}.bin").write_bytes(os.urandom(1 << 20) * 40)
    tell = f"""
from pathlib import Path
from simple_sagemaker.tasks.code.package import collect, package
from simple_sagemaker.core.specs import Code, Place, TaskSpec
from simple_sagemaker.storage.folder_store import FolderStore
spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(source_dir=Path({str(tmp_path / "code")!r})))
found = collect(spec, FolderStore(Path("/")), lambda: Path("/nowhere"))
package(spec, found, {{}}).pack(Path({str(tmp_path / "packed")!r}))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 64


def test_code_that_an_earlier_job_has_is_copied_and_not_packed_again(
    store: FolderStore, folder: Path, tmp_path: Path
) -> None:
    (folder / "big.bin").write_bytes(os.urandom(1_000_000))
    place = TaskPlace(bucket="b", project="p", task="t")
    spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(source_dir=folder))
    notes: list[str] = []

    def sent(number: int, **changes: Any) -> bytes:
        job = f"t-2026-01-01-00-00-0{number}-ABCDEFG{number}"
        made = replace(spec, **changes)
        with read_code(made, store) as code:
            package_made = package(made, code.files, fingerprint(made, code.files))
            Delivery(place=place, job=job, store=store, watcher=Notes(notes)).send(package_made, code)
        run = json.loads(store.read("b", place.source(job) + layout.RUN_FILE))
        assert run["arguments"] == list(made.arguments)
        return store.read("b", place.source(job) + layout.TARBALL)

    first = sent(1)
    assert not any("not sent again" in note for note in notes)
    assert sent(2, arguments=["other"]) == first
    assert "the same as that of t-2026-01-01-00-00-01-ABCDEFG1, so it is not sent again" in notes[-1]
    (folder / "worker.py").write_text("changed")
    assert sent(3) != first
    store.delete("b", [place.source("t-2026-01-01-00-00-03-ABCDEFG3") + layout.TARBALL])
    notes.clear()
    sent(4)
    assert not any("not sent again" in note for note in notes)


def test_what_is_told_of_the_code_names_its_size_what_is_largest_and_what_stays_at_home(folder: Path) -> None:
    def lines() -> list[str]:
        found = CodeFiles()
        found.add_folder(folder, "", use_gitignore=False)
        return [*describe(found)]

    assert lines() == ["Code: 4 files, 45 B"]
    (folder / ".env").touch()
    with (folder / "model.bin").open("wb") as out:
        out.truncate(150_000_000)
    size, warning, secrets = lines()
    assert size.startswith("Code: 5 files, 150 MB; the largest: 'model.bin' 150 MB, ")
    assert "150 MB" in warning
    assert ".ssmignore" in warning
    assert repr(str(folder / ".env")) in secrets
