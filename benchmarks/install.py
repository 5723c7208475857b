"""How large and how quick an installation from this clone is, without extras, bytecode and pip.

python benchmarks/install.py [ROUNDS]: into an environment of its own in a temporary folder; the first round, which may
fill pip's cache, does not count.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

CLONE = Path(__file__).parents[1]
MB = 1_000_000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = [installed() for _ in range(rounds + 1)][1:]
    seconds = [one for one, _ in found]
    sizes = found[-1][1]
    print(f"Python {sys.version.split()[0]}, {rounds} rounds: {statistics.median(seconds):.1f} s", end=" ")
    print(f"[{min(seconds):.1f} to {max(seconds):.1f}], {sum(sizes.values()) / MB:.1f} MB\n")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
        print(f"{size / MB:6.1f} MB  {name}")


def installed() -> tuple[float, dict[str, int]]:
    """The seconds that an installation takes, and the bytes of each package that it brings."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=False)
        python = Path(folder, "bin", "python")
        pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(python)]
        began = time.perf_counter()
        subprocess.run([*pip, "install", "--no-compile", str(CLONE)], check=True, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        sizes: dict[str, int] = {}
        for file in Path(folder).rglob("*"):
            if file.is_file() and not file.is_symlink():
                parts = file.relative_to(folder).parts
                package = parts[3] if len(parts) > 4 else "programs and single files"  # lib/python3.x/site-packages/…
                sizes[package] = sizes.get(package, 0) + file.stat().st_size
        return seconds, sizes


if __name__ == "__main__":
    main()
