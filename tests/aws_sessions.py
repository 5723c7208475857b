"""Sessions of boto3 that read AWS's models once a process: reading them anew for each test took minutes of each run."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3


@cache
def shared_loader() -> Any:
    """botocore's reader of models, which keeps all that it has read."""
    from botocore.loaders import create_loader

    return create_loader()


def make_session(**options: Any) -> boto3.Session:
    """A new session with these options of ``boto3.Session``."""
    import boto3
    from botocore.session import Session

    core = Session()
    core.register_component("data_loader", shared_loader())
    return boto3.Session(botocore_session=core, **options)
