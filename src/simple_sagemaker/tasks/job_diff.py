"""What differs between two jobs: what they were made from, their code line by line, what they measured and cost."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .. import payload
from ..core import layout
from ..core.cpu_limit import TooSlow, cpu_limit
from ..core.records import dataclass
from ..core.scratch import scratch_folder
from ..errors import SsmError
from ..jobs import cost, metric_values, timeline
from .job_facts import JobFacts, facts_of
from .setup import Change, changed_variables, changes, setup_of_job

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.layout import TaskPlace
    from ..core.services import Services

_LARGEST = 1 << 20  # bytes of a file whose lines are compared
_SLOWEST_S = 3.0  # of computing, for one file: what compares lines may take hours for a megabyte


@dataclass(frozen=True, kw_only=True)
class MetricChange:
    """The newest values of a metric in two jobs; None where one has none."""

    name: str
    a: float | None
    b: float | None


@dataclass(frozen=True, kw_only=True)
class JobDiff:
    """What differs between the jobs ``a`` and ``b``, from ``a`` on.

    ``code`` is a unified diff of their files, or says why there is none; None where both have the same code.
    """

    a: str
    b: str
    changes: tuple[Change, ...]
    code: str | None
    metrics: tuple[MetricChange, ...]
    status: tuple[str, str]
    ran_s: tuple[int | None, int | None]
    cost_usd: tuple[float | None, float | None]


def diff(
    a: Job, b: Job, places: tuple[TaskPlace | None, TaskPlace | None], services: Services, note: Callable[[str], None]
) -> JobDiff:
    """Compare two jobs, whose data lie in ``places``. Downloads the code of both, where it differs."""
    facts = facts_of(a, places[0], services), facts_of(b, places[1], services)
    sums = [metric_values.summaries(one, services, note) for one in (a, b)]
    now = services.now()
    ran_s = timeline.ran_s(a, now), timeline.ran_s(b, now)
    return JobDiff(
        a=a.name,
        b=b.name,
        changes=tuple(_changes(a, b, *facts)),
        code=_code((a.name, b.name), places, facts, services),
        metrics=tuple(
            MetricChange(
                name=name,
                a=sums[0][name].last if name in sums[0] else None,
                b=sums[1][name].last if name in sums[1] else None,
            )
            for name in dict.fromkeys([*sums[0], *sums[1]])
        ),
        status=(a.status, b.status),
        ran_s=ran_s,
        cost_usd=(cost.dollars(a, services, so_far_s=ran_s[0]), cost.dollars(b, services, so_far_s=ran_s[1])),
    )


def _changes(a: Job, b: Job, before: JobFacts, now: JobFacts) -> Iterator[Change]:
    yield from changes(_made_from(before), _made_from(now))
    same_sources = [(one.channel, one.origin) for one in before.inputs] == [
        (one.channel, one.origin) for one in now.inputs
    ]
    if same_sources and before.inputs_digest != now.inputs_digest and before.inputs_digest and now.inputs_digest:
        yield Change(name="inputs", before=before.inputs_size, now=now.inputs_size)
    yield from changed_variables(a.answer.get("Environment") or {}, b.answer.get("Environment") or {})
    yield from changes(setup_of_job(a), setup_of_job(b))


def _made_from(facts: JobFacts) -> dict[str, str]:
    """What a job was made from, but for its files and its environment."""
    return {
        "kind": facts.kind,
        "entry point": facts.entry_point,
        "command": facts.command,
        "arguments": facts.arguments,
        **facts.hyperparameters,
        "image": facts.image or facts.image_uri,
        "distribution": facts.distribution,
        **{f"input {one.channel}": one.origin or one.address for one in facts.inputs},
    }


def _code(
    jobs: tuple[str, str],
    places: tuple[TaskPlace | None, TaskPlace | None],
    facts: tuple[JobFacts, JobFacts],
    services: Services,
) -> str | None:
    before, now = facts
    if before.files and before.files == now.files:
        return None
    with scratch_folder("ssm-diff-") as folder:
        trees = []
        for name, job, place in zip(("a", "b"), jobs, places, strict=True):
            if place is None:
                return f"The code of {job} cannot be read."
            tree = folder / name
            tree.mkdir()
            try:
                _fetch(job, place, tree, folder / f"{name}.tar.gz", services)
            except FileNotFoundError:
                return f"The code of {job} is not there any more."
            except SsmError as error:
                return str(error)
            trees.append(_files(tree))
        return "".join(_lines(*trees)) or None


def _fetch(job: str, place: TaskPlace, to: Path, packed: Path, services: Services) -> None:
    """Unpack a job's code into a folder. Raises FileNotFoundError, or UnsafeArchive for what must not be unpacked."""
    from ..storage.archives import unpack

    key = place.source(job) + layout.TARBALL
    services.store.fetch(place.bucket, key, packed)
    unpack.unpack(packed, to, address=layout.uri(place.bucket, key))


def _files(tree: Path) -> dict[str, Path]:
    """The person's files of unpacked code, by name."""
    ours = {*payload.CODE_FILES, layout.RUN_FILE}
    every = {str(path.relative_to(tree)): path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()}
    return {name: path for name, path in every.items() if name not in ours}


def _lines(before: Mapping[str, Path], now: Mapping[str, Path]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        old, new = (_text(tree.get(name)) for tree in (before, now))
        if old is None or new is None:
            yield f"{name} differs, and is no short text\n" if not _same(before.get(name), now.get(name)) else ""
            continue
        if old == new:
            continue
        origin, target = (f"a/{name}" if name in before else "/dev/null"), f"b/{name}" if name in now else "/dev/null"
        try:
            with cpu_limit(_SLOWEST_S):
                a, b = (text.splitlines(keepends=True) for text in (old, new))
                lines = list(difflib.unified_diff(a, b, origin, target))
        except TooSlow:
            lines = [f"{name} differs, in more ways than can be compared in {_SLOWEST_S:.0f} s\n"]
        yield from (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _text(path: Path | None) -> str | None:
    """The text of a file, "" where there is none; None for one that is large or no text."""
    if path is None:
        return ""
    if path.stat().st_size > _LARGEST:
        return None
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def _same(one: Path | None, other: Path | None) -> bool:
    import filecmp

    return one is not None and other is not None and filecmp.cmp(one, other, shallow=False)
