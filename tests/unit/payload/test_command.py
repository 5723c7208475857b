"""The argument vector of the user's code: which program, how it is named, and what is refused before it starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from simple_sagemaker.payload.ssm_launcher import command
from simple_sagemaker.payload.ssm_launcher.places import Places, Refusal

PYTHON = os.fsencode(sys.executable)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    (code / "sub").mkdir(parents=True)
    for name in ("train.py", "-x.py", "run.sh", "sub/deep.py", "noext"):
        (code / name).write_text("")
    (tmp_path / "outside.py").write_text("")
    return code


@pytest.mark.parametrize(
    ("name", "plain", "package"),
    [
        ("train.py", command.PROGRAM, command.PACKAGE),
        ("run.sh", command.SHELL_SCRIPT, command.SHELL_SCRIPT),
        ("noext", command.SHELL_SCRIPT, command.PACKAGE),
    ],
)
def test_what_an_entry_point_is_depends_on_its_name_and_on_a_setup_py(
    code: Path, name: str, plain: str, package: str
) -> None:
    assert command.kind_of(str(code), name) == plain
    (code / "setup.py").write_text("")
    assert command.kind_of(str(code), name) == package


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../outside.py", "sub/../../outside.py", ".", "sub/.."])
def test_an_entry_point_outside_the_code_is_refused(code: Path, name: str) -> None:
    with pytest.raises(Refusal, match="is not a path inside the job's code"):
        command.check_entry_point(str(code), name)


def test_an_entry_point_that_is_not_there_is_refused_but_for_a_package(code: Path) -> None:
    for name in ("gone.py", "sub"):
        with pytest.raises(Refusal, match="is not among the files of the job's code"):
            command.check_entry_point(str(code), name)
    command.check_entry_point(str(code), "sub/deep.py")
    (code / "link.py").symlink_to("../outside.py")
    with pytest.raises(Refusal, match="is not a path inside"):
        command.check_entry_point(str(code), "link.py")
    (code / "setup.py").write_text("")
    command.check_entry_point(str(code), "gone.py")  # a module, which Python looks up
    with pytest.raises(Refusal, match="is not among"):
        command.check_entry_point(str(code), "gone.sh")


def test_each_kind_of_entry_point_has_its_command(code: Path) -> None:
    assert command.script(str(code), "train.py", ["--lr", "0.1", "é"]) == [
        *(PYTHON, b"train.py", b"--lr", b"0.1", "é".encode())
    ]
    assert command.script(str(code), "-x.py", []) == [PYTHON, b"./-x.py"]  # not an option of Python's
    (code / "run.sh").chmod(0o640)
    assert command.script(str(code), "run.sh", ["a b"]) == [b"./run.sh", b"a b"]
    assert (code / "run.sh").stat().st_mode & 0o777 == 0o740
    (code / "setup.py").write_text("")
    assert command.script(str(code), "sub/deep.py", ["x"]) == [PYTHON, b"-m", b"sub.deep", b"x"]
    assert command.script(str(code), "module", []) == [PYTHON, b"-m", b"module"]


def test_torchrun_has_its_options_before_the_program(code: Path) -> None:
    options = ["--nnodes", "2", "--master_addr", "algo-1"]
    assert command.torchrun(str(code), "train.py", ["--lr", "1"], options, 4) == [
        *(PYTHON, b"-m", b"torch.distributed.run", b"--nnodes", b"2", b"--nproc_per_node", b"4"),
        *(b"--master_addr", b"algo-1", b"train.py", b"--lr", b"1"),
    ]
    with pytest.raises(Refusal, match=r"starts a \.py program, not 'run\.sh'"):
        command.torchrun(str(code), "run.sh", [], options, 1)


@pytest.mark.parametrize(
    ("hosts", "host", "port_is_set", "options"),
    [
        (["a"], "a", False, ["--nnodes", "1"]),
        (["a"], "a", True, ["--nnodes", "1", "--master_port", "7"]),
        *(
            (
                ["a", "b"],
                host,
                is_set,
                ["--nnodes", "2", "--master_addr", "m", "--master_port", "7", "--node_rank", rank],
            )
            for is_set in (True, False)
            for host, rank in (("a", "0"), ("b", "1"))
        ),
    ],
)
def test_hosts_find_each_other(
    hosts: list[str], host: str, port_is_set: bool, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASTER_PORT", raising=False)
    if port_is_set:
        monkeypatch.setenv("MASTER_PORT", "7")
    assert command.rendezvous(hosts, host, {b"MASTER_ADDR": b"m", b"MASTER_PORT": b"7"}) == options


def test_a_shell_command_has_its_arguments_quoted_and_a_long_one_is_a_file(tmp_path: Path) -> None:
    places = Places(str(tmp_path))
    Path(places.launcher_files).mkdir(parents=True)
    program, flag, text = command.shell(places, "echo $X |", ["a b", "it's"])
    assert program == command.shell_program()
    assert (flag, text) == (b"-c", b"echo $X | 'a b' 'it'\"'\"'s'")
    longest = "x" * command.LONGEST_COMMAND
    assert command.shell(places, longest, [])[1] == b"-c"
    _, path = command.shell(places, longest + "y", [])
    assert Path(os.fsdecode(path)).read_text() == f"{longest}y\n"


def test_a_program_is_looked_up_on_the_jobs_own_path(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a/tool").write_text("")  # not executable
    (tmp_path / "b/tool").write_text("")
    (tmp_path / "b/tool").chmod(0o755)
    (tmp_path / "a/folder").mkdir()
    path = {b"PATH": f"{tmp_path}/a:{tmp_path}/b".encode()}
    assert command.resolve(["tool", "x"], path) == [f"{tmp_path}/b/tool".encode(), b"x"]
    assert command.resolve(["./tool", "x"], path) == [b"./tool", b"x"]
    assert command.resolve(["sh"], {})[0].endswith(b"/sh")
    for argv in (["nothing"], ["folder"]):
        with pytest.raises(Refusal, match="There is no program"):
            command.resolve(argv, path)
    for empty in ([], [""]):
        with pytest.raises(Refusal, match="names no program to run"):
            command.resolve(empty, path)


def test_arguments_that_no_system_takes_are_refused_by_number() -> None:
    command.check_arguments([b"a", b"x" * 131071])
    with pytest.raises(Refusal, match=r"Argument 1 has 131072 bytes; the system allows 131,071 at most"):
        command.check_arguments([b"a", b"x" * 131072])
    with pytest.raises(Refusal, match="Argument 2 holds a NUL character"):
        command.check_arguments([b"a", b"b", b"c\0d"])


def test_a_log_shows_a_command_or_its_beginning() -> None:
    assert command.format_for_log([b"a", b"b c"]) == b"a b c"
    whole = [b"x" * (command.SHOWN - 2), b"y"]
    assert command.format_for_log(whole) == b" ".join(whole)
    assert command.format_for_log([*whole, b"z"]) == b"x" * 1998 + b" y" + " … (2 arguments)".encode()


def test_a_program_of_mpis_ranks_runs_through_mpi4py(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command.wrap_in_mpi4py([PYTHON, b"a.py"]) == [PYTHON, b"a.py"]
    monkeypatch.setitem(sys.modules, "mpi4py", ModuleType("mpi4py"))
    assert command.wrap_in_mpi4py([PYTHON, b"a.py"]) == [PYTHON, b"-m", b"mpi4py", b"a.py"]
    assert command.wrap_in_mpi4py([b"./run.sh"]) == [b"./run.sh"]
