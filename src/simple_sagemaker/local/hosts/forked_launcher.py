"""Whether a host can begin as a fork of its job's supervisor, which has what our launcher needs loaded already.

It can where its first program is our own launcher, on the interpreter that the supervisor runs on too; a new process
of it would come to the user's program some 40 ms later.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from ...core import layout
from ..isolation import forked_script
from .host import Host

PAYLOAD = Path(__file__).parents[2] / "payload"
FLAGS = ("-E", "-s", "-S")
_STARTS = (layout.START, layout.PROCESSING_START)
_CUDA_COMPATIBILITY = "/usr/local/cuda/compat/libcuda.so.1"  # for which start.sh changes the environment
_LONGEST = 1 << 16


def fork_for(host: Host, argv: Sequence[str], environment: Mapping[str, str]) -> Callable[[], NoReturn] | None:
    """What a fork of this process calls instead of starting ``argv``; None where only a new program will do.

    ``argv`` and ``environment`` are those of the host's first process.
    """
    if not forked_script.is_prepared():
        return None
    if (*argv[1:4], *argv[5:]) == (*FLAGS, "--train"):
        return partial(forked_script.go_on, argv[0], argv[4], argv[5:])
    if _starts_launcher(host) and not os.path.lexists(_CUDA_COMPATIBILITY):
        launcher = os.path.join(os.path.dirname(argv[1]), layout.LAUNCHER)
        return partial(forked_script.go_on, environment["SSM_PYTHON"], launcher, ())
    return None


def _starts_launcher(host: Host) -> bool:
    """Whether the host's program is the very ``start.sh`` of ours, which would start our launcher."""
    words = [*host.work.entrypoint, *host.work.arguments]
    if len(words) != 2 or words[0] != "/bin/sh" or words[1] not in _STARTS:
        return False
    return host.read(words[1], _LONGEST) == (PAYLOAD / os.path.basename(words[1])).read_bytes()
