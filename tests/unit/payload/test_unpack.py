"""Unpacking the code: everything as packed, nothing outside."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from simple_sagemaker.payload import launcher


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.uid = info.gid = 4242
    return info


def pack(path: Path, *members: tarfile.TarInfo) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for info in members:
            info.size = 3 if info.isreg() else 0
            archive.addfile(info, io.BytesIO(b"abc"))
    return str(path)


def sparse(name: str, extents: str) -> tarfile.TarInfo:
    """A sparse file in PAX's old form, whose extents are these."""
    info = member(name)
    info.pax_headers = {"GNU.sparse.map": extents, "GNU.sparse.size": "50"}
    return info


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return tmp_path / "code"


def test_files_keep_their_modes_and_become_ours(tmp_path: Path, code: Path) -> None:
    tarball = pack(tmp_path / "t.gz", member("d", tarfile.DIRTYPE, mode=0o555), member("d/run.sh", mode=0o4755))
    launcher.unpack(tarball, str(code))
    assert (code / "d/run.sh").read_bytes() == b"abc"
    assert (code / "d/run.sh").stat().st_mode & 0o7777 == 0o755
    assert (code / "d/run.sh").stat().st_uid == os.getuid()


def test_links_inside_are_made(tmp_path: Path, code: Path) -> None:
    tarball = pack(
        tmp_path / "t.gz",
        member("a/f"),
        member("b/link", tarfile.SYMTYPE, "../a/f"),
        member("hard", tarfile.LNKTYPE, "a/f"),
        member("here", tarfile.SYMTYPE, "."),
    )
    launcher.unpack(tarball, str(code))
    assert (code / "b/link").read_bytes() == (code / "hard").read_bytes() == b"abc"


def test_a_hard_links_target_is_named_from_the_top(tmp_path: Path, code: Path) -> None:
    members = member("f"), member("a/f", mode=0o600), member("a/b/hard", tarfile.LNKTYPE, "f")
    launcher.unpack(pack(tmp_path / "t.gz", *members), str(code))
    assert (code / "a/b/hard").samefile(code / "f")
    assert not (code / "a/b/hard").samefile(code / "a/f")


@pytest.mark.parametrize(
    "members",
    [
        [member("/etc/evil")],
        [member("../evil")],
        [member("a/../../evil")],
        [member("link", tarfile.SYMTYPE, "/etc")],
        [member("link", tarfile.SYMTYPE, "../..")],
        [member("hard", tarfile.LNKTYPE, "../secret")],
        [member("hard", tarfile.LNKTYPE, "/etc/passwd")],
        [
            member("a/b", tarfile.DIRTYPE),
            member("a/hard", tarfile.LNKTYPE, "../secret"),
        ],  # a hard link's is from the top
        [member("l", tarfile.SYMTYPE, "."), member("l/a/hard", tarfile.LNKTYPE, "../secret")],
        [member("p", tarfile.SYMTYPE, "q/.."), member("q", tarfile.SYMTYPE, "."), member("p/evil")],
        [member("pipe", tarfile.FIFOTYPE)],
        [member("disk", tarfile.BLKTYPE)],
        [member("tty", tarfile.CHRTYPE)],
    ],
    ids=lambda members: "-".join(info.name for info in members),
)
def test_what_leads_outside_is_refused(tmp_path: Path, code: Path, members: list[tarfile.TarInfo]) -> None:
    (tmp_path / "secret").write_text("secret")
    tarball = pack(tmp_path / "t.gz", *members)
    with pytest.raises(launcher.Unpackable):
        launcher.unpack(tarball, str(code))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code", "secret", "t.gz"]


HARD_TO_LINK = [member("c/d", tarfile.SYMTYPE, "../f"), member("a", tarfile.LNKTYPE, "c/d")]  # a leads to ../f
LATER_LINK = [member("a", tarfile.SYMTYPE, "q/../f"), member("q", tarfile.SYMTYPE, ".")]  # and here, thanks to q
WRITTEN_THROUGH = [
    [*HARD_TO_LINK, member("a")],
    [*HARD_TO_LINK, member("a/")],
    [*HARD_TO_LINK, member("a", tarfile.DIRTYPE, mode=0o777)],
    HARD_TO_LINK,
    [*LATER_LINK, member("a")],
    [*LATER_LINK, member("a/", tarfile.DIRTYPE, mode=0o777)],
    LATER_LINK,
]


