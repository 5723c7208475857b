"""What the hosts of test jobs run, and what they said."""

from __future__ import annotations

import json
from typing import Any

from tests.local.conftest import Engine

# sets ML to the job's /opt/ml, also where the job has no view of its own
ML = "ML=${SAGEMAKER_BASE_DIR:-/opt/ml}\nexport LC_ALL=C\n"
# goes on until it is asked to stop, and then ends at once: a first process without a trap would ignore SIGTERM
WAIT = "trap exit TERM; sleep 100 & wait"
# goes on when the test calls ``Engine.release``; after ML
RELEASED = "until [ -e $ML/input/config/released ]; do sleep 0.02; done"
IS_FIRST = '[ "$(hostname)" = algo-1 ] || grep -q \'"current_host": "algo-1"\' $ML/input/config/resourceconfig.json'
_ML_IN_PYTHON = 'import json, os\nML = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")\n'


def python(code: str) -> str:
    """A shell script that runs Python code with the job's own interpreter; ``ML`` is the job's /opt/ml there."""
    return f"exec python3 - <<'END_OF_CODE'\n{_ML_IN_PYTHON}{code}\nEND_OF_CODE\n"


def last_json(engine: Engine, job: str) -> dict[str, Any]:
    """The JSON that each host of a job printed as its last line."""
    return {host: json.loads(lines[-1]) for host, lines in engine.printed(job).items()}


def run_json(engine: Engine, code: str, **changes: Any) -> dict[str, Any]:
    """Run Python code on every host of a job that must complete; give the JSON that each printed."""
    described = engine.run(python(code), **changes)
    name = described["TrainingJobName"]
    assert described["TrainingJobStatus"] == "Completed", engine.printed(name)
    return last_json(engine, name)
