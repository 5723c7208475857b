"""Draw ``docs/architecture.svg``, one run from argv to exit status: ``python tools/draw_architecture.py``."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parents[1] / "docs" / "architecture.svg"

_WIDTH, _HEIGHT = 1130, 672
_FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="15"'
_STYLE = """\
    .page { fill: #ffffff; }
    .box { fill: #f4f6fb; stroke: #5a6478; stroke-width: 1.5; }
    .engine { fill: #fff6e6; } .job { fill: #eaf6ee; } .area { fill: none; stroke: #9aa3b2; stroke-dasharray: 6 4; }
    .way { fill: none; stroke: #5a6478; stroke-width: 1.8; marker-end: url(#tip); }
    .tip { fill: #5a6478; }
    text { fill: #1d2433; text-anchor: middle; }
    .head { font-weight: bold; } .file { font-size: 12px; font-family: Menlo, Consolas, monospace; }
    .note { font-size: 12.5px; fill: #4a5366; } .left { text-anchor: start; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #14181f; } .box { fill: #222936; stroke: #93a0b5; }
      .engine { fill: #3a3020; } .job { fill: #1f3327; } .area { stroke: #6b7689; }
      .way { stroke: #93a0b5; } .tip { fill: #93a0b5; }
      text { fill: #e8ecf3; } .note { fill: #b4bdcc; }
    }
"""


class Box(NamedTuple):
    """A value or a process: what it is called, the file that makes it, and a note."""

    x: int
    y: int
    width: int
    title: str
    file: str
    note: str
    kind: str = ""


_HIGH = 92
_BOXES = (
    Box(20, 60, 165, "argv", "cli/argv.py", "read in one pass"),
    Box(225, 60, 185, "Arguments", "options/arguments.py", "options by name"),
    Box(450, 60, 165, "TaskSpec", "options/task.py", "checked, frozen"),
    Box(655, 60, 185, "Run", "tasks/run.py", "reused, joined or new"),
    Box(880, 60, 215, "request", "tasks/training_request.py", "CreateTrainingJob's dict"),
    Box(880, 260, 215, "Amazon SageMaker", "aws/clients.py", "boto3's client", "engine"),
    Box(655, 260, 185, "LocalSageMaker", "local/api/sagemaker.py", "checks, makes a folder", "engine"),
    Box(655, 420, 185, "supervisor", "local/supervisor/", "one process for each job", "engine"),
    Box(450, 420, 165, "hosts", "local/hosts/", "processes, containers", "engine"),
    Box(450, 560, 165, "launcher", "payload/", "starts your code", "job"),
    Box(225, 560, 185, "worker.py", "your code", "/opt/ml, /state", "job"),
    Box(450, 260, 165, "Job", "core/job.py", "Describe's answer"),
    Box(225, 260, 185, "JobResult", "jobs/follow.py", "how it ended"),
    Box(20, 260, 165, "out/", "jobs/results.py", "logs, model, output"),
    Box(20, 420, 165, "exit status", "cli/main.py", "set in errors.py"),
)
_AREAS = ((637, 216, 476, 152),)
_WAYS = (
    "M185 106 H223",
    "M410 106 H448",
    "M615 106 H653",
    "M840 106 H878",
    "M987 152 V214",
    "M637 306 H617",
    "M450 306 H412",
    "M225 306 H187",
    "M102 352 V418",
    "M747 352 V418",
    "M655 466 H617",
    "M532 512 V558",
    "M987 352 V606 H617",
    "M450 606 H412",
)
_NOTES = (
    (20, 40, "left", "What you ask for becomes one request …"),
    (655, 242, "left", "SageMaker's API: one seam, two engines"),
    (20, 240, "left", "… and what comes back becomes an exit status"),
    (642, 596, "left", "on AWS, in the image's container"),
    (225, 545, "left", "inside a job, on either engine"),
)


def text() -> str:
    """The whole picture."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT} role="img">',
        "  <title>One run, from its command line to its exit status</title>",
        "  <defs>",
        '    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">',
        '      <path class="tip" d="M0 0 L10 5 L0 10 z"/>',
        "    </marker>",
        "    <style>",
        *(f"  {line}" for line in _STYLE.splitlines()),
        "    </style>",
        "  </defs>",
        f'  <rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>',
        *(
            f'  <rect class="area" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
            for x, y, width, height in _AREAS
        ),
        *(line for box in _BOXES for line in _drawn(box)),
        *(f'  <path class="way" d="{way}"/>' for way in _WAYS),
        *(f'  <text class="note {side}" x="{x}" y="{y}">{escape(note)}</text>' for x, y, side, note in _NOTES),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _drawn(box: Box) -> list[str]:
    middle = box.x + box.width // 2
    shape = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{_HIGH}" rx="8"'
    lines = (("head", 26, box.title), ("file", 51, box.file), ("note", 76, box.note))
    return [
        f'  <rect class="{f"box {box.kind}".strip()}" {shape}/>',
        *(
            f'  <text class="{kind}" x="{middle}" y="{box.y + down}">{escape(line)}</text>'
            for kind, down, line in lines
        ),
    ]


if __name__ == "__main__":
    PICTURE.write_text(text(), encoding="utf-8")
