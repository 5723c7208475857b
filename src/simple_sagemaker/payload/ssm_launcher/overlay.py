"""Environments that many jobs share: the requirements of one ``requirements.txt``, installed once for an interpreter.

An environment is a virtual environment made by hand: a link to the interpreter, and a ``.pth`` file that puts the
packages of the job's own interpreter behind the new ones, so that they count as installed. It is built in place,
because the scripts in it contain its path, under a lock. A marker file written last says that it is complete and what
it consists of; one without it, or that has changed since, is removed and built again. The user's code sees all of them
read-only where the host has mounts of its own.

The job's interpreter must itself have a private prefix (the local engine makes one per host): the file that puts the
shared environment first is written there.
"""

import fcntl
import hashlib
import json
import os
import stat
import sys

from . import command, process
from .pip import FILE, pip_install
from .places import Places, Refusal

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

MARK = ".complete"
LONGEST_MARK = 200  # characters; a longer one is not ours
# statvfs flag: mount flag; a user namespace may not drop these when it makes a mount read-only
LOCKED = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
LINK_FILE = "_ssm_requirements.pth"
PARENT_FILE = "_ssm_parent.pth"
PROBE = b"""
import sys
sys.path[:] = [path for path in sys.path if path]
import json, os, sysconfig
standard = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
standard |= {os.path.join(path, "lib-dynload") for path in standard} | {os.path.realpath(sys.argv[2])}
json.dump({
    "executable": os.path.realpath(sys.executable),
    "version": list(sys.version_info[:3]),
    "base_prefix": sys.base_prefix,
    "parents": [p for p in sys.path if p and os.path.isdir(p) and os.path.realpath(p) not in standard],
}, open(sys.argv[1], "w"))
"""


