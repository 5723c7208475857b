"""Write ``llms.txt``, the list of pages for language models, from docs/index.md: ``python tools/write_llms_txt.py``.

The format is https://llmstxt.org's: a title, a quote that says what this is, and links by subject, each with what its
page is about. Links lead to Markdown, from the top of the repository and of the site, where each page has its Markdown
beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).parents[1]
LIST = TOP / "llms.txt"
INDEX = TOP / "docs" / "index.md"
_OPTIONAL = "Change it"  # its pages may be left out by a reader with little room, under the format's own name for that
_LONGEST = 220


def text() -> str:
    """The whole file."""
    index = INDEX.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]*\w) \| (.*) ?\|$", index, re.MULTILINE)
    sections = [(title, re.findall(r"\[([^]]+)\]\(([^)#]+\.md)\)", links)) for title, links in rows]
    parts = ["# Simple Sagemaker\n", _quote((TOP / "README.md").read_text(encoding="utf-8"))]
    for title, links in sections:
        name = "Optional" if title == _OPTIONAL else title
        lines = [_line(label, (INDEX.parent / link).resolve()) for label, link in links]
        parts.append("\n".join([f"## {name}\n", *lines, ""]))
    return "\n".join(parts)


def _quote(readme: str) -> str:
    """The README's first paragraph, as a quote."""
    paragraph = readme.split("\n\n")[1]
    plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", paragraph)
    return "".join(f"> {line}\n" for line in plain.splitlines())


def _line(label: str, page: Path) -> str:
    where = page.relative_to(TOP).as_posix()
    about = _about(page.read_text(encoding="utf-8"))
    return f"- [{label}]({where}): {about}" if about else f"- [{label}]({where})"


def _about(page: str) -> str:
    """The first sentence of a page, without its links; empty where a page begins with something else."""
    page = re.sub(r"^---\n.*?^---\n", "", page, count=1, flags=re.MULTILINE | re.DOTALL)
    page = re.sub(r"^```.*?^```$|^(?:#|<!--)[^\n]*$", "", page, flags=re.MULTILINE | re.DOTALL)
    for block in re.split(r"\n\s*\n", page):
        paragraph = " ".join(block.split())
        if re.match(r"[A-Z`\[*]", paragraph):
            plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", paragraph).replace("**", "")
            sentence = re.split(r"(?<=[.?])\s(?=[A-Z`])", plain, maxsplit=1)[0].rstrip(":;")
            return sentence if len(sentence) <= _LONGEST else re.split(r"[:;] ", sentence, maxsplit=1)[0]
    return ""


if __name__ == "__main__":
    LIST.write_text(text(), encoding="utf-8")
