"""SageMaker's own experiments on this machine: names that jobs can be part of, and their trials.

Each is a file of the home. Trial components are not kept: a job's Describe answer names its experiment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ...core.regular_files import read_plain
from ...storage.private import make_private, write_private
from ..job.home import ACCOUNT, REGION, Home
from . import model, search
from .errors import client_error, validation_error
from .operation_names import EXPERIMENT_OPERATIONS, methods

Answer = Any  # a dictionary of the shape that boto3 returns for the operation

_PAGE = 10
_LARGEST = 1 << 20  # bytes of such a file
_KINDS = {"Experiment": "experiment", "Trial": "experiment-trial"}  # as in their ARNs
_SHOWN = ("Description", "DisplayName", "ExperimentName")


class LocalExperiments:
    """The operations on experiments and trials, under boto3's names and with the service's errors.

    The text for a name that is taken is the service's, which AWS's SDK looks for; the other texts are ours.
    """

    def __init__(self, home: Home, *, region: str = REGION) -> None:
        self._home = home
        self._region = region

    def create_experiment(self, **request: Any) -> Answer:
        """Make an experiment. Raises ValidationException for a name that is taken."""
        return self._create("Experiment", request)

    def describe_experiment(self, **request: Any) -> Answer:
        """Describe an experiment."""
        return self._describe("Experiment", request)

    def list_experiments(self, **request: Any) -> Answer:
        """One page of experiments, the newest first unless the request sorts otherwise."""
        return self._list("Experiment", request)

    def delete_experiment(self, **request: Any) -> Answer:
        """Delete an experiment that has no trials."""
        return self._delete("Experiment", request)

    def create_trial(self, **request: Any) -> Answer:
        """Make a trial of an experiment that exists."""
        return self._create("Trial", request)

    def describe_trial(self, **request: Any) -> Answer:
        """Describe a trial."""
        return self._describe("Trial", request)

    def list_trials(self, **request: Any) -> Answer:
        """One page of trials, of one experiment or of all, the newest first unless the request sorts otherwise."""
        return self._list("Trial", request)

    def delete_trial(self, **request: Any) -> Answer:
        """Delete a trial; its jobs stay."""
        return self._delete("Trial", request)

    def operations(self) -> dict[str, Callable[..., Answer]]:
        """The operations by the API's names."""
        return methods(self, EXPERIMENT_OPERATIONS)

    def _check(self, operation: str, request: Mapping[str, Any]) -> None:
        message = model.load(self._home.cache).validation_message(operation, request)
        if message:
            raise validation_error(message, operation)

    def _create(self, kind: str, request: dict[str, Any]) -> Answer:
        operation = f"Create{kind}"
        self._check(operation, request)
        if kind == "Trial":
            self._read("Experiment", request["ExperimentName"], operation)
        name = request[f"{kind}Name"]
        path = self._path(kind, name)
        make_private(path.parent)
        try:
            write_private(path, json.dumps({"request": request, "created": time.time()}))
        except FileExistsError:
            message = (
                f"{kind} names must be unique within an AWS account and region. {kind} with name ({name}) already "
                "exists."
            )
            raise validation_error(message, operation) from None
        return _answer(**{f"{kind}Arn": self._arn(kind, name)})

    def _describe(self, kind: str, request: dict[str, Any]) -> Answer:
        operation = f"Describe{kind}"
        self._check(operation, request)
        return _answer(**self._read(kind, request[f"{kind}Name"], operation))

    def _delete(self, kind: str, request: dict[str, Any]) -> Answer:
        operation = f"Delete{kind}"
        self._check(operation, request)
        name = request[f"{kind}Name"]
        self._read(kind, name, operation)
        if kind == "Experiment" and any(one["ExperimentName"] == name for one in self._all("Trial")):
            raise validation_error(f"The experiment {name} has trials: delete them first.", operation)
        self._path(kind, name).unlink(missing_ok=True)
        return _answer(**{f"{kind}Arn": self._arn(kind, name)})

    def _list(self, kind: str, request: dict[str, Any]) -> Answer:
        operation = f"List{kind}s"
        self._check(operation, request)
        if request.get("TrialComponentName"):
            raise validation_error("There are no trial components here.", operation)
        found = [one for one in self._all(kind) if _is_wanted(one, request)]
        key = f"{kind}Name" if request.get("SortBy") == "Name" else "CreationTime"
        found.sort(key=lambda one: (one[key], one[f"{kind}Name"]), reverse=request.get("SortOrder") != "Ascending")
        page, following = search.page(found, request, default=_PAGE, operation=operation)
        return _answer(**{f"{kind}Summaries": [_summary(kind, one) for one in page]}, **following)

    def _all(self, kind: str) -> list[dict[str, Any]]:
        names = [path.stem for path in self._path(kind, "x").parent.glob("*.json")]
        return [one for name in names if (one := self._load(kind, name)) is not None]

    def _read(self, kind: str, name: str, operation: str) -> dict[str, Any]:
        record = self._load(kind, name)
        if record is None:
            raise client_error("ResourceNotFound", f"{kind} {name} does not exist.", operation)
        return record

    def _load(self, kind: str, name: str) -> dict[str, Any] | None:
        """The description of an experiment or a trial; None where there is none that can be read."""
        try:
            kept = json.loads(read_plain(self._path(kind, name), _LARGEST))
            request, created = kept["request"], datetime.fromtimestamp(kept["created"], timezone.utc)
            shown = {member: request[member] for member in _SHOWN if member in request}
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return {
            "DisplayName": name,
            **shown,
            f"{kind}Name": name,
            f"{kind}Arn": self._arn(kind, name),
            "CreationTime": created,
            "LastModifiedTime": created,
        }

    def _path(self, kind: str, name: str) -> Path:
        return self._home.experiments / f"{kind.lower()}s" / f"{name}.json"

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self._region}:{ACCOUNT}:{_KINDS[kind]}/{name.lower()}"


def _is_wanted(record: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    created: datetime = record["CreationTime"]
    after, before = request.get("CreatedAfter"), request.get("CreatedBefore")
    return (
        (request.get("ExperimentName") in {None, record["ExperimentName"]})
        and (after is None or created.timestamp() > _seconds(after))
        and (before is None or created.timestamp() < _seconds(before))
    )


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _summary(kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
    shown = (f"{kind}Arn", f"{kind}Name", "DisplayName", "CreationTime", "LastModifiedTime")
    return {name: record[name] for name in shown}


def _answer(**members: Any) -> Answer:
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}
