"""The names of Python's ``typing``, at no cost: loading it and making a Protocol take a tenth of what a skip takes.

To type checkers they are Python's own. While the program runs a Protocol is a plain class, a type is ``object``, and a
NamedTuple is made by ``collections.namedtuple``, as Python's own is.
"""

from __future__ import annotations

__all__ = [
    "IO",
    "TYPE_CHECKING",
    "Any",
    "BinaryIO",
    "Generic",
    "Literal",
    "NamedTuple",
    "NoReturn",
    "Protocol",
    "TextIO",
    "TypeVar",
    "cast",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        IO,
        Any,
        BinaryIO,
        Generic,
        Literal,
        NamedTuple,
        NoReturn,
        Protocol,
        TextIO,
        TypeVar,
        cast,
    )
else:
    from collections import namedtuple

    Any = BinaryIO = NoReturn = TextIO = object

    class Protocol:
        """A class that says what others have; also what takes types in brackets and forgets them."""

        def __class_getitem__(cls, _types: object) -> type:
            return cls

    Generic = Literal = IO = Protocol

    def TypeVar(name: str, *_types: object, **_words: object) -> str:  # noqa: N802 - as Python calls it
        """Stand for a type."""
        return name

    def cast(_type: object, value: object) -> object:
        """Return the value."""
        return value

    class _TupleMaker(type):
        """Makes a named tuple of a class's annotated names, with its methods."""

        def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, object]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, members)
            fields = list(members["__annotations__"])
            defaults = [members[field] for field in fields if field in members]
            made = namedtuple(name, fields, defaults=defaults, module=members["__module__"])  # noqa: PYI024 - see above
            for key, value in members.items():
                if key not in fields and key not in _OF_EVERY_CLASS:
                    setattr(made, key, value)
            return made

    _OF_EVERY_CLASS = {"__module__", "__qualname__", "__annotations__"}

    class NamedTuple(metaclass=_TupleMaker):
        """What a named tuple's class names as its base; the class that comes of it has no such base."""
