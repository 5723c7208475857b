"""The rows of ``image_data/*.json``, one for each published image, from the files in AWS's SDK.

A row is the repository, the Pythons, the processors, the accounts by region, and what else its tag consists of, in the
words of ``simple_sagemaker.images.published.Build``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Row = list[Any]

# The Python of images whose SDK data names none. https://github.com/aws/deep-learning-containers, docker/pytorch
PYTHONS = {"pytorch-amzn2023": ["py312"]}
KNOWN = {"registries", "repository", "py_versions", "processors", "container_version", "tag_prefix", "sdk_versions"}
# Where the SDK's data names an image that was never published.
# https://huggingface.co/docs/optimum-neuron/containers has pytorch2.8.0
CORRECTIONS = {("huggingface-neuronx", "4.55.4", "pytorch2.7.0"): "pytorch2.8.0"}
# Images of PyTorch with SageMaker's library for model parallelism: the Python and CUDA of each PyTorch version. The
# SDK's file has them by the library's versions, and its code (get_training_image_uri) adds the CUDA version.
SMP = {
    "2.0.1": ("2.0.1", "cu118"),
    "2.1.2": ("2.1.2", "cu121"),
    "2.2.0": ("2.3.1", "cu121"),
    "2.3.1": ("2.5.0", "cu121"),
    "2.4.1": ("2.7.0", "cu121"),
    "2.5.1": ("2.8.0", "cu124"),
}


def scope_of(folder: Path, framework: str) -> Json:
    """The SDK's data about the framework's images for training, or for processing where it has no others."""
    whole: Json = json.loads((folder / f"{framework}.json").read_text(encoding="utf-8"))
    if "versions" in whole:
        return {**whole, "scope": "training"}
    name = "training" if "training" in whole else "processing"
    return {**whole[name], "scope": name}


def rows(folder: Path, framework: str) -> Iterator[tuple[str, Row]]:
    """Every image of the framework, with its version."""
    source = scope_of(folder, framework)
    if framework == "pytorch-smp":
        yield from _parallel(source)
        return
    for name, version in source["versions"].items():
        for pys, base, build in _builds(version):
            unknown = set(build) - KNOWN - {"processor_in_tag"}
            if unknown:
                sys.exit(f"{framework} {name} has {unknown}, which published.py does not know")
            processors = source.get("processors") or build.get("processors", [])
            further = {"base": CORRECTIONS.get((framework, name, base), base), **_of_tag(framework, name, build)}
            machines = ["trn" if one == "neuronx" else one for one in processors]
            kept = {key: value for key, value in further.items() if value or key == "processor"}
            yield (
                name,
                [
                    build["repository"],
                    " ".join(PYTHONS.get(framework, pys)),
                    " ".join(machines),
                    build["registries"],
                    kept,
                ],
            )


def _builds(version: Json) -> Iterator[tuple[list[str], str, Json]]:
    """The Python versions of a framework version and what it is built on, each with its own facts."""
    if "repository" in version:
        yield version.get("py_versions", []), "", version
        return
    for name, build in version.items():
        if name.startswith(("pytorch", "tensorflow")):
            yield build["py_versions"], name, build
        elif name != "version_aliases":
            yield [name], "", build


def _of_tag(framework: str, version: str, build: Json) -> Json:
    """What the tag has beyond the version, the machine and the Python."""
    suffixes = build.get("container_version", {})
    if build.get("processor_in_tag") is False:
        if build["tag_prefix"] != version:
            sys.exit(f"{framework} {version} is not of the form that published.py knows: {build}")
        return {"suffix": suffixes, "processor": ""}
    if len({*suffixes.values()}) > 1:
        sys.exit(f"{framework} {version} has {suffixes}, and published.py knows one for all machines")
    suffix = next(iter(suffixes.values()), "")
    if (
        "sdk_versions" in build
    ):  # the newest, as in the SDK; the word in the tag is that of Neuron's first or second form
        word = "neuronx" if build["repository"].endswith("neuronx") else "neuron"
        return {"suffix": f"{max(build['sdk_versions'])}-{suffix}", "processor": word}
    if framework == "spark":  # as SparkProcessor asks for it; a version of the image only together with a Python
        return {"suffix": "v1", "short": True}
    return {"suffix": suffix, "prefix": build.get("tag_prefix", "")}


def _parallel(source: Json) -> Iterator[tuple[str, Row]]:
    for version, (library, cuda) in SMP.items():
        build = source["versions"][library]
        suffix: Any = {"gpu": cuda, **dict.fromkeys(("p5", "p5e", "p5en"), "cu121")} if cuda == "cu118" else cuda
        yield version, [build["repository"], *build["py_versions"], "gpu", build["registries"], {"suffix": suffix}]
