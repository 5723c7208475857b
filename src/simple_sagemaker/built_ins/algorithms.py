"""What is known of each of SageMaker's built-in algorithms: one frozen value, read from a file of ``tables/``.

The files are facts of AWS's developer guide, of its SDK and of the container's own code; each names its sources. A
hyperparameter is written there in a few words, which ``hyperparameters.py`` reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

from ..core.records import dataclass
from ..core.spelling import nearest
from .hyperparameters import Hyperparameter, read_hyperparameter

Learns = Literal[
    "supervised", "unsupervised", "text", "series", "images", "pairs", "pairs of tokens", "sequences"
]  # what a record of its data is
Processor = Literal["cpu", "gpu"]
Direction = Literal["min", "max"]

_FOLDER: Final = Path(__file__).with_name("tables")
_OTHER_NAMES: Final = {
    "deepar": "forecasting-deepar",
    "fm": "factorization-machines",
    "random-cut-forest": "randomcutforest",
    "rcf": "randomcutforest",
    "k-means": "kmeans",
    "k-nn": "knn",
    "image-classification-mxnet": "image-classification",
    "xgb": "xgboost",
    "sagemaker-xgboost": "xgboost",
    "ip-insights": "ipinsights",
    "seq-2-seq": "seq2seq",
}  # as the guide, its notebooks and people write them, in lower case with dashes


@dataclass(frozen=True, kw_only=True)
class ChannelFacts:
    """A channel of an algorithm: what is in it, whether a job needs it, and whether it does where the data is images.

    ``content`` is in words.
    """

    name: str
    content: str
    required: bool = False
    required_for_images: bool = False


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """One built-in algorithm.

    ``purpose`` is a line, ``learns`` what a record of its data is; with ``counts`` its numbers are counts. Of
    ``content_types`` the first is the usual one. It runs on ``processors``, on one host alone unless ``many_hosts``,
    and on ``gpu_families``; ``machines_note`` says more. Without ``checkpoints`` it begins anew when a spot machine is
    taken. ``metrics`` are objectives, each with its better direction, and ``tunable`` the recommended ranges, in the
    words of ``--hp_space``. ``model`` is what model.tar.gz holds.
    """

    name: str
    purpose: str
    learns: Learns
    channels: Mapping[str, ChannelFacts]
    content_types: tuple[str, ...]
    input_modes: tuple[str, ...]
    processors: tuple[Processor, ...]
    gpu_families: tuple[str, ...]
    many_hosts: bool
    machines_note: str
    hyperparameters: Mapping[str, Hyperparameter]
    metrics: Mapping[str, Direction]
    tunable: Mapping[str, str]
    checkpoints: bool
    model: str
    sources: tuple[str, ...]
    counts: bool = False

    @property
    def other_names(self) -> dict[str, str]:
        """The names that hyperparameters have besides their own, each with the own one."""
        return {other: name for name, one in self.hyperparameters.items() for other in one.other_names}


def names() -> tuple[str, ...]:
    """The algorithms' names, sorted."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))


def nearest_name(name: str) -> str | None:
    """The algorithm that a name which is none was probably meant for."""
    plain = re.split(r"[-@= ]v?[0-9]", name.lower().replace("_", "-"))[0]  # a version may stand behind it
    known = names()
    exact = _OTHER_NAMES.get(plain) or next(
        (one for one in known if one.replace("-", "") == plain.replace("-", "")), ""
    )
    return exact or nearest(plain, known)


@cache
def algorithm(name: str) -> Algorithm:
    """The algorithm of that name. Raises KeyError if there is none."""
    if name not in names():
        raise KeyError(name)
    facts: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    supports = facts["supports"]
    return Algorithm(
        name=facts["name"],
        purpose=facts["purpose"],
        learns=cast("Learns", facts["learns"]),
        channels={channel: _channel(channel, text) for channel, text in facts["channels"].items()},
        content_types=tuple(facts["content_types"]),
        input_modes=tuple(facts["input_modes"]),
        processors=tuple(supports["processors"]),
        gpu_families=tuple(facts["gpu_families"]),
        many_hosts=supports["hosts"] == "many",
        machines_note=supports.get("why_hosts", ""),
        hyperparameters={one: read_hyperparameter(one, text) for one, text in facts["hyperparameters"].items()},
        metrics=facts["metrics"],
        tunable=facts["tunable"],
        checkpoints=facts["checkpoints"],
        model=facts["model"],
        sources=tuple(facts["sources"]),
        counts=facts.get("counts", False),
    )


def _channel(name: str, text: str) -> ChannelFacts:
    """A channel from its line: ``required; what is in it``, or ``required for images: what is in it``."""
    if text.startswith("required for images: "):
        return ChannelFacts(name=name, content=text.partition(": ")[2], required_for_images=True)
    need, _, content = text.partition("; ")
    return ChannelFacts(name=name, content=content if need == "required" else text, required=need == "required")
