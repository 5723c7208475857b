"""The person's code packed for a job: one archive with the launcher in it, and the files that start it.

In: a task's code. Out: ``sourcedir.tar.gz`` (the same bytes for the same content), ``run.json`` and the files beside
them in the hidden channel; for an algorithm, which has no code, ``run.json`` alone. The code is read once, and a second
time if it is packed; memory holds its names alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ... import payload
from ...core import layout
from ...core.distribution import starts_by_toolkit
from ...core.progress import Meter
from ...core.records import dataclass
from ...core.specs import Spec
from ...core.store import Store
from ...errors import InputNotFound, UsageError
from .files import CodeFile, CodeFiles, read_again
from .fingerprint import digest_of, sha256
from .ignore import RULES
from .run_file import run_file

_REQUIREMENTS = "requirements.txt"
_LOCK_FILES = ("pylock.toml", "uv.lock")  # the one made to be installed first
_UNPACKED = "code"
_NOT_FOR_JOBS = ("fingerprint", "made_from")  # of run.json: what other commands read


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is in a job's ``source/`` folder beside the archive, by name, and what the archive is made from.

    ``digest`` is the same for archives of the same content, whoever packed them. There is no archive without code.
    """

    beside: dict[str, bytes]
    digest: str
    _code: CodeFiles | None
    _ours: dict[str, bytes]

    @property
    def has_archive(self) -> bool:
        """Whether there is an archive."""
        return self._code is not None

    def pack(self, to: Path, meter: Meter | None = None) -> None:
        """Write the archive; ``meter`` counts. Raises Changed for a file that changed since it was first read."""
        from ...storage.archives.tar_writer import Tarball

        files: dict[str, CodeFile | bytes] = {}
        folders: list[str] = []
        if self._code:
            files, folders = {**self._code.files}, self._code.folders
        files.update(self._ours)
        with open(to, "wb") as out, Tarball(out) as archive:
            for name in sorted([*files, *folders]):
                file = files.get(name)
                if file is None:
                    archive.folder(name)
                elif isinstance(file, bytes):
                    archive.content(name, file)
                else:
                    archive.pieces(name, read_again(file), size=file.size, mode=file.mode)
                    if meter:
                        meter.add_bytes(file.size)
                        meter.finish_file()


def collect(spec: Spec, store: Store, scratch: Callable[[], Path]) -> CodeFiles:
    """Collect all files of a task's code. ``scratch`` returns a folder that must outlive the result.

    Raises InputNotFound for an ``s3://`` source that does not exist, UsageError for code that cannot be packed or that
    no job could run as it is, and Changed for a file that is written to all the time.
    """
    files = CodeFiles()
    code = spec.code
    if code.source_uri:
        files.add_everything(_fetch(code.source_uri, store, scratch()))
    if code.source_dir:
        files.add_folder(code.source_dir, "", use_gitignore=code.use_gitignore)
    if code.entry_file:
        files.add_file(code.entry_file, code.entry_file.name)
    if code.entry_uri:
        files.add_file(_fetch_entry(code.entry_uri, store, scratch()), str(code.entry_point))
    for path in code.dependencies:
        name = os.path.basename(os.path.abspath(path))
        if path.is_dir():
            files.add_folder(path, f"{name}/", use_gitignore=code.use_gitignore)
        else:
            files.add_file(path, name)
    _add_requirements(spec, files)
    _check(spec, files)
    return files


def _add_requirements(spec: Spec, files: CodeFiles) -> None:
    """Add the requirements that the entry point's header lists, and say which requirements are not installed."""
    code = spec.code
    entry = files.files.get(code.entry_point or "")
    header = None
    if entry and str(code.entry_point).endswith(".py"):
        source = b"".join(read_again(entry))
        if b"# /// script" in source:
            from .script_header import read_header  # few scripts have any

            header = read_header(source, str(code.entry_point))
    if header and _REQUIREMENTS in files.files:
        files.notes.append(f"Code: {_REQUIREMENTS} is installed, not what the header of {code.entry_point} lists")
    elif header:
        files.script_requirements.extend(header.requirements)
    if header and header.python:
        files.notes.append(f"Code: that {code.entry_point} asks for Python {header.python} is not checked")
    _add_lock(spec, files, has_header=header is not None)
    for name in (_REQUIREMENTS, *_LOCK_FILES):
        beside = code.entry_file.parent / name if code.entry_file else None
        if beside and beside.is_file() and not header and not {_REQUIREMENTS, name} & {*files.files}:
            files.notes.append(f"Code: {beside} is not sent, nor installed: -d {beside} does both")
            return


def _add_lock(spec: Spec, files: CodeFiles, *, has_header: bool) -> None:
    """Add what a lock file among the code pins, unless something else says what is installed."""
    name = next((name for name in _LOCK_FILES if name in files.files), None)
    if name is None or not _installs_requirements(spec, files):
        return
    if _REQUIREMENTS in files.files:
        files.notes.append(f"Code: {_REQUIREMENTS} is installed, not what {name} pins")
    elif has_header:
        files.notes.append(f"Code: what the header of {spec.code.entry_point} lists is installed, not what {name} pins")
    elif spec.kind != "process" and "setup.py" in files.files:
        files.notes.append(f"Code: its setup.py is installed, not what {name} pins")
    else:
        from .lock_files import read_lock  # little code has any

        project = files.files.get("pyproject.toml")
        pyproject = b"".join(read_again(project)) if project else None
        lines = read_lock(name, b"".join(read_again(files.files[name])), pyproject)
        files.locked_requirements.extend(lines)
        count = sum("--hash=" in line for line in lines)
        files.notes.append(f"Code: {name} pins what is installed: {count} package{'' if count == 1 else 's'}, by hash")


