"""Runs a processing job; all folders are read from the job's own request.

In: ``run.json`` and the two files of ``/opt/ml/config``. Out: the script's output, its exit status, and its
exit message in ``/opt/ml/output/message``.
https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import os
import socket

from . import command, empty_folders, environment, failure, kept_state, machine, process, requirements, values
from .places import SOURCE_CHANNEL, Places, Refusal, read_object

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

EARLIER_STATE = "state_prev"  # hidden from the script: the state of earlier jobs
LAST_WORDS = 900  # bytes of what a program printed last


class ProcessingPlaces(Places):
    """The folders of a processing job; inputs and outputs are where the request puts them."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.config = os.path.join(base, "config")
        self.input = os.path.join(base, "processing", "input")
        self.code = os.path.join(self.input, "code")
        self.launcher_files = os.path.join(base, "processing", "ssm")
        self.message_file = os.path.join(self.output, "message")


class Job:
    """This job and this host, from the configuration files. Raises Refusal when they cannot be read."""

    def __init__(self, places: ProcessingPlaces) -> None:
        self.places = places
        resource = read_object(os.path.join(places.config, "resourceconfig.json"))
        described = read_object(os.path.join(places.config, "processingjobconfig.json"))
        self.name = str(described["ProcessingJobName"])
        self.hosts = list(resource["hosts"])
        self.host = str(resource["current_host"])
        self.interface = str(resource.get("network_interface_name") or _interface())
        self.resource = resource
        cluster = (described.get("ProcessingResources") or {}).get("ClusterConfig") or {}
        self.instance_type = str(cluster.get("InstanceType") or "")
        inputs = _paths(described.get("ProcessingInputs"), "InputName", "S3Input")
        self.earlier_state = inputs.pop(EARLIER_STATE, "")
        inputs.pop(SOURCE_CHANNEL, None)
        self.channels = inputs
        outputs = (described.get("ProcessingOutputConfig") or {}).get("Outputs")
        self.outputs = _paths(outputs, "OutputName", "S3Output")

    @property
    def master(self) -> str:
        """The first host."""
        return str(self.hosts[0])

    def output(self, name: str) -> str:
        """The folder of an output."""
        return self.outputs.get(name) or os.path.join(self.places.base, "processing", name)


def _paths(members: "list[dict[str, Any]] | None", name: str, place: str) -> "dict[str, str]":
    """The folder of each input or output that has one, by its name."""
    folders = {member[name]: (member.get(place) or {}).get("LocalPath") for member in members or []}
    return {key: path.rstrip("/") for key, path in folders.items() if path}


def _interface() -> str:
    """The network interface of this host, which a processing job's configuration does not name."""
    names = [name for _, name in socket.if_nameindex()]
    others = [name for name in names if not name.startswith("lo")]
    return "eth0" if "eth0" in names else (others or names or ["eth0"])[0]


def main(base: str) -> int:
    """Run the job and return its exit status."""
    places = ProcessingPlaces(base)
    try:
        job = Job(places)
        os.makedirs(places.launcher_files, exist_ok=True)
        return _launch(places, job, read_object(os.path.join(places.code, "run.json")))
    except Refusal as refusal:
        process.write(values.to_bytes("simple-sagemaker: {}\n".format(refusal)))
        failure.write_unless_present(places.message_file, str(refusal))
        return refusal.status


def _launch(places: ProcessingPlaces, job: Job, run: "dict[str, Any]") -> int:
    entry, program, arguments = run.get("entry_point"), run.get("command") or [], run.get("arguments") or []
    environment.greet()
    env = environment.merge(
        places, _variables(job, entry, arguments), environment.default_variables(job.master, job.interface)
    )
    if places.is_plain:
        from . import hints

        words = [program] if isinstance(program, str) else program
        hints.warn(places.code, " ".join([*words, *arguments]), places.base)
    if entry is not None:
        command.check_entry_point(places.code, entry)
        requirements.install(places, command.PROGRAM, env)
    argv = _argv(places, entry, program, arguments, env)
    command.check_arguments(argv)
    environment.make_fit(env, places, argv)
    links = kept_state.bring(job.earlier_state, job.output("state"), job.hosts, job.host) if job.earlier_state else {}
    environment.make_instance_state(job.output("state"), job.host)
    return _run(places, job, argv, env, links)


def _argv(
    places: ProcessingPlaces,
    entry: "str | None",
    program: "list[str] | str",
    arguments: "list[str]",
    env: "dict[bytes, bytes]",
) -> "list[bytes]":
    """The argument vector; a program in one text is a shell's. Raises Refusal if the program does not exist."""
    if isinstance(program, str):
        return command.shell(places, program, arguments)
    if entry is None:
        return command.resolve([*program, *arguments], env)
    script = os.path.join(places.code, entry)
    if program:
        return command.resolve([*program, script, *arguments], env)
    argv = [values.to_bytes(argument) for argument in (script, *arguments)]
    if entry.endswith(".py"):
        return [command.python(), *argv]
    os.chmod(argv[0], os.stat(argv[0]).st_mode | 0o700)
    return argv


def _variables(job: Job, entry: "str | None", arguments: "list[str]") -> "dict[str, str]":
    """The variables that a training job would have, as far as they apply; and the output folder."""
    places, state = job.places, job.output("state")
    module = entry or ""
    named = {
        "channels": sorted(job.channels),
        "current_host": job.host,
        "current_instance_type": job.instance_type,
        "hosts": job.hosts,
        "hps": {},
        "input_config_dir": places.config,
        "input_dir": places.input,
        "log_level": 20,
        "model_dir": job.output("model"),
        "module_dir": places.code,
        "module_name": module[:-3] if module.endswith(".py") else module,
        "network_interface_name": job.interface,
        "num_cpus": machine.cpu_count(),
        "num_gpus": machine.gpu_count(),
        "output_data_dir": job.output("output"),
        "output_dir": places.output,
        "resource_config": job.resource,
        "user_args": arguments,
        "user_entry_point": entry,
    }  # type: dict[str, object]
    named.update(("channel_" + name, path) for name, path in job.channels.items())
    variables = {"SM_" + name.upper(): values.encode(value) for name, value in named.items()}
    variables.update(
        SAGEMAKER_JOB_NAME=job.name,
        CURRENT_HOST=job.host,
        SSM_NUM_NODES=str(len(job.hosts)),
        SSM_HOST_RANK=str(job.hosts.index(job.host)),
        SSM_STATE=state,
        SSM_INSTANCE_STATE=os.path.join(state, job.host),
        SSM_OUTPUT=job.output("output"),
    )
    return variables


def _run(
    places: ProcessingPlaces, job: Job, argv: "list[bytes]", env: "dict[bytes, bytes]", links: "kept_state.Links"
) -> int:
    """Run the program, keep its changes to the state, and return the status to end with."""
    process.write(b"Running the following command:\n\n" + command.format_for_log(argv) + b"\n\n")
    try:
        ended = process.run(argv, env, os.fsencode(places.code))
    finally:
        kept_state.settle(links)
    empty_folders.tell(job.output("state"), job.hosts)
    status = process.exit_status(ended.status)
    if status and not ended.stop_signal:
        last = failure.last_words(ended.tail.decode("utf-8", "replace")).encode("utf-8")[-LAST_WORDS:]
        why = failure.killed_by(ended.status) or "exit status {}".format(status)
        text = "{}: {}: {}\n".format(job.host, why, last.decode("utf-8", "ignore"))
        failure.write_unless_present(places.message_file, text)
    return status
