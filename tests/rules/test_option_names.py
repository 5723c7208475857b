"""Errors that name options (``SsmError.naming``): every name in a template is a value given with it, or an option."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator

import pytest

from simple_sagemaker.errors import SsmError, UsageError
from simple_sagemaker.options.table import every_group
from simple_sagemaker.project.arguments import spell
from tests.rules.tree import files, module

OPTIONS = {option.name for group in every_group().values() for option in group}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """All of them. Every worker of pytest reads them, so a file that has none is not parsed."""
    for file in files():
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "naming" in source else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "naming":
                yield f"{module(file)}:{node.lineno}", node


def texts(template: ast.expr) -> Iterator[str]:
    """The literal parts of a template; of an f-string, which fills some of it in, only the names in its braces."""
    if isinstance(template, ast.JoinedStr):
        literal = "".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in template.values)
        yield "".join(f"{{{name}}}" for name in re.findall(r"{([a-z_]+)(?:![rs])?}", literal))
        return
    for node in ast.walk(template):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


CALLS = dict(calls())


@pytest.mark.parametrize("place", CALLS)
def test_a_template_names_only_values_and_options(place: str) -> None:
    call = CALLS[place]
    values = {keyword.arg for keyword in call.keywords}
    for text in texts(call.args[0]):
        for _, field, spec, _ in string.Formatter().parse(text):
            if field:
                assert field in values | OPTIONS, f"{place}: {field!r} is neither a value nor an option"
                assert not spec or field in values or spec in values, f"{place}: {field}:{spec}"


def test_there_are_such_errors() -> None:
    assert len(CALLS) > 30


def test_each_door_spells_the_options_of_an_error() -> None:
    error = UsageError.naming("{clean_state} and {input_task:channel}: {what!r}", channel="c", what="{no_spot}")
    assert str(error) == "--clean_state and --input_task c: '{no_spot}'"
    error.respell(spell)
    assert str(error) == "clean_state and inputs['c']: '{no_spot}'"


def test_an_error_without_options_is_left_as_it_is() -> None:
    error = SsmError("--no_spot {and} so on")
    error.respell(spell)
    assert str(error) == "--no_spot {and} so on"
