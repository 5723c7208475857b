"""S3's operations on one bucket in memory, as botocore's client has them: pages, conditions, codes of errors."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any, cast

import botocore.session
from botocore.exceptions import ClientError

from simple_sagemaker.storage.s3.store import S3Store


def refused(code: str, status: int = 400, message: str = "no", **metadata: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}}
    answer["ResponseMetadata"] = {"HTTPStatusCode": status, **metadata}
    return ClientError(answer, "Operation")


class Bucket:
    """The bucket ``b``; ``full`` is how many keys a page has. ``errors`` are raised by the operation they are for."""

    def __init__(self, *keys: str, full: int = 1000) -> None:
        self.objects = {key: key.encode() for key in keys}
        self.full = full
        self.errors: dict[str, list[Exception]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.head: dict[str, Any] = {}
        self.encryption: dict[str, Any] = {}
        self.not_deleted: list[dict[str, str]] = []
        self.meta = SimpleNamespace(endpoint_url="http://127.0.0.1:1", region_name="eu-west-1")

    def _called(self, operation: str, request: dict[str, Any]) -> None:
        self.requests.append((operation, request))
        if self.errors.get(operation):
            raise self.errors[operation].pop(0)

    def count(self, operation: str) -> int:
        return len([1 for one, _ in self.requests if one == operation])

    def list_objects_v2(self, **request: Any) -> Any:
        self._called("list", request)
        prefix, after = request["Prefix"], request.get("ContinuationToken") or request.get("StartAfter", "")
        delimiter, most = request.get("Delimiter", ""), min(self.full, request.get("MaxKeys", self.full))
        contents: list[str] = []
        folders: list[str] = []
        last = ""
        for key in sorted(self.objects, key=str.encode):
            if not key.startswith(prefix) or key <= after:
                continue
            rest = key[len(prefix) :]
            folder = prefix + rest.partition(delimiter)[0] + delimiter if delimiter and delimiter in rest else ""
            if folder and (folder <= after or folder in folders):
                continue
            if len(contents) + len(folders) == most:
                return self._page(contents, folders, last)
            (folders if folder else contents).append(folder or key)
            last = folder or key
        return self._page(contents, folders, "")

    def _page(self, contents: list[str], folders: list[str], token: str) -> Any:
        when = datetime(2030, 1, 31, tzinfo=timezone.utc)
        page: dict[str, Any] = {
            "Contents": [
                {"Key": key, "Size": len(self.objects[key]), "LastModified": when, "ETag": f'"{self.tag(key)}"'}
                for key in contents
            ],
            "CommonPrefixes": [{"Prefix": folder} for folder in folders],
        }
        return page | ({"NextContinuationToken": token} if token else {})

    def tag(self, key: str) -> str:
        return hashlib.md5(self.objects[key], usedforsecurity=False).hexdigest()

    def get_object(self, **request: Any) -> Any:
        self._called("get", request)
        if request["Key"] not in self.objects:
            raise refused("NoSuchKey", 404)
        data = self.objects[request["Key"]]
        return {"Body": io.BytesIO(data), "ETag": f'"{self.tag(request["Key"])}"', "ContentLength": len(data)}

    def put_object(self, **request: Any) -> Any:
        self._called("put", request)
        key = request["Key"]
        there = f'"{self.tag(key)}"' if key in self.objects else None
        if (request.get("IfNoneMatch") and there) or (request.get("IfMatch") and request["IfMatch"] != there):
            raise refused("PreconditionFailed", 412)
        self.objects[key] = request["Body"]
        return {"ETag": f'"{self.tag(key)}"'}

    def delete_object(self, **request: Any) -> None:
        self._called("delete one", request)
        self.objects.pop(request["Key"], None)

    def delete_objects(self, **request: Any) -> Any:
        self._called("delete", request)
        for one in request["Delete"]["Objects"]:
            self.objects.pop(one["Key"], None)
        return {"Errors": self.not_deleted} if self.not_deleted else {}

    def head_bucket(self, **request: Any) -> Any:
        self._called("head bucket", request)
        return self.head

    def head_object(self, **request: Any) -> Any:
        self._called("head", request)
        return self.encryption

    def create_bucket(self, **request: Any) -> None:
        self._called("create", request)


class _Clients:
    """Clients of a store that leave everything to botocore's."""

    def __init__(self, client: Bucket) -> None:
        self.client = client

    @property
    def region(self) -> str:
        return str(self.client.meta.region_name)

    def obstore_for(self, _bucket: str, _key: str) -> None:
        return None


def store_of(client: Bucket) -> S3Store:
    """A store of that bucket."""
    store = S3Store(cast("botocore.session.Session", None))
    vars(store)["_clients"] = _Clients(client)
    return store
