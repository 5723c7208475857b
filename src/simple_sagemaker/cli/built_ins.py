"""``ssm built_ins [NAME]``: the built-in algorithms, or everything about one, with the line that trains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..built_ins.algorithms import Algorithm, algorithm, names, nearest_name
from ..built_ins.values import example_of
from ..core.printable import cut
from ..core.records import dataclass
from ..errors import UsageError
from ..images.built_in import built_in_versions
from . import tables
from .printing import print_json
from .tables import Column

_COLUMNS = (Column("NAME"), Column("VERSION"), Column("MACHINES"), Column("WHAT FOR", gives_way=True))
_FILES = {
    "text/csv": "train.csv",
    "application/x-recordio-protobuf": "train.pbr",
    "application/jsonlines": "train.jsonl",
    "json": "train.json",
    "text/plain": "train.txt",
    "application/x-recordio": "train.rec",
}


@dataclass(frozen=True, kw_only=True)
class HyperparameterRow:
    """A hyperparameter: the values that it can have, its default, whether it is required, and the range to search.

    ``needed_with`` is what makes it required, as ``objective=multi:softmax``; the last two are empty without any.
    """

    name: str
    values: str
    default: str | None
    required: bool
    needed_with: str
    recommended: str


@dataclass(frozen=True, kw_only=True)
class BuiltInReport:
    """One built-in algorithm: its versions, oldest first, and what it takes and leaves.

    ``channels`` and ``metrics`` have what each is for and which values are better, by name. ``machines`` is in words.
    ``differences`` are those between AWS and this machine, by a word, for one that runs here without its image.
    """

    name: str
    purpose: str
    versions: tuple[str, ...]
    channels: Mapping[str, str]
    content_types: tuple[str, ...]
    input_modes: tuple[str, ...]
    machines: str
    hyperparameters: tuple[HyperparameterRow, ...]
    metrics: Mapping[str, str]
    checkpoints: bool
    model: str
    sources: tuple[str, ...]
    differences: Mapping[str, str]


def built_ins(argv: Sequence[str]) -> int:
    """Print the list, or one algorithm; return 0. Raises UsageError for a name that is none."""
    chosen = [word for word in argv if word != "--json"]
    if odd := next((word for word in chosen if word.startswith("-")), None):
        raise UsageError(f"there is no option {odd}; there is --json.")
    if len(chosen) > 1:
        raise UsageError(f"unexpected argument {chosen[1]!r}: name one algorithm.")
    reports = [report_of(name) for name in ([_known(chosen[0])] if chosen else names())]
    if "--json" in argv:
        print_json(reports[0] if chosen else reports)
    elif chosen:
        print(_page(algorithm(reports[0].name), reports[0]))
    else:
        rows = [[one.name, one.versions[-1], one.machines.partition(";")[0], one.purpose] for one in reports]
        print(tables.table(_COLUMNS, rows, width=tables.terminal_width()))
        print("Everything about one: ssm built_ins NAME")
    return 0


def _known(name: str) -> str:
    plain = name.partition(":")[0]
    if plain in names():
        return plain
    near = nearest_name(plain)
    guess = f"Did you mean: ssm built_ins {near}?" if near else f"There are: {', '.join(names())}."
    raise UsageError(f"{name!r} is no built-in algorithm. {guess}")


def report_of(name: str) -> BuiltInReport:
    """Everything about an algorithm. Raises KeyError for none of that name."""
    facts = algorithm(name)
    rows = [
        HyperparameterRow(
            name=one.name,
            values=one.range + (f" (until {one.until})" if one.until else ""),
            default=one.default,
            required=one.required,
            needed_with="" if one.required_with is None else _with(one.required_with),
            recommended=facts.tunable.get(one.name, ""),
        )
        for one in facts.hyperparameters.values()
        if one.name != "_tuning_objective_metric"
    ]
    return BuiltInReport(
        name=name,
        purpose=facts.purpose,
        versions=built_in_versions(name),
        channels={
            one.name: _need(one.required, one.required_for_images) + one.content for one in facts.channels.values()
        },
        content_types=facts.content_types,
        input_modes=facts.input_modes,
        machines=_machines(facts),
        hyperparameters=tuple(sorted(rows, key=lambda row: not row.required)),
        metrics=dict(facts.metrics),
        checkpoints=facts.checkpoints,
        model=facts.model,
        sources=facts.sources,
        differences=_differences(name),
    )


def _differences(name: str) -> dict[str, str]:
    if name != "xgboost":
        return {}
    from ..local.xgboost_algorithm.caveats import differences

    return {one.code: one.text for one in differences()}


def _with(needs: tuple[str, tuple[str, ...]]) -> str:
    return f"{needs[0]}={'|'.join(needs[1])}" if needs[1] else needs[0]


def _need(required: bool, for_images: bool) -> str:
    return "required; " if required else "required for images; " if for_images else ""


def _machines(facts: Algorithm) -> str:
    """On what it runs, in words: processors, how many machines, and what is special."""
    kinds = " or ".join(one.upper() for one in facts.processors)
    hosts = "any number" if facts.many_hosts else "one"
    families = f"; GPUs of {', '.join(one.upper() for one in facts.gpu_families)}" if facts.gpu_families else ""
    return f"{kinds}, {hosts}{families}{f'; {facts.machines_note}' if facts.machines_note else ''}"


def _page(facts: Algorithm, report: BuiltInReport) -> str:
    width = tables.terminal_width()
    rows = [
        (
            one.name,
            "required" if one.required else f"with {one.needed_with}" if one.needed_with else one.default or "",
            one.recommended,
            one.values,
        )
        for one in report.hyperparameters
    ]
    table = tables.aligned([("NAME", "DEFAULT", "TO SEARCH", "VALUES"), *rows])
    spot = "a spot job goes on where it was" if report.checkpoints else "none: a spot job may take 60 minutes at most"
    page = tables.page(
        f"{report.name}: {report.purpose}",
        [
            ("Versions", [", ".join(report.versions)]),
            ("Channels", tables.aligned(list(report.channels.items()))),
            ("Content", [", ".join(report.content_types), f"input mode {' or '.join(report.input_modes)}"]),
            ("Machines", [report.machines]),
            ("Checkpoints", [spot]),
            ("Metrics", [f"{way}: {', '.join(some)}" for way, some in _by_direction(report.metrics).items()]),
            ("Model", [report.model]),
            ("Sources", report.sources),
        ],
        colours={"Sources": "dim"},
    )
    shown = [cut(line, width) if width is not None else line for line in table]
    return "\n".join([page, "", *shown, "", "Next:", f"  {run_line(facts)}"])


def _by_direction(metrics: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, way in metrics.items():
        found.setdefault(way, []).append(name)
    return found


def run_line(facts: Algorithm) -> str:
    """A line that trains the algorithm, with what it needs."""
    words = [f"ssm run -p PROJECT -t TASK --built_in {facts.name}:{built_in_versions(facts.name)[-1]}"]
    file = next((_FILES[one] for one in facts.content_types if one in _FILES), "train")
    if facts.content_types[0] == "application/x-image":
        file = "train"  # a folder of images
    if "text/csv" in facts.content_types:
        file = _FILES["text/csv"]
    for channel in facts.channels.values():
        if channel.required:
            name = file if channel.name == "train" else file.replace("train", channel.name)
            share = " ShardedByS3Key" if facts.name == "randomcutforest" else ""
            words.append(f"--input_local {channel.name} {name}{share}")
    words += [f"--{one.name} {example_of(one)}" for one in facts.hyperparameters.values() if one.required]
    if facts.name == "xgboost":
        words.append("--objective binary:logistic")
    if "cpu" not in facts.processors:
        words.append("--it ml.g5.xlarge")
    if not facts.checkpoints:
        words.append("--no_spot")
    return " ".join([*words, "-o out --download_model"])
