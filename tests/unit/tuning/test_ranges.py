from __future__ import annotations

import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.tuning.ranges import (
    Categorical,
    Continuous,
    Integer,
    Range,
    combination,
    combinations,
    covers,
    holds,
)

EVEN = [(index + 0.5) / 1000 for index in range(1000)]


@pytest.mark.parametrize(
    ("one", "at_half"),
    [
        (Continuous(name="x", low="0", high="1"), 0.5),
        (Continuous(name="x", low="1e-5", high="1e-1", scale="log"), 1e-3),
        (Continuous(name="x", low="0.9", high="0.999", scale="reverselog"), 0.99),
        (Continuous(name="x", low="-1", high="3"), 1.0),
    ],
)
def test_a_scale_has_its_middle_where_it_is_expected(one: Continuous, at_half: float) -> None:
    assert float(one.value_at(0.5)) == pytest.approx(at_half)
    assert float(one.value_at(0.0)) == float(one.low)
    assert float(one.value_at(1.0)) == float(one.high)


def test_a_step_gives_decimal_values_as_people_write_them() -> None:
    tenths = Continuous(name="x", low="0.1", high="0.75", step="0.1")
    assert [tenths.nth(index) for index in range(7)] == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]
    assert tenths.count == 7
    assert {tenths.value_at(place) for place in EVEN} == {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"}


def test_whole_numbers_have_equal_shares_at_the_ends_too() -> None:
    drawn = [Integer(name="x", low=2, high=5).value_at(place) for place in EVEN]
    assert {value: drawn.count(value) for value in drawn} == {"2": 250, "3": 250, "4": 250, "5": 250}


def test_whole_numbers_on_a_log_scale_prefer_small_ones_and_reach_both_ends() -> None:
    drawn = [int(Integer(name="x", low=1, high=1000, scale="log").value_at(place)) for place in EVEN]
    assert (min(drawn), Integer(name="x", low=1, high=1000, scale="log").value_at(1.0)) == (1, "1000")
    assert 15 < sorted(drawn)[500] < 40
    assert drawn == sorted(drawn)


def test_a_range_of_one_value_at_the_low_end_of_a_log_scale_is_whole() -> None:
    assert Integer(name="x", low=1, high=2, scale="log").value_at(0.0) == "1"


@pytest.mark.parametrize(
    "one",
    [
        Continuous(name="x", low="1e-5", high="1e-1", scale="log"),
        Continuous(name="x", low="0.5", high="0.999", scale="reverselog"),
        Continuous(name="x", low="-2", high="7"),
        Continuous(name="x", low="0", high="1", step="0.05"),
        Integer(name="x", low=-3, high=90),
        Integer(name="x", low=2, high=64, step=2),
        Integer(name="x", low=1, high=4096, scale="log"),
        Categorical(name="x", values=("a", "b", "c")),
    ],
)
def test_a_value_lies_at_the_position_that_it_came_from(one: Range) -> None:
    values = {one.value_at(place) for place in EVEN}
    for value in values:
        again = one.value_at(one.position_of(value))
        assert again == value or float(again) == pytest.approx(float(value), rel=1e-9)
    assert fmean(abs(one.position_of(one.value_at(place)) - place) for place in EVEN) < 0.2


@given(st.floats(0, 1, allow_nan=False))
def test_no_value_leaves_its_range(place: float) -> None:
    one = Continuous(name="x", low="1e-7", high="0.3", scale="log")
    assert 1e-7 <= float(one.value_at(place)) <= 0.3
    assert 3 <= int(Integer(name="x", low=3, high=17, scale="log").value_at(place)) <= 17


def test_a_finite_space_lists_each_combination_once_and_the_last_range_changes_quickest() -> None:
    space: list[Range] = [Categorical(name="opt", values=("adam", "sgd")), Integer(name="layers", low=2, high=4)]
    assert combinations(space) == 6
    every = [combination(space, index) for index in range(6)]
    assert every[:3] == [{"opt": "adam", "layers": str(layers)} for layers in (2, 3, 4)]
    assert len({tuple(one.items()) for one in every}) == 6
    assert combinations([*space, Continuous(name="lr", low="0", high="1")]) is None


def test_texts_are_numbers_as_python_writes_them() -> None:
    one = Continuous(name="x", low="1e-5", high="1", scale="log")
    assert one.value_at(0.0) == "1e-05"
    assert math.isclose(float(one.value_at(0.4)), 1e-3)
    assert Continuous(name="x", low="0", high="10", step="2.5").nth(2) == "5"


@pytest.mark.parametrize(
    ("index", "value"),
    [(0, "0"), (10**15 - 1, "999999999999999"), (10**15, "1000000000000000.0"), (3, "3")],
)
def test_only_numbers_that_a_float_holds_exactly_are_written_whole(index: int, value: str) -> None:
    assert Continuous(name="x", low="0", high="1e16", step="1").nth(index) == value


@pytest.mark.parametrize(
    "one", [Continuous(name="x", low="2", high="10", step="4"), Integer(name="x", low=2, high=12, step=4)]
)
def test_a_value_has_the_index_of_the_nearest_within_the_range(one: Continuous | Integer) -> None:
    assert one.count == 3
    assert [one.nth(index) for index in range(3)] == ["2", "6", "10"]
    assert [one.index_of(value) for value in ("-9", "2", "3", "5", "6", "7", "9", "10", "99")] == [
        *(0, 0, 0, 1, 1, 1, 2, 2, 2)
    ]
    assert [one.value_at(position) for position in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)] == [
        "2",
        "2",
        "6",
        "6",
        "10",
        "10",
    ]
    assert [one.position_of(value) for value in ("2", "6", "10")] == [
        pytest.approx((2 * at + 1) / 6) for at in range(3)
    ]


