"""The person's code packed for a job: one archive with the launcher in it, and what starts it.

Comes in: a task's code. Goes out: ``sourcedir.tar.gz`` (the same bytes for the same content), ``run.json`` and the
files that lie beside them in the hidden channel; for an algorithm, which has no code, ``run.json`` alone. Nothing is
written anywhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import layout, payload
from .errors import InputNotFound, UsageError
from .specs import TaskSpec, starts_by_toolkit
from .storage import Store

RUN_VERSION = 1
_ROUNDS = 100_000  # some 30 ms for each guess at what a job's environment held
_JUNK = frozenset({"__pycache__", ".git", ".hg", ".svn", ".venv", "node_modules", ".tox", ".mypy_cache", ".DS_Store"})
_LEVEL = 6
_REQUIREMENTS = "requirements.txt"

Member = tuple[int, bytes]  # mode and content
Members = dict[str, Member]


def collect(spec: TaskSpec, store: Store) -> Members:
    """The person's code, all of it, by name. Raises InputNotFound for an ``s3://`` source that is not there.

    Raises UsageError for requirements that no job without a network could install.
    """
    found = dict(_members(spec, store))
    if spec.security.network_isolation and _REQUIREMENTS in found and _installs(spec, found):
        raise UsageError(
            f"--network_isolation: the code has a {_REQUIREMENTS}, and a job without a network can install nothing.\n"
            "Leave it out of the code, and use an image that has the packages: --docker_file_path_or_content builds "
            "one, --image_uri names one."
        )
    return found


def _installs(spec: TaskSpec, members: Members) -> bool:
    """Whether requirements are installed before the code runs: not for shell scripts and commands, as AWS has it.

    AWS's toolkit knows our launcher alone, which is a Python program.
    """
    name = spec.code.entry_point or ""
    in_python = name.endswith(".py") or ("setup.py" in members and bool(name) and not name.endswith(".sh"))
    return in_python or starts_by_toolkit(spec)


def pack(spec: TaskSpec, members: Members, fingerprint: dict[str, str]) -> dict[str, bytes]:
    """The files of a job's ``source/`` folder by name: the packed code, and what starts it."""
    members = dict(members)
    run = json.dumps(run_file(spec, fingerprint), indent=1).encode()
    if spec.kind == "algorithm":
        return {layout.RUN_FILE: run}
    for name in payload.CODE_FILES:
        members[name] = (0o644, (payload.FOLDER / name).read_bytes())
    members[layout.RUN_FILE] = (0o644, run)
    channel = {name: (payload.FOLDER / name).read_bytes() for name in payload.CHANNEL_FILES}
    return {**channel, layout.RUN_FILE: run, layout.TARBALL: _archive(members)}


def fingerprint(spec: TaskSpec, members: Members, image_content: str | None = None) -> dict[str, str]:
    """Digests of what a job is made from, by the words for them. Inputs are not among them: they cost a listing.

    ``image_content`` is a digest of what an image of the person's own is built from.
    """
    image = spec.image
    parts = {
        "code": _digest(members),
        "entry point": spec.code.entry_point,
        "command line": spec.code.command,
        "arguments": list(spec.arguments),
        "hyperparameters": dict(spec.hyperparameters),
        "distribution": spec.launch_distribution,
        "image": [
            image.framework,
            image.framework_version,
            image.py_version,
            image_content,
            image.image_tag,
            image.uri,
        ],
    }
    digests = {name: _hash(json.dumps(part, sort_keys=True).encode()) for name, part in parts.items()}
    return {**digests, "environment": _environment_digest(spec)}


def _environment_digest(spec: TaskSpec) -> str:
    """A digest of the job's variables that gives nothing away to whoever may read ``run.json``.

    It is keyed by the task, so that it is the same wherever the task is typed and no table of digests serves for two
    tasks; it is slow, so that trying out values costs time; and it is of all variables at once.
    """
    if not spec.environment:
        return ""
    place = spec.place
    key = json.dumps([place.prefix, place.project, place.task]).encode()
    text = json.dumps(dict(spec.environment), sort_keys=True).encode()
    return hashlib.pbkdf2_hmac("sha256", text, key, _ROUNDS, dklen=16).hex()


def run_file(spec: TaskSpec, fingerprint: dict[str, str]) -> dict[str, Any]:
    """What ``run.json`` says: what the launcher starts, with which words, and what the job was made from."""
    return {
        "version": RUN_VERSION,
        "kind": spec.kind,
        "entry_point": spec.code.entry_point,
        "command": spec.code.command,
        "arguments": list(spec.arguments),
        "distribution": spec.launch_distribution,
        "fingerprint": fingerprint,
    }


def _members(spec: TaskSpec, store: Store) -> Iterator[tuple[str, Member]]:
    code = spec.code
    if code.source_uri:
        yield from _fetched(code.source_uri, code.entry_point, store)
    if code.source_dir:
        yield from _folder(code.source_dir, "")
    if code.entry_file:
        yield code.entry_file.name, _file(code.entry_file)
    for path in code.dependencies:
        if path.is_dir():
            yield from _folder(path, f"{path.resolve().name}/")
        else:
            yield path.name, _file(path)


def _folder(folder: Path, prefix: str, above: frozenset[Path] = frozenset()) -> Iterator[tuple[str, Member]]:
    here = folder.resolve()
    if here in above:
        raise UsageError(f"The link {str(folder)!r} leads back to a folder that it lies in.\nRemove it.")
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.name in _JUNK or entry.name.endswith(".pyc"):
            continue
        path = Path(entry.path)
        if entry.is_dir():
            yield from _folder(path, f"{prefix}{entry.name}/", above | {here})
        elif entry.is_file():
            yield prefix + entry.name, _file(path)
        elif entry.is_symlink():
            raise UsageError(f"The link {str(path)!r} leads nowhere, so it cannot be packed.\nRemove or mend it.")


def _file(path: Path) -> Member:
    return (0o755 if path.stat().st_mode & 0o100 else 0o644), path.read_bytes()


def _fetched(uri: str, entry_point: str | None, store: Store) -> Iterator[tuple[str, Member]]:
    bucket, key = layout.split_uri(uri)
    try:
        data = store.read(bucket, key)
    except FileNotFoundError as error:
        raise InputNotFound(f"--source_dir reads {uri}, and nothing is there.\nCheck the address.") from error
    found = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content:
                    name = member.name.removeprefix("./")
                    found.add(name)
                    yield name, (0o755 if member.mode & 0o100 else 0o644, content.read())
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise UsageError(f"--source_dir {uri} is not a tar.gz archive: {error}\nPack it with tar czf.") from error
    if entry_point not in found:
        raise InputNotFound(f"--entry_point {entry_point} is not in {uri}.\nName a file at the root of the archive.")


def _archive(members: dict[str, Member]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(members):
            mode, content = members[name]
            member = tarfile.TarInfo(name)
            member.mode, member.size, member.mtime = mode, len(content), 0
            archive.addfile(member, io.BytesIO(content))
    packer = zlib.compressobj(_LEVEL, wbits=zlib.MAX_WBITS | 16)  # a gzip header without name and time
    return packer.compress(plain.getvalue()) + packer.flush()


def _digest(members: Members) -> str:
    parts = [f"{name}\0{mode:o}\0{_hash(content)}" for name, (mode, content) in sorted(members.items())]
    return _hash("\n".join(parts).encode("utf-8", "surrogateescape"))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
