"""What the first bytes and lines of a file are, whatever its name says."""

from __future__ import annotations

import csv
import re
from shlex import quote
from typing import Final

from ..errors import UsageError
from .algorithms import Algorithm
from .channels import CSV, JSON_LINES, LIBSVM, PARQUET, PROTOBUF
from .sample import FileSample

RECORDIO: Final = b"\x0a\x23\xd7\xce"  # MXNet's magic number, as every record of RecordIO begins
_LIBSVM: Final = re.compile(r"\s*\S+(\s+(qid:[0-9]+|[0-9]+:\S+))+\s*")
_MOST_GUESSED: Final = 1 << 16  # characters of a line
_DELIMITERS: Final = (",", "\t", ";", "|")


def sniff(file: FileSample) -> str | None:
    """The type of a file's content; None where its beginning does not tell."""
    if file.head.startswith(b"PAR1"):
        return PARQUET
    if file.head.startswith(RECORDIO):
        return PROTOBUF
    if file.head.startswith((b"\xff\xd8\xff", b"\x89PNG")):
        return "application/x-image"
    first = next((line for line in file.lines if line.strip()), "")
    if first.lstrip().startswith(("{", "[")):
        return JSON_LINES
    if _LIBSVM.fullmatch(first) and not any(mark in first for mark in ",;"):
        return LIBSVM
    words = first.split()
    are_numbers = all(word.replace(".", "").lstrip("+-").isdigit() for word in words)
    return CSV if delimiter_of(first) not in {"", " "} or (len(words) > 1 and are_numbers) else None


def delimiter_of(line: str) -> str:
    """The character between the columns of a line; empty if it has none of the usual ones."""
    counts = {mark: line.count(mark) for mark in _DELIMITERS}
    if counts[";"] and counts[","]:  # 1,5;2,5: commas of decimals
        return ";" if re.search(r"[0-9],[0-9]+(;|$)", line) else ","
    most = max((mark for mark in _DELIMITERS if counts[mark]), key=lambda mark: counts[mark], default="")
    return most or (" " if len(line.split()) > 1 else "")


def guess_delimiter(line: str) -> str:
    """The delimiter that XGBoost's container finds in a line, by the standard library; empty where it finds none.

    https://github.com/aws/sagemaker-xgboost-container, data_utils.py at cb8df91. It takes bars for none.
    """
    try:
        return csv.Sniffer().sniff(line[:_MOST_GUESSED] + "\n").delimiter
    except csv.Error:
        return ""


def other_name(path: str, word: str) -> str:
    """A name for a mended file beside one, quoted for a shell."""
    stem, dot, ending = path.rpartition(".")
    return quote(f"{stem}-{word}.{ending}" if dot and "/" not in ending else f"{path}-{word}")


def without_quotes(line: str, path: str) -> str:
    """The command that takes the quotes out of a csv file, and the commas between thousands within them."""
    to = other_name(path, "plain")
    if re.search(r'(^|,)\s*"[^",]*,[^"]*"\s*(,|$)', line):
        code = 'import csv,sys; [print(*(c.replace(",","") for c in r), sep=",") for r in csv.reader(sys.stdin)]'
        return f"python3 -c {quote(code)} < {quote(path)} > {to}"
    return f"tr -d '\"' < {quote(path)} > {to}"


def refuse_other_content(facts: Algorithm, channel: str, content_type: str, file: FileSample) -> None:
    """Raise UsageError for a file whose content is not what the channel is said to hold."""
    plain, found = content_type.partition(";")[0], sniff(file)
    said = {"csv": CSV, "libsvm": LIBSVM, "text/x-libsvm": LIBSVM, "parquet": PARQUET}.get(plain, plain)
    said = PROTOBUF if said == "recordio-protobuf" else said
    found = "application/x-recordio" if found == PROTOBUF and said == "application/x-recordio" else found
    binary = {PARQUET, PROTOBUF, "application/x-recordio", "application/x-image"}
    is_image = said in {"image/png", "image/jpeg", "application/x-image"}
    if found == said or (found == "application/x-image" and is_image) or file.path.endswith(".lst"):
        return
    is_wrong = (
        said in binary or found in binary or {said, found} == {CSV, LIBSVM} or (said == CSV and found == JSON_LINES)
    )
    if not is_wrong:
        return
    what = {
        CSV: "comma-separated values",
        LIBSVM: "libsvm lines (label index:value …)",
        PARQUET: "Parquet",
        PROTOBUF: "RecordIO",
        JSON_LINES: "JSON",
    }.get(found or "", "something else")
    if found in facts.content_types:
        mend = "Write: {channel_type} {channel} {found}"
    else:
        mend = "{algorithm} reads {known}: convert it."
        if PROTOBUF in facts.content_types:
            mend += " From an array: sagemaker.amazon.common.write_numpy_to_dense_tensor(file, array, labels)"
    raise UsageError.naming(
        "channel {channel}: {path} holds {what}, and is given as {said}.\n" + mend,
        channel=channel,
        path=file.path,
        what=what,
        said=content_type,
        found=found,
        algorithm=facts.name,
        known=", ".join(facts.content_types),
    )
