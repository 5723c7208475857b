"""Keeps one column of every input file."""

import argparse
import csv
import os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--column", required=True)
column = parser.parse_args().column

for path in sorted(Path(os.environ["SM_CHANNEL_DATA"]).glob("*.csv")):
    with open(path, newline="") as file:
        kept = [row[column] for row in csv.DictReader(file, delimiter=os.environ["SEPARATOR"])]
    Path(os.environ["SSM_OUTPUT"], path.name).write_text("\n".join(kept) + "\n")
    print(f"{path.name}: {len(kept)} values of {column}")
