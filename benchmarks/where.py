"""Where the time of one job on this machine goes: a timeline, from the prompt to the prompt.

python benchmarks/where.py [ROUNDS] [--hosts N] [--svg FILE]: runs a one-line job ROUNDS times (15) with the ``ssm`` of
the environment whose Python runs this, and prints the medians. What it reads is there after every job: the times in the
job's journal and of its files, and a line that the worker prints.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SSM = str(Path(sys.executable).with_name("ssm"))
WORKER = "import time\nprint(f'begins {time.time():.6f}')\n"
ENDS = {
    "requested": "Python starts, the line is checked, the code packed, the job written",
    "Downloading": "the supervisor takes the job and makes its hosts",
    "Training": "inputs come to the hosts",
    "begins": "the launcher starts, unpacks the code and starts the script",
    "Uploading": "the script runs and ends; state and model are taken",
    "Completed": "results are kept",
    "ended": "the command sees the end and tells it",
}
BAR = 40
WIDTH, ROW, LEFT, RIGHT = 860, 26, 470, 60  # of the picture, in pixels


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("rounds", nargs="?", type=int, default=15)
    words.add_argument("--hosts", type=int, default=1)
    words.add_argument("--svg", type=Path)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        worker = Path(folder, "worker.py")
        worker.write_text(WORKER, encoding="utf-8")
        environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": f"{folder}/home", "SSM_PYTHON": sys.executable}
        line = [SSM, "run", "-p", "bench", "-t", "one", "-e", str(worker), "--force_running", "--ic", str(asked.hosts)]
        run(line, environment)  # which makes the home
        runs = [run(line, environment) for _ in range(asked.rounds)]
    steps = {name: statistics.median(one[name] for one in runs) for name in ENDS}
    print(
        f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {asked.hosts} hosts, medians of {len(runs)}\n"
    )
    total = sum(steps.values())
    for name, seconds in steps.items():
        bar = "#" * max(1, round(BAR * seconds / total))
        print(f"{seconds * 1000:6.0f} ms  {ENDS[name]:70} {bar}")
    print(f"{total * 1000:6.0f} ms  in all")
    if asked.svg:
        asked.svg.write_text(draw(steps), encoding="utf-8")


def run(line: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Run a job; the seconds that each step took."""
    began = time.time()
    subprocess.run(line, env=environment, check=True, capture_output=True)
    ended = time.time()
    job = max(Path(environment["SSM_HOME"], "jobs").glob("one-*"), key=lambda path: path.stat().st_mtime)
    times = {"requested": (job / "request.json").stat().st_mtime, "ended": ended}
    for entry in map(json.loads, (job / "journal.jsonl").read_text(encoding="utf-8").splitlines()):
        times.setdefault(entry["secondary"], entry["at"])
    logs = "".join(file.read_text(encoding="utf-8") for file in (job / "logs").iterdir())
    times["begins"] = max(map(float, re.findall(r"begins ([0-9.]+)", logs)))
    steps = {}
    for name in ENDS:
        steps[name], began = times[name] - began, times[name]
    return steps


def draw(steps: dict[str, float]) -> str:
    """The timeline as SVG, readable on light and dark pages."""
    total = sum(steps.values())
    scale = (WIDTH - LEFT - RIGHT) / total
    height = ROW * (len(steps) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<style>text{fill:#333;font-size:13px}rect{fill:#3b82c4}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    ]
    at = 0.0
    for number, (name, seconds) in enumerate(steps.items()):
        y, x, width = ROW * number, LEFT + at * scale, max(1.0, seconds * scale)
        parts.append(f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{ENDS[name]}</text>')
        parts.append(f'<rect x="{x:.1f}" y="{y + 5}" width="{width:.1f}" height="{ROW - 10}"/>')
        parts.append(f'<text x="{x + width + 5:.1f}" y="{y + 17}">{seconds * 1000:.0f} ms</text>')
        at += seconds
    parts.append(f'<text x="{LEFT - 10}" y="{height - 8}" text-anchor="end">{total * 1000:.0f} ms in all</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
