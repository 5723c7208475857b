"""What a job is made from, by digests: each thing that changes, changes its own digest and no other."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Code, Image, Instances, Place, ProcessSpec, RequestMerge, Spec, TaskSpec
from simple_sagemaker.tasks.code.files import CodeFile, CodeFiles
from simple_sagemaker.tasks.code.fingerprint import fingerprint

PLACE = Place(project="p", task="t", prefix="x/")
IMAGE = Image(framework="pytorch", framework_version="2.6", py_version="py312")
TASK = TaskSpec(
    kind="run",
    place=PLACE,
    code=Code(entry_point="w.py"),
    image=IMAGE,
    hyperparameters={"lr": 1, "b": 2},
    environment={"A": "1", "B": "2"},
    request_merge=RequestMerge(file="", members={"a": 1, "b": 2}),
)
PROCESS = ProcessSpec(place=PLACE, command=("a", "b"), image=IMAGE)
CODE = CodeFiles(files={"w.py": CodeFile(path="/w.py", mode=0o644, size=1, digest="d")}, folders=["empty"])


def changed(spec: Spec, code: CodeFiles = CODE, before: Spec = TASK, content: str | None = None) -> set[str]:
    """The names of the digests that differ."""
    old, new = fingerprint(before, CODE), fingerprint(spec, code, content)
    return {name for name in old | new if old.get(name) != new.get(name)}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"code": Code(entry_point="other.py")}, "entry point"),
        ({"code": Code(entry_point="w.py", command="ls")}, "command line"),
        ({"arguments": ["x"]}, "arguments"),
        ({"hyperparameters": {"lr": 2, "b": 2}}, "hyperparameters"),
        ({"hyperparameters": {"lr": 1}}, "hyperparameters"),
        ({"launch_distribution": {"torch_distributed": {"enabled": True}}}, "distribution"),
        *(({"image": replace(IMAGE, **change)}, "image") for change in (
            {"framework": "tensorflow"}, {"framework_version": "2.5"}, {"py_version": "py311"}, {"image_tag": "t"},
            {"uri": "mine:1"}, {"built_in": "xgboost:1"},
        )),
        ({"environment": {"A": "1", "B": "3"}}, "environment"),
        ({"environment": {}}, "environment"),
        ({"request_merge": RequestMerge(file="", members={"a": 1})}, "merged members"),
        ({"request_merge": None}, "merged members"),
    ],
)  # fmt: skip
def test_a_change_is_seen_in_its_own_digest(changes: dict[str, Any], name: str) -> None:
    assert changed(replace(TASK, **changes)) == {name}


@pytest.mark.parametrize(
    "changes",
    [
        {"hyperparameters": {"b": 2, "lr": 1}},
        {"environment": {"B": "2", "A": "1"}},
        {"request_merge": RequestMerge(file="other", members={"b": 2, "a": 1})},
        {"instances": Instances(count=3)},
        {"dry_run": True},
    ],
)
def test_what_is_no_change_of_what_a_job_is_made_from_is_not_seen(changes: dict[str, Any]) -> None:
    assert changed(replace(TASK, **changes)) == set()


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        ({"w.py": ("e", 0o644)}, ["empty"]),
        ({"w.py": ("d", 0o755)}, ["empty"]),
        ({"v.py": ("d", 0o644)}, ["empty"]),
        ({"w.py": ("d", 0o644)}, []),
        ({"w.py": ("d", 0o644)}, ["other"]),
        ({"w.py": ("d", 0o644), "empty": ("d", 0o644)}, []),
    ],
)
def test_code_is_its_names_modes_and_contents(files: dict[str, tuple[str, int]], folders: list[str]) -> None:
    made = {name: CodeFile(path="/x", mode=mode, size=9, digest=digest) for name, (digest, mode) in files.items()}
    assert changed(TASK, CodeFiles(files=made, folders=folders)) == {"code"}


def test_where_the_code_lies_is_no_part_of_it() -> None:
    moved = CodeFiles(files={"w.py": CodeFile(path="/elsewhere", mode=0o644, size=1, digest="d")}, folders=["empty"])
    assert changed(TASK, moved) == set()


def test_an_image_of_the_persons_own_is_what_it_is_built_from() -> None:
    assert changed(TASK, content="digest") == {"image"}


def test_a_processing_job_is_its_command() -> None:
    assert changed(replace(PROCESS, command=("a", "c")), before=PROCESS) == {"command"}
    assert changed(replace(PROCESS, command=(), command_line="a b"), before=PROCESS) == {"command"}
    assert "hyperparameters" not in fingerprint(PROCESS, CODE)


@pytest.mark.parametrize("place", [replace(PLACE, project="q"), replace(PLACE, task="u"), replace(PLACE, prefix="")])
def test_variables_have_another_digest_in_every_task(place: Place) -> None:
    digest = fingerprint(TASK, CODE)["environment"]
    assert len(digest) == 32
    assert fingerprint(replace(TASK, place=place), CODE)["environment"] != digest
