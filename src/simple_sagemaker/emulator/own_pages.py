"""The emulator's own pages below ``/_ssm/``: health, role credentials, counts of requests, faults, reset.

Health and the unguessable addresses of credentials need no signature; all others do.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from .. import __version__
from ..errors import UsageError
from ..local.job.home import ACCOUNT
from . import fault_injection
from .fault_injection import Dice
from .http import Answer, Environ, error_answer, json_answer
from .operation_names import RequestCounts

PREFIX = "/_ssm/"


def is_open(path: str) -> bool:
    """Whether a path is answered without a signature."""
    return path == f"{PREFIX}health" or path.startswith(f"{PREFIX}credentials/")


def health(region: str, running: int) -> Answer:
    """Say that the emulator serves, and how many jobs run."""
    members = {"version": __version__, "region": region, "account": ACCOUNT, "running": running}
    return json_answer(200, json.dumps(members).encode())


def credentials(found: dict[str, str] | None) -> Answer:
    """Hand out the credentials of a job's role."""
    if found is None:
        return error_answer("NotFound", "Unknown credentials.", 404)
    return json_answer(200, json.dumps(found).encode())


def answer(
    environ: Environ, body: bytes, counts: RequestCounts, dice: Dice, reset: Callable[[], object], *, may_change: bool
) -> Answer:
    """Answer the pages that tests steer an emulator with. Who may not change it may still read."""
    page, method = environ["PATH_INFO"].removeprefix(PREFIX), environ["REQUEST_METHOD"]
    if method != "GET" and not may_change:
        return error_answer("AccessDeniedException", "Only the keys that the emulator printed may change it.", 403)
    if page == "requests":
        return json_answer(200, json.dumps(counts.read(reset=method == "DELETE")).encode())
    if page == "faults" and method == "POST":
        try:
            dice.replace(fault_injection.parse(body.decode("utf-8", "replace")))
        except UsageError as error:
            return error_answer("UsageError", str(error), 400)
        return json_answer(200, b"{}")
    if page == "reset" and method == "POST":
        reset()
        return json_answer(200, b"{}")
    return error_answer("NotFound", "The emulator's pages are health, requests, faults and reset.", 404)
