"""Where a job's buckets are: folders of the home, or an S3 accessed as the job's role or as the caller."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ...core.store import Store
from ...storage.folder_store import FolderStore
from ..job.home import Home, Settings

if TYPE_CHECKING:
    import botocore.session


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
        return S3Store(core)
    return S3Store(make_session(settings), endpoint=settings.s3_endpoint)


def load_s3() -> None:
    """Load what reaching S3 needs."""
    if "site" not in sys.modules:  # a supervisor starts without site-packages; now it needs them
        import site

        site.main()
    import botocore.session  # noqa: F401

    from ...storage.s3 import store  # noqa: F401


def make_session(settings: Settings) -> botocore.session.Session:
    """Make a session that acts as the job's role; its credentials are renewed while the job runs."""
    import botocore.session
    from botocore.credentials import ContainerProvider, CredentialResolver

    session = botocore.session.Session()
    variables: dict[str, Any] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": settings.credentials_uri}
    session.register_component("credential_provider", CredentialResolver([ContainerProvider(variables)]))
    session.set_config_variable("region", settings.region)
    return session
