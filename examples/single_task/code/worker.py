"""Greets as often as it is told, once for each file of its data."""

from pathlib import Path

from extra.greetings import greet
from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig()
lines = [greet(config.hps["greeting"], file.name, config.hps["times"]) for file in Path(config.channel_data).iterdir()]
print("-***-", *lines)
Path(config.model_dir, config.current_host).write_text("\n".join(lines))
