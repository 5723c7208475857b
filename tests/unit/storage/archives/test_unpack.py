"""Archives: whatever the engine packs comes back as it was; whatever is meant to harm is refused by name."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.local.data import artifacts
from simple_sagemaker.storage.archives import link_targets, unpack
from simple_sagemaker.storage.archives.unpack import UnsafeArchive
from simple_sagemaker.storage.folder_store import FolderStore
from tests.counts import examples
from tests.unit.storage.archives.test_tar_writer import LIBRARIES, choose

Tree = dict[str, object]
REG, DIR, SYM, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def member(name: str, kind: bytes = REG, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = 3 if kind == REG else 0
    return info


def packed(members: Iterable[tarfile.TarInfo]) -> bytes:
    """The bytes of a tar file, not compressed; every file has the content ``abc``."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", encoding="utf-8", errors="surrogateescape") as archive:
        for info in members:
            archive.addfile(info, io.BytesIO(b"abc"))
    return whole.getvalue()


def tree(top: Path) -> Tree:
    """Every name below a folder, with its bytes, its link's target, or None for a folder."""
    found: Tree = {}
    for at, folders, files in os.walk(top):
        for name in [*folders, *files]:
            path = Path(at, name)
            place = str(path.relative_to(top))
            if path.is_symlink():
                found[place] = ("link", os.readlink(path))
            else:
                found[place] = (path.read_bytes(), path.stat().st_mode & 0o100) if path.is_file() else None
    return found


