"""The parts of a folder of results, each made beside its place and put there as a whole.

A part in the making is a hidden folder beside its place, ``.model.new-<16 hex digits>``, with ``part`` (what becomes
the part), ``old`` (what was there before, only while the two change places) and ``packed`` (an archive that is
unpacked). A run that is killed leaves it behind; the next one that brings anything to the folder finishes what it began
or removes it. One with a file ``goes-on`` can be gone on with, and is kept until something else is brought to its
place: ``before-1`` and so on are what earlier tries had, ``arriving`` what they had of single files.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from ..core.specs import Download, TaskOutput
from ..errors import SsmError
from ..storage.archives.unpack import UnsafeArchive

Part = TaskOutput | Literal["logs"]
NAMES: tuple[Part, ...] = ("logs", "model", "output", "state", "source")
_MAKING = re.compile(rf"\.({'|'.join(NAMES)})\.new-[0-9a-f]{{16}}")
Fill = Callable[[Path], object]
_PART, _OLD, PACKED = "part", "old", "packed"
_GOES_ON, _BEFORE, ARRIVING = "goes-on", "before-", "arriving"
_OURS = "user.ssm.part"  # an extended attribute of the folders that we made, xattr(7)


class NotBrought(SsmError):
    """Results could not be put where they were asked for; what was there before is still there."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder when it is not there, keep other commands of ours out, and settle what killed ones left."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        for left in sorted(folder.iterdir()):
            found = _MAKING.fullmatch(left.name)
            if found and left.is_dir() and not left.is_symlink() and not _can_go_on(left):
                _settle(left, folder / found.group(1))
        yield


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":  # it locks no folders: two commands at once are on their own there
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network's folder that knows no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace(folder: Path, name: str, fill: Fill, *, address: str = "") -> None:
    """Let ``fill`` fill an empty folder and put it in the place ``name``. ``folder`` is held.

    Killed at any moment, the old part or the new one is there, at the latest when the folder is held again. With the
    ``address`` that it is filled from, a try that ends early is kept for the next one (:func:`earlier_tries`), except
    where ``fill`` raises NotBrought or UnsafeArchive.
    """
    place = folder / name
    check_ours(folder, name)
    making = folder / f".{name}.new-{_number(address)}"
    _forget_others(folder, name, making)
    _begin(making, goes_on=bool(address))
    try:
        _fill_and_swap(making, place, fill)
    except (NotBrought, UnsafeArchive):
        (making / _GOES_ON).unlink(missing_ok=True)
        raise
    finally:
        if not _can_go_on(making):
            _settle(making, place)


def earlier_tries(part: Path) -> list[Path]:
    """The folders that earlier tries to fill ``part`` have left; what they have may be taken away."""
    return sorted(part.parent.glob(f"{_BEFORE}*"))


def _fill_and_swap(making: Path, place: Path, fill: Fill) -> None:
    part = making / _PART
    fill(part)
    (making / _GOES_ON).unlink(missing_ok=True)  # it is whole, and takes its place
    _mark_ours(part)
    if place.exists():
        os.rename(place, making / _OLD)
    os.rename(part, place)


def _number(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16] if address else secrets.token_hex(8)


def _can_go_on(making: Path) -> bool:
    return (making / _GOES_ON).is_file() and not (making / _OLD).exists()


def _forget_others(folder: Path, name: str, making: Path) -> None:
    """Remove what was kept of tries that brought something else to the place."""
    for left in folder.glob(f".{name}.new-*"):
        if left != making and _MAKING.fullmatch(left.name) and _can_go_on(left):
            (left / _GOES_ON).unlink(missing_ok=True)
            shutil.rmtree(left, ignore_errors=True)


def _begin(making: Path, *, goes_on: bool) -> None:
    """An empty part; what an earlier try had of it is put aside."""
    making.mkdir(exist_ok=goes_on)
    if goes_on:
        (making / _GOES_ON).touch()
    if (making / _PART).exists():
        os.rename(making / _PART, making / f"{_BEFORE}{len(earlier_tries(making / _PART)) + 1}")
    (making / _PART).mkdir()


def check_ours(folder: Path, name: str) -> None:
    """Raise NotBrought where something stands in a part's place that we did not put there: it is never replaced."""
    place = folder / name
    _check_place(place)
    if place.is_dir() and any(place.iterdir()) and _is_foreign(place):
        raise NotBrought(
            f"{place}/ is there already, and not as a result that was brought before: it is left as it is.\n"
            "Choose another folder, or move it away."
        )


def wanted(download: Download) -> list[Part]:
    """The parts that are to be brought."""
    return [name for name in NAMES if getattr(download, name)]


def check_all_ours(download: Download) -> None:
    """Raise NotBrought, before a job, for what could not be brought after it."""
    if download.path is not None and download.path.is_dir():
        for name in wanted(download):
            check_ours(download.path, name)


def _mark_ours(part: Path) -> None:
    """Mark a folder as one that we made, where the file system keeps such marks."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setxattr(part, _OURS, b"1")


def _is_foreign(place: Path) -> bool:
    """Whether a folder surely is not ours: without a mark, in a file system that keeps marks."""
    if sys.platform != "linux":
        return False
    try:
        os.getxattr(place, _OURS)
    except OSError as error:
        return error.errno == errno.ENODATA
    return False


def _check_place(place: Path) -> None:
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        kind = "a link" if place.is_symlink() else "a file"
        raise NotBrought(
            f"{place} is {kind}, and a folder is to be put there.\nMove it away, or choose another folder."
        )


def _settle(making: Path, place: Path) -> None:
    """Finish a change of places that was begun, and remove what it leaves.

    Only a whole part ever sends the old one away, so with ``old`` there ``part`` is whole. ``old`` goes first and thus
    never stands beside a part that is half removed.
    """
    old, part = making / _OLD, making / _PART
    if old.exists() and part.exists() and not os.path.lexists(place):
        os.rename(part, place)
    shutil.rmtree(old, ignore_errors=True)
    if not old.exists():
        shutil.rmtree(making, ignore_errors=True)
