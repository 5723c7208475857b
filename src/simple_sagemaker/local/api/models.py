"""SageMaker's models on this machine: names for a container, its data, its variables and its role.

Each is a file of the home. A transform job keeps its model as it was, so a model may be deleted while jobs use it.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...core.layout import split_uri
from ...core.regular_files import read_plain
from ...core.store import Store
from ...storage.private import make_private, write_private
from ..job.home import ACCOUNT, REGION, Home
from . import model, search
from .errors import validation_error
from .operation_names import MODEL_OPERATIONS, methods
from .validation import check_tags

Answer = Any  # a dictionary of the shape that boto3 returns for the operation

_PAGE = 10
_LARGEST = 1 << 20  # bytes of such a file


class LocalModels:
    """The operations on models, under boto3's names and with the service's errors.

    ``store_for`` opens the buckets as a role, by its ARN, sees them; ``admit`` returns why a role cannot be used.
    """

    def __init__(
        self,
        home: Home,
        *,
        store_for: Callable[[str], Store],
        region: str = REGION,
        admit: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._home = home
        self._region = region
        self._store_for = store_for
        self._admit = admit

    def create_model(self, **request: Any) -> Answer:
        """Check the request as the service does, and that the model's data exist; keep it."""
        operation = "CreateModel"
        self._check(operation, request)
        if objection := self._objection(request):
            raise validation_error(objection, operation)
        arn = self.arn(request["ModelName"])
        path = self._path(request["ModelName"])
        make_private(path.parent)
        kept = {"request": request, "created": time.time(), "tags": list(request.get("Tags", ()))}
        try:
            write_private(path, json.dumps(kept))
        except FileExistsError:
            raise validation_error(f'Cannot create already existing model "{arn}".', operation) from None
        return _answer(ModelArn=arn)

    def describe_model(self, **request: Any) -> Answer:
        """Describe a model."""
        self._check("DescribeModel", request)
        kept = self._read(request["ModelName"], "DescribeModel")
        members = {name: value for name, value in kept["request"].items() if name != "Tags"}
        return _answer(**{"EnableNetworkIsolation": False, **members, **self._facts(kept)})

    def delete_model(self, **request: Any) -> Answer:
        """Delete a model; jobs that use it go on."""
        self._check("DeleteModel", request)
        self._read(request["ModelName"], "DeleteModel")
        self._path(request["ModelName"]).unlink(missing_ok=True)
        return _answer()

    def list_models(self, **request: Any) -> Answer:
        """One page of models, the newest first unless the request sorts otherwise."""
        operation = "ListModels"
        self._check(operation, request)
        found = [self._facts(one) for one in self._all() if _is_wanted(one, request)]
        key = "ModelName" if request.get("SortBy") == "Name" else "CreationTime"
        found.sort(key=lambda one: (one[key], one["ModelName"]), reverse=request.get("SortOrder") != "Ascending")
        page, following = search.page(found, request, default=_PAGE, operation=operation)
        return _answer(Models=page, **following)

    def operations(self) -> dict[str, Callable[..., Answer]]:
        """The operations by the API's names."""
        return methods(self, MODEL_OPERATIONS)

    def read(self, name: str, operation: str) -> dict[str, Any]:
        """The request that created a model, for a job that uses it. Raises ClientError."""
        request: dict[str, Any] = self._read(name, operation)["request"]
        return request

    def find_by_arn(self, arn: str) -> str | None:
        """The name of the model of an ARN, which has it in lower case; None if there is none."""
        return next((one["request"]["ModelName"] for one in self._all() if self._facts(one)["ModelArn"] == arn), None)

    def tags(self, name: str, operation: str) -> list[dict[str, str]]:
        """A model's tags, oldest first. Raises ClientError."""
        tags: list[dict[str, str]] = self._read(name, operation)["tags"]
        return tags

    def write_tags(self, name: str, tags: list[dict[str, str]], operation: str) -> None:
        """Replace a model's tags, atomically. Raises ClientError."""
        kept = {**self._read(name, operation), "tags": tags}
        scratch = self._path(f".{name}-{os.urandom(4).hex()}")
        write_private(scratch, json.dumps(kept))
        scratch.replace(self._path(name))

    def arn(self, name: str) -> str:
        """A model's ARN."""
        return f"arn:aws:sagemaker:{self._region}:{ACCOUNT}:model/{name.lower()}"

    def _objection(self, request: Mapping[str, Any]) -> str | None:
        """Why there can be no such model; None if there can."""
        primary = request.get("PrimaryContainer")
        containers: list[Mapping[str, Any]] = request.get("Containers") or ([] if primary is None else [primary])
        if "PrimaryContainer" in request and request.get("Containers"):
            return "A model has a PrimaryContainer or Containers, not both."
        if not containers:
            return "A model needs a PrimaryContainer or Containers."
        for one in containers:
            if not one.get("Image") and not one.get("ModelPackageName"):
                return "Every container of a model needs an Image or a ModelPackageName."
            if "ModelDataUrl" in one and "ModelDataSource" in one:
                return "A container has a ModelDataUrl or a ModelDataSource, not both."
        objection = check_tags(request.get("Tags", ()))
        role = request.get("ExecutionRoleArn")
        if objection or role is None:
            return objection
        return self._admit(role) or next((why for one in containers if (why := self._check_data(one, role))), None)

    def _check_data(self, container: Mapping[str, Any], role: str) -> str | None:
        """Check that a container's model is there, as its role sees it."""
        uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
        if not uri:
            return None
        try:
            if _is_there(self._store_for(role), *split_uri(uri), is_archive="ModelDataUrl" in container):
                return None
        except (FileNotFoundError, ValueError):
            pass
        except PermissionError:
            return (
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that its trust '
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the '
                f"object is located in {self._region}."
            )
        return f"Could not find model data at {uri}."

    def _check(self, operation: str, request: Mapping[str, Any]) -> None:
        message = model.load(self._home.cache, operation).validation_message(operation, request)
        if message:
            raise validation_error(message, operation)

    def _read(self, name: str, operation: str) -> dict[str, Any]:
        kept = self._load(self._path(name))
        if kept is None:
            raise validation_error(f'Could not find model "{self.arn(name)}".', operation)
        return kept

    def _all(self) -> list[dict[str, Any]]:
        return [one for path in self._home.models.glob("[!.]*.json") if (one := self._load(path)) is not None]

    def _load(self, path: Path) -> dict[str, Any] | None:
        """What is kept of a model; None where there is none that can be read."""
        try:
            kept = json.loads(read_plain(path, _LARGEST))
            is_whole = (
                isinstance(kept["request"], dict)
                and isinstance(kept["created"], float)
                and isinstance(kept["tags"], list)
                and kept["request"]["ModelName"] == path.stem
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None
        known = model.load(self._home.cache, "CreateModel")
        if not is_whole or known.find_wrong_type("CreateModel", kept["request"]):
            return None
        return {"request": kept["request"], "created": kept["created"], "tags": kept["tags"]}

    def _facts(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        name = kept["request"]["ModelName"]
        created = datetime.fromtimestamp(kept["created"], timezone.utc)
        return {"ModelName": name, "ModelArn": self.arn(name), "CreationTime": created}

    def _path(self, name: str) -> Path:
        return self._home.models / f"{name}.json"


def _is_there(store: Store, bucket: str, key: str, *, is_archive: bool) -> bool:
    """Whether there is an archive, or anything below a prefix. An archive is opened: its role need not list anything.

    Raises FileNotFoundError, and PermissionError.
    """
    if not is_archive:
        return any(True for _ in store.list(bucket, key))
    with TemporaryDirectory() as folder, store.open_stream(bucket, key, Path(folder) / "model"):
        return True


def _is_wanted(kept: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
    return (
        request.get("NameContains", "").lower() in kept["request"]["ModelName"].lower()
        and (after is None or kept["created"] > _seconds(after))
        and (before is None or kept["created"] < _seconds(before))
    )


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _answer(**members: Any) -> Answer:
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}
