"""JSONPath as batch transform has it: the operators that AWS documents, and no others.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html lists them. A slice includes its
end there (``[1:4]`` is the second through the fifth), and an index beyond the record is an error.
"""

import re

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_NUMBER = r"-?\d+"
_STEP = re.compile(
    r"\.(?P<name>[^\s.\[\]'\"*,:()?@$]+)"
    r"|\.(?P<star>\*)"
    r"|\.?\[\s*(?:(?P<all>\*)|(?P<names>(?:{q})(?:\s*,\s*(?:{q}))*)|(?P<numbers>{n}(?:\s*,\s*{n})*)"
    r"|(?P<start>{n})?\s*:\s*(?P<end>{n})?)\s*\]".format(q=_QUOTED, n=_NUMBER)
)


class BadPath(ValueError):
    """No JSONPath that batch transform knows, or one that does not fit a record; the text says why."""


class JsonPath:
    """A parsed path. Raises BadPath for a text that is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = []  # type: list[tuple[str, Any]]
        if not text.startswith("$"):
            raise BadPath("the JSONPath {!r} does not begin with $".format(text))
        place = 1
        while place < len(text):
            match = _STEP.match(text, place)
            if match is None:
                raise BadPath("the JSONPath {!r} cannot be read from {!r} on".format(text, text[place:]))
            self._steps.append(_step(match))
            place = match.end()

    @property
    def is_root(self) -> bool:
        """Whether it takes everything."""
        return not self._steps

    @property
    def names_attributes(self) -> bool:
        """Whether it asks for attributes of an object, which a row of CSV has not."""
        return any(kind == "names" for kind, _ in self._steps)

    def apply(self, value: "Any") -> "Any":
        """What the path takes of a JSON value. Raises BadPath where it is not there."""
        return self._apply(value, 0)

    def _apply(self, value: "Any", number: int) -> "Any":
        if number == len(self._steps):
            return value
        kind, wanted = self._steps[number]
        if kind == "all":
            return [self._apply(one, number + 1) for one in self._members(value)]
        if kind == "names":
            if not isinstance(value, dict):
                raise BadPath("{}: there is no object to take {} of".format(self.text, ", ".join(wanted)))
            absent = [name for name in wanted if name not in value]
            if absent:
                raise BadPath("{}: the record has no {}".format(self.text, ", ".join(absent)))
            if len(wanted) == 1:
                return self._apply(value[wanted[0]], number + 1)
            return {name: self._apply(value[name], number + 1) for name in wanted}
        if not isinstance(value, list):
            raise BadPath("{}: there is no array to take elements of".format(self.text))
        if kind == "numbers":
            taken = [self._apply(self._element(value, index), number + 1) for index in wanted]
            return taken[0] if len(wanted) == 1 else taken
        return [self._apply(one, number + 1) for one in self._slice(value, *wanted)]

    def _members(self, value: "Any") -> "list[Any]":
        if isinstance(value, dict):
            return list(value.values())
        if isinstance(value, list):
            return value
        raise BadPath("{}: * needs an object or an array".format(self.text))

    def _element(self, value: "list[Any]", index: int) -> "Any":
        if not -len(value) <= index < len(value):
            raise BadPath("{}: index {} is out of a record of {}".format(self.text, index, len(value)))
        return value[index]

    def _slice(self, value: "list[Any]", start: "int | None", end: "int | None") -> "list[Any]":
        for index in (start, end):
            if index is not None:
                self._element(value, index)
        first = 0 if start is None else start % len(value)
        last = len(value) - 1 if end is None else end % len(value)
        return value[first : last + 1]


def _step(match: "Any") -> "tuple[str, Any]":
    if match.group("name"):
        return "names", [match.group("name")]
    if match.group("star") or match.group("all"):
        return "all", None
    if match.group("names"):
        quoted = re.findall(_QUOTED, match.group("names"))
        return "names", [re.sub(r"\\(.)", r"\1", one[1:-1]) for one in quoted]
    if match.group("numbers"):
        return "numbers", [int(one) for one in match.group("numbers").split(",")]
    start, end = match.group("start"), match.group("end")
    return "slice", (None if start is None else int(start), None if end is None else int(end))
