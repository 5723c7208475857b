"""``ssm run`` and ``ssm shell`` from prompt to results."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

SHOW = "import json, sys\nprint('ARGV', json.dumps(sys.argv[1:]))\n"


def argv(text: str) -> list[str]:
    """What the script says its arguments were."""
    line = next(line for line in text.splitlines() if line.startswith("ARGV "))
    found: list[str] = json.loads(line[5:])
    return found


def test_every_host_runs_the_script_and_has_a_log_of_its_own(shell: Shell) -> None:
    shell.write("w.py", "import os; print('I am', os.environ['SM_CURRENT_HOST'])")
    done = shell.run("-e", "w.py", "--ic", "2", "-o", "out", "--it", "ml.p3.2xlarge")
    assert done.status == 0, done.err
    assert [shell.log(number=number).splitlines()[-1] for number in (0, 1)] == ["I am algo-1", "I am algo-2"]
    assert "algo-1 | I am algo-1" in done.out
    assert "algo-2 | I am algo-2" in done.out
    assert "Completed" in done.err
    assert "cat out/logs/logs0" in done.err


def test_the_command_that_shows_a_log_can_be_pasted_whatever_the_folder_is_called(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    done = shell.run("-e", "w.py", "-o", "my results")
    assert "\nNext: cat 'my results/logs/logs0'\n" in done.err
    again = shell.ssm("data", "-p", "proj", "-t", "task", "-o", "my copy")
    assert "\nNext: cat 'my copy/logs/logs0'\n" in again.out + again.err


def test_results_go_to_stdout_and_progress_to_stderr(shell: Shell) -> None:
    shell.write("w.py", "import sys; print('to out'); print('to err', file=sys.stderr)")
    done = shell.run("-e", "w.py")
    assert all(line.startswith("algo-1 | ") for line in done.out.splitlines())
    assert "to err" in done.out
    assert "algo-1 |" not in done.err


def test_hyperparameters_come_as_arguments_and_in_the_worker_library(shell: Shell) -> None:
    shell.write("w.py", SHOW + "from worker_toolkit import worker_lib\nprint(worker_lib.WorkerConfig(False).hps)")
    done = shell.run("-e", "w.py", "--msg", "Hello, world!", "--lr", "-inf", "--hp", "task", "3", "-o", "out")
    assert done.status == 0, done.err
    assert argv(shell.log()) == ["--lr", "-inf", "--msg", "Hello, world!", "--task", "3"]
    assert shell.log().splitlines()[-1] == "{'lr': '-inf', 'msg': 'Hello, world!', 'task': '3'}"


def test_a_hyperparameter_that_may_be_a_slip_is_passed_on_and_a_line_says_so(shell: Shell) -> None:
    shell.write("w.py", "")
    done = shell.run("-e", "w.py", "--icc", "2", "--dry_run")
    assert done.status == 0, done.err
    assert done.err.splitlines()[0] == (
        "Note: --icc 2 is a hyperparameter of your code. Was --ic 2 meant? If not, --hp icc 2 says so."
    )
    assert '"icc"' in done.out
    assert "Note:" not in shell.run("-e", "w.py", "--hp", "icc", "2", "--dry_run").err


def test_the_banner_names_the_command_as_the_documents_show_it(shell: Shell) -> None:
    shell.write("worker2.py", "print('x')")
    shell.run("-e", "worker2.py", "--msg", "Hello, world!", "-o", "out")
    text = shell.log()
    assert "Invoking script with the following command:\n\n" in text
    assert text.split("following command:\n\n")[1].splitlines()[0].endswith("python worker2.py --msg Hello, world!")


@pytest.mark.parametrize("kind", ["py", "sh", "shell"])
def test_everything_after_two_dashes_arrives_byte_for_byte(shell: Shell, kind: str) -> None:
    words = ["", " ", "a  b", "$(touch x)", "$HOME", "*", "'", '"', "\\", "new\nline", "é☃", "--", "--it", "-x", "`x`"]
    shell.write("w.py", SHOW)
    shell.write("code/w.sh", 'python3 show.py "$@"')
    shell.write("code/show.py", SHOW)
    entry = {
        "py": ("run", "-e", "w.py"),
        "sh": ("run", "-s", "code", "-e", "w.sh"),
        "shell": ("shell", "--dir_files", "code", "--cmd_line", "python3 show.py"),
    }[kind]
    done = shell.ssm(*entry, "-p", "p", "-t", "t", "-o", "out", "--", *words)
    assert done.status == 0, done.err
    assert argv(shell.log()) == words


def test_bytes_that_are_no_text_arrive_too(shell: Shell) -> None:
    shell.write("w.py", "import os, sys; print([os.fsencode(word) for word in sys.argv[1:]])")
    done = shell.run("-e", "w.py", "-o", "out", "--", b"\xff\xfe", "é".encode())
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-1] == repr([b"\xff\xfe", "é".encode()])


def test_ten_thousand_arguments_arrive(shell: Shell) -> None:
    words = [f"argument number {number}" for number in range(10_000)]
    shell.write(
        "w.py", "import hashlib, sys; print(len(sys.argv), hashlib.md5('|'.join(sys.argv[1:]).encode()).hexdigest())"
    )
    done = shell.run("-e", "w.py", "-o", "out", "--", *words)
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-1] == f"10001 {hashlib.md5('|'.join(words).encode()).hexdigest()}"


def test_a_shell_command_sees_the_variables_and_runs_in_the_code_folder(shell: Shell) -> None:
    shell.write("files/data.txt", "from a file\n")
    done = shell.ssm(
        *("shell", "-p", "p", "-t", "t", "-o", "out", "--dir_files", "files", "--greeting", "hi"),
        *("--cmd_line", 'cat /proc/cpuinfo | head -1 && cat data.txt && echo "$SM_HP_GREETING $SSM_HOST_RANK $PWD"'),
    )
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-2:] == ["from a file", "hi 0 /opt/ml/code"]


def test_a_command_line_longer_than_any_limit_of_the_api_runs(shell: Shell) -> None:
    command = "echo " + "x" * 60_000 + "; echo end"
    done = shell.ssm("shell", "-p", "p", "-t", "t", "-o", "out", "--cmd_line", command)
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-2:] == ["x" * 60_000, "end"]


def test_a_sh_entry_in_a_source_folder_gets_hyperparameters_and_needs_no_execute_bit(shell: Shell) -> None:
    shell.write("code/go.sh", 'cat note; echo "args: $*"')
    shell.write("code/note", "beside me\n")
    done = shell.run("-s", "code", "-e", "go.sh", "--foo", "bar", "-o", "out")
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-2:] == ["beside me", "args: --foo bar"]


def test_source_folders_dependencies_and_the_worker_library_lie_in_one_folder(shell: Shell) -> None:
    shell.write("code/pkg/mod.py", "NAME = 'inside'")
    shell.write("code/w.py", "from pkg import mod; import lib1.one, two; print(mod.NAME, lib1.one.NAME, two.NAME)")
    shell.write("deps/lib1/one.py", "NAME = 'one'")
    shell.write("deps/two.py", "NAME = 'two'")
    done = shell.run("-s", "code", "-e", "w.py", "-d", "deps/lib1", "deps/two.py", "-o", "out")
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-1] == "inside one two"


def test_a_packed_source_in_a_bucket_runs(shell: Shell) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in (("w.py", b"import other; print(other.X)"), ("other.py", b"X = 'from the archive'")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    shell.bucket_file("code", "a/src.tar.gz", packed.getvalue())
    done = shell.run("-s", "s3://code/a/src.tar.gz", "-e", "w.py", "-o", "out")
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-1] == "from the archive"
    assert shell.run("-s", "s3://code/a/src.tar.gz", "-e", "no.py").status == 4
    assert shell.run("-s", "s3://code/a/none.tar.gz", "-e", "w.py").status == 4


def test_local_and_bucket_inputs_come_as_channels(shell: Shell) -> None:
    shell.write("data/a.txt", "A")
    shell.write("data/sub/b.txt", "B")
    shell.bucket_file("public", "x/persons.json", b"{}")
    script = "import os, pathlib\nfor name in ('DATA', 'PERSONS'):\n"
    script += "    top = pathlib.Path(os.environ['SM_CHANNEL_' + name])\n"
    script += "    print(name, sorted(str(p.relative_to(top)) for p in top.rglob('*') if p.is_file()))\n"
    script += "print(os.environ['SM_CHANNELS'])"
    shell.write("w.py", script)
    done = shell.run("-e", "w.py", "-i", "data", "--iis", "persons", "s3://public/x/persons.json", "-o", "out")
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-3:] == [
        "DATA ['a.txt', 'sub/b.txt']",
        "PERSONS ['persons.json']",
        '["data","persons"]',
    ]


def test_a_deleted_file_leaves_the_input_and_each_channel_keeps_its_own_distribution(shell: Shell) -> None:
    shell.write("data/a.txt", "A")
    shell.write("data/b.txt", "B")
    shell.bucket_file("other", "k/1")
    shell.bucket_file("other", "k/2")
    script = "import os\nfor c in ('DATA', 'N'):\n    print(c, sorted(os.listdir(os.environ['SM_CHANNEL_' + c])))"
    shell.write("w.py", script)
    words = (
        "-e",
        "w.py",
        "-i",
        "data",
        "FullyReplicated",
        "--iis",
        "n",
        "s3://other/k/",
        "ShardedByS3Key",
        "--ic",
        "2",
    )
    shell.run(*words, "-o", "out")
    assert shell.log().splitlines()[-2:] == ["DATA ['a.txt', 'b.txt']", "N ['1']"]
    assert shell.log(number=1).splitlines()[-2:] == ["DATA ['a.txt', 'b.txt']", "N ['2']"]
    (shell.folder / "data/b.txt").unlink()
    shell.run(*words, "--force_running", "-o", "out")
    assert shell.log().splitlines()[-2] == "DATA ['a.txt']"


def test_without_a_subcommand_it_is_run_with_the_early_names(shell: Shell) -> None:
    shell.write("w.py", "print('early')")
    done = shell.ssm(
        "-p", "p", "-t", "t", "-e", "w.py", "-m", "--aws_repo", "repo", "--python_version", "py312", "-o", "out"
    )
    assert done.status == 0, done.err
    assert shell.log().splitlines()[-1] == "early"


def test_a_job_that_fails_brings_its_logs_and_says_why(shell: Shell) -> None:
    shell.write("w.py", "print('so far'); raise ValueError('no such thing')")
    done = shell.run("-e", "w.py", "-o", "out")
    assert done.status == 1
    assert "ValueError: no such thing" in done.err
    assert "Traceback" not in done.err
    assert "so far" in shell.log()


def test_version_and_help_need_no_engine(shell: Shell) -> None:
    assert shell.ssm("--version").out.strip().endswith("0.1.0")
    for words in (("-h",), ("run", "-h"), ("shell", "-h")):
        done = shell.ssm(*words)
        assert done.status == 0
        assert "usage: ssm" in done.out


def test_a_closed_pipe_does_not_hide_how_the_job_ends(shell: Shell) -> None:
    shell.write("w.py", "for n in range(20000): print('line', n)\nraise SystemExit(3)")
    words = [str(word) for word in shell.command("run", "-p", "p", "-t", "t", "-e", "w.py")]
    piped = subprocess.run(
        ["bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "bash", *words],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert piped.returncode == 1
    assert piped.stdout.startswith("algo-1 | ")
    assert "Traceback" not in piped.stderr
    assert "exit code: 3" in piped.stderr


def test_an_output_that_knows_no_such_letters_gets_escapes(shell: Shell) -> None:
    shell.write("w.py", "print('a \\u2192 b')")
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = shell.ssm("run", "-p", "p", "-t", "t", "-e", "w.py", environment=plain)
    assert done.status == 0, done.err
    assert r"a \u2192 b" in done.out


def test_a_home_that_cannot_be_made_is_one_sentence(shell: Shell) -> None:
    shell.write("w.py", "")
    file = shell.write("file", "")
    done = shell.ssm("run", "-p", "p", "-t", "t", "-e", "w.py", environment={"SSM_HOME": str(file)})
    assert done.status == 1
    assert "Traceback" not in done.err
    assert str(file) in done.err


def test_a_job_whose_folder_is_deleted_ends(shell: Shell) -> None:
    shell.write("w.py", "import time\nprint('ready', flush=True)\ntime.sleep(300)")
    words = shell.command("run", "-p", "p", "-t", "t", "-e", "w.py")
    command = subprocess.Popen(words, cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE)
    assert command.stdout
    while b"ready" not in command.stdout.readline():
        pass
    supervisor = int((shell.jobs()[0] / "supervisor.pid").read_text())
    shutil.rmtree(shell.jobs()[0], ignore_errors=True)
    assert command.wait(30) == 1
    command.stdout.close()
    limit = time.monotonic() + 300
    while Path(f"/proc/{supervisor}").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not Path(f"/proc/{supervisor}").exists()


def test_a_supervisor_killed_before_the_code_runs_is_the_reason_and_no_log_is_named(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    words = shell.command("run", "-p", "proj", "-t", "task", "-e", "w.py", "-o", "out")
    waiting = {**shell.environment, "SSM_SPOT_WAIT_S": "300"}
    with subprocess.Popen(words, cwd=shell.folder, env=waiting, stderr=subprocess.PIPE, text=True) as command:
        limit = time.monotonic() + 300
        while not any((job / "supervisor.pid").exists() for job in shell.jobs()):
            assert time.monotonic() < limit
            time.sleep(0.02)
        os.kill(int((shell.jobs()[0] / "supervisor.pid").read_text()), signal.SIGKILL)
        printed = command.communicate(timeout=300)[1]
    assert command.returncode == 1
    assert "InternalServerError: the supervisor of this job ended before the job did" in printed
    assert "Results: out/ (logs)" in printed
    assert "Next:" not in printed
    again = shell.run("-e", "w.py", "-o", "out")
    assert (again.status, "Next: cat out/logs/logs0" in again.err) == (0, True)


def test_a_named_bucket_that_is_not_there_is_made_and_said(shell: Shell) -> None:
    shell.write("w.py", "print('in it')")
    done = shell.run("-e", "w.py", "-b", "not-there")
    assert done.status == 0
    assert "Bucket: created not-there" in done.err
    assert (shell.home / "buckets/not-there/proj/task").is_dir()


def test_a_mistyped_bucket_is_not_made(shell: Shell) -> None:
    shell.write("w.py", "print('in it')")
    assert shell.run("-e", "w.py", "-b", "my-bucket").status == 0
    refused = shell.run("-e", "w.py", "-b", "my-bukcet")
    assert refused.status == shell.run("-e", "w.py", "-b", "my-bukcet", "--dry_run").status == 2
    assert "-b my-bukcet: there is no such bucket; did you mean my-bucket?" in refused.err
    assert not (shell.home / "buckets/my-bukcet").exists()
    stored = shell.ssm("data", "-p", "proj", "-t", "task", "-b", "my-bukcet", "-o", "out")
    assert "there is no such bucket. Did you mean my-bucket?" in stored.err
    advice = refused.err.partition("create it: ")[2].splitlines()[0]
    assert advice.startswith("mkdir ")
    Path(advice.removeprefix("mkdir ")).mkdir()
    assert shell.run("-e", "w.py", "-b", "my-bukcet").status == 0
    assert shell.run("-e", "w.py", "-b", "my-bucket2").status == 0


def test_an_image_is_not_asked_for_where_none_is_used(shell: Shell) -> None:
    shell.write("w.py", "print('ran')")
    done = shell.run("-e", "w.py", "-f", "huggingface")
    assert "ran" in done.out
    assert "Here no image is used. On AWS: ml.m5.large needs an image for cpu" in done.err


def test_the_last_value_of_each_metric_is_shown_at_the_end(shell: Shell) -> None:
    shell.write("w.py", "for step in range(3): print(f'loss={1 / (step + 1):.3f} acc={step * 0.25}')")
    metrics = ("--md", "loss", r"loss=(\S+)", "--md", "accuracy", r"acc=(\S+)")
    done = shell.run("-e", "w.py", *metrics)
    assert (
        "\nMetrics     last   best\n  loss      0.333  0.333 (lowest)\n  accuracy  0.5    0.5 (highest)\n" in done.err
    )
    skipped = shell.run("-e", "w.py", *metrics)
    assert "Metrics" not in skipped.err


def test_the_best_value_is_told_by_the_metrics_name_and_a_range_where_it_does_not_tell(shell: Shell) -> None:
    shell.write("w.py", "for x in (3, 1, 2): print(f'x={x} loss={x} valAcc={x}')\nprint('loss=nan once=7')")
    metrics = [part for name in ("x", "loss", "valAcc", "once") for part in ("--md", name, rf"\b{name}=(\S+)")]
    done = shell.run("-e", "w.py", *metrics)
    rows = [line.split(maxsplit=2) for line in done.err.partition("\nMetrics")[2].splitlines()[1:5]]
    assert rows == [
        ["x", "2", "1 to 3"],
        ["loss", "nan", "1 (lowest)"],
        ["valAcc", "2", "3 (highest)"],
        ["once", "7"],
    ]


def test_every_value_of_every_metric_is_beside_the_logs(shell: Shell) -> None:
    shell.write("w.py", "for step in range(3): print(f'loss={step} a=1 a=2')")
    done = shell.run("-e", "w.py", "--ic", "2", "--md", "loss", r"loss=(\S+)", "--md", "a", r"a=(\S+)", "-o", "out")
    assert done.status == 0, done.err
    rows = list(csv.DictReader((shell.folder / "out/logs/metrics.csv").read_text().splitlines()))
    for host in ("algo-1", "algo-2"):
        values = [(row["metric"], row["number"], row["value"]) for row in rows if row["host"] == host]
        assert [value for value in values if value[0] == "loss"] == [
            *(("loss", "1", "0.0"), ("loss", "2", "1.0"), ("loss", "3", "2.0"))
        ]
        assert [value[2] for value in values if value[0] == "a"] == ["1.0", "2.0"] * 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["time"]) for row in rows)
    again = shell.ssm("data", "-p", "proj", "-t", "task", "-o", "again")
    assert again.status == 0
    assert (shell.folder / "again/logs/metrics.csv").read_text() == (shell.folder / "out/logs/metrics.csv").read_text()


def test_a_model_of_another_task_is_unpacked_by_one_call(shell: Shell) -> None:
    shell.write("train.py", "import os; open(os.environ['SM_MODEL_DIR'] + '/weights', 'w').write('learned')")
    shell.write(
        "use.py",
        "from worker_toolkit import worker_lib\n"
        "folder = worker_lib.WorkerConfig().unpack('trained')\n"
        "print('it has', open(folder + '/weights').read())\n",
    )
    assert shell.ssm("run", "-p", "proj", "-t", "train", "-e", "train.py").status == 0
    used = shell.run("-e", "use.py", "--iit", "trained", "train", "model")
    assert "it has learned" in used.out, used.err


@pytest.mark.parametrize("verb", [("run", "-e"), ("process", "--code"), ("shell", "--cmd_line")])
def test_what_runs_the_code_instead_of_the_image_is_said_once(shell: Shell, verb: tuple[str, str]) -> None:
    shell.write("w.py", "print('ran')")
    done = shell.ssm(
        verb[0], "-p", "proj", "-t", "task", "--ic", "2", verb[1], "w.py" if verb[0] != "shell" else "true"
    )
    (line,) = [line for line in done.err.splitlines() if "runs the code, not the image" in line]
    assert f"{os.path.dirname(sys.executable)}{os.sep}python" in line  # each name of it is one interpreter
    assert re.search(r"not the image [a-z-]+:\d\S+ \(SSM_PYTHON=PATH for another Python, SSM_ENGINE=docker", line)
    again = shell.ssm(
        verb[0], "-p", "proj", "-t", "task", "--ic", "2", verb[1], "w.py" if verb[0] != "shell" else "true"
    )
    assert "not the image" not in again.err


def test_what_is_typed_is_text_to_the_worker_as_the_first_release_sent_it(shell: Shell) -> None:
    told = "print('told', os.environ['SM_HPS'], os.environ['SM_HP_EPOCHS'], sys.argv[1:])"
    shell.write("w.py", f"import os, sys\n{told}\n")
    done = shell.run("-e", "w.py", "--epochs", "3", "--word", "007", "--on", "True")
    line = """told {"epochs":"3","on":"True","word":"007"} 3 ['--epochs', '3', '--on', 'True', '--word', '007']"""
    assert line in done.out, done.err


@pytest.mark.skipif(sys.platform != "linux", reason="hosts are forks on Linux alone")
@pytest.mark.parametrize(("options", "is_fork"), [((), True), (("--job_env", "SSM_PYTHON", "python3"), False)])
def test_a_host_is_a_fork_unless_a_python_is_asked_for(
    shell: Shell, options: tuple[str, ...], *, is_fork: bool
) -> None:
    shell.write("w.py", "import os\nprint('launcher' in open(f'/proc/{os.getppid()}/cmdline').read())\n")
    assert shell.ssm("run", "-p", "proj", "-t", "task", "-e", "w.py", "-o", "out", *options).status == 0
    assert ("False" if is_fork else "True") in shell.log().split()
