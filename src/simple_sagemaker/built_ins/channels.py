"""Whether the channels of a job are those that an algorithm reads, and what each is said to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from ..core.specs import Input, InputMode, LocalInput, S3Input
from ..core.spelling import nearest
from ..errors import UsageError
from .algorithms import Algorithm

CSV: Final = "text/csv"
LIBSVM: Final = "text/libsvm"
PARQUET: Final = "application/x-parquet"
PROTOBUF: Final = "application/x-recordio-protobuf"
JSON_LINES: Final = "application/jsonlines"
_IMAGE: Final = "application/x-image"
_NO_LABELS: Final = f"{CSV};label_size=0"

# What the name of a file says of its content. XGBoost's container, the guide's pages, and what people call them.
_BY_ENDING: Final[Mapping[str, tuple[str, ...]]] = {
    ".csv": (CSV,),
    ".tsv": (CSV,),
    ".libsvm": (LIBSVM,),
    ".svm": (LIBSVM,),
    ".svmlight": (LIBSVM,),
    ".parquet": (PARQUET, "parquet"),
    ".pbr": (PROTOBUF,),
    ".protobuf": (PROTOBUF,),
    ".recordio": (PROTOBUF, "application/x-recordio"),
    ".rec": ("application/x-recordio", PROTOBUF),
    ".jsonl": (JSON_LINES, "json"),
    ".jsonlines": (JSON_LINES, "json"),
    ".json": ("json", JSON_LINES),
    ".json.gz": ("json",),
    ".jpg": (_IMAGE,),
    ".jpeg": (_IMAGE,),
    ".png": (_IMAGE,),
    ".lst": (_IMAGE,),
    ".txt": ("text/plain",),
}
# Spellings of one type, of which a container takes one or some.
_SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "csv": (CSV,),
    "text/x-csv": (CSV,),
    "application/csv": (CSV,),
    "libsvm": (LIBSVM,),
    "text/x-libsvm": (LIBSVM,),
    "application/x-protobuf": (PROTOBUF,),
    "recordio-protobuf": (PROTOBUF,),
    "parquet": (PARQUET,),
    "application/jsonl": (JSON_LINES,),
    "application/x-jsonlines": (JSON_LINES,),
}
_TAKEN_BY_XGBOOST: Final = frozenset(
    {"csv", CSV, "libsvm", LIBSVM, "text/x-libsvm", "parquet", PARQUET, "recordio-protobuf", PROTOBUF}
    | {f"{CSV};label_size=1", "csv;label_size=1"}
)
_WRITE: Final[Mapping[str, str]] = {  # how a channel is to be said, by the option that says it
    "input_local": "Write: {input_local} {near} {source}",
    "input_s3": "Write: {input_s3} {near} {source}",
    "input_task": "Write: {input_task} {near} {source}",
}
_IMAGE_TYPES: Final = frozenset({_IMAGE, "image/png", "image/jpeg"})


def check_channels(facts: Algorithm, inputs: Sequence[Input], *, has_model: bool, types: Mapping[str, str]) -> None:
    """Raise UsageError for a channel that the algorithm does not read, or that it needs and does not get."""
    for one in inputs:
        if one.name not in facts.channels:
            _refuse_channel(facts, one)
    if has_model and "model" not in facts.channels:
        raise UsageError.naming(
            "{model_uri}: {algorithm} has no channel 'model', so it goes on from none. Drop {model_uri}.",
            algorithm=facts.name,
        )
    names = {one.name for one in inputs}
    needed = [one for one in facts.channels.values() if one.required]
    if any(types.get(name, "") in _IMAGE_TYPES for name in names):
        needed += [one for one in facts.channels.values() if one.required_for_images]
    for channel in needed:
        if channel.name not in names:
            raise UsageError.naming(
                "the channel {channel!r} is missing: {algorithm} needs it ({content}).\n"
                "Add: {input_local} {channel} PATH, or: {input_s3} {channel} s3://BUCKET/KEY",
                channel=channel.name,
                algorithm=facts.name,
                content=channel.content,
            )


def check_same_type(facts: Algorithm, types: Mapping[str, str]) -> None:
    """Raise UsageError where XGBoost would read validation as something else: it takes the type of train for both."""
    train, other = types.get("train", ""), types.get("validation", "")
    if facts.name != "xgboost" or not train or not other or _plain(train) == _plain(other):
        return
    raise UsageError.naming(
        "the channel 'validation' holds {other}, and 'train' {train}: xgboost reads both as the latter.\n"
        "Convert one of them; or if both hold the same, write: {channel_type} validation {train}",
        other=other,
        train=train,
    )


def _plain(content_type: str) -> str:
    kind = content_type.partition(";")[0]
    return _SAME.get(kind, (kind,))[0]


def _refuse_channel(facts: Algorithm, one: Input) -> None:
    option = "input_local" if isinstance(one, LocalInput) else "input_s3" if isinstance(one, S3Input) else "input_task"
    source = str(one.path) if isinstance(one, LocalInput) else one.uri if isinstance(one, S3Input) else one.task
    other = {"val": "validation", "valid": "validation", "eval": "validation", "dev": "validation", "data": "train"}
    other |= {"training": "train", "test": "validation", "testing": "test"}
    near = other.get(one.name.lower())
    near = near if near in facts.channels else nearest(one.name, facts.channels)
    near = near or ("train" if one.name == "data" else "")
    raise UsageError.naming(
        "the channel {channel!r}: {algorithm} reads {channels}, and no other.\n"
        + (_WRITE[option] if near else "Drop it."),
        channel=one.name,
        algorithm=facts.name,
        channels=", ".join(facts.channels),
        near=near,
        source=source,
    )


def check_mode(facts: Algorithm, mode: InputMode) -> None:
    """Raise UsageError for a way of delivering data that the algorithm does not read."""
    if mode not in facts.input_modes:
        raise UsageError.naming(
            "{input_mode} {mode}: {algorithm} reads {modes} alone. Write: {input_mode} File",
            mode=mode,
            algorithm=facts.name,
            modes=" and ".join(facts.input_modes),
        )


def check_distribution(facts: Algorithm, inputs: Sequence[Input]) -> None:
    """Raise UsageError for channels that hosts share in another way than the algorithm reads them."""
    if facts.name != "randomcutforest":
        return
    for one in inputs:
        wanted = "ShardedByS3Key" if one.name == "train" else "FullyReplicated"
        if one.distribution != wanted:
            option = "input_local" if isinstance(one, LocalInput) else "input_s3"
            source = one.path if isinstance(one, LocalInput) else getattr(one, "uri", "…")
            raise UsageError.naming(
                "the channel {channel!r} is {how}: {algorithm} reads it {wanted} alone.\n" + _WRITE[option],
                channel=one.name,
                near=one.name,
                how=one.distribution,
                algorithm=facts.name,
                wanted=wanted,
                source=f"{source} {wanted}",
            )


def type_by_name(facts: Algorithm, names: Sequence[str]) -> str | None:
    """The type that the names of files tell, of those that the algorithm reads; "" for one that it does not read.

    None where they tell nothing.
    """
    for name in names:
        for ending in (".json.gz", PurePosixPath(name).suffix.lower()):
            if name.lower().endswith(ending) and ending in _BY_ENDING:
                return next((one for one in _BY_ENDING[ending] if one in facts.content_types), "")
    return None


def with_labels(facts: Algorithm, channel: str, content_type: str) -> str:
    """A type as the request has it: csv without labels says so, as AWS needs it of what learns without."""
    if content_type != CSV or facts.learns != "unsupervised":
        return content_type
    has_labels = facts.name == "randomcutforest" and channel == "test"
    return f"{CSV};label_size=1" if has_labels else _NO_LABELS


def check_type(facts: Algorithm, channel: str, content_type: str) -> None:
    """Raise UsageError for a type that was said, and that the algorithm does not read."""
    plain, _, parameters = content_type.partition(";")
    if facts.name == "xgboost":
        if content_type in _TAKEN_BY_XGBOOST:
            return
    elif (plain in facts.content_types or _is_of_series(facts, plain)) and (not parameters or plain == CSV):
        return
    lower = plain.strip().lower()
    near: str | None = _SAME.get(lower, (lower,))[0]
    near = near if near in facts.content_types else nearest(lower, facts.content_types)
    known = ", ".join(facts.content_types)
    raise UsageError.naming(
        "{channel_type} {channel} {type!r}: {algorithm} reads {known}, written exactly so.\n"
        "Write: {channel_type} {channel} {near}",
        channel=channel,
        type=content_type,
        algorithm=facts.name,
        known=known,
        near=with_labels(facts, channel, near or facts.content_types[0]),
    )


def _is_of_series(facts: Algorithm, plain: str) -> bool:
    return facts.learns == "series" and plain in {JSON_LINES, PARQUET}
