"""What every test stands on: no network but this machine's own, and counts that ``SSM_LONG`` decides."""

from __future__ import annotations

import functools
import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

from tests.counts import LONG

# Short runs repeat themselves exactly, so that a red one is the change's own doing; long runs explore.
settings.register_profile("short", max_examples=30, deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "long", max_examples=2000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("long" if LONG else "short")

# AWS's models are read once in a process, and not by each new session: that took minutes of a run, and gigabytes.
vars(botocore.session)["create_loader"] = functools.cache(botocore.session.create_loader)

# The collector looks at what the tests themselves are only now and then: it took a fifth of collecting them.
gc.set_threshold(50_000, 10, 20)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a script's "&" ignores it, in all that our tests start too
    signal.signal(signal.SIGINT, signal.default_int_handler)


class NetworkRefused(BaseException):
    """A test reached for the network. Not an Exception, so that no retry and no ``except`` swallows it."""


class _Guard:
    """Whether this process may leave the machine; an audit hook cannot be removed, so it asks here."""

    closed = True
    here = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost", socket.gethostname()})


def _is_here(host: object) -> bool:
    if host is None:
        return True
    name = os.fsdecode(host) if isinstance(host, bytes) else str(host)
    if name in _Guard.here:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _Guard.closed:
        return
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket's address is a path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        raise NetworkRefused(f"{event} to {host!r}: tests stay on this machine (tests/conftest.py)")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _only_this_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Sockets reach loopback addresses only, unless the test is marked ``aws`` or ``docker``."""
    _Guard.closed = not any(request.node.get_closest_marker(mark) for mark in ("aws", "docker"))
    yield
    _Guard.closed = True


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """No test sees the AWS account, the engine or the jobs of the person who runs it."""
    if request.node.get_closest_marker("aws"):
        return
    for name in [*os.environ]:
        if name.startswith("AWS_") or (name.startswith("SSM_") and name not in {"SSM_LONG", "SSM_ISOLATION"}):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "ssm-home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many tests ``-n auto`` runs at once: twice as many as there are processors, for most wait more than work."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for: ``-m docker``, ``aws`` and so on, ``SSM_LONG`` for ``long``."""
    asked = str(config.getoption("markexpr") or "")
    unwanted = {
        mark for mark in ("aws", "browser", "docker", "huggingface", "mlflow", "torch", "xgboost") if mark not in asked
    }
    if not LONG and "long" not in asked:
        unwanted.add("long")
    kept = [item for item in items if not any(item.get_closest_marker(mark) for mark in unwanted)]
    left = [item for item in items if any(item.get_closest_marker(mark) for mark in unwanted)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
