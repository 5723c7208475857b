"""Runs a job: read what to run, prepare, run it, report how it ended.

In: ``run.json`` (or, for other clients, hyperparameters) and SageMaker's configuration files. Out: the script's output,
its exit status and a failure or success file.
"""

import json
import os
import signal
import sys

from . import command, environment, failure, machine, process, requirements, script, values
from .places import SOURCE_CHANNEL, Places, Refusal, read_object

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

RUN_FILE = "run.json"
TORCH = "torch_distributed"
HIDDEN = "SM_CHANNEL_" + SOURCE_CHANNEL.upper()


class Run:
    """What a job runs, from our ``run.json`` or from another client's hyperparameters."""

    def __init__(self, described: "dict[str, Any]") -> None:
        self.entry_point = described.get("entry_point")  # type: str | None
        self.command = described.get("command") or ""  # type: str
        self.arguments = described.get("arguments") or []  # type: list[str]
        self.distribution = described.get("distribution") or {}  # type: dict[str, Any]
        self.is_shell = described.get("kind") == "shell"
        self.described = described
        self.profile = described.get("profile")  # type: str | None

    def script_arguments(self, hyperparameters: "dict[str, object]") -> "list[str]":
        """The arguments of the script. A shell command gets the hyperparameters in its environment only."""
        from_hyperparameters = [] if self.is_shell else values.arguments(hyperparameters)
        return from_hyperparameters + self.arguments


def main(way: str, base: str) -> int:
    """Run one job and return its exit status.

    ``way`` is how the launcher was started: direct, toolkit, train, or processing.
    """
    for number in process.FORWARDED:
        signal.signal(number, _stop)
    if way == "processing":
        from . import processing

        return processing.main(base)
    places = Places(base)
    try:
        if way == "toolkit":
            return _run_in_toolkit(places)
        job = environment.Job(places)
        return _launch(
            places, job, _run_of_other_client(job) if way == "train" else _read_run_file(places), way == "direct"
        )
    except Refusal as refusal:
        script.note(str(refusal))
        failure.write_failure(places, str(refusal))
        return refusal.status


def _stop(number: int, _: object) -> None:
    """Exit before the script has started: the first process of a container ignores signals without a handler."""
    sys.exit(128 + number)


def _read_run_file(places: Places) -> Run:
    return Run(read_object(os.path.join(places.code, RUN_FILE)))


def _run_of_other_client(job: environment.Job) -> Run:
    """What AWS's ``train`` would run. Raises Refusal if the job names no program."""
    program = os.environ.get("SAGEMAKER_PROGRAM") or job.reserved.get("sagemaker_program")
    if not program:
        raise Refusal("The job names no program: neither the hyperparameter sagemaker_program nor SAGEMAKER_PROGRAM.")
    enabled = [flag for flag in environment.FLAGS if job.framework.get(flag)]
    distribution = {flag[len("sagemaker_") : -len("_enabled")]: {"enabled": True} for flag in enabled}
    return Run({"kind": "run", "entry_point": str(program), "distribution": distribution})


def _launch(places: Places, job: environment.Job, run: Run, is_ours: bool) -> int:
    arguments = run.script_arguments(job.hyperparameters)
    environment.greet()
    _check(places, run)
    gpus = machine.gpu_count()
    known = environment.facts(job, run.entry_point, gpus)
    variables = environment.sagemaker_variables(job, known, arguments)
    variables.update(environment.our_variables(job))
    env = environment.merge(places, variables, environment.default_variables(job.master, job.interface))
    argv = _command(places, job, run, arguments=arguments, gpus=gpus, env=env)
    environment.make_fit(env, places, argv)
    if is_ours:
        environment.make_instance_state(job.state, job.host)
    if places.is_plain:
        from . import hints

        hints.warn(places.code, run.command, places.base)
    if run.entry_point is not None:
        requirements.install(places, command.kind_of(places.code, run.entry_point), env)
    _wait_for_hosts(job)
    several = job.host if len(job.hosts) > 1 else ""
    return script.run(job, argv, env, run.described, several if is_ours else None)


def _check(places: Places, run: Run) -> None:
    """Raise Refusal for what this launcher cannot run: a missing file, or a distribution that needs AWS's runners."""
    if run.entry_point is not None:
        command.check_entry_point(places.code, run.entry_point)
    elif not run.is_shell:
        raise Refusal("The job names neither a file nor a command to run.")
    others = sorted(set(_names_enabled(run.distribution)) - {TORCH})
    if others:
        raise Refusal(
            "The distribution {} needs the runners of AWS's own images; only {} is started here.".format(
                ", ".join(others), TORCH
            )
        )


def _names_enabled(distribution: "dict[str, Any]") -> "list[str]":
    """The names of what a distribution enables, at any depth (``smdistributed`` nests its kinds)."""
    names = []
    for name, setting in distribution.items():
        if isinstance(setting, dict):
            names += [name] if setting.get("enabled") else _names_enabled(setting)
    return names


