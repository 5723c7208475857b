"""Local files that a task's inputs are: where they go, surveyed; and which are no longer what an earlier job was sent.

Nothing is listed as long as names, sizes and times are those of then; where they are not, what the task's folder holds
is compared by content, so that a copy of the same data, on another machine or after a checkout, is no change. What is
large is not looked at, and said to be: a skip takes as long with a million files as with two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.records import dataclass
from ..core.specs import Input, LocalInput
from ..errors import SsmError
from ..storage.sync.local_tree import Survey, Tree

if TYPE_CHECKING:
    from ..core.layout import TaskPlace
    from ..core.services import Services


_MOST = 2000  # files and folders of a local input that a skip looks at: 30 ms


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Local files that a channel needs on S3 before the job.

    ``prefix`` is where they go; None for a model, which goes to a place of the job's own.
    """

    tree: Tree
    survey: Survey
    prefix: str | None

    def prefix_of(self, job: str, place: TaskPlace) -> str:
        """The key prefix that the files of a job go to."""
        return place.model(job) if self.prefix is None else self.prefix


def _tree(one: LocalInput) -> Tree:
    option = "input_path" if one.is_main else "input_local"
    return Tree(one.path / one.subdir if one.subdir else one.path, option=option)


def is_large(one: LocalInput) -> bool:
    """Whether a local input holds too much for a skip to look at."""
    try:
        return _tree(one).has_more_than(_MOST)
    except OSError:
        return False  # is said where it is surveyed


def upload_of(one: LocalInput, place: TaskPlace) -> tuple[str, Upload]:
    """Where a local input goes, and what is sent there, surveyed. Raises UsageError and InputNotFound."""
    tree = _tree(one)
    prefix = place.input if one.is_main else place.named_input(one.name)
    return prefix, Upload(tree=tree, survey=tree.survey(prefix), prefix=prefix)


def changed_uploads(
    inputs: Sequence[Input], place: TaskPlace, services: Services, digests: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The channels of local inputs that changed, each with what did; ``digests`` are those that the job was sent."""
    for one in inputs:
        if not isinstance(one, LocalInput) or is_large(one):
            continue
        try:
            prefix, upload = upload_of(one, place)
        except SsmError as error:  # no job could begin with it
            yield one.name, str(error).partition("\n")[0]
            continue
        before = digests.get(prefix.removeprefix(place.folder))
        if before is None or before == upload.survey.digest:
            continue
        from ..storage.sync.sync import Sync

        sync = Sync(tree=upload.tree, store=services.store, bucket=place.bucket, prefix=prefix, cache=services.cache)
        if (key := sync.first_difference()) is not None:
            yield one.name, f"{key} changed"
