"""The site has each page's Markdown beside its HTML: `tox -e docs`, which has what the site is made with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import TOP, read

pytest.importorskip("myst_parser", reason="the site is made by `tox -e docs`")


def test_each_page_of_the_site_has_its_markdown_beside_it(tmp_path: Path) -> None:
    words = ["-q", "-b", "html", "-c", "docs", ".", str(tmp_path / "html")]
    subprocess.run([sys.executable, "-m", "sphinx", *words], cwd=TOP, check=True)
    for link in re.findall(r"\]\(([^)]+)\)", (tmp_path / "html/llms.txt").read_text(encoding="utf-8")):
        page = tmp_path / "html" / link
        assert page.with_suffix(".html").exists()
        assert "{eval-rst}" not in page.read_text(encoding="utf-8")
        assert "{toctree}" not in page.read_text(encoding="utf-8")
    assert "instance_count" in (tmp_path / "html/docs/api.md").read_text(encoding="utf-8")
    assert (tmp_path / "html/llms.txt").read_text(encoding="utf-8") == read("llms.txt")
