"""Hosts as processes of this machine, in namespaces or plain: Python, environment, file system view, arguments."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from ...core import layout
from ...core.records import dataclass
from ..isolation import forked_script, interpreter
from ..isolation.addresses import Addresses
from ..isolation.choose import Isolation, start_host
from ..isolation.interpreter import Interpreter
from ..isolation.mounts import View
from ..isolation.namespaces import Launch, Started
from ..isolation.plain import translate_paths
from ..job.kinds import TRANSFORM
from ..job.remove import remove_folder
from ..requests import config_files
from . import compiled_launcher, forked_launcher
from .entrance import remove_entrance, write_entrance
from .forked_launcher import FLAGS, PAYLOAD
from .host import Host

_LAYER = "/opt/ssm"  # where an isolated host sees its Python
_XGBOOST = Path(__file__).parents[1] / "xgboost_algorithm"
_TRANSFORM = Path(__file__).parents[1] / "batch_transform"
# The folder itself is not where Python looks for packages: in there ours would hide the real xgboost.
_RUN_TRANSFORM = "import sys; sys.path[0] = {folder!r}; from ssm_transform.main import main; sys.exit(main())"
_RUN_XGBOOST = "import sys; sys.path[0] = {folder!r}; from ssm_xgboost.main import main; sys.exit(main())"


@dataclass(frozen=True, kw_only=True)
class Processes:
    """Hosts as processes. ``note`` is called with each host's process, ``cache`` is the home's.

    With ``may_fork`` a host may get a copy of this process's memory: nothing in there is secret to the job.
    """

    isolation: Isolation
    python: Interpreter
    environments: Path
    cache: Path
    addresses: Addresses
    hosts_file: Path
    note: Callable[[int], None]
    may_fork: bool = False

    def provision(self) -> Iterator[None]:
        """Nothing to do: processes need nothing beforehand."""
        yield from ()

    def prepare(self, hosts: Sequence[Host]) -> None:
        """Make each host's temporary folder and Python, and copy the program of ours that starts there."""
        for host in hosts:
            for path in (host.folder / "tmp" / "home", _root(host)):
                path.mkdir(parents=True)
            interpreter.write_layer(self.python, _layer(host))
            ignored = shutil.ignore_patterns("__pycache__")
            if host.work.algorithm:
                shutil.copytree(_XGBOOST, host.folder / "tmp" / "ssm" / "ssm_xgboost", ignore=ignored)
            elif host.work.is_script_mode:
                shutil.copytree(PAYLOAD, host.folder / "tmp" / "ssm", ignore=ignored)
            if host.work.kind == TRANSFORM:
                shutil.copytree(_TRANSFORM, host.folder / "tmp" / "ssm" / "ssm_transform", ignore=ignored)
            if not host.isolated and self._compiled:
                compiled_launcher.show_at(host.base, self._compiled, _pycache(host))

    def start(self, host: Host, *, output: int, close: Sequence[int]) -> Started:
        argv, environment = self._argv(host), self._environment(host)
        launch = Launch(
            argv=argv,
            environment=environment,
            cwd="/",
            hostname=host.name,
            output=output,
            fork=self._fork(host, argv, environment),
        )
        started = start_host(self.isolation, launch, self._view(host), root=str(_root(host)), close=close)
        write_entrance(host.folder, started.main, self.isolation, launch.environment)
        self.note(started.pid)
        return started

    def _fork(self, host: Host, argv: Sequence[str], environment: Mapping[str, str]) -> Callable[[], NoReturn] | None:
        """What the host calls as a fork of this process; None if it must become its program."""
        can = self.may_fork and self.isolation != "bwrap" and environment["SSM_PYTHON"] == _program(host)
        return forked_launcher.fork_for(host, argv, environment) if can and self._is_own_python else None

    @cached_property
    def _is_own_python(self) -> bool:
        return forked_script.is_own_python(self.python.base)

    @cached_property
    def _compiled(self) -> Path | None:
        """Where our launcher is compiled for the jobs' Python; None if that is not of this process's version."""
        same = self.python.version == ".".join(map(str, sys.version_info[:2]))
        return compiled_launcher.keep(PAYLOAD, self.cache) if same else None

    def publish_addresses(self, hosts: Sequence[Host]) -> None:
        """Nothing to do: the addresses are in every host's ``/etc/hosts`` from the start."""

    def clean_up(self) -> None:
        """Nothing to do: the monitor has killed what the hosts left behind, and what they wrote is ours."""

    def _view(self, host: Host) -> View:
        """The file system that the host sees."""
        visible = [*self.python.prefixes, *self.python.sites]
        private = [str(host.folder), str(self.environments)]
        compiled = [str(self._compiled)] if self._compiled else []
        ours = [str(self.environments), *compiled]
        packages = [path for path in visible if path != "/" and not any(_below(folder, path) for folder in private)]
        return View(
            private=_private(host),
            shown=[*dict.fromkeys([*visible, os.path.dirname(self.python.base), *ours, *host.shared])],
            readonly=[*dict.fromkeys([*packages, *compiled]), *host.readonly],
            files={"/etc/hosts": str(self.hosts_file)},
        )

    def _environment(self, host: Host) -> dict[str, str]:
        """The host's whole environment; nothing of the caller's is in it.

        SSM_PYTHON, SSM_ENVIRONMENTS and SSM_PYCACHE tell our launcher which Python to use, where to keep what
        requirement files bring and where it is compiled; MASTER_PORT is a port that no other job of this machine uses.
        """
        variables = {
            "PATH": interpreter.search_path(self.python, _program(host)),
            "HOME": "/tmp/home" if host.isolated else str(host.folder / "tmp" / "home"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SSM_PYTHON": _program(host),
            "SSM_PYTHON_BELOW": self.python.executable,
            "SSM_ENVIRONMENTS": str(self.environments),
            "MASTER_PORT": str(self.addresses.port),
        }
        if self._compiled:
            variables["SSM_PYCACHE"] = str(self._compiled if host.isolated else _pycache(host))
        if not host.isolated:
            first = config_files.host_names(len(self.addresses.hosts))[0]
            variables |= {
                "SAGEMAKER_BASE_DIR": str(host.base),
                "MASTER_ADDR": self.addresses.hosts[first],
                "TMPDIR": str(host.folder / "tmp"),
                "GLOO_SOCKET_IFNAME": config_files.INTERFACE,
            }
        return {**variables, **host.environment()}

    def _argv(self, host: Host) -> list[str]:
        """The host's arguments: the request's, or ours in place of the image's ``train`` and ``serve``."""
        places = {} if host.isolated else _private(host)
        if host.work.algorithm:
            folder = str(Path(places.get("/tmp", "/tmp")) / "ssm")
            return [_program(host), "-c", _RUN_XGBOOST.format(folder=folder)]
        if host.work.kind == TRANSFORM:
            folder = str(Path(places.get("/tmp", "/tmp")) / "ssm")
            return [_program(host), *FLAGS, "-c", _RUN_TRANSFORM.format(folder=folder)]
        if host.work.is_script_mode:
            launcher = Path(places.get("/tmp", "/tmp")) / "ssm" / layout.LAUNCHER
            return [_program(host), *FLAGS, str(launcher), "--train"]
        return translate_paths([*host.work.entrypoint, *host.work.arguments], places)


def hosts_text(addresses: Addresses) -> str:
    """``/etc/hosts`` for every host of a job."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{address} {name}" for name, address in addresses.hosts.items()]
    return "\n".join(lines) + "\n"


def clean_up_host(host: Host) -> None:
    """Remove what only the running host needed."""
    for path in (host.folder / "tmp", _layer(host), _root(host)):
        with suppress(OSError):
            remove_folder(path)
    remove_entrance(host.folder)


def _private(host: Host) -> dict[str, str]:
    """All paths that are private to the host, and the folders for them; deeper paths first."""
    folders = {**host.private, "/tmp": str(host.folder / "tmp"), _LAYER: str(_layer(host))}
    return dict(sorted(folders.items(), key=lambda pair: -len(pair[0])))


def _root(host: Host) -> Path:
    """An empty folder on which a view is built."""
    return host.folder / "root"


def _layer(host: Host) -> Path:
    """The private Python environment."""
    return host.folder / "python"


def _pycache(host: Host) -> Path:
    """Where a host that is not isolated has our launcher compiled."""
    return host.folder / "tmp" / "compiled"


def _program(host: Host) -> str:
    """The interpreter of that environment, as the job sees it."""
    return f"{_LAYER if host.isolated else _layer(host)}/bin/python"


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
