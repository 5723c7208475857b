"""Which files are the code: everything but junk, environments and secrets, unless it is named or packed already."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.code.files import CodeFiles


def fill(top: Path, **files: str) -> Path:
    for name, text in files.items():
        path = top / name.replace("__in__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top


def collected(top: Path, prefix: str = "") -> CodeFiles:
    files = CodeFiles()
    files.add_folder(top, prefix, use_gitignore=False)
    return files


@pytest.mark.parametrize(
    ("mode", "packed"), [(0o600, 0o644), (0o644, 0o644), (0o700, 0o755), (0o744, 0o755), (0o611, 0o644), (0o777, 0o755)]
)
def test_a_file_is_executable_in_the_job_if_its_owner_may_execute_it(tmp_path: Path, mode: int, packed: int) -> None:
    fill(tmp_path, f="x")
    (tmp_path / "f").chmod(mode)
    assert collected(tmp_path).files["f"].mode == packed


def test_the_program_of_a_script_is_kept_and_no_other_line(tmp_path: Path) -> None:
    fill(tmp_path, a="#!/bin/sh -e\nls\n", b="# !/bin/sh\n", c="#!" + "x" * 300)
    assert collected(tmp_path).interpreters == {"a": b"#!/bin/sh -e", "c": b"#!" + b"x" * 254}


def test_the_largest_files_are_first_and_those_of_a_size_by_name(tmp_path: Path) -> None:
    fill(tmp_path, b="12", a="12", c="123", d="")
    found = collected(tmp_path)
    assert found.largest(3) == [("c", 3), ("a", 2), ("b", 2)]
    assert found.size == 7


def test_names_begin_with_the_prefix_and_empty_folders_are_kept_but_for_the_top(tmp_path: Path) -> None:
    fill(tmp_path, d__in__f="x")
    (tmp_path / "e/g").mkdir(parents=True)
    found = collected(tmp_path, "lib/")
    assert ([*found.files], found.folders) == (["lib/d/f"], ["lib/e/g"])
    (tmp_path / "top").mkdir()
    assert collected(tmp_path / "top").folders == []


def test_a_virtual_environment_is_left_out_unless_it_is_the_code_itself(tmp_path: Path) -> None:
    fill(tmp_path, env__in__f="x", w="x")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    assert [*collected(tmp_path).files] == ["w"]
    assert sorted(collected(tmp_path / "env").files) == ["f", "pyvenv.cfg"]
    fill(tmp_path, env__in____pycache____in__g="x")
    (tmp_path / ".ssmignore").write_text("!env\n")
    found = collected(tmp_path).files
    assert {"env/f", "env/pyvenv.cfg"} <= {*found}
    assert any(name.startswith("env/") and name.endswith("g") for name in found), "its junk too"


def test_everything_of_what_was_packed_already_is_kept(tmp_path: Path) -> None:
    fill(tmp_path, id_rsa="x", env__in__pyvenv="x", f="x")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/a.pyc").write_text("")
    (tmp_path / ".ssmignore").write_text("*\n")
    files = CodeFiles()
    files.add_everything(tmp_path)
    names = {"id_rsa", "env/pyvenv", "env/pyvenv.cfg", "f", "__pycache__/a.pyc", ".ssmignore"}
    assert ({*files.files}, files.secrets) == (names, [])


def test_a_secret_is_left_out_by_name_by_content_and_behind_a_link(tmp_path: Path) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nabc\n"
    outside = fill(tmp_path / "outside", id_rsa="x", plain="x")
    top = fill(tmp_path / "code", w="x", id_rsa="x", pem__in__mine=key)
    (top / "innocent").symlink_to(outside / "id_rsa")
    (top / "linked").symlink_to(outside / "plain")
    found = collected(top)
    assert [*found.files] == ["linked", "w"]
    assert sorted(os.path.relpath(path, top) for path in found.secrets) == ["id_rsa", "innocent", "pem/mine"]
    (top / ".ssmignore").write_text("!id_rsa\n!innocent\n!pem/mine\n")
    named = collected(top)
    assert {"id_rsa", "innocent", "pem/mine"} <= {*named.files}
    assert named.secrets == []


def test_a_file_that_was_named_is_packed_and_exposed_if_it_looks_like_a_secret(tmp_path: Path) -> None:
    fill(tmp_path, id_rsa="x", mine="-----BEGIN RSA PRIVATE KEY-----\n", plain="x")
    files = CodeFiles()
    for name in ("id_rsa", "mine", "plain"):
        files.add_file(tmp_path / name, f"as/{name}")
    assert [*files.files] == ["as/id_rsa", "as/mine", "as/plain"]
    assert files.exposed == [str(tmp_path / "id_rsa"), str(tmp_path / "mine")]
    with pytest.raises(UsageError, match=r"The file '.*/no' cannot be read: No such file"):
        files.add_file(tmp_path / "no", "no")


def test_what_is_neither_file_nor_folder_is_named_and_a_bad_link_refused(tmp_path: Path) -> None:
    fill(tmp_path, f="x")
    before = Path.cwd()
    os.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s")
        os.chdir(before)
        found = collected(tmp_path)
    assert ([*found.files], found.special) == (["f"], [str(tmp_path / "s")])
    (tmp_path / "d").mkdir()
    (tmp_path / "d/up").symlink_to(tmp_path)
    with pytest.raises(UsageError, match=r"The link '.*/d/up' leads back to a folder that it lies in"):
        collected(tmp_path)
    (tmp_path / "d/up").unlink()
    (tmp_path / "d/up").symlink_to("nothing")
    with pytest.raises(UsageError, match=r"The link '.*/d/up' leads nowhere"):
        collected(tmp_path)
    with pytest.raises(UsageError, match=r"The folder '.*/none' cannot be read: No such file"):
        collected(tmp_path / "none")


def test_a_folder_may_be_linked_twice_but_not_into_itself(tmp_path: Path) -> None:
    fill(tmp_path, d__in__f="x")
    (tmp_path / "one").symlink_to("d")
    (tmp_path / "two").symlink_to("d")
    assert [*collected(tmp_path).files] == ["d/f", "one/f", "two/f"]
