"""The code that runs: the entry point or command, its folder, and the files put beside it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path, PurePath

from ..core.late_regex import compile_late
from ..core.layout import LAUNCHER, RUN_FILE, split_uri
from ..core.records import replace
from ..core.specs import Code
from ..errors import UsageError
from .arguments import Arguments

# Packed beside everyone's code.
OURS_AT_THE_ROOT = (LAUNCHER, RUN_FILE, "ssm_launcher", "task_toolkit", "worker_toolkit")
_START = "start.sh"
_PACKED_BESIDE = "a file of ours, packed beside your code"

# What https://github.com/aws/sagemaker-training-toolkit requires of an entry point's name since 5.1.4
_SEGMENT = compile_late(r"[A-Za-z0-9._+-]+")


def training_code(arguments: Arguments) -> Code:
    """The code of the task. Raises UsageError if something named does not exist, or two names would collide.

    An algorithm has none.
    """
    if is_algorithm(arguments):
        return Code()
    code = _command(arguments) if arguments.command == "shell" else _script(arguments)
    _check_root(code)
    return replace(code, use_gitignore=arguments.has("use_gitignore"))


def processing_code(arguments: Arguments) -> Code:
    """The code of a processing task: its script, if any, its folder and the files beside it. Raises UsageError."""
    if arguments.has("code") and arguments.required_text("code").startswith("s3://"):
        code = _s3_script(arguments)
    elif arguments.has("code"):
        code = _script(arguments, "code")
    else:
        code = _without_script(arguments)
    _check_root(code)
    return replace(code, use_gitignore=arguments.has("use_gitignore"))


def _s3_script(arguments: Arguments) -> Code:
    """A script that is a single object on S3."""
    flag, uri = arguments.flag("code"), arguments.required_text("code")
    try:
        name = split_uri(uri)[1].rpartition("/")[2]
    except ValueError as error:
        raise UsageError(f"{flag} {uri!r} names no bucket: write s3://BUCKET/KEY.") from error
    if not name:
        raise UsageError(f"{flag} {uri!r} names a folder: name the script in it.")
    if arguments.has("source_dir"):
        folder = arguments.flag("source_dir")
        raise UsageError(f"{flag} {uri} is a single object on S3, and {folder} names a folder around it: drop one.")
    return Code(entry_point=name, entry_uri=uri, dependencies=tuple(_dependencies(arguments)))


def _without_script(arguments: Arguments) -> Code:
    """The code folder of a command without a script."""
    source, dependencies = arguments.text("source_dir"), tuple(_dependencies(arguments))
    if source is None:
        return Code(dependencies=dependencies)
    if source.startswith("s3://"):
        return Code(source_uri=_archive_uri(arguments.flag("source_dir"), source), dependencies=dependencies)
    return Code(source_dir=_folder(arguments.flag("source_dir"), source), dependencies=dependencies)


def is_algorithm(arguments: Arguments) -> bool:
    """Whether the image's own program runs: a built-in algorithm, or an image that is named, and no code."""
    if arguments.has("built_in"):
        return True
    named = arguments.has("entry_point") or arguments.has("source_dir") or arguments.command != "run"
    return arguments.has("image_uri") and not named


def _script(arguments: Arguments, name: str = "entry_point") -> Code:
    flag, entry = arguments.flag(name), arguments.required_text(name)
    source = arguments.text("source_dir")
    beside = tuple(_dependencies(arguments))
    if source is None:
        return _single_file(arguments, name, Path(entry), beside)
    if source.startswith("s3://"):
        uri = _archive_uri(arguments.flag("source_dir"), source)
        return Code(entry_point=_check_entry(arguments, name, entry), source_uri=uri, dependencies=beside)
    folder = _folder(arguments.flag("source_dir"), source)
    entry = _check_entry(arguments, name, _within(flag, entry, folder))
    return Code(entry_point=entry, source_dir=folder, dependencies=beside)


def _single_file(arguments: Arguments, name: str, file: Path, beside: tuple[Path, ...]) -> Code:
    if not file.is_file():
        raise UsageError(
            f"{arguments.flag(name)} {str(file)!r}: {_what_is(file, 'file')}.\n"
            f"Name the file to run; its folder, if any, with {arguments.advise('source_dir')}."
        )
    return Code(entry_point=_check_entry(arguments, name, file.name), entry_file=file, dependencies=beside)


def _command(arguments: Arguments) -> Code:
    command, paths = arguments.required_text("cmd_line"), _paths(arguments, "dir_files")
    beside = _dependencies(arguments)
    if len(paths) == 1 and paths[0].is_dir():
        return Code(command=command, source_dir=paths[0], dependencies=tuple(beside))
    return Code(command=command, dependencies=(*paths, *beside))


