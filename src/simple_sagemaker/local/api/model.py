"""Checks requests against the service's published model, patterns and maximums included.

botocore's own check of a request covers types, required members and minimums; the service itself checks the rest, and
so do we, with the service's messages. The model is botocore's ``service-2.json``; the hundredth of it that we need is
kept in the home's cache, because reading all of it takes longer than a small job.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...core.regular_files import read_plain
from ...storage.private import replace_private
from .operation_names import OF_COMMANDS, OF_THE_EMULATOR

_SEARCHED = {  # the shapes of what Search finds, by their resources
    "TrainingJob": "TrainingJob",
    "HyperParameterTuningJob": "HyperParameterTuningJobSearchEntity",
}
_CACHE = 6  # raised when more of the model is kept than before
_LARGEST = 1 << 63  # what no number of a request reaches
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

    def __init__(self, inputs: dict[str, str], shapes: dict[str, Shape], resource: str = "TrainingJob") -> None:
        self.inputs = inputs
        self.shapes = shapes
        self.resource = resource

    def of_resource(self, resource: str) -> Model:
        """The same for a search of another resource."""
        return Model(self.inputs, self.shapes, resource)

    def validation_message(self, operation: str, request: Mapping[str, Any]) -> str | None:
        """The service's error message for an invalid request, all errors in one text; None when it is valid."""
        errors = self.errors(operation, request)
        if not errors:
            return None
        plural = "error" if len(errors) == 1 else "errors"
        return f"{len(errors)} validation {plural} detected: " + "; ".join(errors)

    def errors(self, operation: str, request: Mapping[str, Any]) -> list[str]:
        """The service's error messages for an invalid request, one by one."""
        return list(self._check(self.inputs[operation], request, ""))

    def find_wrong_type(self, operation: str, request: Mapping[str, Any]) -> str | None:
        """Where a request has a value of a wrong type, or lacks one that it needs; None if nowhere.

        Patterns, limits and unknown members do not count: another version of the model took this request.
        """
        return self._find_wrong_type(self.inputs[operation], request, "")

    def _find_wrong_type(self, name: str, value: Any, path: str) -> str | None:
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "string":
            return None if isinstance(value, str) else path
        if not _has_type(value, kind):
            return path or "its top"
        if kind == "structure":
            for member in shape.get("required", ()):
                if member not in value:
                    return _member_path(path, member)
            members = shape["members"]
            parts = [(members[key]["shape"], one, key) for key, one in value.items() if key in members]
        elif kind == "list":
            parts = [(shape["member"]["shape"], one, str(number)) for number, one in enumerate(value, 1)]
        elif kind == "map":
            parts = [(shape["value"]["shape"], one, key) for key, one in value.items()]
        else:
            return None
        for one_shape, one, key in parts:
            place = self._find_wrong_type(one_shape, one, key)
            if place is not None:
                return _member_path(path, place) if kind == "structure" else f"{path}.{place}"
        return None

    @property
    def searched_members(self) -> Mapping[str, Shape]:
        """The members of what Search finds."""
        members: dict[str, Shape] = self.shapes[_SEARCHED[self.resource]]["members"]
        return members

    def property_type(self, name: str) -> str | None:
        """The type of a dotted property of what Search finds, ``list`` within a list; None if there is no such."""
        shape = self.shapes[_SEARCHED[self.resource]]
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


def _has_type(value: object, kind: str) -> bool:
    """Whether a value is of a type; a number only if it is one that can be calculated with."""
    if not isinstance(value, _PYTHON_TYPES.get(kind, object)) or (isinstance(value, bool) and kind != "boolean"):
        return False
    return not isinstance(value, (int, float)) or -_LARGEST < value < _LARGEST


def load(cache: Path, operation: str = "") -> Model:
    """Load the model, from the cache if that was made from the same botocore, else from botocore.

    It has the operations of commands, or those that the emulator alone answers if ``operation`` is one of these.
    """
    return _load(str(cache), is_of_emulator=operation in OF_THE_EMULATOR)


@lru_cache(maxsize=1)
def read_installed() -> Model:
    """The model from botocore itself, for where there is no home whose cache could keep it."""
    trimmed = _trim(_model_file(), OF_COMMANDS)
    return Model(trimmed["inputs"], trimmed["shapes"])


@lru_cache(maxsize=4)
def _load(cache: str, *, is_of_emulator: bool) -> Model:
    source = _model_file()
    stamp = source.stat()
    name = "sagemaker-model-emulator" if is_of_emulator else "sagemaker-model"
    cached = Path(cache) / f"{name}-{_CACHE}-{stamp.st_size}-{stamp.st_mtime_ns}.json"
    operations = OF_THE_EMULATOR if is_of_emulator else OF_COMMANDS
    try:
        trimmed = _whole(json.loads(read_plain(cached)), operations)
    except (OSError, ValueError, RecursionError):
        trimmed = _trim(source, operations)
        with suppress(OSError):  # of a full disk jobs are read, too
            replace_private(cached, json.dumps(trimmed))
    return Model(trimmed["inputs"], trimmed["shapes"])


def _whole(trimmed: Any, operations: Iterable[str]) -> dict[str, Any]:
    """A model that was kept, with a shape for the input of every operation. Raises ValueError for anything else."""
    try:
        inputs, shapes = trimmed["inputs"], trimmed["shapes"]
        if all("type" in shapes[inputs[operation]] for operation in operations):
            return {"inputs": inputs, "shapes": shapes}
    except (LookupError, TypeError) as error:
        raise ValueError("it is no trimmed model") from error
    raise ValueError("it is no trimmed model")


def _model_file() -> Path:
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ImportError("botocore is not installed, and the local engine checks requests against its service model")
    folder = Path(spec.origin).parent / "data" / "sagemaker" / "2017-07-24"
    packed = folder / "service-2.json.gz"
    return packed if packed.exists() else folder / "service-2.json"


def _trim(source: Path, operations: Iterable[str]) -> dict[str, Any]:
    import gzip

    data = source.read_bytes()
    whole = json.loads(gzip.decompress(data) if source.suffix == ".gz" else data)
    inputs = {name: whole["operations"][name]["input"]["shape"] for name in operations}
    shapes: dict[str, Shape] = {}
    searched = _SEARCHED.values() if "Search" in inputs else ()
    waiting = [*inputs.values(), *searched]
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
