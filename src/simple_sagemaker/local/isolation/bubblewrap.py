"""A host in namespaces made by bubblewrap (``bwrap``), where this machine lets it and not us make them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace

from . import plain
from .mounts import Step, View
from .namespaces import Launch, Started

_FLAGS = ("--unshare-user", "--unshare-pid", "--unshare-uts", "--unshare-ipc", "--die-with-parent", "--as-pid-1")


def start(launch: Launch, view: View, *, close: Sequence[int]) -> Started:
    """Start a host through ``bwrap``; it says on a pipe which process is the host's first."""
    told, tell = os.pipe()
    os.set_inheritable(tell, True)
    words = ["bwrap", *_FLAGS, "--uid", "0", "--gid", "0", "--hostname", launch.hostname, "--info-fd", str(tell)]
    for step in view.steps():
        words += _words(step)
    wrapped = replace(launch, argv=[*words, "--chdir", launch.cwd, "--", *launch.argv], cwd="/")
    started = plain.start(wrapped, close=[*close, told])
    os.close(tell)
    with os.fdopen(told, "rb") as info:
        said = info.read()
    return replace(started, main=json.loads(said)["child-pid"]) if said else started


def _words(step: Step) -> list[str]:
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
