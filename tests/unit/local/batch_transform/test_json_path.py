"""The JSONPath of AWS's page on batch transform, operator by operator."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.batch_transform.json_path import BadPath, JsonPath

RECORD = {"id": 7, "features": {"a": [1, 2, 3], "b": {"deep": True}}, "SageMakerOutput": {"label": 1}}
ROW = ["a", "b", "c", "d", "e", "f", "g"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("$", RECORD, RECORD),
        ("$.id", RECORD, 7),
        ("$['id']", RECORD, 7),
        ('$["id"]', RECORD, 7),
        ("$.features.b.deep", RECORD, True),
        ("$['id','SageMakerOutput']", RECORD, {"id": 7, "SageMakerOutput": {"label": 1}}),
        ("$.features.['a','b']", RECORD, RECORD["features"]),
        ("$.features.*", RECORD, [[1, 2, 3], {"deep": True}]),
        ("$.features.a[*]", RECORD, [1, 2, 3]),
        ("$[1]", ROW, "b"),
        ("$[-1]", ROW, "g"),
        ("$[1,3,5]", ROW, ["b", "d", "f"]),
        ("$[1:4]", ROW, ["b", "c", "d", "e"]),  # the second through the fifth, as the page says
        ("$[5:]", ROW, ["f", "g"]),
        ("$[:5]", ROW, ["a", "b", "c", "d", "e", "f"]),
        ("$[:-2]", ROW, ["a", "b", "c", "d", "e", "f"]),
        ("$[:]", ROW, ROW),
        (r"$['it\'s']", {"it's": 1}, 1),
    ],
)
def test_a_path_takes_what_the_page_says(path: str, value: Any, expected: Any) -> None:
    assert JsonPath(path).apply(value) == expected


@pytest.mark.parametrize("path", ["", "id", "$.", "$..id", "$[", "$[a]", "$[?(@.id)]", "$['a'b]", "$ .a", "$[1,]"])
def test_what_is_no_such_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        JsonPath(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$[7]", ROW),
        ("$[2:9]", ROW),
        ("$[-8]", ROW),
        ("$.id", ROW),
        ("$.none", RECORD),
        ("$[0]", RECORD),
        ("$.id.*", RECORD),
    ],
)
def test_what_a_record_lacks_is_an_error(path: str, value: Any) -> None:
    with pytest.raises(BadPath):
        JsonPath(path).apply(value)


def test_paths_tell_what_they_need() -> None:
    assert JsonPath("$").is_root
    assert not JsonPath("$[0]").is_root
    assert JsonPath("$.id").names_attributes
    assert not JsonPath("$[0]").names_attributes
