"""The engine's tests once more: with hosts as plain processes, and as a user who is not root.

``python -m tests.isolations [WORDS…]``, as ``tox -e isolations`` calls it. With words (which name a part of the
tests) there is nothing to do: that part has been run. What does not depend on how hosts are kept apart is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Through one door: what comes by another is the same behind it, however hosts are kept apart.
_PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "-k", "not http and not boto3"]
_ALIKE = (
    "answers",
    "experiments",
    "far_s3",
    "listing",
    "logs",
    "many_files",
    "mistaken_requests",
    "recordio",
    "refusals",
    "trials_that_end",
    "tuning_damaged",
    "tuning_ends",
    "tuning_refusals",
)  # of requests, of stores, and of a search's decisions
_PYTEST += [f"--ignore=tests/local/test_{name}.py" for name in _ALIKE]
_HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    if words or sys.platform != "linux":
        return 0
    _say("hosts as plain processes")
    plain = subprocess.run([*_PYTEST, "tests/local"], env={**os.environ, "SSM_ISOLATION": "plain"}, check=False)
    _say("as a user who is not root")
    user = subprocess.run([sys.executable, str(_HERE / "unprivileged.py"), *_PYTEST, "tests/local"], check=False)
    return plain.returncode or user.returncode


def _say(what: str) -> None:
    sys.stdout.write(f"== {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
