"""The one run of a job in MLflow: found again by every attempt, written, and ended.

A run is the job's by its tag ``ssm.job``: by that tag a later attempt, on another machine, finds it. Imported with the
job's Python alone, which has MLflow.
"""

import math
import os
import re
import time

from . import mlflow_code

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

BATCH = 1000  # metrics in one request, and 100 parameters: MLflow's limits
PARAMS = 100
HOLD_S = 60.0  # for the first value of a metric that the script may log itself
LONGEST = 500  # characters of a parameter, the limit of older servers
JOB, METRICS, ATTEMPTS, FAILED_HOST = "ssm.job", "ssm.metrics", "ssm.attempts", "ssm.failed_host"
_NAME = re.compile(r"[^\w\-. /:]")  # what MLflow does not take in the name of a metric or parameter


class Values:
    """The values that wait to be written, and which metrics are ours to write."""

    def __init__(self) -> None:
        self.waiting = []  # type: list[tuple[str, float, int]]
        self.settled = 0
        self.ours = set()  # type: set[str]
        self.theirs = set()  # type: set[str]
        self.steps = {}  # type: dict[str, int]
        self.newest = {}  # type: dict[str, float]
        self.first_at = {}  # type: dict[str, float]

    def take(self) -> "list[tuple[str, float, int]]":
        """The values that wait and whose metrics have an owner; the others go on waiting."""
        owned = self.ours | self.theirs
        ready = [one for one in self.waiting if one[0] in owned]
        self.waiting = [one for one in self.waiting if one[0] not in owned]
        return ready


