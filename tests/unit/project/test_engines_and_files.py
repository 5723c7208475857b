"""Which engine a project's calls are for, and what its file says of that."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from simple_sagemaker import Project
from simple_sagemaker.core.records import replace
from simple_sagemaker.errors import UsageError
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.project.engines import Engines
from simple_sagemaker.project.file import FileSettings
from tests.unit.local.made_jobs import make
from tests.unit.studies.test_study import spec

FILE = """
[project]
name = "from-file"
role_name = "role"
aws_region = "eu-west-3"
aws_profile = "work"
data_store = "s3"
[profile.night]
aws_region = "us-west-2"
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSM_PYTHON", sys.executable)
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))


def engines(engine: str | None = None, instance_type: str | None = None) -> Engines:
    return Engines(engine, instance_type=instance_type, data_store=None, session=None)  # type: ignore[arg-type]


def test_an_engine_is_made_once_and_data_are_where_tasks_ran() -> None:
    made = engines()
    here = replace(spec().task, instances=replace(spec().task.instances, type="local"))
    services = made.for_task(here)
    assert services.engine == "local"
    assert made.for_task(here) is services
    assert made.for_data("T") is services
    assert made.for_data("another") is services  # of the one engine that was used


@pytest.mark.parametrize(
    ("engine", "instance_type", "is_local", "chosen"),
    [("local", None, False, "local"), (None, "local", False, "local"), (None, None, True, "local")],
)
def test_without_a_task_the_projects_own_words_count(
    engine: str | None, instance_type: str | None, is_local: bool, chosen: str
) -> None:
    assert engines(engine, instance_type).for_data(is_local=is_local).engine == chosen


def test_an_engine_of_the_environment_counts_before_a_files_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSM_ENGINE", "cloud")
    with pytest.raises(UsageError, match="SSM_ENGINE='cloud' is not an engine"):
        engines().for_data(is_local=True)
    assert engines("local").for_data().engine == "local"
    with pytest.raises(UsageError, match="engine is one of aws, local, docker, not 'cloud'"):
        engines("cloud")


def test_a_file_says_whose_account_which_region_and_where_data_is(tmp_path: Path) -> None:
    (tmp_path / "ssm.toml").write_text(FILE)
    for path in (None, tmp_path / "ssm.toml"):
        settings = FileSettings(path, None)
        assert (settings.project_name(), settings.role_name()) == ("from-file", "role")
        made = settings.engines("local", None)
        assert made._variables == {
            "AWS_REGION": "eu-west-3",
            "AWS_DEFAULT_REGION": "eu-west-3",
            "AWS_PROFILE": "work",
            "SSM_ENGINE": "local",
        }
        assert made._data_store == "s3"
    night = FileSettings(None, "night").engines(None, None)
    assert night._variables["AWS_DEFAULT_REGION"] == "us-west-2"
    assert night._variables["AWS_PROFILE"] == "work"


def test_a_file_without_a_name_or_none_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no project file: neither ssm\.toml nor \[tool\.ssm\]"):
        FileSettings(None, None)
    (tmp_path / "ssm.toml").write_text("[defaults]\n")
    settings = FileSettings(None, None)
    assert settings.role_name() is None
    assert settings.engines("local", None)._data_store is None
    with pytest.raises(UsageError, match=r"names no project: write name = \"NAME\" below \[project\]"):
        settings.project_name()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(UsageError, match=r"it has no table \[tool\.ssm\]"):
        FileSettings(tmp_path / "pyproject.toml", None)


class TestJobs:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Project:
        """A project with two completed jobs and a failed one."""
        for number, status in enumerate(("Completed", "Failed", "Completed")):
            name = f"t-2030-01-31-12-00-0{number}-abcdefg{number}"
            home = Home(tmp_path / "home")
            make(home, name, status=status, SimpleSagemakerProject="p", SimpleSagemakerTask="t")
        return Project("p", engine="local")

    def test_as_many_as_were_asked_for_are_listed_the_newest_first(self, project: Project) -> None:
        assert [job.job[-1] for job in project.jobs()] == ["2", "1", "0"]
        assert [job.job[-1] for job in project.jobs(limit=1)] == ["2"]
        assert [job.job[-1] for job in project.jobs("t", only="failed")] == ["1"]
        assert len(project.jobs("other")) == len(project.jobs(only="running")) == 0
        assert len(project.jobs(since=timedelta(hours=1))) == 3
        assert len(project.jobs(since=timedelta(hours=-1))) == 0

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            ({"limit": 0}, "limit 0 is too small: the minimum is 1."),
            ({"only": "mine"}, "only must be all, running or failed, not 'mine'."),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, project: Project, more: dict[str, object], why: str) -> None:
        with pytest.raises(UsageError) as refused:
            project.jobs(**more)  # type: ignore[arg-type]
        assert str(refused.value) == why

    def test_a_job_is_found_by_its_name_or_its_last_letters(self, project: Project) -> None:
        name = "t-2030-01-31-12-00-01-abcdefg1"
        assert project.job(name).name == project.job("abcdefg1").name == name
        with pytest.raises(UsageError, match="'abc' is not the name of a job, nor the 8 letters at the end of one"):
            project.job("abc")

    def test_a_projects_file_says_where_its_jobs_are_looked_for(self, project: Project, tmp_path: Path) -> None:
        text = '[project]\nname = "p"\n[profile.far]\nbucket_name = "a-bucket-of-ours"\n'
        (tmp_path / "ssm.toml").write_text(text)
        assert len(Project.from_file(engine="local").jobs()) == len(project.jobs()) == 3
        assert len(Project.from_file(profile="far", engine="local").jobs("t")) == 0  # which are in another bucket

    def test_jobs_of_a_task_are_looked_for_on_the_engine_that_ran_it(self, project: Project) -> None:
        either = Project("p")
        either._engines._ran.update(t="local", other="aws")
        assert len(either.jobs("t")) == 3

    def test_a_time_without_a_zone_is_of_utc(self, project: Project) -> None:
        now = datetime.now(timezone.utc)
        before, after = now - timedelta(minutes=1), now + timedelta(minutes=1)
        for since, found in ((before, 3), (after, 0)):
            assert len(project.jobs(since=since)) == found
            assert len(project.jobs(since=since.replace(tzinfo=None))) == found
            assert len(project.jobs(since=since.astimezone(timezone(timedelta(hours=5))))) == found
