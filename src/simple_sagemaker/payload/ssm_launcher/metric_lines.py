"""Finds the values of metrics in what a script prints, by the regular expressions of the job.

In: pieces of output. Out: whole lines, and the values in them. An expression that computes for too long is dropped.
"""

import re
import signal

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

SLOWEST_S = 0.5  # of computing, for one regular expression in what arrived at once
LONGEST_LINE = 1 << 16  # characters; what is longer is looked at in pieces
# What looks behind, or tells the beginning or end by another way than ^ and $: looked for line by line.
_BEYOND = re.compile(r"\\[AZ]|\(\?<|\(\?[aiLmsux-]")


class Lines:
    """Whole lines from pieces of output."""

    def __init__(self) -> None:
        self._rest = ""

    def push(self, data: bytes) -> str:
        """The whole lines that ``data`` ends, as one text; empty while there is none."""
        text = self._rest + data.decode("utf-8", "replace")
        end = text.rfind("\n") + 1
        if not end and len(text) > LONGEST_LINE:
            end = len(text)
        self._rest = text[end:]
        return text[:end]

    def rest(self) -> str:
        """A last line that nothing ended; once."""
        text, self._rest = self._rest, ""
        return text


class Finder:
    """Finds the values of ``metrics`` (names and regular expressions) in whole lines.

    ``note`` prints a line about an expression that cannot be used; ``by`` says in it who looks.
    """

    def __init__(self, metrics: "dict[str, str]", by: str, note: "Callable[[str], None]") -> None:
        self._by = by
        self._note = note
        self._patterns = {}  # type: dict[str, tuple[Any, bool]]
        for name in sorted(metrics):
            try:
                self._patterns[name] = (re.compile(metrics[name], re.MULTILINE), bool(_BEYOND.search(metrics[name])))
            except (re.error, OverflowError, RecursionError) as error:
                note("the metric {} is not looked for {}: {}".format(name, by, error))

    def values(self, text: str) -> "Iterator[tuple[int, str, float]]":
        """The values in whole lines: where each begins, its metric, and the number; one metric after another."""
        for name, (pattern, is_by_line) in list(self._patterns.items()):
            try:
                values = list(_limited(_find, pattern, text, is_by_line))
            except TooSlow:
                del self._patterns[name]
                self._note("the metric {} is not looked for {} any more: its expression is slow".format(name, self._by))
                continue
            for start, value in values:
                yield start, name, value


class TooSlow(Exception):
    """An expression computed for too long."""


def _too_slow(number: int, frame: object) -> None:
    raise TooSlow


def _limited(act: "Callable[..., Any]", *arguments: object) -> "Any":
    """What ``act`` returns; raises TooSlow once it has computed for too long."""
    before = signal.signal(signal.SIGVTALRM, _too_slow)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST_S, 0.1)
        return act(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _find(pattern: "Any", text: str, is_by_line: bool) -> "list[tuple[int, float]]":
    """The values that a pattern finds in each line alone, with their places.

    Lines without a match are passed over by one search in all of them, which costs a hundredth of a search in each.
    """
    found = []  # type: list[tuple[int, float]]
    at = 0
    while at < len(text):
        if is_by_line:
            begin = at
        else:
            match = pattern.search(text, at)
            if match is None:
                break
            begin = text.rfind("\n", at, match.start()) + 1 or at
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end
        for match in pattern.finditer(text[begin:end]):
            try:
                value = float(match.group(1) if pattern.groups else match.group())
            except (TypeError, ValueError):
                continue
            found.append((begin + match.start(), value))
        at = end + 1
    return found
