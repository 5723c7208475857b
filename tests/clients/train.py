"""Trains nothing: shows what a job of two hosts sees, and leaves a model, a checkpoint and a metric."""

import argparse
import json
import os
import pathlib

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=0)
parser.add_argument("--name", default="")
given, _ = parser.parse_known_args()

host = os.environ.get("SM_CURRENT_HOST", "algo-1")
print("saw", json.dumps({"epochs": given.epochs, "name": given.name, "hosts": os.environ.get("SM_HOSTS")}))
for folder in sorted(pathlib.Path("/opt/ml/input/data").iterdir()):
    if folder.is_dir():
        print("channel", folder.name, sorted(path.name for path in folder.iterdir()))
pathlib.Path("/opt/ml/model", f"model-{host}").write_text(given.name)
if os.path.isdir("/opt/ml/checkpoints"):
    pathlib.Path("/opt/ml/checkpoints", f"checkpoint-{host}").write_text(str(given.epochs))
for epoch in range(given.epochs):
    print(f"loss={1 / (epoch + 1)};", flush=True)
