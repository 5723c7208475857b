"""An image of a person's own: what it is made from, and the seam to whoever makes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import EngineUnavailable

_VERSION = 1  # of what a content tag is made from: another number makes every image anew
_TAG_LETTERS = 32

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an image is made from and what it is called.

    ``text`` is the Dockerfile as it is built, ``bases`` the images that it stands on, ``folder`` what it may copy from
    (None: nothing) and ``context`` a digest of that. ``platform`` is Docker's word for the machines that run it.
    ``name`` is the image's on this machine, ``repository`` its in ECR; ``tag`` the person's own in both.
    """

    text: str
    bases: tuple[str, ...]
    folder: Path | None
    context: str
    platform: str
    name: str
    repository: str
    tag: str

    def content_tag(self, bases: Mapping[str, str], options: tuple[str, ...] = ()) -> str:
        """The tag that says what is in it: the same for the same content on the same bases, and for no other.

        ``bases`` are digests of the bases that are known so well; ``options`` are further words of the build.
        """
        parts = [_VERSION, self.text, self.context, self.platform, sorted(bases.items()), options]
        found = hashlib.sha256(json.dumps(parts).encode())
        return f"ssm-{found.hexdigest()[:_TAG_LETTERS]}"


@dataclass(frozen=True, kw_only=True)
class MadeImage:
    """An image's address, which stands for its content for ever, and whether it was built just now."""

    address: str
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class PlannedImage:
    """The address that an image has or would have, and what would be done for it, in a line each."""

    address: str
    notes: tuple[str, ...]


class Images(Protocol):
    """Whoever makes images, and has them where jobs run."""

    def planned(self, recipe: Recipe) -> PlannedImage:
        """What ``made`` would do. Nothing is changed."""
        ...

    def made(self, recipe: Recipe, say: Say) -> MadeImage:
        """Have the image made, where no image of the same content is there; ``say`` is told how it goes.

        Raises SsmError with the last lines of what failed.
        """
        ...

    def bring(self, image: str, platform: str, say: Say) -> None:
        """Have an image at hand where jobs run, so that they start at once. Raises InputNotFound."""
        ...


class NoImages:
    """For engines whose jobs have no images: an image's name is no more than a name there."""

    def planned(self, recipe: Recipe) -> PlannedImage:
        raise _not_here(recipe)

    def made(self, recipe: Recipe, say: Say) -> MadeImage:  # noqa: ARG002 - nothing is ever made
        raise _not_here(recipe)

    def bring(self, image: str, platform: str, say: Say) -> None:
        pass


def _not_here(recipe: Recipe) -> EngineUnavailable:
    return EngineUnavailable(f"The image {recipe.name} would have to be made, and this engine has no images.")
