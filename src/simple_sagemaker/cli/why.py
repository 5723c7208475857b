"""``ssm why run …``: whether that would run, join or skip, and what differs from the task's newest job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..core.job_specs import WhySpec
from ..core.specs import ProcessSpec, TaskSpec
from ..errors import UsageError
from ..options.option import SINGLE, TUNE
from .argv import read
from .printing import NotesOnly, print_json, print_result, say

if TYPE_CHECKING:
    from ..core.services import Services
    from ..tasks.explain import Explanation
    from ..tasks.setup import Change

_WORDS = {"run": "Would run", "joined": "Would join the running job", "skipped": "Would be skipped"}


def why_spec(argv: Sequence[str], spec_of: Callable[[str, Sequence[str]], Any]) -> WhySpec:
    """The spec of ``ssm why`` from its words; ``spec_of`` makes the one of the command in them. Raises UsageError."""
    at = next((index for index, word in enumerate(argv) if not word.startswith("-")), len(argv))
    arguments = read("why", argv[:at])
    if arguments.has("help"):
        from .help import page

        print(page("why"), end="")
        raise SystemExit(0)
    if at < len(argv) and argv[at] in TUNE:
        raise UsageError(
            "a search is compared with no earlier job: it goes on with the study of its task, or is refused where "
            "that was begun with something else, which is then named. ssm status -p PROJECT -t TASK shows the study."
        )
    if at == len(argv) or argv[at] not in SINGLE:
        what = f", not {argv[at]!r}" if at < len(argv) else ""
        raise UsageError(f"name the command to ask about{what}: ssm why run -p …, ssm why shell or ssm why process.")
    task = spec_of(argv[at], argv[at + 1 :])
    if not isinstance(task, (TaskSpec, ProcessSpec)):
        raise TypeError(task)
    return WhySpec(place=task.place, task=task, json=arguments.has("json"), quiet=arguments.has("quiet"))


def why(spec: WhySpec, services: Services) -> int:
    """Print what the command would do, and why; return 0."""
    from ..tasks.explain import explain

    explanation = explain(spec.task, services, NotesOnly(spec))
    if spec.json:
        print_json(explanation)
        return 0
    print_result("\n".join(_lines(explanation)))
    if explanation.decision == "skipped" and explanation.differences:
        say(spec, "To run it: --if_changed (whenever something differs), or --force_running")
    return 0


def _lines(explanation: Explanation) -> list[str]:
    job = f" {explanation.job} ({explanation.status})" if explanation.job else ""
    lines = [f"{_WORDS[explanation.decision]}: {explanation.reason}", *([f"Newest job:{job}"] if job else [])]
    if explanation.differences:
        lines += ["What differs from it:", *map(change_line, explanation.differences)]
    elif explanation.job:
        lines.append("Nothing that --if_changed looks at differs from it.")
    if explanation.others:
        lines += ["What differs too, for which no task is run again:", *map(change_line, explanation.others)]
    return lines


def change_line(change: Change) -> str:
    """One change in a line: what was and what is."""
    if change.now is None:
        return f"  {change.name}"
    if change.before is None:
        return f"  {change.name}: {change.now}"
    return f"  {change.name}: {change.before or 'not given'} -> {change.now or 'not given'}"
