"""What a second run of a task does: skip, join, run again."""

from __future__ import annotations

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from tests.cli.conftest import Done, Shell

COUNTS = """
import os, pathlib
count = pathlib.Path(os.environ["SSM_STATE"], "count")
count.write_text(str(int(count.read_text() if count.exists() else 0) + 1))
print("run number", count.read_text())
"""
WAITS = "import time\nwhile not os.path.exists('/state/go'): time.sleep(0.02)\n"  # for open_gate
UNSEEN = "\nNot looked at: what is in {} (on S3, or large). --if_changed looks, and ssm why\n"
STATE = "buckets/sagemaker-us-east-1-000000000000/proj/task/state"


def open_gate(shell: Shell) -> None:
    """Let the job go on that waits for it, once there is one."""
    until = time.monotonic() + 300
    while not shell.jobs() or not (shell.jobs()[-1] / "algo-1/state").is_dir():
        assert time.monotonic() < until
        time.sleep(0.02)
    (shell.jobs()[-1] / "algo-1/state/go").touch()


def test_state_is_kept_between_jobs_and_a_completed_task_is_skipped(shell: Shell) -> None:
    shell.write("w.py", COUNTS)
    assert "run number 1" in shell.run("-e", "w.py").out
    skipped = shell.run("-e", "w.py", "-o", "out")
    assert skipped.status == 0
    assert skipped.out == ""
    assert "Skipped" in skipped.err
    assert "changed" not in skipped.err
    assert "run number 1" in shell.log()
    assert len(shell.jobs()) == 1
    assert "run number 2" in shell.run("-e", "w.py", "--force_running").out


def test_clean_state_clears_and_runs_again(shell: Shell) -> None:
    shell.write("w.py", COUNTS)
    shell.run("-e", "w.py")
    shell.bucket_file("sagemaker-us-east-1-000000000000", "proj/task/state_old/kept")
    done = shell.run("-e", "w.py", "--cs")
    assert "run number 1" in done.out
    assert "1 file cleared" in done.err
    assert (shell.home / STATE).with_name("state_old").joinpath("kept").exists()


def test_a_skip_names_the_local_inputs_whose_files_changed_and_none_that_was_only_copied(shell: Shell) -> None:
    shell.write("w.py", COUNTS)
    for name in ("data/a", "data/d/b", "more/c"):
        shell.write(name, "1")
    asked = ("-e", "w.py", "-i", "data", "--input_local", "extra", "more", "--skip_status", "5")
    assert shell.run(*asked).status == 0
    assert "differs" not in shell.run(*asked).err
    for path in ("data/a", "data/d/b", "more/c"):  # as after a checkout: the same content, new times
        copy = (shell.folder / path).read_bytes()
        (shell.folder / path).unlink()
        (shell.folder / path).write_bytes(copy)
    copied = shell.run(*asked)
    assert (copied.status, "differs" in copied.err) == (0, False)
    shell.write("data/d/b", "2")
    skipped = shell.run(*asked)
    assert (skipped.status, len(shell.jobs())) == (5, 1)
    assert "  data: d/b changed\n" in skipped.err
    assert "extra" not in skipped.err
    shell.write("data/d/b", "1")
    shell.write("more/new", "1")
    assert "  extra: new changed\n" in shell.run(*asked).err


def test_a_skip_says_which_inputs_on_s3_it_did_not_look_at(shell: Shell) -> None:
    shell.write("w.py", "print('read')")
    for key in ("raw/a", "m.tar.gz"):
        shell.bucket_file("mine", key)
    asked = ("-e", "w.py", "-i", "s3://mine/raw", "--iis", "more", "s3://mine/raw", "--model_uri", "s3://mine/m.tar.gz")
    assert "Not looked at" not in shell.run(*asked).err
    shell.bucket_file("mine", "raw/a", b"rewritten")
    for how in ((), ("--quiet_run",), ("--no_wait",)):
        skipped = shell.run(*asked, *how)
        assert UNSEEN.format("data, more, model") in "\n" + skipped.err, how
    assert "read" in shell.run(*asked, "--if_changed").out
    seen = shell.run(*asked, "--if_changed")
    assert ("Skipped" in seen.err, "Not looked at" in seen.err) == (True, False)


def test_a_large_input_of_this_machine_is_not_looked_at_and_said_to_be(shell: Shell) -> None:
    shell.write("w.py", "print('read')")
    (shell.folder / "data").mkdir()
    for number in range(2001):
        (shell.folder / "data" / str(number)).touch()
    asked = ("-e", "w.py", "-i", "data", "--skip_status", "5")
    assert shell.run(*asked).status == 0
    shell.write("data/7", "changed")
    skipped = shell.run(*asked)
    assert (skipped.status, UNSEEN.format("data") in "\n" + skipped.err) == (0, True)
    assert "Running again" in shell.run(*asked, "--if_changed").err


