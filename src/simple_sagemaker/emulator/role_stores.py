"""The buckets as a role sees them, for the check of a new job's inputs: one client a role, not one a job."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from ..core.store import Store

_MOST = 64

Credentials = dict[str, str]


class RoleStores:
    """Stores on S3 at ``endpoint`` by the ARN of a role. ``issue`` returns what yields a role's credentials."""

    def __init__(self, endpoint: str, region: str, issue: Callable[[str], Callable[[], Credentials]]) -> None:
        self._endpoint = endpoint
        self._region = region
        self._issue = issue
        self._stores: OrderedDict[str, Store] = OrderedDict()
        self._lock = threading.Lock()
        self._models: Any = None  # of AWS's services, read once for all roles

    def store_for(self, request: Mapping[str, Any]) -> Store:
        """The store for the role of a request that creates a job."""
        role: str = request["RoleArn"]
        with self._lock:
            store = self._stores.pop(role, None) or self._open(self._issue(role))
            self._stores[role] = store
            while len(self._stores) > _MOST:
                self._stores.popitem(last=False)
        return store

    def _open(self, credentials: Callable[[], Credentials]) -> Store:
        import botocore.session
        from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials

        from ..storage.s3.store import S3Store

        def metadata() -> dict[str, Any]:
            issued = credentials()
            return {
                "access_key": issued["AccessKeyId"],
                "secret_key": issued["SecretAccessKey"],
                "token": issued["Token"],
                "expiry_time": issued["Expiration"],
            }

        class OfRole(CredentialProvider):
            METHOD = CANONICAL_NAME = "role"

            def load(self) -> Any:
                return RefreshableCredentials.create_from_metadata(metadata(), metadata, self.METHOD)

        session = botocore.session.Session()
        if self._models is None:
            self._models = session.get_component("data_loader")
        session.register_component("data_loader", self._models)
        session.register_component("credential_provider", CredentialResolver([OfRole()]))
        session.set_config_variable("region", self._region)
        return S3Store(session, endpoint=self._endpoint)
