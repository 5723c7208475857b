"""Whether a name that is no option is one mistyped: ``--instance_cuont`` would otherwise be a hyperparameter.

One letter more, less or other, or two swapped (Damerau's distance of 1) from an option of seven letters or more, dashes
and capitals aside; from one of twelve or more with an underscore in it, two such mistakes. Names of real scripts'
hyperparameters that come so close are in ``REAL``, and pass. What SageMaker's SDK calls an option of ours is too far
away for that: see ``sdk_names``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Container
from functools import cache
from itertools import chain

from ..core.spelling import distance
from .commands import COMMANDS
from .option import EMULATOR, LIVING
from .sdk_names import meant_by_sdk, meant_by_sdk_value, perhaps_of_sdk
from .table import by_flag

_SHORTEST = 7
_LONG = 12

# Hyperparameters of public training scripts that are so close to an option.
REAL = frozenset({"image_url", "input_model", "input_node", "input_paths", "model_url", "output_paths", "source_dim"})
REAL |= frozenset({"input_nodes", "job_end", "task_names", "try_run"})
REAL |= frozenset({"download_mode", "input_cat", "input_code", "input_mask", "input_modes", "mask_name"})
REAL |= frozenset({"output_form", "rule_name", "use_profiler"})

_REGION = re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central)+-[0-9]")
_MACHINE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+")
# names by which other tools have an option of ours, and values that only it can mean
_BY_VALUE = (
    (r"instance|machine|machine_type|train_instance_type", _MACHINE, "--instance_type"),
    (r"region|region_name", _REGION, "--aws_region"),
    (r"role|role_arn|execution_role", re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+"), "--role_name"),
    (r"subnets?|subnet_ids?", re.compile(r"subnet-[0-9a-z]+"), "--vpc_subnets"),
    (r"security_groups?", re.compile(r"sg-[0-9a-z]+"), "--vpc_security_groups"),
    (r"kms|kms_key|kms_key_arn", re.compile(r"arn:aws[a-z-]*:kms:.+"), "--kms_key_id"),
    (r"image|image_name|container", re.compile(r"[0-9]{12}\.dkr\.ecr\..+"), "--image_uri"),
)
# Options of two letters, and values that only they can mean. By its name alone a slip of one can be told from no real
# hyperparameter: --itt, --icc, --dff, --rnn and --ddf all are some script's.
_SHORT = (
    ("it", re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+|local_gpu")),
    ("fv", re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")),
    ("pv", re.compile(r"py3[0-9]+")),
    ("df", re.compile(r"(FROM|RUN|COPY) .+", re.DOTALL)),
)
# Values that such an option has, and a hyperparameter of nearly its name may have too: it is one, with a note.
_REPOSITORY = re.compile(r"[a-z][a-z0-9._/-]+")
_PERHAPS = {
    "ic": ("instance_count", re.compile(r"[1-9][0-9]?")),
    "fv": ("framework_version", re.compile(r"[1-9]\.[0-9]{1,2}")),
    "ar": ("aws_repo_name", _REPOSITORY),
    "rn": ("repo_name", _REPOSITORY),
}
_BUILDS = "docker_file_path_or_content"  # without it nothing has a repository


def misspelled(name: str, command: str) -> str | None:
    """The option, with its dashes, that ``name`` (without them) probably misspells; None if it is a name of its own.

    An option of ``command`` is preferred to one of another, of which only names with an underscore count.
    """
    if name in REAL:
        return None
    plain = _plain(name)
    if of_sdk := meant_by_sdk(plain, command):
        return of_sdk
    second = None
    for option, flag in _options(command).items():
        if abs(len(plain) - len(option)) <= 2 and (far := distance(plain, option)) <= 2:
            if far <= 1:
                return flag
            if second is None and len(option) >= _LONG and "_" in option:
                second = flag
    return second


@cache
def _options(command: str) -> dict[str, str]:
    """The flags that can be mistyped, by their names: those of the command first, then those of others."""
    commands = [command, *(other for other in COMMANDS if other != command and other not in EMULATOR + LIVING)]
    options: dict[str, str] = {}
    for one in commands:
        for flag in by_flag(one):
            name = flag.lstrip("-")
            if len(name) >= _SHORTEST and (one == command or "_" in flag):
                options.setdefault(name, flag)
    return options


def meant_by_value(name: str, value: str, command: str) -> str | None:
    """The option, with the value, that a name stands for as its value tells.

    It is a name that other tools use for it, or a slip of a short one.

    Such values are a region, a role's ARN; an instance type in ``--itt ml.g5.xlarge``.
    """
    plain = _plain(name)
    option = _option_by_value(plain, value)
    return f"{option} {value}" if option else meant_by_sdk_value(plain, value, command)


def _option_by_value(plain: str, value: str) -> str | None:
    if value == "local" and _is_slip(plain, "it"):
        return "--it"
    if plain in {"profile", "profile_name"}:
        return "--aws_profile" if value in _profiles() else None
    named = (option for names, values, option in _BY_VALUE if re.fullmatch(names, plain) and values.fullmatch(value))
    slips = (f"--{short}" for short, values in _SHORT if distance(plain, short) <= 1 and values.fullmatch(value))
    return next(chain(named, slips if len(plain) > 1 else ()), None)


def perhaps_meant(name: str, value: str, used: Container[str]) -> str | None:
    """The option, with its value, that a hyperparameter may have been meant as; None if that is among those ``used``.

    It is one of two letters, or one that SageMaker's SDK calls so.
    """
    of_sdk = perhaps_of_sdk(_plain(name), value)
    if of_sdk and of_sdk.partition(" ")[0][2:] not in used:
        return of_sdk
    for short, (option, values) in _PERHAPS.items():
        is_possible = option not in used and (values is not _REPOSITORY or _BUILDS in used)
        if is_possible and _is_slip(_plain(name), short) and values.fullmatch(value):
            return f"--{short} {value}"
    return None


def _is_slip(plain: str, short: str) -> bool:
    """Whether a name is two letters with one of them typed twice, the two swapped, a dash between, or capitals."""
    letters = plain.replace("_", "")
    return len(letters) <= len(short) + 1 and {*letters} == {*short}


def _profiles() -> set[str]:
    """The profiles in the person's configuration of AWS; none where it cannot be read.

    https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
    """
    import configparser

    configuration = configparser.RawConfigParser(strict=False)
    files = [("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")]
    for variable, usual in files:
        with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
            configuration.read(os.path.expanduser(os.environ.get(variable) or usual), encoding="utf-8")
    return {section.removeprefix("profile ").strip() for section in configuration.sections()}


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
