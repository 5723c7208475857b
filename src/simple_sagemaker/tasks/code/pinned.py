"""What a lock file says of one package, and the errors for locks that cannot be installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from ...core.records import dataclass
from ...errors import UsageError

PYLOCK, UV_LOCK = "pylock.toml", "uv.lock"

Table = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One package at one version: where it applies, and the digests of the files that may be installed.

    ``url`` is where it comes from if no index has it, ``index`` the index that has it.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    url: str = ""
    index: str = ""


def refuse(name: str, why: str, advice: str = "") -> NoReturn:
    """Raise the error for a lock file that cannot be used."""
    raise UsageError(
        f"{name} cannot be installed: {why}.\n"
        + (advice or f"Lock the project again, or leave the file out with a line {name} in .ssmignore.")
    )


def without(lock: str, name: str) -> str:
    """What to do about a package that has no hash."""
    return (
        f"Take {name} from an index that names hashes, and lock again; or write a requirements.txt, which {lock} "
        "yields to."
    )


def from_folder(lock: str, name: str, folder: str) -> NoReturn:
    """Raise the error for a package that is a folder of the person's machine."""
    refuse(
        lock,
        f"{name} is the folder {folder}, which has no hash",
        f"Pack the folder with the code, and write what else is needed in a requirements.txt, which {lock} yields to.",
    )


def from_repository(lock: str, name: str) -> NoReturn:
    """Raise the error for a package from a repository."""
    refuse(lock, f"{name} comes from a repository, which has no hash", without(lock, name))


def digests(files: Iterable[Table]) -> tuple[str, ...]:
    """The digests of a package's files, as pip names them, the strongest kind of each."""
    known = []
    for file in files:
        if isinstance(file.get("hash"), str):
            known.append(file["hash"])
        hashes = file.get("hashes") or {}
        known += [f"{kind}:{hashes[kind]}" for kind in ("sha512", "sha384", "sha256") if kind in hashes][:1]
    return tuple(dict.fromkeys(known))