def test_a_skip_names_what_changed_with_values_and_if_changed_runs_again(shell: Shell) -> None:
    shell.write("w.py", COUNTS)
    shell.write("data/a", "1")
    variables = ("--job_env", "SAME", "hidden1", "--job_env", "OLD", "hidden2")
    shell.run("-e", "w.py", "-i", "data", "--lr", "1", "--drop", "yes", *variables, "--", "one")
    shell.write("w.py", COUNTS + "#")
    shell.write("other/a", "1")
    changed = ("-e", "w.py", "-i", "other", "--lr", "2", "--job_env", "KEY", "hidden", "--job_env", "SAME", "hidden")
    arguments = ("--", "one", "two words")
    skipped = shell.run(*changed, "--skip_status", "17", *arguments)
    assert skipped.status == 17
    lines = skipped.err.splitlines()
    start = lines.index("What this run asks for differs from what that job had:")
    assert lines[start - 1].startswith("Nothing ran: task-")
    assert sorted(lines[start + 1 : start + 7]) == [
        "  arguments: one -> one 'two words'",
        "  code: w.py changed",
        "  data: data -> other",
        "  drop: yes -> not given",
        "  environment: KEY is new, OLD is gone, SAME changed",
        "  lr: 1 -> 2",
    ]
    assert "Completed" not in skipped.err
    assert "hidden" not in skipped.err
    assert shell.run(*changed, *arguments).status == 0
    assert len(shell.jobs()) == 1
    assert "run number 2" in shell.run(*changed, "--if_changed", *arguments).out
    unchanged = shell.run(*changed, "--skip_status", "17", "--if_changed", *arguments)
    assert (unchanged.status, "differs" in unchanged.err) == (0, False)
    shell.write("other/a", "12")
    again = shell.run(*changed, "--if_changed", *arguments)
    assert "inputs" in again.err
    assert "run number 3" in again.out


def test_a_skip_names_the_files_of_the_code_and_the_instances_that_differ(shell: Shell) -> None:
    for name in ("w.py", "kept.py", "gone.py", "tool.sh"):
        shell.write(f"code/{name}", "print(1)")
    options = ("-s", "code", "-e", "w.py")
    shell.run(*options)
    shell.write("code/w.py", "print(2)")
    shell.write("code/new \x1b[31m.py", "")
    (shell.folder / "code/tool.sh").chmod(0o755)
    (shell.folder / "code/gone.py").unlink()
    skipped = shell.run(*options, "--ic", "2", "--skip_status", "17")
    assert skipped.status == 17
    lines = skipped.err.splitlines()
    code = next(line for line in lines if line.startswith("  code: "))
    gone, new, tool, changed = code.removeprefix("  code: ").split(", ")
    assert (gone, tool, changed) == ("gone.py is gone", "tool.sh mode 644 -> 755", "w.py changed")
    assert new.startswith("new ")
    assert "\x1b" not in new
    assert "  instance count: 1 -> 2" in lines
    assert "instance count: 1 -> 2" in shell.run(*options, "--ic", "2", "--if_changed").err
    assert "Nothing ran" in shell.run(*options, "--ic", "2", "--if_changed", "--skip_status", "17").err
    assert len(shell.jobs()) == 2


