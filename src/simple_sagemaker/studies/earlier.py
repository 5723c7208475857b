"""The trials of another study that a search learns from, as far as its space has their values too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.records import replace
from ..errors import InputNotFound, UsageError
from ..tuning.bayesian import Past
from ..tuning.ranges import covers
from .begun import read_study
from .journal import Journal
from .study import Study

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.layout import TaskPlace
    from ..core.services import Services
    from .spec import TuneSpec

_BEFORE = 1_000_000  # so that they count as older than all trials of the search


def earlier_trials(spec: TuneSpec, place: TaskPlace, services: Services, note: Callable[[str], None]) -> list[Past]:
    """The ended trials of the study to learn from, oldest first; none where there is none to learn from.

    Raises InputNotFound without such a study, and UsageError for one with another objective.
    """
    if spec.learn_from is None or spec.tuned_on != "client":
        return []
    where = replace(place, task=spec.learn_from)
    known = read_study(where, services)
    if known is None:
        raise InputNotFound.naming(
            "{tune_from} {task}: that task has no study in project {project}.",
            task=spec.learn_from,
            project=place.project,
        )
    theirs = (known["words"]["metric"]["name"], known["words"]["goal"])
    if theirs != (spec.metric, spec.goal):
        raise UsageError.naming(
            "{tune_from} {task}: that study is for {theirs}, and this one for {ours}.",
            task=spec.learn_from,
            theirs=" ".join(theirs),
            ours=f"{spec.metric} {spec.goal}",
        )
    trials = _read(where, spec, known, services)
    usable = [past for past in trials if all(covers(one, past.values.get(one.name, "")) for one in spec.space)]
    left_out = len(trials) - len(usable)
    others = f"; {left_out} more have values that this search does not" if left_out else ""
    note(f"Learning from {len(usable)} trials of {spec.learn_from}{others}")
    return usable


def _read(place: TaskPlace, spec: TuneSpec, known: dict[str, object], services: Services) -> list[Past]:
    study = Study(spec.goal)
    if "tuning_job" in known:
        from .service_driver import trials_of

        trials_of(str(known["tuning_job"]), study, services)
    else:
        study.take(Journal(place, services.store).load())
    return [
        Past(number=trial.number - _BEFORE, values=dict(trial.values), objective=trial.outcome)
        for trial in study.in_order
        if trial.outcome is not None
    ]
