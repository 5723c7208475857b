"""What a script needs: listed in its own header, in a file that is sent, or in one that only lies beside it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell
from tests.payload.test_requirements import wheel

WHEEL = "tiny-1.0-py3-none-any.whl"
HEADER = f"# /// script\n# dependencies = ['./{WHEEL}']\n# ///\n"
USES_IT = "import tiny; print('tiny is there')\n"


@pytest.fixture
def tiny(shell: Shell) -> Shell:
    (shell.folder / WHEEL).write_bytes(wheel("1.0"))
    return shell


@pytest.mark.parametrize("command", [("run", "-e"), ("process", "--code")])
def test_what_a_scripts_header_lists_is_installed(tiny: Shell, command: tuple[str, str]) -> None:
    tiny.write("w.py", HEADER + USES_IT)
    verb, option = command
    done = tiny.ssm(verb, "-p", "proj", "-t", "task", option, "w.py", "-d", WHEEL)
    assert "tiny is there" in done.out, done.err
    assert f"requirements of the script's header: ./{WHEEL}" in done.err


def test_a_file_that_is_sent_counts_more_than_the_header(tiny: Shell) -> None:
    tiny.write(
        "w.py", "# /// script\n# dependencies = ['no-such-package']\n# requires-python = '>=3.8'\n# ///\n" + USES_IT
    )
    tiny.write("requirements.txt", f"./{WHEEL}\n")
    done = tiny.run("-e", "w.py", "-d", WHEEL, "requirements.txt")
    assert "tiny is there" in done.out, done.err
    assert "requirements.txt is installed, not what the header of w.py lists" in done.err
    assert "that w.py asks for Python >=3.8 is not checked" in done.err


def test_a_file_that_only_lies_beside_the_script_is_named_with_what_sends_it(tiny: Shell) -> None:
    tiny.write("w.py", "print('ran')")
    tiny.write("requirements.txt", f"./{WHEEL}\n")
    done = tiny.run("-e", "w.py")
    assert "requirements.txt is not sent, nor installed: -d requirements.txt does both" in done.err
    sent = tiny.run("-e", "w.py", "-d", "requirements.txt", WHEEL, "--fr")
    assert "is not sent" not in sent.err


def test_a_header_that_is_wrong_is_refused_before_anything_is_sent(shell: Shell) -> None:
    shell.write("w.py", "# /// script\n# dependencies = 'tqdm'\n# ///\n")
    done = shell.run("-e", "w.py")
    assert done.status == 2
    assert "w.py: its header (# /// script) cannot be used: dependencies is not a list" in done.err
    assert shell.written() == []


def test_a_header_needs_a_network(shell: Shell) -> None:
    shell.write("w.py", "# /// script\n# dependencies = ['tqdm']\n# ///\n")
    done = shell.run("-e", "w.py", "--network_isolation")
    assert done.status == 2
    assert "the code has requirements in its header" in done.err
