"""``ssm exec`` on AWS: remote debugging switched on, and AWS's own plugin run for the session."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from ..errors import EngineUnavailable, SsmError, UsageError
from .printing import ask, say

if TYPE_CHECKING:
    from ..aws.remote_debug import DebugSession, RemoteDebug
    from ..core.job_specs import ExecSpec
    from ..core.services import Services
    from ..jobs.catalog import Listed

_PLUGIN = "session-manager-plugin"
_LEAST = (1, 2, 497, 1)  # older ones want the session's secret on their command line, which every user can read
_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
_INSTALL = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)
_PATIENT = ("SIGINT", "SIGQUIT", "SIGTSTP")  # the keys for these are the program's, by way of the plugin


def execute_on_aws(spec: ExecSpec, listed: Listed, services: Services) -> int:
    """Run the program, or forward the port; return the plugin's exit status, for it does not tell the program's."""
    job = listed.job
    if job.kind == "processing":
        raise UsageError(f"{job.name} is a processing job: AWS lets nobody enter those.")
    if services.remote_debug is None:
        raise EngineUnavailable("This engine has no remote debugging.")
    if job.answer.get("EnableNetworkIsolation"):
        raise UsageError(f"{job.name} runs with network isolation: AWS lets nobody enter such jobs.")
    plugin = _find_plugin()
    debug = services.remote_debug()
    if not job.answer.get("RemoteDebugConfig", {}).get("EnableRemoteDebug"):
        _enable(spec, listed, debug)
    session = debug.open(job.name, spec.host, spec.program, spec.port)
    try:
        return _run(plugin, session)
    finally:
        debug.close(session)


def _enable(spec: ExecSpec, listed: Listed, debug: RemoteDebug) -> None:
    """Switch remote debugging on, with the rights for it where the role is ours, once the person has agreed."""
    from ..aws.remote_debug import ACTIONS

    job = listed.job
    if job.phase not in {"Downloading", "Training"}:
        raise SsmError(f"{job.name} is in phase {job.phase}: it can be entered in Training. Try again then.")
    ours = debug.is_of_project(job.answer["RoleArn"], listed.project)
    change = f"Remote debugging of {job.name} will be switched on"
    if ours:
        change += f", and the role of project {listed.project!r} may then use {', '.join(ACTIONS)}"
    if not spec.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"ssm exec: {change}; without a terminal, --yes agrees to that.")
        if not ask(f"{change}. Go on?"):
            raise SsmError("Nothing was changed.")
    if ours:
        debug.grant(listed.project)
    else:
        say(spec, f"The role {job.answer['RoleArn']} is not ours: it needs {', '.join(ACTIONS)} on *.")
    debug.enable(job.name)


def _find_plugin() -> str:
    """The plugin's path. Raises EngineUnavailable where it is missing or too old."""
    plugin = shutil.which(_PLUGIN)
    if plugin is None:
        raise EngineUnavailable(
            f"AWS's {_PLUGIN} is not installed, and it carries the session.\nInstall it: {_INSTALL}"
        )
    done = subprocess.run([plugin, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    numbers = tuple(int(number) for number in re.findall(r"\d+", done.stdout)[:4])
    if numbers < _LEAST:
        version = ".".join(map(str, numbers)) or "unknown"
        least = ".".join(map(str, _LEAST))
        raise EngineUnavailable(
            f"{plugin} is of version {version}, and {least} or newer is needed.\nInstall a newer one: {_INSTALL}"
        )
    return plugin


def _run(plugin: str, session: DebugSession) -> int:
    """Run the plugin with our own streams, and let it have the keys that would end or stop us."""
    words = [_VARIABLE, session.region, "StartSession", session.profile, json.dumps(dict(session.request))]
    environment = {**os.environ, _VARIABLE: json.dumps(dict(session.answer))}
    numbers = [getattr(signal, name) for name in _PATIENT if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        code = subprocess.call([plugin, *words, session.endpoint], env=environment)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
