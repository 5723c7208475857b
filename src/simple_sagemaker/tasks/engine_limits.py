"""What an engine cannot do, said before anything is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ..core.distribution import runners_needed
from ..core.services import Services
from ..core.specs import Spec, TaskSpec
from ..errors import EngineUnavailable, UsageError

_SHORTEST_SECRET = 12  # characters
_FEW_HOSTS, _HOSTS_A_PROCESSOR = 16, 4  # above both of which they are more than a test of many hosts needs


def check(spec: Spec, services: Services, note: Callable[[str], None]) -> None:
    """Raise EngineUnavailable or UsageError for what this engine cannot do; ``note`` shows what it ignores."""
    _warn_of_secrets(spec, note)
    if spec.image.built_in:
        _warn_of_old(spec.image.built_in, note)
    if services.engine != "aws":
        _warn_of_many_hosts(spec.instances.count, note)
    if services.engine == "local":
        _check_processes(spec, services.python, note)
    if spec.kind != "process" and spec.mlflow is not None:
        from .mlflow_limits import check_store  # which few tasks need

        check_store(spec, spec.mlflow, services)
    if services.engine == "aws" and isinstance(spec, TaskSpec) and spec.kind == "algorithm":
        _warn_of_differences(spec, note)
    if services.engine == "aws" and not _is_known(spec):
        note(f"Warning: this version does not know the instance type {spec.instances.type}; AWS is asked for it")


def _warn_of_secrets(spec: Spec, note: Callable[[str], None]) -> None:
    """Say which values look like secrets and are shown: in logs, lists, and to whoever may describe the job."""
    values = spec.hyperparameters if isinstance(spec, TaskSpec) else {}
    texts = [(f"the hyperparameter {name}", value) for name, value in values.items()]
    texts += [(f"the tag {name}", value) for name, value in spec.tags.items()]
    texts += [(f"argument {number} of the code", value) for number, value in enumerate(spec.arguments, 1)]
    long = [(what, text) for what, text in texts if isinstance(text, str) and len(text) >= _SHORTEST_SECRET]
    if not long:
        return
    from ..core.secret_values import is_key  # whose expressions few tasks need

    if found := [what for what, text in long if is_key(text)]:
        them = " and ".join(found[:2]) + (f" and {len(found) - 2} more" if len(found) > 2 else "")
        note(
            f"Warning: {them} look{'s' * (len(found) == 1)} like a secret, and will be shown in logs, lists and the "
            "job's description. Let the code read it from where secrets are kept, such as AWS Secrets Manager"
        )


def _warn_of_many_hosts(count: int, note: Callable[[str], None]) -> None:
    processors = os.cpu_count() or 1
    if count > max(_FEW_HOSTS, _HOSTS_A_PROCESSOR * processors):
        note(
            f"Warning: {count:,} machines are {count:,} hosts on this one, all at once, "
            f"and it has {processors} processor{'' if processors == 1 else 's'}"
        )


def _is_known(spec: Spec) -> bool:
    from ..core.aws_instance_types import is_known

    return is_known(spec.instances.type, processing=spec.kind == "process")


def check_code(spec: Spec, interpreters: Mapping[str, bytes], services: Services) -> None:
    """Raise UsageError for a script whose interpreter this machine does not have, where the job would run here.

    ``interpreters`` are the first lines (``#!``) of the files of the code.
    """
    entry = spec.code.entry_point or ""
    parts = interpreters.get(entry, b"")[2:].split()
    if services.engine != "local" or entry.endswith(".py") or not parts or os.path.exists(parts[0]):
        return
    raise UsageError.naming(
        "{entry_point:entry} starts with {program}, which is not on this machine.\n"
        "Change its first line, or run it in a container (SSM_ENGINE=docker).",
        entry=entry,
        program=os.fsdecode(parts[0]),
    )


def _warn_of_old(built_in: str, note: Callable[[str], None]) -> None:
    """Say that AWS advises against the first of XGBoost's images, which are still there."""
    from ..images.built_in import built_in_versions, is_advised_against  # which few tasks need

    name, _, version = built_in.partition(":")
    if is_advised_against(name, version):
        newest = f"{name}:{built_in_versions(name)[-1]}"
        note(f"Warning: {built_in} is XGBoost 0.72 of 2018, and AWS advises against it. Write: --built_in {newest}")


def _warn_of_differences(spec: TaskSpec, note: Callable[[str], None]) -> None:
    """Say what AWS's XGBoost will do with these hyperparameters that its author may not expect."""
    if (spec.image.built_in or "").partition(":")[0] != "xgboost":
        return
    from ..local.xgboost_algorithm import caveats, hyperparameters
    from ..local.xgboost_algorithm.errors import Failure

    try:
        values = hyperparameters.validate({name: str(value) for name, value in spec.hyperparameters.items()})
    except Failure:  # of a version that takes others
        return
    has_validation = any(one.name == "validation" for one in spec.inputs)
    goes_on = spec.keeps_state and spec.instances.spot
    for one in caveats.find(values, has_validation=has_validation, has_checkpoints=goes_on):
        if one.on_aws:
            note(f"Warning: {one.text} [{one.code}]")


def _check_processes(spec: Spec, python: str, note: Callable[[str], None]) -> None:
    """Refuse what jobs that run as processes of this machine do not have: images. ``python`` is their interpreter."""
    if spec.image.docker_file:
        raise EngineUnavailable.naming(
            "{docker_file_path_or_content} builds an image, and jobs as processes of this machine have none.\n"
            "Run in containers (SSM_ENGINE=docker), or leave it out to run with this machine's packages."
        )
    if spec.kind == "algorithm":
        _check_algorithm(spec, python)
        return
    if spec.image.uri:
        note(f"--image_uri {spec.image.uri} is recorded; on this machine the code runs with this machine's packages")
    if spec.kind != "process" and (runners := runners_needed(spec.launch_distribution)):
        raise UsageError.naming(
            "{distribution:runner} is started by programs inside AWS's images, and this machine has none.\n"
            "Here {example} works; or run on AWS.",
            runner=runners[0],
            example='{"torch_distributed": {"enabled": true}}',
        )


def _check_algorithm(spec: Spec, python: str) -> None:
    """Refuse an image's own program, unless it is the built-in algorithm that runs here without its image."""
    from ..images.built_in import algorithm_of  # which few tasks need

    named = (spec.image.built_in or "").partition(":")[0]
    algorithm = named or algorithm_of(spec.image.uri or "")
    if algorithm is None:
        raise EngineUnavailable.naming(
            "{image_uri:uri} without {entry_point} runs the image's own program, and jobs as processes of this machine "
            "have no images.\nRun in a container (SSM_ENGINE=docker), or give code with {entry_point}.",
            uri=spec.image.uri,
        )
    from ..local.isolation.algorithms import why_not

    if problem := why_not(algorithm, python):
        raise UsageError(problem)