def test_an_input_rewritten_with_its_size_and_time_is_changed(shell: Shell) -> None:
    shell.write("w.py", "import os; print('read', open(os.environ['SM_CHANNEL_DATA'] + '/a').read())")
    shell.write("data/a", "1")
    before = (shell.folder / "data/a").stat()
    options = ("-e", "w.py", "-i", "data", "--if_changed")
    assert "read 1" in shell.run(*options).out
    shell.write("data/a", "2")
    os.utime(shell.folder / "data/a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "read 2" in shell.run(*options).out
    assert "Nothing ran" in shell.run(*options).err


def test_a_new_job_of_the_task_before_makes_a_skip_differ(shell: Shell) -> None:
    shell.write("prep.py", "import os; open(os.environ['SM_MODEL_DIR'] + '/m', 'w').write('1')")
    shell.write("w.py", "print('evaluated')")
    prepare = ("run", "-p", "proj", "-t", "prep", "-e", "prep.py")
    chain = ("-e", "w.py", "--iit", "data", "prep", "model")
    assert shell.ssm(*prepare).status == 0
    first = shell.jobs()[0].name
    shell.run(*chain)
    assert "differs" not in shell.run(*chain, "--skip_status", "5").err
    assert shell.ssm(*prepare, "--fr").status == 0
    stale = shell.run(*chain, "--skip_status", "5")
    (second,) = (job.name for job in shell.jobs() if job.name.startswith("prep-") and job.name != first)
    assert stale.status == 5
    assert f"data: model of {first} -> model of {second}" in stale.err
    assert UNSEEN.format("data") in stale.err
    assert "evaluated" in shell.run(*chain, "--if_changed").out


def test_running_again_can_be_the_default_and_keep_state_beats_it(shell: Shell) -> None:
    shell.environment["SSM_RERUN"] = "if_changed"
    shell.write("w.py", COUNTS)
    shell.run("-e", "w.py", "--lr", "1")
    assert "Nothing ran" in shell.run("-e", "w.py", "--lr", "1").err
    assert "Nothing ran" in shell.run("-e", "w.py", "--lr", "2", "--keep_state").err
    assert "run number 2" in shell.run("-e", "w.py", "--lr", "2").out
    shell.environment["SSM_RERUN"] = "always"
    assert "SSM_RERUN=always" in shell.run("-e", "w.py").err


def test_a_failed_task_runs_again_on_the_state_it_left(shell: Shell) -> None:
    shell.write("w.py", COUNTS + "raise SystemExit(1)")
    assert shell.run("-e", "w.py").status == 1
    shell.write("w.py", COUNTS)
    assert "run number 2" in shell.run("-e", "w.py").out


def test_a_newer_failure_makes_a_completed_task_run_again(shell: Shell) -> None:
    shell.write("w.py", COUNTS)
    shell.run("-e", "w.py")
    shell.write("w.py", COUNTS + "raise SystemExit(1)")
    shell.run("-e", "w.py", "--fr")
    assert "run number 3" in shell.run("-e", "w.py").out


def test_six_commands_at_once_make_one_job_and_all_end_right(shell: Shell) -> None:
    shell.write("w.py", COUNTS + WAITS)
    with ThreadPoolExecutor(7) as pool:
        running = [pool.submit(shell.run, "-e", "w.py", "-o", f"out{number}") for number in range(6)]
        open_gate(shell)
        done: list[Done] = [one.result() for one in running]
    assert [one.status for one in done] == [0] * 6, [one.err for one in done]
    assert len(shell.jobs()) == 1
    assert all("run number 1" in shell.log(f"out{number}") for number in range(6))


def test_a_second_command_joins_a_job_in_progress_and_shares_its_end(shell: Shell) -> None:
    shell.write("w.py", "import os, time\nwhile not os.path.exists('/state/go'): time.sleep(0.05)\nraise SystemExit(9)")
    argv = shell.command("run", "-p", "proj", "-t", "task", "-e", "w.py")
    first = subprocess.Popen(argv, cwd=shell.folder, env=shell.environment, stderr=subprocess.PIPE)
    while not shell.jobs():
        time.sleep(0.05)
    refused = shell.run("-e", "w.py", "--cs")
    assert refused.status == 2
    assert "in progress" in refused.err
    second = subprocess.Popen(argv, cwd=shell.folder, env=shell.environment, stderr=subprocess.PIPE)
    assert second.stderr
    assert b"Joining" in second.stderr.readline()
    (shell.jobs()[0] / "algo-1/state/go").touch()
    for process in (first, second):
        process.communicate(timeout=300)
    assert (first.returncode, second.returncode) == (1, 1)
    assert len(shell.jobs()) == 1


def test_a_claim_of_a_command_that_died_is_taken_over(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    key = "proj/task/claim.json"
    dead = {"job": "task-2020-01-01-00-00-00-AAAAAAAA", "at": "2020-01-01T00:00:00+00:00"}
    shell.bucket_file("sagemaker-us-east-1-000000000000", key, json.dumps(dead).encode())
    assert "ran" in shell.run("-e", "w.py").out


def test_outputs_of_one_task_feed_another(shell: Shell) -> None:
    shell.write(
        "make.py",
        "import os, pathlib\nfor v, n in (('SM_MODEL_DIR', 'm'), ('SM_OUTPUT_DATA_DIR', 'o'), ('SSM_STATE', 's')):\n"
        "    pathlib.Path(os.environ[v], n).write_text(n)",
    )
    shell.write("list.py", "import os\nfor c in 'mosc': print(c, os.listdir(os.environ['SM_CHANNEL_' + c.upper()]))")
    assert shell.ssm("run", "-p", "proj", "-t", "one", "-e", "make.py").status == 0
    argv = [
        w
        for c, kind in (("m", "model"), ("o", "output"), ("s", "state"), ("c", "source"))
        for w in ("--iit", c, "one", kind)
    ]
    done = shell.run("-e", "list.py", *argv, "-o", "out")
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-4:] == [
        "m ['model.tar.gz']",
        "o ['output.tar.gz']",
        "s ['s']",
        "c ['sourcedir.tar.gz']",
    ]


def test_an_output_of_a_task_in_progress_is_waited_for(shell: Shell) -> None:
    shell.write("make.py", f"import os\n{WAITS}open(os.environ['SM_MODEL_DIR'] + '/m', 'w').close()")
    shell.write("list.py", "import os; print(os.listdir(os.environ['SM_CHANNEL_X']))")
    argv = shell.command("run", "-p", "proj", "-t", "one", "-e", "make.py")
    second = shell.command("run", "-p", "proj", "-t", "task", "-e", "list.py", "--iit", "x", "one", "model")
    first = subprocess.Popen(argv, cwd=shell.folder, env=shell.environment, stdout=subprocess.DEVNULL)
    try:
        while not shell.jobs():
            time.sleep(0.05)
        with subprocess.Popen(
            second,
            cwd=shell.folder,
            env=shell.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as waiting:
            assert waiting.stdout
            assert waiting.stderr
            assert any("Waiting for" in line for line in waiting.stderr)
            open_gate(shell)
            assert "model.tar.gz" in waiting.stdout.read()
            assert waiting.wait(60) == 0
        assert first.wait(60) == 0
    finally:
        first.kill()


def test_a_local_model_comes_as_the_model_channel(shell: Shell) -> None:
    shell.write("model.tar.gz", "packed")
    shell.write("w.py", "import os; print(open(os.environ['SM_CHANNEL_MODEL'] + '/model.tar.gz').read())")
    assert "packed" in shell.run("-e", "w.py", "--model_uri", "model.tar.gz").out


def test_code_is_sent_without_secrets_and_not_a_second_time(shell: Shell) -> None:
    shell.write("code/w.py", "import os; print('found:', *sorted(os.listdir('.')))")
    for name in (".env", "x.log", "kept.log", "__pycache__/w.pyc"):
        shell.write(f"code/{name}", "A=1")
    shell.write("code/.gitignore", "kept.log")
    shell.write("code/.ssmignore", "*.log\n!kept.log")
    shell.write("code/large.txt", "".join(f"{number}\n" for number in range(200_000)))
    argv = ["-s", "code", "-e", "w.py", "--use_gitignore", "--force_running"]
    first, second = shell.run(*argv, "--lr", "1"), shell.run(*argv, "--lr", "2", "--", "more")
    for done in (first, second):
        assert done.status == 0, done.err
        assert "found: .gitignore kept.log large.txt launcher.py run.json" in done.out
        assert "look like secrets: 'code/.env'" in done.err
    assert "not sent again" not in first.err
    assert "so it is not sent again" in second.err


def test_the_folder_of_another_task_is_neither_mirrored_nor_cleared(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    shell.write("data/a", "1")
    inner = shell.ssm("run", "--prefix", "proj/", "-p", "task", "-t", "other", "-e", "w.py")
    assert inner.status == 0, inner.err
    for folder, option in (("input", ("-i", "data")), ("state", ("--clean_state",))):
        taken = shell.home / "buckets/sagemaker-us-east-1-000000000000/proj/task"
        (taken / "other").rename(taken / folder)
        refused = shell.run("-e", "w.py", *option)
        assert refused.status == 2, refused.err
        assert "is the folder of another task" in refused.err
        (taken / folder).rename(taken / "other")


def test_a_name_that_is_not_utf_8_is_left_out_of_the_state_by_name_and_refused_as_an_input(shell: Shell) -> None:
    line = r"printf x > $(printf '/state/bad\377'); echo y > /state/good"
    odd = ("shell", "-p", "proj", "-t", "odd", "--cmd_line", line)
    done = shell.ssm(*odd)
    assert done.status == 0, done.err
    assert "bad" in done.out
    assert "not UTF-8" in done.out
    shell.write("ls.sh", "ls $SM_CHANNEL_CH")
    read = shell.run("-e", "ls.sh", "--iit", "ch", "odd", "state")
    assert read.status == 0, read.err
    assert "| good" in read.out
    (shell.home / "buckets/mine").mkdir()
    (shell.home / "buckets/mine" / os.fsdecode(b"bad\xff")).write_text("x")
    refused = shell.ssm("run", "-p", "proj", "-t", "other", "-e", "ls.sh", "--iis", "ch", "s3://mine/")
    assert "not UTF-8" in refused.err
    assert "InternalServerError" not in refused.err
