"""A Dockerfile as a person gives it, and what it is built on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.images.docker.dockerfile import base_images, find, read_dockerfile

BASE = "1.dkr.ecr.us-east-1.amazonaws.com/base:1"


def test_the_base_is_put_in_for_its_name_wherever_it_stands() -> None:
    dockerfile = read_dockerfile(
        "# __BASE_IMAGE__ is put in\nFROM __BASE_IMAGE__ AS one\nCOPY --from=__BASE_IMAGE__ /a /b"
    )
    assert dockerfile.needs_base
    assert dockerfile.on(BASE) == f"# {BASE} is put in\nFROM {BASE} AS one\nCOPY --from={BASE} /a /b\n"


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("RUN true", f"FROM {BASE}\nRUN true\n"),
        ("# syntax=docker/dockerfile:1\n\nRUN true", f"# syntax=docker/dockerfile:1\n\nFROM {BASE}\nRUN true\n"),
        ("ARG x=1\nRUN echo $x", f"FROM {BASE}\nARG x=1\nRUN echo $x\n"),
        ("ENV a=b\nCOPY --from=__BASE_IMAGE__ /a /b", f"FROM {BASE}\nENV a=b\nCOPY --from={BASE} /a /b\n"),
    ],
)
def test_a_text_without_from_is_built_on_the_base(text: str, built: str) -> None:
    dockerfile = read_dockerfile(text)
    assert dockerfile.needs_base
    assert not dockerfile.names_its_base
    assert dockerfile.on(BASE) == built


@pytest.mark.parametrize("text", ["FROM x", "from x as y\nRUN a", "# c\nARG V=1\nFROM x:$V\nRUN b"])
def test_a_text_with_a_base_of_its_own_stays_as_it_is(text: str) -> None:
    dockerfile = read_dockerfile(text)
    assert not dockerfile.needs_base
    assert dockerfile.on("") == f"{text}\n"


def test_the_images_that_a_text_stands_on_are_found_without_its_own_stages() -> None:
    text = (
        "FROM --platform=linux/amd64 a:1 AS one\nFROM one AS two\nFROM b:2\nfrom $c\nFROM scratch\nFROM ONE\nFROM a:1\n"
    )
    assert base_images(text) == ["a:1", "b:2"]


def test_a_folder_is_read_with_what_lies_in_it_and_a_file_alone(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"\xef\xbb\xbfFROM x\r\nCOPY a /\r\n")
    (tmp_path / "a").write_text("1")
    folder, file = read_dockerfile(str(tmp_path)), read_dockerfile(str(tmp_path / "Dockerfile"))
    assert (folder.text, folder.folder) == ("FROM x\r\nCOPY a /\r\n", tmp_path)
    assert (file.text, file.folder, file.context) == (folder.text, None, "")
    (tmp_path / "a").write_text("2")
    assert read_dockerfile(str(tmp_path)).content != folder.content
    assert read_dockerfile(str(tmp_path / "Dockerfile")).content == file.content


def test_the_content_is_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM x\n")
    assert read_dockerfile(str(tmp_path / "here")).content == read_dockerfile(str(tmp_path / "there")).content


def test_a_long_text_is_no_path(tmp_path: Path) -> None:
    assert find("RUN " + "x" * 5000) is None
    with pytest.raises(UsageError, match="nor the text of a Dockerfile"):
        find("echo " + "x" * 5000)


def test_bytes_that_are_no_utf8_come_through(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM x\nENV a=\xff\n")
    assert read_dockerfile(os.fspath(tmp_path)).text.encode("utf-8", "surrogateescape") == b"FROM x\nENV a=\xff\n"
    assert read_dockerfile(os.fspath(tmp_path)).content


def test_a_folder_without_a_dockerfile_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"that folder has no file named Dockerfile\.$"):
        find(str(tmp_path))
    (tmp_path / "Dockerfile").mkdir()
    with pytest.raises(UsageError, match="that folder has no file named Dockerfile"):
        find(str(tmp_path))


def test_the_file_is_found_in_its_folder_or_by_its_name_and_a_text_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    monkeypatch.chdir(tmp_path)
    assert find(".") == find("Dockerfile") == tmp_path / "Dockerfile"
    for text in ("from x", "# a comment\n\n  RUN ls", "arg A=1"):
        assert find(text) is None
    for text in ("FROMx", "# only a comment", "", "RUN"):
        with pytest.raises(UsageError, match="nor the text of a Dockerfile"):
            find(text)


def test_a_text_of_comments_alone_gets_its_base_at_the_end() -> None:
    dockerfile = read_dockerfile("RUN true")
    assert dockerfile.on(BASE).startswith(f"FROM {BASE}\n")
    comments = type(dockerfile)(text="# a\n# b\n", folder=None, context="")
    assert comments.on(BASE) == f"# a\n# b\nFROM {BASE}\n"


def test_a_file_without_end_is_no_dockerfile(tmp_path: Path) -> None:
    with open(tmp_path / "Dockerfile", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UsageError, match="too many for a Dockerfile"):
        read_dockerfile(str(tmp_path))
