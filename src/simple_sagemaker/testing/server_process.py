"""The process of a test's emulator: it prints its variables as a line of JSON, and serves until its input ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ..core.emulator_spec import EmulatorSpec
from ..emulator.leading import pass_by_proxies
from ..errors import SsmError, UsageError
from .servers import REFUSED, USAGE, in_this_process


def main(text: str) -> int:
    """Serve; return 0, or 1 where the emulator cannot run, which the line of JSON says instead."""
    asked: dict[str, Any] = json.loads(text)
    home, stop_grace_s, clock_speed = asked.pop("home"), float(asked.pop("stop_grace_s")), asked.pop("clock_speed")
    spec = EmulatorSpec(**{**asked, "home": None if home is None else Path(home)})
    try:
        with in_this_process(spec, stop_grace_s=stop_grace_s, clock_speed=clock_speed) as server:
            pass_by_proxies(server.variables)
            sys.stdout.write(f"{json.dumps(dict(server.variables))}\n")
            sys.stdout.flush()
            sys.stdin.read()
    except SsmError as error:
        sys.stdout.write(f"{json.dumps({REFUSED: str(error), USAGE: isinstance(error, UsageError)})}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
