"""The two places where a test's emulator serves: this process, and a process that ends with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from ..core.emulator_spec import EmulatorSpec
from ..core.records import asdict
from ..errors import EngineUnavailable, SsmError, UsageError

REFUSED, USAGE = "refused", "usage"  # what a process says that cannot serve: why, and whether it was asked wrongly
_GRACE_S = 1.0  # for jobs that run at the end of a test
_LONGEST_S = 60.0  # for a server to end


class Server(Protocol):
    """An emulator that serves, wherever that is. ``faults`` is what it was last told to fail with."""

    @property
    def variables(self) -> Mapping[str, str]: ...

    @property
    def faults(self) -> str: ...

    def reset(self) -> None: ...

    def set_faults(self, faults: str) -> None: ...


class _Pages:
    """An emulator that is told what to do by its own pages."""

    def __init__(self, variables: Mapping[str, str], faults: str) -> None:
        self.variables = variables
        self.faults = faults

    def reset(self) -> None:
        self._post("reset")

    def set_faults(self, faults: str) -> None:
        self._post("faults", faults)
        self.faults = faults

    def _post(self, page: str, text: str = "") -> None:
        """Send a signed request. Raises SsmError with what the emulator says against it."""
        import http.client
        from urllib.parse import urlsplit

        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        url = f"{self.variables['AWS_ENDPOINT_URL']}/_ssm/{page}"
        unsigned = AWSRequest(method="POST", url=url, data=text)
        keys = Credentials(self.variables["AWS_ACCESS_KEY_ID"], self.variables["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "sagemaker", self.variables["AWS_REGION"]).add_auth(unsigned)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_LONGEST_S)
        try:
            connection.request("POST", f"/_ssm/{page}", body=text, headers=dict(unsigned.headers))
            answer = connection.getresponse()
            said = answer.read().decode("utf-8", "replace")
        except OSError as error:
            raise SsmError(f"The emulator does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status == 400:
            raise UsageError(json.loads(said)["message"])
        if answer.status != 200:
            raise SsmError(f"The emulator: {said}")


@contextmanager
def in_this_process(spec: EmulatorSpec, *, stop_grace_s: float, clock_speed: float) -> Iterator[Server]:
    """An emulator that threads of this process serve."""
    if sys.platform == "win32":
        raise EngineUnavailable("The emulator runs jobs as processes, which needs Linux or macOS.")
    from ..emulator import sdk_configuration
    from ..services.choose import emulator
    from ..services.environment import emulator_home

    speed = {"SSM_CLOCK_SPEED": f"{clock_speed:g}"} if clock_speed != 1 else {}
    environment = {**os.environ, "SSM_STOP_GRACE_S": f"{stop_grace_s:g}", **speed}
    with emulator_home(spec.home) as home:
        served = emulator(spec, home, environment, _report)
        try:
            variables = served.start()
            yield _Pages(variables | sdk_configuration.write_beside(home / "sdk", spec.region), spec.faults)
        finally:
            served.stop(_GRACE_S)


def _report(text: str) -> None:
    from ..core.printable import clean

    sys.stderr.write(f"{clean(text)}\n")


@contextmanager
def in_own_process(spec: EmulatorSpec, *, stop_grace_s: float, clock_speed: float) -> Iterator[Server]:
    """An emulator of another process, which ends when this one does, however that is: it sees its input end."""
    asked: dict[str, Any] = {**asdict(spec), "home": None if spec.home is None else str(spec.home)}
    asked |= {"stop_grace_s": stop_grace_s, "clock_speed": clock_speed}
    process = subprocess.Popen(
        [sys.executable, "-m", "simple_sagemaker.testing.server_process", json.dumps(asked)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests, which end it
    )
    if process.stdin is None or process.stdout is None:
        raise TypeError("both are pipes")
    try:
        line = process.stdout.readline()
        if not line:
            raise EngineUnavailable("The emulator did not start; what it said is above.")
        said = json.loads(line)
        if REFUSED in said:
            raise (UsageError if said[USAGE] else EngineUnavailable)(said[REFUSED])
        yield _Pages(said, spec.faults)
    finally:
        process.stdin.close()
        try:
            process.wait(_LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
