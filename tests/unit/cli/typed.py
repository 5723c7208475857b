"""Commands as they are typed, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import UsageError

TASK = ("-p", "proj", "-t", "task")
RUN = ("run", *TASK, "-e", "train.py")
SHELL = ("shell", *TASK, "--cmd_line", "ls -l")


def meant(argv: Sequence[str]) -> TaskSpec:
    """The task that is meant."""
    spec = parse(argv)
    assert isinstance(spec, TaskSpec)
    return spec


def run(*options: str) -> TaskSpec:
    return meant([*RUN, *options])


def shell(*options: str) -> TaskSpec:
    return meant([*SHELL, *options])


def refused(*argv: str) -> str:
    """What is said when the command is refused for its words."""
    with pytest.raises(UsageError) as caught:
        parse(argv)
    message = str(caught.value)
    assert message.startswith("ssm"), message
    assert " -h" in message.splitlines()[-1], message
    return message
