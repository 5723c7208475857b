"""The page on cost: its figures are those that the functions behind ``ssm cost`` come to, its commands run."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.cost import _table
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.job import Job, of_training
from simple_sagemaker.core.job_specs import CostSpec
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.core.specs import Place, TaskSpec
from simple_sagemaker.emulator.prices import _HOURLY
from simple_sagemaker.jobs import cost
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.jobs.cost_report import add_up
from simple_sagemaker.studies.spec import TuneSpec
from tests.cli.conftest import Shell
from tests.unit.jobs.watching import Watch, described

PAGE = (Path(__file__).parents[2] / "docs" / "cost-and-spot.md").read_text(encoding="utf-8")
TYPE = "ml.g5.2xlarge"
SHOWN = re.findall(r"^\$ (ssm .*)\n((?:(?!\$ |```).*\n)*)", PAGE, re.MULTILINE)


def services() -> Services:
    """Services whose price list is the emulator's."""

    def price(instance_type: str, _kind: str) -> float | None:
        return float(_HOURLY[instance_type])

    return replace(Watch().services(lambda _: 0, Reading()), engine="aws", price=price)


def job(ran_h: float, billed_h: float, *, hosts: int = 1, spot: bool = False, **more: Any) -> Job:
    machines = {"InstanceType": TYPE, "InstanceCount": hosts, "VolumeSizeInGB": 30}
    times = {"TrainingTimeInSeconds": round(ran_h * 3600), "BillableTimeInSeconds": round(billed_h * 3600)}
    answer: Any = {**described(("Completed", "")), "TrainingJobStatus": "Completed", "ResourceConfig": machines}
    return of_training({**answer, **times, "EnableManagedSpotTraining": spot, **more})


def test_the_table_of_costs_is_what_the_cost_of_a_job_comes_to() -> None:
    rows = re.findall(r"^\| (.*?) \| (\d) \| ([\d.]+) h \| ([\d.]+) h \| (\$[\d.]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 6
    for name, hosts, ran, billed, shown in rows:
        dollars = cost.dollars(job(float(ran), float(billed), hosts=int(hosts)), services())
        assert dollars is not None
        assert cost.shown(dollars) == shown, name
        if name.startswith(("spot", "the same")):
            assert float(billed) == pytest.approx(float(ran) * 0.35)
    assert f"`{TYPE}` (${float(_HOURLY[TYPE])} an hour)" in PAGE


def test_ssm_cost_would_print_the_table_that_is_shown() -> None:
    (shown,) = (output for command, output in SHOWN if command == "ssm cost -p demo")
    warm: dict[str, Any] = {"WarmPoolStatus": {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 1800}}
    jobs = {"on-demand": job(10, 10), "two-machines": job(5.6, 5.6, hosts=2), "kept-warm": job(10, 10, **warm)}
    jobs |= {
        "spot": job(10, 3.5, spot=True),
        "spot-twice": job(10.7, 3.745, spot=True),
        "no-checkpoints": job(19, 6.65, spot=True),
    }
    rows = add_up([Listed(one, "demo", task) for task, one in jobs.items()], "task", services())
    for row in rows:
        row.starting_h = 0.0  # the descriptions have no phases
    table = _table(CostSpec(place=Place(project="demo", task="")), rows, is_paid=True)
    assert table.splitlines() == shown.splitlines()


@pytest.mark.parametrize(("command", "output"), [one for one in SHOWN if "--dry_run" in one[0]])
def test_a_run_says_what_is_shown(command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = parsed(command, tmp_path, monkeypatch)
    machines = {"InstanceType": spec.instances.type, "InstanceCount": spec.instances.count}
    limit = {"MaxRuntimeInSeconds": spec.instances.max_run_mins * 60}
    request = {"ResourceConfig": machines, "StoppingCondition": limit, "EnableManagedSpotTraining": spec.instances.spot}
    assert cost.forecast(request, "training", services()) == output.strip()


def parsed(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> TaskSpec:
    monkeypatch.chdir(folder)
    Path("train.py").write_text("")
    spec = parse(shlex.split(command)[1:])
    spec = spec.task if isinstance(spec, TuneSpec) else spec
    assert isinstance(spec, TaskSpec)
    return spec


def test_the_commands_for_aws_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (one for one in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) if "--max_wait_mins" in one)
    long, warm, search = (parsed(line, tmp_path, monkeypatch).instances for line in block.splitlines())
    assert (long.spot, long.max_run_mins, long.max_wait_mins) == (True, 240, 1440)
    assert (warm.spot, warm.keep_alive_mins) == (False, 30)
    hourly = float(_HOURLY[TYPE])
    assert f"cost ${hourly * 4:.2f} at most" in PAGE
    assert f"half an hour: {cost.shown(hourly * 20 * search.max_run_mins / 60)}" in PAGE.replace("\n", " ")
    assert f"waiting costs {cost.shown(hourly * warm.keep_alive_mins / 60)}" in PAGE


def test_the_table_of_checkpoints_is_what_the_formula_comes_to() -> None:
    writing_s, between_s = 20, 5 * 3600
    rows = re.findall(r"^\| \**(\d+) min\** \| ([\d.]+) % \| ([\d.]+) % \| \**([\d.]+) %\** \|$", PAGE, re.MULTILINE)
    assert len(rows) == 5
    lost: dict[int, float] = {}
    for minutes, saving, again, together in rows:
        every_s = 60 * int(minutes)
        parts = [100 * writing_s / every_s, 100 * every_s / (2 * between_s)]
        lost[int(minutes)] = sum(parts)
        assert [float(saving), float(again)] == pytest.approx(parts, abs=0.051)
        assert float(together) == pytest.approx(sum(parts), abs=0.051)
    assert round(math.sqrt(2 * writing_s * between_s) / 60) == min(lost, key=lambda minutes: lost[minutes]) == 14


def test_an_interrupted_job_goes_on_at_its_checkpoint(shell: Shell) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (line,) = (one for one in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) if "SSM_SPOT_INTERRUPT_S" in one)
    shell.write("train.py", code)
    setting, *words = shlex.split(line)
    name, _, seconds = setting.partition("=")
    done = shell.ssm(*words[1:], environment={name: seconds, "SSM_STOP_GRACE_S": "0"})
    assert done.status == 0, done.err
    assert "Interrupted: Training job interrupted" in done.err
    epochs = [int(number) for number in re.findall(r"epoch (\d+)", done.out)]
    assert sorted({*epochs}) == [1, 2, 3, 4, 5, 6]
    assert len(epochs) <= 7  # at most the one that was interrupted is done again
