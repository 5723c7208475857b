"""What can be imported: all that the documents name, from the package and from its room, and nothing else by a star."""

from __future__ import annotations

import re
from pathlib import Path

import simple_sagemaker
from simple_sagemaker import project

DOCUMENTED = set(
    re.findall(r"simple_sagemaker\.project\.([A-Z]\w+)", (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8"))
)


def test_the_package_and_its_room_export_what_is_documented() -> None:
    assert DOCUMENTED
    assert {*simple_sagemaker.__all__} - {"SageMakerProject"} <= {*project.__all__}
    assert {*project.__all__} >= DOCUMENTED
    assert all(hasattr(project, name) for name in project.__all__)


def test_the_package_gives_the_classes_of_its_rooms() -> None:
    assert all(
        getattr(simple_sagemaker, name).__name__ == name for name in simple_sagemaker.__all__ if name != "Outcome"
    )
    assert simple_sagemaker.Outcome is project.Outcome
    assert not hasattr(simple_sagemaker, "Engine")
