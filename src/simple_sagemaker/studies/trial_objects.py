"""The objects of a study's trials, told from those of other tasks that may lie among them.

Another project's folder can be the place of a trial: with ``--prefix p/t/`` the task 001 of project trials is
``p/t/trials/001/``. So only jobs that are known to be trials' count, and a trial's state only where nothing else shows
that it is another task's too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..core import layout, names
from ..core.store import TooLarge
from ..errors import UsageError
from ..tasks import lock, removal

if TYPE_CHECKING:
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from ..core.store import Stored

_OF_TASK = frozenset({"claim.json", "input", "inputs"})  # a task's place has these, and a trial's has not
_STAMP = 28  # characters at the end of a job's name


class TrialObjects:
    """The keys of the trials' objects with their sizes: ``jobs`` by job, ``states`` by trial.

    ``trials`` has the number of each job's trial. Raises UsageError for an object that shows that a trial's place is
    another task's too.
    """

    def __init__(self, place: TaskPlace, trials: Mapping[str, int], services: Services) -> None:
        self.jobs: dict[str, dict[str, int]] = {}
        self.states: dict[int, dict[str, int]] = {}
        self._place = place
        self._trials = trials
        self._numbers = {*trials.values()}
        self._services = services
        for one in services.store.list(place.bucket, place.trials):
            self._take(one, one.key[len(place.trials) :].split("/"))

    def states_of(self, number: int | None) -> dict[str, int]:
        """The objects of a trial's state, of all trials for None."""
        if number is not None:
            return self.states.get(number, {})
        return {key: size for state in self.states.values() for key, size in state.items()}

    def _take(self, one: Stored, path: Sequence[str]) -> None:
        number = layout.trial_number(f"trials/{path[0]}/")
        if path[0] in self._trials and len(path) > 2:  # of a tuning job's trial
            self._take_part(one, path[0], path[1:])
        elif path[0] == "state" and len(path) > 2 and path[1] in self._trials:
            self.states.setdefault(self._trials[path[1]], {})[one.key] = one.size
        elif number is not None and number in self._numbers and len(path) > 1:
            self._take_of_trial(one, number, path[1:])

    def _take_of_trial(self, one: Stored, number: int, path: Sequence[str]) -> None:
        first = path[0]
        is_ours = self._trials.get(first) == number
        if is_ours and len(path) > 2:
            self._take_part(one, first, path[1:])
        elif first == "state" and len(path) > 1:
            if path[1] == "claim.json" or removal.is_run_file_of_job(path[1:]):
                raise self._foreign(one)
            self.states.setdefault(number, {})[one.key] = one.size
        elif (first in _OF_TASK or names.is_job_name(first)) and not is_ours and not self._is_left_lock(one, number):
            raise self._foreign(one)

    def _take_part(self, one: Stored, job: str, path: Sequence[str]) -> None:
        """Take an object of a job, if it is in a part that jobs have."""
        part = f"{path[0]}/"
        if part in removal.OF_JOB:
            if removal.is_of_task(part, path[1:]):
                raise self._foreign(one)
            self.jobs.setdefault(job, {})[one.key] = one.size

    def _is_left_lock(self, one: Stored, number: int) -> bool:
        """Whether a lock is one that a command took which deleted a job of the trial, and was killed."""
        place = self._place.trial(number)
        if one.key != place.claim:
            return False
        ours = names.job_name(place.task, started=self._services.now(), token="x" * names.TOKEN_LENGTH)
        try:
            held = lock.job_of(self._services.store.read(place.bucket, one.key))
        except TooLarge:
            return False
        return held[:-_STAMP] == ours[:-_STAMP]

    def _foreign(self, one: Stored) -> UsageError:
        where = layout.uri(self._place.bucket, one.key)
        return UsageError(
            f"ssm rm: {where} is another task's, which lies in the folder of a trial: nothing was deleted."
        )
