"""Write ``docs/troubleshooting.md`` from the table of ``ssm explain``: ``python tools/write_troubleshooting.py``."""

from __future__ import annotations

import re
from pathlib import Path

from simple_sagemaker.cli.troubleshooting.entry import Entry
from simple_sagemaker.cli.troubleshooting.table import ENTRIES, SECTIONS
from simple_sagemaker.options.commands import COMMANDS

COMMAND_LINES = [f"ssm {command}" for command in COMMANDS]

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"
_ARGUMENT = r"(?: (?:--?\w+|[A-Z][A-Z_]+|'[^']+'|\d+(?:\.\d+)*|…|(?:run|local)\b))"
_VALUE = r"(?: (?:'[^']+'|\d+\b|local\b|ml\.\w+\.\w+|[A-Z][A-Z_]+\b(?: (?:[A-Z]+|\d+)\b)?))"
_PARTS = (
    rf"\b(?:{'|'.join(COMMAND_LINES)}){_ARGUMENT}*",
    r"\b\w+://\S*[\w/]",  # an address
    rf"(?<!\w)--\w[\w-]*{_VALUE}?",  # an option
    rf"(?<![\w-])-[a-z](?:{_VALUE}| [\w.]+\.txt)",
    r"(?<!\S)--(?=[.,])",
    r"\$?\b[A-Z][A-Z0-9]*_[A-Z0-9_]+(?:=[\w./:-]*[\w/])?(?:/[\w/.-]*\w)?",  # a variable
    r"\b(?:\w+\.)*[a-z]+(?:_[a-z]+)+(?:=\w+)?\b(?!\()",  # a name of code, a call
    r"\b[a-z]+(?:[._][a-z_.]*[a-z])+\([^)]*\)",
    r"(?:#!|\b|[~$])?/?(?<![\w.])[\w$.]*/[\w.][\w$~./-]*[\w/]",  # a path, a file
    r"\b\w+\.(?:txt|toml|lock|tar\.gz|log|env)\b",
)
_CODE = re.compile(f"({'|'.join(_PARTS)})")
_HEAD = """\
# Troubleshooting by message

What people see when something goes wrong, in the words in which they see it: what it means, and what to do. The same on
a terminal, without a network:

```bash
ssm explain capacity
ssm explain 137
ssm explain 'No space left on device'
```

It takes an entry's word, an exit status, a message or a piece of one, or any words. An error that has an entry which
says more than itself ends with its word. `…` stands for what differs from case to case. This page is written by
`tools/write_troubleshooting.py`.
"""


def text() -> str:
    """The whole page."""
    rows = [
        f"| {title} | {', '.join(f'[{one.word}](#{one.word})' for one in entries)} |" for title, entries in SECTIONS
    ]
    statuses = sorted((status, entry.word) for entry in ENTRIES for status in entry.statuses)
    numbers = ", ".join(f"[{status}](#{word})" for status, word in statuses)
    parts = [_HEAD, "\n".join(["| | |", "|---|---|", *rows, f"| By exit status | {numbers} |"]) + "\n"]
    for title, entries in SECTIONS:
        parts += [f"## {title}\n", *map(_entry, entries)]
    return "\n".join(parts)


def _entry(entry: Entry) -> str:
    statuses = [f"exit status {' or '.join(map(str, entry.statuses))}"] if entry.statuses else []
    messages = "\n".join([*statuses, *entry.messages])
    steps = "\n".join(f"- {_marked(step)}" for step in entry.do)
    links = [f"[{entry.page}]({entry.page})"] if entry.page and entry.page != PAGE.name else []
    links += [f"<{source}>" for source in entry.sources]
    more = f"\nMore: {', '.join(links)}\n" if links else ""
    return (
        f"### {entry.word}\n\n{entry.title}.\n\n```text\n{messages}\n```\n\n{_marked(entry.means)}\n\n{steps}\n{more}"
    )


def _marked(text: str) -> str:
    """Prose as Markdown: commands, options, variables, paths and names of code marked as such, nothing else is."""
    return "".join(
        f"`{part}`" if at % 2 else re.sub(r"([\\`*_\[\]<>|])", r"\\\1", part)
        for at, part in enumerate(_CODE.split(text))
    )


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
