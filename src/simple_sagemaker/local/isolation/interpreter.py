"""The Python of a job: what this machine's interpreter has, under a private layer that takes what a job installs.

The layer is a virtual environment written by hand in a millisecond: a link to the interpreter, ``pyvenv.cfg``, and a
``.pth`` line that adds the packages of the environment below it. ``pip`` in a job sees those packages as installed and
writes into the layer only. The files are those of https://docs.python.org/3/library/venv.html.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_ASK = """
import json, os, site, sys
base = getattr(sys, "_base_executable", None) or os.path.realpath(sys.executable)
user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
sites = [p for p in site.getsitepackages() + user if os.path.isdir(p)]
print(json.dumps({"executable": sys.executable, "base": base, "version": "%d.%d" % sys.version_info[:2],
 "prefixes": sorted({sys.prefix, sys.base_prefix}), "sites": sites}))
"""
_VERSION_FILES = (".python-version", ".tool-versions", "mise.toml")
_PIP = '#!/bin/sh\nexec "${0%/*}/python" -m pip "$@"\n'


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """What is known of a Python: ``executable``, its real program, ``3.11``, its prefixes and package folders."""

    executable: str
    base: str
    version: str
    prefixes: list[str]
    sites: list[str]


class NoInterpreter(Exception):
    """The program named as the job's Python does not answer like one."""


def chosen(environment: Mapping[str, str], *, ours: str) -> str:
    """The job's Python: ``$SSM_PYTHON``, else the active virtual or conda environment's, else ``python3`` on PATH.

    ``ours`` is the interpreter that runs the tool, taken when there is no other.
    """
    if named := environment.get("SSM_PYTHON"):
        return named
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        candidate = os.path.join(environment.get(variable, ""), "bin", "python")
        if environment.get(variable) and os.access(candidate, os.X_OK):
            return candidate
    for folder in environment.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder, "python3")
        if folder and os.access(candidate, os.X_OK):
            return candidate
    return ours


def behind_shim(program: str, environment: Mapping[str, str], cache: Path) -> str:
    """The interpreter that a script like pyenv's ``python3`` stands for, here and now; a real program is given back.

    Such a script takes a tenth of a second to answer, so what it said is kept as long as nothing that versions are
    chosen by has changed: the folder, its and its parents' version files, and the managers' variables. A script that
    does not answer is given back too, for the job to say so.
    """
    path = os.path.abspath(program)
    if not os.path.isfile(path) or not _script(path):
        return program
    managers = sorted(item for item in environment.items() if item[0].startswith(("PYENV", "ASDF", "MISE")))
    here = Path.cwd()
    files = [folder / name for folder in (here, *here.parents) for name in _VERSION_FILES]
    stamps = [
        (str(one), one.stat().st_mtime_ns)
        for one in [Path(path), Path(path).parents[1] / "version", *files]
        if one.exists()
    ]
    mark = hashlib.sha256(repr((managers, str(here), stamps)).encode()).hexdigest()[:32]
    kept = cache / f"shim-{mark}"
    try:
        return kept.read_text(encoding="utf-8")
    except FileNotFoundError:
        done = subprocess.run(
            [path, "-c", "import sys; print(sys.executable)"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    found = os.fsdecode(done.stdout).strip()
    if done.returncode or not os.access(found, os.X_OK):
        return program
    _keep(kept, found)
    return found


def ask(program: str, cache: Path) -> Interpreter:
    """What ``program`` is, from the cache when it is the same file as last time. Raises NoInterpreter."""
    path = os.path.abspath(program)
    try:
        stamp = os.stat(path)
    except FileNotFoundError as error:
        raise NoInterpreter(f"there is no {program}") from error
    except OSError as error:
        raise NoInterpreter(f"{program} cannot be reached: {error.strerror}") from error
    config = Path(path).parent.parent / "pyvenv.cfg"
    version = config.stat().st_mtime_ns if config.exists() else 0
    mark = hashlib.sha256(f"{path}\n{stamp.st_size}\n{stamp.st_mtime_ns}\n{version}".encode()).hexdigest()[:32]
    kept = cache / f"python-{mark}.json"
    try:
        return Interpreter(**json.loads(kept.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        found = _asked(path)
    if not _script(path):  # a shim answers according to the folder it is called in: never kept by its own stamp
        _keep(kept, json.dumps(asdict(found)))
    return found


def _keep(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = place.with_name(f"{place.name}.{os.urandom(8).hex()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(place)


def _asked(path: str) -> Interpreter:
    try:
        done = subprocess.run([path, "-c", _ASK], capture_output=True, check=True, stdin=subprocess.DEVNULL, timeout=60)
        return Interpreter(**json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        raise NoInterpreter(f"{path} does not answer as a Python 3.6 or newer: {error}") from error


def _script(path: str) -> bool:
    try:
        with open(path, "rb") as program:
            return program.read(2) == b"#!"
    except PermissionError:  # it may be run and not read: as good as a shim
        return True


def layer(python: Interpreter, folder: Path) -> Path:
    """Write the private layer into ``folder`` (made new) and give its ``bin/python``."""
    binaries = folder / "bin"
    packages = folder / "lib" / f"python{python.version}" / "site-packages"
    binaries.mkdir(parents=True)
    packages.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(
        f"home = {os.path.dirname(python.base)}\ninclude-system-site-packages = false\n", encoding="utf-8"
    )
    for name in ("python", "python3"):
        (binaries / name).symlink_to(python.base)
    for name in ("pip", "pip3"):
        (binaries / name).write_text(_PIP, encoding="utf-8")
        (binaries / name).chmod(0o755)
    lines = [f"import site; site.addsitedir({path!r})" for path in python.sites]
    (packages / "_ssm_below.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return binaries / "python"


def search_path(python: Interpreter, program: str) -> str:
    """PATH for a job: the layer whose ``program`` it runs, the interpreter's own programs, then the system's."""
    own = [os.path.dirname(program), os.path.dirname(python.executable)]
    system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    if sys.platform == "darwin":
        system.insert(0, "/opt/homebrew/bin")
    return os.pathsep.join(dict.fromkeys(own + system))
