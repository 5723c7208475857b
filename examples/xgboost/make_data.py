"""Writes data/train and data/validation as XGBoost reads them: the label first, and no line of names."""

import random
from pathlib import Path

draw = random.Random(1)
for channel, rows in (("train", 400), ("validation", 100)):
    folder = Path("data", channel)
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for _ in range(rows):
        income, debt = draw.random(), draw.random()
        lines.append(f"{int(income > debt)},{income:.4f},{debt:.4f}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
