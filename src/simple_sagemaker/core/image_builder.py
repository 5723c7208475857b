"""A custom image: what it is built from, and the protocol of its builders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from ..errors import EngineUnavailable
from .records import dataclass

_VERSION = 1  # of the inputs of a content tag: another number rebuilds every image
_TAG_LETTERS = 32

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an image is built from and what it is called.

    ``text`` is the Dockerfile as it is built, ``bases`` its base images, ``folder`` the build context (None: no files)
    and ``context`` a digest of that. ``platform`` is Docker's name for the machines that run it, such as
    ``linux/amd64``. ``name`` is the image's name on this machine, ``repository`` its repository in ECR; ``tag`` is the
    user's tag in both.
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
        """The tag that identifies the content: the same for the same content on the same bases, and for no other.

        ``bases`` are the digests of those bases whose digest is known; ``options`` are extra arguments of the build.
        """
        parts = [_VERSION, self.text, self.context, self.platform, sorted(bases.items()), options]
        digest = hashlib.sha256(json.dumps(parts).encode())
        return f"ssm-{digest.hexdigest()[:_TAG_LETTERS]}"


@dataclass(frozen=True, kw_only=True)
class MadeImage:
    """An image's address, which always stands for the same content, and whether it was built just now."""

    address: str
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class PlannedImage:
    """The address that an image has or would have, and what would be done for it, one line each."""

    address: str
    notes: tuple[str, ...]


class Images(Protocol):
    """Builds images, and makes them available where jobs run."""

    def plan(self, recipe: Recipe) -> PlannedImage:
        """Return what ``make`` would do. Read-only."""
        ...

    def make(self, recipe: Recipe, report: Report) -> MadeImage:
        """Build the image unless one with the same content exists; ``report`` is called with lines about progress.

        Raises SsmError with the last lines of what failed.
        """
        ...

    def pull(self, image: str, platform: str, report: Report) -> None:
        """Make an image available where jobs run, so that they start at once. Raises InputNotFound."""
        ...


class NoImages:
    """For engines whose jobs do not run in containers: an image's name is only a name there."""

    def plan(self, recipe: Recipe) -> PlannedImage:
        raise _not_here(recipe)

    def make(self, recipe: Recipe, report: Report) -> MadeImage:  # noqa: ARG002 - nothing is ever made
        raise _not_here(recipe)

    def pull(self, image: str, platform: str, report: Report) -> None:
        pass


def _not_here(recipe: Recipe) -> EngineUnavailable:
    return EngineUnavailable(f"The image {recipe.name} would have to be built, and this engine has no images.")
