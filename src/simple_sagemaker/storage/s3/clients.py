"""The two clients for S3 of one process: botocore's, and obstore for the keys that it transfers unchanged."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...core.layout import is_directory_bucket
from ...core.retries import S3_RETRIES
from .listing import read_fast

if TYPE_CHECKING:
    import obstore.store
    from botocore.loaders import Loader
    from botocore.session import Session
    from mypy_boto3_s3 import S3Client

# obstore encodes, refuses or joins other keys: https://docs.rs/object_store/latest/object_store/path/struct.Path.html
_ORDINARY = re.compile(r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.=+,@() -]+(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.=+,@() -]+)*")
_BELIEVED_S = 1.0  # how long credentials are assumed to exist once seen: looking takes as long as a small request


class _Runtime:
    """The process whose threads obstore runs in: the first to use it. In a process forked from it, it would hang."""

    pid: int | None = None


class _ProcessClients:
    """The clients of one process; those inherited by a fork would share connections, and locks that stay locked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: S3Client | None = None
        self.stores: dict[str, obstore.store.S3Store | None] = {}
        self.checked_s = 0.0  # when credentials were last seen


class Clients:
    """Clients of one session and endpoint, created on first use, separately in each process."""

    def __init__(self, session: Session, endpoint: str | None) -> None:
        self._session = session
        self._endpoint = endpoint
        self._by_process: dict[int, _ProcessClients] = {}

    @property
    def client(self) -> S3Client:
        """The client of botocore's, which can do everything."""
        clients = self._of_this_process()
        with clients.lock:  # a session makes one client at a time
            if clients.client is not None:
                return clients.client
            from botocore.config import Config

            config = Config(retries=S3_RETRIES.copy(), max_pool_connections=64)
            made: Any = self._session.create_client("s3", endpoint_url=self._endpoint, config=config)
            client: S3Client = made
            read_fast(client)
            clients.client = client
            return client

    def transfer(self, act: str, source: Any, bucket: str, key: str, **config: int) -> None:
        """Make one of boto3's transfers, ``upload`` or ``copy``; loading them costs a command 30 ms.

        botocore's clients have no methods for them, as those of a boto3 session do:
        https://docs.aws.amazon.com/boto3/latest/guide/s3.html
        """
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        plan = TransferConfig(preferred_transfer_client="classic", **config)  # type: ignore[arg-type]
        with create_transfer_manager(self.client, plan) as manager:
            getattr(manager, act)(source, bucket, key).result()

    @property
    def region(self) -> str:
        """The region of requests; us-east-1 for a session without one."""
        region = self.client.meta.region_name
        return "us-east-1" if region == "aws-global" else region

    def obstore_for(self, bucket: str, key: str) -> obstore.store.S3Store | None:
        """Return obstore's client of a bucket; None where botocore must do it: odd keys, directory buckets, some forks.

        Raises botocore's errors about credentials, which obstore would hide.
        """
        if not _ORDINARY.fullmatch(key):
            return None
        clients = self._of_this_process()
        if bucket not in clients.stores or clients.checked_s + _BELIEVED_S < time.monotonic():
            self._credentials()
            clients.checked_s = time.monotonic()
            self._make_store(clients, bucket)
        return clients.stores[bucket]

    def _make_store(self, clients: _ProcessClients, bucket: str) -> None:
        client, region = self.client, self.region
        with clients.lock:
            if _Runtime.pid is None:
                _Runtime.pid = os.getpid()
            if bucket in clients.stores:
                return
            endpoint = client.meta.endpoint_url.rstrip("/")
            authorities = self._authorities() if endpoint.startswith("https:") else ""
            # Outside Linux obstore uses the system's authorities, and so would trust others too.
            trusts_others = authorities and sys.platform != "linux"
            if _Runtime.pid != os.getpid() or is_directory_bucket(bucket) or trusts_others:
                clients.stores[bucket] = None
            else:
                with _trusting(authorities):
                    clients.stores[bucket] = self._open_store(bucket, endpoint, region)

    def _authorities(self) -> str:
        """The file of trusted certificate authorities, as botocore finds it; "" if none is configured."""
        return str(self._session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or "")

    def _of_this_process(self) -> _ProcessClients:
        pid = os.getpid()
        return self._by_process.get(pid) or self._by_process.setdefault(pid, _ProcessClients())

    def _open_store(self, bucket: str, endpoint: str, region: str) -> obstore.store.S3Store:
        """Create obstore's client, with every setting given that it would otherwise read from the environment.

        The environment is botocore's to interpret. The service verifies a checksum of every object; where nobody in
        between can change bytes, signing them too would cost as much as sending them.
        """
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

        config: Any = {
            "region": region,
            "endpoint": endpoint,
            "virtual_hosted_style_request": False,
            "skip_signature": False,
            "unsigned_payload": _is_safe(endpoint),
        }
        options: Any = {"timeout": timedelta(minutes=5), "allow_http": endpoint.startswith("http://")}
        # Newer ones read AWS_ENDPOINT_URL_S3, and prefer it to the endpoint that they are given; obstore 0.9 knows
        # neither that key nor CRC64NVME.
        newer: Any = {**config, "aws_endpoint_url_s3": endpoint, "checksum_algorithm": "CRC64NVME"}
        older: Any = {**config, "checksum_algorithm": "SHA256"}
        try:
            return S3Store(bucket, config=newer, client_options=options, credential_provider=self._credentials)
        except BaseError:
            return S3Store(bucket, config=older, client_options=options, credential_provider=self._credentials)

    def _credentials(self) -> Any:
        """The credentials that obstore signs with; it calls this each time, and botocore renews expiring ones."""
        from botocore.exceptions import NoCredentialsError

        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token or None,
            "expires_at": datetime.now(timezone.utc) + timedelta(minutes=5),
        }


def has_own_models(loader: Loader) -> bool:
    """Whether a person has models of AWS's services of their own, in ``~/.aws/models`` or AWS_DATA_PATH.

    botocore looks for them there: https://docs.aws.amazon.com/boto3/latest/guide/loaders.html.
    """
    return any(path != loader.BUILTIN_DATA_PATH and os.path.isdir(path) for path in loader.search_paths)


@contextmanager
def _trusting(authorities: str) -> Iterator[None]:
    """Make a client created in this block trust these authorities and no others.

    obstore's own option for it would add them to the system's. On Linux it reads them when a client is made, from where
    OpenSSL's variables say: https://docs.rs/rustls-native-certs/latest/rustls_native_certs/
    """
    if not authorities:
        yield
        return
    before = {name: os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    os.environ["SSL_CERT_FILE"] = authorities
    os.environ.pop("SSL_CERT_DIR", None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _is_safe(endpoint: str) -> bool:
    """Whether data cannot be changed in transit: because of TLS, or because it does not leave the machine."""
    url = urlsplit(endpoint)
    host = url.hostname or ""
    return url.scheme == "https" or host in {"localhost", "::1"} or host.startswith("127.")
