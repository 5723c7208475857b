"""Processing jobs of an engine, made in a line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.local.conftest import FINAL, IMAGE, ROLE, Engine

GROUP = "/aws/sagemaker/ProcessingJobs"
RUN = "/opt/ml/processing/input/run"
# sets ML to the job's /opt/ml, and P to its folder for processing, also where the job has no view of its own
START = "ML=${SAGEMAKER_BASE_DIR:-/opt/ml}\nP=$ML/processing\nexport LC_ALL=C\n"
# the number of this host among them, from 1
NUMBER = 'N=$(sed \'s/.*current_host": "algo-//; s/".*//\' $ML/config/resourceconfig.json)\n'


class Processings:
    """The processing jobs of an engine, behind its door."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._count = 0

    def request(self, script: str, **changes: Any) -> dict[str, Any]:
        """A legal request whose hosts run ``script`` in sh; changed members win, None takes a member out."""
        self._count += 1
        name = changes.pop("name", f"process-{self._count}")
        self.engine.store.write("b", f"code-{name}/run.sh", (START + script).encode())
        request = {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["/bin/sh", f"{RUN}/run.sh"],
                **changes.pop("app", {}),
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": "ml.t3.medium",
                    "InstanceCount": changes.pop("hosts", 1),
                    "VolumeSizeInGB": 30,
                }
            },
            "ProcessingInputs": [*changes.pop("inputs", []), brought("run", f"s3://b/code-{name}/", RUN)],
            "ProcessingOutputConfig": {"Outputs": changes.pop("outputs", [])},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **changes,
        }
        return {key: value for key, value in request.items() if value is not None}

    def start(self, script: str, **changes: Any) -> str:
        """Start a job and give its name."""
        request = self.request(script, **changes)
        self.engine.client.create_processing_job(**request)
        return str(request["ProcessingJobName"])

    def run(self, script: str, **changes: Any) -> Mapping[str, Any]:
        """Run a job to its end and give its description."""
        return self.end(self.start(script, **changes))

    def end(self, name: str) -> Mapping[str, Any]:
        """Wait for a job's end and give its description."""
        return self.until(name, lambda described: described["ProcessingJobStatus"] in FINAL)

    def until(self, name: str, holds: Callable[[Mapping[str, Any]], bool], within_s: float = 300) -> Mapping[str, Any]:
        """Wait until something holds of a job's description."""
        limit = time.monotonic() + within_s
        while True:
            described: Mapping[str, Any] = self.engine.client.describe_processing_job(ProcessingJobName=name)
            if holds(described):
                return described
            if time.monotonic() > limit:
                break
            time.sleep(0.02)
        raise TimeoutError(f"{name} after {within_s} s: {described}")

    def printed(self, name: str) -> dict[str, list[str]]:
        """The lines of each host of a job."""
        logs, lines_by_host = self.engine.logs, dict[str, list[str]]()
        for stream in logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]:
            host = stream["logStreamName"].partition("/")[2].rpartition("-")[0]
            events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
            lines_by_host.setdefault(host, []).extend(event["message"] for event in events)
        return lines_by_host

    def run_json(self, code: str, **changes: Any) -> dict[str, Any]:
        """Run Python code on every host of a job that must complete; give the JSON that each printed last."""
        script = f"exec python3 - <<'END_OF_CODE'\n{_PYTHON}{code}\nEND_OF_CODE\n"
        described = self.run(script, **changes)
        lines = self.printed(described["ProcessingJobName"])
        assert described["ProcessingJobStatus"] == "Completed", (described, lines)
        return {host: json.loads(printed[-1]) for host, printed in lines.items()}


_PYTHON = 'import json, os, sys\nML = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")\n'


def brought(name: str, uri: str, path: str, **changes: Any) -> dict[str, Any]:
    """A member of ProcessingInputs."""
    source = {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File", **changes}
    return {"InputName": name, "S3Input": source}


def sent(name: str, path: str, uri: str, mode: str = "EndOfJob") -> dict[str, Any]:
    """A member of Outputs."""
    return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": mode}}
