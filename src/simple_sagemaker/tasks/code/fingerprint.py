"""Digests of what a job is made from, by which a later command sees what has changed since."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ...core.specs import Spec
from .files import CodeFiles

_ROUNDS = 100_000  # some 30 ms for each guess at what a job's environment held


def fingerprint(spec: Spec, code: CodeFiles, image_content: str | None = None) -> dict[str, str]:
    """Digests of what a job is made from, by the names shown for them. Inputs are not included: they cost a listing.

    ``image_content`` is a digest of what an image of the person's own is built from.
    """
    image = spec.image
    parts = {
        "code": digest_of(code),
        "entry point": spec.code.entry_point,
        "arguments": list(spec.arguments),
        **_of_kind(spec),
        "image": [
            image.framework,
            image.framework_version,
            image.py_version,
            image_content,
            image.image_tag,
            image.uri,
            *([image.built_in] if image.built_in else []),
        ],
    }
    digests = {name: sha256(json.dumps(part, sort_keys=True).encode()) for name, part in parts.items()}
    merged = spec.request_merge
    added = sha256(json.dumps(merged.members, sort_keys=True).encode()) if merged else ""
    return {**digests, "environment": _environment_digest(spec), "merged members": added}


def _of_kind(spec: Spec) -> dict[str, Any]:
    """The parts of the fingerprint that only this kind of task has."""
    if spec.kind == "process":
        return {"command": spec.command_line or list(spec.command)}
    return {
        "command line": spec.code.command,
        "hyperparameters": dict(spec.hyperparameters),
        "distribution": spec.launch_distribution,
    }


def _environment_digest(spec: Spec) -> str:
    """Return a digest of the job's variables that reveals nothing to anyone who can read ``run.json``.

    It is keyed by the task, so that it is the same on every machine and no precomputed table works for two tasks; it is
    slow, so that guessing values costs time; and it covers all variables at once.
    """
    if not spec.environment:
        return ""
    place = spec.place
    key = json.dumps([place.prefix, place.project, place.task]).encode()
    text = json.dumps(dict(spec.environment), sort_keys=True).encode()
    return hashlib.pbkdf2_hmac("sha256", text, key, _ROUNDS, dklen=16).hex()


def digest_of(code: CodeFiles) -> str:
    """A digest of what code has: names, modes and content."""
    parts = {name: f"{name}\0{file.mode:o}\0{file.digest}" for name, file in code.files.items()}
    parts.update((name, f"{name}/") for name in code.folders)
    return sha256("\n".join(parts[name] for name in sorted(parts)).encode("utf-8", "surrogateescape"))


def sha256(data: bytes) -> str:
    """The SHA-256 digest, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