class Keeper:
    """Keeps one run. Its methods raise what MLflow's client raises."""

    def __init__(self, order: "dict[str, Any]") -> None:
        self._order = order
        self._client = None  # type: Any
        self._run = None  # type: str | None
        self._code = mlflow_code.Code(order["code"])
        self._adopts = self._code.is_unsure
        self._values = Values()
        self._experiment = self._code.experiment or order["experiment"]
        self._has_params = False

    @property
    def held(self) -> int:
        """How many values wait to be written."""
        return len(self._values.waiting)

    @property
    def settled(self) -> int:
        """How many values were written, or left to the script."""
        return self._values.settled

    def connect(self) -> None:
        """Make the client; a database is made by one process at a time."""
        import logging

        from mlflow.tracking import MlflowClient

        logging.disable(logging.CRITICAL)
        with Locked(self._order["folder"]):
            self._client = MlflowClient(tracking_uri=self._order["uri"])
            self._client.get_experiment_by_name(self._experiment)

    def open(self) -> "dict[str, Any]":
        """Find the job's run, or make it; without one where the code may set an experiment that we cannot know."""
        place = self._experiment_id()
        run = self._find(place)
        if run is not None:
            self._resume(run)
        elif not self._adopts:
            self._create(place)
        attempt = 1
        if self._run:
            attempt = self._count_attempt(run)
            if not self._code.may_log:
                self._log_params()
        experiment = self._experiment
        if run is not None and run.info.experiment_id != place:
            experiment = self._client.get_experiment(run.info.experiment_id).name
        return {"run": self._run, "experiment": experiment, "attempt": attempt}

    def _experiment_id(self) -> str:
        """The experiment, made where it does not exist; of a local store its files are in the project's folder."""
        experiment = self._client.get_experiment_by_name(self._experiment)
        if experiment is None:
            folder = self._order["folder"]
            place = "file://{}/artifacts".format(folder) if folder else None
            try:
                return str(self._client.create_experiment(self._experiment, artifact_location=place))
            except Exception:  # somebody else made it at the same moment
                experiment = self._client.get_experiment_by_name(self._experiment)
                if experiment is None:
                    raise
        if experiment.lifecycle_stage == "deleted":
            raise ValueError("the experiment {!r} is deleted; restore it".format(self._experiment))
        return str(experiment.experiment_id)

    def _find(self, place: str) -> "Any":
        """The job's run, by its tag; the first one that was made."""
        places = [place]
        if self._adopts:
            places = [one.experiment_id for one in self._client.search_experiments()]
        text = "tags.`{}` = '{}'".format(JOB, self._order["name"])
        runs = self._client.search_runs(places, filter_string=text, order_by=["attributes.start_time ASC"])
        return next(iter(runs), None)

    def _resume(self, run: "Any") -> None:
        self._run = str(run.info.run_id)
        if run.info.status != "RUNNING":
            self._client.update_run(self._run, status="RUNNING")
        if FAILED_HOST in run.data.tags:
            self._client.delete_tag(self._run, FAILED_HOST)
        self._values.ours = {name for name in run.data.tags.get(METRICS, "").split("\n") if name}
        self._values.theirs = set(run.data.metrics) - self._values.ours
        for name in self._values.ours & set(run.data.metrics):
            history = self._client.get_metric_history(self._run, name)
            self._values.steps[name] = max([one.step for one in history] or [-1]) + 1

    def _create(self, place: str) -> None:
        run = self._client.create_run(place, tags=self._order["tags"], run_name=self._order["name"])
        self._run = str(run.info.run_id)

    def _count_attempt(self, run: "Any") -> int:
        attempt = int((run.data.tags if run is not None else {}).get(ATTEMPTS, "0")) + 1
        self._client.set_tag(self._run, ATTEMPTS, str(attempt))
        return attempt

    def adopt(self) -> None:
        """Take a run that the script opens as the job's, and make none before the end: the script began without one."""
        self._adopts = True

    def add(self, name: str, value: float, time_ms: int) -> None:
        """Have a value written with the next ones."""
        name = _NAME.sub("_", name)
        self._values.waiting.append((name, value, time_ms))
        self._values.first_at.setdefault(name, time.monotonic())

    def write(self, *, is_end: bool = False) -> "list[str]":
        """Write what waits, but for metrics that the script logs itself. Returns notes.

        Code that may log waits a minute, or for the job's end, for the first value of a metric: importing MLflow and
        reaching it takes a script some time, in which it may have printed what it logs afterwards.
        """
        values = self._values
        if not values.waiting:
            return []
        if self._run is None:  # the script's own, once it has opened one
            run = self._find(self._experiment_id())
            if run is None:
                return []
            self._resume(run)
            self._count_attempt(run)
        notes = self._choose(0.0 if is_end or not self._code.may_log else HOLD_S)
        from mlflow.entities import Metric

        ready = values.take()
        values.waiting = ready + values.waiting  # where the next call fails, they wait again
        left = len(ready)
        while left:
            batch, metrics = values.waiting[: min(BATCH, left)], []
            steps = dict(values.steps)
            newest = dict(values.newest)
            for name, value, time_ms in batch:
                if name in values.ours:
                    metrics.append(Metric(name, value, time_ms, steps.get(name, 0)))
                    steps[name] = steps.get(name, 0) + 1
                    newest[name] = value
            if metrics:
                self._client.log_batch(self._run, metrics=metrics)
            values.steps, values.newest = steps, newest
            values.settled += len(batch)
            del values.waiting[: len(batch)]
            left -= len(batch)
        return notes

    def _choose(self, hold_s: float) -> "list[str]":
        """Say of each metric that waits whether it is ours: not if the run has values of it that we did not write.

        Of one that is not in the run, nothing is said before its first value has waited for ``hold_s`` seconds.
        """
        values, notes = self._values, []
        written = self._client.get_run(self._run).data.metrics
        before = set(values.ours)
        for name in {name for name, _, _ in values.waiting} - values.theirs:
            if name not in written:
                if time.monotonic() - values.first_at[name] >= hold_s:
                    values.ours.add(name)
            elif name not in values.ours:
                values.theirs.add(name)
            elif name in values.newest and not _is_same(written[name], values.newest[name]):
                values.theirs.add(name)
                values.ours.discard(name)
                notes.append("the script logs {} itself, so we do not any more".format(name))
        if values.ours != before:
            self._client.set_tag(self._run, METRICS, "\n".join(sorted(values.ours)))
        return notes

    def _log_params(self) -> None:
        """Log those of the job's hyperparameters that the run does not have; one that is refused is left out."""
        from mlflow.entities import Param

        known = self._client.get_run(self._run).data.params
        params = [Param(_NAME.sub("_", name), value[:LONGEST]) for name, value in self._order["params"].items()]
        params = [one for one in params if one.key not in known]
        for start in range(0, len(params), PARAMS):
            self._client.log_batch(self._run, params=params[start : start + PARAMS])
        self._has_params = True

    def end(self, state: str) -> str:
        """End the run, and return its state. Parameters come now, where the script may have logged some itself.

        A job that was told to stop may go on, so they are not written then: a script that logged another text for one
        of them would fail. It has failed, and was not killed, when another host said so.
        """
        if self._run is None:
            place = self._experiment_id()
            run = self._find(place)
            if run is None:
                self._create(place)
            else:
                self._resume(run)
            self._count_attempt(run)
        self.write(is_end=True)
        if state == "KILLED" and FAILED_HOST in self._client.get_run(self._run).data.tags:
            state = "FAILED"
        if state != "KILLED" and not self._has_params:
            self._log_params()
        self._client.set_terminated(self._run, status=state)
        return state

    def fail(self) -> None:
        """Say that the job failed on a host of which the run knows nothing."""
        run = self._find(self._experiment_id())
        if run is not None:
            self._client.set_tag(run.info.run_id, FAILED_HOST, self._order["host"])
            self._client.set_terminated(run.info.run_id, status="FAILED")


def _is_same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other)) or abs(one) > 1e300  # databases have no infinity


class Locked:
    """One process at a time makes or changes a database in ``folder``; nothing without a folder."""

    def __init__(self, folder: "str | None") -> None:
        self._file = None if folder is None else open(os.path.join(folder, "lock"), "a")  # noqa: SIM115 - closed below

    def __enter__(self) -> None:
        if self._file is not None:
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
