"""Lists what arrived in two channels: ``data`` (of ``-i``) and ``bucket`` (of ``--iis`` or ``--iit``)."""

import logging
import subprocess
import sys

from worker_toolkit import worker_lib

logger = logging.getLogger(__name__)


def list_folder(path: str) -> None:
    listing = subprocess.run(["ls", "-laR", path], stdout=subprocess.PIPE, text=True, check=False) if path else None
    logger.info("*** START listing files in %s", path)
    logger.info(listing.stdout if listing else "")
    logger.info("*** END file listing %s", path)


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout)
    config = worker_lib.WorkerConfig(False)
    list_folder(config.channel_data)  # "" when the job has no such channel
    list_folder(config.channel_bucket)
