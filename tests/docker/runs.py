"""The tests that need Docker; with the word ``engine`` the engine's own tests, with every host in a container.

``python -m tests.docker.daemon python -m tests.docker.runs [WORDS…]``, as tox calls it. Other words name a part of the
tests that need Docker.
"""

from __future__ import annotations

import os
import subprocess
import sys

_PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "auto"]
_PYTEST += ["--dist", "worksteal"]
# One door: what comes by another is the same behind it. A test of times or of many files is no other in a container.
_ENGINE = ["tests/local", "-k", "not http and not boto3 and not many_files"]


def main(words: list[str]) -> int:
    if words != ["engine"]:
        return subprocess.run([*_PYTEST, "-m", "docker", *(words or ["tests"])], check=False).returncode
    inside = {**os.environ, "SSM_ISOLATION": "docker"}
    return subprocess.run([*_PYTEST, *_ENGINE], env=inside, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
