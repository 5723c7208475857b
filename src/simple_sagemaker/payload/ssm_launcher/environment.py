"""The environment a script runs in: AWS's ``SM_*`` variables, and ours beside them.

In: the job's configuration files. Out: a dictionary of bytes for ``execve``; bytes, because under ``LANG=C`` an old
Python cannot write anything else. Costs a few milliseconds.
"""

import json
import os
import sys

from . import command, machine, process, values
from .places import SOURCE_CHANNEL, Places

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

LONGEST = 131072  # bytes of one "NAME=value" with its final zero, Linux's MAX_ARG_STRLEN
LONG_FILE = "ssm-environment.json"
LONG_VARIABLE = "SSM_LONG_ENVIRONMENT"
GROUP = "homogeneousCluster"
OBJECTIVE = "_tuning_objective_metric"  # which SageMaker adds to the hyperparameters of a tuning job's trials
FLAGS = (
    "sagemaker_mpi_enabled",
    "sagemaker_parameter_server_enabled",
    "sagemaker_distributed_dataparallel_enabled",
    "sagemaker_pytorch_ddp_enabled",
    "sagemaker_pytorch_xla_multi_worker_enabled",
    "sagemaker_multi_worker_mirrored_strategy_enabled",
    "sagemaker_torch_distributed_enabled",
)


class Job:
    """This job and this host, from the configuration files. Raises Refusal when they cannot be read."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.resource = places.read_config("resourceconfig.json")
        self.channels = places.read_config("inputdataconfig.json")
        self.channels.pop(SOURCE_CHANNEL, None)
        decoded = values.decode(places.read_config("hyperparameters.json"))
        self.hyperparameters, self.framework, self.reserved = values.split(decoded)
        self.hosts = list(self.resource["hosts"])
        self.host = str(self.resource["current_host"])
        self.interface = str(self.resource.get("network_interface_name", "eth0"))
        self.group = self.resource.get("current_group_name", GROUP)
        self.groups = self.resource.get("instance_groups") or []
        self.instance_type = self.resource.get("current_instance_type", "local")

    @property
    def name(self) -> str:
        """The job's name from its hyperparameter; empty without it."""
        return values.encode(self.reserved.get("sagemaker_job_name"))

    @property
    def distribution_groups(self) -> "list[str]":
        """The instance groups that a distribution spans: its own by default, none without one."""
        enabled = any(self.framework.get(flag) for flag in FLAGS)
        default = [self.group] if enabled else []
        named: "list[str]" = self.framework.get("sagemaker_distribution_instance_groups", default)
        return named

    @property
    def distribution_hosts(self) -> "list[str]":
        """The hosts of those groups; all hosts where there are no groups."""
        if not self.groups:
            return self.hosts
        named = self.distribution_groups
        return [host for group in self.groups if group["instance_group_name"] in named for host in group["hosts"]]

    @property
    def master(self) -> str:
        """The first host of the distribution, else of the job."""
        return (self.distribution_hosts or self.hosts)[0]

    @property
    def state(self) -> str:
        """The folder of the state. Without a private root, ``/state`` would be the machine's own, not the job's.

        A trial of a tuning job has a folder of its own there: AWS does not say whether all trials share the prefix.
        """
        default = os.path.join(self.places.base, "state") if self.places.is_plain else "/state"
        state = self.places.local_path("checkpointconfig.json", default)
        job = os.environ.get("TRAINING_JOB_NAME", "")  # its trials have no hyperparameter with their name
        return os.path.join(state, job) if OBJECTIVE in self.reserved else state

    @property
    def tensorboard(self) -> str:
        """The folder whose files TensorBoard shows."""
        default = os.path.join(self.places.output, "tensorboard")
        return self.places.local_path("tensorboardoutputconfig.json", default)


