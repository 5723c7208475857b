"""The rows of csv files, and what in them is no number where an algorithm takes it for one."""

from __future__ import annotations

import math
import re
from shlex import quote
from typing import Final

from ..core.records import dataclass
from ..errors import UsageError
from .algorithms import Algorithm
from .formats import delimiter_of, guess_delimiter, other_name, without_quotes
from .sample import FileSample

_NUMBER: Final = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(nan|inf|infinity)", re.IGNORECASE)
_MISSING: Final = frozenset({"", "nan", "-nan", "na", "n/a", "null", "none", "?"})
_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
_IN_SED: Final = {"$": "[$]"}  # where it is the end of a line
_SIGNS: Final = {**dict.fromkeys(("%", "€", "£", "¥", "_", "'"), ""), "$": "", "\N{MINUS SIGN}": "-"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: the number of its line, from 1, its label, its weight where it has one, and how many features it has.

    ``features`` are the values as texts; of libsvm, those that are given.
    """

    line: int
    label: float | None
    features: tuple[str, ...]
    weight: float | None = None
    highest: int = 0


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the columns of a csv file are meant: whether a label comes first, and a weight after it."""

    has_label: bool
    has_weight: bool = False
    may_miss: bool = False  # whether an algorithm knows what to do without a value
    any_delimiter: bool = False


def csv_rows(facts: Algorithm, channel: str, file: FileSample, shape: Shape) -> list[Row]:
    """The rows of a csv file's beginning. Raises UsageError for the first thing that the algorithm reads otherwise."""
    return _Reader(facts, channel, file, shape).read()


class _Reader:
    """Reads one file: where it is, and how its columns are meant."""

    def __init__(self, facts: Algorithm, channel: str, file: FileSample, shape: Shape) -> None:
        self._reads = facts.name
        self._channel = channel
        self._file = file
        self._shape = shape
        self._number = 0
        self._delimiter = ""

    def read(self) -> list[Row]:
        """The rows, of as many columns each as the first."""
        rows: list[Row] = []
        columns = first = 0
        self._check_start()
        for number, line in enumerate(self._file.lines, 1):
            self._number = number
            if not line.strip():
                continue
            if '"' in line:
                raise UsageError(
                    f"{self._where} has quotes: {self._reads} takes them for a part of the value.\n"
                    f"Run: {without_quotes(line, self._file.path)}"
                )
            if not columns:
                self._delimiter = delimiter_of(line)
                self._check_first(line)
            cells = self._cells(line)
            if not columns:
                columns, first = len(cells), self._number
                self._check_header(cells)
            if len(cells) != columns:
                awk = f"{self._awk} 'NF=={columns}' {self._path} > {self._other('even')}"
                raise UsageError(
                    f"{self._where} has {len(cells)} columns, and line {first} has {columns}.\n"
                    f"Mend it; this keeps the rows of {columns}: {awk}"
                )
            rows.append(self._row(cells))
        self._check_last(rows)
        if rows and self._shape.any_delimiter:
            self._check_guess(rows[0].line)
        return rows

    def _cells(self, line: str) -> list[str]:
        if self._delimiter == " ":  # one or more
            return line.split()
        return [cell.strip() for cell in line.split(self._delimiter)] if self._delimiter else [line.strip()]

    def _check_last(self, rows: list[Row]) -> None:
        """Refuse a last column in which nothing stands: each line ends in a delimiter."""
        if rows and all(row.features[-1:] == ("",) for row in rows):
            mark = "\\t" if self._delimiter == "\t" else self._delimiter
            raise UsageError(
                f"channel {self._channel}: each line of {self._file.path} ends in {mark!r}: one column more.\n"
                f"Run: sed 's/{mark}$//' {self._path} > {self._other('trimmed')}"
            )

    def _check_guess(self, number: int) -> None:
        """Refuse a first row in which XGBoost sees another delimiter, which depends on its digits."""
        guess = guess_delimiter(self._file.lines[number - 1])
        if guess != self._delimiter:
            self._number = number
            mark = "\\t" if self._delimiter == "\t" else self._delimiter
            raise UsageError(
                f"{self._where}: {self._reads} guesses from it what is between the columns, and guesses {guess!r}.\n"
                f"Run: tr '{mark}' ',' < {self._path} > {self._other('commas')}"
            )

    @property
    def _where(self) -> str:
        return f"channel {self._channel}: {self._file.path} line {self._number}"

    @property
    def _path(self) -> str:
        return quote(self._file.path)

    @property
    def _awk(self) -> str:
        mark = "\\t" if self._delimiter == "\t" else self._delimiter or ","
        return f"awk -F'{mark}' -v OFS='{mark}'"

    def _other(self, word: str) -> str:
        return other_name(self._file.path, word)

    def _check_start(self) -> None:
        """Refuse a blank line where XGBoost looks for the delimiter."""
        if self._shape.any_delimiter and self._file.lines and not self._file.lines[0].strip():
            raise UsageError(
                f"channel {self._channel}: {self._file.path} begins with an empty line, where {self._reads} looks for "
                f"the delimiter.\nRun: grep '[^[:space:]]' {self._path} > {self._other('filled')}"
            )

    def _check_first(self, line: str) -> None:
        """Refuse delimiters that the algorithm does not read, and decimals with commas."""
        mark = "\\t" if self._delimiter == "\t" else self._delimiter
        if self._delimiter in _DELIMITERS and re.search(r"[0-9],[0-9]", line):
            raise UsageError(
                f"{self._where} has decimals with a comma, which are no numbers to {self._reads}.\n"
                f"Run: tr ',{mark}' '.,' < {self._path} > {self._other('commas')}"
            )
        if self._delimiter in _DELIMITERS and not self._shape.any_delimiter:
            raise UsageError(
                f"{self._where} has {_DELIMITERS[self._delimiter]} between its columns, and {self._reads} reads commas."
                f"\nRun: tr '{mark}' ',' < {self._path} > {self._other('commas')}"
            )

    def _check_header(self, cells: list[str]) -> None:
        """Refuse a first line of names: most of its cells are words, and those of the next line are not."""
        words = _words(cells)
        if self._counts_columns(cells):
            self._refuse_header(cells)
        after = next((line for line in self._file.lines[self._number :] if line.strip()), "")
        next_words = _words([cell.strip() for cell in re.split(r"[,;\t|]", after)])
        is_all_words = len(cells) > 1 and len(words) == len(cells)
        if not words or len(words) * 2 < len(cells) or not (len(next_words) < len(words) or is_all_words):
            return
        if not after and self._file.is_whole:
            raise UsageError(
                f"{self._where} has words ({_begin(cells)}), and no row follows.\n"
                "Leave the file out, or write rows of numbers there, without a header."
            )
        self._refuse_header(cells)

    def _refuse_header(self, cells: list[str]) -> None:
        raise UsageError(
            f"{self._where} is a header ({_begin(cells)}), and "
            f"{self._reads} takes it for data.\nRun: tail -n +2 {self._path} > {self._other('no-header')}\n"
            "From pandas: to_csv(…, header=False, index=False)"
        )

    def _counts_columns(self, cells: list[str]) -> bool:
        """Whether a first line is 0, 1, 2, …, as pandas names columns, over a column of decimals."""
        if len(cells) < 3 or cells != [str(number) for number in range(len(cells))]:
            return False
        rows = [self._cells(line) for line in self._file.lines[self._number :] if line.strip()]
        return len(rows) > 1 and any(all("." in cell for cell in column) for column in zip(*rows, strict=False))

    def _row(self, cells: list[str]) -> Row:
        shape = self._shape
        first = int(shape.has_label) + int(shape.has_weight)
        if len(cells) <= first:
            what = "a label, a weight and features" if shape.has_weight else "a label and features"
            raise UsageError(
                f"{self._where} has {len(cells)} column{'s' * (len(cells) > 1)}, and {self._reads} reads {what}.\n"
                "Write each row as: LABEL,FEATURE,FEATURE,…"
            )
        for column, cell in enumerate(cells, 1):
            if shape.has_label and column == 1:
                self._check_label(cell)
            else:
                self._check_cell(cell, column)
        return Row(
            line=self._number,
            label=float(cells[0]) if shape.has_label else None,
            weight=self._weight(cells[1]) if shape.has_weight else None,
            features=tuple(cells[first:]),
            highest=len(cells) - first,
        )

    def _check_label(self, cell: str) -> None:
        self._check_signs(cell, "has the label")
        if not is_number(cell) and cell.lower() not in _MISSING:
            raise UsageError(
                f"{self._where} has the label {cell[:40]!r}, and a label is a number.\n"
                f"Number the classes from 0 on, in the order in which they come: {self._awk} "
                f"'!($1 in n){{n[$1]=c++}} {{$1=n[$1]}}1' {self._path} > {self._other('numbered')}"
            )
        label = float(cell) if is_number(cell) else math.nan
        if not math.isfinite(label):
            what = "missing" if math.isnan(label) else "infinite"
            raise UsageError(
                f"{self._where} has a label that is {what} ({cell or 'nothing'}); {self._reads} needs one in the first "
                f"column.\nRun: {self._awk} '$1 ~ /[0-9]/' {self._path} > {self._other('labeled')}"
            )

    def _check_cell(self, cell: str, column: int) -> None:
        if is_number(cell):
            if math.isinf(float(cell)):
                raise UsageError(
                    f"{self._where} column {column} is infinite ({cell}), which {self._reads} refuses.\n"
                    f"Run: {self._awk} 'tolower($0) !~ /inf/' {self._path} > {self._other('finite')}"
                )
            if "nan" not in cell.lower():
                return
        elif cell.lower() not in _MISSING:
            self._check_signs(cell, f"column {column} is")
            numbered = "'!($N in n){n[$N]=c++} {$N=n[$N]}1'".replace("$N", f"${column}")
            raise UsageError(
                f"{self._where} column {column} is {cell[:40]!r}, and {self._reads} reads numbers alone.\n"
                f"Number its values, or leave the column out: {self._awk} {numbered} {self._path} > "
                f"{self._other('numbered')}"
            )
        if not self._shape.may_miss:
            filled = "'{for(i=1;i<=NF;i++)if($i!~/[0-9]/)$i=0}1'"
            raise UsageError(
                f"{self._where} column {column} has no value ({cell or 'nothing'}), and {self._reads} needs one.\n"
                f"Fill it in, for example with 0: {self._awk} {filled} {self._path} > {self._other('filled')}"
            )

    def _check_signs(self, cell: str, what: str) -> None:
        """Refuse a number with signs around or in it, which are read as no number or another one."""
        plain = _without_signs(cell)
        if plain != cell and is_number(plain):
            signs = [sign for sign in _SIGNS if sign in cell]
            edits = " ".join(f"-e {quote(f's/{_IN_SED.get(sign, sign)}/{_SIGNS[sign]}/g')}" for sign in signs)
            raise UsageError(
                f"{self._where} {what} {cell[:40]!r}, and {self._reads} reads plain numbers, as {plain}.\n"
                f"Run: sed {edits} {self._path} > {self._other('plain')}"
            )

    def _weight(self, cell: str) -> float:
        weight = float(cell) if is_number(cell) else math.nan
        if weight >= 0:
            return weight
        raise UsageError.naming(
            "{where} has the weight {cell} in its second column; a weight is 0 or more.\n"
            "Write {hp:name} 0 if that column is a feature, or run: {mend}",
            where=self._where,
            cell=cell,
            name="csv_weights",
            mend=f"{self._awk} '$2 >= 0' {self._path} > {self._other('weighted')}",
        )


def is_number(cell: str) -> bool:
    """Whether a cell is a number as algorithms read it."""
    return _NUMBER.fullmatch(cell) is not None


def _without_signs(cell: str) -> str:
    for sign, instead in _SIGNS.items():
        cell = cell.replace(sign, instead)
    return cell.strip()


def _begin(cells: list[str]) -> str:
    return f"{', '.join(cells[:3])}{', …' if len(cells) > 3 else ''}"


def _words(cells: list[str]) -> list[str]:
    return [cell for cell in cells if not is_number(_without_signs(cell)) and cell.lower() not in _MISSING]
