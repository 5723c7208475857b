"""The README's picture is what a terminal shows, and its table is the page's."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import TOP, read

PICTURE = read("docs/run.svg")
SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    """The picture's words without what differs from run to run: jobs' names, times, the order of two hosts."""
    assert "fill=" in svg.partition("<text")[2]  # colours
    lines: dict[str, list[str]] = {}
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        lines.setdefault(text.get("y", ""), []).append(unescape(text.text or ""))
    shown = "\n".join(" ".join(parts) for parts in lines.values())
    shown = re.sub(r"\d{4}(-\d\d){5}-\w{8}", "JOB", shown)
    shown = re.sub(r"(?m)^hello +\w{8} +", "hello JOB ", shown)
    shown = re.sub(r"\b\d+(\.\d+)?( ?[kM]?B| ?m?s)\b", "N", shown)
    shown = re.sub(r"\| \S+/python\S* ", "| PYTHON ", shown)
    shown = shown.replace("Completed after N :", "Completed :")  # which is left out where it is less than a second
    lines_shown = [" ".join(line.split()) for line in shown.splitlines()]
    return sorted(line for line in lines_shown if "simple-sagemaker:" not in line)  # which is about this machine


@pytest.mark.skipif(sys.platform != "linux", reason="the picture is drawn on Linux")
def test_the_picture_is_what_a_terminal_shows() -> None:
    program = "import sys; sys.path.insert(0, 'tools'); import draw_run as tool; print(tool.draw(), end='')"
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    assert words(done.stdout) == words(PICTURE), "run: python tools/draw_run.py"


def test_the_picture_shows_the_readmes_first_command() -> None:
    readme = read("README.md")
    first = re.search(r"\.venv/bin/(ssm run .*)", readme)
    assert first
    assert "docs/run.svg" in readme
    assert first[1] in " ".join(unescape("".join(text.itertext())) for text in ET.fromstring(PICTURE).iter())


def test_the_readmes_table_is_the_pages() -> None:
    """Each cell has a section with its source."""
    rows = [line for line in read("docs/beside-others.md").splitlines() if line.startswith("|")]
    plain = [re.sub(r" \[\d+\]\(#[a-z-]+\)", "", line) for line in rows]
    assert [line for line in read("README.md").splitlines() if line.startswith("|")] == plain
    sections = {
        title.lower().replace(" ", "-")
        for title in re.findall(r"^### (.*)$", read("docs/beside-others.md"), re.MULTILINE)
    }
    assert {link for line in rows for link in re.findall(r"\(#([a-z-]+)\)", line)} == sections
