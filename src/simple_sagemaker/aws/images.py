"""Images for jobs on AWS: built here, kept in the user's registry, and rebuilt only when something changed.

Each image has, besides the user's tag, one that identifies its content. If the registry has that tag, nothing is built
or pushed, and Docker is not needed. Jobs name the image by its digest, so that another push to the tag changes nothing
for them.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.image_builder import MadeImage, PlannedImage, Recipe, Report
from ..errors import SsmError
from ..images.docker.build import build
from ..images.docker.command import Docker, DockerFailed
from ..images.docker.login import log_in
from ..images.docker.pull import ecr_address, image_id, pull_if_missing
from ..images.published import registry_domain
from .clients import Clients
from .ecr import Ecr, EcrImage

_QUIET = (": Preparing", ": Waiting")


class AwsImages:
    """Implements :class:`simple_sagemaker.core.image_builder.Images` with a Docker command and ECR.

    ``docker`` finds the command when it is first needed; ``options`` are extra arguments of every build.
    """

    def __init__(self, clients: Clients, docker: Callable[[], Docker], *, options: tuple[str, ...] = ()) -> None:
        self._clients = clients
        self._ecr = Ecr(clients)
        self._docker = docker
        self._options = options

    def plan(self, recipe: Recipe) -> PlannedImage:
        tag = recipe.content_tag(self._digests(recipe), self._options)
        uri = self._ecr.repository(recipe.repository)
        if uri and (image := self._ecr.images(recipe.repository, [tag]).get(tag)):
            address = f"{uri}@{image.digest}"
            return PlannedImage(address=address, notes=(f"Image: {address} exists",))
        notes = () if uri else (f"Repository: {recipe.repository} would be created",)
        address = f"{uri or self._address_of(recipe.repository)}:{tag}"
        return PlannedImage(address=address, notes=(*notes, f"Image: {address} would be built and pushed"))

    def make(self, recipe: Recipe, report: Report) -> MadeImage:
        bases = self._digests(recipe)
        tag = recipe.content_tag(bases, self._options)
        uri = self._repository(recipe.repository, report)
        images = self._ecr.images(recipe.repository, [tag, recipe.tag])
        is_new = tag not in images
        if is_new:
            images[tag] = self._build_and_push(recipe, bases, uri, tag, report)
        else:
            report(f"Image: {uri}:{tag} exists")
        self._give_tag(recipe, images[tag], images.get(recipe.tag), report)
        return MadeImage(address=f"{uri}@{images[tag].digest}", is_new=is_new)

    def pull(self, image: str, platform: str, report: Report) -> None:
        """Do nothing: SageMaker's machines pull it themselves."""

    def _address_of(self, repository: str) -> str:
        """The address of a repository that does not exist yet."""
        region = self._clients.region
        return f"{self._clients.identity.account}.dkr.ecr.{region}.{registry_domain(region)}/{repository}"

    def _digests(self, recipe: Recipe) -> dict[str, str]:
        """The digests of those bases that are in ECR and that the caller may see, so that a moved base is noticed."""
        known = {}
        for base in recipe.bases:
            address = ecr_address(base)
            if address and (digest := self._ecr.digest(address)):
                known[base] = digest
        return known

    def _repository(self, name: str, report: Report) -> str:
        uri = self._ecr.repository(name)
        if uri is None:
            uri = self._ecr.make_repository(name)
            report(f"Repository: created {uri}")
        return uri

    def _build_and_push(self, recipe: Recipe, bases: dict[str, str], uri: str, tag: str, report: Report) -> EcrImage:
        """Build the image and push it under its content tag; return it, or the one of a command that was quicker."""
        docker, name = self._docker(), f"{uri}:{tag}"
        try:
            self._build(docker, recipe, bases, name, report)
            self._push(docker, name, report)
        except SsmError as error:
            if image := self._existing_image(error, recipe.repository, tag):
                return image
            raise
        image = self._ecr.images(recipe.repository, [tag]).get(tag)
        if image is None:
            raise SsmError(f"{name} was pushed, and ECR does not have it.\nRun again.")
        return image

    def _existing_image(self, trouble: SsmError, repository: str, tag: str) -> EcrImage | None:
        """The image, if the registry has it nevertheless; raises ``trouble`` if the registry does not answer."""
        try:
            return self._ecr.images(repository, [tag]).get(tag)
        except Exception as error:
            raise trouble from error

    def _build(self, docker: Docker, recipe: Recipe, bases: dict[str, str], name: str, report: Report) -> None:
        """Build the image, unless it is here because an earlier push of it failed."""
        if image_id(docker, name):
            return
        for base in (base for base in recipe.bases if ecr_address(base)):
            digest = bases.get(base, "")
            pull_if_missing(docker, base, report, platform=recipe.platform, logins=self._ecr.login, digest=digest)
        report(f"Image: building {name}")
        build(docker, recipe, [f"{recipe.name}:{recipe.tag}", name], report, options=self._options)

    def _push(self, docker: Docker, name: str, report: Report) -> None:
        report(f"Image: pushing {name}")
        with log_in(docker, self._ecr.login()) as inside:
            try:
                inside.follow("push", name, report=lambda line: _report_line(line, report))
            except DockerFailed as error:
                raise SsmError(f"The image could not be pushed.\n{error}\n{_PUSH_ADVICE}") from error

    def _give_tag(self, recipe: Recipe, image: EcrImage, has_it: EcrImage | None, report: Report) -> None:
        """Point the user's tag at the image too."""
        if has_it and has_it.digest == image.digest:
            return
        if not self._ecr.tag(recipe.repository, image, recipe.tag):
            report(
                f"Image: the tag {recipe.tag} stays with another image, because tags of {recipe.repository} never "
                f"move; the job runs {image.digest}"
            )


_PUSH_ADVICE = (
    "Run again: what was pushed stays pushed. Pushing needs ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, "
    "ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage on the repository (docs/aws.md)."
)


def _report_line(line: str, report: Report) -> None:
    if line and not line.endswith(_QUIET):
        report(f"push | {line}")
