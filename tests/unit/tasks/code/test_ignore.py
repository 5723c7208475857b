"""What stays at home: our reading of gitignore's language beside git's own, and what our list adds."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.code.files import CodeFiles
from tests.counts import examples

GIT = shutil.which("git")
NOBODY = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}


def make(top: Path, *names: str) -> None:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)


def packed(top: Path, *, use_gitignore: bool = False) -> set[str]:
    found = CodeFiles()
    found.add_folder(top, "", use_gitignore=use_gitignore)
    return {*found.files}


PART = st.sampled_from(["a", "b", "ab", "abc", "a b", "é", "*", "?", "a*", "*b", "[ab]", "[!a]*", "**", "\\a"])
PATTERN = st.builds(
    lambda mark, root, parts, end: f"{mark}{root}{'/'.join(parts)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PART, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/**", " ", "\\ ", "\\", "\r", "\t"]),
)
LINE = st.one_of(
    PATTERN, PATTERN, st.sampled_from(["", "[a", "# a", "\\#a", "\\!a", "!", "/", "//", " a", "a/../b", "./a"])
)
NAMES = ["a", "b", "ab", "abc", "a b", "é", "#a", "!a", " a"]
TREE = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join), min_size=1, max_size=12)


# Not among them: "a**" before a "/", and a "[" whose "]" comes after a "/", which git reads in ways of its own.


def grow(top: Path, names: list[str]) -> list[str]:
    """Make what can be made of a list of files: none lies in another."""
    made = []
    for name in names:
        path = top / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("x").close()
        except OSError:
            continue
        made.append(name)
    return made


@pytest.mark.skipif(GIT is None, reason="no git here to compare with")
@settings(max_examples=examples(40, 2000), deadline=None)
@given(names=TREE, top_lines=st.lists(LINE, max_size=5), deeper=st.lists(LINE, max_size=3))
def test_patterns_mean_what_they_mean_to_git(names: list[str], top_lines: list[str], deeper: list[str]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        top = Path(temporary)
        made = grow(top, names)
        for folder, lines in ((top, top_lines), (top / "a", deeper)):
            if lines and folder.is_dir():
                (folder / ".gitignore").write_bytes("\n".join(lines).encode())
        subprocess.run([str(GIT), "init", "-q", temporary], env=NOBODY, check=True)
        asked = [str(GIT), "-C", temporary, "ls-files", "-z", "--others", "--exclude-standard"]
        told = subprocess.run(asked, env=NOBODY, check=True, capture_output=True).stdout.decode()
        kept = {name for name in told.split("\0") if name} - {".gitignore", "a/.gitignore"}
        assert packed(top, use_gitignore=True) - {".gitignore", "a/.gitignore"} == kept, made


def test_junk_stays_at_home_wherever_it_lies(tmp_path: Path) -> None:
    make(tmp_path, "w.py", "pkg/m.py", "pkg/__pycache__/m.cpython-311.pyc", "pkg/old.pyc", ".git/config", "pkg/w.py~")
    make(tmp_path, ".venv/lib/x.py", "web/node_modules/y.js", ".DS_Store", "my env/pyvenv.cfg", "my env/bin/python")
    assert packed(tmp_path) == {"w.py", "pkg/m.py"}


def test_a_line_that_names_junk_brings_it_back_whole(tmp_path: Path) -> None:
    make(tmp_path, "node_modules/a.js", "node_modules/__pycache__/b.pyc", "sub/__pycache__/c.pyc", "old.pyc")
    (tmp_path / ".ssmignore").write_text("!node_modules/\n!old.pyc\n")
    assert packed(tmp_path) == {"node_modules/a.js", "node_modules/__pycache__/b.pyc", "old.pyc"}


def test_a_line_that_allows_everything_somewhere_brings_back_neither_junk_nor_secrets(tmp_path: Path) -> None:
    make(tmp_path, "notes", "src/a.py", "src/.env", "src/__pycache__/a.pyc", "src/deep/b.py")
    (tmp_path / ".ssmignore").write_text("*\n!src/\n!src/**\n")
    assert packed(tmp_path) == {"src/a.py", "src/deep/b.py"}


def test_gitignore_is_heard_only_when_asked_and_after_ssmignore(tmp_path: Path) -> None:
    make(tmp_path, "a.log", "b.log", "c.py", "sub/a.log", "sub/d.tmp")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "sub/.gitignore").write_text("*.tmp\n")
    everything = {"a.log", "b.log", "c.py", "sub/a.log", "sub/d.tmp", ".gitignore", "sub/.gitignore"}
    assert packed(tmp_path) == everything
    assert packed(tmp_path, use_gitignore=True) == {"c.py", ".gitignore", "sub/.gitignore"}
    (tmp_path / ".ssmignore").write_text("c.py\n!b.log\n")
    assert packed(tmp_path, use_gitignore=True) == {"b.log", ".gitignore", "sub/.gitignore"}


def test_the_rules_of_the_repository_hold_for_code_in_a_folder_of_it(tmp_path: Path) -> None:
    make(tmp_path, ".git/info/exclude", "code/a.log", "code/b.own", "code/top.py", "code/deep/c.py", "code/deep/out.py")
    (tmp_path / ".gitignore").write_text("*.log\n/top.py\n/code/deep/out.py\n")
    (tmp_path / ".git/info/exclude").write_text("*.own\n")
    assert packed(tmp_path / "code", use_gitignore=True) == {"top.py", "deep/c.py"}
    (tmp_path.parent / ".gitignore").write_text("*\n")  # outside the repository: none of its business
    assert packed(tmp_path / "code", use_gitignore=True) == {"top.py", "deep/c.py"}


def test_ssmignore_itself_is_not_packed_and_counts_where_it_lies(tmp_path: Path) -> None:
    make(tmp_path, "x.bin", "sub/x.bin", "sub/y.bin", "sub/more/x.bin")
    (tmp_path / "sub/.ssmignore").write_text("\ufeffx.bin\n", encoding="utf-8")
    assert packed(tmp_path) == {"x.bin", "sub/y.bin"}


def test_rules_that_cannot_be_read_stop_everything(tmp_path: Path) -> None:
    (tmp_path / ".ssmignore").mkdir()
    with pytest.raises(UsageError, match=r"\.ssmignore.*cannot be read"):
        packed(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted in /proc")
def test_reading_files_leaves_no_descriptor_open(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}.txt" for number in range(20)), "run.sh", "w.py")
    packed(tmp_path)  # what is imported and opened once
    before = len(os.listdir("/proc/self/fd"))
    packed(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("use_gitignore", [False, True])
def test_the_deepest_rules_decide(tmp_path: Path, use_gitignore: bool) -> None:
    rules = ".gitignore" if use_gitignore else ".ssmignore"
    make(tmp_path, "x.log", "a/x.log", "a/b/x.log", "a/b/c/x.log", "a/kept", "kept")
    (tmp_path / rules).write_text("*.log\n")
    (tmp_path / "a" / rules).write_text("!*.log\nkept\n")
    (tmp_path / "a/b" / rules).write_text("*.log\n!kept\n")
    (tmp_path / "a/b/c" / rules).write_text("!x.log\n")
    make(tmp_path, "a/b/kept")
    found = {name for name in packed(tmp_path, use_gitignore=use_gitignore) if not name.endswith(rules)}
    assert found == {"a/x.log", "a/b/c/x.log", "kept", "a/b/kept"}


def test_an_outer_ssmignore_goes_before_an_inner_gitignore(tmp_path: Path) -> None:
    make(tmp_path, "a/x", "a/y", "a/z")
    (tmp_path / ".ssmignore").write_text("x\n!y\n")
    (tmp_path / "a/.gitignore").write_text("!x\ny\nz\n")
    assert packed(tmp_path, use_gitignore=True) == {"a/.gitignore", "a/y"}
    assert packed(tmp_path) == {"a/.gitignore", "a/y", "a/z"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize(("kind", "said"), [("pipe", "no regular file"), ("hole", "more than 16777216 bytes")])
def test_rules_that_are_no_file_of_text_are_named_and_hold_nobody_up(tmp_path: Path, kind: str, said: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / ".ssmignore")
    else:
        with open(tmp_path / ".ssmignore", "wb") as out:
            out.truncate(1 << 36)
    with pytest.raises(UsageError, match=said):
        packed(tmp_path)
