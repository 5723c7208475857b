"""The ``ssm`` command: the one place where errors become messages and an exit status."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence

from ..errors import Detached, SsmError
from ..options.option import DATA, LIVING, ONE_JOB, REPLAY, SINGLE
from .ending import end
from .streams import prepare_streams

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from ..local.supervisor.spawn import WaitingSupervisor

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it
_EXPLAINED = frozenset({1, 3, 5, 6, 8, 9})  # the exit statuses of errors that may point to ``ssm explain``
_NEW_OBJECTS = 20_000  # between garbage collections: with Python's 700 they take a twelfth of every command


def program() -> None:
    """The program ``ssm``, which ends its process."""
    try:
        main()
    except SystemExit as ended:
        if ended.code is not None and not isinstance(ended.code, int):
            raise
        end(_print_rest(ended.code or 0))


def main() -> None:
    """What the program does: ``sys.argv`` in, an exit status out."""
    gc.set_threshold(_NEW_OBJECTS)
    prepare_streams()
    sys.exit(status_of(sys.argv[1:]))


def status_of(argv: Sequence[str]) -> int:
    """Do what a command line says; return the exit status. Never raises an error that a person could have caused."""
    try:
        return _execute(argv)
    except SsmError as error:
        from .parse import spelling

        error.respell(spelling(argv))
        _print(str(error), colour="yellow" if isinstance(error, Detached) else "red")
        if error.exit_status in _EXPLAINED:
            _point(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        _print(_describe_interrupt(argv))
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read our output is gone: nothing more can be said, and nothing is wrong
        from ..jobs.output import close_stdout

        close_stdout()
        return 0
    except OSError as error:
        described = _describe_lost_output(error) if _is_output_lost(error) else _describe_os_error(error)
        _print(described)
        _point(described)
        return SsmError.exit_status
    except Exception as error:
        from ..core.aws_errors import service_message

        refusal = service_message(error)
        if refusal is None:
            raise
        _print(refusal)
        _point(refusal)
        return SsmError.exit_status


def _print_rest(status: int) -> int:
    """Print what still waits for stdout; return the exit status, which is an error's where that cannot be printed."""
    try:
        sys.stdout.flush()
    except OSError as error:
        from ..jobs.output import close_stdout

        close_stdout()
        if not isinstance(error, BrokenPipeError):  # as above
            _print(_describe_lost_output(error))
            return status or SsmError.exit_status
    return status


def _is_output_lost(error: OSError) -> bool:
    """Whether it was stdout that refused; nothing waits for it any more then."""
    if error.filename is None:
        try:
            sys.stdout.flush()
            os.write(sys.stdout.fileno(), b"")  # where nothing is buffered, a device says so by this
        except OSError:
            from ..jobs.output import close_stdout

            close_stdout()
            return True
    return False


def _execute(argv: Sequence[str]) -> int:
    """Do what the command line says; return its exit status."""
    if argv[:1] == ["--complete"]:  # asked by the scripts of 'ssm completion'
        from .completion.words import words

        print("\n".join(words(argv[1] if argv[1:] else "", argv[2:], os.environ)), flush=True)
        return 0
    prestarted = _prestart(argv)
    from .parse import parse

    spec = parse(argv)
    from ..core.aws_errors import translate_errors
    from ..core.specs import DataSpec, ProcessSpec, TaskSpec
    from ..services.choose import for_data, for_jobs, for_task
    from ..services.environment import select_aws

    if not isinstance(spec, (TaskSpec, ProcessSpec)):
        from ..core.emulator_spec import EmulatorSpec  # which a task does not load

        if isinstance(spec, EmulatorSpec):
            from .emulator import emulate

            return emulate(spec, os.environ)
    select_aws(spec.place, os.environ)
    if isinstance(spec, DataSpec):
        services = for_data(spec, os.environ)
        from .data import data

        with translate_errors(region=services.region):
            return data(spec, services)
    if isinstance(spec, (TaskSpec, ProcessSpec)):
        services = for_task(spec, os.environ, prestarted)
        from .run import run

        with translate_errors(region=services.region):
            return run(spec, services)
    from ..core.job_specs import HomeSpec, MlflowSpec, WhySpec
    from ..studies.spec import TuneSpec

    if isinstance(spec, TuneSpec):
        services = for_task(spec.task, os.environ)
        from .tune import tune

        with translate_errors(region=services.region):
            return tune(spec, services, argv)
    if isinstance(spec, WhySpec):
        services = for_task(spec.task, os.environ)
        from .why import why

        with translate_errors(region=services.region):
            return why(spec, services)
    if isinstance(spec, HomeSpec):
        from .home import home

        return home(spec, os.environ)
    if isinstance(spec, MlflowSpec):
        from .mlflow import mlflow

        mlflow(spec, os.environ)
    services = for_jobs(spec, os.environ, runs_job=argv[0] in REPLAY)
    from .living import perform

    with translate_errors(region=services.region):
        return perform(spec, services)


def _prestart(argv: Sequence[str]) -> WaitingSupervisor | None:
    """Start ahead the supervisor of the job that a command line is probably for; nothing is loaded for a help page."""
    if not argv or argv[0] not in SINGLE or "-h" in argv:
        return None
    from ..services.prestart import prestart

    return prestart(argv, os.environ, lambda: _local_type(argv))


def _local_type(argv: Sequence[str]) -> str:
    """The instance type that the project file has for a job of this machine; what is wrong is for ``parse`` to say."""
    from ..options.project_file.apply import local_type
    from .argv import read

    try:
        return local_type(read(argv[0], argv[1:]), os.environ)
    except SsmError:
        return ""


def _describe_interrupt(argv: Sequence[str]) -> str:
    """What Ctrl-C means for jobs where no command asked about one, or told of it."""
    command = argv[0] if argv else ""
    if command in ONE_JOB and command not in REPLAY:
        return "Interrupted; no job was stopped."
    if command in DATA + LIVING:
        return "Interrupted."
    return "Interrupted before the job was started; nothing is running."


_FULL = (
    "Free some space (ssm home --clean), or use another disk: SSM_HOME names the home of jobs, TMPDIR the "
    "folder for temporary files."
)
_OTHER_OS_ADVICE = (
    "Check that it exists, that you may read and write it, and that its disk has room (SSM_HOME names the home)."
)
_OS_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: "Choose a folder that can be written; SSM_HOME names the home of jobs.",
    errno.EMFILE: "Allow more open files (ulimit -n), and run it again.",
}


def _describe_lost_output(error: OSError) -> str:
    """That what was to be printed is not where it was sent."""
    return (
        f"The output cannot be written: {error.strerror or error}\nMake room where stdout goes, or send it elsewhere."
    )


def _describe_os_error(error: OSError) -> str:
    """What the system refused: a folder that cannot be written, a full disk, a file that cannot be read."""
    about = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, (str, bytes)) else ""
    return f"{error.strerror or error}{about}\n{_OS_ADVICE.get(error.errno or 0, _OTHER_OS_ADVICE)}"


def _print(text: str, *, colour: str = "red") -> None:
    """Print an error; its first line, which says what happened, in a colour."""
    from ..core.printable import clean, coloured

    first, *more = clean(text).split("\n", 1)
    print(coloured(first, colour, sys.stderr), *more, sep="\n", file=sys.stderr, flush=True)


def _point(text: str) -> None:
    """Print which entry of ``ssm explain`` is about an error, where one says more than the error itself."""
    from ..core.printable import coloured
    from .explain import pointer

    if line := pointer(text):
        print(coloured(line, "dim", sys.stderr), file=sys.stderr, flush=True)


if __name__ == "__main__":
    program()
