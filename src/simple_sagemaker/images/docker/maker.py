"""Images for jobs in containers of this machine: built here and kept here."""

from __future__ import annotations

from collections.abc import Callable

from ...core.image_builder import MadeImage, PlannedImage, Recipe, Say
from .build import build
from .command import Docker
from .pull import Logins, bring, image_id, nobody


class LocalImages:
    """Carries out :class:`simple_sagemaker.core.image_builder.Images` with the local daemon alone.

    ``docker`` finds the command when it is first needed. ``logins`` are for images in ECR; ``options`` are further
    words of every build.
    """

    def __init__(self, docker: Callable[[], Docker], *, logins: Logins = nobody, options: tuple[str, ...] = ()) -> None:
        self._docker = docker
        self._logins = logins
        self._options = options

    def planned(self, recipe: Recipe) -> PlannedImage:
        docker = self._docker()
        known = {base: found for base in recipe.bases if (found := image_id(docker, base))}
        address = f"{recipe.name}:{recipe.content_tag(known, self._options)}"
        missing = [f"Image: {base} would be pulled" for base in recipe.bases if base not in known]
        if not missing and image_id(docker, address):
            return PlannedImage(address=address, notes=(f"Image: {address} is there",))
        return PlannedImage(address=address, notes=(*missing, f"Image: {address} would be built"))

    def made(self, recipe: Recipe, say: Say) -> MadeImage:
        docker = self._docker()
        bases = {base: self._brought(docker, base, recipe.platform, say) for base in recipe.bases}
        address = f"{recipe.name}:{recipe.content_tag(bases, self._options)}"
        is_new = image_id(docker, address) is None
        if is_new:
            say(f"Image: building {address}")
            build(docker, recipe, [address], say, options=self._options)
        else:
            say(f"Image: {address} is there")
        docker.do("tag", address, f"{recipe.name}:{recipe.tag}")
        return MadeImage(address=address, is_new=is_new)

    def bring(self, image: str, platform: str, say: Say) -> None:
        self._brought(self._docker(), image, platform, say)

    def _brought(self, docker: Docker, image: str, platform: str, say: Say) -> str:
        return bring(docker, image, say, platform=platform, logins=self._logins)
