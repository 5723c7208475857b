"""The lines of keys: those of the keys that the reader of TOML finds, where they stand."""

from __future__ import annotations

import json
import string
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.options.project_file.key_lines import key_lines, line_of
from tests.counts import examples

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ODD = '''# a comment with [x]
a = 1
b.c = """
[no]
x = 1 \\"""
"""""
[t."q = \\"x\\"".'l']  # [z]
m = [
  "]", # ]
  {z = "=", y = [1]},
]
n = {p = 1, q = [2]}
'a.b' = \'\'\'
x = \'\'\'\'\'
k = 2026-01-01T00:00:00Z
[last]'''


def test_odd_texts_are_followed() -> None:
    inner = ("t", 'q = "x"', "l")
    assert key_lines(ODD) == {
        ("a",): 2,
        ("b",): 3,
        ("b", "c"): 3,
        ("t",): 7,
        inner[:2]: 7,
        inner: 7,
        (*inner, "m"): 8,
        (*inner, "n"): 12,
        (*inner, "a.b"): 13,
        (*inner, "k"): 15,
        ("last",): 16,
    }


def test_a_key_within_a_value_has_the_line_of_the_value() -> None:
    lines = key_lines("[task.t]\n\nhp = {lr = 1}\n")
    assert line_of(lines, ("task", "t", "hp", "lr")) == 3
    assert line_of(lines, ("task", "t", "gone")) == 1
    assert line_of(lines, ("gone",)) == 1


NAMES = st.text(string.ascii_letters + "_-", min_size=1, max_size=3) | st.text(max_size=4)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(NAMES.filter(str.isprintable), st.dictionaries(NAMES.filter(str.isprintable), VALUES)))
@settings(max_examples=examples(60, 3000))
def test_every_key_has_the_line_that_it_was_written_on(tables: dict[str, dict[str, object]]) -> None:
    written: dict[tuple[str, ...], int] = {}
    lines: list[str] = []
    for table, keys in tables.items():
        lines.append(f"[{_toml(table)}] # = ]")
        written[table,] = len(lines)
        for key, value in keys.items():
            lines.append(f"{_toml(key)} = {_toml(value)} # [")
            written[table, key] = len(lines)
            lines.extend(["", "# x = 1"])
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert key_lines(text) == written


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[ {', '.join(map(_toml, value))} ]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
