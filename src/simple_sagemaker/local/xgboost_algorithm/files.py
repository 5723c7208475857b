"""The files of a channel: which are read, and a look at the first lines as the container takes it."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from .errors import CustomerMistake
from .log import warn

_DEEPEST = 3  # folders below a channel's own whose files are read
_SHOWN = 50  # characters of a line in a message


def total_size(folder: str) -> int:
    """Bytes of all files below a channel's folder. Raises CustomerMistake for a hidden one."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith("."):
                raise CustomerMistake(
                    "Hidden file found in the data path! Remove that before training.",
                    f"The file is {os.path.relpath(os.path.join(place, name), folder)}.",
                )
            total += os.path.getsize(os.path.join(place, name))
    return total


def listed(folder: str) -> list[str]:
    """The files of a channel that are read, in the order of their paths; deeper ones are left out with a warning."""
    chosen = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        below = Path(place).relative_to(folder).parts
        if len(below) >= _DEEPEST:
            warn("files-too-deep", f"{place} is {len(below)} folders below the channel: XGBoost does not read it")
            folders.clear()
            continue
        chosen += [os.path.join(place, name) for name in names]
    return sorted(chosen)


def link(files: Sequence[str], scratch: Path) -> list[str]:
    """Make links to files in a new folder, under names that need no quoting, and return their paths."""
    scratch.mkdir(parents=True)
    links = []
    for number, file in enumerate(files):
        place = scratch / f"part-{number:05}"
        place.symlink_to(file)
        links.append(str(place))
    return links


def warn_of_copies(train: Sequence[str], validation: Sequence[str]) -> None:
    """Warn of files with the same name and size in both channels."""
    known = {(os.path.basename(file), os.path.getsize(file)) for file in train}
    same = [os.path.basename(file) for file in validation if (os.path.basename(file), os.path.getsize(file)) in known]
    if same:
        warn("same-files", f"train and validation hold files of the same name and size: {', '.join(same[:5])}")


def check_first_line(folder: str, kind: str) -> None:
    """Look at the first file of the first folder that has no others, as the container does. Raises CustomerMistake."""
    if kind not in {"csv", "libsvm"}:
        return
    leaf = next(place for place, folders, _ in os.walk(folder) if not folders)
    names = sorted(name for name in os.listdir(leaf) if _is_data(os.path.join(leaf, name)))
    if names and kind == "csv":
        find_delimiter([os.path.join(leaf, name) for name in names])
    elif names:
        _check_libsvm(os.path.join(leaf, names[0]))


def _is_data(file: str) -> bool:
    name = os.path.basename(file)
    cached = ".cache" in name and ("dtrain" in name or "dval" in name)
    return os.path.isfile(file) and not name.startswith((".", "_")) and not cached


def find_delimiter(files: Sequence[str]) -> str:
    """The delimiter of csv files, guessed from the first line of the first that has one. Raises CustomerMistake."""
    line = ""
    for file in files:
        with open(file, encoding="utf-8") as lines:
            line = lines.readline()
        if line:
            break
    try:
        delimiter = csv.Sniffer().sniff(line).delimiter
    except csv.Error as error:
        raise CustomerMistake(
            f"Could not determine delimiter on line {line[:_SHOWN]}:\n{error}",
            "csv data has the label first and at least one more column, divided by one delimiter.",
        ) from error
    return delimiter


def _check_libsvm(file: str) -> None:
    """Check lines up to the first with more than one feature."""
    with open(file, encoding="utf-8", errors="ignore") as lines:
        for line in lines:
            features = _count_features(line)
            if features > 1:
                return
            if features < 0:
                raise CustomerMistake(
                    f"First line '{line[:_SHOWN]}...' of file '{os.path.basename(file)}' is not 'LIBSVM' format. "
                    "Please ensure the file is in 'LIBSVM' format.",
                    "A line is LABEL INDEX:VALUE INDEX:VALUE …; for csv set the channel's ContentType to text/csv.",
                )


def _count_features(line: str) -> int:
    """How many features a line of libsvm has; -1 for a line that is none."""
    label, *features = line.split(" ")
    parts = label.split(":")
    if len(parts) > 2 or not all(map(_is_number, parts)):
        return -1
    if not features:
        return 0
    if any(":" not in feature for feature in features) or len(features[0].split(":")) != 2:
        return -1
    return len(features)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