class Desk:
    """A folder to unpack in, ``out``, with things beside it that nobody may touch."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.out = top / "in" / "out"
        self.out.mkdir(parents=True)
        (top / "secret").write_text("secret")
        (top / "in" / "beside").write_text("beside")

    def unpack(self, tar: bytes, *, compress: Callable[[bytes], bytes] = gzip.compress) -> Tree:
        """What is in the folder afterwards. Holds in any case: nothing beside it has changed, and no link leads out."""
        file = self.top / "in" / "packed"
        file.write_bytes(compress(tar))
        before = self.beside()
        try:
            unpack.unpack(file, self.out, address="s3://b/model.tar.gz")
        finally:
            assert self.beside() == before
            self.check()
        return tree(self.out)

    def beside(self) -> Tree:
        return {name: what for name, what in tree(self.top).items() if not name.startswith("in/out/")}

    def check(self) -> None:
        """Nothing in the folder leads out of it, is special, or cannot be read and deleted by its owner."""
        inside = os.path.realpath(self.out)
        for at, folders, files in os.walk(self.out):
            assert os.stat(at).st_mode & 0o700 == 0o700
            for name in [*folders, *files]:
                path = os.path.join(at, name)
                mode = os.lstat(path).st_mode
                assert stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISLNK(mode)
                assert (os.path.realpath(path) + "/").startswith(inside + "/")
                assert stat.S_ISLNK(mode) or mode & 0o600 == 0o600
                assert stat.S_ISLNK(mode) or not mode & 0o7022


@pytest.fixture(params=LIBRARIES)
def desk(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    choose(request.param, monkeypatch)
    old = os.umask(0o022)
    yield Desk(tmp_path)
    os.umask(old)


FILE = (b"abc", 0)
RIGHT: dict[str, tuple[list[tarfile.TarInfo], Tree]] = {
    "dots": ([member("./", DIR), member("./a//./b")], {"a": None, "a/b": FILE}),
    "folders that nobody packed": ([member("a/b/c")], {"a": None, "a/b": None, "a/b/c": FILE}),
    "a folder twice": ([member("d", DIR), member("d/f"), member("d", DIR)], {"d": None, "d/f": FILE}),
    "a folder nobody may enter": ([member("d", DIR, mode=0), member("d/f", mode=0)], {"d": None, "d/f": FILE}),
    "set-user bits": ([member("f", mode=0o6777)], {"f": (b"abc", 0o100)}),
    "links inside": (
        [member("b/up", SYM, "../a"), member("a"), member("b/here", SYM, "."), member("nowhere", SYM, "b/no")],
        {"a": FILE, "b": None, "b/up": ("link", "../a"), "b/here": ("link", "."), "nowhere": ("link", "b/no")},
    ),
    "a second name": ([member("a"), member("d/b", HARD, "./a")], {"a": FILE, "d": None, "d/b": FILE}),
    "a second name of a link": (
        [member("a"), member("l", SYM, "a"), member("m", HARD, "l")],
        {"a": FILE, "l": ("link", "a"), "m": ("link", "a")},
    ),
    "odd names": (
        [member(name) for name in ("\udcff\udcfe", "a\nb", "c ", " ", "-x", "*", "\\", "é", "e\u0301", "~", "C:x")],
        dict.fromkeys(("\udcff\udcfe", "a\nb", "c ", " ", "-x", "*", "\\", "é", "e\u0301", "~", "C:x"), FILE),
    ),
    "case twins": ([member("A"), member("a")], {"A": FILE, "a": FILE}),
    "nothing": ([], {}),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold fewer names")
@pytest.mark.parametrize("case", RIGHT)
def test_what_is_odd_but_harmless_is_unpacked(desk: Desk, case: str) -> None:
    members, expected = RIGHT[case]
    assert desk.unpack(packed(members)) == expected


def chain(length: int) -> list[tarfile.TarInfo]:
    """Links that climb: each leads through the one before it, all of them together far outside."""
    steps = [member("d/" * 60 + "l0", SYM, "../" * 60)]
    return steps + [member(f"l{n}", SYM, f"{'d/' * 60}l{n - 1}/..") for n in range(1, length)]


REFUSED: dict[str, tuple[list[tarfile.TarInfo], str]] = {
    "absolute": ([member("/etc/evil")], "/etc/evil"),
    "upwards": ([member("../evil")], "../evil"),
    "upwards from below": ([member("a/../../evil")], "a/../../evil"),
    "dots even within": ([member("a/../b")], "a/../b"),
    "an absolute link": ([member("link", SYM, "/etc")], "link"),
    "a link upwards": ([member("link", SYM, "../secret")], "link"),
    "a link out and back in": ([member("a/link", SYM, "../../out/a")], "a/link"),
    "a link to nothing": ([member("link", SYM, "")], "link"),
    "links that lead out together": (
        [member("p", SYM, "q/.."), member("q", SYM, "."), member("r", SYM, "p/../beside")], "p"
    ),
    "a file through a link": ([member("l", SYM, "."), member("l/evil")], "l"),
    "a file through a link outward": ([member("l", SYM, ".."), member("l/evil")], "l"),
    "links in a circle": ([member("a", SYM, "b"), member("b", SYM, "a")], "a"),
    "a second name of something outside": ([member("hard", HARD, "../secret")], "hard"),
    "a second name of an absolute one": ([member("hard", HARD, "/etc/passwd")], "/etc/passwd"),
    "a second name of what comes later": ([member("hard", HARD, "a"), member("a")], "hard"),
    "a second name of a folder": ([member("a", DIR), member("hard", HARD, "a")], "hard"),
    "a pipe": ([member("pipe", tarfile.FIFOTYPE)], "pipe"),
    "a disk": ([member("disk", tarfile.BLKTYPE)], "disk"),
    "a terminal": ([member("tty", tarfile.CHRTYPE)], "tty"),
    "a kind nobody knows": ([member("what", b"Z")], "what"),
    "a name twice": ([member("a"), member("a")], "a"),
    "a link twice": ([member("a", SYM, "b"), member("a", SYM, "c")], "a"),
    "a link and a file": ([member("a", SYM, "b"), member("a")], "a"),
    "a file in a file": ([member("a"), member("a/b")], "a"),
    "a file where a folder is": ([member("a/b"), member("a")], "a"),
    "a folder where a file is": ([member("a"), member("a", DIR)], "a"),
    "a file that is the folder itself": ([member("./.")], "./."),
    "a name longer than any": ([member("x" * 300)], "xxx"),
    "a path longer than any": ([member("/".join(["y" * 250] * 20))], "yyy"),
    "a long path that leads outside": ([member("../" + "z" * 9000)], "../zzz"),
    "a link to a long path outside": ([member("to/" * 60 + "x", SYM, "/" + "z" * 9000)], "/zzz"),
    "a long name that is there twice": ([member("w/" * 150 + "x", SYM, "y")] * 2, "w/w/"),
    "deeper than can be removed again": ([member("x/" * 3000 + "x")], "x/x/"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_harm_is_refused_by_name(desk: Desk, case: str) -> None:
    members, name = REFUSED[case]
    with pytest.raises(UnsafeArchive) as caught:
        desk.unpack(packed([member("before"), *members]))
    said = str(caught.value)
    assert name in said
    assert "s3://b/model.tar.gz" in said
    assert len(said) < 700


def test_a_long_chain_of_links_does_not_hide_where_it_leads(desk: Desk) -> None:
    with pytest.raises(UnsafeArchive, match=r"leads outside|in a circle"):
        desk.unpack(packed(chain(80)))


def test_links_of_a_job_are_brought_as_far_as_they_lead_inside_and_the_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    links = {"last": "/opt/ml/model/d/x", "d/top": "/opt/ml/model", "a": "b", "b": "a", "via": "a/x", "d/up": ".."}
    links |= {"far": "/etc/passwd", "above": "d/up/../x", "other": "/opt/ml/models/x"}
    members = [member("d", DIR), member("d/x"), *(member(name, SYM, to) for name, to in links.items())]
    data, said = gzip.compress(packed(members)), list[str]()
    unpack.unpack_stream(
        io.BytesIO(data),
        tmp_path / "out",
        size=len(data),
        address="s3://b/model.tar.gz",
        packed_at="/opt/ml/model",
        on_left_out=said.append,
    )
    found = {
        name: what for name, what in tree(tmp_path / "out").items() if isinstance(what, tuple) and what[0] == "link"
    }
    assert found == {"last": ("link", "d/x"), "d/top": ("link", "../"), "d/up": ("link", "..")}
    assert [line.split("'")[1] for line in said] == ["a", "b", "via", "far", "above", "other"]


def test_many_links_take_no_more_than_their_number(tmp_path: Path) -> None:
    few, many = (steps_of_unpacking(tmp_path / str(count), count) for count in (100, 400))
    assert many < 6 * few  # each link looked at beside each other would be sixteen times as many


def steps_of_unpacking(folder: Path, links: int) -> int:
    """How many steps Python takes to unpack an archive of links."""
    data = gzip.compress(packed(member(f"l{number}", SYM, "x") for number in range(links)), 1)
    folder.mkdir()
    steps = 0

    def count(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        unpack.unpack_stream(io.BytesIO(data), folder, size=len(data), address="s3://b/model.tar.gz")
    finally:
        sys.settrace(before)
    assert len(os.listdir(folder)) == links
    return steps


def test_case_twins_of_links_are_followed_as_either_kind_of_file_system_would() -> None:
    links = {"Up": ".", "x": "up/.."}
    with pytest.raises(ValueError, match="leads outside"):
        link_targets.check_target("x", links["x"], link_targets.ways_of(links))


def test_permissions_are_kept_less_the_umask(desk: Desk) -> None:
    old = os.umask(0o027)
    try:
        desk.unpack(packed([member("run", mode=0o777), member("plain", mode=0o604), member("closed", mode=0)]))
    finally:
        os.umask(old)
    modes = {name: os.stat(desk.out / name).st_mode & 0o7777 for name in ("run", "plain", "closed")}
    assert modes == {"run": 0o750, "plain": 0o600, "closed": 0o600}


def test_nobody_else_may_write_to_what_was_unpacked_whatever_the_umask(desk: Desk) -> None:
    old = os.umask(0)
    try:
        desk.unpack(packed([member("run", mode=0o777), member("plain", mode=0o666), member("more", mode=0o7775)]))
    finally:
        os.umask(old)
    modes = {name: os.stat(desk.out / name).st_mode & 0o7777 for name in ("run", "plain", "more")}
    assert modes == {"run": 0o755, "plain": 0o644, "more": 0o755}


def test_times_are_kept_where_they_can_be(desk: Desk) -> None:
    old, odd = member("old"), member("odd")
    old.mtime, odd.mtime = 86400, 2**62
    desk.unpack(packed([old, odd]))
    assert (desk.out / "old").stat().st_mtime == 86400


def header(name: str, size: int, kind: bytes = REG) -> bytes:
    """A header that says what it likes about its size, with the right checksum."""
    info = member(name, kind)
    info.size = max(size, 0)
    raw = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    if size < 0:
        raw[124:136] = size.to_bytes(12, "big", signed=True)
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    return bytes(raw[:512])


def test_a_bomb_is_refused_before_it_is_written(desk: Desk) -> None:
    with pytest.raises(UnsafeArchive, match=r"'bomb'.*1000 times its own size"):
        desk.unpack(header("bomb", 2 << 30) + bytes(4096))
    assert tree(desk.out) == {}


def test_many_small_members_are_a_bomb_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MUCH", 1 << 20)
    monkeypatch.setattr(unpack, "MOST_TIMES", 10)
    with pytest.raises(UnsafeArchive, match="times its own size"):
        desk.unpack(header("d", 0, DIR) * 4000 + bytes(1024))


def test_more_than_the_disk_has_free_is_refused_before_it_is_written(desk: Desk) -> None:
    with pytest.raises(UnsafeArchive, match=r"'huge'.* free"):
        desk.unpack(header("huge", 1 << 60) + bytes(4096))
    assert tree(desk.out) == {}


def test_a_sparse_file_counts_with_the_size_that_it_says(desk: Desk) -> None:
    raw = bytearray(header("holes", 0, tarfile.GNUTYPE_SPARSE))
    raw[483:495] = b"%011o\0" % (7 << 30)
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    with pytest.raises(UnsafeArchive, match=r"'holes'.*(free|times)"):
        desk.unpack(bytes(raw) + bytes(1024))


def test_a_negative_size_is_refused(desk: Desk) -> None:
    with pytest.raises(UnsafeArchive):
        desk.unpack(header("d", -1024, DIR) + bytes(1024))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_header_as_large_as_memory_is_never_read(desk: Desk, kind: bytes) -> None:
    with pytest.raises(UnsafeArchive, match="a header is longer"):
        desk.unpack(header("x", 1 << 33, kind) + bytes(4096))


DIGITS = b"9" * 262_144


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
@pytest.mark.parametrize(
    ("records", "why"),
    [
        pytest.param(DIGITS, "a header is longer", id="only digits"),
        pytest.param(DIGITS[:16384], "a record of another length", id="as many digits as fit"),
        pytest.param(b"30 path=abc\n", "a record of another length", id="longer than the header"),
        pytest.param(b"4 path=abc\n", "a record of another length", id="shorter than it is"),
        pytest.param(b"011 path=ab\n", "a record of another length", id="a length with a zero before it"),
        pytest.param(b"12 path=abcd", "a record of another length", id="without its end"),
        pytest.param(b"path=abc\n", "a record of another length", id="without a length"),
    ],
)
def test_records_that_would_hold_tarfile_up_are_refused_before_it_sees_them(
    desk: Desk, kind: bytes, records: bytes, why: str
) -> None:
    padded = records.ljust(-(-len(records) // 512) * 512, b"\0")
    with pytest.raises(UnsafeArchive, match=why):
        desk.unpack(header("x", len(records), kind) + padded + packed([member("a")]))


def test_the_longest_name_of_linux_and_its_attributes_arrive(desk: Desk) -> None:
    name = "/".join(["d" * 200] * 18 + ["f" * 200])
    info = member(name)
    info.pax_headers = {"SCHILY.xattr.user.note": "x" * 8000}
    assert desk.unpack(packed([info]))[name] == (b"abc", 0)


def test_headers_about_headers_without_end_are_refused(desk: Desk) -> None:
    once = header("x", 512, tarfile.XHDTYPE) + b"6 a=b\n".ljust(512, b"\0")
    with pytest.raises(UnsafeArchive):
        desk.unpack(once * 3000 + bytes(1024))


WHOLE = packed([member(f"f{number}") for number in range(40)])


@pytest.mark.parametrize(
    "tar",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no archive at all" * 100, id="no archive"),
        pytest.param(WHOLE[: 512 * 11], id="cut between members"),
        pytest.param(WHOLE[: 512 * 11 + 100], id="cut in a header"),
        pytest.param(WHOLE[: 512 * 80], id="without its end"),
        pytest.param(WHOLE[: 512 * 10] + b"x" * 512 + WHOLE[512 * 11 :], id="a broken header"),
        pytest.param(WHOLE + b"more", id="more behind its end"),
    ],
)
def test_a_damaged_archive_is_refused_although_its_compression_is_whole(desk: Desk, tar: bytes) -> None:
    with pytest.raises(UnsafeArchive, match="damaged"):
        desk.unpack(tar)


@pytest.mark.parametrize("cut", [0, 5, 40, -1, -4, -8])
def test_a_cut_file_is_refused(desk: Desk, cut: int) -> None:
    with pytest.raises(UnsafeArchive, match="damaged"):
        desk.unpack(WHOLE, compress=lambda tar: gzip.compress(tar)[:cut])


def test_a_wrong_checksum_is_refused(desk: Desk) -> None:
    with pytest.raises(UnsafeArchive, match="damaged"):
        desk.unpack(WHOLE, compress=lambda tar: gzip.compress(tar)[:-8] + struct.pack("<II", 1, len(tar)))


class Slow(io.BytesIO):
    """Bytes that arrive a few at a time, and end with an error where there is one."""

    def __init__(self, data: bytes, most: int, error: Exception | None = None) -> None:
        super().__init__(data)
        self.most = most
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(min(size or 0, self.most))
        if not found and self.error:
            raise self.error
        return found


def arrived(data: bytes, to: Path, most: int, error: Exception | None = None) -> Tree:
    unpack.unpack_stream(Slow(data, most, error), to, size=len(data), address="s3://b/model.tar.gz")
    return tree(to)


@pytest.mark.parametrize("most", [1, 7, 512, 1 << 20])
def test_however_the_bytes_arrive_the_same_is_unpacked(desk: Desk, most: int) -> None:
    assert arrived(gzip.compress(WHOLE), desk.out, most).keys() == {f"f{number}" for number in range(40)}


@pytest.mark.parametrize("most", [100, 1 << 20])
def test_several_packed_pieces_one_after_the_other_are_one_archive(desk: Desk, most: int) -> None:
    pieces = b"".join(gzip.compress(WHOLE[start : start + 5000]) for start in range(0, len(WHOLE), 5000))
    assert len(arrived(pieces + bytes(3000), desk.out, most)) == 40


def test_what_shrank_to_next_to_nothing_comes_back_whole(desk: Desk) -> None:
    info = member("zeros")
    info.size = 40 << 20
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    assert arrived(gzip.compress(whole.getvalue(), 9), desk.out, 1000).keys() == {"zeros"}
    assert (desk.out / "zeros").stat().st_size == 40 << 20


def test_a_file_with_holes_is_filled(desk: Desk, tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as out:
        out.seek(1 << 20)
        out.write(b"end")
    done = subprocess.run(["tar", "-cSf", "-", "-C", str(tmp_path), "holes"], capture_output=True, check=True)
    assert desk.unpack(done.stdout) == {"holes": (bytes(1 << 20) + b"end", 0)}


def test_trouble_on_the_way_is_told_as_it_came(desk: Desk) -> None:
    with pytest.raises(ConnectionResetError, match="gone"):
        arrived(gzip.compress(WHOLE)[:200], desk.out, 64, ConnectionResetError("gone"))


def test_an_archive_left_early_leaves_no_thread_behind(desk: Desk) -> None:
    before = threading.active_count()
    large = io.BytesIO()
    with tarfile.open(fileobj=large, mode="w") as archive:
        for name in ("/etc/evil", "more"):
            info = member(name)
            info.size = 12 << 20
            archive.addfile(info, io.BytesIO(bytes(12 << 20)))
    with pytest.raises(UnsafeArchive, match="/etc/evil"):
        desk.unpack(large.getvalue(), compress=lambda tar: gzip.compress(tar, 0))
    assert threading.active_count() == before


NAMES = st.binary(min_size=1, max_size=6).filter(lambda name: not {*name} & {0, 47} and name not in {b".", b".."})
CONTENT = st.one_of(st.none(), st.binary(max_size=40), st.integers(0, 20))  # a folder, a file, a link to the n-th thing


def grown(top: Path, plan: Sequence[tuple[list[bytes], bytes | int | None]]) -> None:
    """Make a tree as planned; what clashes with something that is there is left out."""
    made: list[bytes] = [b"."]
    for parts, what in plan:
        path = os.path.join(os.fsencode(top), *parts)
        if os.path.lexists(path) or not _is_real(os.path.dirname(path), os.fsencode(top)):
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if what is None:
            os.mkdir(path)
        elif isinstance(what, bytes):
            with open(path, "xb") as file:
                file.write(what)
            os.chmod(path, 0o755 if len(what) % 2 else 0o644)
        else:
            target = os.path.join(os.fsencode(top), made[what % len(made)])
            os.symlink(os.path.relpath(target, os.path.dirname(path)), path)
        made.append(os.path.relpath(path, os.fsencode(top)))


def _is_real(folder: bytes, top: bytes) -> bool:
    """Whether a path to a folder goes through neither files nor links."""
    while folder != top:
        if os.path.islink(folder) or (os.path.exists(folder) and not os.path.isdir(folder)):
            return False
        folder = os.path.dirname(folder)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold fewer names")
@given(plan=st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), CONTENT), max_size=12))
def test_any_tree_that_the_engine_packs_comes_back(plan: list[tuple[list[bytes], bytes | int | None]]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        top = Path(temporary)
        made, out = top / "made", top / "out"
        made.mkdir()
        out.mkdir()
        grown(made, plan)
        store = FolderStore(top / "buckets")
        store.make_bucket("b")
        artifacts.upload([made], store, bucket="b", key="model.tar.gz", scratch=top / "scratch")
        if tree(made):
            unpack.unpack(store.root / "b/model.tar.gz", out, address="s3://b/model.tar.gz")
        assert tree(out) == tree(made)


PART = st.sampled_from(["a", "b", "A", "..", ".", "", "in", "out", "beside", "x" * 120])
PATH = st.one_of(st.lists(PART, min_size=1, max_size=5).map("/".join), st.sampled_from(["/etc/x", "/", "../../secret"]))
KIND = st.sampled_from([REG, REG, DIR, SYM, SYM, SYM, HARD, tarfile.FIFOTYPE])
HOSTILE = st.builds(member, PATH, KIND, PATH, st.integers(0, 0o7777))


@settings(max_examples=examples(100, 5000), deadline=None)
@given(members=st.lists(HOSTILE, max_size=8))
def test_no_list_of_members_reaches_outside(members: list[tarfile.TarInfo]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        try:
            Desk(Path(temporary)).unpack(packed(members))
        except UnsafeArchive:
            return


@settings(max_examples=examples(100, 5000), deadline=None)
@given(cut=st.integers(0, len(WHOLE)), changes=st.lists(st.tuples(st.integers(0, 512 * 6), st.integers(0, 255))))
def test_no_damage_ends_in_anything_but_a_refusal(cut: int, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(packed([member("a"), member("l", SYM, "a"), member("x" * 200), member("d", DIR)]))[: cut + 1]
    for where, byte in changes:
        damaged[where % len(damaged)] = byte
    with tempfile.TemporaryDirectory() as temporary:
        try:
            Desk(Path(temporary)).unpack(bytes(damaged))
        except UnsafeArchive:
            return


PACKED = gzip.compress(packed([member("a"), member("l", SYM, "a"), member("x" * 200), member("d/e", SYM, "..")]))
CHANGES = st.lists(st.tuples(st.integers(0, len(PACKED)), st.integers(0, 255), st.sampled_from(["set", "cut", "add"])))


@settings(max_examples=examples(100, 10_000), deadline=None)
@given(changes=CHANGES, most=st.integers(1, 600))
def test_no_damage_to_the_packed_bytes_ends_in_anything_but_a_refusal(
    changes: list[tuple[int, int, str]], most: int
) -> None:
    damaged = bytearray(PACKED)
    for where, byte, what in changes:
        at = where % (len(damaged) + 1)
        damaged[at : at + (what != "add")] = b"" if what == "cut" else bytes([byte])
    with tempfile.TemporaryDirectory() as temporary:
        desk = Desk(Path(temporary))
        before = desk.beside()
        with suppress(UnsafeArchive):
            arrived(bytes(damaged), desk.out, most)
        assert desk.beside() == before
        desk.check()
