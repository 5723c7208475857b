"""Files of a job's folder, which may be torn or edited: what is taken, and what is called damaged, by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.job.stored import (
    DamagedJob,
    is_clock_speed,
    is_point,
    read_entries,
    read_object,
    read_points,
    read_settings,
    read_tags,
)

POINT: dict[str, Any] = {"name": "loss", "value": 0.5, "at": 1.0}
WHOLE: list[dict[str, Any]] = [
    {"at": 0},
    {"at": 253_402_300_799.5},
    {"at": 1, "secondary": "Training", "message": ""},
    {"at": 1, "secondary": "Failed", "message": "m", "status": "Failed", "reason": "why"},
    {"at": 1, "detected": 2, "clock_speed": 1},
    {"at": 1, "clock_speed": 1_000_000},
    {"at": 1, "message": "m", "said": "s"},
    {"at": 1, "metrics": []},
    {"at": 1, "metrics": [POINT, {**POINT, "more": 1}]},
    {"at": 1, "detected": None, "status": None, "metrics": None},
]
DAMAGED: list[Any] = [
    [],
    None,
    {},
    {"at": -1},
    {"at": 253_402_300_800},
    {"at": True},
    {"at": "1"},
    {"at": float("nan")},
    {"at": 10**400},
    {"at": 1, "secondary": "Training"},
    {"at": 1, "status": "Failed", "message": "m"},
    {"at": 1, "detected": "2"},
    {"at": 1, "detected": -1},
    {"at": 1, "clock_speed": 0.5},
    {"at": 1, "clock_speed": 1_000_001},
    {"at": 1, "clock_speed": True},
    *({"at": 1, "secondary": "Training", "message": "m", name: 7} for name in ("status", "reason", "said", "message")),
    {"at": 1, "message": "m", "secondary": 7},
    {"at": 1, "metrics": {}},
    {"at": 1, "metrics": [POINT, {**POINT, "value": "0.5"}]},
]


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


@pytest.mark.parametrize("entry", WHOLE)
def test_an_entry_as_the_engine_writes_it_is_read(tmp_path: Path, entry: dict[str, Any]) -> None:
    assert read_entries(write(tmp_path / "journal.jsonl", {"at": 0}, entry)) == [{"at": 0}, entry]


@pytest.mark.parametrize("entry", DAMAGED)
def test_an_entry_that_is_none_is_damage_and_names_the_file(tmp_path: Path, entry: object) -> None:
    with pytest.raises(DamagedJob, match=r"^journal\.jsonl has a line that is no entry of a journal$"):
        read_entries(write(tmp_path / "journal.jsonl", {"at": 0}, entry))


def test_a_last_line_that_is_still_written_is_left_for_later(tmp_path: Path) -> None:
    path = write(tmp_path / "journal.jsonl", {"at": 1})
    path.write_text(f'{path.read_text()}\n{{"at": 2}}\n{{"at": 3')
    assert read_entries(path) == [{"at": 1}, {"at": 2}]
    path.write_text('{"at": 1\n{"at": 2}\n')
    with pytest.raises(DamagedJob, match=r"^journal\.jsonl is no JSON: "):
        read_entries(path)


@pytest.mark.parametrize(
    ("point", "is_one"),
    [
        (POINT, True),
        ({**POINT, "value": -1e308}, True),
        ({**POINT, "value": float("inf")}, False),
        ({**POINT, "value": 10**400}, False),
        ({**POINT, "at": -1}, False),
        *(({name: value for name, value in POINT.items() if name != left_out}, False) for left_out in POINT),
        ([POINT], False),
    ],
)
def test_a_value_of_a_metric_has_a_name_a_number_and_a_time(point: object, is_one: bool) -> None:
    assert is_point(point) is is_one


def test_values_of_metrics_are_read_from_where_the_last_reading_ended(tmp_path: Path) -> None:
    points = [{**POINT, "value": number} for number in range(4)]
    path = write(tmp_path / "metrics.jsonl", *points)
    path.write_text(f'{path.read_text()}{{"name"')
    assert read_points(path, 1 << 20, 0) == points
    assert read_points(path, 1 << 20, 3) == points[3:]
    assert read_points(path, 1 << 20, 4) == []
    with pytest.raises(DamagedJob, match=r"^metrics\.jsonl has a line that is no value of a metric$"):
        read_points(write(path, POINT, {}), 1 << 20, 1)


SETTINGS = {"home": "/h", "python": "/p", "region": "r", "isolation": "auto", "docker": ["a"], "docker_environment": {}}


@pytest.mark.parametrize(
    "damage",
    [
        *({name: 7} for name in ("home", "python", "region", "isolation")),
        *({"docker": command} for command in ("docker", [7], None)),
        {"docker_environment": []},
        {"docker_environment": {"PATH": 7}},
        {"docker_environment": None},
    ],
)
def test_settings_that_are_no_texts_are_damage(tmp_path: Path, damage: dict[str, Any]) -> None:
    path = tmp_path / "settings.json"
    assert read_settings(write(path, SETTINGS)) == SETTINGS
    assert read_settings(write(path, {"stop_grace_s": 2})) == {"stop_grace_s": 2}
    with pytest.raises(DamagedJob, match=r"^settings\.json has something else where a text belongs$"):
        read_settings(write(path, SETTINGS | damage))


@pytest.mark.parametrize("tag", [{"Key": "a"}, {"Value": "b"}, {"Key": 1, "Value": "b"}, {"Key": "a", "Value": 1}, "a"])
def test_tags_without_texts_are_damage(tmp_path: Path, tag: object) -> None:
    good = {"Key": "a", "Value": "b"}
    assert read_tags(write(tmp_path / "tags.json", [good])) == [good]
    with pytest.raises(DamagedJob, match=r"^tags\.json has a tag without a text for Key and for Value$"):
        read_tags(write(tmp_path / "tags.json", [good, tag]))


def test_another_kind_of_json_is_damage_and_no_file_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(DamagedJob, match=r"^a\.json is no JSON object$"):
        read_object(write(tmp_path / "a.json", []))
    with pytest.raises(DamagedJob, match=r"^a\.json is no JSON list$"):
        read_tags(write(tmp_path / "a.json", {}))
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(DamagedJob, match=r"^a\.json is no JSON: "):
        read_object(tmp_path / "a.json")
    with pytest.raises(FileNotFoundError):
        read_object(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("value", "is_one"), [(1, True), (1.0, True), (1_000_000, True), (0.99, False), (1_000_001, False), ("1", False)]
)
def test_a_clock_goes_as_fast_as_this_machines_or_faster_within_bounds(value: object, is_one: bool) -> None:
    assert is_clock_speed(value) is is_one
