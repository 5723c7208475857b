"""A ring of keys without moto's memory."""

from __future__ import annotations

import threading

from simple_sagemaker.emulator.access_keys import AccessKey, KeyRing
from simple_sagemaker.emulator.mock_aws import MockAws


class _Empty(MockAws):
    """moto, before anybody made a user or assumed a role; nothing of this process is changed for it."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.RLock()


def ring_of(*keys: AccessKey) -> KeyRing:
    """A ring with these keys."""
    ring = KeyRing(_Empty())
    for key in keys:
        ring.add(key)
    return ring
