"""Which of AWS's SDKs is installed here."""

from __future__ import annotations

from importlib import metadata


def version(package: str) -> int:
    """The first number of an installed package's version; 0 where it is not installed."""
    try:
        return int(metadata.version(package).partition(".")[0])
    except metadata.PackageNotFoundError:
        return 0


VERSION = version("sagemaker")
