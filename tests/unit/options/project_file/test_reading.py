"""Which file is read, whose it may be, and what is refused in it, with file and line."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.options.project_file.find import candidates
from simple_sagemaker.options.project_file.read import load
from tests.unit.options.project_file.conftest import Write, task

OTHER = 4321
is_root = sys.platform != "win32" and os.geteuid() == 0
needs_root = pytest.mark.skipif(not is_root, reason="only root can give files away")


def names(environment: dict[str, str] | None = None) -> list[str]:
    return [candidate.path for candidate in candidates(environment or dict(os.environ))]


def test_the_nearest_file_counts(here: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("[project]\nname = 'outer'\n")
    monkeypatch.chdir(here / "sub")
    file = load(os.environ)
    assert file is not None
    assert (file.path, file.shown, file.folder) == (str(here / "ssm.toml"), "../ssm.toml", str(here))
    (here / "sub" / "ssm.toml").write_text("[project]\nname = 'inner'\n")
    file = load(os.environ)
    assert file is not None
    assert file.shown == "ssm.toml"


def test_a_pyproject_counts_where_it_has_our_table(here: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("[project]\nname = 'outer'\n")
    shared = here / "sub" / "pyproject.toml"
    monkeypatch.chdir(here / "sub")
    others = ["[project]\nname = 'ssm'\n", "[tool.other]\nssm = 1\n", "ssm = [", "tool = 1 # ssm", "\xff ssm"]
    for text in others:
        shared.write_bytes(text.encode("latin-1"))
        file = load(os.environ)
        assert file is not None
        assert file.shown == "../ssm.toml"
    shared.write_text("[build-system]\nx = 1\n[tool.ssm.project]\nname = 'inner'\n[tool.ssm.task.t]\nhp.x = 1\n")
    file = load(os.environ)
    assert file is not None
    assert file.project["project_name", ""].value == "inner"
    assert file.tasks["t"]["hp", "x"].line == 6


def test_a_broken_table_of_ours_in_a_pyproject_is_refused(here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.ssm.project]\nname = inner\n")
    with pytest.raises(UsageError, match=r"^pyproject.toml:2: it is not TOML: Invalid value."):
        load(os.environ)
    (here / "pyproject.toml").write_text("[tool.ssm.defaults]\nnam = 'inner'\n")
    with pytest.raises(UsageError, match=r"^pyproject.toml:2: defaults.nam: there is no such key"):
        load(os.environ)


def test_the_search_ends_at_the_home(here: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("")
    inner = here / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert names() == [str(path)]
    monkeypatch.setenv("HOME", str(here / "a"))
    assert names() == []
    monkeypatch.setenv("HOME", str(inner))
    (inner / "ssm.toml").write_text("")
    assert names() == [str(inner / "ssm.toml")]


def test_the_file_can_be_named_or_forbidden(here: Path, write: Write) -> None:
    write("[project]\nname = 'a'\n")
    other = here / "sub" / "x.toml"
    other.write_text("[project]\nname = 'b'\n")
    file = load({"SSM_PROJECT_FILE": "sub/x.toml"})
    assert file is not None
    assert (file.path, file.folder) == (str(other), str(here / "sub"))
    assert load({"SSM_PROJECT_FILE": os.devnull}) is None
    with pytest.raises(UsageError, match=r"^SSM_PROJECT_FILE=gone.toml: No such file"):
        load({"SSM_PROJECT_FILE": "gone.toml"})


def test_no_current_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert load(os.environ) is None


@needs_root
class TestOwners:
    """What belongs to another user."""

    def test_a_file_of_another_user_is_refused(self, write: Write) -> None:
        path = write("[project]\nname = 'p'\n")
        os.chown(path, OTHER, OTHER)
        with pytest.raises(UsageError, match=rf"{path} belongs to another user \(number {OTHER}\)") as error:
            task("run", "-t", "t", "-e", "train.py")
        assert f"SSM_PROJECT_FILE={path}" in str(error.value)
        assert "SSM_PROJECT_FILE=/dev/null" in str(error.value)
        assert load({"SSM_PROJECT_FILE": str(path)}) is not None

    def test_the_advice_can_be_pasted_wherever_the_file_is(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = here / "$(touch x) y"
        folder.mkdir()
        monkeypatch.chdir(folder)
        (folder / "ssm.toml").write_text("")
        os.chown(folder / "ssm.toml", OTHER, OTHER)
        with pytest.raises(UsageError, match=re.escape(f"SSM_PROJECT_FILE='{folder}/ssm.toml'")):
            load(os.environ)

    def test_so_is_one_in_a_folder_that_all_may_write(self, here: Path, write: Write) -> None:
        here.chmod(0o1777)
        path = write("[project]\nname = 'p'\n")
        assert load(os.environ) is not None
        os.chown(path, OTHER, OTHER)
        with pytest.raises(UsageError, match="belongs to another user"):
            load(os.environ)

    def test_so_is_one_that_is_not_toml(self, write: Write) -> None:
        os.chown(write("secret words\n"), OTHER, OTHER)
        with pytest.raises(UsageError, match="belongs to another user"):
            load(os.environ)

    def test_so_are_links(self, here: Path, tmp_path: Path) -> None:
        mine, theirs = tmp_path / "mine.toml", tmp_path / "theirs.toml"
        mine.write_text("")
        theirs.write_text("")
        os.chown(theirs, OTHER, OTHER)
        (here / "ssm.toml").symlink_to(theirs)
        with pytest.raises(UsageError, match="belongs to another user"):
            load(os.environ)
        (here / "ssm.toml").unlink()
        (here / "ssm.toml").symlink_to(mine)
        assert load(os.environ) is not None
        os.chown(here / "ssm.toml", OTHER, OTHER, follow_symlinks=False)
        with pytest.raises(UsageError, match="belongs to another user"):
            load(os.environ)

    def test_a_pyproject_of_another_user_is_refused_only_with_our_table(self, here: Path) -> None:
        shared = here / "pyproject.toml"
        shared.write_text("[project]\nname = 'ssm'\n")
        os.chown(shared, OTHER, OTHER)
        assert load(os.environ) is None
        shared.write_text("[tool.ssm.project]\nname = 'p'\n")
        with pytest.raises(UsageError, match="belongs to another user"):
            load(os.environ)

    def test_the_search_ends_before_a_folder_of_another_user(
        self, here: Path, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("")
        monkeypatch.chdir(here / "sub")
        assert names()
        os.chown(here, OTHER, OTHER)
        assert names() == []

    def test_under_sudo_the_files_of_the_caller_count(self, here: Path, write: Write) -> None:
        os.chown(write("[project]\nname = 'p'\n"), OTHER, OTHER)
        assert load({"SUDO_UID": str(OTHER)}) is not None
        with pytest.raises(UsageError, match="belongs to another user"):
            load({"SUDO_UID": "1"})


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has pipes with names")
def test_what_is_no_file_is_refused_without_waiting(here: Path) -> None:
    os.mkfifo(here / "ssm.toml")
    with pytest.raises(UsageError, match="cannot be read: It is no regular file"):
        load(os.environ)
    (here / "ssm.toml").unlink()
    (here / "ssm.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load(os.environ)
    (here / "ssm.toml").rmdir()
    (here / "ssm.toml").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(UsageError, match="cannot be read: It has more than"):
        load(os.environ)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[defaults]\ninstance_tipe = 'x'", "ssm.toml:2: defaults.instance_tipe: there is no such key; did you mean"),
        (
            "[defaults]\nit = 'x'",
            "ssm.toml:2: defaults.it: there is no such key; the key is its long name, instance_type",
        ),
        (
            "[defaults]\n\ndocker_file_path = 'x'",
            "ssm.toml:3: defaults.docker_file_path: there is no such key; the key",
        ),
        ("[defaults]\nqqqqqqq = 'x'", "ssm.toml:2: defaults.qqqqqqq: there is no such key; there are: arguments, "),
        ("[defaults]\nhelp = true", "ssm.toml:2: defaults.help: there is no such key"),
        ("[defaults]\nuse_profile = 'x'", "that can only be typed"),
        (
            "[defaults]\nenforce_iam = 3",
            "ssm.toml:2: defaults.enforce_iam: there is no such key; it is an option of 'ssm emulator'",
        ),
        ("[defaults]\nhyperparameters = {}", "did you mean hp?"),
        ("[project]\nproject_name = 'x'", "ssm.toml:2: project.project_name: there is no such key; there it is called"),
        ("[project]\ninstance_type = 'x'", "it is not one of [project]: put instance_type into [defaults]"),
        ("[project]\nbukcet_name = 'x'", "ssm.toml:2: project.bukcet_name: there is no such key; did you mean bucket_"),
        ("project_name = 'x'", "no such key here; write name = … below a line [project]"),
        ("project = 'x'", "ssm.toml:1: project: it is a table: write name = … below a line [project]"),
        ("defaults = 'x'", "defaults: it is a table: write its keys below a line [defaults]"),
        ("[[task]]\nname = 'x'", "task: it is a table, in single brackets"),
        ("name = 'x'", "ssm.toml:1: name: there is no such key here; put it into the table [project]"),
        ("instance_type = 'x'", "ssm.toml:1: instance_type: there is no such key here; put it into a table, such as"),
        ("[tasks.x]\nno_spot = true", "ssm.toml:1: tasks: there is no such key here; did you mean [task]?"),
        ("[default]", "did you mean [defaults]?"),
        ("[other]", "the tables are: project, defaults, profile, task"),
        ("[task]\nno_spot = true", "ssm.toml:2: task.no_spot: it is a table, which has a name: write [task.NAME]"),
        ("[task.'a b']", "ssm.toml:1: task.\"a b\": the task 'a b' is not a legal name"),
        ("[task.state]", "ssm.toml:1: task.state: the task 'state': tasks cannot be named"),
        ("[profile.'$(x)']", "ssm.toml:1: profile.\"$(x)\": the profile '$(x)' is not a legal name"),
        ("task = 3", "ssm.toml:1: task: it is a table"),
        ("[[task]]\nx = 1", "ssm.toml:1: task: it is a table"),
        ("[task.t]\ntask_name = 'x'", "ssm.toml:2: task.t.task_name: the name of the table is the task's"),
        ("[task.t]\nbucket_name = 'x'", "ssm.toml:2: task.t.bucket_name: tasks of a project have one place"),
        ("[task.t]\ncmd_line = 'x'\nentry_point = 'x'", "entry_point says what runs already: a task is one of"),
        ("[project]\nprefix = 'x'\n[defaults]\nprefix = 'y'", "ssm.toml:4: defaults.prefix: [project] has it as well"),
        ("[defaults]\ninstance_count = '2'", "ssm.toml:2: defaults.instance_count: it is a whole number, without"),
        ("[defaults]\ninstance_count = true", "it is a whole number, without quotes; this is true or false"),
        ("[defaults]\ninstance_count = 2.0", "it is a whole number, without quotes; this is a number"),
        ("[defaults]\nframework_version = 2.1", 'it is a text, in quotes ("…"); this is a number'),
        ("[defaults]\nframework_version = 2026-01-01", "this is a date or time"),
        ("[defaults]\nno_spot = 'yes'", "ssm.toml:2: defaults.no_spot: it is true or false; this is a text"),
        ("[defaults]\ndependencies = [1]", "it is a list of texts"),
        ("[defaults]\ndependencies = {a = 'x'}", "it is a list of texts"),
        ("[defaults]\narguments = [true]", "it is a list of words"),
        ("[defaults]\ntag = ['a', 'b']", "it is a table of texts by name"),
        ("[defaults]\n[defaults.tag]\n\na = true", "ssm.toml:4: defaults.tag.a: it is a text; this is true or false"),
        ("[defaults]\nhp = {a = 2026-01-01}", "ssm.toml:2: defaults.hp.a: it is JSON; this is a date"),
        ("[defaults]\nhp = {a = nan}", "defaults.hp.a: it is JSON"),
        ("[defaults]\ninput_s3 = {a = ['s3://a', 2]}", "defaults.input_s3.a: it is a text or a list of texts"),
        ("[defaults]\ndistribution = 3", "it is a table, or a text with JSON"),
        ('[defaults]\nimage_tag = "a\\u0000b"', "this is a text with a character of code 0"),
        ("[defaults\n", "ssm.toml:1: it is not TOML"),
        ("[defaults]\na = 1\na = 2\n", "ssm.toml:3: it is not TOML: Cannot overwrite a value"),
        ("a = [", "ssm.toml:1: it is not TOML"),
        ("a = " + "[" * 5000, "ssm.toml: its values are nested too deeply"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(write: Write, text: str, expected: str) -> None:
    write(text)
    with pytest.raises(UsageError) as error:
        load(os.environ)
    assert expected in str(error.value)


def test_all_of_the_file_is_checked_also_what_is_not_used(write: Write) -> None:
    write("[project]\nname = 'p'\n[task.a]\nentry_point = 'train.py'\n[profile.b]\ninstance_cuont = 2\n")
    with pytest.raises(UsageError, match=r"ssm.toml:6: profile.b.instance_cuont: there is no such key"):
        task("run", "-t", "a")


@pytest.mark.parametrize(
    "key", ["tag = {password = 3.5, x = ['hunter2']}", "job_env = {A = ['hunter2']}", "a = hunter2"]
)
def test_no_value_is_shown_in_an_error(write: Write, key: str) -> None:
    write(f"[defaults]\n{key}\n")
    with pytest.raises(UsageError) as error:
        load(os.environ)
    assert "hunter2" not in str(error.value)


def test_other_encodings_and_line_ends(here: Path) -> None:
    path = here / "ssm.toml"
    path.write_bytes(b"\xef\xbb\xbf[project]\r\nname = 'p'\r\n\r\n[defaults]\r\nno_spot = true\r\n")
    file = load(os.environ)
    assert file is not None
    assert file.defaults["no_spot", ""].line == 5
    path.write_bytes("[project]\nname = 'ä'\n".encode("latin-1"))
    with pytest.raises(UsageError, match=re.escape("ssm.toml:2: it is not UTF-8 text. Save it as UTF-8.")):
        load(os.environ)