def facts(job: Job, program: "str | None", gpus: int) -> "dict[str, object]":
    """The facts of a job under the names of AWS's toolkit: the content of ``SM_TRAINING_ENV``."""
    places = job.places
    module = program or ""
    parallel = os.environ.get("SM_HP_MP_PARAMETERS")
    return {
        "additional_framework_parameters": job.framework,
        "channel_input_dirs": {name: places.channel(name) for name in job.channels},
        "current_host": job.host,
        "current_instance_group": job.group,
        "current_instance_group_hosts": _hosts_of(job.group, job.groups),
        "current_instance_type": job.instance_type,
        "distribution_hosts": job.distribution_hosts,
        "distribution_instance_groups": job.distribution_groups,
        "framework_module": os.environ.get("SAGEMAKER_TRAINING_MODULE"),
        "hosts": job.hosts,
        "hyperparameters": job.hyperparameters,
        "input_config_dir": places.config,
        "input_data_config": job.channels,
        "input_dir": places.input,
        "instance_groups": [group["instance_group_name"] for group in job.groups],
        "instance_groups_dict": {group["instance_group_name"]: group for group in job.groups},
        "is_hetero": len(job.groups) > 1,
        "is_master": job.host == job.master,
        "is_modelparallel_enabled": parallel and parallel != "{}",
        "is_smddpmprun_installed": machine.find_program("smddpmprun") is not None,
        "is_smddprun_installed": machine.find_program("smddprun") is not None,
        "job_name": os.environ.get("TRAINING_JOB_NAME"),
        "log_level": job.reserved.get("sagemaker_container_log_level", 20),
        "master_hostname": job.master,
        "model_dir": places.model,
        "module_dir": str(job.reserved.get("sagemaker_submit_directory", places.code)),
        "module_name": module[:-3] if module.endswith(".py") else module,
        "network_interface_name": job.interface,
        "num_cpus": machine.cpu_count(),
        "num_gpus": gpus,
        "num_neurons": machine.neuron_count(job.instance_type),
        "output_data_dir": places.output_data,
        "output_dir": places.output,
        "output_intermediate_dir": places.output_intermediate,
        "resource_config": job.resource,
        "topology": job.resource.get("topology", []),
        "user_entry_point": program,
    }


def _hosts_of(name: str, groups: "list[dict[str, Any]]") -> "list[str]":
    return next((group["hosts"] for group in groups if group["instance_group_name"] == name), [])


ONLY_TOGETHER = frozenset(  # facts that have no variable of their own
    (
        "additional_framework_parameters",
        "channel_input_dirs",
        "distribution_hosts",
        "hyperparameters",
        "is_master",
        "is_modelparallel_enabled",
        "is_smddpmprun_installed",
        "is_smddprun_installed",
        "job_name",
        "master_hostname",
        "topology",
    )
)


def sagemaker_variables(job: Job, known_facts: "dict[str, object]", arguments: "list[str]") -> "dict[str, str]":
    """The ``SM_*`` variables and the few others that AWS's toolkit sets."""
    named = {name: value for name, value in known_facts.items() if name not in ONLY_TOGETHER}
    named["channels"] = sorted(job.channels)
    named["framework_params"] = job.framework
    named["hps"] = job.hyperparameters
    named["training_env"] = known_facts
    named["user_args"] = arguments
    if known_facts["topology"]:
        named["topology"] = known_facts["topology"]
    for name in job.channels:
        named["channel_" + name] = job.places.channel(name)
    for name, value in job.hyperparameters.items():
        named["hp_" + name] = value
    variables = {"SM_" + name.upper(): values.encode(value) for name, value in named.items()}
    variables["SAGEMAKER_JOB_NAME"] = job.name
    variables["SAGEMAKER_REGION"] = values.encode(job.reserved.get("sagemaker_region", _region()))
    variables["CURRENT_HOST"] = job.host
    return variables


def _region() -> str:
    return os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or ""


def our_variables(job: Job) -> "dict[str, str]":
    """Our documented variables: number of hosts, rank, state and TensorBoard folders."""
    return {
        "SSM_NUM_NODES": str(len(job.hosts)),
        "SSM_HOST_RANK": str(job.hosts.index(job.host)),
        "SSM_STATE": job.state,
        "SSM_INSTANCE_STATE": os.path.join(job.state, job.host),
        "SSM_TENSORBOARD_DIR": job.tensorboard,
    }


