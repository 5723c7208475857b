"""Random command lines of ``ssm tune``, and random ranges: a spec, or a usage error; values only of the range."""

from __future__ import annotations

import math
import random
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.errors import SsmError
from simple_sagemaker.studies.begin import trials_wanted
from simple_sagemaker.studies.spec import TuneSpec
from simple_sagemaker.tuning.random_search import RandomSearch
from simple_sagemaker.tuning.ranges import Categorical, Range, combination, combinations, holds
from tests.counts import examples

_AWS_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_quiet = settings(
    max_examples=examples(200, 5000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

numbers = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0", "-0", "+1", ".5", "1e5", "1E-5", "0.1", "00", "1e300", "-1e-300", "1e400", "9" * 400, "1."]),
    st.decimals(-1000, 1000, allow_nan=False, places=3).map(str),
)
marks = st.sampled_from(["", "@log", "@reverselog", "@linear", "/1", "/0.1", "/3", "/1e-7", "/x", "/1@linear", "@lin"])


@st.composite
def in_order(draw: st.DrawFn) -> str:
    """Two ends in their order, so that most of these are ranges."""
    ends = sorted({draw(numbers), draw(numbers)}, key=float)
    return f"{ends[0]}..{ends[-1]}{draw(marks)}"


ranges = st.one_of(
    in_order(),
    in_order(),
    st.builds("{}..{}{}".format, numbers, numbers, marks),
    st.lists(st.text(max_size=5), max_size=4).map("|".join),
    st.text(max_size=12),
)
texts = st.one_of(
    st.text(max_size=8), numbers, st.sampled_from(["--", "-", "loss", "min", "max", "random", "--lr", "é", ""])
)
options = st.sampled_from(
    """
    --hp_space --tune_for --tune_jobs --tune_at_once --tune_by --tune_stop --tune_target --tune_patience --tune_mins
    --tune_failures --tune_seed --tune_from --tune_on --tune_resource --md --it --ic --epochs -o --quiet_run --dry_run
    --no_wait --json_events --job_env --tag --iit -i --hp
    """.split()  # noqa: SIM905 - a list to be read
)


@pytest.fixture
def worker(tmp_path: Path) -> str:
    path = tmp_path / "w.py"
    path.write_text("print('loss=1')\n", encoding="utf-8")
    return str(path)


def base(worker: str) -> list[str]:
    return ["tune", "-p", "P", "-t", "T", "-e", worker, "--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min"]


@_quiet
@given(space=st.lists(st.tuples(st.sampled_from("abc"), ranges), max_size=2), seed=st.integers(0, 99))
def test_a_range_gives_only_values_of_its_own(worker: str, space: list[tuple[str, str]], seed: int) -> None:
    words = [word for name, one in space for word in ("--hp_space", name, one)]
    try:
        spec = parse([*base(worker), *words])
    except SsmError:
        return
    assert isinstance(spec, TuneSpec)
    assert trials_wanted(spec) >= 1
    chance, search = random.Random(seed), RandomSearch(spec.space, seed)
    total = combinations(spec.space)
    proposals = [search.propose(number) for number in range(min(total or 8, 8))]
    if total is not None:
        assert len({tuple(one.values()) for one in proposals}) == len(proposals)
        proposals += [combination(spec.space, index) for index in {0, total // 2, total - 1}]
    for one in spec.space:
        values = [one.value_at(position) for position in (0.0, 0.5, math.nextafter(1, 0), 1.0, chance.random())]
        for value in [*values, *(proposal[one.name] for proposal in proposals)]:
            check(one, value)


def check(one: Range, value: str) -> None:
    assert holds(one, value), (one, value)
    if isinstance(one, Categorical):
        assert value in one.values
        return
    assert _AWS_NUMBER.fullmatch(value), value
    low, high = Decimal(str(one.low)), Decimal(str(one.high))
    number = Decimal(value)
    slack = abs(number) * Decimal("1e-15")  # a text may have more digits than a float
    assert low - slack <= number <= high + slack, (one, value)
    assert 0 <= one.position_of(value) <= 1
    if one.step is not None:
        steps = (Fraction(value) - Fraction(str(one.low))) / Fraction(str(one.step))
        assert abs(steps - round(steps)) < Fraction("0.5"), (one, value)


@_quiet
@given(more=st.lists(st.tuples(options, st.lists(texts, max_size=3)), max_size=5), has_base=st.booleans())
def test_a_random_line_is_a_spec_or_refused(worker: str, more: list[tuple[str, list[str]]], has_base: bool) -> None:
    words = [word for option, values in more for word in (option, *values)]
    before = ["--hp_space", "rate", "0.0..1.0"] if has_base else []
    try:
        spec = parse([*base(worker), *before, *words])
    except (SsmError, SystemExit):
        return
    assert isinstance(spec, TuneSpec)
    trials_wanted(spec)
