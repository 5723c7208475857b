"""What every host of a chain's jobs runs: it tells what it sees, does what it is told, and fails when it is to."""

from __future__ import annotations

SCRIPT = """
import json
import pathlib
import sys
import time

from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig()
plan = json.loads(sys.argv[1])
mine = plan["hosts"][config.host_rank]


def files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


channels = [names(pathlib.Path(config.channel(f"c{number}"))) for number in range(plan["reads"])]
print("SEEN " + json.dumps({"state": files(pathlib.Path(config.state)), "channels": channels}))
for folder, written in ((config.state, "state"), (config.model_dir, "model"), (config.output_data_dir, "output")):
    for name, text in mine[written].items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
for name in mine["removes"]:
    path = pathlib.Path(config.state, name)
    if path.exists():
        path.unlink()
if plan["fails"] is not None:
    meeting = pathlib.Path(plan["meeting"])
    (meeting / config.current_host).touch()
    while len(list(meeting.iterdir())) < len(config.hosts):
        time.sleep(0.01)
    if config.host_rank == plan["fails"]:
        sys.exit(3)
    time.sleep(60)
"""
