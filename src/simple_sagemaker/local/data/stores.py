"""Where a job's buckets are: folders of the home, or an S3 that is reached as the job's role or as the caller."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ...core.store import Store
from ...storage.folder_store import FolderStore
from ..job.home import Home, Settings

if TYPE_CHECKING:
    import boto3


def store_of(home: Home, settings: Settings) -> Store:
    """The store that the settings say."""
    if not settings.s3_endpoint and not settings.callers_s3:
        return FolderStore(home.buckets)
    if "site" not in sys.modules:  # a supervisor starts without the folders of other packages; now it needs them
        import site

        site.main()
    from ...storage.s3.store import S3Store

    if settings.callers_s3:
        import boto3

        return S3Store(boto3.Session(region_name=settings.region))
    return S3Store(session_of(settings), endpoint=settings.s3_endpoint)


def session_of(settings: Settings) -> boto3.Session:
    """A session that acts as the job's role, its credentials renewed for as long as the job runs."""
    import boto3
    import botocore.session
    from botocore.credentials import ContainerProvider, CredentialResolver

    session = botocore.session.Session()
    variables: dict[str, Any] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": settings.credentials_uri}
    session.register_component("credential_provider", CredentialResolver([ContainerProvider(variables)]))
    return boto3.Session(botocore_session=session, region_name=settings.region)
