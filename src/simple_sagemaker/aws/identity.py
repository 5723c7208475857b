"""The identity that the credentials belong to."""

from __future__ import annotations

from ..core.records import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The caller's account and ARN."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """The part of AWS that the account is in, such as ``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return self.arn.split(":")[1]
