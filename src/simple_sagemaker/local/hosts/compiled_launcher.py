"""The launcher, compiled once and kept in the home: compiling it costs each host 20 ms, which is a third of its start.

The files are Python's own (``__pycache__``) and hold their source's hash, which Python compares with the source that it
imports (https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation): a job whose packed code brings
another launcher runs that one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from ...core import layout
from ...storage.private import make_private

_PACKAGE = "ssm_launcher"
_PLACES = (f"{layout.BASE}/code", f"{layout.BASE}/processing/input/code")  # where hosts have the unpacked code


def keep(payload: Path, cache: Path) -> Path:
    """Return the folder that holds our launcher compiled by this Python, made below ``cache`` if it is missing.

    For ``sys.pycache_prefix`` of a host: below it is the path that the launcher's folder has there.
    """
    sources = sorted((payload / _PACKAGE).glob("*.py"))
    stamps = [(file.name, status.st_size, status.st_mtime_ns) for file in sources for status in [file.stat()]]
    mark = hashlib.sha256(repr((sys.implementation.cache_tag, str(payload), stamps)).encode()).hexdigest()[:32]
    kept = cache / f"launcher-{mark}"
    if not kept.exists():
        make_private(cache)
        _compile(sources, kept)
    return kept


def show_at(base: Path, kept: Path, folder: Path) -> None:
    """Make ``folder`` show what is kept to a host that has ``/opt/ml`` at ``base``."""
    for place in _PLACES:
        seen = folder / str(base / Path(place).relative_to(layout.BASE)).lstrip("/")
        seen.mkdir(parents=True)
        (seen / _PACKAGE).symlink_to(os.path.relpath(kept / _PACKAGE, seen))


def _compile(sources: list[Path], to: Path) -> None:
    from importlib.util import cache_from_source  # once in a home
    from py_compile import PycInvalidationMode
    from py_compile import compile as compile_file

    scratch = to.with_name(f"{to.name}.{os.urandom(8).hex()}")
    (scratch / _PACKAGE).mkdir(parents=True)
    for file in sources:
        name = os.path.basename(cache_from_source(str(file)))
        compile_file(
            str(file),
            str(scratch / _PACKAGE / name),
            dfile=f"{_PACKAGE}/{file.name}",
            doraise=True,
            invalidation_mode=PycInvalidationMode.CHECKED_HASH,
        )
    show_at(Path(layout.BASE), scratch, scratch)
    with suppress(OSError):  # another job was first
        scratch.rename(to)
    shutil.rmtree(scratch, ignore_errors=True)
