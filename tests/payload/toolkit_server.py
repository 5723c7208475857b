"""Answers, from AWS's own toolkit, what it makes of a job's configuration files. Run by ``toolkit.py``.

Reads one JSON object per line, ``{"environment": {...}}``, for which the files below SAGEMAKER_BASE_DIR have been
written, and answers with one: the variables and the command the toolkit would run, or its error.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from sagemaker_training import environment, errors, process


def answer(given: dict[str, str]) -> dict[str, Any]:
    """What ``sagemaker_training.trainer.train`` computes before it starts the script."""
    before = dict(os.environ)
    os.environ.update(given)
    try:
        known = environment.Environment()
        variables = known.to_env_vars()
        runner = process.ProcessRunner(known.user_entry_point, known.to_cmd_args(), variables, 1)
        others = {name: os.environ[name] for name in ("SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION", "CURRENT_HOST")}
        return {
            "variables": {**variables, **others},
            "arguments": known.to_cmd_args(),
            "command": runner._create_command(),
            "host": known.master_hostname,
        }
    except errors.ClientError as error:
        return {"error": str(error)}
    finally:
        os.environ.clear()
        os.environ.update(before)


for line in sys.stdin:
    sys.stdout.write(json.dumps(answer(json.loads(line)["environment"])) + "\n")
    sys.stdout.flush()
