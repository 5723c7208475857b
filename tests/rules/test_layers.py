"""Which room may import which, and which file of ``local/``: read from the source.

Where to put a new module: into the room whose subject it has, as a file named with a noun (CONTRIBUTING.md has one line
a room). A new capability that no room has as its subject gets a folder of its own, placed on a floor here and in
CONTRIBUTING.md. A file directly under ``simple_sagemaker/`` is refused: only the public paths stand there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.tree import PACKAGE, SOURCE, files, imports, module

# From the ground up. A room may import itself and whatever stands on a floor below its own, never its neighbours.
FLOORS = (
    ("errors", "payload"),
    ("core",),
    ("storage", "images", "tuning", "built_ins"),
    ("jobs", "aws", "local"),
    ("tasks", "emulator"),
    ("studies",),
    ("options", "services"),
    ("project", "cli", "testing"),
    ("sm_project",),
    ("",),  # the package's own page, which shows the Python API to type checkers
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ROOMS = [room for room in FLOOR if room not in {"", "errors", "sm_project"}]

# The same within ``local/``, from the ground up, in folders: each may import itself and the folders before it.
LOCAL = (
    "batch_transform",
    "xgboost_algorithm",
    "job",
    "isolation",
    "data",
    "requests",
    "hosts",
    "sessions",
    "supervisor",
    "api",
    "tuning",
)
# All that the engine may see of ours outside ``local/``: bytes and places, never what a person asked for.
ENGINE_SEES: tuple[str, ...] = ("core.layout", "core.store", "core.records", "core.cpu_limit", "storage.", "tuning.")
ENGINE_SEES += ("core.late_regex", "core.scratch", "core.regular_files")
# and what the service knows of its own algorithms and their images
ENGINE_SEES += ("built_ins.metric_definitions", "images.built_in")

# Packages that only some places may know.
KNOWS: dict[str, tuple[str, ...]] = {
    # storage.s3: its transfers; testing: a session for other people's code; the others: types, of a session they bring
    "boto3": ("storage.s3", "aws", "services", "project", "sm_project", "testing"),
    "botocore": ("storage.s3", "aws", "local", "services", "emulator", "testing", "core.aws_errors", "core.retries"),
    "obstore": ("storage.s3",),
    "moto": ("emulator",),
    "rich": ("jobs.display", "jobs.live_text"),
    "argparse": ("cli",),
    "optuna": ("tuning.bayesian",),
    "numpy": ("local.xgboost_algorithm",),
    "xgboost": ("local.xgboost_algorithm",),
    "pyarrow": ("local.xgboost_algorithm",),
}

MODULES = {module(file) for file in files()}


def room_of(name: str) -> str:
    return name.partition(".")[0]


def ours(file: Path, source: str | None = None) -> set[str]:
    """The modules of ours that a file imports; the package itself (its version) is open to all."""
    names = {name.removeprefix(f"{PACKAGE}.") for name in imports(file, source) if name.startswith(f"{PACKAGE}.")}
    return {own for own in map(_module_of, names) if own}


def _module_of(name: str) -> str:
    """The module that a dotted name belongs to: the name itself, or what is left without its last words."""
    while name and name not in MODULES and room_of(name) != name:
        name = name.rpartition(".")[0]
    return name if name in MODULES else ""


def refusals(file: Path, source: str | None = None) -> list[str]:
    """What a file imports and may not, each with its reason."""
    name = module(file)
    room = room_of(name)
    found = ours(file, source)
    if room == "payload":
        return [f"{other}: what runs inside a job imports none of ours" for other in found if room_of(other) != room]
    if not room:
        shown = {"project", "sm_project"}  # to type checkers alone; test_startup.py holds that nothing is imported
        return [
            f"{other}: the package's own page imports nothing, so that it costs nothing"
            for other in found
            if room_of(other) not in shown
        ]
    bad = [
        f"{other}: {room_of(other)} is on no floor below {room}"
        for other in found
        if room_of(other) != room and FLOOR[room_of(other)] >= FLOOR[room]
    ]
    if room == "local":
        bad += _engine_refusals(name, found)
    known = {room_of(other) for other in imports(file, source)}
    bad += [
        f"{package}: only {', '.join(places)} know it"
        for package, places in KNOWS.items()
        if package in known and not any(f"{name}.".startswith(f"{place}.") for place in places)
    ]
    return bad


def _engine_refusals(name: str, found: set[str]) -> list[str]:
    """What a file of ``local/`` imports and may not."""
    bad = [
        f"{other}: the engine knows requests by AWS's model alone, so that a mistake on one side shows on the other"
        for other in found
        if room_of(other) != "local" and not other.startswith(ENGINE_SEES)
    ]
    folder = name.split(".")[1:2]
    for other in found:
        theirs = other.split(".")[1:2]
        if folder and room_of(other) == "local" and theirs and LOCAL.index(theirs[0]) > LOCAL.index(folder[0]):
            bad.append(f"{other}: local/{theirs[0]} stands after local/{folder[0]} in LOCAL")
    return bad


def test_every_file_is_in_a_room_that_has_a_place() -> None:
    nowhere = [str(file.relative_to(SOURCE)) for file in files() if room_of(module(file)) not in FLOOR]
    assert not nowhere, (
        f"{nowhere}: nobody has placed the room. Put the file into a room that exists (CONTRIBUTING.md has one line a "
        "room); or make a folder of its own, on its floor in FLOORS (tests/rules/test_layers.py) and in "
        "CONTRIBUTING.md."
    )


def test_a_room_imports_only_from_rooms_below_it() -> None:
    bad = [f"{file.relative_to(SOURCE)} may not import {reason}" for file in files() for reason in refusals(file)]
    assert not bad, "\n".join(bad)


def test_no_module_stands_at_the_top_but_the_public_paths() -> None:
    assert {file.name for file in (SOURCE / PACKAGE).glob("*.py")} == {"__init__.py", "errors.py", "sm_project.py"}


def test_every_folder_of_the_engine_is_placed() -> None:
    assert {part[1] for name in MODULES if len(part := name.split(".")) > 1 and part[0] == "local"} == {*LOCAL}


def test_there_is_no_circle_of_imports() -> None:
    """Also none that hangs on an import inside a function: whoever reads one file need not read them all."""
    left = {module(file): ours(file) - {module(file)} for file in files() if module(file)}
    while ground := [name for name, needs in left.items() if not needs & {*left}]:
        for name in ground:
            del left[name]
    assert not left, f"Among these is a circle: {sorted(left)}"


@pytest.mark.parametrize(
    ("place", "source", "said"),
    [
        ("core/names.py", "from ..jobs.follow import result", "jobs.follow: jobs is on no floor below core"),
        ("core/names.py", "def f():\n    from simple_sagemaker.tasks import submit", "tasks.submit: tasks is on no"),
        ("tasks/submit.py", "from ..emulator import server", "emulator.server: emulator is on no floor below tasks"),
        ("local/job/folder.py", "from ...core.specs import Place", "core.specs: the engine knows"),
        ("local/job/folder.py", "from ...core import job", "core.job: the engine knows"),
        ("local/job/folder.py", "from ...aws import ecr", "aws.ecr: the engine knows"),
        ("local/job/folder.py", "from ..hosts import host", "local.hosts.host: local/hosts stands after local/job"),
        ("aws/ecr.py", "from ..local.job import home", "local.job.home: local is on no floor below aws"),
        ("payload/launcher.py", "from ..errors import SsmError", "errors: what runs inside a job"),
        ("tasks/training_request.py", "import boto3.session", "boto3: only"),
        ("jobs/follow.py", "from rich import table", "rich: only jobs.display"),
        ("__init__.py", "from .cli.main import main", "cli.main: the package's own page"),
    ],
)
def test_the_rule_sees_a_wrong_import(place: str, source: str, said: str) -> None:
    assert any(bad.startswith(said) for bad in refusals(SOURCE / PACKAGE / place, source))


def test_contributors_find_one_line_for_every_room() -> None:
    guide = (SOURCE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = [
        line.split("|")[1].strip()
        for line in guide.splitlines()
        if line.startswith("| `") and "/`" in line.split("|")[1]
    ]
    rows = [line.strip("`").rstrip("/") for line in lines]
    assert sorted(rows) == sorted(ROOMS), "CONTRIBUTING.md's table has one line a room, no more and no fewer"
