"""What of a folder an image is built from, and whether it has changed. tests/docker asks a real Docker the same."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.images.docker.context import digest, files
from simple_sagemaker.images.docker.ignore import Ignored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "context"
    (made / "sub").mkdir(parents=True)
    (made / "a.txt").write_text("a")
    (made / "sub/b.txt").write_text("b")
    (made / "run.sh").write_text("true")
    (made / "link").symlink_to("a.txt")
    return made


def _lead_elsewhere(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("run.sh")


def _be_a_file(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").write_text("a.txt")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "a.txt").write_text("c"),
    "a name": lambda folder: (folder / "a.txt").rename(folder / "c.txt"),
    "rights": lambda folder: os.chmod(folder / "run.sh", 0o700),
    "a new file": lambda folder: (folder / "new").write_text(""),
    "a new folder": lambda folder: os.makedirs(folder / "new"),
    "a folder's rights": lambda folder: os.chmod(folder / "sub", 0o700),
    "where a link leads": _lead_elsewhere,
    "a file in place of a link": _be_a_file,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_that_docker_sees_changes_the_digest(folder: Path, change: Callable[[Path], object]) -> None:
    before = digest(folder)
    change(folder)
    assert digest(folder) != before


def test_times_and_ignored_files_change_nothing(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*.md\nsub/deep\n")
    before = digest(folder)
    os.utime(folder / "a.txt", (1, 1))
    (folder / "notes.md").write_text("x")
    (folder / "sub/deep").mkdir()
    (folder / "sub/deep/c").write_text("x")
    assert digest(folder) == before


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to("nowhere")
    assert digest(folder)  # a link is a link, wherever it leads
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (folder / "run.sh").chmod(0)
    with pytest.raises(UsageError, match=r"run\.sh.*cannot be read"):
        digest(folder)


@pytest.mark.parametrize(
    ("rules", "out", "kept"),
    [
        ("*.md", ["a.md"], ["sub/a.md", "a.mdx"]),
        ("**/*.md", ["a.md", "sub/a.md", "sub/deep/a.md"], ["a.mdx"]),
        ("*\n!a.txt", ["b.txt", "sub", "sub/a.txt"], ["a.txt"]),
        ("!a.txt\n*", ["a.txt"], []),
        ("/sub", ["sub", "sub/a"], ["deep/sub"]),
        ("sub/", ["sub", "sub/a"], ["subs"]),
        ("sub/*", ["sub/a", "sub/deep/a"], ["sub"]),
        ("sub\n!sub/keep", ["sub", "sub/a"], ["sub/keep", "sub/keep/a"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c].txt", ["b.txt"], ["d.txt"]),
        ("[^a-c].txt", ["d.txt"], ["b.txt"]),
        ("# a comment\n\n  a.txt  ", ["a.txt"], ["# a comment"]),
        ("./a/../b", ["b"], ["a"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a/zz", "z"]),
        ("**/node_modules", ["node_modules", "x/node_modules/y"], ["node_modules2"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["doc"]),
        (r"a\*b", ["a*b"], ["axb", "a*xb"]),
        (r"\*", ["*"], ["a"]),
        ("a\\", ["a\\"], ["a"]),  # a backslash at the end is itself
        ("/a", ["a", "a/b"], ["b/a"]),
        ("[a[b].txt", ["[.txt", "a.txt"], ["c.txt"]),
        ("a[", ["a["], ["a"]),
        ("!keep\nkeep", ["keep"], []),
        ("\ufeffa.txt", ["a.txt"], []),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_rules_leave_out_what_docker_leaves_out(rules: str, out: list[str], kept: list[str]) -> None:
    ignored = Ignored(rules)
    assert [path for path in out if path not in ignored] == []
    assert [path for path in kept if path in ignored] == []


def test_what_is_left_out_is_not_even_looked_at(folder: Path) -> None:
    (folder / ".dockerignore").write_text("sub\n")
    assert files(folder) == [".dockerignore", "a.txt", "link", "run.sh"]
    (folder / ".dockerignore").write_text("sub\n!sub/b.txt\n")
    assert files(folder) == [".dockerignore", "a.txt", "link", "run.sh", "sub/b.txt"]


def test_every_folder_is_looked_into_and_no_link_to_one(folder: Path) -> None:
    (folder / "again").symlink_to("sub")
    assert files(folder) == ["a.txt", "again", "link", "run.sh", "sub", "sub/b.txt"]
    (folder / ".dockerignore").write_text("*.txt\n!nothing\n")
    assert files(folder) == [".dockerignore", "again", "link", "run.sh", "sub", "sub/b.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such names")
def test_rules_for_names_that_are_no_utf8_count(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("x")
    assert "\udcff" in files(folder)
    (folder / ".dockerignore").write_bytes(b"\xff\n")
    assert "\udcff" not in files(folder)


def test_large_files_count_to_their_end(folder: Path) -> None:
    (folder / "large").write_bytes(bytes(3 << 20))
    before = digest(folder)
    (folder / "large").write_bytes(bytes((3 << 20) - 1) + b"x")
    assert digest(folder) != before


def test_rules_that_are_no_file_are_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / ".dockerignore")
    with pytest.raises(UsageError, match=r"\.dockerignore' is no regular file"):
        digest(folder)


def test_rules_without_end_are_refused(folder: Path) -> None:
    with open(folder / ".dockerignore", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UsageError, match="too many for rules"):
        digest(folder)


def test_rules_that_cannot_be_read_are_named(folder: Path) -> None:
    (folder / ".dockerignore").mkdir()
    with pytest.raises(UsageError, match=r"\.dockerignore' cannot be read: Is a directory"):
        digest(folder)


def test_folders_that_are_too_deep_are_refused_unless_rules_leave_them_out(folder: Path) -> None:
    os.makedirs(folder.joinpath("deep", *["d"] * 250))
    with pytest.raises(UsageError, match="more than 200 deep"):
        digest(folder)
    (folder / ".dockerignore").write_text("deep\n")
    assert "a.txt" in files(folder)
