"""Several folders of this machine, each a channel: mirrored apart, shared out and kept up to date."""

from __future__ import annotations

from pathlib import Path

from simple_sagemaker import Project
from tests.cli.conftest import Shell

LIST = """
import os
for name in ("data", "train", "valid"):
    folder = os.environ.get("SM_CHANNEL_" + name.upper())
    if folder:
        print(name, sorted(os.listdir(folder)))
"""
MIRRORS = "buckets/sagemaker-us-east-1-000000000000/proj/task"


def test_each_local_folder_is_a_channel_with_a_mirror_of_its_own(shell: Shell) -> None:
    shell.write("w.py", LIST)
    for file in ("main/a", "t/one", "t/two", "v/deep/x"):
        shell.write(file, file)
    train = ("--input_local", "train", "t", "ShardedByS3Key")
    valid = ("--input_local", "valid", "v", "FullyReplicated", "deep")
    argv = ("-e", "w.py", "-i", "main", *train, *valid, "--ic", "2")
    done = shell.run(*argv)
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    for expected in ("algo-1 | data ['a']", "algo-1 | train ['one']", "algo-2 | train ['two']", "algo-2 | valid ['x']"):
        assert expected in lines
    mirrors = shell.home / MIRRORS
    assert sorted(path.name for path in (mirrors / "inputs").iterdir()) == ["train", "valid"]
    (shell.folder / "t/one").unlink()
    assert "algo-1 | train ['two']" in shell.run(*argv, "--fr").out
    assert [path.name for path in (mirrors / "inputs/train").iterdir()] == ["two"]
    assert [path.name for path in (mirrors / "input").iterdir()] == ["a"]
    shell.write("t/two", "changed")
    assert "Running again" in shell.run(*argv, "--if_changed").err


def test_mistakes_are_refused_first(shell: Shell) -> None:
    shell.write("w.py", LIST)
    shell.write("t/one", "")
    for argv, message in {
        ("train",): "--input_local takes NAME PATH",
        ("train", "nowhere"): "there is no 'nowhere' on this machine",
        ("train", "s3://b/k"): "use --input_s3 train s3://b/k",
        ("no name", "t"): "is not a legal channel name",
        ("ssm_source", "t"): "is taken by",
        ("train", "t", "Sharded"): "Did you mean ShardedByS3Key?",
    }.items():
        done = shell.run("-e", "w.py", "--input_local", *argv)
        assert done.status in {2, 4}
        assert message in done.err
    twice = shell.run("-e", "w.py", "--input_local", "x", "t", "--input_local", "x", "t")
    assert "'x' is taken by" in twice.err
    assert not shell.jobs()


def test_python_takes_local_folders_for_any_channel(tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text(LIST)
    for name in ("t", "v"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
    job = Project("proj", engine="local").run(
        "task", tmp_path / "w.py", inputs={"train": str(tmp_path / "t"), "valid": tmp_path / "v"}
    )
    assert {"train ['x']", "valid ['x']"} <= set(job.logs()["algo-1"])
