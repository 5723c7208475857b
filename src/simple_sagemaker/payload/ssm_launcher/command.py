"""What to run: the argument vector of the person's code, exact to the byte."""

import os
import sys

from . import values
from .places import Places, Refusal

PROGRAM, PACKAGE, SHELL_SCRIPT = "program", "package", "shell script"
LONGEST_COMMAND = 100000  # bytes handed to ``sh -c``; the kernel takes 131,072 in one argument
COMMAND_FILE = "ssm-command.sh"
SHOWN = 2000


def kind_of(code: str, name: str) -> str:
    """Which of three kinds an entry point is, by AWS's rules: a ``.sh`` first, then whatever has a ``setup.py``."""
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
    """The interpreter this runs on, which runs the person's code too."""
    return os.fsencode(sys.executable)


def script(code: str, name: str, words: "list[str]") -> "list[bytes]":
    """The command of an entry point that runs once on each host; a shell script is made executable."""
    kind = kind_of(code, name)
    rest = [values.to_bytes(word) for word in words]
    if kind == PACKAGE:
        module = name[:-3] if name.endswith(".py") else name
        return [python(), b"-m", values.to_bytes(module.replace("/", ".")), *rest]
    if kind == PROGRAM:
        return [python(), _not_an_option(name), *rest]
    path = os.path.join(os.fsencode(code), values.to_bytes(name))
    os.chmod(path, os.stat(path).st_mode | 0o700)
    return [b"./" + values.to_bytes(name), *rest]


def _not_an_option(name: str) -> bytes:
    return values.to_bytes("./" + name if name.startswith("-") else name)


def torchrun(code: str, name: str, words: "list[str]", meeting: "list[str]", processes: int) -> "list[bytes]":
    """The command that starts PyTorch's own launcher, on the job's interpreter. Raises Refusal but for programs.

    ``meeting`` is the options that say how the hosts meet.
    """
    if kind_of(code, name) != PROGRAM:
        raise Refusal("torch_distributed starts a .py program, not {!r}.".format(name))
    options = [*meeting[:2], "--nproc_per_node", str(processes), *meeting[2:]]
    start = [python(), b"-m", b"torch.distributed.run", *map(values.to_bytes, options)]
    return [*start, _not_an_option(name), *map(values.to_bytes, words)]


def shell(places: Places, command: str, words: "list[str]") -> "list[bytes]":
    """The command of a shell task: one text for ``sh``, its arguments quoted behind it; a long one by way of a file."""
    text = values.to_bytes(" ".join([command] + [values.quote(word) for word in words]))
    if len(text) <= LONGEST_COMMAND:
        return [b"/bin/sh", b"-c", text]
    path = os.path.join(places.own, COMMAND_FILE)
    with open(path, "wb") as file:
        file.write(text + b"\n")
    return [b"/bin/sh", os.fsencode(path)]


def found(words: "list[str]", around: "dict[bytes, bytes]") -> "list[bytes]":
    """The command that ``words`` are, its program found on the PATH it runs with. Raises Refusal when it is not there.

    A program named with its folder is taken as it is, from the code folder on.
    """
    if not words or not words[0]:
        raise Refusal("The job names no program to run.")
    rest = [values.to_bytes(word) for word in words]
    if b"/" in rest[0]:
        return rest
    for folder in around.get(b"PATH", os.fsencode(os.defpath)).split(b":"):
        path = os.path.join(folder, rest[0])
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return [path, *rest[1:]]
    raise Refusal("There is no program {!r} on the PATH of the job.".format(words[0]))


def check_words(words: "list[bytes]") -> None:
    """Raise Refusal for an argument that no program can be given."""
    for number, word in enumerate(words):
        if b"\0" in word:
            raise Refusal("Argument {} holds a NUL character, which no program can be given.".format(number))
        if len(word) >= 131072:
            raise Refusal("Argument {} has {} bytes; the system takes 131,071 at most.".format(number, len(word)))


def shown(words: "list[bytes]") -> bytes:
    """The command for the log: words joined by blanks, as AWS prints them, and cut when it is gigantic."""
    line = b" ".join(words)
    if len(line) <= SHOWN:
        return line
    return line[:SHOWN] + " … ({} arguments)".format(len(words) - 1).encode("utf-8")
