"""Waits until the hosts of a job can find each other by name, which takes a while after a cluster starts."""

import socket
import time

from .places import Refusal

LONGEST_SECONDS = 15 * 60
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0


def wait_for_names(hosts: "list[str]", longest_seconds: float = LONGEST_SECONDS) -> None:
    """Wait until every host name has an address. Raises Refusal after a quarter of an hour, naming the missing."""
    deadline = time.monotonic() + longest_seconds
    pause = FIRST_PAUSE_SECONDS
    missing = [host for host in hosts if not _has_address(host)]
    while missing:
        if time.monotonic() > deadline:
            raise Refusal("These hosts of the job cannot be found by name: {}".format(", ".join(missing)))
        time.sleep(min(pause, LONGEST_PAUSE_SECONDS))
        pause *= 2
        missing = [host for host in missing if not _has_address(host)]


def _has_address(host: str) -> bool:
    try:
        socket.gethostbyname(host)
    except OSError:
        return False
    return True
