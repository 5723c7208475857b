"""What runs: the entry point or command, the folder it lies in, and what is put beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath

from ..core.layout import LAUNCHER, RUN_FILE, split_uri
from ..core.specs import Code
from ..errors import UsageError
from .parsed import Words

# Packed beside everyone's code.
OURS_AT_THE_ROOT = (LAUNCHER, RUN_FILE, "ssm_launcher", "task_toolkit", "worker_toolkit")
_START = "start.sh"
_PACKED_BESIDE = "a file of ours, packed beside your code"

# What https://github.com/aws/sagemaker-training-toolkit asks of an entry point's name since 5.1.4
_SEGMENT = re.compile(r"[A-Za-z0-9._+-]+")


def code(words: Words) -> Code:
    """The code of the task. Raises UsageError when something named is not there, or two things would collide.

    An algorithm has none.
    """
    if is_algorithm(words):
        return Code()
    what = _command(words) if words.command == "shell" else _script(words)
    _check_root(what)
    return replace(what, use_gitignore=words.has("use_gitignore"))


def processing_code(words: Words) -> Code:
    """The code of a processing task: its script, if it has one, and what lies around and beside it. Raises as above."""
    if words.has("code") and words.must("code").startswith("s3://"):
        what = _on_s3(words)
    elif words.has("code"):
        what = _script(words, "code")
    else:
        what = _around(words)
    _check_root(what)
    return replace(what, use_gitignore=words.has("use_gitignore"))


def _on_s3(words: Words) -> Code:
    """A script that lies on S3 by itself."""
    uri = words.must("code")
    try:
        name = split_uri(uri)[1].rpartition("/")[2]
    except ValueError as error:
        raise UsageError(f"--code {uri!r} names no bucket: write s3://BUCKET/KEY.") from error
    if not name:
        raise UsageError(f"--code {uri!r} names a folder: name the script in it.")
    if words.has("source_dir"):
        folder = words.flag("source_dir")
        raise UsageError(f"--code {uri} lies on S3 by itself, and {folder} is where it would lie: drop one.")
    return Code(entry_point=name, entry_uri=uri, dependencies=tuple(_dependencies(words)))


def _around(words: Words) -> Code:
    """What a command without a script finds in the code folder."""
    source, beside = words.one("source_dir"), tuple(_dependencies(words))
    if source is None:
        return Code(dependencies=beside)
    if source.startswith("s3://"):
        return Code(source_uri=_packed(words.flag("source_dir"), source), dependencies=beside)
    return Code(source_dir=_folder(words.flag("source_dir"), source), dependencies=beside)


def is_algorithm(words: Words) -> bool:
    """Whether the image's own program runs: an image is named, and no code."""
    named = words.has("entry_point") or words.has("source_dir") or words.command != "run"
    return words.has("image_uri") and not named


def _script(words: Words, name: str = "entry_point") -> Code:
    flag, entry = words.flag(name), words.must(name)
    source = words.one("source_dir")
    beside = tuple(_dependencies(words))
    if source is None:
        return _single(flag, Path(entry), beside)
    if source.startswith("s3://"):
        uri = _packed(words.flag("source_dir"), source)
        return Code(entry_point=_legal_entry(flag, entry), source_uri=uri, dependencies=beside)
    folder = _folder(words.flag("source_dir"), source)
    return Code(entry_point=_legal_entry(flag, _within(flag, entry, folder)), source_dir=folder, dependencies=beside)


def _single(flag: str, file: Path, beside: tuple[Path, ...]) -> Code:
    if not file.is_file():
        raise UsageError(f"{flag} {str(file)!r}: {_what_is(file)}.\nName the file to run; its folder, if any, with -s.")
    return Code(entry_point=_legal_entry(flag, file.name), entry_file=file, dependencies=beside)


def _command(words: Words) -> Code:
    command, paths = words.must("cmd_line"), _paths(words, "dir_files")
    beside = _dependencies(words)
    if len(paths) == 1 and paths[0].is_dir():
        return Code(command=command, source_dir=paths[0], dependencies=tuple(beside))
    return Code(command=command, dependencies=(*paths, *beside))


def _packed(flag: str, uri: str) -> str:
    try:
        _, key = split_uri(uri)
    except ValueError as error:
        raise UsageError(f"{flag} {uri!r} names no bucket: write s3://BUCKET/KEY.tar.gz.") from error
    if not PurePath(key).name.removesuffix(".tar.gz") or not key.endswith(".tar.gz"):
        raise UsageError(f"{flag} {uri!r}: code on S3 is one packed file, so the address ends in .tar.gz.")
    return uri


