"""Write ``docs/cli.md`` from what ``-h`` shows: ``python tools/write_cli_page.py``."""

from __future__ import annotations

import os
from pathlib import Path

from simple_sagemaker.cli.help import main_page, page
from simple_sagemaker.options.commands import COMMANDS

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
_WIDTH = 100
_HEAD = """\
# The commands and their options

What `-h` shows, written here by `tools/write_cli_page.py`. How arguments are parsed, and why, is in
[a decision note](decisions/0004-words.md).
"""


def text() -> str:
    """The whole page."""
    os.environ["COLUMNS"] = str(_WIDTH)
    sections = [("ssm", main_page()), *((f"ssm {command}", page(command)) for command in COMMANDS)]
    shown = [f"## {title}\n\n```text\n$ {title} -h\n{said.rstrip()}\n```\n" for title, said in sections]
    return "\n".join([_HEAD, *shown])


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
