"""Hyperparameters as values, as arguments and as environment variables, in the forms of AWS's toolkit.

Compared with sagemaker-training 5.1.4, which the tests run beside this.
"""

import json

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

# Names reserved by AWS's tools; everything else that begins with the prefix is the framework's.
RESERVED = frozenset(
    (
        "sagemaker_program",
        "sagemaker_submit_directory",
        "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_region",
        "sagemaker_container_log_level",
        "sagemaker_job_name",
        "default_user_module_name",
        "_tuning_objective_metric",
        "sagemaker_s3_output",
    )
)
PREFIX = "sagemaker_"


def decode(texts: "dict[str, object]") -> "dict[str, Any]":
    """Decode JSON texts; a text that is not JSON is its own value."""
    return {name: _decode_one(text) for name, text in texts.items()}


def _decode_one(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def split(values: "dict[str, Any]") -> "tuple[dict[str, Any], dict[str, Any], dict[str, Any]]":
    """Split into the user's hyperparameters, the framework's, and those AWS's tools reserve."""
    person = {}  # type: dict[str, Any]
    framework = {}  # type: dict[str, Any]
    reserved = {}  # type: dict[str, Any]
    for name, value in values.items():
        if name in RESERVED:
            reserved[name] = value
        elif name.startswith(PREFIX):
            framework[name] = value
        else:
            person[name] = value
    return person, framework, reserved


def arguments(values: "dict[str, object]") -> "list[str]":
    """A script's command line: names and values alternating, sorted by name; ``-k`` for a name of one character."""
    arguments = []
    for name in sorted(values):
        arguments.append(name and ("--" if len(name) > 1 else "-") + name)
        arguments.append(_argument(values[name]))
    return arguments


def _argument(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join("{}={}".format(name, value[name]) for name in sorted(value))
    return str(value)


def encode(value: object) -> str:
    """A value as an environment variable holds it: text as it is, nothing for None, else compact sorted ASCII JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def to_bytes(text: str) -> bytes:
    """The bytes of a text for a program: UTF-8, whatever the locale; escaped bytes become themselves again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return text.encode("utf-8", "surrogatepass")


def to_text(raw: bytes) -> str:
    """The text that ``to_bytes`` turns into these very bytes."""
    return raw.decode("utf-8", "surrogateescape")


def quote(text: str) -> str:
    """Quote a text for a POSIX shell."""
    return "'" + text.replace("'", "'\"'\"'") + "'"