def _command(
    places: Places, job: environment.Job, run: Run, *, arguments: "list[str]", gpus: int, env: "dict[bytes, bytes]"
) -> "list[bytes]":
    """The argument vector of the job. Raises Refusal if it cannot be passed to a program."""
    if run.is_shell or run.entry_point is None:
        argv = command.shell(places, run.command, arguments)
        command.check_arguments(argv)
        return argv
    program = run.entry_point
    if run.profile is not None:
        program, arguments = command.PROFILER, [run.profile, program, *arguments]
    if TORCH in _names_enabled(run.distribution):
        env.setdefault(b"NCCL_PROTO", b"simple")
        options = command.rendezvous(job.distribution_hosts or job.hosts, job.host, env)
        argv = command.torchrun(places.code, program, arguments, options, max(gpus, 1))
    else:
        argv = command.script(places.code, program, arguments)
    command.check_arguments(argv)
    return argv


def _wait_for_hosts(job: environment.Job) -> None:
    is_studio = os.environ.get("SM_STUDIO_LOCAL_MODE", "").lower() == "true"
    if len(job.hosts) > 1 and not is_studio and "MASTER_ADDR" not in os.environ:
        from . import hosts

        process.write(b"simple-sagemaker: waiting until every host of the job has an address\n")
        hosts.wait_for_names(job.hosts)


def _run_in_toolkit(places: Places) -> int:
    """Become the user's script. AWS's ``train`` watches this process: its output, its status, its failure file.

    ``train`` has installed the requirements and set the environment; only the variables about the program are wrong,
    since ``train`` runs the launcher. Each of its runners starts this process as it would start the script: once per
    host, or once per rank. Returns only by raising Refusal.
    """
    run, job, arguments = _read_prepared_job(places)
    environment.greet()
    if run.entry_point is not None:
        command.check_entry_point(places.code, run.entry_point)
    env = _script_environment(run, job, arguments)
    if run.is_shell or run.entry_point is None:
        argv = command.shell(places, run.command, arguments)
    else:
        argv = command.wrap_in_mpi4py(command.script(places.code, run.entry_point, arguments))
    command.check_arguments(argv)
    environment.make_fit(env, places, argv)
    environment.make_instance_state(job.state, job.host)
    script.show(argv)
    for number in process.FORWARDED:
        signal.signal(number, signal.SIG_DFL)
    os.chdir(places.code)
    process.become(argv, env)
    raise AssertionError("a program that was started does not return")


def run_spawned(index: int, base: str) -> None:
    """Act as a process of PyTorch/XLA, which imports a script and calls its ``_mp_fn``: call the user's."""
    import importlib

    places = Places(base)
    run, job, arguments = _read_prepared_job(places)
    program = str(run.entry_point)
    command.check_entry_point(places.code, program)
    os.environb.update(_script_environment(run, job, arguments))
    os.environ.pop(HIDDEN, None)
    environment.make_instance_state(job.state, job.host)
    sys.argv = [program, *arguments]
    sys.path.insert(0, places.code)
    os.chdir(places.code)
    start = getattr(importlib.import_module(program[:-3].replace("/", ".")), "_mp_fn", None)
    if start is None:
        raise Refusal("pytorchxla calls the function _mp_fn of {!r}, which has none.".format(program))
    start(index)


def _read_prepared_job(places: Places) -> "tuple[Run, environment.Job, list[str]]":
    """Read what to run in a job that ``train`` has prepared, and its arguments."""
    run = _read_run_file(places)
    job = environment.Job(places)
    hyperparameters = os.environ.get("SM_HPS")
    return run, job, run.script_arguments(json.loads(hyperparameters) if hyperparameters else job.hyperparameters)


def _script_environment(run: Run, job: environment.Job, arguments: "list[str]") -> "dict[bytes, bytes]":
    """The environment that ``train`` has set, as it would be if ``train`` ran the user's script itself."""
    variables = _corrections(run, job, arguments)
    variables.update(environment.our_variables(job))
    env = environment.merge(job.places, variables, {"PYTHONUNBUFFERED": "1"})
    env.pop(HIDDEN.encode(), None)
    return env


def _corrections(run: Run, job: environment.Job, arguments: "list[str]") -> "dict[str, str]":
    """The variables for program and channels as they would be without us; and the host, which is wrong under MPI."""
    program = run.entry_point or ""
    module = program[:-3] if program.endswith(".py") else program
    known = json.loads(os.environ.get("SM_TRAINING_ENV") or "{}")
    known.update(user_entry_point=run.entry_point, module_name=module, current_host=job.host)
    variables = {
        "SM_USER_ENTRY_POINT": program,
        "SM_MODULE_NAME": module,
        "SM_USER_ARGS": values.encode(arguments),
        "SM_CURRENT_HOST": job.host,
        "CURRENT_HOST": job.host,
    }
    if HIDDEN in os.environ:
        known["channel_input_dirs"] = {name: job.places.channel(name) for name in job.channels}
        known["input_data_config"] = job.channels
        variables["SM_CHANNELS"] = values.encode(sorted(job.channels))
        variables["SM_INPUT_DATA_CONFIG"] = values.encode(job.channels)
    variables["SM_TRAINING_ENV"] = values.encode(known)
    return variables
