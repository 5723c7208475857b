"""Which room may import which: the order of CONTRIBUTING.md's map, read from the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.tree import PACKAGE, SOURCE, files, imports, module

# From the ground up. A room may import itself and the rooms before it. A room is a module or a folder of modules.
ROOMS = (
    ("errors", "layout", "names", "api", "console"),
    ("gz", "tarballs", "leftout", "confidential", "codefiles", "filling", "archives"),
    ("meter", "scan", "copying", "abreast"),
    ("refusals", "specs", "job"),
    (
        "storage",
        "folderstore",
        "s3errors",
        "s3list",
        "s3stretches",
        "s3parts",
        "s3ranges",
        "s3clients",
        "s3arriving",
        "s3delete",
        "s3store",
    ),
    ("access", "recipe", "bundle"),
    ("index", "tree", "sync"),
    ("docker", "images", "imagechoice", "request", "processing_request", "source", "aws", "local"),
    ("history", "claim", "joblogs", "patience", "phases", "follow", "costs", "ending", "inputs", "order"),
    ("fetching", "parts", "results", "possible", "delivery", "task", "neighbours", "data"),
    ("meaning", "show"),
    ("emulator",),
    ("here", "services"),
    ("project", "sm_project"),
    ("cli", "__main__"),
)
ORDER = [room for line in ROOMS for room in line]

APART = "the engine knows requests by AWS's model alone, so that a mistake on one side shows on the other"
# On top of the order: who never sees whom, and why.
NEVER = {
    "aws": {"local": "the two engines meet only through AWS's published model"},
    "local": dict.fromkeys(("aws", "specs", "job", "request", "processing_request", "images", "source"), APART),
}

# Packages that only some rooms may know.
KNOWS = {
    # local: only where buckets are on S3; project: types alone, of a session that a person brings
    "boto3": {"s3clients", "s3store", "aws", "local", "services", "emulator", "project", "sm_project"},
    "obstore": {"s3arriving", "s3clients", "s3store", "s3ranges"},
    "moto": {"emulator"},
    "rich": {"show"},
    "argparse": {"cli", "emulator"},
}


def room_of(name: str) -> str:
    return name.partition(".")[0]


def ours(file: Path, source: str | None = None) -> set[str]:
    """The rooms a file imports; the package itself (its version) is open to all."""
    found = {name.removeprefix(PACKAGE).lstrip(".") for name in imports(file, source) if room_of(name) == PACKAGE}
    return {room_of(name) for name in found} & {*ORDER, "payload"}


def refusals(file: Path, source: str | None = None) -> list[str]:
    """What a file imports and may not, each with its reason."""
    room = room_of(module(file))
    if room == "payload":
        return [f"{other}: what runs inside a job imports none of ours" for other in ours(file, source) - {"payload"}]
    if not room:
        shown = {"project", "sm_project"}  # to type checkers alone; test_startup.py holds that nothing is imported
        return [
            f"{other}: the package's own page imports nothing, so that it costs nothing"
            for other in ours(file, source) - shown
        ]
    below = {*ORDER[: ORDER.index(room) + 1]}
    bad = [f"{other}: it stands after {room} in ROOMS" for other in ours(file, source) - below - {"payload"}]
    bad += [f"{other}: {why}" for other, why in NEVER.get(room, {}).items() if other in ours(file, source)]
    known = {room_of(name) for name in imports(file, source)}
    bad += [
        f"{name}: only {sorted(rooms)} know it" for name, rooms in KNOWS.items() if name in known and room not in rooms
    ]
    return bad


@pytest.mark.parametrize("file", files(), ids=lambda file: module(file) or PACKAGE)
def test_a_room_imports_only_from_rooms_before_it(file: Path) -> None:
    room = room_of(module(file))
    assert room in {"", "payload", *ORDER}, (
        f"{file.relative_to(SOURCE)} is a room nobody has placed. Add {room!r} to ROOMS in tests/rules/test_layers.py, "
        "on the line of the rooms it resembles, and to the map in CONTRIBUTING.md; or use a room that exists."
    )
    assert not refusals(file), f"{file.relative_to(SOURCE)} may not import:\n" + "\n".join(refusals(file))


@pytest.mark.parametrize(
    ("place", "source", "said"),
    [
        ("names.py", "from .specs import Place", "specs: it stands after names"),
        ("names.py", "def f():\n    from simple_sagemaker import task", "task: it stands after names"),
        ("local/jobs.py", "from ..specs import Place", "specs: the engine knows"),
        ("local/jobs.py", "from ..aws import logs", "aws: the engine knows"),
        ("aws/jobs.py", "from .. import local", "local: it stands after aws"),
        ("payload/launcher.py", "from ..errors import SsmError", "errors: what runs inside a job"),
        ("request.py", "import boto3.session", "boto3: only"),
        ("__init__.py", "from .cli.main import main", "cli: the package's own page"),
    ],
)
def test_the_rule_sees_a_wrong_import(place: str, source: str, said: str) -> None:
    assert any(bad.startswith(said) for bad in refusals(SOURCE / PACKAGE / place, source))


def test_every_room_is_on_the_map_for_contributors() -> None:
    guide = (SOURCE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    missing = [room for room in [*ORDER, "payload"] if room != "__main__" and f"`{room}" not in guide]
    assert not missing, f"CONTRIBUTING.md's map lacks {missing}"
