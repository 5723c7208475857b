"""The job's one run in MLflow, as the launcher sees it: a process beside the script keeps it.

In: what ``run.json`` has under ``mlflow``, and what the script prints. Out: the variables by which the script finds the
run, on the first host alone, and a run that ends as the job does. Nothing here waits for MLflow while the script runs,
and nothing that MLflow does fails the job.
"""

import json
import os
import time

from . import metric_lines
from .recorder import CONTEXT, EXPERIMENT, RUN_ID, URI, Recorder

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any, Callable

    from . import environment, rules

READY_S = 90.0  # for the run to be known, before the script starts without it
END_S = 60.0  # for what is left to be sent once the script has ended
STOPPED_END_S = 20.0  # the same when the job was told to stop, which leaves a script and us 120 seconds
EVERY_S = 1.0  # between two looks at what the recorder says
LOCAL = "SSM_MLFLOW_LOCAL"  # set by the local engine: the project's folder


def begin(
    job: "environment.Job",
    described: "dict[str, Any]",
    env: "dict[bytes, bytes]",
    watch: "rules.Watch | None",
    note: "Callable[[str], None]",
) -> "Tracker | None":
    """Find or make the job's run, and put it into the script's environment ``env``; on the first host alone.

    On another host the tracker says to MLflow that the job failed, if it is that host which fails.
    """
    wanted = described["mlflow"]
    order = _order(job, wanted, env)
    if order is None:
        note("MLflow: no run is kept, because this engine has no store of its own for local")
        return None
    if job.host != job.hosts[0]:
        return Tracker(None, dict(order, act="fail", host=job.host), env, watch, note)
    order["params"] = {name: _text(value) for name, value in job.hyperparameters.items()}
    recorder = Recorder(order, env)
    try:
        answer = recorder.wait_until_ready(READY_S)
    except SystemExit:  # the job is stopped
        recorder.finish("KILLED", STOPPED_END_S)
        raise
    if answer is None or "problem" in answer:
        recorder.adopt()
        why = "there is no answer from {} yet".format(wanted["uri"]) if answer is None else str(answer["problem"])
        note("MLflow: {}; the script starts without a run".format(why))
    else:
        note("MLflow: {} in the experiment {!r}".format(_describe(answer), answer["experiment"]))
    _set_variables(env, order, answer or {})
    if answer is not None and answer.get("is_final"):
        recorder.close()
        return None
    finder = metric_lines.Finder(described.get("metrics") or {}, "for MLflow", note)
    return Tracker(recorder, order, env, watch, note, finder=finder)


def _order(job: "environment.Job", wanted: "dict[str, Any]", env: "dict[bytes, bytes]") -> "dict[str, Any] | None":
    """What the recorder is to know. None for a local store where there is none."""
    uri, folder = str(wanted["uri"]), os.environ.get(LOCAL)
    if uri == "local" and not folder:
        return None
    tags = dict(wanted.get("tags") or {})
    tags["ssm.job"] = job.name
    tags["ssm.hosts"] = str(len(job.hosts))
    tags["ssm.instance_type"] = str(job.instance_type)
    if job.hyperparameters:
        tags["ssm.hyperparameters"] = json.dumps(job.hyperparameters, sort_keys=True)[:4000]
    return {
        "act": "keep",
        "uri": "sqlite:///{}/mlflow.db".format(folder) if uri == "local" else uri,
        "folder": folder if uri == "local" else None,
        "experiment": env.get(EXPERIMENT.encode(), b"").decode("utf-8", "replace") or wanted["experiment"],
        "name": job.name,
        "tags": tags,
        "code": job.places.code,
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _describe(answer: "dict[str, Any]") -> str:
    if not answer.get("run"):
        return "the script's own run will be the job's,"
    again = " again (attempt {})".format(answer["attempt"]) if answer["attempt"] > 1 else ""
    return "run {}{}".format(answer["run"], again)


def _set_variables(env: "dict[bytes, bytes]", order: "dict[str, Any]", answer: "dict[str, Any]") -> None:
    """The variables by which MLflow's client in the script finds the run.

    Without a run, the tags of the job are those of any run that the script opens, by which it is found again.
    """
    named = {URI: order["uri"], EXPERIMENT: answer.get("experiment") or order["experiment"]}
    if answer.get("run"):
        named[RUN_ID] = answer["run"]
    else:
        named[CONTEXT] = json.dumps(order["tags"])
    for name, value in named.items():
        env[name.encode()] = str(value).encode("utf-8", "surrogateescape")


class Tracker:
    """Follows a script for MLflow, and hands what it prints on to the job's rules, if it has any.

    It has all that ``process.run`` asks of a ``rules.Watch``.
    """

    interval_s = EVERY_S

    def __init__(
        self,
        recorder: "Recorder | None",
        order: "dict[str, Any]",
        env: "dict[bytes, bytes]",
        watch: "rules.Watch | None",
        note: "Callable[[str], None]",
        *,
        finder: "metric_lines.Finder | None" = None,
    ) -> None:
        self._recorder = recorder
        self._order = order
        self._env = env
        self._watch = watch
        self._note = note
        self._finder = finder
        self._lines = metric_lines.Lines()
        self._is_over = False

    @property
    def hit(self) -> "rules.Hit | None":
        """The rule that ends the script."""
        return None if self._watch is None else self._watch.hit

    @property
    def grace_s(self) -> float:
        """How long the script has to end by itself after that."""
        return 0.0 if self._watch is None else self._watch.grace_s

    def feed(self, data: bytes) -> None:
        """Look for values in what the script has printed."""
        if self._watch is not None:
            self._watch.feed(data)
        if self._recorder is not None:
            self._try(lambda: self._record(self._lines.push(data)))

    def tick(self) -> None:
        """Do what is due: the rules' looks at the clock, and values that the recorder has not taken yet."""
        if self._watch is not None:
            self._watch.tick()
        if self._recorder is not None:
            self._try(self._recorder.pump)

    def _try(self, act: "Callable[[], None]") -> None:
        """Do something for MLflow; whatever goes wrong with it ends the recording, and never the script."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - as said
            self._note("MLflow: the run is not kept any more: {}: {}".format(type(error).__name__, error))
            self._recorder = None
            self._is_over = True

    def _record(self, text: str) -> None:
        if not text or self._finder is None or self._recorder is None:
            return
        now_ms = int(time.time() * 1000)
        for _, name, value in sorted(self._finder.values(text)):
            self._recorder.add(name, value, now_ms)
        self._recorder.pump()

    def end(self, status: int, *, is_stopped: bool) -> None:
        """Have the run end as the job does; what MLflow could not take is said in one line."""
        if not self._is_over:
            self._try(lambda: self._end(status, is_stopped=is_stopped))

    def _end(self, status: int, *, is_stopped: bool) -> None:
        if self._recorder is None:  # of another host than the first
            if status == 0 or is_stopped:
                return
            self._recorder = Recorder(self._order, self._env)
        self._record(self._lines.rest())
        state = "KILLED" if is_stopped else "FAILED" if status else "FINISHED"
        for text in self._recorder.finish(state, STOPPED_END_S if is_stopped else END_S):
            self._note("MLflow: " + text)
