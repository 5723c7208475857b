"""How long listings, health and a one-line job take in a home with many ended jobs, and what an idle emulator uses.

python benchmarks/jobs.py [JOBS] [FOLDER]: makes a home of 10,000 jobs, copied from one, and measures the ``ssm`` of the
environment whose Python runs this. Requests are boto3's, with signing and the connection.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import paired

JOBS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROUNDS = 20
IDLE_S = 20.0
SSM = str(Path(sys.executable).with_name("ssm"))
WORKER = "print('one line')\n"


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        top = Path(folder)
        (top / "worker.py").write_text(WORKER, encoding="utf-8")
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {JOBS:,} ended jobs\n")
        few, many = top / "few", top / "many"
        for home in (few, many):
            subprocess.run(one_job(top), env=local(home), check=True, capture_output=True)
        copy_jobs(many, JOBS)
        runs = paired({"few": one_job(top)}, rounds=ROUNDS, environment=local(few))
        runs |= paired({"many": one_job(top)}, rounds=ROUNDS, environment=local(many))
        for name, count in (("few", 1), ("many", JOBS)):
            print(f"a one-line job, {count:,} others: {show([run.wall_s for run in runs[name]])}")
        for start in ("first", "second"):
            print(f"\n{start} emulator with this home")
            with emulator(many) as (process, variables):
                measure(process, variables)


def one_job(folder: Path) -> list[str]:
    return [SSM, "run", "-p", "bench", "-t", "one", "-e", str(folder / "worker.py"), "--force_running"]


def local(home: Path) -> dict[str, str]:
    return {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": str(home)}


def copy_jobs(home: Path, count: int) -> None:
    """Copy the one job that has ended, under other names."""
    (job,) = (home / "jobs").glob("[!.]*")
    for number in range(count):
        name = f"copy-{number}"
        copy = home / "jobs" / name
        shutil.copytree(job, copy, ignore=shutil.ignore_patterns("algo-*"))
        request = json.loads((copy / "request.json").read_text(encoding="utf-8"))
        request["TrainingJobName"] = name
        request["Tags"] = [{"Key": "number", "Value": str(number % 100)}]
        (copy / "request.json").write_text(json.dumps(request), encoding="utf-8")
        (copy / "tags.json").write_text(json.dumps(request["Tags"]), encoding="utf-8")


@contextmanager
def emulator(home: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """An emulator of a home: its process, and the variables that it prints."""
    file = home.with_suffix(".env")
    file.unlink(missing_ok=True)
    command = [SSM, "emulator", "--port", "0", "--home", str(home), "--env_file", str(file)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as running:
        try:
            while not file.exists() and running.poll() is None:
                time.sleep(0.05)
            yield running.pid, dict(re.findall(r"export (\w+)='?([^'\n]*)'?", file.read_text(encoding="utf-8")))
        finally:
            running.terminate()


def measure(process: int, variables: dict[str, str]) -> None:
    import boto3

    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"],
    )
    client = session.client("sagemaker", endpoint_url=variables["AWS_ENDPOINT_URL"])
    print(f"first page: {seconds(client.list_training_jobs) * 1000:.0f} ms")
    print(f"until the logs of all jobs are shipped: {wait_for_rest(process):.0f} s")
    print(f"idle: {100 * used_s(process, IDLE_S) / IDLE_S:.2f} % of a core")
    tags = {"Filters": [{"Name": "Tags.number", "Value": "7"}]}
    machine = {"Filters": [{"Name": "ResourceConfig.InstanceCount", "Value": "1"}]}
    health = f"{variables['AWS_ENDPOINT_URL']}/_ssm/health"
    acts: dict[str, Callable[[], object]] = {
        "health": lambda: urllib.request.urlopen(health).read(),
        "a page of 10": client.list_training_jobs,
        "a page of 10, newest first": lambda: client.list_training_jobs(SortBy="CreationTime", SortOrder="Descending"),
        "a page of 10 by status": lambda: client.list_training_jobs(StatusEquals="Failed"),
        "a page of 100": lambda: client.list_training_jobs(MaxResults=100),
        "a page of processing jobs": client.list_processing_jobs,
        "a search by tag": lambda: client.search(Resource="TrainingJob", SearchExpression=tags),
    }
    for name, act in acts.items():
        print(f"{name}: {show([seconds(act) for _ in range(ROUNDS)])}")

    def search() -> object:
        return client.search(Resource="TrainingJob", SearchExpression=machine)

    first, later = seconds(search), [seconds(search) for _ in range(3)]
    print(f"a search by another property: the first {first:.2f} s, then {show(later)}")
    began = time.perf_counter()
    pages = list(client.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 100}))
    print(f"all {len(pages)} pages of 100: {time.perf_counter() - began:.1f} s")


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def wait_for_rest(process: int) -> float:
    """Wait until a process uses little; the seconds that this took."""
    began = time.perf_counter()
    while used_s(process, 1.0) > 0.1:
        pass
    return time.perf_counter() - began


def used_s(process: int, wait_s: float) -> float:
    """What a process uses of the processor in some seconds."""
    before = processor_s(process)
    time.sleep(wait_s)
    return processor_s(process) - before


def processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.0f} ms [{min(times) * 1000:.0f} to {max(times) * 1000:.0f}]"


if __name__ == "__main__":
    main()
