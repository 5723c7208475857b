"""A host in namespaces of its own (mount, PID, UTS, IPC), made by system calls in about a millisecond.

As root the namespaces are made directly; otherwise inside a user namespace in which the caller is root. Each process
dies with its parent (PR_SET_PDEATHSIG), so nothing survives a killed supervisor.
See namespaces(7), pivot_root(2) and prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from ...core.records import dataclass
from .mounts import Step, View

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")


_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 4, 15, 36
# statvfs flag → mount flag: a user namespace may not drop these when it makes a mount read-only
_LOCKED = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A process to start: arguments, environment and working folder as the host sees them, and the host's name.

    With a ``fork``, which does what the program would do, the process becomes no other program: it goes on in this one,
    by calling that, where it is forked from this process.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    cwd: str
    hostname: str
    output: int  # file descriptor of its stdout and stderr
    fork: Callable[[], NoReturn] | None = None


@dataclass(frozen=True, kw_only=True)
class Started:
    """A running host: ``pid`` is our child, ``main`` the host's first process, ``errors`` a pipe for set-up errors."""

    pid: int
    main: int
    errors: int

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the host's first process; a no-op if it has just ended."""
        try:
            os.kill(self.main, number)
        except ProcessLookupError:
            return

    def status(self, code: int) -> int:
        """The host's exit status, from our child's (negative: ended by a signal)."""
        return code if code >= 0 else 128 - code


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; exit at once if that has happened already."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants, so that all of them can be killed (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def begin_child(parent: int, close: Sequence[int]) -> None:
    """First steps of every forked child: die with the parent, close descriptors, reset signal handlers."""
    if sys.platform == "linux":
        die_with_parent(parent)
    for descriptor in close:
        os.close(descriptor)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def start(launch: Launch, view: View, *, root: str, close: Sequence[int]) -> Started:
    """Start a host whose root is built on the empty folder ``root``; ``close`` are descriptors it must not inherit.

    Call with one thread only: it forks. Failures before the program starts are written to ``errors``, and the host
    exits with status 126.
    """
    steps = view.steps()
    ready, tell = os.pipe()
    errors, complain = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        _run_host(launch, steps, root, close=[*close, ready, errors], tell=tell, complain=complain, parent=supervisor)
    os.close(tell)
    os.close(complain)
    pid_text = os.read(ready, 32)
    os.close(ready)
    return Started(pid=pid, main=int(pid_text) if pid_text else pid, errors=errors)


def _run_host(
    launch: Launch, steps: list[Step], root: str, *, close: Sequence[int], tell: int, complain: int, parent: int
) -> NoReturn:
    """The process between supervisor and host: make the namespaces, wait for the host, and exit with its status."""
    try:
        begin_child(parent, close)
        _unshare()
        alive, hold = os.pipe()
        main = os.fork()
        if main == 0:
            os.close(hold)
            _become_host(launch, steps, root, complain=complain, alive=alive)
        os.write(tell, str(main).encode())
        for descriptor in (tell, complain, launch.output, alive):
            os.close(descriptor)
        _, status = os.waitpid(main, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    except BaseException as error:  # noqa: BLE001  a forked child must never return into its parent's code
        os.write(complain, f"{type(error).__name__}: {error}".encode())
        os._exit(126)


def set_dumpable(value: bool) -> None:
    """Let other processes of the same user read this one's memory and environment, or not (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_DUMPABLE, int(value), 0, 0, 0)


def set_name(name: bytes) -> None:
    """Give this process a name of at most 15 bytes, which others read as its ``comm`` (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_NAME, name, 0, 0, 0)


def _unshare() -> None:
    """Make the namespaces. The files by which a user namespace is mapped belong to root unless this can be dumped."""
    inner = _NEWNS | _NEWPID | _NEWUTS | _NEWIPC
    if os.geteuid() == 0 and _libc.unshare(inner) == 0:
        return
    uid, gid = os.geteuid(), os.getegid()
    _check_call(_libc.unshare(inner | _NEWUSER), "unshare")
    set_dumpable(True)
    try:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
    finally:
        set_dumpable(False)


def _become_host(launch: Launch, steps: list[Step], root: str, *, complain: int, alive: int) -> NoReturn:
    """The host's first process: build the view, set the host name, and become the program.

    Its parent is not visible inside the new PID namespace; the pipe ``alive`` is at its end once the parent is gone.
    """
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if select.select([alive], [], [], 0)[0]:
            os._exit(1)
        _build(steps, root)
        _check_call(_libc.sethostname(launch.hostname.encode(), len(launch.hostname)), "sethostname")
        exec_program(launch)
    except BaseException as error:  # noqa: BLE001  as above
        os.write(complain, f"{type(error).__name__}: {error}".encode())
        os._exit(126)


def exec_program(launch: Launch) -> NoReturn:
    """Turn this process into the program, or go on as its fork: output on ``launch.output``, nothing on the input."""
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(launch.output, 1)
    os.dup2(launch.output, 2)
    os.chdir(launch.cwd)
    os.umask(0o022)
    if launch.fork is not None:
        set_dumpable(True)  # as after execve
        os.environ.clear()
        os.environ.update(launch.environment)
        launch.fork()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores, and a program would, too
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(launch.argv[0], list(launch.argv), dict(launch.environment))


def _build(steps: list[Step], root: str) -> None:
    """Build the view and move into it: first into a bare root with the old one below it, then into the finished one."""
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", root, "tmpfs", 0)
    for name in ("new", "old"):
        os.mkdir(f"{root}/{name}")
    _pivot(root, f"{root}/old")
    os.chdir("/")
    _mount("tmpfs", "/new", "tmpfs", 0)
    for step in steps:
        _apply(step)
    _check_call(_libc.umount2(b"/old", _MNT_DETACH), "umount2 /old")
    os.chdir("/new")
    _pivot(".", ".")
    _check_call(_libc.umount2(b".", _MNT_DETACH), "umount2 .")
    os.chdir("/")


def _apply(step: Step) -> None:
    target = "/new" + step.target
    if step.act == "folder":
        os.makedirs(target, exist_ok=True)
    elif step.act == "link":
        os.symlink(step.source, target)
    elif step.act == "proc":
        _mount("proc", target, "proc", 0)
    elif step.act == "readonly":
        _mount(target, target, "", _MS_BIND | _MS_REC)
        _mount("none", target, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _locked_flags(target))
    else:
        if step.act == "file" and not os.path.lexists(target):
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        _mount("/old" + step.source, target, "", _MS_BIND | _MS_REC)


def _locked_flags(path: str) -> int:
    present = os.statvfs(path).f_flag
    return sum(mount for seen, mount in _LOCKED.items() if present & seen)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    done = _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), None)
    _check_call(done, f"mount {source} on {target}")


def _pivot(new: str, old: str) -> None:
    _check_call(_libc.syscall(_pivot_number(), os.fsencode(new), os.fsencode(old)), "pivot_root")


def _pivot_number() -> int:
    """The system call's number: glibc has no function for it. From the kernel's asm/unistd tables."""
    return {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}[os.uname().machine]


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as out:
        out.write(text)


def _check_call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
