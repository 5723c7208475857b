"""What lies in the home and how much it is; what is deleted of it can be made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.local.job import home_content
from simple_sagemaker.local.job.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for name in (
        *("jobs/a/journal.jsonl", "jobs/a/logs/x", "jobs/.drafts/0123/x", "buckets/one/k", "buckets/two/a/b"),
        *("cache/environments/e/bin/python", "cache/sent/x", "cache/file", "models/m.json", "mlflow/p/x"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 5000)
    (tmp_path / "buckets/.hidden").mkdir()
    (tmp_path / "buckets/link").symlink_to("one")
    return Home(tmp_path)


def test_each_part_is_weighed_with_its_entries_and_files(home: Home) -> None:
    found = {part.name: (part.entries, part.files) for part in home_content.parts(home)}
    assert found == {
        "jobs": (1, 2),
        "bucket one": (1, 1),
        "bucket two": (1, 1),
        "models": (1, 1),
        "MLflow": (1, 1),
        "environments": (1, 1),
        "cache": (2, 2),
        "left by killed commands": (1, 1),
    }
    sizes = {part.name: part.size for part in home_content.parts(home)}
    assert 5000 <= sizes["bucket one"] < 20_000
    assert sizes["jobs"] >= 10_000


def test_a_file_of_two_names_takes_its_room_once(home: Home) -> None:
    before = next(part for part in home_content.parts(home) if part.name == "bucket one")
    os.link(home.buckets / "one/k", home.buckets / "one/again")
    after = next(part for part in home_content.parts(home) if part.name == "bucket one")
    assert (after.files, after.entries) == (2, 2)
    assert after.size == before.size


@pytest.mark.parametrize("keeps", [True, False])
def test_cleaning_deletes_what_can_be_made_again_and_nothing_else(home: Home, keeps: bool) -> None:
    outside = home.root / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    (home.cache / "link").symlink_to(outside)
    home_content.clean(home, keep_environments=keeps)
    assert sorted(os.listdir(home.cache)) == (["environments"] if keeps else [])
    assert (home.environments / "e/bin/python").exists() is keeps
    assert (outside / "file").read_text() == "mine"
    kept = {part.name for part in home_content.parts(home)}
    assert {"jobs", "bucket one", "bucket two", "models", "MLflow"} <= kept
    assert "cache" not in kept


def test_a_home_that_is_not_there_has_no_parts_and_needs_no_cleaning(tmp_path: Path) -> None:
    home = Home(tmp_path / "none")
    assert list(home_content.parts(home)) == []
    home_content.clean(home, keep_environments=False)
    assert not home.root.exists()
