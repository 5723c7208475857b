"""``ssm emulator``: AWS on a port of this machine, until it is stopped."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..core.emulator_spec import EmulatorSpec, is_region
from ..errors import EngineUnavailable, UsageError
from ..options.arguments import Arguments

_GRACE_S = 5.0


def emulator_spec(arguments: Arguments) -> EmulatorSpec:
    """Build the spec of an emulator. Raises UsageError."""
    home, env_file = arguments.text("home"), arguments.text("env_file")
    endpoint, region = arguments.text("s3_endpoint"), arguments.required_text("region")
    if endpoint is not None and not re.match(r"https?://[^/]", endpoint):
        raise UsageError(f"--s3_endpoint {endpoint!r} is not an address: it must begin with http:// or https://.")
    if not is_region(region):
        raise UsageError(f"--region {region!r} is not a region; us-east-1 is one.")
    role_delay_s = _seconds(arguments.required_text("role_delay"))
    if role_delay_s and not arguments.has("enforce_iam"):
        raise UsageError("--role_delay needs --enforce_iam: without it any role will do, even one that is not there.")
    return EmulatorSpec(
        port=_port(arguments.required_text("port")),
        home=None if home is None else Path(home).absolute(),
        region=region,
        s3_endpoint=endpoint,
        registry=arguments.text("registry"),
        enforce_iam=arguments.has("enforce_iam"),
        role_delay_s=role_delay_s,
        faults=arguments.required_text("faults"),
        env_file=None if env_file is None else Path(env_file),
        allowed_hosts=tuple(_host_name(name) for use in arguments.each("allow_host") for name in use.texts()),
        bind=_address(arguments.text("bind")),
    )


def _host_name(text: str) -> str:
    if not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}", text):
        raise UsageError(f"--allow_host {text!r} is not a host name: give it as in the Host header, without a port.")
    return text


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    import ipaddress

    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise UsageError(f"--bind {text!r} is not an IP address.") from error


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise UsageError(f"--port {text!r} is not a port: use a number up to 65535, or 0 for any free one.")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        raise UsageError(f"--role_delay {text!r} is not a number of seconds.")
    return float(text)


def emulate(spec: EmulatorSpec, environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM or Ctrl-C, stop the jobs, and give 0."""
    if sys.platform == "win32":
        raise EngineUnavailable("The emulator runs jobs as processes, which needs Linux or macOS.")
    from ..emulator import sdk_configuration
    from ..emulator.leading import pass_by_proxies
    from ..services.choose import emulator
    from ..services.environment import emulator_home

    with emulator_home(spec.home) as home, _lock(home):
        served = emulator(spec, home, environment, _print)
        wait_for_end = _on_signals(signal.SIGTERM, signal.SIGINT)
        variables = served.start()
        pass_by_proxies(variables)
        if spec.env_file is not None:
            variables |= sdk_configuration.write_beside(spec.env_file, spec.region)
        _print_ready(spec, home, variables)
        wait_for_end()
        _print("Stopping: running jobs get SIGTERM and what they wrote is saved")
        served.stop(_GRACE_S)
    return 0


def _on_signals(*numbers: signal.Signals) -> Callable[[], object]:
    """Handle signals from now on; the function that is returned waits for the first one.

    A pipe wakes it, whichever thread the system gives the signal to; a lock would only wake in the main one.
    """
    reading, writing = os.pipe()
    if sys.platform != "win32":
        os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    return lambda: os.read(reading, 1)


def _print_ready(spec: EmulatorSpec, home: Path, variables: Mapping[str, str]) -> None:
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    if spec.env_file is not None:
        scratch = spec.env_file.with_name(f".{spec.env_file.name}.{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_text(lines, encoding="utf-8")
        scratch.replace(spec.env_file)
    print(lines, end="", flush=True)
    jobs = home / "jobs"
    how = f"run: source {spec.env_file}" if spec.env_file else "run the export lines above"
    _print(
        "The emulator is ready; nothing leaves this machine.\n"
        f"In another shell, {how}; then ssm, aws, boto3 and AWS's SDKs come here.\n"
        f"Jobs: {jobs}\nTo end it: Ctrl-C, or kill {os.getpid()}"
    )


def _print(text: str) -> None:
    from ..core.printable import clean

    print(clean(text), file=sys.stderr, flush=True)


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Allow one emulator for a home. Raises EngineUnavailable for the second."""
    if sys.platform == "win32":
        raise EngineUnavailable("The emulator needs Linux or macOS.")
    import fcntl

    descriptor = os.open(home / "emulator.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EngineUnavailable(
                f"Another emulator has the home {home}.\nEnd it, or give this one another --home."
            ) from error
        yield
    finally:
        os.close(descriptor)
