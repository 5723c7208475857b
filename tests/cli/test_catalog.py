"""Which jobs there are, by the service's API alone: training and processing jobs of projects whose names are alike."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.names import short_name
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import InputNotFound
from simple_sagemaker.jobs import catalog, find_job
from simple_sagemaker.jobs.catalog import Query
from simple_sagemaker.services import choose
from tests.cli.conftest import Shell


def run(shell: Shell, project: str, task: str, *words: str) -> None:
    assert shell.ssm("shell", "-p", project, "-t", task, "--cmd_line", *words).status in {0, 1}


def test_jobs_are_listed_newest_first_and_chosen_by_project_task_end_and_name(shell: Shell) -> None:
    run(shell, "x", "t", "true", "--prefix", "a/")
    run(shell, "x", "t1", "exit 3")
    process = ("process", "-p", "x", "-t", "t", "--entrypoint", "true")
    assert shell.ssm(*process).status == 0
    run(shell, "x2", "t", "true")
    services = choose.local({**shell.environment})

    def listed(project: str, task: str = "", **more: object) -> list[tuple[str, str, str, str]]:
        place = Place(project=project, task=task, prefix=str(more.pop("prefix", "")))
        jobs = catalog.newest(Query(place=place, **more), services)  # type: ignore[arg-type]
        return [(one.project, one.task, one.job.kind, one.job.status) for one in jobs]

    ended = ("x", "t", "processing", "Completed")
    assert listed("x") == [ended, ("x", "t1", "training", "Failed"), ("x", "t", "training", "Completed")]
    assert listed("x", "t") == [ended, ("x", "t", "training", "Completed")]
    assert listed("x", chosen="failed") == [("x", "t1", "training", "Failed")]
    assert listed("x", chosen="running") == []
    assert listed("x", prefix="a/") == [("x", "t", "training", "Completed")]
    assert [project for project, *_ in listed("")] == ["x2", "x", "x", "x"]
    assert len(catalog.newest(Query(place=Place(project="x", task="")), services, 2)) == 2

    for one in catalog.newest(Query(place=Place(project="x", task="")), services):
        place = Place(project="x", task="")
        for name in (one.job.name, short_name(one.job.name)):
            assert find_job.resolve(place, name, services).job.name == one.job.name
        with pytest.raises(InputNotFound, match="there is no such job of project 'x2'"):
            find_job.resolve(Place(project="x2", task=""), one.job.name, services)
    assert find_job.resolve(Place(project="x", task="t1"), None, services).job.status == "Failed"
    with pytest.raises(InputNotFound, match="no running job of task 't'"):
        find_job.resolve(Place(project="x", task="t"), None, services, running=True)
