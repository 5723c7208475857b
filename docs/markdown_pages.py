"""Each page's Markdown beside its HTML, as https://llmstxt.org proposes, so that links between pages hold there too.

``docs/aws.md`` is beside ``docs/aws.html``. Two things that only Sphinx understands are written out: lists of pages,
and the reference from the source.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils.io import StringOutput
from sphinx.application import Sphinx
from sphinx.builders.text import TextBuilder
from sphinx.writers.text import TextWriter


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name != "html":
        return
    for name in app.env.found_docs:
        source = Path(app.env.doc2path(name))
        target = Path(app.outdir, f"{name}{source.suffix}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_plain(app, name, source), encoding="utf-8")


def _plain(app: Sphinx, name: str, source: Path) -> str:
    """A page's own Markdown, with what only Sphinx can write in the place of what asks for it."""
    text = source.read_text(encoding="utf-8")
    if "```{eval-rst}" in text:
        return _rendered(app, name)
    return re.sub(r"```\{toctree\}\n(.*?)```\n", lambda block: _list(block[1], source), text, flags=re.DOTALL)


def _list(asked: str, source: Path) -> str:
    """Links to the pages that a list of contents finds by their names; nothing for one that is not shown."""
    if ":hidden:" in asked:
        return ""
    patterns = [line for line in asked.splitlines() if line and not line.startswith(":")]
    pages = [page for pattern in patterns for page in sorted(source.parent.glob(f"{pattern}.md"))]
    titles = [page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for page in pages]
    return "".join(f"- [{title}]({page.name})\n" for title, page in zip(titles, pages, strict=True))


def _rendered(app: Sphinx, name: str) -> str:
    """A page as plain text, with everything that Sphinx reads from the source."""
    builder = TextBuilder(app, app.env)
    builder.init()
    output = StringOutput(encoding="unicode")
    read = app.env.get_doctree(name)
    app.env.apply_post_transforms(read, name)
    TextWriter(builder).write(read, output)
    return re.sub(r"^(.+)\n\*{3,}$", r"# \1", output.destination or "", count=1, flags=re.MULTILINE)
