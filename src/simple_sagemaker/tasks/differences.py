"""What a task is made from now beside what an earlier job of it was made from, by name and with values.

In: a submission, its fingerprint, and the earlier job with its ``run.json``. Out: differences. Nothing that an input
holds on S3 is listed; of an input that is another task's outcome, the job that made it counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.job import Job
from ..core.records import replace
from ..core.specs import LocalInput, S3Input, Spec, TaskInput
from . import history

if TYPE_CHECKING:
    from .code.files import CodeFiles
    from .submission import Submission

_LONGEST = 60  # characters of a value
_MOST_FILES = 500  # of the code, that are kept by name: 50 kB in run.json
_NAMED = 5  # files in a line
_OF_TOOLKIT = ("sagemaker_", "mp_parameters", "_tuning_objective_metric")  # hyperparameters that are not the person's
_NOT_GIVEN = "not given"
_IMAGE = ("framework", "framework_version", "py_version", "docker_file", "image_tag", "uri")
_IN_RUN_FILE = {"entry point": "entry_point", "arguments": "arguments", "distribution": "distribution"}
_IN_RUN_FILE |= {"command line": "command", "command": "command"}


class Difference(NamedTuple):
    """One thing that a job was made from and that is another now; the values are None where they are not known.

    Of the code ``now`` says which files differ, where the earlier job's are known, and ``before`` is None.
    """

    name: str
    before: str | None
    now: str | None

    def __str__(self) -> str:
        """One line, whatever the names of files, variables and channels in it are."""
        if self.now is None:
            return _shown(self.name)
        if self.before is None:
            return _shown(f"{self.name}: {self.now}")
        return f"{_shown(self.name)}: {_short(self.before)} -> {_short(self.now)}"


def made_from(spec: Spec, jobs: Mapping[str, str], code: CodeFiles) -> dict[str, Any]:
    """What is kept of a job in ``run.json``, so that a later command can name what differs; ``jobs`` as below.

    Of the code these are its files, unless they are too many.
    """
    kept = {"image": _image(spec), "inputs": input_texts(spec, jobs)}
    return kept if len(code.files) > _MOST_FILES else {**kept, "files": _marks(code)}


def input_texts(spec: Spec, jobs: Mapping[str, str]) -> dict[str, str]:
    """What each channel reads, in a text; ``jobs`` are the jobs whose outcomes are read, by channel.

    Where a processing job's inputs and outputs were placed counts as well.
    """
    texts = {one.name: _input_text(one, jobs) for one in spec.inputs}
    if spec.kind == "process":
        texts |= {name: f"{texts[name]} at {path}" for name, path in spec.input_paths.items()}
        texts |= {f"output {name}": path for name, path in spec.output_paths.items()}
    elif spec.model_uri:
        texts["model"] = spec.model_uri
    return texts


def chained_jobs(submission: Submission) -> dict[str, str]:
    """The newest completed jobs of the tasks whose outcomes are read, by channel: a listing of job names for each."""
    newest: dict[str, str] = {}
    jobs: dict[str, str] = {}
    for one in submission.spec.inputs:
        if isinstance(one, TaskInput):
            if one.task not in newest:
                job = history.newest_completed(replace(submission.place, task=one.task), submission.services)
                newest[one.task] = job.name if job else ""
            jobs[one.name] = newest[one.task]
    return jobs


def differences(submission: Submission, job: Job, now: Mapping[str, str], code: CodeFiles) -> tuple[Difference, ...]:
    """What differs from an earlier job; ``now`` is the fingerprint, with the inputs' if they were listed."""
    run = history.run_file(submission.place, job.name, submission.services.store, submission.note_once)
    before = run.get("fingerprint", {})
    changed = [name for name, digest in now.items() if (before.get(name) or "") != digest]
    known = run.get("made_from")
    known = known if isinstance(known, dict) else {}
    found = [*_of_code(known, changed, code), *_with_values(submission, job, run, known, changed)]
    if "inputs" not in now:
        found += _of_local_files(submission, known, {one.name for one in found})
    return tuple(found)


def unseen_channels(spec: Spec) -> tuple[str, ...]:
    """The channels of whose inputs a skip compares no more than the address: on S3, or large."""
    seen: set[str] = set()
    if any(isinstance(one, LocalInput) for one in spec.inputs):
        from .uploads import is_large  # which few skips need

        seen = {one.name for one in spec.inputs if isinstance(one, LocalInput) and not is_large(one)}
    channels = [one.name for one in spec.inputs if one.name not in seen]
    if spec.kind != "process" and (spec.model_uri or "").startswith("s3://"):
        channels.append("model")
    return tuple(channels)


def unseen_line(channels: Sequence[str]) -> str:
    """That a skip did not look at what those channels hold, and what does."""
    return f"Not looked at: what is in {_listed(channels)} (on S3, or large). --if_changed looks, and ssm why"


def _of_code(known: Mapping[str, Any], changed: list[str], code: CodeFiles) -> Iterator[Difference]:
    if "code" in changed:
        before, now = known.get("files"), _marks(code)
        yield Difference("code", None, _listed(_changes(before, now)) if isinstance(before, dict) else None)


def _marks(code: CodeFiles) -> dict[str, str]:
    """The mode and the beginning of the digest of each file, by name; names that are no text as they are displayed."""
    return {_shown(name): f"{file.mode:o} {file.digest[:16]}" for name, file in sorted(code.files.items())}


