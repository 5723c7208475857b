"""As much of MLflow, in memory, as our recorder asks of it. `tox -e mlflow` runs the same tests with MLflow itself."""

from __future__ import annotations

import bisect
import copy
import itertools
import re
from collections import defaultdict
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple


class Metric(NamedTuple):
    key: str
    value: float
    timestamp: int
    step: int


class Param(NamedTuple):
    key: str
    value: str


class Client:
    """One tracking server. What it returns does not change afterwards, and its limits are MLflow's."""

    def __init__(self) -> None:
        self._experiments: list[SimpleNamespace] = []
        self._runs: dict[str, SimpleNamespace] = {}
        self._histories: dict[tuple[str, str], list[Metric]] = {}
        self._numbers = itertools.count(1)
        self.create_experiment("Default")

    def create_experiment(self, name: str, artifact_location: str | None = None) -> str:
        if self._named(name):
            raise ValueError(f"Experiment(name={name}) already exists")
        number = str(next(self._numbers))
        self._experiments.append(
            SimpleNamespace(
                experiment_id=number, name=name, artifact_location=artifact_location, lifecycle_stage="active"
            )
        )
        return number

    def delete_experiment(self, experiment_id: str) -> None:
        self._experiment(experiment_id).lifecycle_stage = "deleted"

    def get_experiment(self, experiment_id: str) -> SimpleNamespace:
        return copy.copy(self._experiment(experiment_id))

    def get_experiment_by_name(self, name: str) -> SimpleNamespace | None:
        return next((copy.copy(one) for one in self._named(name)), None)

    def search_experiments(self) -> list[SimpleNamespace]:
        return [copy.copy(one) for one in self._experiments if one.lifecycle_stage == "active"]

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: dict[str, str] | None = None,
        run_name: str | None = None,
    ) -> SimpleNamespace:
        self._experiment(experiment_id)
        number = next(self._numbers)
        info = SimpleNamespace(
            run_id=f"run{number}",
            run_name=run_name,
            experiment_id=experiment_id,
            status="RUNNING",
            start_time=10**12 + number if start_time is None else start_time,
        )
        data = SimpleNamespace(tags=dict(tags or {}), params={}, metrics={})
        self._runs[info.run_id] = SimpleNamespace(info=info, data=data)
        return self.get_run(info.run_id)

    def get_run(self, run_id: str) -> SimpleNamespace:
        return copy.deepcopy(self._runs[run_id])

    def search_runs(
        self, experiment_ids: list[str], filter_string: str = "", order_by: list[str] | None = None
    ) -> list[SimpleNamespace]:
        runs = [run for run in self._runs.values() if run.info.experiment_id in experiment_ids]
        if filter_string:
            asked = re.fullmatch(r"tags\.`([^`]+)` = '([^']+)'", filter_string)
            assert asked, filter_string
            runs = [run for run in runs if run.data.tags.get(asked[1]) == asked[2]]
        assert order_by in (None, ["attributes.start_time ASC"])
        runs.sort(key=lambda run: run.info.start_time, reverse=order_by is None)
        return [self.get_run(run.info.run_id) for run in runs]

    def update_run(self, run_id: str, status: str) -> None:
        self._runs[run_id].info.status = status

    set_terminated = update_run

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        self._runs[run_id].data.tags[key] = value

    def delete_tag(self, run_id: str, key: str) -> None:
        del self._runs[run_id].data.tags[key]

    def log_metric(self, run_id: str, key: str, value: float, step: int = 0) -> None:
        self.log_batch(run_id, metrics=[Metric(key, value, 0, step)])

    def log_param(self, run_id: str, key: str, value: str) -> None:
        self.log_batch(run_id, params=[Param(key, value)])

    def log_batch(self, run_id: str, metrics: list[Metric] | None = None, params: list[Param] | None = None) -> None:
        metrics, params, data = metrics or [], params or [], self._runs[run_id].data
        names = [metric.key for metric in metrics] + [param.key for param in params]
        if len(metrics) > 1000 or len(params) > 100 or not all(re.fullmatch(r"[\w\-. /:]+", name) for name in names):
            raise ValueError("too many at once, or an illegal name")
        for param in params:
            if len(param.value) > 500 or data.params.get(param.key, param.value) != param.value:
                raise ValueError(f"too long, or changed: {param.key}")
            data.params[param.key] = param.value
        for metric in metrics:
            history = self._histories.setdefault((run_id, metric.key), [])
            bisect.insort(history, metric, key=lambda one: one.step)
            data.metrics[metric.key] = history[-1].value

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        return list(self._histories.get((run_id, key), []))

    def _experiment(self, experiment_id: str) -> SimpleNamespace:
        return next(one for one in self._experiments if one.experiment_id == experiment_id)

    def _named(self, name: str) -> list[SimpleNamespace]:
        return [one for one in self._experiments if one.name == name]


def modules() -> dict[str, ModuleType]:
    """What takes the place of MLflow's modules: a server for each address."""
    servers: defaultdict[str, Client] = defaultdict(Client)
    package, tracking, entities = ModuleType("mlflow"), ModuleType("mlflow.tracking"), ModuleType("mlflow.entities")

    def connect(*, tracking_uri: str) -> Any:
        return servers[tracking_uri]

    vars(tracking)["MlflowClient"] = connect
    vars(entities).update(Metric=Metric, Param=Param)
    return {module.__name__: module for module in (package, tracking, entities)}
