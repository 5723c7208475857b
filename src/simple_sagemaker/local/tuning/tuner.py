"""A tuning job's process: it creates the training jobs, follows them and ends the tuning job.

In: a tuning job's folder with its request and plan. Out: its journal, and training jobs beside it. It costs one small
process, which looks at its running jobs some times a second. All that it knows is in the journal, written before it is
done, so another process can go on where one was killed: a trial's job has the name that the journal gave it, and is
created if it is not there.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Mapping
from typing import Any

from ...core.records import asdict, replace
from ..api.job_description import describe_job
from ..api.tuning.plan import read_plan
from ..api.tuning.trials import Trial, end_entry, ends_in_order, facts_of, read_trials, trial_entry
from ..data.failures import explain
from ..isolation import namespaces
from ..job.drafts import draft
from ..job.folder import JobFolder, find_job, has_ended, make_job
from ..job.kinds import TRAINING, TUNING
from ..job.shortage import shortage
from ..requests.tuning import most_trials, read_definitions
from ..supervisor import handover, recovery
from ..supervisor.spawn import SupervisorGone
from ..supervisor.start import Starter
from .ending import Ending, ending_of
from .running import RunningTrial
from .search import Search
from .stopping import rule_for

_SHORTEST_TICK_S = 0.02
_LONGEST_TICK_S = 0.5
_TICKS = 20  # of what has passed since something happened: what takes long is looked at less often
_MOST_STARTING = 2 * (os.cpu_count() or 1)
_MOST_TAKEOVERS = 5  # of a process that does nothing before it ends


class Tuner:
    """Runs one tuning job. ``variables`` let the supervisors of its jobs find the caller's credentials."""

    def __init__(self, job: JobFolder, variables: Mapping[str, str]) -> None:
        self._job = job
        self._jobs = job.path.parent
        self._request = job.request()
        self._definitions = read_definitions(self._request)
        self._plan = read_plan(job)
        self._search = Search(self._request, self._definitions, self._plan)
        self._rule = rule_for(self._request, self._definitions)
        self._starter = Starter(self._jobs, variables)
        self._most = most_trials(self._request)
        entries = job.entries()
        self._began = float(entries[0]["at"])
        self._decided = next((Ending(**entry["decided"]) for entry in entries if "decided" in entry), None)
        self._trials = {one.number: one for one in read_trials(entries)}
        self._ended = ends_in_order(entries)
        self._running: dict[int, RunningTrial] = {}
        self._emitted: dict[int, list[float]] = {}
        self._changed = time.monotonic()

    def run(self) -> None:
        """Run the tuning job to its end."""
        try:
            self._resume()
            while (ending := self._step()) is None:
                passed = time.monotonic() - self._changed
                time.sleep(min(max(passed / _TICKS, _SHORTEST_TICK_S), _LONGEST_TICK_S))
        finally:
            self._starter.dismiss()
        word = {"Completed": "completed", "Failed": "failed", "Stopped": "stopped"}[ending.status]
        message = f"{TUNING.noun.capitalize()} {word}"
        self._job.append(status=ending.status, secondary=ending.status, message=message, reason=ending.reason)

    def stop_trials(self) -> None:
        """Request a stop of all trials that run."""
        for running in self._running.values():
            running.stop()

    def _resume(self) -> None:
        """Go on with what an earlier process left."""
        for one in self._trials.values():
            if one.facts is None:
                self._run_trial(one)
            elif child := find_job(self._jobs, TRAINING, one.name):
                self._follow(one, child)
                self._note_emissions(self._running.pop(one.number))

    def _step(self) -> Ending | None:
        """Look at what happened, and do what follows from it; the end once nothing is left to do."""
        if not self._job.journal.exists():  # somebody removed the folder: nobody waits for an answer
            self.stop_trials()
            raise SystemExit
        self._note_ended()
        ending = self._ending()
        if ending is not None and ending.stops:
            self.stop_trials()
        else:
            self._stop_hopeless()
        if ending is None:
            self._begin_trials()
        return None if self._running else ending

    def _ending(self) -> Ending | None:
        """The end that is to come. One that stops trials stays, whatever these print in their last moments."""
        if self._job.is_stop_requested():
            return Ending(status="Stopped", stops=True)
        if self._decided is not None:
            return self._decided
        goal = self._definitions[0].goal
        age_s = self._plan.settings[0].clock_speed * (time.time() - self._began)
        ending = ending_of(self._request, goal, self._trials.values(), self._ended, most=self._most, age_s=age_s)
        if ending is not None and ending.stops:
            self._decided = ending
            self._job.append(decided=asdict(ending), **({"converged": time.time()} if ending.converged else {}))
        return ending

    def _note_ended(self) -> None:
        for number, running in list(self._running.items()):
            try:
                self._note_emissions(running)
                if not running.has_ended():
                    continue
            except FileNotFoundError:  # its job was deleted, which only one that has ended can be
                pass
            trial = self._trials[number]
            facts = self._facts(trial)
            self._job.append(**end_entry(trial, facts))
            self._trials[number] = replace(trial, facts=facts)
            self._ended.append(facts["objective"])
            self._changed = time.monotonic()
            del self._running[number]

    def _facts(self, trial: Trial) -> dict[str, Any]:
        child = find_job(self._jobs, TRAINING, trial.name)
        if child is None:
            return {"status": "Stopped", "objective": None, "created": time.time()}
        objective = self._definitions[trial.definition].objective
        return facts_of(describe_job(child, child.request(), recovery.settle(child)), objective)

    def _note_emissions(self, running: RunningTrial) -> None:
        before = len(running.emissions.values)
        running.emissions.read()
        self._emitted[running.number] = running.emissions.values
        if len(running.emissions.values) > before:
            self._changed = time.monotonic()

    def _stop_hopeless(self) -> None:
        ended = [one.number for one in self._trials.values() if one.objective is not None]
        for running in self._running.values():
            if self._rule.is_over(running.number, running.judged, self._emitted, ended):
                running.stop()
            running.judged = len(running.emissions.values)

    def _begin_trials(self) -> None:
        """Begin trials while there is room; the processes that start at a time are few."""
        limits = self._request["HyperParameterTuningJobConfig"]["ResourceLimits"]
        while len(self._running) < limits["MaxParallelTrainingJobs"] and self._ending() is None:
            if sum(one.is_starting() for one in self._running.values()) >= _MOST_STARTING:
                return
            number = len(self._trials) + 1
            index, values = self._search.propose(number, list(self._trials.values()))
            name = f"{self._job.name}-{number:03}-{os.urandom(4).hex()}"
            trial = Trial(number=number, name=name, definition=index, values=values)
            self._job.append(**trial_entry(trial))
            self._trials[number] = trial
            self._changed = time.monotonic()
            self._run_trial(trial)
        if self._ending() is None:
            self._starter.prepare(self._plan.settings[0].isolation)

    def _run_trial(self, trial: Trial) -> None:
        """Follow a trial's job; create it first if it is not there."""
        child = find_job(self._jobs, TRAINING, trial.name)
        if child is None:
            child = self._create(trial)
        self._follow(trial, child)

    def _create(self, trial: Trial) -> JobFolder:
        definition, settings = self._definitions[trial.definition], self._plan.settings[trial.definition]
        request = definition.request(trial.name, trial.values, self._request.get("Tags", ()))
        tuning_arn = TUNING.arn(self._job.name, settings.region)
        stored = asdict(settings) | {"home": str(self._job.settings()["home"])}
        with draft(self._jobs) as place:
            child = make_job(place, request, stored, updates={"TuningJobArn": tuning_arn})
            try:
                self._starter.start(child, settings.isolation, trial.name)
            except SupervisorGone:  # the one that waited was killed; a new one has waited for nothing
                self._starter.start(child, settings.isolation, trial.name)
        return find_job(self._jobs, TRAINING, trial.name) or JobFolder(self._jobs / trial.name)

    def _follow(self, trial: Trial, child: JobFolder) -> None:
        objective = self._definitions[trial.definition].objective
        self._running[trial.number] = RunningTrial(child, trial.number, objective)
        self._emitted[trial.number] = self._running[trial.number].emissions.values


