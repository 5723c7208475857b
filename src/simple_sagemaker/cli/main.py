"""The ``ssm`` command: one place where errors become words and an exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from ..errors import SsmError
from .parse import parse

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from ..local.supervisor.spawn import Waiting

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it
_NEW_OBJECTS = 20_000  # until rings among them are looked for: with Python's 700 that takes a twelfth of every command


def main() -> None:
    """The program: ``sys.argv`` in, an exit status out."""
    gc.set_threshold(_NEW_OBJECTS)
    sys.exit(status_of(sys.argv[1:]))


def status_of(argv: Sequence[str]) -> int:
    """Do what the words ask; gives the exit status and never raises an error that a person could have caused."""
    try:
        return _done(argv)
    except SsmError as error:
        _say(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        _say("Interrupted." if argv[:1] == ["data"] else "Interrupted before the job was started; nothing is running.")
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read our output is gone: nothing more can be said, and nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _say(_systems_refusal(error))
        return SsmError.exit_status
    except Exception as error:
        from ..core.aws_errors import in_its_words

        refusal = in_its_words(error)
        if refusal is None:
            raise
        _say(refusal)
        return SsmError.exit_status


def _done(argv: Sequence[str]) -> int:
    """Do what the words ask."""
    waiting = _made_ready(argv)
    asked = parse(argv)
    from ..core.aws_errors import in_our_words
    from ..core.specs import DataSpec, EmulatorSpec
    from ..services.choose import for_data, for_task

    if isinstance(asked, EmulatorSpec):
        from .emulator import emulate

        return emulate(asked, os.environ)
    if isinstance(asked, DataSpec):
        kept = for_data(asked, os.environ)
        from .data import data

        with in_our_words(region=kept.region):
            return data(asked, kept)
    at_hand = for_task(asked, os.environ, waiting)
    from .run import run

    with in_our_words(region=at_hand.region):
        return run(asked, at_hand)


def _made_ready(argv: Sequence[str]) -> Waiting | None:
    """For a job on this machine its supervisor, which comes up while we find out what is meant.

    A guess from the words: a supervisor without a job ends by itself, and a job without one starts its own.
    """
    engine = os.environ.get("SSM_ENGINE", "")
    here = engine in {"local", "docker"} or (not engine and "local" in argv)
    if not here or argv[:1] not in (["run"], ["shell"], ["process"]) or "-h" in argv or sys.platform == "win32":
        return None
    from ..local.supervisor.spawn import supervisor

    return supervisor("docker" if engine == "docker" else os.environ.get("SSM_ISOLATION") or "auto")


def _systems_refusal(error: OSError) -> str:
    """What the system would not do: a folder that cannot be written, a full disk, a file that cannot be read."""
    about = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, (str, bytes)) else ""
    return (
        f"The system refused: {error.strerror or error}{about}\n"
        "Check that it is there, that you may read and write it, and that its disk has room (SSM_HOME names the home)."
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
