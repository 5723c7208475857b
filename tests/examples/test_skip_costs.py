"""What benchmarks/rerun.py shows by figures, as a claim: a skip opens no input, and looks closely at few."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.examples.conftest import Clone

WATCHED = """
import json, os, sys

seen = []


def watch(event, words):
    if event in {"os.listdir", "os.scandir", "open"} and isinstance(words[0], (str, bytes)):
        seen.append([event, os.fsdecode(words[0])])


sys.addaudithook(watch)
from simple_sagemaker.cli.main import main
try:
    sys.exit(main())
finally:
    print(json.dumps(seen))
"""


def test_a_skip_opens_no_input_and_lists_none_on_s3(clone: Clone) -> None:
    data = clone.folder / "data"
    data.mkdir()
    for number in range(50):
        (data / f"{number}.txt").write_text("x")
    public = Path(clone.home / "buckets/public/all")
    public.mkdir(parents=True)
    (public / "a.json").write_text("{}")
    words = ["run", "-p", "ssm-ex", "-t", "skipped", "-e", "examples/devices.py", "-i", "data"]
    words += ["--iis", "bucket", "s3://public/all"]
    clone.run(" ".join(["ssm", *words]))
    watched = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=clone.folder,
        env=clone.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "Skipped" in watched.stderr
    seen = json.loads(watched.stdout)
    assert any("jobs" in path or "buckets" in path for _, path in seen)  # what it does look at was noticed
    assert not [path for _, path in seen if path.startswith(str(public)) or "/skipped/input" in path]
    assert {event for event, path in seen if path.startswith(("data", str(data)))} == {"os.scandir"}
