"""An earlier job's archive, unpacked in a worker: what it holds, and nothing outside."""

from __future__ import annotations

import os
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from simple_sagemaker.payload.worker_toolkit import archives
from simple_sagemaker.payload.worker_toolkit.worker_lib import WorkerConfig
from tests.unit.payload.test_unpack import CLASHING, WRITTEN_THROUGH, broken_headers, member, pack


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "trained"
    folder.mkdir()
    monkeypatch.setenv("SM_CHANNELS", '["trained"]')
    monkeypatch.setenv("SM_CHANNEL_TRAINED", str(folder))
    monkeypatch.setenv("SSM_STATE", str(tmp_path / "state"))
    return folder


def test_the_archive_of_a_channel_is_unpacked_where_it_disturbs_nobody(channel: Path) -> None:
    links = member("d/l", tarfile.SYMTYPE, "../weights"), member("hard", tarfile.LNKTYPE, "weights")
    pack(channel / "model.tar.gz", member("weights"), member("d", tarfile.DIRTYPE), *links)
    folder = Path(WorkerConfig().unpack("trained"))
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == ["d", "d/l", "hard", "weights"]
    assert (folder / "d/l").read_bytes() == b"abc"
    assert (folder / "weights").stat().st_uid == os.getuid()
    assert os.listdir(channel) == ["model.tar.gz"]


def test_links_to_where_the_job_had_the_folder_lead_to_the_same_in_the_new_one(channel: Path, tmp_path: Path) -> None:
    links = {"latest": "ckpt-100", "./d/up": "ckpt-100/w", "top": ""}
    for archive, place in (("model.tar.gz", "/opt/ml/model"), ("output.tar.gz", "/opt/ml/output/data")):
        members = [member(name, tarfile.SYMTYPE, f"{place}/{to}".rstrip("/")) for name, to in links.items()]
        pack(tmp_path / archive, *members, member("ckpt-100", tarfile.DIRTYPE), member("ckpt-100/w"))
        folder = Path(archives.unpack(str(tmp_path / archive)))
        assert [os.readlink(folder / name) for name in links] == ["ckpt-100", "../ckpt-100/w", "."]
        assert (folder / "latest/w").read_bytes() == (folder / "d/up").read_bytes() == b"abc"
        pack(tmp_path / archive, member("l", tarfile.SYMTYPE, f"{place}/../secret"))
        with pytest.raises(archives.UnsafeArchive):
            archives.unpack(str(tmp_path / archive))


def test_it_is_unpacked_where_it_is_asked_for(channel: Path, tmp_path: Path) -> None:
    pack(channel / "model.tar.gz", member("weights"))
    assert WorkerConfig().unpack("trained", str(tmp_path / "a/b")) == str(tmp_path / "a/b")
    assert (tmp_path / "a/b/weights").read_bytes() == b"abc"


def test_a_channel_of_plain_files_is_left_alone(channel: Path) -> None:
    (channel / "weights").write_bytes(b"abc")
    assert WorkerConfig().unpack("trained") == str(channel)


def test_what_it_cannot_decide_or_read_is_refused(channel: Path) -> None:
    (channel / "a.tar.gz").write_bytes(b"\x1f\x8bno archive")
    with pytest.raises(ValueError, match=r"a\.tar\.gz cannot be unpacked"):
        WorkerConfig().unpack("trained")
    (channel / "a.tar.gz").write_bytes(Path(pack(channel / "x", member("weights"))).read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"a\.tar\.gz cannot be unpacked"):
        WorkerConfig().unpack("trained")
    pack(channel / "b.tar.gz", member("weights"))
    with pytest.raises(ValueError, match=r"several archives: a\.tar\.gz, b\.tar\.gz"):
        WorkerConfig().unpack("trained")
    with pytest.raises(AttributeError):
        WorkerConfig().unpack("other")


@pytest.mark.parametrize(
    "hostile",
    [
        [member("../outside")],
        [member("a/../../outside")],
        [member("/outside")],
        [member("l", tarfile.SYMTYPE, ".."), member("l/outside")],
        [member("l", tarfile.SYMTYPE, "/etc/passwd")],
        [member("h", tarfile.LNKTYPE, "../outside")],
        [member("pipe", tarfile.FIFOTYPE)],
        [member("device", tarfile.CHRTYPE)],
    ],
    ids=lambda members: f"{members[0].name}{members[0].linkname}",
)
def test_nothing_outside_is_touched(tmp_path: Path, hostile: list[tarfile.TarInfo]) -> None:
    archive = pack(tmp_path / "t.tar.gz", *hostile)
    with pytest.raises(archives.UnsafeArchive):
        archives.unpack(archive, str(tmp_path / "to"))
    assert sorted(os.listdir(tmp_path)) == ["t.tar.gz", "to"]


def test_a_link_that_lies_there_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "to/weights").symlink_to(tmp_path / "mine")
    archives.unpack(pack(tmp_path / "t.tar.gz", member("weights")), str(tmp_path / "to"))
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert (tmp_path / "to/weights").read_bytes() == b"abc"


@pytest.mark.parametrize("members", WRITTEN_THROUGH, ids=range(len(WRITTEN_THROUGH)))
def test_nothing_is_written_through_a_link_that_only_later_members_lead_outside(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    secret = tmp_path / "f"
    secret.write_text("secret")
    secret.chmod(0o600)
    pack(tmp_path / "m.tar.gz", *members)
    with suppress(archives.UnsafeArchive):
        archives.unpack(str(tmp_path / "m.tar.gz"), str(tmp_path / "to"))
    assert not (tmp_path / "to/a").is_symlink()
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("secret", 0o600)


@pytest.mark.parametrize("members", CLASHING.values(), ids=CLASHING)
def test_an_archive_that_no_folder_can_hold_is_a_value_error(tmp_path: Path, members: list[tarfile.TarInfo]) -> None:
    pack(tmp_path / "m.tar.gz", *members)
    with pytest.raises(ValueError, match=r"m\.tar\.gz|leads"):
        archives.unpack(str(tmp_path / "m.tar.gz"), str(tmp_path / "to"))


def test_a_header_without_end_is_refused_at_once(tmp_path: Path) -> None:
    endless = member("weights")
    endless.pax_headers = {"comment": "9" * (1 << 20)}  # hours, on early releases of Python
    with pytest.raises(ValueError, match="a header is longer"):
        archives.unpack(pack(tmp_path / "m.tar.gz", endless), str(tmp_path / "to"))


@pytest.mark.parametrize("ending", ["tar.gz", "tar"])
@pytest.mark.parametrize("number", range(3))
def test_a_header_that_is_broken_is_no_end(tmp_path: Path, ending: str, number: int) -> None:
    damaged = broken_headers(tmp_path / "whole", packed=ending != "tar")[number]
    (tmp_path / f"model.{ending}").write_bytes(damaged)
    with pytest.raises(ValueError, match="cannot be unpacked: a header is broken or missing"):
        archives.unpack(str(tmp_path / f"model.{ending}"), str(tmp_path / "to"))
