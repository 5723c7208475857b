"""``ssm images``: the ready-made images of AWS's frameworks, and the addresses of one framework's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from ..core.json_form import json_form
from ..errors import UsageError
from ..images import listing
from ..images.listing import ImageList, PublishedImage
from ..options.arguments import Arguments
from ..options.machines import framework_name
from . import tables
from .tables import Column

_ALL = (
    Column("FRAMEWORK"),
    Column("NEWEST"),
    Column("PYTHON"),
    Column("ON"),
    Column("VERSIONS", right=True),
    Column("FOR"),
)
_ONE = (Column("VERSION"), Column("PYTHON"), Column("ON"), Column("ADDRESS"))
_DEFAULT_REGION = "us-east-1"


def images_text(arguments: Arguments, environment: Mapping[str, str]) -> str:
    """What the command prints. Raises UsageError for a framework, a machine or a region that there is not."""
    region = arguments.text("aws_region")
    chosen = region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
    listing.check_region(chosen, arguments.flag("aws_region") if region else "the region")
    name = framework_name(arguments) if arguments.has("framework") else None
    found = listing.image_list(name, instance_type=arguments.text("instance_type"), region=chosen)
    if arguments.has("json"):
        import json

        return json.dumps(json_form(found), indent=2) + "\n"
    if not found.images:
        raise UsageError.naming(
            "{name} has no image for {type}.\nChoose another {instance_type}.",
            name=name or "A framework",
            type=arguments.text("instance_type"),
        )
    lines = _of_one(found) if name else _of_all(found)
    return f"{lines}\n\n{_origin(found)}\n{_next_step(found, name)}\n"


def _of_all(found: ImageList) -> str:
    """A line for each framework: its newest version in the region, and how many there are."""
    rows = []
    for name, group in groupby(found.images, key=lambda image: image.framework):
        images = list(group)
        there = [image for image in images if image.address] or images
        newest = [image for image in there if image.version == there[0].version]
        rows.append(
            [
                name,
                newest[0].version if newest[0].address else "not in this region",
                _joined(image.python for image in newest),
                _joined(image.processor for image in images),
                str(len({image.version for image in images})),
                "" if newest[0].is_for_training else "process",
            ]
        )
    return tables.table(_ALL, rows, width=tables.terminal_width())


def _of_one(found: ImageList) -> str:
    """A line for each version, Python and machine that has an image in the region."""
    rows = [
        [_version(image), image.python or "", image.processor or "", image.address]
        for image in found.images
        if image.address
    ]
    if not rows:
        raise UsageError.naming(
            "{name} has no image in {region}.\nChoose another region with {aws_region}.",
            name=found.images[0].framework,
            region=found.region,
        )
    return tables.table(_ONE, rows)


def _version(image: PublishedImage) -> str:
    """The version as ``--framework_version`` takes it."""
    return f"{image.version}+{image.base}" if image.base else image.version


def _joined(texts: Iterator[str | None]) -> str:
    return " ".join(dict.fromkeys(filter(None, texts)))


def _origin(found: ImageList) -> str:
    return f"In {found.region}, as of {found.read} ({found.source}). Newer images: --image_uri with their address."


def _next_step(found: ImageList, name: str | None) -> str:
    if name is None:
        return f"Every version, with addresses: ssm images -f {_first(found.images)}"
    first = next(image for image in found.images if image.address)
    python = f" --pv {first.python}" if first.python else ""
    command = "run -e train.py" if first.is_for_training else "process --code job.py"
    return f"To use one: ssm {command} -p PROJECT -t TASK -f {name} --fv {_version(first)}{python}"


def _first(images: Sequence[PublishedImage]) -> str:
    names = [image.framework for image in images]
    return "pytorch" if "pytorch" in names else names[0]
