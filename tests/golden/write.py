"""Write the golden requests anew: ``python -m tests.golden.write``, and read what ``git diff`` says of it.

A request changes only when we mean it to, so nothing runs this by itself.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from tests.golden import processing
from tests.golden.lines import LINES, REQUESTS, fill, made


def main() -> None:
    """One file per line; files of lines that are gone are removed."""
    for file in [*REQUESTS.glob("*.json"), *processing.REQUESTS.glob("*.json")]:
        file.unlink()
    processing.REQUESTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        buckets = fill(Path(folder))
        for name, line in LINES.items():
            (REQUESTS / f"{name}.json").write_text(json.dumps(made(line, buckets), indent=1) + "\n")
        for name, request in processing.everything(buckets).items():
            (processing.REQUESTS / f"{name}.json").write_text(json.dumps(request, indent=1) + "\n")


if __name__ == "__main__":
    main()
