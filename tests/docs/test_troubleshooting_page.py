"""The troubleshooting table: its page, that it has whatever our code can end with, that it quotes what is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from simple_sagemaker import errors
from simple_sagemaker.cli.main import _INTERRUPTED
from simple_sagemaker.cli.troubleshooting.entry import ANY, Entry
from simple_sagemaker.cli.troubleshooting.table import ENTRIES
from simple_sagemaker.options.commands import COMMANDS
from simple_sagemaker.options.table import by_flag
from simple_sagemaker.payload.ssm_launcher.failure import killed_by
from tests.messages import files, filled, holds, is_printed, printed, raised

TOP = Path(__file__).parents[2]
EVERY = {entry.word: entry for entry in ENTRIES}
# Errors that a person meets; a UsageError says itself what is wrong and what to type instead.
RAISED = [
    *(name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.SsmError)),
    *("ChannelError", "CannotRun", "JobFault", "Refusal", "Unpackable", "UnsafeArchive", "DockerFailed"),
]
RAISED = [name for name in RAISED if not issubclass(getattr(errors, name, Exception), errors.UsageError)]
_LEAST_SHARE = 0.2  # of a text's characters that are to be quoted
_LONG = 18  # characters that are enough of any
# Texts that are put together elsewhere, each with its reason.
PASSED_ON = {
    "core/aws_errors.py": "the service's own text: the entry service-refused, and one for each known code",
    "cli/exec.py": "made by functions beside it, which are looked at too",
    "jobs/find_job.py": "made by a function beside it: 'There is no … of …'",
    "jobs/outcome.py": "the reason and the message of the job",
    "local/data/channels.py": "made by a function beside it: 'No S3 objects found …'",
    "images/docker/build.py": "Docker's own words",
    "local/hosts/served_model.py": "what is wrong with an address",
    "payload/ssm_launcher/pip.py": "made of a label and pip's own words",
    "tasks/stored.py": "a name and why it is none",
    "emulator/request_handler.py": "mock_aws.py's text, which is looked at too",
    "emulator/serving.py": "the same",
}


def known(text: str) -> list[str]:
    """The entries that quote this text, by one of its messages."""
    return [entry.word for entry in ENTRIES if any(_quotes(text, quote) for quote in entry.ours)]


def _quotes(text: str, quote: str) -> bool:
    """Whether a message of an entry stands in a text and is no mere scrap of it."""
    fixed, whole = (len(one.replace(ANY, "").replace(" ", "")) for one in (quote, text))
    return fixed > 3 and fixed >= min(_LONG, _LEAST_SHARE * whole) and holds(text, filled(quote))


def test_the_page_is_made_from_the_table() -> None:
    program = (
        "import sys; sys.path.insert(0, 'tools'); import write_troubleshooting as tool; print(tool.text(), end='')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    page = (TOP / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert page == done.stdout, "run: python tools/write_troubleshooting.py"


def test_every_error_that_our_code_raises_has_an_entry() -> None:
    found, lacking, elsewhere = 0, [], set()
    for where, kind, text in raised(*RAISED):
        found += 1
        if text is None or not text.removeprefix("ClientError").replace(ANY, "").strip(" :."):
            elsewhere.add(where.partition(":")[0])
        elif not known(text):
            lacking.append(f"{where} {kind}: {text}")
    assert found > 120
    assert not lacking, "cli/troubleshooting/ lacks:\n" + "\n".join(lacking)
    assert elsewhere <= {*PASSED_ON}, elsewhere - {*PASSED_ON}


def test_every_reason_of_the_engine_has_an_entry() -> None:
    begins = re.compile(r"""(?<=["'])(?:Client|Algorithm|InternalServer)Error: (?!…["'])[^"']+""")
    reasons = {text for file in printed().values() for text in begins.findall(file)}
    assert len(reasons) > 8
    begun = [filled(quote) for entry in ENTRIES for quote in entry.ours]  # a text may go on after a quotation mark
    lacking = [text for text in reasons if not known(text) and not any(holds(quote, text) for quote in begun)]
    assert not lacking, lacking


def test_every_exit_status_has_an_entry() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SsmError)]
    ours = {0, _INTERRUPTED, *(kind.exit_status for kind in classes)}
    told = [status for entry in ENTRIES for status in entry.statuses]
    assert ours <= {*told}
    assert len(told) == len({*told}), "a status leads to one entry"
    readme = (TOP / "README.md").read_text(encoding="utf-8").partition("## Exit status")[2]
    assert {int(one) for one in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)} <= {*told}


def test_every_code_that_the_engine_answers_has_an_entry() -> None:
    codes = {*re.findall(r'client_error\(\s*"(\w+)"', "".join(files().values()))} | {"ValidationException"}
    assert len(codes) > 4
    text = " ".join(f"{quote} {entry.also}" for entry in ENTRIES for quote in (*entry.messages, ""))
    assert not {code for code in codes if code.removesuffix("Exception") not in text}


def test_what_is_quoted_of_ours_is_in_the_source() -> None:
    quotes = [(entry.word, quote, filled(quote)) for entry in ENTRIES for quote in entry.ours]
    assert len(quotes) > 150
    alone = [(word, quote) for word, quote, plain in quotes if quote not in _made() and not is_printed(plain)]
    assert not alone, f"nothing prints {alone}"


def _made() -> set[str]:
    """Messages that are put together of several texts, as they come out."""
    return {killed_by(-number) for number in (4, 7, 9, 11, 15)}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.word)
def test_an_entry_is_complete(entry: Entry) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.word)
    assert entry.messages or entry.statuses
    assert entry.do
    assert all(text.endswith((".", "?", ")", ":")) for text in (entry.means, *entry.do))
    assert not entry.title.endswith(".")
    assert not entry.page or (TOP / "docs" / entry.page).is_file()
    assert all(source.startswith("https://") for source in entry.sources)


def test_no_two_entries_have_the_same_word_or_message() -> None:
    assert len(EVERY) == len(ENTRIES)
    messages = [message for entry in ENTRIES for message in entry.messages]
    assert [one for one in messages if messages.count(one) > 1] == []


def test_entries_name_options_and_commands_that_there_are() -> None:
    options = {flag for command in COMMANDS for flag in by_flag(command)}
    docker = {"--build-arg", "--cap-add", "--gpus", "--install", "--platform", "--privileged", "--rm", "--security-opt"}
    others = docker | {"--recursive", "--region", "--scope", "--source-region", "--user"}  # AWS's, systemd's
    for entry in ENTRIES:
        text = " ".join((entry.title, entry.means, *entry.do))
        assert {*re.findall(r"(?<!\S)\(?(--\w[\w-]*)", text)} <= options | others, entry.word
        commands = re.findall(r"(?<![\w/])ssm ([a-z_]+)(?= --?\w|[.,:)]|$)", text)
        assert {*commands} <= {*COMMANDS, "itself", "needs", "wrote"}, entry.word
