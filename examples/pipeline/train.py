"""The model is the middle of each kind."""

import csv
import json
import os
import pathlib
from collections import defaultdict

with pathlib.Path(os.environ["SM_CHANNEL_PREPARED"], "measures.csv").open() as file:
    rows = list(csv.DictReader(file))
kinds = defaultdict(list)
for row in rows:
    kinds[row["kind"]].append((float(row["length"]), float(row["width"])))
middles = {
    kind: [sum(length for length, _ in points) / len(points), sum(width for _, width in points) / len(points)]
    for kind, points in kinds.items()
}
pathlib.Path(os.environ["SM_MODEL_DIR"], "middles.json").write_text(json.dumps(middles))
print(f"-***- {len(rows)} rows, middles of {sorted(middles)}")
