"""A Dockerfile as a person gives it: a folder with one, a file, or its text; and what it is built on."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError
from . import context

BASE = "__BASE_IMAGE__"
NAME = "Dockerfile"

# https://docs.docker.com/reference/dockerfile/
_INSTRUCTION = re.compile(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s",
    re.IGNORECASE,
)
_FROM = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """The text, and the folder that it is built in (None: nothing can be copied), of which ``context`` is a digest."""

    text: str
    folder: Path | None
    context: str

    @property
    def content(self) -> str:
        """A digest of everything that a person gave: it changes when the image would."""
        parts = f"{self.text}\0{self.context}".encode("utf-8", "surrogateescape")
        return hashlib.sha256(parts).hexdigest()

    @property
    def needs_base(self) -> bool:
        """Whether the framework's image is what it is built on."""
        return BASE in self.text or not self.names_its_base

    @property
    def names_its_base(self) -> bool:
        """Whether it has a FROM, which comes before every instruction but ARG."""
        first = next((line for line in _instructions(self.text) if not re.match(r"ARG\s", line, re.IGNORECASE)), "")
        return re.match(r"FROM\s", first, re.IGNORECASE) is not None

    def on(self, base: str) -> str:
        """The text to build: the base image's name put in, under a FROM of its own where there is none."""
        if self.names_its_base:
            return self.text.replace(BASE, base)
        lines = self.text.splitlines(keepends=True)
        above = next((at for at, line in enumerate(lines) if _is_instruction(line)), len(lines))
        return "".join([*lines[:above], f"FROM {base}\n", *lines[above:]]).replace(BASE, base)


def read(word: str) -> Dockerfile:
    """The Dockerfile that a word stands for, its folder read to the end. Raises UsageError as ``find`` does."""
    file = find(word)
    if file is None:
        return Dockerfile(text=f"{word}\n", folder=None, context="")
    text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    if not os.path.isdir(word):
        return Dockerfile(text=text, folder=None, context="")
    return Dockerfile(text=text, folder=file.parent, context=context.digest(file.parent))


def find(word: str) -> Path | None:
    """The file that a word stands for; None when it is a Dockerfile's text.

    Raises UsageError, without naming the option, for a word that is neither.
    """
    if is_text(word):
        return None
    if os.path.isdir(word):
        if (file := Path(word).absolute() / NAME).is_file():
            return file
        raise UsageError(f"{word!r}: that folder has no file named {NAME}.")
    if os.path.isfile(word):
        return Path(word).absolute()
    raise UsageError(f"{word!r} is neither a folder or file that is there, nor the text of a Dockerfile.")


def is_text(word: str) -> bool:
    """Whether ``word`` is a Dockerfile's text: its first line that is no comment begins with an instruction."""
    return _is_instruction(next(_instructions(word), ""))


def bases(text: str) -> list[str]:
    """The images that a text is built on, without its own stages and without names that are put together."""
    stages: set[str] = set()
    found: list[str] = []
    for image, stage in _FROM.findall(text):
        if "$" not in image and image.lower() not in stages | {"scratch"} and image not in found:
            found.append(image)
        stages.add(stage.lower())
    return found


def _instructions(text: str) -> Iterator[str]:
    """The lines that are neither empty nor comments."""
    lines = (line.strip() for line in text.splitlines())
    return (line for line in lines if line and not line.startswith("#"))


def _is_instruction(line: str) -> bool:
    return _INSTRUCTION.match(line.strip()) is not None