def _changes(before: Mapping[str, Any], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        old, new = str(before.get(name, "")), now.get(name, "")
        if not old or not new:
            yield f"{_shown(name)} {'is new' if new else 'is gone'}"
        elif old != new:
            (old_mode, _, old_content), (new_mode, _, new_content) = old.partition(" "), new.partition(" ")
            modes = "" if old_mode == new_mode else f" mode {old_mode} -> {new_mode}"
            yield f"{_shown(name)}{modes}{'' if old_content == new_content else ' changed'}"


def _shown(name: str) -> str:
    from ..core.printable import clean

    return clean(name.encode("utf-8", "backslashreplace").decode()).replace("\n", " ")


def _with_values(
    submission: Submission, job: Job, run: Mapping[str, Any], known: Mapping[str, Any], changed: list[str]
) -> Iterator[Difference]:
    spec = submission.spec
    count = spec.instances.count
    if spec.request_merge is not None:
        from .request_merge import group_hosts  # which few tasks need

        count = group_hosts(spec) or count
    if job.hosts != count:
        yield Difference("instance count", str(job.hosts), str(count))
    for name in changed:
        if name == "hyperparameters" and spec.kind != "process":
            asked = {key: typed(value) for key, value in spec.hyperparameters.items()}
            yield from _of_mappings(hyperparameters_of(job), asked)
        elif name in _IN_RUN_FILE and _IN_RUN_FILE[name] in run:
            now: dict[str, object] = {"entry point": spec.code.entry_point, "arguments": list(spec.arguments)}
            now["distribution"] = None if spec.kind == "process" else spec.launch_distribution
            now["command"] = (spec.command_line or list(spec.command)) if spec.kind == "process" else None
            now["command line"] = spec.code.command
            yield Difference(name, typed(run[_IN_RUN_FILE[name]]), typed(now[name]))
        elif name == "image" and "image" in known and known["image"] != _image(spec):
            yield Difference(name, str(known["image"]), _image(spec))
        elif name == "environment":
            yield Difference(name, None, _variables(job.answer.get("Environment") or {}, spec.environment))
        elif name not in {"inputs", "code"}:
            yield Difference(name, None, None)
    inputs = known.get("inputs")
    sources = list(_of_mappings(inputs, _sources(submission))) if isinstance(inputs, dict) else []
    yield from sources
    if "inputs" in changed and not sources:
        yield Difference("inputs", None, None)


def _of_local_files(submission: Submission, known: Mapping[str, Any], named: set[str]) -> Iterator[Difference]:
    """The channels of local inputs whose files changed, but for those ``named`` already."""
    digests = known.get("local_inputs")  # an earlier version kept none
    if isinstance(digests, dict) and any(isinstance(one, LocalInput) for one in submission.spec.inputs):
        from .uploads import changed_uploads  # which few skips need

        inputs, place, services = submission.spec.inputs, submission.place, submission.services
        for name, what in changed_uploads(inputs, place, services, digests):
            if name not in named:
                yield Difference(name, None, what)


def _variables(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """The variables that differ, by name alone, as their values may be secret; None where the job does not tell."""
    return _listed(
        f"{name} {'is new' if name not in before else 'changed' if name in now else 'is gone'}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    )


def _listed(texts: Iterable[str]) -> str | None:
    """The first of several texts in a line, and how many more there are; None without any."""
    known = list(texts)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"{', '.join(known[:_NAMED])}{more}" if known else None


def _sources(submission: Submission) -> dict[str, str]:
    return input_texts(submission.spec, chained_jobs(submission))


def _of_mappings(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name in [*now, *(name for name in before if name not in now)]:
        if before.get(name) != now.get(name):
            yield Difference(name, str(before.get(name, _NOT_GIVEN)), str(now.get(name, _NOT_GIVEN)))


def hyperparameters_of(job: Job) -> dict[str, str]:
    """The person's hyperparameters of a job, as the service describes them."""
    sent: Mapping[str, str] = job.answer.get("HyperParameters") or {}
    return {name: _decoded(value) for name, value in sent.items() if not name.startswith(_OF_TOOLKIT)}


def _decoded(value: str) -> str:
    try:
        return typed(json.loads(value))
    except (ValueError, RecursionError):  # an algorithm's, which are plain
        return value


def typed(value: object) -> str:
    """A value as one would type it."""
    if value is None or value == []:
        return _NOT_GIVEN
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        from shlex import join

        return join(value)
    return json.dumps(value)


def _image(spec: Spec) -> str:
    if spec.image.built_in:
        return spec.image.built_in
    values = (getattr(spec.image, name) for name in _IMAGE)
    return " ".join(str(value) for value in values if value and value != "latest")


def _input_text(one: LocalInput | S3Input | TaskInput, jobs: Mapping[str, str]) -> str:
    if isinstance(one, TaskInput):
        source = f"{one.type} of {jobs.get(one.name) or one.task}"
    else:
        source = one.uri if isinstance(one, S3Input) else one.path.absolute().name
    spread = "" if one.distribution == "FullyReplicated" else f" {one.distribution}"
    content = f" as {one.content_type}" if one.content_type else ""
    return f"{source}{spread}{f' {one.subdir}' if one.subdir else ''}{content}"


def _short(text: str) -> str:
    from ..core.printable import clean

    text = " ".join(clean(text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
