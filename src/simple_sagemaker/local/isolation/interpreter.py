"""The Python of a job: a private layer, into which the job installs packages, over this machine's interpreter.

The layer is a virtual environment written by hand in a millisecond: a link to the interpreter, ``pyvenv.cfg``, and a
``.pth`` line that adds the packages of the environment below it. ``pip`` in a job sees those packages as installed and
writes into the layer only. The files are those of https://docs.python.org/3/library/venv.html.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ...core.records import asdict, dataclass
from ...core.regular_files import read_plain
from ...storage.private import replace_private

# Nothing is imported from the current folder; the user's own packages count, which rules -I out.
_PROBE = """
import sys
sys.path[:] = [path for path in sys.path if path]
import json, os, site
base = getattr(sys, "_base_executable", None) or os.path.realpath(sys.executable)
user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
sites = [p for p in site.getsitepackages() + user if os.path.isdir(p)]
print(json.dumps({"executable": sys.executable, "base": base, "version": "%d.%d" % sys.version_info[:2],
 "prefixes": sorted({sys.prefix, sys.base_prefix}), "sites": sites}))
"""
_LARGEST = 1 << 20  # bytes of a cached answer
_VERSION_FILES = (".python-version", ".tool-versions", "mise.toml")
# As a script that pip itself installs: unlike with -m, the current folder is not searched for modules.
_PIP = """#!/bin/sh
exec "${0%/*}/python" -c 'import sys; sys.path[:] = [path for path in sys.path if path]; \
import runpy; runpy.run_module("pip", run_name="__main__", alter_sys=True)' "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python: ``executable``, its real program, ``3.11``, its prefixes and package folders."""

    executable: str
    base: str
    version: str
    prefixes: list[str]
    sites: list[str]


class NoInterpreter(Exception):
    """The program that should be the job's Python is missing, or is no Python."""


def choose(environment: Mapping[str, str], *, default: str) -> str:
    """Choose the job's Python: ``$SSM_PYTHON``, the active virtual or conda environment's, or ``python3`` on PATH.

    ``default`` is used when there is none of these: the interpreter that runs the tool.
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
    return default


def resolve_shim(program: str, environment: Mapping[str, str], cache: Path) -> str:
    """Return the interpreter that a shim like pyenv's ``python3`` currently starts; a real program is returned as is.

    Asking a shim takes a tenth of a second, so the answer is cached until something changes by which versions are
    chosen: the folder, its and its parents' version files, the version managers' variables. A shim that does not answer
    is returned too, and the job will report it.
    """
    path = os.path.abspath(program)
    if not os.path.isfile(path) or not _is_script(path):
        return program
    managers = sorted(item for item in environment.items() if item[0].startswith(("PYENV", "ASDF", "MISE")))
    here = Path.cwd()
    files = [folder / name for folder in (here, *here.parents) for name in _VERSION_FILES]
    stamps = [
        (str(file), file.stat().st_mtime_ns)
        for file in [Path(path), Path(path).parents[1] / "version", *files]
        if file.exists()
    ]
    mark = hashlib.sha256(repr((managers, str(here), stamps)).encode()).hexdigest()[:32]
    cached = cache / f"shim-{mark}"
    try:
        return read_plain(cached, _LARGEST).decode()
    except (OSError, ValueError):
        import subprocess  # costs 3 ms, and most often the answer is known

        done = subprocess.run(
            [path, "-I", "-c", "import sys; print(sys.executable)"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    interpreter = os.fsdecode(done.stdout).strip()
    if done.returncode or not os.access(interpreter, os.X_OK):
        return program
    with suppress(OSError):  # it is asked again the next time
        replace_private(cached, interpreter)
    return interpreter


def inspect(program: str, cache: Path) -> Interpreter:
    """Return the facts of a Python program, cached until the file changes. Raises NoInterpreter."""
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
    cached = cache / f"python-{mark}.json"
    try:
        return Interpreter(**json.loads(read_plain(cached, _LARGEST)))
    except (OSError, ValueError, RecursionError, TypeError):
        interpreter = _run_probe(path)
    if not _is_script(path):  # a shim's answer depends on the folder it is called in: never cached by the file alone
        with suppress(OSError):  # it is asked again the next time
            replace_private(cached, json.dumps(asdict(interpreter)))
    return interpreter


def _run_probe(path: str) -> Interpreter:
    import subprocess

    try:
        done = subprocess.run(
            [path, "-E", "-c", _PROBE], capture_output=True, check=True, stdin=subprocess.DEVNULL, timeout=60
        )
        return Interpreter(**json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        raise NoInterpreter(f"{path} does not answer as a Python 3.6 or newer: {error}") from error


def _is_script(path: str) -> bool:
    try:
        with open(path, "rb") as program:
            return program.read(2) == b"#!"
    except PermissionError:  # executable but not readable: treated as a shim
        return True


def write_layer(python: Interpreter, folder: Path) -> Path:
    """Write the private layer into ``folder``, which must not exist, and return its ``bin/python``."""
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
    folders = [os.path.dirname(program), os.path.dirname(python.executable)]
    system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    if sys.platform == "darwin":
        system.insert(0, "/opt/homebrew/bin")
    return os.pathsep.join(dict.fromkeys(folders + system))
