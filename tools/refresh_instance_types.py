"""Write the table of AWS's instance types from the model of the installed botocore: ``core/aws_instance_types.py``.

``python tools/refresh_instance_types.py``, then read the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session

FILE = Path(__file__).parents[1] / "src" / "simple_sagemaker" / "core" / "aws_instance_types.py"


def families(shape: str) -> dict[str, list[str]]:
    """The sizes of each family of an enumeration of the service's model."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    found: dict[str, list[str]] = {}
    for one in model.shape_for(shape).enum:  # type: ignore[attr-defined]
        _, family, size = one.split(".")
        found.setdefault(family, []).append(size)
    return found


def text(shape: str) -> str:
    """The table's lines: a family, and its sizes from small to large."""

    def order(size: str) -> tuple[int, int]:
        number = re.match(r"[0-9]*", size)
        return ("medium", "large", "xlarge").index(size.lstrip("0123456789")), int((number and number.group()) or 1)

    return "".join(f"{name} {' '.join(sorted(sizes, key=order))}\n" for name, sizes in sorted(families(shape).items()))


def main() -> None:
    """Replace both tables."""
    source = FILE.read_text(encoding="utf-8")
    for name, shape in (("_TRAINING", "TrainingInstanceType"), ("_PROCESSING", "ProcessingInstanceType")):
        before, begin, rest = source.partition(f'{name} = """\\\n')
        source = before + begin + text(shape) + rest[rest.index('"""') :]
    FILE.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main()
