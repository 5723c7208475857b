"""Whether an algorithm takes the hyperparameters of a job, all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from ..core.spelling import nearest
from ..errors import UsageError
from .algorithms import Algorithm
from .hyperparameters import Hyperparameter, missing

# Values to begin with, for advice, where a required hyperparameter has no default.
_EXAMPLES: Final = {
    "num_round": "100",
    "k": "10",
    "epochs": "20",
    "num_class": "3",
    "num_classes": "3",
    "time_freq": "D",
    "sample_size": "10000",
    "num_topics": "10",
    "num_components": "2",
    "mini_batch_size": "500",
    "num_factors": "64",
    "vector_dim": "128",
    "num_entity_vectors": "20000",
    "enc0_max_seq_len": "100",
    "enc0_vocab_size": "10000",
}


def check_values(
    facts: Algorithm, version: str, values: Mapping[str, str], searched: AbstractSet[str] = frozenset()
) -> None:
    """Raise UsageError for the first hyperparameter that the algorithm refuses, or that it needs and does not get.

    ``searched`` are given values by a search: they are there, whatever they will be.
    """
    others = facts.other_names
    for name in (*values, *searched):
        if name not in facts.hyperparameters and name not in others:
            _refuse_name(facts, name)
        if name in others and others[name] in values:
            raise UsageError.naming(
                "{hp:name} and {hp:own} are two names of one hyperparameter: drop {hp:name}.",
                name=name,
                own=others[name],
            )
    for name, value in values.items():
        known = facts.hyperparameters[others.get(name, name)]
        if known.until and not _is_before(version, known.until):
            raise UsageError.naming(
                "{hp:name}: {algorithm} {version} has it no more; {until} was the last version that had.\n"
                "Drop {hp:name}.",
                name=name,
                algorithm=facts.name,
                version=version,
                until=known.until,
            )
        if why := known.objection(value):
            _refuse_value(known, name, value, why)
    present = {**{others.get(name, name): value for name, value in values.items()}, **dict.fromkeys(searched, "")}
    for absent, because in missing(present, facts.hyperparameters):
        raise UsageError.naming(
            "{hp:name} is missing: {algorithm} needs it{because}, {range}.\nAdd it, for example: {hp:name} {example}",
            name=absent.name,
            algorithm=facts.name,
            because=f" with {because}" if because else "",
            range=absent.range,
            example=example_of(absent),
        )


def example_of(one: Hyperparameter) -> str:
    """A value that is taken, for advice."""
    if one.default:
        return one.default
    if (example := _EXAMPLES.get(one.name)) and one.objection(example) is None:
        return example
    if one.words:
        return f"({','.join(one.words)})" if one.form == "tuple" else one.words[0]
    if one.interval:
        _, low, high, _ = one.interval
        number = min(max(low + 1, 10), high) if one.form == "int" else (low + min(high, low + 2)) / 2
        return f"{number:.6g}"
    return {"ints": "10,20", "float": "0.1", "floats": "0.1,0.5,0.9"}.get(one.form, "VALUE")


def _refuse_name(facts: Algorithm, name: str) -> None:
    known = [*facts.hyperparameters, *facts.other_names]
    plain = name.replace("-", "_")
    near = plain if plain in known else _OTHERS_CALL_IT.get(facts.name, {}).get(plain) or nearest(plain, known)
    near = near or next((one for one in known if len(plain) > 3 and (plain in one or one in plain)), None)
    if near:
        raise UsageError.naming(
            "{hp:name}: {algorithm} has no such hyperparameter, and ends with an error. Did you mean {hp:near}?",
            name=name,
            algorithm=facts.name,
            near=near,
        )
    raise UsageError.naming(
        "{hp:name}: {algorithm} has no such hyperparameter, and ends with an error.\n"
        "Drop it; 'ssm built_ins {algorithm}' lists those that there are.",
        name=name,
        algorithm=facts.name,
    )


# What libraries of the same algorithms call a hyperparameter.
_OTHERS_CALL_IT: Final[Mapping[str, Mapping[str, str]]] = {
    "xgboost": {
        "n_estimators": "num_round",
        "num_boost_round": "num_round",
        "num_rounds": "num_round",
        "num_classes": "num_class",
        "random_state": "seed",
        "lr": "eta",
        "metric": "eval_metric",
        "early_stopping": "early_stopping_rounds",
    },
    "kmeans": {"n_clusters": "k", "num_clusters": "k", "batch_size": "mini_batch_size"},
    "knn": {"n_neighbors": "k", "batch_size": "mini_batch_size"},
    "pca": {"n_components": "num_components", "batch_size": "mini_batch_size"},
    "linear-learner": {"num_class": "num_classes", "lr": "learning_rate", "batch_size": "mini_batch_size"},
    "randomcutforest": {"n_estimators": "num_trees"},
    "lda": {"n_components": "num_topics"},
}


def _refuse_value(known: Hyperparameter, name: str, value: str, why: str) -> None:
    mended = known.mended(value)
    raise UsageError.naming(
        "{hp:name} {value!r} {why}.\n"
        + ("Write: {hp:name} {mended}" if mended else "It is {range}: {hp:name} {example}"),
        name=name,
        value=value[:60],
        why=why,
        mended=mended,
        range=known.range,
        example=example_of(known),
    )


def _is_before(version: str, other: str) -> bool:
    """Whether a version, as it is typed, is one of ``other`` or before it; the old ``latest`` is before all."""

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())[:2]

    return version in {"1", "latest"} or numbers(version) <= numbers(other)
