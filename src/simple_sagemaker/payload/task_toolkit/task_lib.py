"""The job's configuration with the API of the first release; new workers use ``worker_toolkit``.

    from task_toolkit import task_lib

    args = task_lib.parseArgs()
    print(args.input_data, args.hps["msg"])

As there, nothing comes from the command line, which is for the script's own options. Standard library only, Python 3.6
on.
"""

import argparse
import json
import logging
import os
import time

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

    from ..worker_toolkit import worker_lib
else:
    from worker_toolkit import worker_lib  # beside this package at the root of the job's code

logger = logging.getLogger(__name__)

COMPLETED = "completed.json"  # in the host's own part of the state
INPUT_FIELD = "input_"


class Args(argparse.Namespace):
    """The fields of :class:`worker_lib.WorkerConfig`, and ``input_<name>`` for the folder of each input channel.

    ``input_data`` is empty without such a channel; names of other channels that do not exist raise AttributeError.
    """

    hps: "dict[str, Any]"
    input_data: str
    state: str
    output_data_dir: str
    model_dir: str
    num_cpus: int
    num_gpus: int
    current_host: str
    hosts: "list[str]"
    network_interface_name: str
    job_name: str

    def __getattr__(self, name: str) -> str:
        """``input_<name>`` of a channel whose name has another case, or letters that a field cannot have."""
        channels = self.__dict__.get("channels", [])
        like = [channel for channel in channels if worker_lib.plain(INPUT_FIELD + channel) == worker_lib.plain(name)]
        if len(like) == 1:
            folder: str = self.__dict__[INPUT_FIELD + like[0]]
            return folder
        raise AttributeError("There is no {!r}; the channels are {}".format(name, sorted(channels)))


def parseArgs() -> Args:
    """Read the job's configuration from its environment."""
    config = worker_lib.WorkerConfig(per_instance_state=False, set_debug_level=False)
    fields = {name: value for name, value in config.fields().items() if not name.startswith(worker_lib.CHANNEL_FIELD)}
    fields["input_data"] = ""
    fields.update((INPUT_FIELD + name, config.channel(name)) for name in config.channels)
    return Args(**fields)


def initMultiWorkersState(args: Args) -> str:
    """Make this host's own folder inside the state and return it: hosts do not overwrite each other's files there."""
    logger.info("Creating instance specific state dir")
    folder = os.path.join(args.state, args.current_host)
    os.makedirs(folder, exist_ok=True)
    return folder


def markCompleted(args: Args) -> None:
    """Record in the state that this host has done its work.

    Only the exit statuses of all hosts decide whether the task counts as completed.
    """
    logger.info("Marking instance %s completion", args.current_host)
    folder = os.path.join(args.state, args.current_host)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, COMPLETED), "w", encoding="utf-8") as file:
        json.dump({"job": args.job_name, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, file)


def setDebugLevel() -> None:
    """Let log lines of level INFO through."""
    worker_lib.let_info_pass()
