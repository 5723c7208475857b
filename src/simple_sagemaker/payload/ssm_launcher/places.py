"""The folders of a job, and reading its JSON files.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import json
import os

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

BASE = "/opt/ml"
SOURCE_CHANNEL = "ssm_source"  # hidden from the script: holds the launcher and the packed code


class Refusal(Exception):
    """The job cannot start or continue; the text is for the user, and ends up in the failure file."""

    status = 1


class Places:
    """The folders of a job below its base, which is ``/opt/ml`` except for processes without a private root."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.is_plain = os.path.normpath(base) != BASE
        self.code = os.path.join(base, "code")
        self.model = os.path.join(base, "model")
        self.input = os.path.join(base, "input")
        self.config = os.path.join(self.input, "config")
        self.launcher_files = self.config  # for files of ours
        self.output = os.path.join(base, "output")
        self.output_data = os.path.join(self.output, "data")
        self.output_intermediate = os.path.join(self.output, "intermediate")

    def channel(self, name: str) -> str:
        """The folder of an input channel."""
        return os.path.join(self.input, "data", name)

    def read_config(self, name: str) -> "dict[str, Any]":
        """One of the files SageMaker writes for every job. Raises Refusal when it is missing or is no JSON object."""
        return read_object(os.path.join(self.config, name))

    def local_path(self, name: str, default: str) -> str:
        """The ``LocalPath`` that an optional configuration file names, without its trailing slash."""
        if not os.path.exists(os.path.join(self.config, name)):
            return default
        path = str(self.read_config(name).get("LocalPath") or default)
        return path.rstrip("/") or "/"


def read_object(path: str) -> "dict[str, Any]":
    """The JSON object in a file. Raises Refusal when it is missing or something else."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise Refusal("The job's file {} cannot be read: {}".format(path, error.strerror)) from error
    except ValueError as error:
        raise Refusal("The job's file {} is not JSON: {}".format(path, error)) from error
    if not isinstance(content, dict):
        raise Refusal("The job's file {} holds no JSON object.".format(path))
    return content
