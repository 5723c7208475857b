"""The tests' own guard: nothing leaves this machine."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import NetworkRefused


def test_a_test_cannot_reach_another_machine() -> None:
    with socket.socket() as outside, pytest.raises(NetworkRefused):
        outside.connect(("192.0.2.1", 9))


def test_a_test_cannot_ask_for_another_machines_address() -> None:
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("example.invalid", 443)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.2.1", "localhost"])
def test_a_test_reaches_this_machine(address: str) -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind((address, 0))
        server.listen()
        client.connect(server.getsockname())
