"""Images for jobs on AWS: built here, kept in the person's registry, and made again only when something changed.

Each image carries, besides the person's tag, one that says what is in it. Where that one is found in the registry,
nothing is built or pushed, and no Docker is needed. Jobs name the image by its digest, so that another push to the tag
changes nothing for them.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.image_builder import MadeImage, PlannedImage, Recipe, Say
from ..errors import SsmError
from ..images.docker.build import build
from ..images.docker.command import Docker, DockerFailed
from ..images.docker.login import logged_in
from ..images.docker.pull import bring, ecr_address, image_id
from ..images.frameworks import registry_domain
from .clients import Clients
from .ecr import Ecr, EcrImage

_QUIET = (": Preparing", ": Waiting")


class AwsImages:
    """Carries out :class:`simple_sagemaker.core.image_builder.Images` by a Docker command and ECR.

    ``docker`` finds the command when it is first needed; ``options`` are further words of every build.
    """

    def __init__(self, clients: Clients, docker: Callable[[], Docker], *, options: tuple[str, ...] = ()) -> None:
        self._clients = clients
        self._ecr = Ecr(clients)
        self._docker = docker
        self._options = options

    def planned(self, recipe: Recipe) -> PlannedImage:
        tag = recipe.content_tag(self._digests(recipe), self._options)
        uri = self._ecr.repository(recipe.repository)
        if uri and (found := self._ecr.images(recipe.repository, [tag]).get(tag)):
            address = f"{uri}@{found.digest}"
            return PlannedImage(address=address, notes=(f"Image: {address} is there",))
        made = () if uri else (f"Repository: {recipe.repository} would be made",)
        address = f"{uri or self._address_of(recipe.repository)}:{tag}"
        return PlannedImage(address=address, notes=(*made, f"Image: {address} would be built and pushed"))

    def made(self, recipe: Recipe, say: Say) -> MadeImage:
        bases = self._digests(recipe)
        tag = recipe.content_tag(bases, self._options)
        uri = self._repository(recipe.repository, say)
        there = self._ecr.images(recipe.repository, [tag, recipe.tag])
        is_new = tag not in there
        if is_new:
            there[tag] = self._pushed(recipe, bases, uri, tag, say)
        else:
            say(f"Image: {uri}:{tag} is there")
        self._give_tag(recipe, there[tag], there.get(recipe.tag), say)
        return MadeImage(address=f"{uri}@{there[tag].digest}", is_new=is_new)

    def bring(self, image: str, platform: str, say: Say) -> None:
        """Nothing: SageMaker's machines pull it themselves."""

    def _address_of(self, repository: str) -> str:
        """The address of a repository that is not there yet."""
        region = self._clients.region
        return f"{self._clients.identity.account}.dkr.ecr.{region}.{registry_domain(region)}/{repository}"

    def _digests(self, recipe: Recipe) -> dict[str, str]:
        """The digests of those bases that are in ECR and that the caller may see: one that moved is another base."""
        known = {}
        for base in recipe.bases:
            address = ecr_address(base)
            if address and (digest := self._ecr.digest(address)):
                known[base] = digest
        return known

    def _repository(self, name: str, say: Say) -> str:
        uri = self._ecr.repository(name)
        if uri is None:
            uri = self._ecr.make_repository(name)
            say(f"Repository: made {uri}")
        return uri

    def _pushed(self, recipe: Recipe, bases: dict[str, str], uri: str, tag: str, say: Say) -> EcrImage:
        """The image built and pushed under its content's tag, by us or by another command that was quicker."""
        docker, name = self._docker(), f"{uri}:{tag}"
        try:
            self._build(docker, recipe, bases, name, say)
            self._push(docker, name, say)
        except SsmError as error:
            if found := self._there_after(error, recipe.repository, tag):
                return found
            raise
        found = self._ecr.images(recipe.repository, [tag]).get(tag)
        if found is None:
            raise SsmError(f"{name} was pushed, and ECR does not have it.\nRun again.")
        return found

    def _there_after(self, trouble: SsmError, repository: str, tag: str) -> EcrImage | None:
        """The image, where the registry has it all the same; ``trouble`` is what counts where it does not answer."""
        try:
            return self._ecr.images(repository, [tag]).get(tag)
        except Exception as error:
            raise trouble from error

    def _build(self, docker: Docker, recipe: Recipe, bases: dict[str, str], name: str, say: Say) -> None:
        """Build the image, unless it is here because a push of it broke."""
        if image_id(docker, name):
            return
        for base in (base for base in recipe.bases if ecr_address(base)):
            digest = bases.get(base, "")
            bring(docker, base, say, platform=recipe.platform, logins=self._ecr.login, digest=digest)
        say(f"Image: building {name}")
        build(docker, recipe, [f"{recipe.name}:{recipe.tag}", name], say, options=self._options)

    def _push(self, docker: Docker, name: str, say: Say) -> None:
        say(f"Image: pushing {name}")
        with logged_in(docker, self._ecr.login()) as inside:
            try:
                inside.follow("push", name, say=lambda line: _tell(line, say))
            except DockerFailed as error:
                raise SsmError(f"The image could not be pushed.\n{error}\n{_PUSH_ADVICE}") from error

    def _give_tag(self, recipe: Recipe, image: EcrImage, has_it: EcrImage | None, say: Say) -> None:
        """Let the person's tag stand for the image too."""
        if has_it and has_it.digest == image.digest:
            return
        if not self._ecr.tag(recipe.repository, image, recipe.tag):
            say(
                f"Image: the tag {recipe.tag} stays with another image, because tags of {recipe.repository} never "
                f"move; the job runs {image.digest}"
            )


_PUSH_ADVICE = (
    "Run again: what was pushed stays pushed. Pushing needs ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, "
    "ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage on the repository (docs/aws.md)."
)


def _tell(line: str, say: Say) -> None:
    if line and not line.endswith(_QUIET):
        say(f"push | {line}")
