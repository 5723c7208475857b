"""Unpacks an archive that an earlier job left, such as its ``model.tar.gz``, without letting it touch anything else."""

import errno
import os
import struct
import tarfile
import tempfile
import zlib

_LONGEST_HEADER = 16 << 10
ENDINGS = (".tar.gz", ".tgz", ".tar")
PACKED_AT = "/opt/ml/model"  # where jobs fill model.tar.gz; links in AWS's archives may still lead there
OUTPUT_PACKED_AT = "/opt/ml/output/data"  # the same of output.tar.gz
# What tarfile raises for bytes that are not an archive, and the system's words for names that are none, or clash.
_DAMAGE = (
    *(tarfile.TarError, zlib.error, struct.error, EOFError),
    *(ValueError, LookupError, ArithmeticError, RecursionError),
)
_CLASHES = {
    None,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EINVAL,
    errno.EILSEQ,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}


class UnsafeArchive(ValueError):
    """An archive holds something that leads outside the folder, or is no file, folder or link."""


def unpack_channel(folder: str, to: "str | None") -> str:
    """Unpack the one archive that a channel's folder holds; return where. A folder without any is returned as it is."""
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(ENDINGS)]
    if not names:
        return folder
    if len(names) > 1:
        raise ValueError("{} holds several archives: {}".format(folder, ", ".join(names)))
    return unpack(os.path.join(folder, names[0]), to)


def unpack(archive: str, to: "str | None" = None) -> str:
    """Unpack an archive to a folder, by default to a new temporary one; return the folder.

    Names, modes and times are the archive's, the owner is whoever runs this. A link to where the job had the folder,
    such as ``/opt/ml/model/x``, leads to the same in the new one. Raises UnsafeArchive before the member
    that is at fault is written, and ValueError for a file that is no archive, is damaged, or has names that clash.
    """
    to = tempfile.mkdtemp(prefix="unpacked-") if to is None else to
    os.makedirs(to, exist_ok=True)
    top = os.path.realpath(to)
    packed_at = OUTPUT_PACKED_AT if os.path.basename(archive).startswith("output.") else PACKED_AT
    user, group = getattr(os, "getuid", int)(), getattr(os, "getgid", int)()  # Windows has neither
    try:
        with tarfile.open(archive, encoding="utf-8", errors="surrogateescape", tarinfo=_Member) as tar:
            tar.extraction_filter = lambda member, _: member  # type: ignore[assignment, misc]  # ours is stricter
            links = []
            for member in tar:
                if member.issym():
                    member.linkname = _in_new_place(member.name, member.linkname, packed_at)
                _check(member, top)
                member.uid, member.gid, member.uname, member.gname = user, group, "", ""
                member.mode = member.mode & 0o777 | (0o700 if member.isdir() else 0o600)
                tar.extract(member, top)
                if member.issym() or member.islnk():
                    links.append(os.path.join(top, member.name.rstrip("/")))
            _check_links(links, top)
    except UnsafeArchive:
        raise
    except _DAMAGE as error:
        raise ValueError("{} cannot be unpacked: {}".format(archive, error)) from error
    except OSError as error:
        if error.errno not in _CLASHES:  # such as a full disk
            raise
        raise ValueError("{} cannot be unpacked: {}".format(archive, error)) from error
    return to


class _Member(tarfile.TarInfo):
    """A member whose extended header has a bearable length: early releases of Python parse them in quadratic time.

    A header that is broken is damage: tarfile takes any but the first for the archive's end.
    """

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> "_Member":
        try:
            return super().fromtarfile(tar)
        except tarfile.HeaderError as error:
            if type(error).__name__ == "EOFHeaderError":
                raise
            raise tarfile.ReadError("a header is broken or missing: {}".format(error)) from error

    def _proc_pax(self, tar: tarfile.TarFile) -> "tarfile.TarInfo":
        if self.size > _LONGEST_HEADER:
            raise tarfile.ReadError("a header is longer than any name")
        return super()._proc_pax(tar)  # type: ignore[misc, no-any-return]


def _in_new_place(name: str, target: str, packed_at: str) -> str:
    if not (target + "/").startswith(packed_at + "/"):
        return target
    depth = len([part for part in name.split("/")[:-1] if part not in ("", ".")])
    return "../" * depth + target[len(packed_at) :].strip("/") or "."


def _check(member: tarfile.TarInfo, top: str) -> None:
    target = os.path.join(top, member.name.rstrip("/"))
    if member.name.startswith("/") or ".." in member.name.split("/") or not _is_inside(os.path.dirname(target), top):
        raise UnsafeArchive("the name {!r} leads outside".format(member.name))
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise UnsafeArchive("{!r} is no file, folder or link".format(member.name))
    start = top if member.islnk() else os.path.dirname(target)
    ends = [os.path.join(start, member.linkname)] if member.linkname else []
    if member.islnk() and ends and os.path.islink(ends[0].rstrip("/")):  # it leads elsewhere from here than from there
        ends.append(os.path.join(os.path.dirname(target), os.readlink(ends[0].rstrip("/"))))
    if not all(_is_inside(end, top) for end in ends):
        raise UnsafeArchive("the link {!r} leads to {!r}, which is outside".format(member.name, member.linkname))
    if os.path.islink(target):  # an earlier member, or what was there: a file is written, never what a link leads to
        os.unlink(target)


def _check_links(links: "list[str]", top: str) -> None:
    """Remove the links that lead outside after all, through a later member."""
    outside = [link for link in links if os.path.islink(link) and not _is_inside(link, top)]
    for link in outside:
        os.unlink(link)
    if outside:
        raise UnsafeArchive("the link {!r} leads outside".format(os.path.relpath(outside[0], top)))


def _is_inside(path: str, top: str) -> bool:
    return (os.path.realpath(path) + os.sep).startswith(top + os.sep)
