"""A host in namespaces made by bubblewrap (``bwrap``), for machines that allow them to it and not to us."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from ...core.records import replace
from . import plain
from .mounts import Step, View
from .namespaces import Launch, Started

_FLAGS = ("--unshare-user", "--unshare-pid", "--unshare-uts", "--unshare-ipc", "--die-with-parent", "--as-pid-1")


def start(launch: Launch, view: View, *, close: Sequence[int]) -> Started:
    """Start a host through ``bwrap``, which reports the PID of the host's first process on a pipe."""
    info_read, info_write = os.pipe()
    os.set_inheritable(info_write, True)
    arguments = [
        "bwrap",
        *_FLAGS,
        "--uid",
        "0",
        "--gid",
        "0",
        "--hostname",
        launch.hostname,
        "--info-fd",
        str(info_write),
    ]
    for step in view.steps():
        arguments += _arguments(step)
    wrapped = replace(launch, argv=[*arguments, "--chdir", launch.cwd, "--", *launch.argv], cwd="/")
    started = plain.start(wrapped, close=[*close, info_read])
    os.close(info_write)
    with os.fdopen(info_read, "rb") as pipe:
        info = pipe.read()
    return replace(started, main=json.loads(info)["child-pid"]) if info else started


def _arguments(step: Step) -> list[str]:
    match step.act:
        case "folder":
            return ["--dir", step.target]
        case "link":
            return ["--symlink", step.source, step.target]
        case "proc":
            return ["--proc", step.target]
        case "readonly":
            return ["--ro-bind", step.source, step.target]
        case "bind" if step.target == "/dev" or step.target.startswith("/dev/"):
            return ["--dev-bind", step.source, step.target]
        case _:
            return ["--bind", step.source, step.target]
