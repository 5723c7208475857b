"""Bad input: one error in the words typed, the right exit status, and nothing written or started."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

RUN = ("run", "-p", "proj", "-t", "task")

CASES: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no entry point": ((*RUN, "-e", "nosuch.py"), 2, "nosuch.py"),
    "entry point outside the source folder": ((*RUN, "-s", "code", "-e", "w.py"), 2, "w.py"),
    "missing data": ((*RUN, "-e", "w.py", "-i", "nosuch"), 4, "nosuch"),
    "absent bucket": ((*RUN, "-e", "w.py", "--iis", "x", "s3://absent/k"), 4, "absent"),
    "empty prefix": ((*RUN, "-e", "w.py", "--iis", "x", "s3://full/none/"), 4, "s3://full/none/"),
    "unknown distribution": ((*RUN, "-e", "w.py", "-i", "data", "Sharded"), 2, "Sharded"),
    "duplicate channels": ((*RUN, "-e", "w.py", "-i", "data", "--iis", "data", "s3://full/k"), 2, "data"),
    "illegal task": (("run", "-p", "proj", "-t", "a/b", "-e", "w.py"), 2, "a/b"),
    "illegal project": (("run", "-p", "..", "-t", "t", "-e", "w.py"), 2, ".."),
    "too long a hyperparameter": ((*RUN, "-e", "w.py", "--x", "y" * 2500), 2, "2500"),
    "too many hyperparameters": ((*RUN, "-e", "w.py", *(w for n in range(94) for w in (f"--k{n}", "v"))), 2, "93"),
    "too long a tag": ((*RUN, "-e", "w.py", "--tag", "k", "v" * 257), 2, "256"),
    "bad regex": ((*RUN, "-e", "w.py", "--md", "m", "(["), 2, "(["),
    "bad JSON": ((*RUN, "-e", "w.py", "--distribution", "{"), 2, "--distribution"),
    "zero hosts": ((*RUN, "-e", "w.py", "--ic", "0"), 2, "--ic 0"),
    "wait below run": ((*RUN, "-e", "w.py", "--max_wait_mins", "5", "--max_run_mins", "6"), 2, "--max_wait_mins"),
    "an unknown engine's distribution": (
        (*RUN, "-e", "w.py", "--distribution", '{"mpi": {"enabled": true}}'),
        2,
        "mpi",
    ),
    "a Dockerfile without Docker": ((*RUN, "-e", "w.py", "--df", "RUN true"), 6, "--df builds an image"),
    "a framework version that is none": ((*RUN, "-e", "w.py", "--fv", "99.9"), 2, "99.9"),
    "an output of a task that never ran": ((*RUN, "-e", "w.py", "--iit", "x", "other", "model"), 4, "other"),
    "no command": (("shell", "-p", "p", "-t", "t"), 2, "--cmd_line"),
    "an empty data folder": ((*RUN, "-e", "w.py", "-i", "empty"), 2, "empty"),
    "two packed folders of one name": ((*RUN, "-e", "w.py", "-d", "a/dep", "b/dep"), 2, "dep"),
    "dashes in an option of ours": ((*RUN, "-e", "w.py", "--instance-count", "5"), 2, "--instance_count"),
    "a folder of the person's own in the way": ((*RUN, "-e", "w.py", "-o", "."), 1, "logs/"),
    "a device as data": ((*RUN, "-e", "w.py", "-i", "/dev/null"), 1, "/dev/null"),
    "a flag that is none of ours": ((*RUN, "-e", "w.py", "--verbose"), 2, "--verbose"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_error_before_anything_is_written(shell: Shell, case: str) -> None:
    argv, status, output = CASES[case]
    shell.write("w.py", "print(1)")
    shell.write("code/x.py", "")
    shell.write("data/a", "x")
    shell.write("logs/mine", "x")
    shell.write("a/dep/x.py", "")
    shell.write("b/dep/x.py", "")
    (shell.folder / "empty").mkdir()
    shell.bucket_file("full", "k")
    before = shell.written()
    done = shell.ssm(*argv)
    assert done.status == status, done.err
    assert output in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert shell.written() == before


def test_an_unknown_engine_is_refused(shell: Shell) -> None:
    shell.write("w.py", "")
    done = shell.ssm(*RUN, "-e", "w.py", environment={"SSM_ENGINE": "cloud"})
    assert (done.status, "cloud" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SSM_ENGIN", "SSM_ENGINE"),
        ("SMM_ENGINE", "SSM_ENGINE"),
        ("ssm_engine", "SSM_ENGINE"),
        ("SSM_RERUNN", "SSM_RERUN"),
        ("SSM_ISOLATON", "SSM_ISOLATION"),
    ],
)
def test_a_mistyped_variable_is_refused(shell: Shell, name: str, meant: str) -> None:
    shell.write("w.py", "")
    shell.environment[name] = "local"
    for command in (("run", "-e", "w.py"), ("data", "-o", "out")):
        done = shell.ssm(*command, "-p", "proj", "-t", "task")
        assert done.status == 2
        assert f"no variable {name}: did you mean {meant}?" in done.err


def test_variables_of_jobs_and_of_others_are_left_alone(shell: Shell) -> None:
    shell.write("w.py", "")
    others = ("SSM_STATE", "SSM_OUTPUT", "SSM_PARAMETER_NAME", "SSM_PYTHON_BELOW", "SM_HOSTS", "SM_HOME")
    shell.environment |= dict.fromkeys(others, "x")
    assert shell.run("-e", "w.py").status == 0


def test_aws_without_credentials_names_both_ways_out(shell: Shell) -> None:
    shell.write("w.py", "")
    done = shell.ssm(*RUN, "-e", "w.py", environment={"SSM_ENGINE": None})
    assert done.status == 5
    assert "SSM_ENGINE=local" in done.err
    assert "aws configure" in done.err
    assert shell.written() == []


def test_the_interpreter_named_must_be_one(shell: Shell) -> None:
    shell.write("w.py", "")
    done = shell.ssm(*RUN, "-e", "w.py", environment={"SSM_PYTHON": "/no/such/python"})
    assert (done.status, shell.written()) == (2, [])
    assert "/no/such/python" in done.err
