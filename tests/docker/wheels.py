"""Wheels of what is installed here, offered to pip on this machine: a Dockerfile runs as it stands, offline."""

from __future__ import annotations

import base64
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

# Written by pip when it installs, and made anew where a wheel is installed.
_OF_THE_INSTALLATION = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


def needed(*wanted: str) -> dict[str, metadata.Distribution]:
    """The installed distributions that these requirements lead to, by name; not what is installed as editable."""
    found: dict[str, metadata.Distribution] = {}
    asked: set[tuple[str, str]] = set()
    left = [Requirement(one) for one in wanted]
    while left:
        one = left.pop()
        name = canonicalize_name(one.name)
        distribution = metadata.distribution(name)
        found[name] = distribution
        for extra in {"", *one.extras}:
            if (name, extra) in asked:
                continue
            asked.add((name, extra))
            needs = map(Requirement, distribution.requires or [])
            left += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return found


def pack(distribution: metadata.Distribution, folder: Path) -> None:
    """Write a wheel of an installed distribution, without what lies outside ``site-packages``."""
    about = f"{canonicalize_name(distribution.name).replace('-', '_')}-{distribution.version}.dist-info"
    packed: dict[str, bytes] = {}
    for file in distribution.files or []:
        inside = file.parts[0].endswith(".dist-info")
        kept = ".." not in file.parts and file.suffix != ".pyc" and not (inside and file.name in _OF_THE_INSTALLATION)
        if kept:
            name = "/".join([about, *file.parts[1:]]) if inside else file.as_posix()
            packed[name] = Path(str(file.locate())).read_bytes()
    rows = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in packed.items()]
    packed[f"{about}/RECORD"] = "".join([*rows, f"{about}/RECORD,,\n"]).encode()
    name = f"{about.removesuffix('.dist-info')}-{_tag(distribution)}.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for path, content in packed.items():
            wheel.writestr(path, content)


def _tag(distribution: metadata.Distribution) -> str:
    """A tag of the wheel that was installed, which fits here."""
    text = distribution.read_text("WHEEL") or ""
    built_for = {line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Tag:")}
    return next(str(tag) for tag in sys_tags() if str(tag) in built_for)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing of each file."""


@contextmanager
def offered(folder: Path) -> Iterator[str]:
    """The address at which pip finds a folder's wheels (``PIP_FIND_LINKS``)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
