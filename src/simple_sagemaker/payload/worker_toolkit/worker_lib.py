"""The configuration of the job a script runs in, as plain attributes.

    from worker_toolkit import worker_lib

    worker_config = worker_lib.WorkerConfig()
    print(worker_config.channel_data, worker_config.hps["msg"])

Everything comes from the environment. The command line is never read, so options of a script cannot be mistaken for
the configuration. Standard library only, Python 3.6 on.
"""

import json
import logging
import os
import re

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

logger = logging.getLogger(__name__)

PROCESSING_CONFIG = "/opt/ml/config"  # the two files of a processing job, which gets no variables from AWS
LONG_VARIABLE = "SSM_LONG_ENVIRONMENT"
CHANNEL_VARIABLE = "SM_CHANNEL_"
CHANNEL_FIELD = "channel_"


class WorkerConfig:
    """A script's view of its job; every field is an ordinary attribute.

    Beside the fields below there is ``channel_<name>``, the folder of each of the ``channels``; ``channel_data`` is
    empty without such a channel. ``hps`` are the hyperparameters as values, ``{}`` without any.

    Outside SageMaker the fields have the values of a job with one host, no channel and no hyperparameter, with its
    folders below SAGEMAKER_BASE_DIR or ``/opt/ml`` and its state in SSM_STATE or ``/state``.

    ``per_instance_state`` makes the folder ``instance_state`` inside the state, so that hosts do not overwrite each
    other's files; what other hosts left there is never touched. ``set_debug_level`` lets the root logger pass INFO
    when it would not. ``update_argv`` is accepted and does nothing: the arguments behind ``--`` arrive as typed.
    """

    job_name: str
    channels: "list[str]"
    channel_data: str
    hps: "dict[str, Any]"
    state: str
    instance_state: str
    output_data_dir: str
    model_dir: str
    tensorboard_dir: str
    num_cpus: int
    num_gpus: int
    current_host: str
    hosts: "list[str]"
    network_interface_name: str
    num_nodes: int
    host_rank: int
    input_dir: str
    input_config_dir: str
    output_dir: str
    module_dir: str
    module_name: str
    user_entry_point: str
    current_instance_type: str
    log_level: int

    def __init__(self, per_instance_state: bool = True, set_debug_level: bool = True, update_argv: bool = True) -> None:
        del update_argv
        if set_debug_level:
            let_info_pass()
        variables = _environment()
        base = variables.get("SAGEMAKER_BASE_DIR") or "/opt/ml"
        self.__dict__.update(_job_fields(variables), **_folder_fields(variables, base))
        self.channels = _channel_names(variables)
        self._channel_folders = {name: self._channel_folder(variables, name) for name in self.channels}
        self.channel_data = self._channel_folders.get("data", "")
        if per_instance_state:
            self._make_instance_state()

    def _channel_folder(self, variables: "dict[str, str]", name: str) -> str:
        """A channel's folder; variables' names are in capitals, so that ``Data`` and ``data`` share one."""
        folder = variables.get(CHANNEL_VARIABLE + name.upper(), "")
        is_shared = [other.upper() for other in self.channels].count(name.upper()) > 1
        if is_shared and os.path.basename(folder) != name:
            return os.path.join(self.input_dir, "data", name)
        return folder

    def channel(self, name: str) -> str:
        """The folder of an input channel. Raises AttributeError, naming the existing channels.

        An exact match comes first; else one that differs only in case, or in having ``_`` for ``-`` and ``.``.
        """
        folders = self._channel_folders
        if name in folders:
            return folders[name]
        like = [known for known in folders if plain(known) == plain(name)]
        if len(like) == 1:
            return folders[like[0]]
        problem = "could be each of {}".format(like) if like else "is not among the channels {}".format(sorted(folders))
        raise AttributeError("The channel {!r} {}.".format(name, problem))

    def unpack(self, channel: str, to: "str | None" = None) -> str:
        """Unpack the archive in a channel's folder, such as an earlier task's ``model.tar.gz``; return the folder.

        It is unpacked to ``to``, by default a new temporary folder. A channel that holds no archive is left alone and
        its own folder returned, so that a script need not know which it gets. Raises ValueError for several archives,
        for one that is broken, and for one that leads outside the folder; AttributeError without such a channel.
        """
        from . import archives

        return archives.unpack_channel(self.channel(channel), to)

    def __getattr__(self, name: str) -> str:
        """``channel_<name>`` of any channel. Python calls this for attributes that are not found otherwise."""
        if name.startswith(CHANNEL_FIELD) and "_channel_folders" in self.__dict__:
            return self.channel(name[len(CHANNEL_FIELD) :])
        raise AttributeError("{!r} has no field {!r}".format(type(self).__name__, name))

    def fields(self) -> "dict[str, object]":
        """All fields and their values, channels included."""
        fields = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        for name, folder in self._channel_folders.items():
            fields.setdefault(CHANNEL_FIELD + name, folder)
        return fields

    def updateNamespace(self, namespace: object, names: "dict[str, str] | None" = None) -> object:
        """Put the configuration into the result of ``argparse`` (or any object), and return it.

        With ``names``, which maps attributes of the namespace to fields (``{"data": "channel_data"}``), just these
        are set. Without, every field is added that the namespace lacks or has as None: what was typed wins.
        """
        if names is not None:
            for attribute, field in names.items():
                setattr(namespace, attribute, getattr(self, field))
            return namespace
        for name, value in self.fields().items():
            if getattr(namespace, name, None) is None:
                setattr(namespace, name, value)
        return namespace

    def _make_instance_state(self) -> None:
        logger.info("Creating instance specific state dir")
        os.makedirs(self.instance_state, exist_ok=True)


