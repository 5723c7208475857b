"""The addresses of the images of SageMaker's built-in algorithms, from data that AWS publishes with its SDK.

In: an algorithm's name, the version as typed, and the region. Out: one address; no algorithm has another image for
other machines. ``tools/refresh_images.py`` writes ``built_in_images.json``; XGBoost's images, which are a framework's
as well, are in ``image_data/``.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from .published import registry_domain

XGBOOST: Final = "xgboost"
_OLD: Final = frozenset({"1", "latest"})  # XGBoost 0.72, before its images were a framework's
_FOLDER: Final = Path(__file__).parent


def built_in_versions(algorithm: str) -> tuple[str, ...]:
    """The versions of an algorithm's images, oldest first, as they are typed; of XGBoost without the old ``latest``."""
    return tuple(version for version in _facts(algorithm)["versions"] if algorithm != XGBOOST or version not in _OLD)


def is_advised_against(algorithm: str, version: str) -> bool:
    """Whether AWS advises against a version that there is: XGBoost's ``1`` and ``latest``.

    https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html
    """
    return algorithm == XGBOOST and version in _OLD


def built_in_image(algorithm: str, version: str, region: str) -> str:
    """The address of an algorithm's training image. Raises UsageError where it is not published in the region."""
    facts = _facts(algorithm)
    (repository, python, processor, number), *_ = facts["versions"][facts["aliases"].get(version, version)]
    accounts = {name: account for account, names in facts["accounts"][number].items() for name in names.split()}
    if region not in accounts:
        raise UsageError.naming(
            "{name}:{version} is not published in the region {region!r}. It is in {regions}.\n"
            "Choose one of them with {aws_region}.",
            name=algorithm,
            version=version,
            region=region,
            regions=_nearest(region, accounts),
        )
    tag = "-".join(filter(None, (version, processor, python)))
    return f"{accounts[region]}.dkr.ecr.{region}.{registry_domain(region)}/{repository}:{tag}"


def algorithm_of(image: str) -> str | None:
    """The algorithm whose image an address is, by its repository and registry's form; None for any other image."""
    host, _, name = image.partition("/")
    repository = name.partition(":")[0]
    if ".dkr.ecr." not in host:
        return None
    if repository in {XGBOOST, f"sagemaker-{XGBOOST}"}:
        return XGBOOST
    names: dict[str, Any] = _all()["algorithms"]
    return repository if repository in names else None


def _nearest(region: str, regions: dict[str, str]) -> str:
    """A few regions, of the same continent first."""
    near = sorted(regions, key=lambda one: (one.partition("-")[0] != region.partition("-")[0], one))
    return ", ".join(near[:6]) + (" …" if len(near) > 6 else "")


def _facts(algorithm: str) -> dict[str, Any]:
    """Versions, aliases and accounts of one algorithm, in the form of a framework's."""
    if algorithm == XGBOOST:
        return _read("image_data/xgboost.json")
    facts = _all()
    rows = {version: [[row[0], "", "", row[1]]] for version, row in facts["algorithms"][algorithm].items()}
    return {"versions": rows, "aliases": {}, "accounts": facts["accounts"]}


def _all() -> dict[str, Any]:
    return _read("built_in_images.json")


@functools.cache
def _read(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((_FOLDER / name).read_text(encoding="utf-8"))
    return facts
