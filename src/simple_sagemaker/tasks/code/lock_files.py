"""The requirements that a lock file beside the code pins, as a requirements file with hashes that any pip installs.

In: ``pylock.toml`` (PEP 751) or ``uv.lock``, and ``pyproject.toml`` if it is there. Out: its lines. They are made here,
where TOML can be read, because a job's Python may be 3.6; pip judges the markers, and compares the hashes, in the job.
"""

from __future__ import annotations

import re

from ...core.toml_text import read_toml
from .pinned import PYLOCK, Pinned, Table, refuse, without

# The launcher reads this line of the file (payload/ssm_launcher/requirements.py).
MARK = "# locked by {name}, for Python {python}"
_PYPI = "https://pypi.org/simple"
_LEGAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def read_lock(name: str, data: bytes, pyproject: bytes | None) -> list[str]:
    """The lines of a requirements file that installs what the lock file ``name`` pins, without the project itself.

    Raises UsageError for a lock that cannot be read, is older than ``pyproject``, or pins something without a hash.
    """
    table = parse(name, data)
    if name == PYLOCK:
        from . import pylock

        packages = pylock.pinned(table)
    else:
        from . import uv_lock

        packages = uv_lock.pinned(table, None if pyproject is None else parse("pyproject.toml", pyproject))
    python = str(table.get("requires-python") or "")
    indexes = dict.fromkeys(one.index for one in packages if one.index.startswith(("http:", "https:")))
    further = [index for index in indexes if index.rstrip("/") != _PYPI]
    return [
        MARK.format(name=name, python=python or "of any version"),
        *(f"--extra-index-url {index}" for index in further),
        *(_line(name, one) for one in sorted(packages, key=lambda one: (one.name, one.version))),
    ]


def parse(name: str, data: bytes) -> Table:
    """The content of a TOML file. Raises UsageError."""
    try:
        table: Table = read_toml(data.decode("utf-8"))
    except ValueError as error:  # that it is not TOML, or not UTF-8
        refuse(name, f"it is not TOML: {error}")
    return table


def _line(lock: str, one: Pinned) -> str:
    """The line of a package. Raises UsageError for what pip would refuse, or would read as something else."""
    if not one.hashes:
        refuse(lock, f"{one.name} {one.version} has no hash in it", without(lock, one.name))
    texts = (one.name, one.version, one.marker, one.url, one.index, *one.hashes)
    if not _LEGAL.fullmatch(one.name) or any(re.search(r"[\r\n]| #", text) for text in texts):
        refuse(lock, f"{one.name!r} is no package that can be written in a requirements file")
    what = f"{one.name} @ {one.url}" if one.url else f"{one.name}=={one.version}"
    marker = f" ; {one.marker}" if one.marker else ""
    return what + marker + "".join(f" --hash={digest}" for digest in one.hashes)
