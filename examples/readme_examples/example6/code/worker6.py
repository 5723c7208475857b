"""Both parts of example 6: ``--task_type 1`` works on the data, ``--task_type 2`` on what part 1 left."""

import logging
import sys
import time
from pathlib import Path

import humanize  # requirements.txt has it installed before this starts
from internal_dependency import lib2
from worker_toolkit import worker_lib

logger = logging.getLogger(__name__)


def show(channel: str, folder: str) -> None:
    for file in lib2.files(folder):
        logger.info("-***- %s: %s, %s", channel, file.relative_to(folder), humanize.naturalsize(file.stat().st_size))


def first_part(config: worker_lib.WorkerConfig) -> None:
    show("data", config.channel_data)
    show("persons", config.channel_persons)
    host = config.current_host
    Path(config.instance_state, f"state_{host}").write_text(f"state of {host}\n")
    for file in lib2.files(config.channel_data):
        text = file.read_text().strip()
        Path(config.model_dir, f"{file.name}_by_{host}").write_text(f"{text}, processed by {host}\n")


def second_part(config: worker_lib.WorkerConfig) -> None:
    from external_dependency import lib1  # only part 2 is started with -d

    show("model", config.channel_task_6_1_model)
    for name in lib1.members(f"{config.channel_task_6_1_model}/model.tar.gz"):
        logger.info("-***- in the model: %s", name)
    show("state", config.channel_task_6_1_state)
    logger.info("Score=10;")
    time.sleep(float(config.hps.get("pause_s", 60)))  # AWS draws one point a minute: time for both to be seen
    logger.info("Score=20;")


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout)
    worker_config = worker_lib.WorkerConfig()
    part = int(worker_config.hps["task_type"])  # what was typed is text
    logger.info("-***- part %s on %s", part, worker_config.current_host)
    {1: first_part, 2: second_part}[part](worker_config)