@pytest.mark.parametrize("members", WRITTEN_THROUGH, ids=range(len(WRITTEN_THROUGH)))
def test_nothing_is_written_through_a_link_that_only_later_members_lead_outside(
    tmp_path: Path, code: Path, members: list[tarfile.TarInfo]
) -> None:
    secret = tmp_path / "f"
    secret.write_text("secret")
    secret.chmod(0o600)
    with suppress(launcher.Unpackable):
        launcher.unpack(pack(tmp_path / "t.gz", *members), str(code))
        assert not (code / "a").is_symlink()
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("secret", 0o600)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code", "f", "t.gz"]


CLASHING = {
    "a folder in a file": [member("a"), member("a/b")],
    "a file at a folder": [member("a", tarfile.DIRTYPE), member("a")],
    "the folder itself": [member(".")],
    "no file for a hard link": [member("a", tarfile.LNKTYPE, "missing")],
    "a name too long": [member("n" * 300)],
    "a hard link to itself": [member("a", tarfile.LNKTYPE, "a")],
    "sparse without numbers": [sparse("a", "x,y")],
}


@pytest.mark.parametrize("members", CLASHING.values(), ids=CLASHING)
def test_an_archive_that_no_folder_can_hold_is_told(tmp_path: Path, code: Path, members: list[tarfile.TarInfo]) -> None:
    with pytest.raises(launcher.Unpackable, match="packed code"):
        launcher.unpack(pack(tmp_path / "t.gz", *members), str(code))


def test_a_header_without_end_is_refused_at_once(tmp_path: Path, code: Path) -> None:
    endless = member("a")
    endless.pax_headers = {"comment": "9" * (1 << 20)}  # hours, on early releases of Python
    with pytest.raises(launcher.Unpackable, match="a header is longer"):
        launcher.unpack(pack(tmp_path / "t.gz", endless), str(code))


def test_a_folder_reached_by_a_link_is_no_way_outside(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "base").symlink_to("real")
    launcher.unpack(pack(tmp_path / "t.gz", member("a/f")), str(tmp_path / "base/code"))
    assert (tmp_path / "real/code/a/f").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_a_broken_archive_is_told(tmp_path: Path, code: Path, content: bytes) -> None:
    (tmp_path / "t.gz").write_bytes(content)
    with pytest.raises(launcher.Unpackable, match="cannot be unpacked"):
        launcher.unpack(str(tmp_path / "t.gz"), str(code))


def test_a_cut_archive_is_told(tmp_path: Path, code: Path) -> None:
    tarball = Path(pack(tmp_path / "t.gz", *[member(f"f{number}") for number in range(500)]))
    tarball.write_bytes(tarball.read_bytes()[:-200])
    with pytest.raises(launcher.Unpackable, match="cannot be unpacked"):
        launcher.unpack(str(tarball), str(code))


def broken_headers(path: Path, *, packed: bool = True) -> list[bytes]:
    """Archives of three files in which the second header is damaged, cut, or where the end begins too early."""
    with tarfile.open(path, "w") as archive:
        for name in ("one", "two", "three"):
            info = member(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
    whole = path.read_bytes()
    damaged = [whole[:1024] + b"x" * 512 + whole[1536:], whole[:1030], whole[:1024]]
    return [gzip.compress(one) for one in damaged] if packed else damaged


@pytest.mark.parametrize("number", range(3))
def test_a_header_that_is_broken_is_no_end(tmp_path: Path, code: Path, number: int) -> None:
    (tmp_path / "t.gz").write_bytes(broken_headers(tmp_path / "whole")[number])
    with pytest.raises(launcher.Unpackable, match="cannot be unpacked: a header is broken or missing"):
        launcher.unpack(str(tmp_path / "t.gz"), str(code))


def test_what_a_script_put_there_is_gone_however_deep_it_went(code: Path) -> None:
    here = os.open(str(code.parent), os.O_RDONLY)
    name = code.name
    for _ in range(1500):  # deeper than any path can name, and than Python before 3.12 recurses
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
        os.close(here)
        here, name = inner, "a-folder-with-a-name"
    os.close(here)
    (code / "emptied-0").mkdir()
    (code / "emptied-0" / "file").touch()
    (code / "closed" / "inner").mkdir(parents=True)
    (code / "closed").chmod(0o500)
    launcher.empty(str(code))
    assert list(code.iterdir()) == []


def test_what_was_there_is_gone_and_links_are_not_followed(tmp_path: Path, code: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("")
    code.mkdir()
    (code / "link").symlink_to(tmp_path / "kept")
    (code / "old").mkdir()
    launcher.unpack(pack(tmp_path / "t.gz", member("new")), str(code))
    assert [path.name for path in code.iterdir()] == ["new"]
    assert (tmp_path / "kept/file").exists()
