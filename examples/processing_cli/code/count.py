"""Counts the lines of this host's share, and in its state how often it has run."""

import json
from pathlib import Path

from counting import lines
from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig()
runs = Path(config.instance_state, "runs")
runs.write_text(str(int(runs.read_text() if runs.exists() else 0) + 1))
found = lines(config.channel_data)
Path(config.output_data_dir, f"{config.current_host}.json").write_text(json.dumps(found))
print(f"{config.current_host} run {runs.read_text()}: {found}")
