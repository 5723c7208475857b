"""Unpacks an archive that an earlier job left, such as its ``model.tar.gz``, without letting it touch anything else."""

import os
import tarfile
import tempfile
import zlib

ENDINGS = (".tar.gz", ".tgz", ".tar")
PACKED_AT = "/opt/ml/model"  # where jobs fill model.tar.gz; links in AWS's archives may still lead there
OUTPUT_PACKED_AT = "/opt/ml/output/data"  # the same of output.tar.gz


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
    that is at fault is written, and ValueError for a file that is no archive or ends early.
    """
    to = tempfile.mkdtemp(prefix="unpacked-") if to is None else to
    os.makedirs(to, exist_ok=True)
    top = os.path.realpath(to)
    packed_at = OUTPUT_PACKED_AT if os.path.basename(archive).startswith("output.") else PACKED_AT
    user, group = getattr(os, "getuid", int)(), getattr(os, "getgid", int)()  # Windows has neither
    try:
        with tarfile.open(archive, encoding="utf-8", errors="surrogateescape") as tar:
            tar.extraction_filter = lambda member, _: member  # type: ignore[assignment, misc]  # ours is stricter
            for member in tar:
                if member.issym():
                    member.linkname = _in_new_place(member.name, member.linkname, packed_at)
                _check(member, top)
                member.uid, member.gid, member.uname, member.gname = user, group, "", ""
                member.mode = member.mode & 0o777 | (0o700 if member.isdir() else 0o600)
                tar.extract(member, top)
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise ValueError("{} cannot be unpacked: {}".format(archive, error)) from error
    return to


def _in_new_place(name: str, target: str, packed_at: str) -> str:
    if not (target + "/").startswith(packed_at + "/"):
        return target
    depth = len([part for part in name.split("/")[:-1] if part not in ("", ".")])
    return "../" * depth + target[len(packed_at) :].strip("/") or "."


def _check(member: tarfile.TarInfo, top: str) -> None:
    target = os.path.join(top, member.name)
    if member.name.startswith("/") or ".." in member.name.split("/") or not _is_inside(os.path.dirname(target), top):
        raise UnsafeArchive("the name {!r} leads outside".format(member.name))
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise UnsafeArchive("{!r} is no file, folder or link".format(member.name))
    start = top if member.islnk() else os.path.dirname(target)
    if member.linkname and not _is_inside(os.path.join(start, member.linkname), top):
        raise UnsafeArchive("the link {!r} leads to {!r}, which is outside".format(member.name, member.linkname))
    if os.path.islink(target):  # an earlier member, or what was there: a file is written, never what a link leads to
        os.unlink(target)


def _is_inside(path: str, top: str) -> bool:
    return (os.path.realpath(path) + os.sep).startswith(top + os.sep)
