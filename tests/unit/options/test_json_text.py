"""JSON that is none: what is wrong with it is said, and the same as JSON shown, which can be typed as it is."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.options.json_text import mend
from tests.unit.cli.typed import RUN, refused, run

MEANT = {"torch_distributed": {"enabled": True}}

MISTYPED = {
    "true": ('{"torch_distributed": {"enabled": True}}', "true, not True"),
    "single quotes": ("{'torch_distributed': {'enabled': true}}", "double quotes, not single ones"),
    "both": ("{'torch_distributed': {'enabled': True}}", "double quotes, not single ones, and true, not True"),
    "a comma too many": ('{"torch_distributed": {"enabled": true,},}', "no comma before }"),
    "a comma at the end": ('{"torch_distributed": {"enabled": true}},', "no comma at the end"),
    "no quotes, as a shell leaves them": ("{torch_distributed: {enabled: true}}", "double quotes around names"),
    "a bracket that is missing": ('{"torch_distributed": {"enabled": true}', "a closing } at the end"),
    "quotes of a word processor": ("{“torch_distributed”: {“enabled”: true}}", "plain quotes, not typographic ones"),
    "capitals": ('{"torch_distributed": {"enabled": TRUE}}', "true, not TRUE"),
}


@pytest.mark.parametrize(("text", "reason"), MISTYPED.values(), ids=MISTYPED)
def test_what_is_wrong_is_said_and_the_same_shown_as_json(text: str, reason: str) -> None:
    message = refused(*RUN, "--distribution", text)
    assert "is not JSON" in message
    assert f"\nJSON has {reason}. Write: " in message
    line = next(line for line in message.splitlines() if line.startswith("JSON has"))
    (typed,) = shlex.split(line.partition(". Write: ")[2])
    assert run("--distribution", typed).launch_distribution == MEANT


@pytest.mark.parametrize(
    ("text", "reason"),
    [('{"mpi": {"enabled": None}}', "null, not None"), ('{"mpi": {"enabled": False}}', "false, not False")],
)
def test_other_names_of_python_are_told_too(text: str, reason: str) -> None:
    assert f"JSON has {reason}. Write: " in refused(*RUN, "--distribution", text)


def test_numbers_and_quotes_within_texts_stay_as_they_are() -> None:
    mended = mend("""{'a': -1.5e3, "it's": 'say "x" and \\'y\\'', 'list': [1, -2,]}""")
    assert mended is not None
    assert json.loads(mended[0]) == {"a": -1500.0, "it's": "say \"x\" and 'y'", "list": [1, -2]}


@pytest.mark.parametrize("text", ["", "{", "}", "mpi", '"mpi"x', '{"a" 1}', '{"a": 1}}', "{'a': 08}", "[True]", "b'x'"])
def test_where_nothing_can_be_told_an_example_is_shown(text: str) -> None:
    assert mend(text) is None
    if text:
        assert '{"torch_distributed": {"enabled": true}}' in refused(*RUN, "--distribution", text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abc' \"{}[],:\\1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc' \"", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc' \"", max_size=4), VALUES, max_size=3))
def test_any_dictionary_as_python_writes_it_becomes_the_same(value: dict[str, object]) -> None:
    mended = mend(repr(value))
    assert mended is None or json.loads(mended[0]) == value
    if value and repr(value) != json.dumps(value):
        assert mended is not None


@given(st.text(max_size=40))
def test_no_text_is_too_odd(text: str) -> None:
    mend(text)
