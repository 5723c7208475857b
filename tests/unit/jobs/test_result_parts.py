"""Parts change places whole: killed at any moment, the old one or the new one is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.jobs import result_parts as parts

# Dies at the n-th thing that it does to the file system, for n from 0 until it comes through; after each it says what
# is there, and what is there once the folder was held again.
KILLED = """
import json, os, sys
from pathlib import Path
from simple_sagemaker.jobs import result_parts as parts

WATCHED = {"os.mkdir", "os.rename", "os.rmdir", "os.remove", "open", "shutil.rmtree"}

def fill(text):
    def write(to):
        for name in "abc":
            (to / name).write_text(text)
    return write

def attempt(folder, deadly):
    done = [0]
    def watch(event, arguments):
        if event in WATCHED:
            if done[0] == deadly:
                os._exit(9)
            done[0] += 1
    sys.addaudithook(watch)
    with parts.lock(folder):
        parts.replace(folder, "model", fill("new"))
    os._exit(0)

def seen(folder):
    place = folder / "model"
    return sorted(path.read_text() for path in place.iterdir()) if place.exists() else None

deadly, status = 0, 9
while status == 9:
    folder = Path(sys.argv[1]) / str(deadly)
    if sys.argv[2] == "replaced":
        with parts.lock(folder):
            parts.replace(folder, "model", fill("old"))
    child = os.fork()
    if not child:
        attempt(folder, deadly)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    before = seen(folder)
    with parts.lock(folder):
        print(json.dumps([deadly, status, before, seen(folder), sorted(os.listdir(folder))]))
    deadly += 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("kind", ["replaced", "first"])
def test_a_kill_at_any_moment_leaves_a_whole_part(tmp_path: Path, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), kind], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    new, old = ["new"] * 3, ["old"] * 3 if kind == "replaced" else None
    assert len(rounds) > 10
    for _, _, before, after, names in rounds:
        assert before in (old, new, None)
        assert after in (old, new)
        assert names == (["model"] if after else [])
    assert rounds[0][3] == old
    assert rounds[-1][1:] == [0, new, new, ["model"]]
    assert sum(before is None for _, _, before, *_ in rounds) <= (1 if old else len(rounds))


def fill(text: str) -> parts.Fill:
    return lambda to: (to / "file").write_text(text)


def test_a_failure_while_filling_leaves_the_old_part(tmp_path: Path) -> None:
    parts.replace(tmp_path, "logs", fill("old"))

    def broken(to: Path) -> None:
        (to / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parts.replace(tmp_path, "logs", broken)
    assert os.listdir(tmp_path) == ["logs"]
    assert (tmp_path / "logs/file").read_text() == "old"


def test_an_empty_folder_of_somebody_else_is_filled(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    parts.check_ours(tmp_path, "model")
    parts.replace(tmp_path, "model", fill("new"))
    assert (tmp_path / "model/file").read_text() == "new"


@pytest.mark.skipif(sys.platform != "linux", reason="folders are marked there")
@pytest.mark.parametrize("content", ["file", ".hidden", "folder/"])
def test_a_folder_of_somebody_else_with_anything_in_it_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "model" / content).mkdir(parents=True) if content.endswith("/") else (tmp_path / "model").mkdir()
    if not content.endswith("/"):
        (tmp_path / "model" / content).write_text("theirs")
    try:
        system: Any = os
        system.setxattr(tmp_path, "user.ssm.test", b"1")
    except OSError:
        pytest.skip("a file system without extended attributes")
    with pytest.raises(parts.NotDownloaded, match="is not an earlier download"):
        parts.replace(tmp_path, "model", fill("new"))
    assert [path.name for path in (tmp_path / "model").iterdir()] == [content.rstrip("/")]
    assert os.listdir(tmp_path) == ["model"]


def test_what_only_looks_like_a_leftover_is_kept(tmp_path: Path) -> None:
    names = [".model.new-", ".model.new-0123456789abcdeg", ".models.new-0123456789abcdef", ".x.new-0123456789abcdef"]
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / ".logs.new-0123456789abcdef").write_text("a file")
    (tmp_path / ".state.new-0123456789abcdef").symlink_to(tmp_path)
    before = sorted(os.listdir(tmp_path))
    with parts.lock(tmp_path):
        assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not locked there")
def test_two_commands_come_one_after_the_other(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from simple_sagemaker.jobs import result_parts as parts; print('go', flush=True)\n"
        "with parts.lock(pathlib.Path(sys.argv[1])): print('in', flush=True)"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        other.kill()
    with parts.lock(tmp_path), subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "go\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.3)
        other.kill()
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_what_is_kept_of_a_try_goes_before_something_else_comes_to_its_place(tmp_path: Path) -> None:
    def break_off(part: Path) -> None:
        (part / "half").write_text("half")
        raise OSError("gone")

    def kept() -> list[str]:
        return sorted(path.name.partition(".new-")[0] for path in tmp_path.glob(".*.new-*"))

    def arrive(part: Path) -> None:
        assert [path.name for path in parts.earlier_tries(part)] == []
        assert kept() == [".model", ".output"]  # what is being made, and what is kept of another part

    for name in ("model", "output"):
        with parts.lock(tmp_path), pytest.raises(OSError, match="gone"):
            parts.replace(tmp_path, name, break_off, address=f"s3://b/1/{name}")
    with parts.lock(tmp_path):
        assert kept() == [".model", ".output"]
        parts.replace(tmp_path, "model", arrive, address="s3://b/2/model")
        assert kept() == [".output"]


def test_the_same_address_goes_on_with_what_is_kept(tmp_path: Path) -> None:
    def break_off(part: Path) -> None:
        (part / "half").write_text("half")
        raise OSError("gone")

    def arrive(part: Path) -> None:
        assert [(path / "half").read_text() for path in parts.earlier_tries(part)] == ["half", "half"]

    for fill in (break_off, break_off):
        with parts.lock(tmp_path), pytest.raises(OSError, match="gone"):
            parts.replace(tmp_path, "model", fill, address="s3://b/1/model")
    with parts.lock(tmp_path):
        parts.replace(tmp_path, "model", arrive, address="s3://b/1/model")
    assert os.listdir(tmp_path) == ["model"]
    assert os.listdir(tmp_path / "model") == []
