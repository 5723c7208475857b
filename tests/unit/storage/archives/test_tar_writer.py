"""Archives of our own writing: any reader finds in them what was packed, and the same content is the same bytes."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.storage.archives import gzip_io
from simple_sagemaker.storage.archives.tar_writer import Tarball, WrongSize
from tests.counts import examples

GNU_TAR = shutil.which("tar") if sys.platform == "linux" else None
LIBRARIES = ["isal", "zlib"]

Files = dict[str, bytes]

PART = st.one_of(
    st.text("ab.- é日\n", min_size=1, max_size=8),
    st.binary(min_size=1, max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.integers(1, 250).map(lambda length: "x" * length),
    st.integers(90, 125).map(lambda length: "é" * (length // 2)),
)
NAME = (
    st.lists(PART, min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda name: not {"", ".", ".."} & {*name.split("/")} and "\0" not in name and not name.startswith("-"))
    .filter(lambda name: all(len(part.encode("utf-8", "surrogateescape")) < 256 for part in name.split("/")))
)
CONTENT = st.one_of(st.binary(max_size=40), st.sampled_from([511, 512, 513, 10240]).map(lambda size: b"y" * size))


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    choose(request.param, monkeypatch)
    return str(request.param)


def choose(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress by this library: without isal an import of it fails, as it does where it is not installed."""
    if name == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    assert gzip_io.library().__name__.rpartition(".")[2].removesuffix("_zlib") == name


def packed(files: Files) -> bytes:
    out = io.BytesIO()
    with Tarball(out) as archive:
        for name, content in files.items():
            archive.content(name, content)
    return out.getvalue()


def unpacked(archive: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(archive), errors="surrogateescape") as read:
        return {one.name: content.read() for one in read if (content := read.extractfile(one))}


def holdable(files: Files) -> bool:
    """Whether a folder can hold all of them: none lies in another."""
    names = {*files}
    return not any(
        "/".join(name.split("/")[:depth]) in names for name in names for depth in range(1, name.count("/") + 1)
    )


@settings(max_examples=examples(60, 3000))
@given(files=st.dictionaries(NAME, CONTENT, max_size=6))
def test_python_reads_back_every_name_and_byte(files: Files) -> None:
    assert unpacked(packed(files)) == files


@pytest.mark.skipif(GNU_TAR is None, reason="GNU tar is of Linux")
@settings(max_examples=examples(25, 1000), deadline=None)
@given(files=st.dictionaries(NAME, CONTENT, max_size=6).filter(holdable))
def test_gnu_tar_reads_back_every_name_and_byte(files: Files) -> None:
    with tempfile.TemporaryDirectory() as top:
        done = subprocess.run(
            [str(GNU_TAR), "xzf", "-", "-C", top], input=packed(files), env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = {
            os.path.relpath(os.path.join(at, name), top): Path(at, name).read_bytes()
            for at, _, names in os.walk(top)
            for name in names
        }
        assert found == files


def test_modes_times_folders_and_links_are_as_given() -> None:
    out = io.BytesIO()
    long = "t" * 120
    with Tarball(out) as archive:
        archive.folder("d", mode=0o700, seconds=7)
        archive.content("d/f", b"abc", mode=0o755, seconds=1 << 34)
        archive.pieces("d/g", [b"a", b"", b"bc"], size=3, seconds=-5)
        archive.link("l", "d/é")
        archive.link("m", long)
        archive.same("h", "d/f", mode=0o755)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as read:
        found = {one.name: one for one in read}
    assert [one.type for one in found.values()] == [b"5", b"0", b"0", b"2", b"2", b"1"]
    assert (found["d"].mode, found["d/f"].mode, found["h"].mode) == (0o700, 0o755, 0o755)
    assert (found["d"].mtime, found["d/f"].mtime, found["d/g"].mtime) == (7, 1 << 34, -5)
    assert (found["l"].linkname, found["m"].linkname, found["h"].linkname) == ("d/é", long, "d/f")
    assert {(one.uid, one.gid, one.uname, one.gname) for one in found.values()} == {(0, 0, "root", "root")}


def test_a_file_larger_than_the_plain_header_can_say_has_its_size_in_the_extended_one() -> None:
    out = io.BytesIO()
    with pytest.raises(WrongSize, match="huge"), Tarball(out) as archive:
        archive.pieces("huge", [b"x"], size=9 << 30)
    whole = zlib.decompressobj(31).decompress(out.getvalue())
    header = tarfile.TarInfo.frombuf(whole[:512], "utf-8", "strict") if whole else None
    assert header is None  # nothing of an archive that is not whole was written


@pytest.mark.parametrize("given", [[b"ab"], [b"ab", b"cd"]])
def test_content_of_another_size_than_was_said_is_refused(given: Sequence[bytes]) -> None:
    with pytest.raises(WrongSize, match="f"), Tarball(io.BytesIO()) as archive:
        archive.pieces("f", given, size=3)


@pytest.mark.parametrize("level", gzip_io.LEVELS)
def test_however_it_is_cut_the_same_content_is_the_same_file(library: str, level: int) -> None:
    content = (b"the same words again and again " * 9 + os.urandom(40)) * 20_000
    whole, pieces = io.BytesIO(), io.BytesIO()
    with gzip_io.GzipWriter(whole, level=level) as once:
        once.write(content)
    with gzip_io.GzipWriter(pieces, level=level) as often:
        for start in range(0, len(content), 77_777):
            often.write(content[start : start + 77_777])
    assert whole.getvalue() == pieces.getvalue()
    assert gzip.decompress(whole.getvalue()) == content
    assert len(whole.getvalue()) < len(content) / 20


@pytest.mark.parametrize("size", [0, 1, gzip_io.BLOCK - 1, gzip_io.BLOCK, gzip_io.BLOCK + 1, 3 * gzip_io.BLOCK])
def test_every_size_around_the_blocks_comes_back(library: str, size: int) -> None:
    out = io.BytesIO()
    with gzip_io.GzipWriter(out) as file:
        file.write(b"z" * size)
    assert gzip.decompress(out.getvalue()) == b"z" * size


def test_a_writer_that_cannot_go_on_says_so_and_leaves_no_thread(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError("no space left")

    out = Full()
    with pytest.raises(OSError, match="no space"):
        gzip_io.GzipWriter(out)