def default_variables(master: str, interface: str) -> "dict[str, str]":
    """Defaults that the image or the engine may override: unbuffered output, and PyTorch's rendezvous."""
    return {
        "PYTHONUNBUFFERED": "1",
        "MASTER_ADDR": master,
        "MASTER_PORT": "7777",
        "NCCL_SOCKET_IFNAME": interface,
        "NCCL_IB_DISABLE": "1",
        "NCCL_DEBUG": "WARN",
    }


def merge(places: Places, variables: "dict[str, str]", defaults: "dict[str, str]") -> "dict[bytes, bytes]":
    """Merge the environment of this process with ``variables``, which override it, and ``defaults``, which do not.

    The code folder is put on PYTHONPATH.
    """
    env = {values.to_bytes(name): values.to_bytes(text) for name, text in defaults.items()}
    env.update(os.environb)
    for name, text in variables.items():
        env[values.to_bytes(name)] = values.to_bytes(text)
    paths = [os.fsencode(places.code), env.get(b"PYTHONPATH", b"")]
    env[b"PYTHONPATH"] = b":".join(filter(None, paths))
    return env


def fit(environment: "dict[bytes, bytes]", places: Places, argument_bytes: int) -> "list[str]":
    """Remove variables with which no program can be started, and return their names.

    Those are: a variable longer than the kernel allows, one whose name has a ``=``, one with a NUL character, and the
    longest of the ``SM_*`` while everything together (plus ``argument_bytes`` of arguments) is too much. They are
    written to a file, which SSM_LONG_ENVIRONMENT names and ``WorkerConfig`` reads.
    """
    removed = {name: text for name, text in environment.items() if not _is_possible(name, text)}
    room = os.sysconf("SC_ARG_MAX") - argument_bytes - 8192
    longest = sorted((name for name in environment if name.startswith(b"SM_")), key=lambda name: len(environment[name]))
    size = sum(_size(name, text) for name, text in environment.items() if name not in removed)
    while size > room and longest:
        name = longest.pop()
        if name not in removed:
            removed[name] = environment[name]
            size -= _size(name, environment[name])
    for name in removed:
        del environment[name]
    if removed:
        path = os.path.join(places.launcher_files, LONG_FILE)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({values.to_text(name): values.to_text(text) for name, text in removed.items()}, file)
        environment[LONG_VARIABLE.encode()] = os.fsencode(path)
    return sorted(map(values.to_text, removed))


def _is_possible(name: bytes, text: bytes) -> bool:
    return len(name) + len(text) + 2 <= LONGEST and b"=" not in name and b"\0" not in name + text


def _size(name: bytes, text: bytes) -> int:
    return len(name) + len(text) + 2 + 8  # the pointer counts too


def make_fit(env: "dict[bytes, bytes]", places: Places, argv: "list[bytes]") -> None:
    """Remove from an environment what a program with these arguments cannot be started with, and log that."""
    left_out = fit(env, places, sum(len(argument) + 9 for argument in argv))
    if left_out:
        line = "simple-sagemaker: too long for the environment, see the file that {} names: {}\n".format(
            LONG_VARIABLE, ", ".join(left_out)
        )
        process.write(values.to_bytes(line)[: command.SHOWN])


def greet() -> None:
    """Log which Python runs."""
    version = ".".join(map(str, sys.version_info[:3]))
    below = os.environ.get("SSM_PYTHON_BELOW")  # set by the local engine: the interpreter below its private layer
    path = "{} over {}".format(sys.executable, below) if below else sys.executable
    process.write(values.to_bytes("simple-sagemaker: Python {} ({})\n".format(version, path)))


def make_instance_state(state: str, host: str) -> None:
    """Make the host's own folder of the state."""
    folder = os.path.join(state, host)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        line = "simple-sagemaker: the state folder {} cannot be made: {}\n".format(folder, error.strerror)
        process.write(values.to_bytes(line))  # logged, not fatal: many scripts keep no state
