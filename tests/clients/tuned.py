"""Trains nothing: prints an objective that follows from its hyperparameters, and leaves them as its model."""

import argparse
import json
import pathlib
import time

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--optimizer", default="sgd")
parser.add_argument("--layers", type=int, default=1)
parser.add_argument("--seconds", type=float, default=0)
given = parser.parse_args()

loss = abs(given.lr - 0.3) + 0.01 * given.layers + (0.1 if given.optimizer == "sgd" else 0.0)
print(f"loss={loss};", flush=True)
pathlib.Path("/opt/ml/model", "model.json").write_text(json.dumps(vars(given)))
time.sleep(given.seconds)