def let_info_pass() -> None:
    """Lower the root logger's level to INFO, not further: libraries fill a log with their DEBUG lines."""
    root = logging.getLogger()
    if root.level > logging.INFO:
        root.setLevel(logging.INFO)


def _environment() -> "dict[str, str]":
    """The variables of this process, and those that were too long for it."""
    variables = dict(os.environ)
    path = variables.get(LONG_VARIABLE)
    if path:
        with open(path, encoding="utf-8") as file:
            variables.update(json.load(file))
    return variables


def _job_fields(variables: "dict[str, str]") -> "dict[str, object]":
    """The job, its hosts and its hyperparameters; a processing job's from its two files."""
    cluster = _processing_file("resourceconfig.json")
    job = variables.get("SAGEMAKER_JOB_NAME") or variables.get("TRAINING_JOB_NAME")
    hosts = json.loads(variables.get("SM_HOSTS") or "null") or cluster.get("hosts") or ["algo-1"]
    host = variables.get("SM_CURRENT_HOST") or cluster.get("current_host") or hosts[0]
    interface = variables.get("SM_NETWORK_INTERFACE_NAME") or cluster.get("network_interface_name") or "eth0"
    rank = hosts.index(host) if host in hosts else 0
    return {
        "job_name": job or _processing_file("processingjobconfig.json").get("ProcessingJobName", ""),
        "hps": json.loads(variables.get("SM_HPS") or "{}"),
        "hosts": hosts,
        "current_host": host,
        "network_interface_name": interface,
        "num_nodes": int(variables.get("SSM_NUM_NODES") or len(hosts)),
        "host_rank": int(variables.get("SSM_HOST_RANK") or rank),
        "num_cpus": int(variables.get("SM_NUM_CPUS") or os.cpu_count() or 1),
        "num_gpus": int(variables.get("SM_NUM_GPUS") or 0),
        "module_name": variables.get("SM_MODULE_NAME", ""),
        "user_entry_point": variables.get("SM_USER_ENTRY_POINT", ""),
        "current_instance_type": variables.get("SM_CURRENT_INSTANCE_TYPE", ""),
        "log_level": int(variables.get("SM_LOG_LEVEL") or logging.INFO),
        "state": variables.get("SSM_STATE") or "/state",
        "instance_state": variables.get("SSM_INSTANCE_STATE")
        or os.path.join(variables.get("SSM_STATE") or "/state", host),
    }


def _processing_file(name: str) -> "dict[str, Any]":
    """Read a file that only processing jobs have; empty elsewhere."""
    path = os.path.join(PROCESSING_CONFIG, name)
    if "SM_HOSTS" in os.environ or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        content: "dict[str, Any]" = json.load(file)
    return content


def _folder_fields(variables: "dict[str, str]", base: str) -> "dict[str, object]":
    output = variables.get("SM_OUTPUT_DIR") or os.path.join(base, "output")
    inputs = variables.get("SM_INPUT_DIR") or os.path.join(base, "input")
    return {
        "input_dir": inputs,
        "input_config_dir": variables.get("SM_INPUT_CONFIG_DIR") or os.path.join(inputs, "config"),
        "output_dir": output,
        "output_data_dir": variables.get("SM_OUTPUT_DATA_DIR") or os.path.join(output, "data"),
        "tensorboard_dir": variables.get("SSM_TENSORBOARD_DIR") or os.path.join(output, "tensorboard"),
        "model_dir": variables.get("SM_MODEL_DIR") or os.path.join(base, "model"),
        "module_dir": variables.get("SM_MODULE_DIR") or os.path.join(base, "code"),
    }


def _channel_names(variables: "dict[str, str]") -> "list[str]":
    """The channels' names; where only their own variables are set, as in a processing job, in lower case."""
    listed = variables.get("SM_CHANNELS")
    if listed:
        names: "list[str]" = json.loads(listed)
        return names
    return sorted(name[len(CHANNEL_VARIABLE) :].lower() for name in variables if name.startswith(CHANNEL_VARIABLE))


def plain(name: str) -> str:
    """Normalize a name for comparison: lower case, and ``_`` for ``-`` and ``.``."""
    return re.sub("[-.]", "_", name).lower()
