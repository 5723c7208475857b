"""Fits a line to points by gradient descent, saves every epoch in the state, and goes on from there."""

import argparse
import json
import os
import pathlib
import signal
import sys
import time

stops = []
signal.signal(signal.SIGTERM, lambda *_: stops.append(True))  # the machine is wanted elsewhere, or the job is stopped

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--rate", type=float, default=0.5)
parser.add_argument("--pause_s", type=float, default=0, help="seconds after each epoch, for interrupting it")
args = parser.parse_args()

POINTS = [(x / 10, 3 * x / 10 + 1) for x in range(11)]
checkpoint = pathlib.Path(os.environ["SSM_STATE"], "checkpoint.json")
saved = {"epoch": 0, "slope": 0.0, "height": 0.0}
if checkpoint.exists():
    saved = json.loads(checkpoint.read_text())
print(f"-***- from epoch {saved['epoch']}", flush=True)


def save():
    """Write beside it, then rename: the file is whole whenever the machine goes."""
    written = checkpoint.with_suffix(".new")
    written.write_text(json.dumps(saved))
    written.replace(checkpoint)


while saved["epoch"] < args.epochs and not stops:
    errors = [(x, saved["slope"] * x + saved["height"] - y) for x, y in POINTS]
    slope = saved["slope"] - args.rate * sum(error * x for x, error in errors) / len(POINTS)
    height = saved["height"] - args.rate * sum(error for _, error in errors) / len(POINTS)
    saved = {"epoch": saved["epoch"] + 1, "slope": slope, "height": height}
    save()
    loss = sum((slope * x + height - y) ** 2 for x, y in POINTS) / len(POINTS)
    print(f"epoch {saved['epoch']}: loss={loss:.4f};", flush=True)
    time.sleep(args.pause_s)

if saved["epoch"] < args.epochs:
    print(f"-***- stopped after epoch {saved['epoch']}")
    sys.exit(0)
pathlib.Path(os.environ["SM_MODEL_DIR"], "line.json").write_text(json.dumps(saved))
print(f"-***- completed at epoch {saved['epoch']}")
