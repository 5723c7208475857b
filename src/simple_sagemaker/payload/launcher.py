"""Start the user's code inside a SageMaker job, and exit as it does.

It is started in three ways:

- *direct*: ``start.sh`` runs this file from the hidden channel's folder, where the packed code is beside it. The
  code is unpacked to ``<base>/code``, and the rest of the launcher is loaded from there. In a processing job the same
  is below ``<base>/processing/input``.
- *toolkit*: AWS's own ``train`` has unpacked the code and runs this file from it, as the job's script.
- *train*: the local engine runs ``launcher.py --train`` in place of AWS's ``train``, for requests of other clients.

Only this file still parses on Python 2.7, so that an old interpreter prints a message and not a syntax error.
"""

import sys

# Before any other import: AWS's toolkit starts this file from the user's code, where a file may be named random.py.
# The user's own program is started anew, with that folder.
_HIDDEN = {"", ".", __file__.rpartition("/")[0]}
if __name__ == "__main__" and not (getattr(sys.flags, "safe_path", 0) or getattr(sys.flags, "isolated", 0)):
    _HIDDEN.add(sys.path[0])
sys.path[:] = [path for path in sys.path if path not in _HIDDEN]

import importlib  # noqa: E402
import os  # noqa: E402

TYPE_CHECKING = False  # as typing has it, which Python 2.7 lacks
if TYPE_CHECKING:
    import tarfile  # noqa: F401 - named in type comments
    import types  # noqa: F401

BASE = os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml"
HERE = os.path.dirname(os.path.abspath(__file__))
IS_PROCESSING = HERE.startswith(os.path.join(BASE, "processing") + os.sep)
CODE = os.path.join(BASE, *(["processing", "input", "code"] if IS_PROCESSING else ["code"]))
TARBALL = os.path.join(HERE, "sourcedir.tar.gz")
RUN_FILE = os.path.join(HERE, "run.json")
PACKAGE = "ssm_launcher"
OLDEST = (3, 6)
LONGEST_HEADER = 16 << 10  # of an archive's member
# what tarfile raises for bytes that are not an archive, and the system for names that are none, or clash
DAMAGE = (EOFError, OSError, ValueError, LookupError, OverflowError, RuntimeError)


class Unpackable(Exception):
    """The packed code cannot be used; the message says why."""


def record_failure(text):
    # type: (str) -> None
    """Write to stderr and to the failure file why the job ends. An existing failure file with a text is kept."""
    sys.stderr.write("simple-sagemaker: %s\n" % text)
    failure = os.path.join(BASE, "output", "message" if IS_PROCESSING else "failure")
    try:
        if not os.path.isdir(os.path.dirname(failure)):
            os.makedirs(os.path.dirname(failure))
        if not os.path.lexists(failure) or (os.path.isfile(failure) and not os.path.getsize(failure)):
            with open(failure, "wb") as file:
                file.write(text.encode("utf-8", "replace")[:1024])
    except OSError as error:  # the script may have put anything there
        sys.stderr.write("simple-sagemaker: %s cannot be written (%s)\n" % (failure, error.strerror))


def is_inside(path, folder):
    # type: (str, str) -> bool
    """Whether ``path``, with every link followed, is ``folder`` or is below it."""
    return (os.path.realpath(path) + os.sep).startswith(folder + os.sep)


def check(member, folder):
    # type: (tarfile.TarInfo, str) -> None
    """Raise Unpackable for a member that could touch anything outside ``folder``, whose own path has no links."""
    target = os.path.join(folder, member.name.rstrip("/"))
    if member.name.startswith("/") or ".." in member.name.split("/") or not is_inside(os.path.dirname(target), folder):
        raise Unpackable("the packed code holds the name %r, which leads outside" % member.name)
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise Unpackable("the packed code holds %r, which is no file, folder or link" % member.name)
    start = folder if member.islnk() else os.path.dirname(target)
    ends = [os.path.join(start, member.linkname)] if member.linkname else []
    if (
        member.islnk() and ends and os.path.islink(ends[0].rstrip("/"))
    ):  # from here the link leads elsewhere than from there
        ends.append(os.path.join(os.path.dirname(target), os.readlink(ends[0].rstrip("/"))))
    if not all(is_inside(end, folder) for end in ends):
        raise Unpackable(
            "the packed code holds the link %r to %r, which leads outside" % (member.name, member.linkname)
        )
    if os.path.islink(target):  # an earlier member: what a link leads to is neither written nor given a mode
        os.unlink(target)


def empty(folder):
    # type: (str) -> None
    """Make ``folder`` an empty folder: after a spot interruption it still has the code of the previous start.

    A folder in it is moved up before it is emptied, so that no path becomes too long, however deep the script went.
    """
    if not os.path.isdir(folder):
        os.makedirs(folder)
    waiting, moved = [folder], 0
    while waiting:
        here = waiting.pop()
        if here != folder:
            os.chmod(here, 0o700)
        for name in os.listdir(here):
            path = os.path.join(here, name)
            if not os.path.isdir(path) or os.path.islink(path):
                os.remove(path)
                continue
            while here != folder and os.path.lexists(os.path.join(folder, "emptied-%d" % moved)):
                moved += 1
            above = path if here == folder else os.path.join(folder, "emptied-%d" % moved)
            if path != above:
                os.rename(path, above)
            waiting.append(above)
        if here != folder:
            os.rmdir(here)