def provide(root: str, places: Places, what: "list[bytes]", environment: "dict[bytes, bytes]") -> None:
    """Make the interpreter of the job find what ``what`` installs, from an environment below ``root``.

    Builds it if no job has before. Puts its programs first on PATH. Raises Refusal with pip's last lines.
    """
    private = _private_site()
    interpreter = _probe(places, private, environment)
    folder = os.path.join(root, _key(places.code, what, interpreter))
    os.makedirs(root, exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = _read_mark(folder)
        if state is not None and state != _state(folder):
            process.write(b"simple-sagemaker: the requirements were changed after they were installed\n")
            state = None
        if state is None:
            _build(folder, interpreter, places, what, environment)
    if not places.is_plain:
        _make_read_only(root)
    process.write(b"simple-sagemaker: requirements are in " + os.fsencode(folder) + b"\n")
    _put_first(_site(folder), private)
    environment[b"PATH"] = os.fsencode(os.path.join(folder, "bin")) + b":" + environment.get(b"PATH", b"")


def _site(prefix: str) -> str:
    """The package folder of a virtual environment of this version of Python."""
    return os.path.join(prefix, "lib", "python{}.{}".format(*sys.version_info[:2]), "site-packages")


def _private_site() -> str:
    """The package folder of the job's own prefix; the link file of an earlier start of the job is removed from it."""
    prefix = os.path.dirname(os.path.dirname(sys.executable))
    if not os.path.exists(os.path.join(prefix, "pyvenv.cfg")):
        raise Refusal("SSM_ENVIRONMENTS is set, but the job's interpreter has no prefix of its own to change.")
    earlier = os.path.join(_site(prefix), LINK_FILE)
    if os.path.exists(earlier):
        os.remove(earlier)
    return _site(prefix)


def _probe(places: Places, private: str, environment: "dict[bytes, bytes]") -> "dict[str, Any]":
    """Facts of the job's interpreter; it is started for them, because the launcher runs without site packages."""
    path = os.path.join(places.launcher_files, "ssm-interpreter.json")
    argv = [command.python(), b"-E", b"-c", PROBE, os.fsencode(path), os.fsencode(private)]
    ended = process.run(argv, environment, os.fsencode(places.launcher_files))
    if ended.status:
        raise Refusal("The job's interpreter {} does not start.".format(os.fsdecode(command.python())))
    with open(path, encoding="utf-8") as file:
        facts: "dict[str, Any]" = json.load(file)
    return facts


def _key(code: str, what: "list[bytes]", interpreter: "dict[str, Any]") -> str:
    """A name for what is installed for which interpreter: equal for equal content, wherever the code is."""
    digest = hashlib.sha256()
    facts = [interpreter[name] for name in ("executable", "base_prefix", "version", "parents")]
    digest.update(json.dumps([*facts, [argument.decode() for argument in what]]).encode())
    listed = b""
    if b"-r" in what:
        with open(os.path.join(code, FILE), "rb") as file:
            listed = file.read()
    digest.update(listed)
    if b"." in what or not all(map(_is_self_contained, listed.decode("utf-8", "replace").splitlines())):
        _add_folder(digest, code)
    return digest.hexdigest()[:32]


def _is_self_contained(line: str) -> bool:
    """Whether a line of a requirements file means the same in every folder."""
    line = line.strip()
    if not line or line.startswith("#"):
        return True
    if line.startswith("-"):
        return line.startswith(("--index-url", "--extra-index-url", "-i ", "--pre", "--no-binary", "--only-binary"))
    return not line.startswith((".", "/")) and "file:" not in line and "/" not in line.split("@")[0].split(";")[0]


def _add_folder(digest: "hashlib._Hash", code: str) -> None:
    for folder, folders, files in os.walk(code):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            path = os.path.join(folder, name)
            digest.update(b"\0" + os.fsencode(os.path.relpath(path, code)) + b"\0")
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    digest.update(file.read())


def _build(
    folder: str, interpreter: "dict[str, Any]", places: Places, what: "list[bytes]", environment: "dict[bytes, bytes]"
) -> None:
    import shutil

    if os.path.exists(folder):
        shutil.rmtree(folder)
    site = _site(folder)
    os.makedirs(site)
    os.makedirs(os.path.join(folder, "bin"))
    python = os.path.join(folder, "bin", "python")
    os.symlink(interpreter["executable"], python)
    with open(os.path.join(folder, "pyvenv.cfg"), "w", encoding="utf-8") as file:
        file.write("home = {}\n".format(os.path.dirname(interpreter["executable"])))
        file.write("include-system-site-packages = false\n")
        file.write("version = {}.{}.{}\n".format(*interpreter["version"]))
    with open(os.path.join(site, PARENT_FILE), "w", encoding="utf-8") as file:
        for parent in interpreter["parents"]:
            file.write("import site; site.addsitedir({!r})\n".format(parent))
    pip_install(os.fsencode(python), what, places, environment)
    with open(os.path.join(folder, MARK), "w", encoding="ascii") as file:
        file.write(_state(folder))


def _read_mark(folder: str) -> "str | None":
    try:
        descriptor = os.open(os.path.join(folder, MARK), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, encoding="ascii") as file:
            mark = file.read(LONGEST_MARK) if stat.S_ISREG(os.fstat(descriptor).st_mode) else ""
            return mark or None
    except (OSError, ValueError):
        return None


def _state(folder: str) -> str:
    """A digest of the names, sizes and times of all files; nobody can set the time of a change of state (ctime)."""
    digest = hashlib.sha256()
    for above, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files + folders):
            path = os.path.join(above, name)
            if path == os.path.join(folder, MARK):
                continue
            state = os.lstat(path)
            facts = [state.st_mode]
            if not stat.S_ISDIR(state.st_mode):
                facts += [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
            digest.update(os.fsencode("{}\0{}\n".format(os.path.relpath(path, folder), facts)))
    return digest.hexdigest()


def _make_read_only(root: str) -> None:
    """Make a folder read-only for this host from here on; nothing happens where the host may not mount."""
    import ctypes

    bind, remount, read_only, recursive = 4096, 32, 1, 16384  # linux/mount.h
    libc, path = ctypes.CDLL(None), os.fsencode(os.path.realpath(root))
    flags = os.statvfs(root).f_flag
    locked = sum(mount for seen, mount in LOCKED.items() if flags & seen)
    if libc.mount(path, path, None, ctypes.c_ulong(bind | recursive), None) == 0:
        libc.mount(b"none", path, None, ctypes.c_ulong(bind | remount | read_only | locked), None)


def _put_first(site: str, private: str) -> None:
    """Make the interpreter whose packages are in ``private`` search ``site`` right after them, before all others.

    The line runs when the interpreter starts: paths that ``addsitedir`` appended are moved to just behind ``private``.
    """
    line = (
        "import site, sys; _ssm = len(sys.path); site.addsitedir({site!r}); _ssm = sys.path[_ssm:], sys.path[:_ssm]; "
        "_ssm_at = _ssm[1].index({private!r}) + 1 if {private!r} in _ssm[1] else len(_ssm[1]); "
        "sys.path[:] = _ssm[1][:_ssm_at] + _ssm[0] + _ssm[1][_ssm_at:]\n"
    ).format(site=site, private=private)
    os.makedirs(private, exist_ok=True)
    with open(os.path.join(private, LINK_FILE), "w", encoding="utf-8") as file:
        file.write(line)
