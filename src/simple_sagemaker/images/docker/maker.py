"""Images for jobs in containers of this machine: built here and kept here."""

from __future__ import annotations

from collections.abc import Callable

from ...core.image_builder import MadeImage, PlannedImage, Recipe, Report
from .build import build
from .command import Docker
from .pull import Logins, image_id, no_login, pull_if_missing


class LocalImages:
    """Implements :class:`simple_sagemaker.core.image_builder.Images` with the local daemon alone.

    ``docker`` finds the command when it is first needed. ``logins`` are for images in ECR; ``options`` are extra
    arguments of every build.
    """

    def __init__(
        self, docker: Callable[[], Docker], *, logins: Logins = no_login, options: tuple[str, ...] = ()
    ) -> None:
        self._docker = docker
        self._logins = logins
        self._options = options

    def plan(self, recipe: Recipe) -> PlannedImage:
        docker = self._docker()
        known = {base: identity for base in recipe.bases if (identity := image_id(docker, base))}
        address = f"{recipe.name}:{recipe.content_tag(known, self._options)}"
        missing = [f"Image: {base} would be pulled" for base in recipe.bases if base not in known]
        if not missing and image_id(docker, address):
            return PlannedImage(address=address, notes=(f"Image: {address} exists",))
        return PlannedImage(address=address, notes=(*missing, f"Image: {address} would be built"))

    def make(self, recipe: Recipe, report: Report) -> MadeImage:
        docker = self._docker()
        bases = {base: self._pull_if_missing(docker, base, recipe.platform, report) for base in recipe.bases}
        address = f"{recipe.name}:{recipe.content_tag(bases, self._options)}"
        is_new = image_id(docker, address) is None
        if is_new:
            report(f"Image: building {address}")
            build(docker, recipe, [address], report, options=self._options)
        else:
            report(f"Image: {address} exists")
        docker.do("tag", address, f"{recipe.name}:{recipe.tag}")
        return MadeImage(address=address, is_new=is_new)

    def pull(self, image: str, platform: str, report: Report) -> None:
        self._pull_if_missing(self._docker(), image, platform, report)

    def _pull_if_missing(self, docker: Docker, image: str, platform: str, report: Report) -> str:
        return pull_if_missing(docker, image, report, platform=platform, logins=self._logins)
