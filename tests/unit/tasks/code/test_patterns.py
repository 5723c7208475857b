"""One line of .ssmignore at a time: which names it leaves out. Each case was compared with git."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.tasks.code.files import CodeFiles


def left_out(tmp_path: Path, lines: str, *names: str, at: str = "") -> set[str]:
    """Which of the names the lines leave out; the lines are in a folder above the code, if they are ``at`` one."""
    top = tmp_path / "code"
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    files = CodeFiles()
    if at:
        (tmp_path / at).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".git").mkdir(exist_ok=True)
        (tmp_path / at).write_text(lines, newline="")
        files.add_folder(top, "", use_gitignore=True)
    else:
        (top / ".ssmignore").write_text(lines, newline="")
        files.add_folder(top, "", use_gitignore=False)
    return {*names} - {*files.files}


@pytest.mark.parametrize(
    ("line", "gone", "kept"),
    [
        ("", (), ("a",)),
        ("# a", (), ("a", "# a")),
        ("\\#a", ("#a",), ("a",)),
        ("!a", (), ("a",)),
        ("\\!a", ("!a",), ("a",)),
        ("a", ("a", "d/a", "a/b"), ("ab",)),
        ("/a", ("a",), ("d/a",)),
        ("a/", ("a/b",), ("d/a",)),
        ("d/a", ("d/a",), ("a", "e/d/a")),
        ("d/**", ("d/a", "d/e/f"), ("a",)),
        ("**/a", ("a", "d/a"), ("b",)),
        ("*.txt", ("x.txt", "d/y.txt"), ("x.txt2",)),
        ("a?", ("ab",), ("a", "abc")),
        ("[ab]", ("a", "b"), ("c",)),
        ("a  ", ("a",), ("a  ",)),
        ("a\\ ", ("a ",), ("a",)),
        ("a\\  ", ("a ",), ("a", "a  ")),
        ("a\\\\ ", ("a\\",), ("a", "a ")),
        ("a\\", (), ("a", "a\\")),
        ("a\r", ("a",), ("b",)),
        ("é", ("é",), ("e",)),
        ("é?", ("éx",), ("é",)),
    ],
)
def test_a_line_leaves_out_what_git_would(
    tmp_path: Path, line: str, gone: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    for names in (gone, kept):  # a file and a folder of one name cannot be there together
        for name in names:
            folder = tmp_path / f"for {name!r}".replace("/", "_")
            assert left_out(folder, f"{line}\n", name) == ({name} if name in gone else set()), name


def test_the_last_line_that_matches_decides_and_a_mark_of_byte_order_is_no_letter(tmp_path: Path) -> None:
    assert left_out(tmp_path / "1", "*.txt\n!b.txt\n", "a.txt", "b.txt") == {"a.txt"}
    assert left_out(tmp_path / "2", "!b.txt\n*.txt\n", "a.txt", "b.txt") == {"a.txt", "b.txt"}
    assert left_out(tmp_path / "3", "\ufeffa.txt\n", "a.txt", "b.txt") == {"a.txt"}


@pytest.mark.parametrize("at", [".gitignore", ".git/info/exclude"])
def test_the_lines_of_the_repository_are_relative_to_it(tmp_path: Path, at: str) -> None:
    assert left_out(tmp_path / "1", "/code/a\n", "a", "d/a", at=at) == {"a"}
    assert left_out(tmp_path / "2", "/a\n", "a", at=at) == set()
    assert left_out(tmp_path / "3", "a\n", "a", "d/a", at=at) == {"a", "d/a"}


def test_the_exclusions_of_a_repository_that_is_the_code_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "code/.git/info").mkdir(parents=True)
    (tmp_path / "code/.git/info/exclude").write_text("/a\n")
    for name in ("a", "b"):
        (tmp_path / "code" / name).touch()
    files = CodeFiles()
    files.add_folder(tmp_path / "code", "", use_gitignore=True)
    assert [*files.files] == ["b"]
