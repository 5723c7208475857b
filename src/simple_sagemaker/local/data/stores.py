"""Where a job's buckets are: folders of the home, or an S3 accessed as the job's role or as the caller."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ...core.store import Store
from ...storage.folder_store import FolderStore
from ..job.home import Home, Settings

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session


def open_store(home: Home, settings: Settings) -> Store:
    """Open the store that the settings choose."""
    if not settings.s3_endpoint and not settings.callers_s3:
        return FolderStore(home.buckets)
    load_s3()
    from ...storage.s3.store import S3Store

    if settings.callers_s3:
        import botocore.session

        core = botocore.session.get_session()
        core.set_config_variable("region", settings.region)
        return S3Store(_with_models(core))
    return S3Store(make_session(settings), endpoint=settings.s3_endpoint)


def load_s3() -> None:
    """Load what reaching S3 needs."""
    if "site" not in sys.modules:  # a supervisor starts without site-packages; now it needs them
        import site

        site.main()
    import botocore.session  # noqa: F401

    from ...storage.s3 import store  # noqa: F401


def load_s3_for_forks() -> None:
    """Load what reaching S3 needs, with all that making a client loads and reads, for the forks of this process."""
    load_s3()
    import botocore.session

    session = _with_models(botocore.session.Session())
    session.create_client("s3", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - none


def make_session(settings: Settings) -> Session:
    """Make a session that acts as the job's role; its credentials are renewed while the job runs."""
    import botocore.session
    from botocore.credentials import ContainerProvider, CredentialResolver

    session = botocore.session.Session()
    variables: dict[str, Any] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": settings.credentials_uri}
    session.register_component("credential_provider", CredentialResolver([ContainerProvider(variables)]))
    session.set_config_variable("region", settings.region)
    return _with_models(session)


def _with_models(session: Session) -> Session:
    """A session whose clients are made of the models that are loaded, unless a person has models of their own."""
    from ...storage.s3.clients import has_own_models

    if not has_own_models(session.get_component("data_loader")):
        session.register_component("data_loader", _models())
    return session


@lru_cache(maxsize=1)
def _models() -> Loader:
    """Botocore's models of S3: to read them takes a third of what making a client takes."""
    from botocore.loaders import Loader

    models = Loader()
    for kind in ("service-2", "endpoint-rule-set-1"):
        models.load_service_model("s3", kind)
    for data in ("endpoints", "partitions", "_retry", "sdk-default-configuration"):
        models.load_data(data)
    return models