def main(_: str) -> None:
    """Wait for a tuning job and run it. The process holds the tuning job's lock until it ends."""
    os.chdir("/")
    namespaces.set_dumpable(False)
    known = {*os.environ}
    received = handover.receive()
    if received is None:
        return
    job, _lock = received
    variables = {name: value for name, value in os.environ.items() if name not in known}
    recovery.drop_partial_line(job)
    tuner: Tuner | None = None
    try:
        _note_process(job)
        if job.request()["HyperParameterTuningJobConfig"]["Strategy"] == "Bayesian":
            import site

            site.main()  # Optuna is among the packages that this process started without
        tuner = Tuner(job, variables)
        tuner.run()
    except Exception as error:  # noqa: BLE001  whatever it is, the tuning job must not stay InProgress
        traceback.print_exc()
        if tuner is not None:
            tuner.stop_trials()
        if not has_ended(job.entries()):
            said = explain(error).replace(str(job.settings()["home"]), "")
            text = shortage(error) or f"{type(error).__name__}: {said}"
            job.append(
                status="Failed",
                secondary="Failed",
                message=f"{TUNING.noun.capitalize()} failed",
                reason=f"InternalServerError: {text} (see supervisor.log in the job's folder)",
            )


def _note_process(job: JobFolder) -> None:
    """Note that a process begins. Raises RuntimeError if too many did before that noted nothing else."""
    job.append(process=os.getpid())
    begun = 0
    for entry in reversed(job.entries()):
        if "process" not in entry:
            break
        begun += 1
    if begun > _MOST_TAKEOVERS:
        raise RuntimeError(f"{begun - 1} processes of it ended before they did anything")