def test_the_ends_of_a_range_are_its_first_and_last_positions_on_every_scale() -> None:
    one = Continuous(name="x", low="1e-4", high="1e-2", scale="log")
    assert [one.position_of(value) for value in ("1e-4", "1e-3", "1e-2", "1", "1e-9")] == pytest.approx(
        [0, 0.5, 1, 1, 0]
    )
    whole = Integer(name="x", low=1, high=100, scale="log")
    assert (whole.value_at(0.0), whole.value_at(1.0)) == ("1", "100")
    assert 0 < whole.position_of("1") < whole.position_of("2") < whole.position_of("100") < 1


HELD: list[tuple[Range, list[str], list[str]]] = [
    (Categorical(name="x", values=("a", "b")), ["a", "b"], ["c", "", "A"]),
    (Integer(name="x", low=2, high=12, step=4), ["2", "6", "10"], ["4", "12", "14", "6.0", "a", "-2"]),
    (Continuous(name="x", low="0", high="1", step="0.25"), ["0", "0.25", "1"], ["0.3", "0.250", "1.25", "a"]),
    (Continuous(name="x", low="0.5", high="1"), ["0.5", "0.7", "1", "1.0"], ["0.4", "1.1", "nan", "a"]),
]


@pytest.mark.parametrize(("one", "held", "others"), HELD)
def test_a_range_holds_its_values_as_it_writes_them(one: Range, held: list[str], others: list[str]) -> None:
    assert [value for value in held + others if holds(one, value)] == held


@pytest.mark.parametrize(
    ("one", "covered", "others"),
    [
        (Categorical(name="x", values=("a", "b")), ["a"], ["c"]),
        (Integer(name="x", low=2, high=12, step=4), ["2", "3", "12", "6.0"], ["1", "13", "3.5", "a"]),
        (Continuous(name="x", low="0", high="1", step="0.25"), ["0", "0.3", "1"], ["-0.1", "1.1", "nan", ""]),
    ],
)
def test_what_lies_between_steps_can_be_learned_from(one: Range, covered: list[str], others: list[str]) -> None:
    assert [value for value in covered + others if covers(one, value)] == covered
