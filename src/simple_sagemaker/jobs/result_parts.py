"""The parts of a folder of results, each built beside its place and swapped in as a whole.

A part being built is a hidden folder beside its place, ``.model.new-<16 hex digits>``, with ``part`` (what becomes the
part), ``old`` (the previous part, only during the swap) and ``packed`` (the archive being unpacked). A killed run
leaves it behind; the next one that downloads anything to the folder finishes the swap or removes it. One with a file
``goes-on`` can be resumed, and is kept until something else is downloaded to its place: ``before-1`` and so on are what
earlier tries had, ``arriving`` what they had of single files.
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
from ..storage.file_copy import exclusive

Part = TaskOutput | Literal["logs"]
NAMES: tuple[Part, ...] = ("logs", "model", "output", "state", "source")
_MAKING = re.compile(rf"\.({'|'.join(NAMES)})\.new-[0-9a-f]{{16}}")
Fill = Callable[[Path], object]
_PART, _OLD, PACKED = "part", "old", "packed"
_GOES_ON, _BEFORE, ARRIVING = "goes-on", "before-", "arriving"
_OURS = "user.ssm.part"  # an extended attribute of the folders we made, xattr(7)


class NotDownloaded(SsmError):
    """Results could not be saved in the folder asked for; what was there before is unchanged."""


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Create the folder if needed, keep other ssm commands out of it, and clean up after killed ones."""
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder):
        for left in sorted(folder.iterdir()):
            match = _MAKING.fullmatch(left.name)
            if match and left.is_dir() and not left.is_symlink() and not _can_go_on(left):
                _settle(left, folder / match.group(1))
        yield


def replace(folder: Path, name: str, fill: Fill, *, address: str = "") -> None:
    """Let ``fill`` fill an empty folder, then swap it in as the part ``name``. The caller has locked ``folder``.

    Killed at any moment, either the old part or the new one is there, at the latest when the folder is locked again.
    With the ``address`` that it is filled from, a try that ends early is kept for the next one
    (:func:`earlier_tries`), unless ``fill`` raises NotDownloaded or UnsafeArchive.
    """
    place = folder / name
    check_ours(folder, name)
    making = folder / f".{name}.new-{_number(address)}"
    _forget_others(folder, name, making)
    _begin(making, goes_on=bool(address))
    try:
        _fill_and_swap(making, place, fill)
    except (NotDownloaded, UnsafeArchive):
        (making / _GOES_ON).unlink(missing_ok=True)
        raise
    finally:
        if not _can_go_on(making):
            _settle(making, place)


def earlier_tries(part: Path) -> list[Path]:
    """The folders left by earlier tries to fill ``part``; their content may be moved away."""
    return sorted(part.parent.glob(f"{_BEFORE}*"))


def _fill_and_swap(making: Path, place: Path, fill: Fill) -> None:
    part = making / _PART
    fill(part)
    (making / _GOES_ON).unlink(missing_ok=True)  # complete: nothing to resume
    _mark_ours(part)
    if place.exists():
        os.rename(place, making / _OLD)
    os.rename(part, place)


def _number(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16] if address else secrets.token_hex(8)


def _can_go_on(making: Path) -> bool:
    return (making / _GOES_ON).is_file() and not (making / _OLD).exists()


def _forget_others(folder: Path, name: str, making: Path) -> None:
    """Remove what was kept of tries that downloaded something else to the place."""
    for left in folder.glob(f".{name}.new-*"):
        if left != making and _MAKING.fullmatch(left.name) and _can_go_on(left):
            (left / _GOES_ON).unlink(missing_ok=True)
            shutil.rmtree(left, ignore_errors=True)


def _begin(making: Path, *, goes_on: bool) -> None:
    """Create an empty part; set aside what an earlier try had of it."""
    making.mkdir(exist_ok=goes_on)
    if goes_on:
        (making / _GOES_ON).touch()
    if (making / _PART).exists():
        os.rename(making / _PART, making / f"{_BEFORE}{len(earlier_tries(making / _PART)) + 1}")
    (making / _PART).mkdir()


def check_ours(folder: Path, name: str) -> None:
    """Raise NotDownloaded if a part's place is taken by something that we did not put there: it is never replaced."""
    place = folder / name
    _check_place(place)
    if place.is_dir() and any(place.iterdir()) and _is_foreign(place):
        raise NotDownloaded(
            f"{place}/ exists already, and is not an earlier download of results: it is left as it is.\n"
            "Choose another folder, or move it away."
        )


def parts_of(download: Download) -> list[Part]:
    """The parts to download."""
    return [name for name in NAMES if getattr(download, name)]


def check_all_ours(download: Download) -> None:
    """Raise NotDownloaded, before a job, for what could not be downloaded after it."""
    if download.path is not None and download.path.is_dir():
        for name in parts_of(download):
            check_ours(download.path, name)


def _mark_ours(part: Path) -> None:
    """Mark a folder as ours, where the file system has extended attributes."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setxattr(part, _OURS, b"1")


def _is_foreign(place: Path) -> bool:
    """Whether a folder certainly is not ours: it has no mark, on a file system with extended attributes."""
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
        raise NotDownloaded(
            f"{place} is {kind}, where a folder is to be saved.\nMove it away, or choose another folder."
        )


def _settle(making: Path, place: Path) -> None:
    """Finish a swap that was begun, and remove what it leaves.

    Only a complete part replaces the old one, so if ``old`` exists ``part`` is complete. ``old`` is removed first and
    so is never beside a half-removed part.
    """
    old, part = making / _OLD, making / _PART
    if old.exists() and part.exists() and not os.path.lexists(place):
        os.rename(part, place)
    shutil.rmtree(old, ignore_errors=True)
    if not old.exists():
        shutil.rmtree(making, ignore_errors=True)
