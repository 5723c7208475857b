"""Hyperparameters as values, as arguments and as variables: the cases of the contract."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.payload.ssm_launcher import values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ('"3"', "3"),
        ("true", True),
        ("True", "True"),
        ("null", None),
        ("007", "007"),
        ("", ""),
        ("hello world", "hello world"),
        ('["a", 1]', ["a", 1]),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_text_is_json_or_stands_for_itself(text: str, value: object) -> None:
    assert values.decode({"x": text}) == {"x": value}


def test_the_contracts_argument_vector() -> None:
    texts = {
        "b": "2",
        "a": '"x"',
        "Z": "1",
        "long_name": "true",
        "n": "null",
        "l": '[1,"a b"]',
        "d": '{"k2":2,"k1":[1]}',
    }
    arguments = ["-Z", "1", "-a", "x", "-b", "2", "-d", "k1=[1],k2=2", "-l"]
    assert values.arguments(values.decode(dict(texts))) == [*arguments, "[1, 'a b']", "--long_name", "True", "-n", ""]


def test_what_aws_reserves_is_nobodys_argument() -> None:
    person, framework, reserved = values.split({"sagemaker_foo": "bar", "sagemaker_program": "p", "x": 1})
    assert (person, framework, reserved) == ({"x": 1}, {"sagemaker_foo": "bar"}, {"sagemaker_program": "p"})


@pytest.mark.parametrize(
    ("value", "text"),
    [("a b", "a b"), (None, ""), (True, "true"), ({"b": 1, "a": ["ü"]}, '{"a":["\\u00fc"],"b":1}'), (1.5, "1.5")],
)
def test_a_variable_holds_text_as_it_is_and_the_rest_as_json(value: Any, text: str) -> None:
    assert values.encode(value) == text
