"""A Dockerfile as the user passes it: a folder with one, a file, or its text; and its base images."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ...core.records import dataclass
from ...core.regular_files import open_regular, read_within
from ...errors import UsageError
from . import context

BASE = "__BASE_IMAGE__"
NAME = "Dockerfile"
_LARGEST = 1 << 20  # bytes

# https://docs.docker.com/reference/dockerfile/
_INSTRUCTION = re.compile(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s",
    re.IGNORECASE,
)
_FROM = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """The text, and the folder of its build context (None: no files), of which ``context`` is a digest."""

    text: str
    folder: Path | None
    context: str

    @property
    def content(self) -> str:
        """A digest of the text and the build context."""
        parts = f"{self.text}\0{self.context}".encode("utf-8", "surrogateescape")
        return hashlib.sha256(parts).hexdigest()

    @property
    def needs_base(self) -> bool:
        """Whether it is built on the framework's image."""
        return BASE in self.text or not self.names_its_base

    @property
    def names_its_base(self) -> bool:
        """Whether it has a FROM, which comes before every instruction except ARG."""
        first = next((line for line in _instructions(self.text) if not re.match(r"ARG\s", line, re.IGNORECASE)), "")
        return re.match(r"FROM\s", first, re.IGNORECASE) is not None

    def on(self, base: str) -> str:
        """The text to build: with the base image's name filled in, and a FROM added if there is none."""
        if self.names_its_base:
            return self.text.replace(BASE, base)
        lines = self.text.splitlines(keepends=True)
        above = next((at for at, line in enumerate(lines) if _is_instruction(line)), len(lines))
        return "".join([*lines[:above], f"FROM {base}\n", *lines[above:]]).replace(BASE, base)


def read_dockerfile(path_or_text: str) -> Dockerfile:
    """Read the Dockerfile in a folder, a file or a text, and its build context. Raises UsageError as ``find`` does."""
    file = find(path_or_text)
    if file is None:
        return Dockerfile(text=f"{path_or_text}\n", folder=None, context="")
    text = _content(file).decode("utf-8-sig", "surrogateescape")
    if not os.path.isdir(path_or_text):
        return Dockerfile(text=text, folder=None, context="")
    return Dockerfile(text=text, folder=file.parent, context=context.digest(file.parent))


def _content(file: Path) -> bytes:
    with open(file, "rb", opener=open_regular) as opened:
        data = read_within(opened, _LARGEST)
    if data is None:
        raise UsageError(f"{str(file)!r} has more than {_LARGEST} bytes, too many for a Dockerfile.")
    return data


def find(path_or_text: str) -> Path | None:
    """The file of the Dockerfile; None if ``path_or_text`` is its text.

    Raises UsageError, without naming the option, if it is neither.
    """
    if is_text(path_or_text):
        return None
    if os.path.isdir(path_or_text):
        if (file := Path(path_or_text).absolute() / NAME).is_file():
            return file
        raise UsageError(f"{path_or_text!r}: that folder has no file named {NAME}.")
    if os.path.isfile(path_or_text):
        return Path(path_or_text).absolute()
    raise UsageError(f"{path_or_text!r} is neither an existing folder or file, nor the text of a Dockerfile.")


def is_text(path_or_text: str) -> bool:
    """Whether it is a Dockerfile's text: its first line that is not a comment begins with an instruction."""
    return _is_instruction(next(_instructions(path_or_text), ""))


def base_images(text: str) -> list[str]:
    """The images that a text is built on, without its own stages and without names that contain variables."""
    stages: set[str] = set()
    images: list[str] = []
    for image, stage in _FROM.findall(text):
        if "$" not in image and image.lower() not in stages | {"scratch"} and image not in images:
            images.append(image)
        stages.add(stage.lower())
    return images


def _instructions(text: str) -> Iterator[str]:
    """The lines that are neither empty nor comments."""
    lines = (line.strip() for line in text.splitlines())
    return (line for line in lines if line and not line.startswith("#"))


def _is_instruction(line: str) -> bool:
    return _INSTRUCTION.match(line.strip()) is not None
