"""A study is begun once, by whoever comes first: code and inputs are sent, and what all trials' requests share.

In: a search, and the services. Out: an opened study, new or begun before by the same words on any machine. What a study
was begun with never changes; only its limits do.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout, names
from ..core.json_form import json_form
from ..core.progress import Watcher
from ..core.records import dataclass, replace
from ..core.specs import Rerun
from ..errors import SsmError, UsageError
from ..tasks import history, lock, send, submit
from ..tasks.code import read
from ..tasks.code.fingerprint import fingerprint
from ..tasks.prepared import DryRun, ExistingJob, PreparedJob
from ..tuning.hyperband import trials_of_round
from ..tuning.ranges import Integer, combinations
from .begun import VERSION, read_study, study_file, words
from .reopen import reopen
from .trial_request import Template, dry_run

if TYPE_CHECKING:
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from ..images.docker.dockerfile import Dockerfile
    from ..tasks.submission import Submission
    from .spec import TuneSpec

USUAL_TRIALS = 20


@dataclass(frozen=True, kw_only=True)
class OpenedStudy:
    """A study that has been begun: where, by which seed, and what its trials' requests have in common.

    ``is_new`` is whether this command began it, ``tuning_job`` the name of the tuning job that drives it, if one does.
    """

    place: TaskPlace
    seed: int
    template: Template
    is_new: bool
    tuning_job: str | None = None


def begin(spec: TuneSpec, services: Services, watcher: Watcher) -> OpenedStudy | DryRun:
    """Open the study of these words: the one that there is, or a new one.

    Raises UsageError for a task that has jobs of its own, and for a study that was begun with other words.
    """
    alone = replace(spec.task, rerun=Rerun(force_running=True))  # the lock on the task is taken here
    submission, dockerfile = submit.begin(alone, services, watcher, fixed_name=layout.STUDY)
    return read.retry_when_changed(lambda: _open(spec, submission, dockerfile), watcher.note)


def _open(spec: TuneSpec, submission: Submission, dockerfile: Dockerfile | None) -> OpenedStudy | DryRun:
    services, place = submission.services, submission.place
    with read.read_code(spec.task, services.store) as code:
        digests = fingerprint(spec.task, code.files, dockerfile.content if dockerfile else None)
        digests["inputs"] = submission.plan.listed
        known = read_study(place, services) if submission.bucket_exists else None
        if known is not None:
            return _known(spec, known, submission, digests, dockerfile)
        if submission.bucket_exists:
            _refuse_task_of_runs(place, services)
        _note_whole_numbers(spec, submission)
        if spec.task.dry_run:
            return _dry_run(spec, submission, send.send(submission, code, digests, dockerfile))
        if not submission.bucket_exists:
            submission.note(services.access.make_bucket(place.bucket))
            submission = replace(submission, bucket_exists=True)
        lock.take(place, layout.STUDY, "training", services, submission.note)
        try:
            known = read_study(place, services)  # another command may have begun it while the lock was waited for
            if known is None:
                return _begin_new(spec, send.send(submission, code, digests, dockerfile), digests, submission)
        finally:
            lock.release(place, layout.STUDY, services)
        return _known(spec, known, submission, digests, dockerfile)


def _note_whole_numbers(spec: TuneSpec, submission: Submission) -> None:
    """Say of ranges such as 0..1 that they hold two numbers, which is seldom what they were typed for."""
    for one in spec.space:
        if isinstance(one, Integer) and one.step == 1 and one.count == 2:
            low, high = one.low, one.high
            submission.note(
                f"{one.name} is a whole number, {low} or {high}; {low}.0..{high}.0 would search all between"
            )


def _refuse_task_of_runs(place: TaskPlace, services: Services) -> None:
    jobs = history.job_names(place, services.store)
    if jobs:
        raise UsageError.naming(
            "{task_name:task} has jobs of its own, the newest of them {job}: a study needs a task for itself.\n"
            "Choose another name.",
            task=place.task,
            job=jobs[0],
        )


def _begin_new(
    spec: TuneSpec, sent: PreparedJob | ExistingJob | DryRun, digests: Mapping[str, str], submission: Submission
) -> OpenedStudy:
    """Write down what the study is begun with, and open it."""
    if not isinstance(sent, PreparedJob):
        raise TypeError("what is sent for a study is new")
    services, place = submission.services, submission.place
    seed = spec.seed if spec.seed is not None else zlib.crc32(services.token().encode())
    content: dict[str, Any] = {
        "version": VERSION,
        "began": json_form(services.now()),
        "seed": seed,
        "words": words(spec),
        "fingerprint": {**digests, "inputs": submission.plan.listed},
        "request": dict(sent.request),
    }
    if spec.tuned_on == "aws":
        content["tuning_job"] = names.tuning_job_name(place.task, started=services.now(), token=services.token())
    data = json.dumps(content, indent=1).encode()
    if not services.store.write_if(place.bucket, study_file(place), data, expected=None):
        raise SsmError("Another command has begun this study meanwhile: run this again, and it goes on with it.")
    template = Template(
        request=content["request"],
        place=place,
        is_plain=spec.task.kind == "algorithm",
        is_role_new=sent.is_role_new,
    )
    return OpenedStudy(place=place, seed=seed, template=template, is_new=True, tuning_job=content.get("tuning_job"))


def _known(
    spec: TuneSpec,
    known: Mapping[str, Any],
    submission: Submission,
    digests: Mapping[str, str],
    dockerfile: Dockerfile | None,
) -> OpenedStudy | DryRun:
    """A study that has been begun, if it was with the same words."""
    opened = reopen(spec, known, submission, digests, dockerfile)
    if isinstance(opened, DryRun):
        return opened
    submission.note(opened.note)
    return OpenedStudy(
        place=submission.place,
        seed=known["seed"],
        template=opened.template,
        is_new=False,
        tuning_job=known.get("tuning_job"),
    )


def _dry_run(spec: TuneSpec, submission: Submission, sent: PreparedJob | ExistingJob | DryRun) -> DryRun:
    """What would be sent and made, and the first trial's request without its values."""
    if not isinstance(sent, DryRun):
        raise TypeError("a dry run sends nothing")
    template = Template(request=sent.request, place=submission.place, is_plain=spec.task.kind == "algorithm")
    count = trials_wanted(spec)
    note = f"Study: {count} trials of {submission.place.task}, by {spec.strategy}; below is what they have in common"
    return dry_run(template, submission.services, *sent.notes, note)


def trials_wanted(spec: TuneSpec) -> int:
    """How many trials the search has: as asked for, else what suits its strategy and space."""
    if spec.max_trials is not None:
        return spec.max_trials
    total = combinations(spec.space)
    if spec.strategy == "hyperband" and spec.resource is not None:
        usual = trials_of_round(spec.resource.least, spec.resource.most)
    else:
        usual = total if spec.strategy == "grid" and total is not None else USUAL_TRIALS
    return usual if total is None else min(usual, total)
