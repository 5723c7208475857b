"""Where the project file is: ``ssm.toml``, or a pyproject.toml with ``[tool.ssm]``, here or in a folder above.

Every command looks, also where there is none, so this loads nothing, and asks the system two questions a folder.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping

from ...errors import UsageError

NAME, SHARED_NAME = "ssm.toml", "pyproject.toml"
VARIABLE = "SSM_PROJECT_FILE"
_OTHER_FORMS = ("ssm.yaml", "ssm.yml", "ssm.json", "ssm.ini", "ssm.cfg")
_LARGEST = 1 << 20  # bytes
_FLAGS: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Candidate:
    """A file that may be the project file: its path and content.

    ``is_shared`` is a pyproject.toml, in which other programs have their tables too; ``owner`` is the other user whose
    file it is, else None.
    """

    __slots__ = ("data", "is_shared", "owner", "path")

    def __init__(self, path: str, data: bytes, *, is_shared: bool, owner: int | None = None) -> None:
        self.path = path
        self.data = data
        self.is_shared = is_shared
        self.owner = owner


def candidates(environment: Mapping[str, str]) -> Iterator[Candidate]:
    """The files that may be the project file, nearest first; the first that has our tables is.

    ``SSM_PROJECT_FILE`` names one, whoever owns it, and the null device for none. Otherwise the search goes up from the
    current folder. It ends at the user's home, and before a folder of another user, who could put a file there. Raises
    UsageError for a file that cannot be read.
    """
    if named := environment.get(VARIABLE):
        if named != os.devnull:
            yield named_file(named, f"{VARIABLE}={named}")
        return
    users = _users(environment)
    for folder in _folders(environment, users):
        for name in (NAME, SHARED_NAME):
            candidate = _look(os.path.join(folder, name), users, is_shared=name == SHARED_NAME)
            if candidate is not None:
                yield candidate


def advise_form() -> str:
    """What to do about a file in the current folder that may be meant as the project file; "" for none."""
    meant = next(filter(os.path.lexists, _OTHER_FORMS), "")
    return f"{meant} is not read: the project file is {NAME}, written in TOML." if meant else ""


def named_file(path: str, name: str) -> Candidate:
    """A file that was named, as ``name`` tells, and is used whoever owns it. Raises UsageError."""
    try:
        data = _read(path)[0]
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}.\nName an existing project file.") from error
    return Candidate(os.path.abspath(path), data, is_shared=os.path.basename(path) == SHARED_NAME)


def refuse_owner(candidate: Candidate) -> None:
    """Raise UsageError for a file of another user, who would choose what runs with this user's rights."""
    if candidate.owner is None:
        return
    from shlex import quote

    raise UsageError(
        f"{candidate.path} belongs to another user (number {candidate.owner}), who would choose what you run and where "
        f"your data goes.\nIf you trust it: {VARIABLE}={quote(candidate.path)}; "
        f"to work without it: {VARIABLE}={os.devnull}"
    )


def _users(environment: Mapping[str, str]) -> frozenset[int]:
    """The users whose files are trusted: this one, and under sudo the one who typed it. Empty on Windows."""
    if sys.platform == "win32":
        return frozenset()
    user = os.geteuid()
    sudo = environment.get("SUDO_UID", "")
    if user == 0 and sudo.isascii() and sudo.isdigit():
        return frozenset({user, int(sudo)})
    return frozenset({user})


def _folders(environment: Mapping[str, str], users: frozenset[int]) -> Iterator[str]:
    """The current folder, and those above it that are this user's, up to the home."""
    try:
        folder = os.getcwd()
        home = os.path.realpath(environment.get("HOME") or os.path.expanduser("~"))
        while True:
            yield folder
            above = os.path.dirname(folder)
            if folder in {home, above} or (users and os.stat(above).st_uid not in users):
                return
            folder = above
    except OSError:  # the current folder was deleted, or one above it cannot be seen
        return


def _look(path: str, users: frozenset[int], *, is_shared: bool) -> Candidate | None:
    """The file at a path, if it may be ours; None where there is none. Raises UsageError."""
    try:
        link = os.lstat(path)
    except (OSError, ValueError):
        return None
    try:
        data, file = _read(path)
    except OSError as error:
        if is_shared:  # some other program's, as far as we can know
            return None
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}.\nMend it, or work without it: {VARIABLE}={os.devnull}"
        ) from error
    if is_shared and b"ssm" not in data:
        return None
    owners = [one.st_uid for one in (link, file) if users and one.st_uid not in users]
    return Candidate(path, data, is_shared=is_shared, owner=owners[0] if owners else None)


def _read(path: str) -> tuple[bytes, os.stat_result]:
    """The content of a regular file, which is not waited for, and what the system knows of it. Raises OSError."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _FLAGS)) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "It is no regular file", path)
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise OSError(0, f"It has more than {_LARGEST} bytes", path)
    return data, state
