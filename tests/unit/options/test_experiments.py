"""Where runs are kept: which words are taken, and what is said about the others."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.experiments import Experiment, MlflowStore
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Code, Place, TaskSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.options.arguments import Arguments, Use
from simple_sagemaker.options.experiments import experiment, mlflow_store

TASK = TaskSpec(kind="run", place=Place(project="p", task="t"), code=Code(entry_point="w.py"))
SERVER = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mine"
APP = "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-app/app-ABC123"


def store(uri: str, **changed: Any) -> MlflowStore | None:
    arguments = Arguments("run", ())
    arguments.uses["mlflow_to"] = [Use("--mlflow_to", (uri,))]
    return mlflow_store(arguments, replace(TASK, **changed))


@pytest.mark.parametrize(
    "uri", ["local", "http://127.0.0.1:5000", "https://runs.example.com/ml", "sqlite:////data/x.db", SERVER, APP]
)
def test_a_place_is_taken_as_it_was_typed(uri: str, tmp_path: Path) -> None:
    assert store(uri, code=Code(entry_point="w.py", source_dir=tmp_path)) == MlflowStore(uri=uri)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_run_names_the_commit_of_the_code_and_whether_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "w.py").write_text("1")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, check=True, text=True)
        return done.stdout.strip()

    def told(code: Code) -> str | None:
        found = store("local", code=code)
        assert found is not None
        return found.commit

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "c")
    git("tag", "-a", "v1", "-m", "one")
    commit = git("rev-parse", "HEAD")
    by_folder = Code(entry_point="w.py", source_dir=folder)
    by_file = Code(entry_point="w.py", entry_file=folder / "w.py")
    assert len(commit) == 40
    assert [told(by_folder), told(by_file)] == [commit, commit], "the tag would be no commit"
    (folder / "w.py").write_text("2")
    assert [told(by_folder), told(by_file)] == [f"{commit}-dirty", f"{commit}-dirty"]
    monkeypatch.chdir(folder)
    assert told(Code(entry_point="w.py")) == f"{commit}-dirty", "the current folder's, where it is not said"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert told(by_folder) is None, "without git"


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("https://me:secret@runs.example.com", "MLFLOW_TRACKING_PASSWORD"),
        ("postgresql://me:secret@db/runs", "would be kept in the job's record"),
        ("runs.example.com:5000", "Write http:// before it"),
        ("mlruns", "is no place for runs"),
        ("http://runs:99999", "that is no address."),
        ("https://runs example.com", "has ' ' in it"),
        ("http://runs.example.com\n", "has '\\n' in it"),
        ("https://runs.example.com/?token=secret@", "has '?' in it"),
        ("https://runs.example.com#secret@", "has '#' in it"),
        ("file:///mlruns", "is no place for runs"),
        ("http://", "is no place for runs"),
        ("arn:aws:s3:::bucket", "no tracking server or app"),
        (SERVER.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1"), "aws or aws-us-gov"),
        (SERVER.replace("eu-west-1", "us-gov-west-1"), "is not in the partition aws."),
        (SERVER.replace("123456789012", "12"), "not an ARN"),
    ],
)
def test_what_is_no_place_says_why(uri: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        store(uri)
    assert told in str(raised.value)
    assert "secret@" not in str(raised.value)


def test_a_variable_that_the_option_sets_is_refused_beside_it() -> None:
    with pytest.raises(UsageError, match="MLFLOW_RUN_ID: --mlflow_to sets this variable"):
        store("local", environment={"MLFLOW_RUN_ID": "x"})


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"kind": "algorithm"}, "the image's own program"), ({"launched_by": "toolkit"}, "AWS's toolkit starts the code")],
)
def test_a_job_without_our_launcher_keeps_no_run(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        store("local", **changed)


def test_the_commit_of_the_code_is_known() -> None:
    here = Path(__file__).parents[3]
    if not (here / ".git").exists():
        pytest.skip("the tests are in no repository")
    known = store("local", code=Code(entry_point="w.py", source_dir=here / "tests"))
    assert known is not None
    assert known.commit is None or len(known.commit.removesuffix("-dirty")) == 40


def of_words(*words: str) -> Experiment | None:
    arguments = Arguments("run", ())
    arguments.uses["in_experiment"] = [Use("--in_experiment", words)]
    return experiment(arguments)


LONGEST = "a" + "b" * 118 + "9"


@pytest.mark.parametrize(
    ("words", "trial"), [(("exp",), None), (("exp", "t-1"), "t-1"), (("A", LONGEST), LONGEST), ((LONGEST,), None)]
)
def test_an_experiment_and_its_trial_are_taken_as_they_were_typed(words: tuple[str, ...], trial: str | None) -> None:
    assert of_words(*words) == Experiment(name=words[0], trial=trial)
    assert experiment(Arguments("run", ())) is None


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", f"{LONGEST}c", "a\n"])
def test_a_name_that_sagemaker_refuses_is_refused(name: str) -> None:
    for words in ((name,), ("exp", name)):
        with pytest.raises(UsageError, match="a name has 1 to 120 letters, digits and dashes"):
            of_words(*words)


def test_an_experiment_has_one_trial() -> None:
    with pytest.raises(UsageError, match=r"--in_experiment takes EXPERIMENT \[TRIAL\], not 'a b c'"):
        of_words("a", "b", "c")
