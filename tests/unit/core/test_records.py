"""Records: what the project uses of dataclasses, compared with Python's own on the same classes."""

from __future__ import annotations

import dataclasses
import pickle
import sys
from types import ModuleType
from typing import Any

import pytest

from simple_sagemaker.core import record_classes

SOURCE = '''
@dataclass(frozen=True, kw_only=True)
class Named:
    """A doc."""
    name: str
    size: int = 3
    tags: list = field(default_factory=list)
    secret: str = field(default="s", repr=False)

@dataclass
class Changing:
    a: int
    b: int = 2
    made: list = field(default_factory=list, init=False, compare=False)
    later: int = field(init=False)
    def __post_init__(self) -> None:
        self.later = self.a + self.b

@dataclass(frozen=True, kw_only=True)
class More(Named):
    size: int = 4
    extra: object = None

@dataclass(frozen=True)
class Own:
    x: int
    def __eq__(self, other): return True
    def __repr__(self): return "own"
    def __hash__(self): return 7
'''


def classes(maker: ModuleType) -> dict[str, Any]:
    made: dict[str, Any] = {"dataclass": maker.dataclass, "field": maker.field, "__name__": __name__}
    exec(SOURCE, made)
    return made


OURS, PYTHONS = classes(record_classes), classes(dataclasses)
MAKERS = pytest.mark.parametrize("made", [OURS, PYTHONS], ids=["ours", "Python's"])

CASES = [
    "Named(name='n')",
    "Named(name='n', size=1, tags=[1], secret='x')",
    "Changing(1)",
    "Changing(1, b=5)",
    "Changing(1, 5)",
    "More(name='n')",
    "More(name='n', extra=Named(name='m', tags=[{'k': (Changing(1),)}]))",
    "Own(3)",
]


@pytest.mark.parametrize("case", CASES)
def test_a_record_looks_and_unfolds_as_a_dataclass(case: str) -> None:
    ours, pythons = eval(case, OURS), eval(case, PYTHONS)
    assert repr(ours) == repr(pythons)
    assert record_classes.asdict(ours) == dataclasses.asdict(pythons)
    assert [one.name for one in record_classes.fields(ours)] == [one.name for one in dataclasses.fields(pythons)]


@MAKERS
@pytest.mark.parametrize(
    "case",
    [
        *("Named()", "Named('n')", "Named(name='n', other=1)", "Changing()", "Changing(1, 2, 3)", "Changing(1, a=1)"),
        *("Changing(1, made=[])", "Changing(1, later=3)", "More(extra=1)"),
    ],
)
def test_wrong_arguments_are_refused(made: dict[str, Any], case: str) -> None:
    with pytest.raises(TypeError):
        eval(case, made)


@MAKERS
def test_equality_hashes_and_freezing(made: dict[str, Any]) -> None:
    named, changing, more = made["Named"], made["Changing"], made["More"]
    assert named(name="n", tags=()) == named(name="n", tags=())
    assert named(name="n") != named(name="m")
    assert named(name="n", size=4) != more(name="n")
    assert len({named(name="n", tags=()), named(name="n", tags=())}) == 1
    one, other = changing(1), changing(1)
    one.made.append(1)
    assert one == other
    one.b = 3
    assert one != other
    with pytest.raises(TypeError):
        hash(one)
    for act in (setattr, lambda record, name, _: delattr(record, name)):
        with pytest.raises(AttributeError):
            act(named(name="n"), "name", "m")
    assert made["Own"](1) == made["Own"](2)
    assert hash(made["Own"](1)) == 7
    assert named(name="n").tags is not named(name="n").tags


def test_replacing_makes_anew_what_is_made() -> None:
    changed = record_classes.replace(OURS["Changing"](1, 2), b=9)
    assert (changed.a, changed.b, changed.later, changed.made) == (1, 9, 10, [])
    with pytest.raises(TypeError):
        record_classes.replace(OURS["Named"](name="n"), other=1)
    with pytest.raises(TypeError):
        record_classes.replace(OURS["Changing"](1), later=1)


def test_functions_of_dataclasses_take_records() -> None:
    record = OURS["More"](name="n", extra=OURS["Changing"](1))
    assert dataclasses.is_dataclass(type(record))
    assert dataclasses.asdict(record) == record_classes.asdict(record)
    assert dataclasses.replace(record, size=9) == record_classes.replace(record, size=9)
    assert [one.name for one in dataclasses.fields(record)] == [one.name for one in record_classes.fields(record)]


def test_records_can_be_copied_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "Named", OURS["Named"], raising=False)
    record = OURS["Named"](name="n", tags=[1])
    assert pickle.loads(pickle.dumps(record)) == record


def test_pythons_fields_of_a_record_are_made_once() -> None:
    kind = record_classes.dataclass(type("Made", (), {"__annotations__": {"name": "str"}}))
    assert kind.__dataclass_fields__ is kind.__dataclass_fields__