def _folder(flag: str, word: str) -> Path:
    folder = Path(word)
    if not folder.is_dir():
        raise UsageError(f"{flag} {word!r}: {_what_is(folder)}.\nName the folder with the code.")
    return folder


def _within(flag: str, entry: str, folder: Path) -> str:
    """The entry point's place within the folder, whether it was typed relative to it or to where we are."""
    found = [path for path in (folder / entry, Path(entry)) if path.is_file()]
    inside = [place for place in (_place_in(folder, path) for path in found) if place]
    if inside:
        return inside[0]
    if found:
        raise UsageError(
            f"{flag} {entry!r} lies outside the source folder {str(folder)!r}, so it would not be packed.\n"
            "Name a file inside that folder, or the folder that holds it."
        )
    raise UsageError(f"{flag} {entry!r}: there is no such file in {str(folder)!r}.\nName a file inside that folder.")


def _place_in(folder: Path, file: Path) -> str | None:
    """Where ``file`` lies within ``folder``, with "/" between the parts; None when it, or its target, does not."""
    real_folder, real_file = folder.resolve(), file.resolve()
    if not real_file.is_relative_to(real_folder):
        return None
    plain_folder, plain_file = _absolute(folder), _absolute(file)
    if plain_file.is_relative_to(plain_folder) and plain_file.is_file():
        return plain_file.relative_to(plain_folder).as_posix()
    return real_file.relative_to(real_folder).as_posix()


def _legal_entry(flag: str, entry: str) -> str:
    """``entry`` as it is, when SageMaker's toolkit would run a file of that name."""
    parts = entry.split("/")
    if flag == "--code":  # no toolkit is asked
        return entry
    if all(_SEGMENT.fullmatch(part) and part not in {".", ".."} for part in parts) and not entry.startswith("-"):
        return entry
    raise UsageError(
        f"{flag} {entry!r}: SageMaker runs no file of that name.\n"
        "Each part of it has letters, digits, dots, dashes, plus signs and underscores; the first is no dash."
    )


def _dependencies(words: Words) -> list[Path]:
    return _paths(words, "dependencies")


def _paths(words: Words, name: str) -> list[Path]:
    return [_existing(use.flag, word) for use in words.each(name) for word in use.words]


def _existing(flag: str, word: str) -> Path:
    if "://" in word:
        raise UsageError(f"{flag} takes paths of this machine, not {word!r}.")
    if not word:
        raise UsageError(f"{flag}: one of its paths is empty.")
    path = Path(word)
    if not path.exists():
        raise UsageError(f"{flag} {word!r}: {_what_is(path)}.\nName a file or folder that is there.")
    return path


def _what_is(path: Path) -> str:
    if path.is_dir():
        return "that is a folder"
    if path.is_symlink() and not path.exists():
        return "that link leads nowhere"
    return "that is no folder" if path.exists() else "there is nothing of that name"


def base_name(path: Path) -> str:
    """The name under which a dependency lands in the code folder, also for ``.`` and ``lib/..``."""
    return _absolute(path).name


def _absolute(path: Path) -> Path:
    """The path without ``..``, links left as they are: what was typed names the file, not what it points to."""
    return Path(os.path.abspath(path))  # Path.resolve() would follow the links


def _check_root(what: Code) -> None:
    """Refuse two things of one name at the root of the code folder: one of them would silently be lost."""
    taken: dict[str, str] = dict.fromkeys(OURS_AT_THE_ROOT, _PACKED_BESIDE)
    for name, whose in _code_names(what):
        _claim(taken, name, whose)
    taken.setdefault(_START, _PACKED_BESIDE)
    for path in what.dependencies:
        _claim(taken, base_name(path), f"{str(path)!r}")


def _code_names(what: Code) -> Iterable[tuple[str, str]]:
    if what.source_dir:
        return [(path.name, f"{str(path)!r}") for path in sorted(what.source_dir.iterdir())]
    if what.entry_uri:
        return [(str(what.entry_point), what.entry_uri)]
    return [(what.entry_file.name, f"{str(what.entry_file)!r}")] if what.entry_file else []


def _claim(taken: dict[str, str], name: str, whose: str) -> None:
    if name in taken:
        raise UsageError(
            f"{whose} and {taken[name]} would both be {name!r} at the root of the code folder.\nRename one of them."
        )
    taken[name] = whose
