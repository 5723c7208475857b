"""Waiting for the names of hosts."""

from __future__ import annotations

import pytest

from simple_sagemaker.payload.ssm_launcher import hosts
from simple_sagemaker.payload.ssm_launcher.places import Refusal


def test_names_that_have_addresses_are_not_waited_for() -> None:
    hosts.wait_for_names(["localhost", "127.0.0.1"], longest_seconds=0)


def test_a_name_that_never_appears_is_told() -> None:
    with pytest.raises(Refusal, match=r"cannot be found by name: no-such-host\.invalid$"):
        hosts.wait_for_names(["localhost", "no-such-host.invalid"], longest_seconds=0)
