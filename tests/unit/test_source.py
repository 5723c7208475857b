"""The code of a task, packed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import layout, payload
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.source import collect, fingerprint, pack
from simple_sagemaker.specs import Code, Image, Place, Security, TaskSpec
from simple_sagemaker.storage import FolderStore


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


@dataclass(frozen=True)
class Packed:
    """The files of a job's source folder, and the digest of the person's code alone."""

    files: dict[str, bytes]
    code_digest: str


def packed(store: FolderStore, code: Code, **changes: Any) -> Packed:
    spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=code, **changes)
    found = collect(spec, store)
    marks = fingerprint(spec, found)
    return Packed(pack(spec, found, marks), marks["code"])


def members(found: Packed) -> dict[str, tuple[int, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(found.files[layout.TARBALL])) as archive:
        return {one.name: (one.mode, content.read()) for one in archive if (content := archive.extractfile(one))}


def test_the_code_lies_at_the_root_beside_our_own_files_and_without_junk(store: FolderStore, folder: Path) -> None:
    found = members(packed(store, Code(entry_point="worker.py", source_dir=folder)))
    own = {*payload.CODE_FILES, layout.RUN_FILE}
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
    assert members(found)[layout.RUN_FILE][1] == found.files[layout.RUN_FILE]


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
        return fingerprint(spec, {})["environment"]

    assert digest("t", A="1") == digest("t", A="1")
    assert len({digest("t", A="1"), digest("t", A="2"), digest("t", B="1"), digest("t"), digest("u", A="1")}) == 5


def test_another_image_is_another_task(folder: Path) -> None:
    def digest(uri: str | None) -> str:
        spec = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(), image=Image(uri=uri))
        return fingerprint(spec, {})["image"]

    assert len({digest(None), digest("a:1"), digest("a:2")}) == 3


def test_an_algorithm_leaves_run_json_alone(store: FolderStore) -> None:
    spec = TaskSpec(kind="algorithm", place=Place(project="p", task="t"), code=Code(), image=Image(uri="a:1"))
    found = pack(spec, collect(spec, store), fingerprint(spec, {}))
    assert found.keys() == {layout.RUN_FILE}
    assert json.loads(found[layout.RUN_FILE])["kind"] == "algorithm"


@pytest.mark.parametrize(
    ("entry", "launched_by", "refused"),
    [("worker.py", None, True), ("run.sh", None, False), ("run.sh", "toolkit", True)],
)
def test_requirements_are_refused_where_no_network_would_bring_them(
    store: FolderStore, folder: Path, entry: str, launched_by: str | None, refused: bool
) -> None:
    (folder / "requirements.txt").write_text("numpy\n")
    code = Code(entry_point=entry, source_dir=folder)
    told = {"security": Security(network_isolation=True), "launched_by": launched_by}
    if not refused:
        packed(store, code, **told)
        return
    with pytest.raises(UsageError, match=r"--network_isolation.*requirements\.txt") as caught:
        packed(store, code, **told)
    assert "--image_uri" in str(caught.value)
    (folder / "requirements.txt").unlink()
    packed(store, code, **told)
