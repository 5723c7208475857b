"""A script that prints 10,000 lines a second, with five rules beside it and with none: what the rules cost it.

python benchmarks/rules.py [ROUNDS]: in half of the runs every hundredth line has the metric, in the other half every
line. It measures the ``ssm`` of the environment whose Python runs this.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from measure import paired, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
SSM = str(Path(sys.executable).with_name("ssm"))
SECONDS = 20
TALKS = """
import sys, time
every, seconds = int(sys.argv[1]), int(sys.argv[2])
began = time.monotonic()
for number in range(seconds * 100):
    lines = (number * 100 + place for place in range(100))
    print("".join(f"step {n} of some training loss={1 / (n + 1):.6f}\\n" if n % every == 0 else
                  f"step {n} of some training, of which more is said\\n" for n in lines), end="", flush=True)
    time.sleep(max(0, began + (number + 1) / 100 - time.monotonic()))
"""
RULES = ("nan", "loss > 100", "loss stalls 1000000", "silent 20m", "mem > 99.9%")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": f"{folder}/home"}
        Path(folder, "talks.py").write_text(TALKS, encoding="utf-8")
        words = [
            SSM,
            "run",
            "-p",
            "bench",
            "-e",
            f"{folder}/talks.py",
            "--force_running",
            "--md",
            "loss",
            r"loss=(\S+)",
        ]
        rules = [word for rule in RULES for word in ("--fail_if", rule)]
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {ROUNDS} rounds of {SECONDS} s\n")
        for every in (100, 1):
            ends = ["--", str(every), str(SECONDS)]
            name = f"a metric in one line of {every}"
            commands = {
                f"{name}, no rules": [*words, "-t", f"without{every}", *ends],
                f"{name}, five rules": [*words, "-t", f"with{every}", *rules, *ends],
            }
            print(
                table(paired(commands, rounds=ROUNDS, environment=environment), f"{name}, no rules"), "\n", flush=True
            )


if __name__ == "__main__":
    main()
