"""All images that are known, each with its address in a region: what ``ssm images`` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.records import dataclass
from ..errors import UsageError
from .frameworks import machine_of
from .published import Build, age, builds, facts, frameworks, is_for_training


@dataclass(frozen=True, kw_only=True)
class PublishedImage:
    """One image: a framework's version for one Python and one kind of machine.

    ``base`` is what the framework is built on (``pytorch2.9.0``), ``python`` as ``--py_version`` takes it, and
    ``processor`` is ``cpu``, ``gpu`` or ``trn``; each is null for an image that does not have one. ``address`` is null
    where the image is not published in the region.
    """

    framework: str
    version: str
    base: str | None
    python: str | None
    processor: str | None
    is_for_training: bool
    address: str | None


@dataclass(frozen=True, kw_only=True)
class ImageList:
    """Images, the newest of each framework first, the region of their addresses, and where the data is from.

    ``source`` is AWS's package with its version, and ``read`` the day on which it was read (``2026-11-29``).
    """

    region: str
    source: str
    read: str
    images: Sequence[PublishedImage]


def image_list(framework: str | None, *, instance_type: str | None, region: str) -> ImageList:
    """The images of one framework or of all, for one kind of machine or for all. Raises UsageError for a wrong type."""
    names = (framework,) if framework else frameworks()
    processor = machine_of(instance_type) if instance_type else None
    origin = facts(names[0])["from"]
    found = [image for name in names for image in _images(name, region)]
    return ImageList(
        region=region,
        source=f"{origin['package']} {origin['version']}",
        read=origin["read"],
        images=[image for image in found if processor is None or image.processor in {None, processor}],
    )


def known_regions() -> set[str]:
    """All regions in which any framework's image is published."""
    owners = [owner for name in frameworks() for owner in facts(name)["accounts"]]
    return {region for owner in owners for regions in owner.values() for region in regions.split()}


def check_region(region: str, flag: str) -> None:
    """Raise UsageError for a region in which AWS publishes no image at all."""
    known = known_regions()
    if region not in known:
        import difflib

        near = difflib.get_close_matches(region, known, 3) or sorted(known)
        raise UsageError(f"{flag} {region!r}: no image is published there. Regions are {', '.join(near)}.")


def _images(framework: str, region: str) -> Iterator[PublishedImage]:
    all_builds = [build for version in facts(framework)["versions"] for build in builds(framework, version, version)]
    for build in sorted(all_builds, key=age, reverse=True):
        for processor in build.processors or (None,):
            yield PublishedImage(
                framework=framework,
                version=build.version,
                base=build.base or None,
                python=build.py_version or None,
                processor=processor,
                is_for_training=is_for_training(framework),
                address=_address(build, processor, region),
            )


def _address(build: Build, processor: str | None, region: str) -> str | None:
    if region not in build.accounts:
        return None
    return build.address(build.address_tag(processor or "cpu"), region)
