"""Checks requests against the service's published model, patterns and maximums included.

botocore's own check of a request covers types, required members and minimums; the service itself checks the rest, and
so do we, with the service's messages. The model is botocore's ``service-2.json``; the hundredth of it that we need is
kept in the home's cache, because reading all of it takes longer than a small job.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...storage.private import make_private, read_plain

OPERATIONS = (
    "CreateProcessingJob",
    "DescribeProcessingJob",
    "StopProcessingJob",
    "DeleteProcessingJob",
    "ListProcessingJobs",
    "CreateTrainingJob",
    "DescribeTrainingJob",
    "StopTrainingJob",
    "UpdateTrainingJob",
    "DeleteTrainingJob",
    "ListTrainingJobs",
    "ListTags",
    "AddTags",
    "DeleteTags",
    "Search",
)
_SEARCHED = "TrainingJob"  # the shape of what Search finds
_CACHE = 3  # raised when more of the model is kept than before
_LOCAL_TYPES = ("local", "local_gpu")  # ours: accepted and recorded beside the service's own instance types
_SPACES = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "list": (list, tuple),
    "map": Mapping,
    "structure": Mapping,
    "timestamp": (datetime, int, float),
}

Shape = dict[str, Any]


class Model:
    """The shapes of the operations' requests, and of what Search finds, by name."""

    def __init__(self, inputs: dict[str, str], shapes: dict[str, Shape]) -> None:
        self.inputs = inputs
        self.shapes = shapes

    def validation_message(self, operation: str, request: Mapping[str, Any]) -> str | None:
        """The service's error message for an invalid request, all errors in one text; None when it is valid."""
        errors = list(self._check(self.inputs[operation], request, ""))
        if not errors:
            return None
        plural = "error" if len(errors) == 1 else "errors"
        return f"{len(errors)} validation {plural} detected: " + "; ".join(errors)

    @property
    def searched_members(self) -> Mapping[str, Shape]:
        """The members of what Search finds."""
        members: dict[str, Shape] = self.shapes[_SEARCHED]["members"]
        return members

    def property_type(self, name: str) -> str | None:
        """The type of a dotted property of what Search finds, ``list`` within a list; None if there is no such."""
        shape = self.shapes[_SEARCHED]
        for part in name.split("."):
            if shape["type"] == "list":
                break
            reference = shape["value"] if shape["type"] == "map" else shape.get("members", {}).get(part)
            if not part or reference is None:
                return None
            shape = self.shapes[reference["shape"]]
        return str(shape["type"])

    def _check(self, name: str, value: Any, path: str) -> Iterator[str]:
        shape = self.shapes[name]
        kind = shape["type"]
        expected = _PYTHON_TYPES.get(kind)
        if expected and (not isinstance(value, expected) or (kind in {"integer", "long"} and isinstance(value, bool))):
            yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must be a {kind}"
            return
        yield from _check_bounds(shape, kind, value, path)
        if kind == "structure":
            yield from self._check_structure(shape, value, path)
        elif kind == "list":
            for number, member in enumerate(value, 1):
                yield from self._check(shape["member"]["shape"], member, f"{path}.{number}.member")
        elif kind == "map":
            for key, member in value.items():
                yield from self._check(shape["key"]["shape"], key, f"{path}.key")
                yield from self._check(shape["value"]["shape"], member, f"{path}.{key}.member")
        elif kind == "string":
            yield from _check_text(shape, value, path)

    def _check_structure(self, shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[str]:
        for name in shape.get("required", ()):
            if value.get(name) is None:
                yield _null_error(path, name)
        for name, member in value.items():
            if name not in shape["members"]:
                yield f"Unknown member '{name}' at '{path or 'request'}'"
            elif member is None:
                if name not in shape.get("required", ()):
                    yield _null_error(path, name)
            else:
                yield from self._check(shape["members"][name]["shape"], member, _member_path(path, name))


def load(cache: Path) -> Model:
    """Load the model, from the cache if that was made from the same botocore, else from botocore."""
    return _load(str(cache))


@lru_cache(maxsize=4)
def _load(cache: str) -> Model:
    source = _model_file()
    stamp = source.stat()
    cached = Path(cache) / f"sagemaker-model-{_CACHE}-{stamp.st_size}-{stamp.st_mtime_ns}.json"
    try:
        trimmed = json.loads(read_plain(cached))
    except (OSError, ValueError):
        trimmed = _trim(source)
        make_private(cached.parent)
        scratch = cached.with_name(f"{cached.name}.{os.urandom(8).hex()}")  # threads of one process write it too
        scratch.write_text(json.dumps(trimmed), encoding="utf-8")
        scratch.replace(cached)
    return Model(trimmed["inputs"], trimmed["shapes"])


def _model_file() -> Path:
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ImportError("botocore is not installed, and the local engine checks requests against its service model")
    folder = Path(spec.origin).parent / "data" / "sagemaker" / "2017-07-24"
    packed = folder / "service-2.json.gz"
    return packed if packed.exists() else folder / "service-2.json"


def _trim(source: Path) -> dict[str, Any]:
    import gzip

    data = source.read_bytes()
    whole = json.loads(gzip.decompress(data) if source.suffix == ".gz" else data)
    inputs = {name: whole["operations"][name]["input"]["shape"] for name in OPERATIONS}
    shapes: dict[str, Shape] = {}
    waiting = [*inputs.values(), _SEARCHED]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _trim_shape(whole["shapes"][name])
            waiting += _referenced_shapes(shapes[name])
    return {"inputs": inputs, "shapes": shapes}


def _trim_shape(shape: Shape) -> Shape:
    trimmed: Shape = {key: shape[key] for key in ("type", "required", "min", "max", "pattern", "enum") if key in shape}
    for key in ("member", "key", "value"):
        if key in shape:
            trimmed[key] = {"shape": shape[key]["shape"]}
    if "members" in shape:
        trimmed["members"] = {name: {"shape": member["shape"]} for name, member in shape["members"].items()}
    return trimmed


def _referenced_shapes(shape: Shape) -> list[str]:
    single = [shape[key]["shape"] for key in ("member", "key", "value") if key in shape]
    return single + [member["shape"] for member in shape.get("members", {}).values()]


def _member_path(path: str, name: str) -> str:
    lowered = name[0].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def _null_error(path: str, name: str) -> str:
    return f"Value null at '{_member_path(path, name)}' failed to satisfy constraint: Member must not be null"


def _check_bounds(shape: Shape, kind: str, value: Any, path: str) -> Iterator[str]:
    if kind in {"string", "list", "map"}:
        size, measure = len(value), "length"
    elif kind in {"integer", "long", "float", "double"}:
        size, measure = value, "value"
    else:
        return
    shown = value if kind == "string" and len(value) <= 256 else (value if measure == "value" else f"({size} long)")
    if "min" in shape and size < shape["min"]:
        yield _constraint(shown, path, f"Member must have {measure} greater than or equal to {shape['min']}")
    if "max" in shape and size > shape["max"]:
        yield _constraint(shown, path, f"Member must have {measure} less than or equal to {shape['max']}")


def _check_text(shape: Shape, value: str, path: str) -> Iterator[str]:
    pattern = shape.get("pattern")
    if pattern and (compiled := _compile_pattern(pattern)) and not compiled.fullmatch(value):
        yield _constraint(value[:256], path, f"Member must satisfy regular expression pattern: {pattern}")
    allowed = shape.get("enum")
    if allowed and value not in allowed and not ("ml.m5.large" in allowed and value in _LOCAL_TYPES):
        yield _constraint(value[:256], path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _constraint(value: object, path: str, rule: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {rule}"


@lru_cache(maxsize=512)
def _compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """Compile one of the service's patterns; None for the few that Python cannot read."""
    translated = pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\w").replace(r"\p{Z}", _SPACES)
    translated = translated.replace(r"\p{Alnum}", "a-zA-Z0-9")
    translated = translated.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")  # Java's pairs
    try:
        return re.compile(translated)
    except re.error:
        return None
