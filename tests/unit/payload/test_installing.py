"""What of the code's requirements is installed, by which words, and which jobs share what was installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.payload.ssm_launcher import command, overlay, pip, requirements
from simple_sagemaker.payload.ssm_launcher.places import Places, Refusal

LOCK = "# locked by uv.lock, for Python >=3.9\n"
INTERPRETER: dict[str, Any] = {
    "executable": "/usr/bin/python3",
    "base_prefix": "/usr",
    "version": [3, 11, 2],
    "parents": ["/usr/lib/site"],
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    return tmp_path / "code"


@pytest.mark.parametrize(
    ("kind", "listed", "arguments"),
    [
        (command.PROGRAM, None, []),
        (command.PROGRAM, "six\n", [b"-r", b"requirements.txt"]),
        (command.PROGRAM, LOCK, [b"--no-deps", b"--require-hashes", b"-r", b"requirements.txt"]),
        (command.PACKAGE, None, [b"."]),
        (command.PACKAGE, "six\n", [b".", b"-r", b"requirements.txt"]),
        (command.PACKAGE, LOCK, [b".", b"--no-deps", b"--require-hashes", b"-r", b"requirements.txt"]),
        (command.SHELL_SCRIPT, "six\n", []),
    ],
)
def test_what_is_installed_depends_on_the_kind_of_the_code(
    code: Path, kind: str, listed: str | None, arguments: list[bytes]
) -> None:
    if listed is not None:
        (code / "requirements.txt").write_text(listed)
    assert requirements.pip_arguments(str(code), kind) == arguments


@pytest.mark.parametrize(
    ("text", "lock"),
    [
        (LOCK + "six==1\n", ("uv.lock", ">=3.9")),
        ("# locked by pylock.toml, for Python >=3.9,<3.13", ("pylock.toml", ">=3.9,<3.13")),
        ("six\n" + LOCK, None),
        ("# locked\n", None),
        ("", None),
    ],
)
def test_a_file_that_was_made_of_a_lock_says_so_in_its_first_line(
    code: Path, text: str, lock: tuple[str, str] | None
) -> None:
    assert pip.locked(str(code)) is None
    (code / "requirements.txt").write_text(text)
    assert pip.locked(str(code)) == lock


def test_a_lock_for_other_pythons_is_refused_before_anything_is_installed(code: Path) -> None:
    (code / "requirements.txt").write_text("# locked by uv.lock, for Python <3\n")
    version = ".".join(map(str, sys.version_info[:3]))
    with pytest.raises(Refusal, match=rf"^uv\.lock is for Python <3, and this job has Python {version}\. Choose"):
        requirements.install(Places(str(code.parent)), command.PROGRAM, {})


@pytest.mark.parametrize(
    ("path", "folder", "is_in"),
    [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False), ("/a/../b", "/a", False), ("/", "/a", False)],
)
def test_a_path_is_in_a_folder_or_beside_it(path: str, folder: str, is_in: bool) -> None:
    assert pip._is_in(path.encode(), folder.encode()) is is_in


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        *(
            (line, True)
            for line in ("", "  # ./x", "six", "six==1; python_version<'4'", "a @ https://x/a.whl", "--pre")
        ),
        *((line, True) for line in ("-i https://x", "--index-url https://x", "--only-binary :all:", "--no-binary six")),
        *(
            (line, False)
            for line in ("-r more.txt", "-e .", "./wheels/a.whl", "/a.whl", "wheels/a.whl", "--find-links x")
        ),
        *((line, False) for line in ("a @ file:///x", "-c limits.txt", ".")),
    ],
)
def test_a_line_means_the_same_in_every_folder_or_depends_on_the_code(line: str, is_one: bool) -> None:
    assert overlay._is_self_contained(line) is is_one


def key(code: Path, what: list[bytes] | None = None, **changes: Any) -> str:
    return overlay._key(str(code), what or [b"-r", b"requirements.txt"], {**INTERPRETER, **changes})


def test_jobs_share_an_environment_for_equal_requirements_and_interpreters_alone(code: Path, tmp_path: Path) -> None:
    (code / "requirements.txt").write_text("six\n")
    (code / "train.py").write_text("one")
    first = key(code)
    (code / "train.py").write_text("two")  # which has no part in it
    assert key(code) == first
    others = [
        key(code, executable="/usr/bin/python3.9"),
        key(code, base_prefix="/opt"),
        key(code, version=[3, 11, 3]),
        key(code, parents=[]),
        key(code, [b"--no-deps", b"-r", b"requirements.txt"]),
    ]
    (code / "requirements.txt").write_text("six==1\n")
    others.append(key(code))
    assert len({first, *others}) == 7
    assert len(first) == 32


@pytest.mark.parametrize(("what", "listed"), [([b"."], ""), ([b"-r", b"requirements.txt"], "./local\n")])
def test_where_the_code_itself_is_installed_its_content_and_names_count(
    code: Path, what: list[bytes], listed: str
) -> None:
    (code / "requirements.txt").write_text(listed)
    (code / "sub").mkdir()
    (code / "sub/a.py").write_text("a")
    seen = [key(code, what)]
    (code / "sub/__pycache__").mkdir()
    (code / "sub/__pycache__/a.pyc").write_text("made anew each time")
    assert key(code, what) == seen[0]
    (code / "sub/a.py").write_text("b")
    seen.append(key(code, what))
    (code / "sub/a.py").rename(code / "sub/b.py")
    seen.append(key(code, what))
    assert len(set(seen)) == 3


@pytest.mark.parametrize("change", ["content", "mode", "new", "gone", "time"])
def test_an_environment_that_was_changed_is_not_used(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "environment"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/a.py").write_text("a")
    assert overlay._read_mark(str(folder)) is None
    state = overlay._state(str(folder))
    (folder / overlay.MARK).write_text(state)
    assert overlay._read_mark(str(folder)) == state == overlay._state(str(folder))
    if change == "content":
        (folder / "lib/a.py").write_text("ab")
    elif change == "mode":
        (folder / "lib/a.py").chmod(0o600)
    elif change == "new":
        (folder / "lib/b.py").write_text("")
    elif change == "gone":
        (folder / "lib/a.py").unlink()
    else:
        os.utime(folder / "lib/a.py", (1, 1))
    assert overlay._state(str(folder)) != state
    (folder / overlay.MARK).write_text("")
    assert overlay._read_mark(str(folder)) is None  # it was killed while it wrote


def test_shared_packages_come_behind_the_jobs_own_and_before_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, shared = tmp_path / "private", tmp_path / "shared"
    shared.mkdir()
    overlay._put_first(str(shared), str(private))
    (line,) = (private / overlay.LINK_FILE).read_text().splitlines()
    monkeypatch.setattr(sys, "path", ["code", str(private), "standard"])
    exec(line, {})
    assert sys.path == ["code", str(private), str(shared), "standard"]
    monkeypatch.setattr(sys, "path", ["code", "standard"])
    exec(line, {})
    assert sys.path == ["code", "standard", str(shared)]
