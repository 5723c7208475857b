"""The ``ssm`` command: one place where errors become words and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..errors import SsmError
from .parse import parse

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def main() -> None:
    """The program: ``sys.argv`` in, an exit status out."""
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
    except Exception as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        _say(refusal)
        return SsmError.exit_status


def _done(argv: Sequence[str]) -> int:
    """Do what the words ask; the services come first, for they start what comes up while we go on."""
    asked = parse(argv)
    from ..services import for_data, for_task
    from ..specs import DataSpec

    if isinstance(asked, DataSpec):
        kept = for_data(os.environ)
        from .data import data

        return data(asked, kept)
    at_hand = for_task(asked, os.environ)
    from .run import run

    return run(asked, at_hand)


def _refusal(error: Exception) -> str | None:
    """The service's own words, when it is the service that refused."""
    from ..api import error_code

    if error_code(error) is None:
        return None
    said: str = error.response["Error"]["Message"]  # type: ignore[attr-defined]
    return f"SageMaker refused {error.operation_name}: {said} ({error_code(error)})"  # type: ignore[attr-defined]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
