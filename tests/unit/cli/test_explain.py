"""``ssm explain`` finds an entry by whatever people have of it, and fits on a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import pytest

from simple_sagemaker.cli.explain import pointer
from simple_sagemaker.cli.main import status_of
from simple_sagemaker.cli.troubleshooting.entry import ANY
from simple_sagemaker.cli.troubleshooting.find import entry_of, near_words, search
from simple_sagemaker.cli.troubleshooting.table import ENTRIES

# As AWS, Docker, pip, PyTorch and the kernel have them, with what stands around them in a log.
PASTED = {
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance "
    "type.": "capacity",
    "InternalServerError: We encountered an internal error. Please try again.": "internal-error",
    "botocore.errorfactory.ResourceLimitExceeded: An error occurred (ResourceLimitExceeded) when calling the "
    "CreateTrainingJob operation: The account-level service limit 'ml.p3.2xlarge for spot training job usage' is 0 "
    "Instances, with current utilization of 0 Instances and a request delta of 1 Instances.": "quota",
    "An error occurred (AccessDeniedException) when calling the CreateTrainingJob operation: User: arn:aws:iam::1:u/x "
    "is not authorized to perform: sagemaker:CreateTrainingJob": "denied",
    "ClientError: Data download failed:Insufficient disk space": "disk",
    "ClientError: Artifact upload failed:Insufficient disk space": "disk",
    "OSError: [Errno 28] No space left on device: '/opt/ml/model/x'": "disk",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.78 GiB)": "gpu-memory",
    "RuntimeError: DataLoader worker (pid 71) is killed by signal: Bus error. It is possible that dataloader's workers "
    "are out of shared memory. Please try to raise your shared memory limit.": "shared-memory",
    "ERROR: Could not find a version that satisfies the requirement torch==9 (from versions: none)": "requirements",
    "ModuleNotFoundError: No module named 'sklearn'": "module",
    "docker: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?": "docker",
    "standard_init_linux.go:228: exec user process caused: exec format error": "platform",
    "botocore.exceptions.NoCredentialsError: Unable to locate credentials": "credentials",
    "An error occurred (ExpiredTokenException): The security token included in the request is expired": "expired",
    "ClientError: Data download failed:Could not assume role arn:aws:iam::1:role/x": "role",
    "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: https://x": "network",
    "SSL: CERTIFICATE_VERIFY_FAILED": "certificate",
    "Failed. Reason: MaxRuntimeExceeded": "max-run",
}


def said(*argv: str) -> int | str | None:
    """The exit status of ``ssm explain``, which ends as a help page does."""
    try:
        return status_of(["explain", *argv])
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize(("message", "word"), PASTED.items(), ids=PASTED.values())
def test_a_pasted_message_leads_to_its_entry(message: str, word: str) -> None:
    assert search(message)[0].word == word
    assert search(f"2030-01-31 algo-1 {message}\n".upper())[0].word == word


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.word)
def test_an_entry_is_found_by_its_word_its_statuses_and_its_messages(entry: object) -> None:
    assert isinstance(entry, type(ENTRIES[0]))
    assert search(entry.word)[0] == entry
    assert search(entry.word.replace("-", " ").upper())[0] == entry
    for status in entry.statuses:
        assert search(str(status)) == search(f"exit code {status}") == search(f"Exit status {status}") == [entry]
    for message in (one for one in entry.messages if len(one.replace(ANY, "").replace(" ", "")) >= 9):
        assert entry in search(message.replace(ANY, "x")), message
    for word in entry.also.split():
        assert entry in search(word), word


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("oom", "out-of-memory"),
        ("spot interrupted", "spot"),
        ("disk full", "disk"),
        ("SSM_PYTHON", "python"),
        ("--max_run_mins", "max-run"),
        ("import error module", "module"),
        ("exec format", "platform"),
        ("no region", "region"),
        ("windows", "engine"),
        ("permission denied docker", "docker"),
        ("uses too much memory gpu", "gpu-memory"),
    ],
)
def test_words_of_ones_own_lead_to_it(typed: str, word: str) -> None:
    assert word in [entry.word for entry in search(typed)[:3]]


@pytest.mark.parametrize("words", [["capasity"], ["the", "spott"], ["kredentials"]])
def test_a_slip_gets_the_nearest_words(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert said(*words) == 2
    told = capsys.readouterr().err
    assert any(f"ssm explain {word}" in told for word in ("capacity", "spot", "credentials"))


def test_a_whole_log_is_looked_through_at_once() -> None:
    log = "".join(f"2030-01-31 step {number} loss=0.{number} zzq{number}qqz\n" for number in range(3000))
    began = time.process_time()
    assert len(near_words(log)) <= 4
    assert search(f"{log}RuntimeError: CUDA out of memory. Tried to allocate 2 GiB\n{log}")[0].word == "gpu-memory"
    assert time.process_time() - began < 5


def test_a_guess_is_called_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("why", "is", "the", "gpu", "memory", "purple") == 0
    out, err = capsys.readouterr()
    assert out.startswith("gpu-memory:")
    assert err.startswith("No entry has all of these words")
    assert said("gpu", "memory") == said("137") == said("No space left on device: /x") == 0
    assert capsys.readouterr().err == ""


def test_nothing_is_made_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("zzzqqq", "xxyyzz") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "'ssm explain' lists all words" in err
    assert entry_of("epoch 3 loss=0.5") is None


@pytest.mark.parametrize("columns", [50, 80])
def test_a_page_can_be_read_on_a_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for entry in ENTRIES:
        assert said(entry.word) == 0
        page = capsys.readouterr().out
        assert page.startswith(f"{entry.word}: {entry.title}")
        long = [line for line in page.splitlines()[1:] if len(line) > min(columns, 80)]
        assert not [line for line in long if " " in line.strip() and "https://" not in line], entry.word


def test_without_words_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert said() == 0
    lines = capsys.readouterr().out.splitlines()
    assert {entry.word for entry in ENTRIES} <= {line.split()[0] for line in lines}


def test_json_has_the_entries_that_were_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("--json") == 0
    assert [one["word"] for one in json.loads(capsys.readouterr().out)] == [entry.word for entry in ENTRIES]
    assert said("gpu", "memory", "--json") == 0
    (first, *_) = json.loads(capsys.readouterr().out)
    assert (first["word"], first["theirs"][0]) == ("gpu-memory", "CUDA out of memory")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('Failed after 9 s: j\nAlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage "boom"', ""),
        ('Failed: j\nAlgorithmError: x\nErrorMessage "CUDA out of memory. Tried", exit code: 1', "gpu-memory"),
        ("Stopped after 60 s: j (it ran longer than --max_run_mins 1)", "max-run"),
        ("Stopped after 60 s: j (asked to stop)", ""),
        (
            "InternalServerError: x does not answer as a Python 3.6 or newer: (see supervisor.log in the job's folder)",
            "python",
        ),
        ("InternalServerError: KeyError: 'x' (see supervisor.log in the job's folder)", "internal-error"),
        ('ExitCode 126\nErrorMessage "/bin/bash: line 1: ./run.py: Permission denied"', "command-not-found"),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/input/data/train'", "paths"),
        ("-e id_rsa is left out of the code, so nothing could run it.", "entry-point"),
        ("--role_name x: the account 000000000000 has no such role.", "role"),
        ("There is no image of pytorch 9.9; the nearest versions are 2.13, 2.14.", "image-missing"),
        ("Something that nobody has described", ""),
    ],
)
def test_an_error_points_to_an_entry_that_adds_to_it(text: str, line: str) -> None:
    assert pointer(text) == (f"More about it: ssm explain {line}" if line else "")


def test_a_page_names_the_entries_that_may_be_meant_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = [entry.word for entry in search("memory")]
    assert len(found) > 2
    said("memory")
    out = capsys.readouterr().out
    assert out.startswith(f"{found[0]}: ")
    listed = [
        line.split()[2].rstrip(":") for line in out.partition("See also")[2].splitlines() if "ssm explain" in line
    ]
    assert listed == found[1 : len(listed) + 1]
    assert listed


def test_of_words_that_are_near_four_are_named_and_short_ones_are_not_looked_at() -> None:
    assert near_words("qouta dsik modul rolee netwrok capacty") == near_words("qouta dsik modul rolee")
    assert len(near_words("qouta dsik modul rolee netwrok capacty")) == 4
    assert near_words("ot qouta") == near_words("qouta")


@pytest.mark.parametrize(
    ("word", "entry"),
    [
        ("available", "capacity"),
        ("deleted", "code-gone"),
        ("distributed", "rendezvous"),
        ("iam", "denied"),
        ("installed", "module"),
        ("instances", "quota"),
        ("macos", "paths"),
        ("oom", "out-of-memory"),
        ("remote", "remote-docker"),
        ("retry", "internal-error"),
        ("slow", "metric-slow"),
        ("timeout", "max-run"),
    ],
)
def test_one_word_leads_to_what_is_about_it_and_not_to_a_message_that_has_it(word: str, entry: str) -> None:
    assert search(word)[0].word == entry
