"""The command to run: the argument vector of the user's code, exact to the byte."""

import os
import sys

from . import process, values
from .places import Places, Refusal

PROGRAM, PACKAGE, SHELL_SCRIPT = "program", "package", "shell script"
PROFILER = "ssm_launcher/profiled.py"  # runs a script that is profiled
LONGEST_COMMAND = 100000  # bytes passed to ``sh -c``; the kernel allows 131,072 in one argument
_BASH = (b"/bin/bash", b"/usr/bin/bash", b"/usr/local/bin/bash")
COMMAND_FILE = "ssm-command.sh"
SHOWN = 2000


def kind_of(code: str, name: str) -> str:
    """Which of three kinds an entry point is, by AWS's rules: ``.sh`` first, then code with a ``setup.py``."""
    if name.endswith(".sh"):
        return SHELL_SCRIPT
    if os.path.exists(os.path.join(code, "setup.py")):
        return PACKAGE
    return PROGRAM if name.endswith(".py") else SHELL_SCRIPT


def check_entry_point(code: str, name: str) -> None:
    """Raise Refusal unless ``name`` is a file inside the code folder; a package's module is looked up by Python."""
    root = os.path.realpath(os.fsencode(code))
    target = os.path.realpath(os.path.join(root, values.to_bytes(name)))
    if not name or os.path.isabs(name) or not target.startswith(root + b"/"):
        raise Refusal("The entry point {!r} is not a path inside the job's code.".format(name))
    if kind_of(code, name) != PACKAGE and not os.path.isfile(target):
        raise Refusal("The entry point {!r} is not among the files of the job's code.".format(name))


def python() -> bytes:
    """The interpreter that runs this, which runs the user's code too."""
    return os.fsencode(sys.executable)


def script(code: str, name: str, arguments: "list[str]") -> "list[bytes]":
    """The command of an entry point, to run once on each host; a shell script is made executable."""
    kind = kind_of(code, name)
    encoded = [values.to_bytes(argument) for argument in arguments]
    if kind == PACKAGE:
        module = name[:-3] if name.endswith(".py") else name
        return [python(), b"-m", values.to_bytes(module.replace("/", ".")), *encoded]
    if kind == PROGRAM:
        return [python(), _as_path(name), *encoded]
    path = os.path.join(os.fsencode(code), values.to_bytes(name))
    os.chmod(path, os.stat(path).st_mode | 0o700)
    return [b"./" + values.to_bytes(name), *encoded]


def _as_path(name: str) -> bytes:
    return values.to_bytes("./" + name if name.startswith("-") else name)


def torchrun(code: str, name: str, arguments: "list[str]", rendezvous: "list[str]", processes: int) -> "list[bytes]":
    """The command that starts PyTorch's own launcher, on the job's interpreter. Raises Refusal but for programs.

    ``rendezvous`` is the options by which the hosts find each other.
    """
    if kind_of(code, name) != PROGRAM:
        raise Refusal("torch_distributed starts a .py program, not {!r}.".format(name))
    options = [*rendezvous[:2], "--nproc_per_node", str(processes), *rendezvous[2:]]
    start = [python(), b"-m", b"torch.distributed.run", *map(values.to_bytes, options)]
    return [*start, _as_path(name), *map(values.to_bytes, arguments)]


def rendezvous(hosts: "list[str]", host: str, env: "dict[bytes, bytes]") -> "list[str]":
    """The options by which torchrun's hosts find each other; the engine may have chosen address and port."""
    options = ["--nnodes", str(len(hosts))]
    if len(hosts) > 1:
        options += ["--master_addr", values.to_text(env[b"MASTER_ADDR"])]
    if len(hosts) > 1 or "MASTER_PORT" in os.environ:
        options += ["--master_port", values.to_text(env[b"MASTER_PORT"])]
    if len(hosts) > 1:
        options += ["--node_rank", str(hosts.index(host))]
    return options


def shell(places: Places, command: str, arguments: "list[str]") -> "list[bytes]":
    """The command of a shell task: one text for the shell, quoted arguments appended; a long one is put in a file."""
    program = shell_program()
    text = values.to_bytes(" ".join([command] + [values.quote(argument) for argument in arguments]))
    if len(text) <= LONGEST_COMMAND:
        return [program, b"-c", text]
    path = os.path.join(places.launcher_files, COMMAND_FILE)
    with open(path, "wb") as file:
        file.write(text + b"\n")
    return [program, os.fsencode(path)]


def shell_program() -> bytes:
    """Bash where there is one, as in the first releases; else ``sh``, and a line says so."""
    for path in _BASH:
        if os.access(path, os.X_OK):
            return path
    process.write(b"simple-sagemaker: there is no bash here, so sh runs the command\n")
    return b"/bin/sh"


def resolve(arguments: "list[str]", env: "dict[bytes, bytes]") -> "list[bytes]":
    """The command with its program looked up on the PATH of ``env``. Raises Refusal when it is not found.

    A program given with a folder is used as it is, relative to the code folder.
    """
    if not arguments or not arguments[0]:
        raise Refusal("The job names no program to run.")
    argv = [values.to_bytes(argument) for argument in arguments]
    if b"/" in argv[0]:
        return argv
    for folder in env.get(b"PATH", os.fsencode(os.defpath)).split(b":"):
        path = os.path.join(folder, argv[0])
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return [path, *argv[1:]]
    raise Refusal("There is no program {!r} on the PATH of the job.".format(arguments[0]))


def check_arguments(argv: "list[bytes]") -> None:
    """Raise Refusal for an argument that cannot be passed to a program."""
    for number, argument in enumerate(argv):
        if b"\0" in argument:
            raise Refusal("Argument {} holds a NUL character, which cannot be passed to a program.".format(number))
        if len(argument) >= 131072:
            raise Refusal("Argument {} has {} bytes; the system allows 131,071 at most.".format(number, len(argument)))


def format_for_log(argv: "list[bytes]") -> bytes:
    """Format a command for the log: arguments joined by blanks, as AWS prints them, and cut if very long."""
    line = b" ".join(argv)
    if len(line) <= SHOWN:
        return line
    return line[:SHOWN] + " … ({} arguments)".format(len(argv) - 1).encode("utf-8")


def wrap_in_mpi4py(argv: "list[bytes]") -> "list[bytes]":
    """Run the command through ``mpi4py`` if the launcher runs so: it ends all ranks when one fails."""
    if "mpi4py" in sys.modules and argv[0] == python():
        return [argv[0], b"-m", b"mpi4py", *argv[1:]]
    return argv
