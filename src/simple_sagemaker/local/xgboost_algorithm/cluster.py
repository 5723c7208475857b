"""Several hosts that train one model: who has data, and how they reach each other, by xgboost's own collective.

https://xgboost.readthedocs.io/en/stable/python/python_api.html#module-xgboost.collective
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from .errors import AlgorithmFailure
from .log import note, warn

_PORT = 9099  # where a host has its addresses for itself, as on AWS
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class Part:
    """This host's part in the training: the leader prints, and saves the model."""

    is_leader: bool = True
    is_alone: bool = True

    def share(self, value: bytes | None) -> bytes | None:
        """The leader's value, on every host."""
        if self.is_alone:
            return value
        from xgboost import collective

        shared: tuple[bytes | None] = collective.broadcast((value,), 0)
        return shared[0]


def run(hosts: Sequence[str], host: str, *, has_data: bool, train: Callable[[Part], None]) -> None:
    """Call ``train`` on the hosts that have data, as parts of one cluster. Raises Failure."""
    hosts = sorted(hosts)
    note(f"Distributed node training with {len(hosts)} hosts: {hosts}")
    with _connected(hosts, host, _first_address(hosts), int(os.environ.get("MASTER_PORT", _PORT))):
        chosen, port = _agree(hosts, host, has_data=has_data)
    if not chosen:
        raise AlgorithmFailure("No hosts received training data.", "The channels are empty on every host.")
    if not has_data:
        warn("host-without-data", f"Host {host} has no data and takes no part in the training")
        return
    if len(chosen) == 1:
        train(Part())
        return
    with _connected(chosen, host, _first_address(hosts), port):
        train(Part(is_leader=host == chosen[0], is_alone=False))


def _agree(hosts: Sequence[str], host: str, *, has_data: bool) -> tuple[list[str], int]:
    """Tell the others whether this host has data, and learn it of them; the leader's free port for what follows."""
    from xgboost import collective

    own = (host, has_data, _free_port())
    told: list[tuple[str, bool, int]] = [
        collective.broadcast(own if rank == collective.get_rank() else None, rank) for rank in range(len(hosts))
    ]
    chosen = sorted(name for name, data, _ in told if data)
    return chosen, next((port for name, _, port in told if chosen and name == chosen[0]), 0)


@contextmanager
def _connected(hosts: Sequence[str], host: str, address: str, port: int) -> Iterator[None]:
    """A cluster of these hosts; the first runs the tracker. Ranks are in the order of names."""
    from xgboost import collective
    from xgboost.tracker import RabitTracker

    tracker = None
    if host == hosts[0]:
        tracker = RabitTracker(n_workers=len(hosts), host_ip=address, port=port, sortby="task")
        tracker.start()
    else:
        _wait_for(address, port)
    task = f"{hosts.index(host):05}"
    arguments: dict[str, Any] = {
        "dmlc_communicator": "rabit",
        "dmlc_tracker_uri": address,
        "dmlc_tracker_port": port,
        "dmlc_task_id": task,
        "dmlc_retry": 10,
    }
    try:
        with collective.CommunicatorContext(**arguments):
            yield
        if tracker:
            tracker.wait_for()
    finally:
        if tracker:
            tracker.free()


def _first_address(hosts: Sequence[str]) -> str:
    """The address of the first host; MASTER_ADDR where names are not resolved."""
    deadline = time.monotonic() + _PATIENCE_S
    if named := os.environ.get("MASTER_ADDR"):
        return named
    while True:
        with suppress(OSError):
            return socket.gethostbyname(hosts[0])
        if time.monotonic() > deadline:
            raise AlgorithmFailure(f"Host {hosts[0]} is not found")
        time.sleep(0.1)


def _wait_for(address: str, port: int) -> None:
    """Wait until the tracker listens."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        with suppress(OSError), socket.create_connection((address, port), timeout=5):
            return
        if time.monotonic() > deadline:
            raise AlgorithmFailure(f"No tracker listens on {address}:{port}", "Has the first host ended?")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("", 0))
        port: int = one.getsockname()[1]
        return port
