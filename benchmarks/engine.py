"""What the local engine moves over S3, beside the commands' own transfers and s5cmd, against one server.

python benchmarks/engine.py [CASE ...] [--rounds N] [--scale X] [--environment DIR]: the cases are ``many`` (20,000
files of 2 kB), ``far`` (600 of them behind 30 ms of delay), and ``folders`` (the first with buckets that are folders).
Each is a channel and a state brought to a host, beside what ``ssm data`` does with the same objects, and a state
mirrored, beside what ``-i`` does. The server and the other clients are those of ``data.py``. Rows are whole processes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from data import HERE, Bench, served, tools
from measure import Run, once

DELAY_MS = 30


@contextmanager
def delayed(url: str) -> Iterator[str]:
    """The address of the same server, made far away."""
    words = [sys.executable, str(HERE / "delay.py"), url.rpartition(":")[2], str(DELAY_MS)]
    proxy = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert proxy.stdout
        yield f"http://127.0.0.1:{proxy.stdout.readline().strip()}"
    finally:
        proxy.terminate()
        proxy.wait()


def measured(bench: Bench, commands: Mapping[str, Callable[[int], Sequence[str]]], more: Mapping[str, str]) -> str:
    """Run each command in turn, to a new place each time; a table with the ratios to the first."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(bench.rounds + 1):
        for name, words in commands.items():
            run = once(words(number), {**bench.at(bench.url), **more})
            if number:
                runs[name].append(run)
            shutil.rmtree(bench.top / "to", ignore_errors=True)
            (bench.top / "to").mkdir()
        for buckets in ("server", "folders"):
            for place in bench.top.glob(f"{buckets}/bench/up-*"):
                shutil.rmtree(place)
    base = next(iter(runs.values()))
    lines = ["| | wall, median [min to max] | ratio | CPU | peak MiB |", "|---|---|---|---|---|"]
    for name, of_one in runs.items():
        walls = [run.wall_s for run in of_one]
        ratio = statistics.median(run.wall_s / other.wall_s for run, other in zip(of_one, base, strict=True))
        lines.append(
            f"| {name} | {statistics.median(walls):.2f} s [{min(walls):.2f} to {max(walls):.2f}] | {ratio:.2f} "
            f"| {statistics.median(run.cpu_s for run in of_one):.2f} s | {max(run.peak_mib for run in of_one):.0f} |"
        )
    return "\n".join(lines)


def case(bench: Bench, count: int, more: Mapping[str, str]) -> Iterator[str]:
    """The tables of one number of files."""
    files = bench.count(count)
    folder, key, to = bench.tree(f"files{files}", files, 2000), f"have-{files}", bench.top / "to"
    once(bench.ours("up", f"{key}/", folder), {**bench.at(bench.url), **more})

    def ours(what: str, place: str, local: Path) -> Callable[[int], Sequence[str]]:
        return lambda number: bench.ours(what, place.replace("{}", str(number)), local)

    down = {
        "ssm data": ours("down", f"{key}/", to / "data"),
        "a channel": ours("channel", f"{key}/", to / "channel"),
        "a state restored": ours("restore", f"{key}/", to / "state"),
    }
    up = {
        "-i": ours("up", "up-input{}/", folder),
        "a state mirrored": ours("mirror", "up-state{}/", folder),
    }
    if "SSM_BUCKETS" not in more:
        s5cmd = str(bench.tools / "bin" / "s5cmd")
        down["s5cmd"] = lambda _: [s5cmd, "cp", f"s3://bench/{key}/*", f"{to}/s5cmd/"]
        up["s5cmd"] = lambda number: [s5cmd, "cp", f"{folder}/*", f"s3://bench/up-s5cmd{number}/"]
    yield measured(bench, down, more)
    yield measured(bench, up, more)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir(), "ssm-data-benchmark"))
    asked = parser.parse_args()
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        top = Path(name)
        for folder in ("server/bench", "folders/bench", "to"):
            (top / folder).mkdir(parents=True)
        installed = tools(asked.environment)
        with served(installed, top / "server") as url, delayed(url) as far:
            bench = Bench(tools=installed, top=top, url=url, rounds=asked.rounds, scale=asked.scale, clients=[])
            places = {
                "many": (20_000, {}),
                "far": (600, {"AWS_ENDPOINT_URL": far, "S3_ENDPOINT_URL": far}),
                "folders": (20_000, {"SSM_BUCKETS": str(top / "folders")}),
            }
            for one in asked.cases or places:
                count, more = places[one]
                for table in case(bench, count, more):
                    print(f"{one}, {bench.count(count):,} files of 2 kB\n\n{table}\n", flush=True)


if __name__ == "__main__":
    main()
