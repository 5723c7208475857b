"""Addresses and ports of hosts: each host's own, and no two jobs' the same."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.isolation import addresses
from simple_sagemaker.local.isolation.addresses import reserve


def give_back(locks: list[int]) -> None:
    for lock in locks:
        os.close(lock)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has one loopback address")
def test_every_host_of_a_job_has_an_address_of_its_own_in_a_block_of_the_jobs(tmp_path: Path) -> None:
    names = [f"algo-{number}" for number in range(1, 252)]
    reserved = reserve(names, tmp_path / "locks")
    give_back(reserved.locks)
    assert list(reserved.hosts) == names
    assert len(set(reserved.hosts.values())) == 251
    assert all(re.fullmatch(r"127(\.[1-9][0-9]{0,2}){3}", address) for address in reserved.hosts.values())
    blocks = [address.rpartition(".")[0] for address in reserved.hosts.values()]
    assert len(set(blocks[:250])) == 1
    assert blocks[250] != blocks[0]
    assert [address.rpartition(".")[2] for address in reserved.hosts.values()][249:] == ["250", "1"]
    assert not {"127.0.0.1"} & set(reserved.hosts.values())


def test_no_two_jobs_have_a_port_or_a_block_together_while_the_first_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_PORTS", range(15000, 15003))
    first = reserve(["algo-1"], tmp_path)
    second = reserve(["algo-1"], tmp_path)
    assert first.port != second.port
    assert {first.port, second.port} < set(range(15000, 15003))
    assert len(first.locks) == len(second.locks) == 2
    assert not any(os.get_inheritable(lock) for lock in first.locks)
    give_back(first.locks)
    give_back(second.locks)
    ports: set[int] = set()
    while ports != {15000, 15001, 15002}:  # all of them are free again
        again = reserve(["algo-1"], tmp_path)
        ports.add(again.port)
        give_back(again.locks)


def test_a_port_that_another_program_uses_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        free = taken - 1 if taken > 2000 else taken + 1
        monkeypatch.setattr(addresses, "_PORTS", [taken, taken, taken, taken, taken, free])
        for _ in range(5):
            reserved = reserve(["algo-1"], tmp_path)
            give_back(reserved.locks)
            assert reserved.port == free