def decode_name(name):
    # type: (str) -> str
    """Decode an archive's UTF-8 name as this process encodes paths, which before 3.7 may be in ASCII only."""
    return os.fsdecode(name.encode("utf-8", "surrogateescape"))


def unpack(tarball, folder):
    # type: (str, str) -> None
    """Make ``folder`` hold what ``tarball`` holds, with its modes, owned by this user. Raises Unpackable."""
    import struct
    import tarfile
    import zlib

    class Member(tarfile.TarInfo):
        """A member whose extended header is not so long that early releases of Python parse it for minutes.

        A header that is broken is damage: tarfile takes any but the first for the archive's end.
        """

        @classmethod
        def fromtarfile(cls, archive):
            # type: (tarfile.TarFile) -> Member
            try:
                return super(Member, cls).fromtarfile(archive)
            except tarfile.HeaderError as error:
                if type(error).__name__ == "EOFHeaderError":
                    raise
                raise tarfile.ReadError("a header is broken or missing: %s" % error)  # noqa: B904 - Python 2.7

        def _proc_pax(self, archive):
            # type: (tarfile.TarFile) -> tarfile.TarInfo
            if self.size > LONGEST_HEADER:
                raise tarfile.ReadError("a header is longer than any name")
            return super(Member, self)._proc_pax(archive)  # type: ignore[misc, no-any-return]

    empty(folder)
    folder = os.path.realpath(folder)
    try:
        with tarfile.open(tarball, "r:gz", encoding="utf-8", errors="surrogateescape", tarinfo=Member) as archive:
            archive.extraction_filter = lambda member, _: member  # ours is stricter; keeps newer Pythons quiet
            links = []
            for member in archive:
                member.name, member.linkname = decode_name(member.name), decode_name(member.linkname)
                check(member, folder)
                member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
                member.mode = member.mode & 0o777 | (0o700 if member.isdir() else 0)
                archive.extract(member, folder)
                if member.issym() or member.islnk():
                    links.append(member.name)
            for name in links:  # a later member can change where one leads
                if not is_inside(os.path.join(folder, name), folder):
                    raise Unpackable("the packed code holds the link %r, which leads outside" % name)
    except DAMAGE + (tarfile.TarError, zlib.error, struct.error) as error:  # noqa: RUF005 - as Python 2.7 has it
        raise Unpackable("the packed code cannot be unpacked: %s" % error)  # noqa: B904 - Python 2.7 has no `from`


def put_run_file():
    # type: () -> None
    """Copy ``run.json`` beside the code: it is uploaded beside the archive, so that one archive serves many jobs."""
    import shutil

    if os.path.exists(RUN_FILE):
        shutil.copyfile(RUN_FILE, os.path.join(CODE, os.path.basename(RUN_FILE)))


def import_launcher(folder):
    # type: (str) -> types.ModuleType
    """Import the rest of the launcher from ``folder``, which is kept off ``sys.path``.

    A file of the user's named ``json.py`` would otherwise hide Python's own while the launcher starts.
    """
    # the local engine has the launcher compiled there; Pythons before 3.8 do not look at the name
    setattr(sys, "pycache_prefix", os.environ.pop("SSM_PYCACHE", None))  # noqa: B010
    hidden = {os.path.realpath(path) for path in (HERE, CODE)}
    sys.path[:] = [path for path in sys.path if path and os.path.realpath(path) not in hidden]
    package = type(sys)(PACKAGE)
    package.__path__ = [os.path.join(folder, PACKAGE)]
    sys.modules[PACKAGE] = package
    return importlib.import_module(PACKAGE + ".main")


def find_way():
    # type: () -> str
    """One of ``direct``, ``processing``, ``toolkit`` and ``train``, from where this file is and what is beside it."""
    if sys.argv[1:] == ["--train"] and not os.path.exists(RUN_FILE):
        return "train"
    if os.path.exists(TARBALL) and os.path.realpath(HERE) != os.path.realpath(CODE):
        return "processing" if IS_PROCESSING else "direct"
    return "toolkit"


def start():
    # type: () -> int
    """Unpack the code if nothing else has, run the job, and return its exit status."""
    way = find_way()
    sys.dont_write_bytecode = way != "train"  # packed code is imported once and thrown away
    is_packed = way in ("direct", "processing")
    if is_packed:
        unpack(TARBALL, CODE)
        put_run_file()
    return int(import_launcher(CODE if is_packed else HERE).main(way, BASE))


def _mp_fn(index):
    # type: (int) -> None
    """What PyTorch/XLA calls in each of its processes, after importing the script that it starts: this file."""
    import_launcher(HERE).run_spawned(index, BASE)


def main():
    # type: () -> int
    """Run the job; return its exit status. Errors in the launcher itself reach the failure file too."""
    if sys.version_info < OLDEST:
        record_failure(
            "Python %s is too old: the launcher of a job needs 3.6 or newer (this is %s)"
            % (".".join(map(str, sys.version_info[:3])), sys.executable)
        )
        return 1
    try:
        return start()
    except Unpackable as error:
        record_failure(str(error))
        return 1
    except Exception as error:
        record_failure("the launcher failed: %s: %s" % (type(error).__name__, error))
        raise


if __name__ == "__main__":
    sys.exit(main())