def _archive_uri(flag: str, uri: str) -> str:
    try:
        _, key = split_uri(uri)
    except ValueError as error:
        raise UsageError(f"{flag} {uri!r} names no bucket: write s3://BUCKET/KEY.tar.gz.") from error
    if not PurePath(key).name.removesuffix(".tar.gz") or not key.endswith(".tar.gz"):
        raise UsageError(f"{flag} {uri!r}: code on S3 is one archive, so the address must end in .tar.gz.")
    return uri


def _folder(flag: str, path: str) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"{flag} {path!r}: {_what_is(folder, 'folder')}.\nName the folder with the code.")
    return folder


def _within(flag: str, entry: str, folder: Path) -> str:
    """The entry point's path within the folder, whether typed relative to it or to the current directory."""
    files = [path for path in (folder / entry, Path(entry)) if path.is_file()]
    inside = [place for place in (_place_in(folder, path) for path in files) if place]
    if inside:
        return inside[0]
    if files:
        raise UsageError(
            f"{flag} {entry!r} is outside the source folder {str(folder)!r}, so it would not be packed.\n"
            "Name a file inside that folder, or the folder that holds it."
        )
    raise UsageError(f"{flag} {entry!r}: there is no such file in {str(folder)!r}.\nName a file inside that folder.")


def _place_in(folder: Path, file: Path) -> str | None:
    """The path of ``file`` within ``folder``, with "/" between the parts; None if it, or its target, is outside."""
    real_folder, real_file = folder.resolve(), file.resolve()
    if not real_file.is_relative_to(real_folder):
        return None
    plain_folder, plain_file = _absolute(folder), _absolute(file)
    if plain_file.is_relative_to(plain_folder) and plain_file.is_file():
        return plain_file.relative_to(plain_folder).as_posix()
    return real_file.relative_to(real_folder).as_posix()


def _check_entry(arguments: Arguments, name: str, entry: str) -> str:
    """Return ``entry`` if SageMaker's toolkit runs a file of that name, and it can be a program."""
    if entry.lower().endswith(".ipynb"):
        raise UsageError(
            f"{arguments.flag(name)} {entry!r} is a notebook, not a program.\n"
            f"Make a script of it: jupyter nbconvert --to script {shlex.quote(entry)}"
        )
    parts = entry.split("/")
    if name == "code":  # a processing job does not use the toolkit
        return entry
    if all(_SEGMENT.fullmatch(part) and part not in {".", ".."} for part in parts) and not entry.startswith("-"):
        return entry
    raise UsageError(
        f"{arguments.flag(name)} {entry!r}: SageMaker runs no file of that name.\n"
        "Use letters, digits, dots, dashes, plus signs and underscores in each part; do not begin with a dash."
    )


def _dependencies(arguments: Arguments) -> list[Path]:
    return _paths(arguments, "dependencies")


def _paths(arguments: Arguments, name: str) -> list[Path]:
    return [_existing(use.flag, text) for use in arguments.each(name) for text in use.texts()]


def _existing(flag: str, text: str) -> Path:
    if "://" in text:
        raise UsageError(f"{flag} takes paths on this machine, not {text!r}.")
    if not text:
        raise UsageError(f"{flag}: one of its paths is empty.")
    path = Path(text)
    if not path.exists():
        raise UsageError(f"{flag} {text!r}: {_what_is(path, 'file or folder')}.\nName an existing file or folder.")
    return path


def _what_is(path: Path, wanted: str) -> str:
    """Why a path is not the file or folder that was wanted."""
    if path.is_dir():
        return "it is a folder"
    if path.is_symlink() and not path.exists():
        return "it is a broken link"
    return f"it is not a {wanted}" if path.exists() else "it does not exist"


def base_name(path: Path) -> str:
    """The name of a dependency in the code folder, also for ``.`` and ``lib/..``."""
    return _absolute(path).name


def _absolute(path: Path) -> Path:
    """The path without ``..``, links unresolved: the name that was typed counts, not the target's."""
    return Path(os.path.abspath(path))  # Path.resolve() would follow the links


def _check_root(code: Code) -> None:
    """Refuse two entries of one name at the root of the code folder: one would silently be lost."""
    taken: dict[str, str] = dict.fromkeys(OURS_AT_THE_ROOT, _PACKED_BESIDE)
    for name, origin in _code_names(code):
        _claim(taken, name, origin)
    taken.setdefault(_START, _PACKED_BESIDE)
    for path in code.dependencies:
        _claim(taken, base_name(path), f"{str(path)!r}")


def _code_names(code: Code) -> Iterable[tuple[str, str]]:
    if code.source_dir:
        return [(path.name, f"{str(path)!r}") for path in sorted(code.source_dir.iterdir())]
    if code.entry_uri:
        return [(str(code.entry_point), code.entry_uri)]
    return [(code.entry_file.name, f"{str(code.entry_file)!r}")] if code.entry_file else []


def _claim(taken: dict[str, str], name: str, origin: str) -> None:
    if name in taken:
        raise UsageError(
            f"{origin} and {taken[name]} would both be {name!r} at the root of the code folder.\nRename one of them."
        )
    taken[name] = origin
