"""Write the JSON Schemas of what ``--json`` prints, in docs/schemas, from the records that are printed.

``python tools/write_schemas.py`` writes them; a test (tests/docs/test_schemas.py) holds the files against the records,
and what commands print against the files.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Literal, Union

from simple_sagemaker.cli import built_ins, home, rm, stop
from simple_sagemaker.cli.troubleshooting import entry
from simple_sagemaker.core import job, job_specs
from simple_sagemaker.images import listing
from simple_sagemaker.jobs import comparison, cost_report, job_events, metrics, rows
from simple_sagemaker.local.job import home_content
from simple_sagemaker.studies import records, study, study_events
from simple_sagemaker.tasks import explain, job_diff, job_facts, job_report, reuse, setup

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
# What each command prints: a record, or a list of them; of events there is one a line.
PRINTED: dict[str, tuple[Any, str]] = {
    "ls": (list[rows.JobRow], "What 'ssm ls --json' prints: the jobs, newest first."),
    "status": (job_report.JobReport, "What 'ssm status --json' prints: one job whole."),
    "study": (
        records.StudyRecord,
        "What 'ssm status --json' prints of a study, and study.json of 'ssm tune -o' holds: the search whole.",
    ),
    "events": (
        job_events.JobEvent,
        "A line of 'ssm run --json_events', 'ssm replay --json' and 'ssm logs --json': one event.",
    ),
    "study-events": (study_events.StudyEvent, "A line of 'ssm tune --json_events': one event."),
    "stop": (list[stop.StoppedJob], "What 'ssm stop --json' prints: the jobs that were asked to stop."),
    "metrics": (list[metrics.Point], "What 'ssm metrics --json' prints: every value of a job's metrics."),
    "compare": (list[comparison.ComparedJob], "What 'ssm compare --json' prints: jobs side by side."),
    "why": (explain.Explanation, "What 'ssm why --json' prints: what a command would do, and why."),
    "diff": (job_diff.JobDiff, "What 'ssm diff --json' prints: what differs between two jobs."),
    "cost": (list[cost_report.CostRow], "What 'ssm cost --json' prints: what jobs used and cost, added up."),
    "rm": (rm.Removed, "What 'ssm rm --json' prints: what was deleted."),
    "built-in": (built_ins.BuiltInReport, "What 'ssm built_ins NAME --json' prints, and without NAME a list of."),
    "explain": (
        list[entry.Entry],
        "What 'ssm explain --json' prints: what the words may be about, the likeliest first.",
    ),
    "images": (listing.ImageList, "What 'ssm images --json' prints: the images of AWS's frameworks."),
    "home": (home.HomeReport, "What 'ssm home --json' prints: the parts of a home."),
}
_MODULES = (
    *(job, job_specs, rows, job_report, job_facts, job_events, stop, metrics, comparison, explain, reuse, setup),
    *(built_ins, entry, job_diff, cost_report, rm, home, home_content, listing, records, study, study_events, typing),
)
_NAMES = {name: value for module in _MODULES for name, value in vars(module).items() if not name.startswith("__")}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}


def schema_of(kind: Any) -> dict[str, Any]:
    """The schema of a type, as :func:`simple_sagemaker.core.json_form.json_form` writes its values."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if origin in {Union, types.UnionType}:
        return {"anyOf": [schema_of(one) for one in arguments]}
    if origin is tuple and Ellipsis not in arguments:
        items = [schema_of(one) for one in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in {list, tuple, Sequence}:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if issubclass(kind, PurePath):
        return _PLAIN[str]
    return _of_record(kind)


def _of_record(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, {**_NAMES, **vars(sys.modules[kind.__module__])})
    fields = list(kind.__dataclass_fields__)
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").replace("``", "").split()),
        "properties": {name: schema_of(hints[name]) for name in fields},
        "required": fields,
        "additionalProperties": False,
    }


def schemas() -> dict[str, str]:
    """The text of each file in docs/schemas that is made here, by its name."""
    made = {}
    for name, (kind, title) in PRINTED.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema_of(kind)}
        made[f"{name}.json"] = json.dumps(schema, indent=1) + "\n"
    return made


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in schemas().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
