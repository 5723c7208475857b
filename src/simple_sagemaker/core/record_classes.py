"""What :mod:`.records` are at run time: classes of named fields that share one set of methods.

:mod:`dataclasses` compiles the methods of each class from a text, which takes a millisecond, and a submission needs
sixty classes. These know what the project uses of dataclasses: ``frozen``, ``kw_only``, defaults and what makes them,
``init``, ``repr``, ``compare``, ``__post_init__``, inheritance, :func:`replace`, :func:`asdict` and :func:`fields`. An
*instance* takes 2 us, up to four times as long: what there are a hundred thousand of is a named tuple or a dataclass
of Python's own.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, which takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

_MISSING = object()
_FIELDS = "__record_fields__"


class FrozenRecordError(AttributeError):
    """A value of a frozen record was to be changed."""


class Field:
    """A field: its ``name``, its default or what makes it, and whether arguments, text and comparisons have it."""

    __slots__ = ("default", "factory", "is_argument", "is_compared", "is_keyword", "is_shown", "name")

    def __init__(
        self, default: Any, factory: Any, *, is_argument: bool = True, is_shown: bool = True, is_compared: bool = True
    ) -> None:
        self.name = ""
        self.default = default
        self.factory = factory
        self.is_argument = is_argument
        self.is_shown = is_shown
        self.is_compared = is_compared
        self.is_keyword = False


def field(
    *,
    default: Any = _MISSING,
    default_factory: Any = _MISSING,
    init: bool = True,
    repr: bool = True,  # noqa: A002 - as dataclasses name it
    compare: bool = True,
) -> Any:
    """As :func:`dataclasses.field`."""
    return Field(default, default_factory, is_argument=init, is_shown=repr, is_compared=compare)


def dataclass(cls: Any = None, /, *, frozen: bool = False, kw_only: bool = False) -> Any:
    """As :func:`dataclasses.dataclass`."""
    if cls is None:
        return lambda cls: _make(cls, frozen=frozen, kw_only=kw_only)
    return _make(cls, frozen=frozen, kw_only=kw_only)


def fields(record: Any) -> tuple[Field, ...]:
    """The fields of a record, or of a class of them, in their order."""
    return tuple(record.__record_fields__.values())


def replace(record: Any, /, **changes: Any) -> Any:
    """A copy of a record with other values. Raises TypeError for names that are no arguments of its class."""
    for known in fields(record):
        if known.is_argument:
            changes.setdefault(known.name, getattr(record, known.name))
    return type(record)(**changes)


def asdict(record: Any) -> dict[str, Any]:
    """The values of a record by name; records in it, and in its lists, tuples and dicts, likewise."""
    return {known.name: _as_plain(getattr(record, known.name)) for known in fields(record)}


def _as_plain(value: Any) -> Any:
    if hasattr(type(value), _FIELDS):
        return asdict(value)
    if isinstance(value, dict):
        return {key: _as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_as_plain(item) for item in value])
    return value


class _PythonsFields:
    """The fields as :mod:`dataclasses` knows them, so that its functions take records too; made when one asks."""

    def __get__(self, record: Any, cls: Any) -> dict[str, Any]:
        import dataclasses

        made = [
            (
                known.name,
                object,
                dataclasses.field(
                    default=None if known.factory is _MISSING else dataclasses.MISSING,
                    default_factory=dataclasses.MISSING if known.factory is _MISSING else known.factory,
                    init=known.is_argument,
                    repr=known.is_shown,
                    compare=known.is_compared,
                ),
            )
            for known in fields(cls)
        ]
        same: Any = dataclasses.make_dataclass(cls.__name__, made)
        cls.__dataclass_fields__ = made_fields = {known.name: known for known in dataclasses.fields(same)}
        return made_fields


def _make(cls: Any, *, frozen: bool, kw_only: bool) -> Any:
    """Give a class its methods; those that it defines itself stay."""
    known = _read_fields(cls, kw_only=kw_only)
    cls.__record_fields__ = known
    cls.__dataclass_fields__ = _PythonsFields()
    own = cls.__dict__
    if "__init__" not in own:
        cls.__init__ = _make_init(known)
    if "__repr__" not in own:
        cls.__repr__ = _show
    if "__eq__" not in own:
        cls.__eq__ = _equals
        cls.__hash__ = own.get("__hash__") or (_hash if frozen else None)
    if frozen:
        cls.__setattr__ = cls.__delattr__ = _refuse_change
    return cls


def _read_fields(cls: Any, *, kw_only: bool) -> dict[str, Field]:
    """The fields of a class by name, those that it inherits first. Their defaults stay as the class's attributes."""
    known: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        known.update(base.__dict__.get(_FIELDS, {}))
    for name in cls.__annotations__:
        value = cls.__dict__.get(name, _MISSING)
        if isinstance(value, Field):
            made = value
            if value.default is _MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, value.default)
        else:
            made = Field(value, _MISSING)
        made.name, made.is_keyword = name, kw_only
        known[name] = made
    return known


def _make_init(known: dict[str, Field]) -> Callable[..., None]:
    positional = tuple(one.name for one in known.values() if one.is_argument and not one.is_keyword)
    arguments = frozenset(one.name for one in known.values() if one.is_argument)
    defaults = {one.name: one.default for one in known.values() if one.default is not _MISSING}
    factories = {one.name: one.factory for one in known.values() if one.factory is not _MISSING}

    def fill(self: Any, /, *unnamed: Any, **values: Any) -> None:
        if unnamed:
            _name_values(self, positional, unnamed, values)
        state = self.__dict__
        state.update(defaults)
        state.update(values)
        for name, make in factories.items():
            if name not in values:
                state[name] = make()
        if not (state.keys() >= arguments >= values.keys()):
            _refuse_arguments(self, sorted(values.keys() - arguments), sorted(arguments - state.keys()))
        if hasattr(self, "__post_init__"):
            self.__post_init__()

    return fill


def _name_values(record: Any, positional: tuple[str, ...], unnamed: tuple[Any, ...], values: dict[str, Any]) -> None:
    """Add the values that were given without names to ``values``."""
    kind = type(record).__name__
    if len(unnamed) > len(positional):
        raise TypeError(f"{kind}() takes {len(positional)} values without names, and got {len(unnamed)}")
    for name, value in zip(positional, unnamed, strict=False):
        if name in values:
            raise TypeError(f"{kind}() got two values for {name!r}")
        values[name] = value


def _refuse_arguments(record: Any, unknown: list[str], missing: list[str]) -> NoReturn:
    kind = type(record).__name__
    if unknown:
        raise TypeError(f"{kind}() got an unexpected keyword argument {unknown[0]!r}")
    raise TypeError(f"{kind}() misses {', '.join(map(repr, missing))}")


def _values(record: Any) -> list[Any]:
    return [getattr(record, known.name) for known in fields(record) if known.is_compared]


def _equals(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self is other or _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(tuple(_values(self)))


def _show(self: Any) -> str:
    shown = [f"{known.name}={getattr(self, known.name)!r}" for known in fields(self) if known.is_shown]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_change(self: Any, name: str, *_: object) -> NoReturn:
    raise FrozenRecordError(f"{name!r} of a {type(self).__name__} cannot be changed")
