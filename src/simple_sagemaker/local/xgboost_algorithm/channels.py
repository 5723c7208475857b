"""The channels of a job as the container checks them: names, input modes, content types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import CustomerMistake

_FORMATS = {
    "csv": "csv",
    "text/csv": "csv",
    "libsvm": "libsvm",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    "parquet": "parquet",
    "application/x-parquet": "parquet",
    "recordio-protobuf": "recordio-protobuf",
    "application/x-recordio-protobuf": "recordio-protobuf",
}
_DEFAULT = "text/libsvm"
_DISTRIBUTIONS = ("ShardedByS3Key", "FullyReplicated")


def check(channels: Mapping[str, Mapping[str, Any]]) -> str:
    """Check the channels as ``inputdataconfig.json`` lists them, and return the format of the data.

    It is that of the train channel, which counts for validation too: csv, libsvm, parquet or recordio-protobuf. Raises
    CustomerMistake.
    """
    for name, config in channels.items():
        if name not in {"train", "validation", "code"}:
            raise CustomerMistake(
                f"Extraneous channel found: {name}", "The channels of XGBoost are train, validation and code."
            )
        full = {**config, "ContentType": config.get("ContentType", _DEFAULT)}
        if not _is_supported(name, full):
            raise CustomerMistake(
                f"Channel configuration for '{name}' channel is not supported: {full}", _advise(name, full)
            )
    kind = _FORMATS[channels["train"].get("ContentType", _DEFAULT)]
    if channels["train"].get("TrainingInputMode") == "Pipe":
        shown = {"csv": "CSV", "parquet": "Parquet"}.get(kind, kind)
        raise CustomerMistake(
            f"Pipe mode for {shown} is no longer supported. Please use Fast File mode (default) instead. Set "
            "input_mode='File' in your SageMaker Estimator or TrainingInput.",
            "XGBoost reads channels in input mode File.",
        )
    return kind


def _is_supported(name: str, config: Mapping[str, Any]) -> bool:
    mode, kind = config.get("TrainingInputMode"), config["ContentType"]
    if config.get("S3DistributionType") not in _DISTRIBUTIONS:
        return False
    if name == "code":
        return kind == "text/python" and mode == "File" and config["S3DistributionType"] == "FullyReplicated"
    return kind in _FORMATS and (mode == "File" or (mode == "Pipe" and _FORMATS[kind] != "libsvm"))


def _advise(name: str, config: Mapping[str, Any]) -> str:
    if name != "code" and config["ContentType"] not in _FORMATS:
        return f"ContentType is compared letter by letter; use one of {', '.join(_FORMATS)}."
    return "Use input mode File." if config.get("TrainingInputMode") != "File" else ""
