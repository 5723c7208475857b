"""The addresses of SageMaker's framework images, from data that AWS publishes with its SDK.

In: what the user typed (framework, version, Python), the machine and the region. Out: one image address. Costs reading
one small file; no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..core.instance_types import is_local
from ..core.records import replace
from ..errors import NoImageForMachine, UsageError
from .published import ACCELERATOR, Build, age, facts, frameworks, version_numbers
from .published import builds as builds_of

_INSTEAD: Final = "Or name an image with {image_uri}."

# The first versions without P2 machines, as AWS's SDK refuses them.
_WITHOUT_P2: Final = {"pytorch": "1.13", "tensorflow": "2.12"}


def framework_image(
    framework: str,
    *,
    version: str | None = None,
    py_version: str | None = None,
    instance_type: str,
    region: str,
) -> str:
    """The address of the training image: anything left out is the newest that fits the rest.

    ``version`` may be short (``2.6``), and is then short in the address too; huggingface's may name its base
    (``4.49.0+pytorch2.5.1``). ``instance_type`` chooses between CPU and GPU; ``local`` is CPU if such an image exists,
    ``local_gpu`` GPU. Raises UsageError, naming alternatives, if there is no such image: another one is never used
    instead.
    """
    if framework not in frameworks():
        raise UsageError.naming(
            "There is no framework {name!r}; there are {names}.\n" + _INSTEAD, name=framework, names=_list(frameworks())
        )
    processor = machine_of(instance_type)
    builds = _of_version(framework, version)
    builds = _of_python(framework, builds, version, py_version)
    builds = _of_machine(framework, builds, version, instance_type, processor)
    builds = _of_region(framework, builds, version, region)
    build = max(builds, key=age)
    named = processor if processor in build.processors else "gpu"
    tag = build.address_tag(named, _family(instance_type), names_python=py_version is not None)
    return build.address(tag, region)


def _of_version(framework: str, version: str | None) -> list[Build]:
    known = facts(framework)
    if version is None:
        return [build for name in known["versions"] for build in builds_of(framework, name, name)]
    typed, _, base = version.partition("+")
    full = known["aliases"].get(typed, typed)
    if full in known["versions"]:
        return _of_base(framework, typed, list(builds_of(framework, full, typed)), base)
    near = _list(_nearest(version, known["versions"]))
    raise UsageError.naming(
        "There is no image of {name} {version}; the nearest versions are {near}.\n"
        "Choose one with {framework_version}. " + _INSTEAD,
        name=framework,
        version=version,
        near=near,
    )


def _of_base(framework: str, version: str, builds: list[Build], base: str) -> list[Build]:
    """The builds on ``base``, which may be shortened as a version may."""
    if not base:
        return builds
    fitting = [replace(build, base=base) for build in builds if f"{build.base}.".startswith(f"{base}.")]
    if fitting:
        return fitting
    published = _list(f"{version}+{build.base}" for build in builds if build.base) or version
    raise UsageError.naming(
        "There is no image of {name} {version} on {base}; there is {published}.\n"
        "Choose one with {framework_version}. " + _INSTEAD,
        name=framework,
        version=version,
        base=base,
        published=published,
    )


def _of_python(framework: str, builds: list[Build], version: str | None, py_version: str | None) -> list[Build]:
    fitting = [build for build in builds if py_version in {None, build.py_version} or not build.py_version]
    if fitting:
        return fitting
    pythons = sorted({build.py_version for build in builds}, key=version_numbers)
    raise UsageError.naming(
        "There is no image of {label} with {python}; there is {pythons}.\n"
        "Choose one with {py_version}, or leave it out for the newest. " + _INSTEAD,
        label=_label(framework, version),
        python=py_version,
        pythons=_list(pythons),
    )


def _of_machine(
    framework: str, builds: list[Build], version: str | None, instance_type: str, processor: str
) -> list[Build]:
    end = _WITHOUT_P2.get(framework)
    if end and _family(instance_type) == "p2":
        builds = [build for build in builds if version_numbers(build.version) < version_numbers(end)]
        if not builds:
            raise UsageError.naming(
                "{name} {version} does not run on {type}: P2 machines end before {name} {end}.\n"
                "Choose another {instance_type}, or an older version with {framework_version}.",
                name=framework,
                version=version,
                type=instance_type,
                end=end,
            )
    fitting = [build for build in builds if processor in build.processors or not build.processors]
    if fitting or instance_type == "local":  # whose image is a name, or runs where there is no GPU
        return fitting or [build for build in builds if "gpu" in build.processors] or builds
    processors = sorted({known for build in builds for known in build.processors})
    others = {build.version for build in _of_version(framework, None) if processor in build.processors}
    if others:
        hint = "Choose another {instance_type}, or with {framework_version} one of {others}."
    else:
        hint = "Choose another {instance_type}."
    raise NoImageForMachine.naming(
        "{type} needs an image for {processor}, and {label} has images for {processors} only.\n" + f"{hint} {_INSTEAD}",
        type=instance_type,
        processor=processor,
        label=_label(framework, version),
        processors=_list(processors),
        others=_list(_nearest("", others)),
    )


def _of_region(framework: str, builds: list[Build], version: str | None, region: str) -> list[Build]:
    fitting = [build for build in builds if region in build.accounts]
    if fitting:
        return fitting
    regions = {name for build in builds for name in build.accounts}
    everywhere = {name for build in _of_version(framework, None) for name in build.accounts}
    if region in everywhere:
        others = {build.version for build in _of_version(framework, None) if region in build.accounts}
        near = _list(_nearest(version or "", others))
        hint = "The nearest versions there are {near}: choose one with {framework_version}."
    else:
        import difflib

        near = _list(difflib.get_close_matches(region, regions, 5) or sorted(regions))
        hint = "It is published in {near}."
    raise UsageError.naming(
        f"{{label}} has no image in the region {{region!r}}.\n{hint} {_INSTEAD}",
        label=_label(framework, version),
        region=region,
        near=near,
    )


def is_arm(instance_type: str) -> bool:
    """Whether an instance type has ARM processors: c7g, m6gd, g5g; but not g6, g6e, g4dn."""
    return re.fullmatch(r"[a-z]+\d+g[a-z]*", _family(instance_type)) is not None


def _family(instance_type: str) -> str:
    """``p4d`` for ``ml.p4d.24xlarge``; "" for ``local`` and for anything that is not an instance type."""
    parts = instance_type.split(".")
    return parts[1] if len(parts) == 3 and parts[0] == "ml" else ""


def machine_of(instance_type: str) -> str:
    """The kind of a machine: ``cpu``, ``gpu`` or ``trn``. Raises UsageError for one that has no images."""
    if is_local(instance_type):
        return "gpu" if instance_type == "local_gpu" else "cpu"
    family = _family(instance_type)
    if not family:
        raise UsageError(f"{instance_type!r} is not an instance type; examples are ml.m5.large, local and local_gpu.")
    if family.startswith("trn"):
        return ACCELERATOR
    if family.startswith("inf"):
        raise UsageError.naming(
            "{type} is for inference, and has no images to train in.\n"
            "Choose another {instance_type}, or name an image of your own with {image_uri}.",
            type=instance_type,
        )
    if is_arm(instance_type):
        raise UsageError.naming(
            "{type} has ARM processors, for which AWS publishes no training images of frameworks.\n"
            "Choose another {instance_type}, or name an image of your own with {image_uri}.",
            type=instance_type,
        )
    return "gpu" if family[0] in "gp" else "cpu"


def _label(framework: str, version: str | None) -> str:
    return f"{framework} {version}" if version else framework


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _nearest(version: str, versions: Iterable[str]) -> list[str]:
    """At most five versions, in order: those that begin in the same way, then the newest."""
    target = version_numbers(re.sub(r"^\D+", "", version))

    def distance(name: str) -> tuple[int, ...]:
        numbers = version_numbers(name)
        same = next(
            (at for at, pair in enumerate(zip(target, numbers, strict=False)) if pair[0] != pair[1]), len(target)
        )
        far = abs(target[same] - numbers[same]) if target and same < min(len(target), len(numbers)) else 0
        return (-same, far, *(-number for number in numbers))

    return sorted(sorted(versions, key=distance)[:5], key=version_numbers)
