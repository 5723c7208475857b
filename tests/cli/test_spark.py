"""``ssm process -f spark`` where there is no image to run it in."""

from __future__ import annotations

from tests.cli.conftest import Shell


def test_without_an_image_spark_is_refused_before_anything_is_sent(shell: Shell) -> None:
    shell.write("job.py", "")
    done = shell.ssm("process", "-p", "proj", "-t", "task", "-f", "spark", "--code", "job.py")
    assert done.status == 2
    assert "-f spark starts scripts with smspark-submit" in done.err
    assert "SSM_ENGINE=docker" in done.err
    assert not (shell.home / "buckets").exists()


def test_a_script_named_as_a_whole_command_is_refused(shell: Shell) -> None:
    shell.write("job.py", "")
    done = shell.ssm("process", "-p", "proj", "-t", "task", "-f", "spark", "-e", "job.py")
    assert done.status == 2
    assert "-e job.py is a whole command" in done.err
    assert "name it with --code" in done.err
