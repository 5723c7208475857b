"""The images that AWS publishes for its frameworks, as its SDK has them: ``image_data/*.json``.

``tools/refresh_images.py`` writes those files and says where their content comes from. Costs reading one small file for
each framework; no network.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..core.records import dataclass

_DATA: Final = Path(__file__).with_name("image_data")

# A region's name begins with its partition's; the rest of AWS is amazonaws.com. From botocore's endpoints.json.
_DOMAINS: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
)
ACCELERATOR: Final = "trn"  # AWS's own processors for training


@dataclass(frozen=True, kw_only=True)
class Build:
    """One published image: a framework version with one Python. ``tag`` is the version as typed.

    ``py_version`` and ``processors`` are empty if there is one image for all. ``base`` is what the framework is built
    on (``pytorch2.5.1``), as typed or in full, and ``suffix`` ends the address, one for all machines or by processor
    or instance family; most have neither. ``prefix`` begins the tag where the version alone does not, ``processor`` is
    the word for the machine where it is not the usual one, and "" where the tag names neither machine nor Python.
    ``is_short`` says that the tag ends with the machine unless a Python is asked for.
    """

    framework: str
    tag: str
    version: str
    py_version: str
    repository: str
    processors: tuple[str, ...]
    accounts: Mapping[str, str]
    base: str = ""
    suffix: str | Mapping[str, str] = ""
    prefix: str = ""
    processor: str | None = None
    is_short: bool = False

    def address_tag(self, processor: str, family: str = "", *, names_python: bool = True) -> str:
        """The tag of the image for a kind of machine; ``family`` is the instance type's, as in ``p5``."""
        on = re.sub(r"^\D+", "", self.base)
        suffix = self.suffix if isinstance(self.suffix, str) else self.suffix.get(family) or self.suffix[processor]
        if self.processor == "":
            parts = [self.tag, suffix]
        else:
            word = (self.processor or processor) if self.processors else ""
            start = f"{on}-transformers{self.version}" if on else self.prefix or self.tag
            parts = [start, word, *([] if self.is_short and not names_python else [self.py_version, suffix])]
        tag = "-".join(part for part in parts if part)
        of_p4d = facts(self.framework)["p4d"].get(tag) if family == "p4d" else None
        return f"{tag}-{of_p4d}" if of_p4d else tag

    def address(self, tag: str, region: str) -> str:
        """The whole address of a tag of this image in a region."""
        return f"{self.accounts[region]}.dkr.ecr.{region}.{registry_domain(region)}/{self.repository}:{tag}"


def frameworks() -> tuple[str, ...]:
    """The names of the frameworks whose images are known."""
    return tuple(sorted(file.stem for file in _DATA.glob("*.json")))


def is_for_training(framework: str) -> bool:
    """Whether the framework's images are for training jobs; processing jobs can use all."""
    return bool(facts(framework).get("scope", "training") == "training")


def registry_domain(region: str) -> str:
    """The domain of a region's registries."""
    return next((domain for start, domain in _DOMAINS if region.startswith(start)), "amazonaws.com")


@functools.cache
def facts(framework: str) -> dict[str, Any]:
    """What is known of a framework's images, as in its file."""
    known: dict[str, Any] = json.loads((_DATA / f"{framework}.json").read_text(encoding="utf-8"))
    return known


def builds(framework: str, version: str, tag: str) -> Iterator[Build]:
    """The images of a version, in full; ``tag`` is the version as typed."""
    known = facts(framework)
    for repository, pythons, processors, number, *more in known["versions"][version]:
        accounts = {region: account for account, names in known["accounts"][number].items() for region in names.split()}
        further: dict[str, Any] = more[0] if more else {}
        for python in pythons.split() or [""]:
            yield Build(
                framework=framework,
                tag=tag,
                version=version,
                py_version=python,
                repository=repository,
                processors=tuple(processors.split()),
                accounts=accounts,
                base=further.get("base", ""),
                suffix=further.get("suffix", ""),
                prefix=further.get("prefix", ""),
                processor=further.get("processor"),
                is_short=further.get("short", False),
            )


def version_numbers(version: str) -> tuple[int, ...]:
    """The sort key of versions: ``1.10.2`` after ``1.9.1``, ``py312`` after ``py39`` after ``py3``."""
    if version.startswith("py"):
        return (int(version[2]), int(version[3:] or -1))
    return tuple(int(number) for number in re.findall(r"\d+", version))


def age(build: Build) -> tuple[object, ...]:
    """The sort key of images: the newest last."""
    on = tuple(int(number) for number in re.findall(r"\d+", build.base))
    return (
        version_numbers(build.version),
        build.base.startswith("pytorch"),
        on,
        version_numbers(build.py_version),
        build.tag,
    )