def _check(spec: Spec, code_files: CodeFiles) -> None:
    entry, code = spec.code.entry_point, spec.code
    if entry and entry not in code_files.files and code.source_uri:
        raise InputNotFound.naming(
            "{entry_point:entry} is not in {uri}.\nName a file at the root of the archive.",
            entry=entry,
            uri=code.source_uri,
        )
    if entry and entry not in code_files.files:
        raise UsageError.naming(
            "{entry_point:entry} is left out of the code, so nothing could run it.\n"
            "A line !{entry} in {rules} brings it back, unless a folder that it lies in is left out as well.",
            entry=entry,
            rules=RULES,
        )
    line = code_files.interpreters.get(entry or "", b"")
    if entry and not entry.endswith(".py") and line.endswith(b"\r"):
        raise UsageError.naming(
            "{entry_point:entry} has the line ends of Windows: its first line is {line}, and there is no program of "
            "that name.\nSave it with the line ends of Unix (dos2unix {entry}).",
            entry=entry,
            line=ascii(line.decode("utf-8", "replace")),
        )
    if (
        spec.security.network_isolation
        and (_REQUIREMENTS in code_files.files or code_files.script_requirements or code_files.locked_requirements)
        and _installs_requirements(spec, code_files)
    ):
        raise UsageError.naming(
            "{network_isolation}: the code has {what}, and a job without a network can install nothing.\n"
            "Leave that out of the code, and use an image that has the packages: {docker_file_path_or_content} builds "
            "one, {image_uri} names one.",
            what=_requirements_of(code_files),
        )


def _requirements_of(code: CodeFiles) -> str:
    if code.script_requirements:
        return "requirements in its header"
    return "a lock file" if code.locked_requirements else f"a {_REQUIREMENTS}"


def _installs_requirements(spec: Spec, code_files: CodeFiles) -> bool:
    """Whether requirements are installed before the code runs: as on AWS, not for shell scripts and commands.

    AWS's toolkit always installs them: it only sees our launcher, which is a Python program.
    """
    name = spec.code.entry_point or ""
    if spec.kind == "process":
        return bool(name)
    in_python = name.endswith(".py") or ("setup.py" in code_files.files and bool(name) and not name.endswith(".sh"))
    return in_python or starts_by_toolkit(spec)


def package(
    spec: Spec, code: CodeFiles, fingerprint: dict[str, str], made_from: Mapping[str, Any] | None = None
) -> Package:
    """Make the package of a job; ``made_from`` is kept in ``run.json``, for later commands to compare with.

    ``run.json`` is beside the archive, where our launcher finds it, so that other arguments of the job do not change
    the archive. AWS's toolkit downloads the archive alone, so for it the archive has a copy, without the fingerprint.
    """
    run = {**run_file(spec, fingerprint), "made_from": made_from or {}}
    if spec.kind == "algorithm":
        return Package(beside={layout.RUN_FILE: _json(run)}, digest="", _code=None, _ours={})
    ours = {name: (payload.FOLDER / name).read_bytes() for name in payload.CODE_FILES}
    if listed := code.script_requirements or code.locked_requirements:
        ours[_REQUIREMENTS] = "".join(f"{one}\n" for one in listed).encode()
    if spec.kind != "process" and starts_by_toolkit(spec):
        ours[layout.RUN_FILE] = _json({name: value for name, value in run.items() if name not in _NOT_FOR_JOBS})
    digest = sha256("".join([digest_of(code), *(f"{name}\0{sha256(data)}\n" for name, data in ours.items())]).encode())
    beside = {name: (payload.FOLDER / name).read_bytes() for name in payload.CHANNEL_FILES}
    beside[layout.RUN_FILE] = _json({**run, "archive": digest})
    return Package(beside=beside, digest=digest, _code=code, _ours=ours)


def _json(run: dict[str, Any]) -> bytes:
    return json.dumps(run, indent=1).encode()


def _fetch(uri: str, store: Store, scratch: Path) -> Path:
    """Unpack code that lies packed on S3, and return its folder."""
    from ...storage.archives import unpack

    bucket, key = layout.split_uri(uri)
    packed, folder = scratch / layout.TARBALL, scratch / _UNPACKED
    folder.mkdir()
    try:
        store.fetch(bucket, key, packed)
        unpack.unpack(packed, folder, address=uri)
    except FileNotFoundError as error:
        raise InputNotFound.naming(
            "{source_dir} reads {uri}, and nothing is there.\nCheck the address.", uri=uri
        ) from error
    except unpack.UnsafeArchive as error:
        raise UsageError.naming(
            "{source_dir:uri} is not a tar.gz archive of code: {error}", uri=uri, error=error
        ) from error
    packed.unlink()
    return folder


def _fetch_entry(uri: str, store: Store, scratch: Path) -> Path:
    """Download an entry point that is a single object on S3."""
    try:
        store.fetch(*layout.split_uri(uri), file := scratch / "entry")
    except FileNotFoundError as error:
        raise InputNotFound.naming("{code} reads {uri}, and nothing is there.\nCheck the address.", uri=uri) from error
    return file
