"""Whatever is typed as a value arrives as typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.options.key_values import HYPERPARAMETER_ROOM
from simple_sagemaker.options.misspelled import misspelled
from simple_sagemaker.options.reserved import RESERVED, is_reserved_by_toolkit
from simple_sagemaker.options.sdk_names import needs_none
from tests.unit.cli.typed import meant

# What a system hands over as an argument: any bytes but NUL, undecodable ones as surrogate escapes.
TYPED = st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
NAMES = st.text(st.characters(exclude_characters="=\0", exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda name: (
        not (name.startswith("-") or is_reserved_by_toolkit(name) or name in RESERVED or misspelled(name, "shell"))
        and not needs_none(name.replace("-", "_").lower())  # a name of AWS's SDK, which is refused
    )
)
VALUES = TYPED.filter(lambda value: value != "--")
SHELL = ["shell", "-p", "p", "-t", "t", "--cmd_line", "ls"]  # reads no disk


@given(arguments=st.lists(TYPED | st.sampled_from(["--", "-h", "--hp", "-p"])))
def test_arguments_arrive_byte_for_byte(arguments: list[str]) -> None:
    assert list(meant([*SHELL, "--", *arguments]).arguments) == arguments


@given(values=st.dictionaries(NAMES, VALUES, max_size=HYPERPARAMETER_ROOM), arguments=st.lists(TYPED))
def test_hyperparameters_given_by_hp_arrive_as_typed(values: dict[str, str], arguments: list[str]) -> None:
    argv = [word for name, value in values.items() for word in ("--hp", name, value)]
    spec = meant([*SHELL, *argv, "--", *arguments])
    assert list(spec.hyperparameters.items()) == list(values.items())
    assert list(spec.arguments) == arguments


@given(values=st.dictionaries(NAMES, TYPED, max_size=HYPERPARAMETER_ROOM))
def test_hyperparameters_joined_by_an_equals_sign_arrive_as_typed(values: dict[str, str]) -> None:
    spec = meant([*SHELL, *(f"--{name}={value}" for name, value in values.items())])
    assert list(spec.hyperparameters.items()) == list(values.items())


@given(values=st.dictionaries(NAMES, TYPED.filter(lambda value: not value.startswith("--")), max_size=30))
def test_hyperparameters_followed_by_their_value_arrive_as_typed(values: dict[str, str]) -> None:
    argv = [word for name, value in values.items() for word in (f"--{name}", value)]
    spec = meant([SHELL[0], *argv, *SHELL[1:]])
    assert list(spec.hyperparameters.items()) == list(values.items())


@given(
    values=st.dictionaries(NAMES, st.sampled_from(["-inf", "-1", "", "x y", "-p"]), min_size=1, max_size=5),
    after=st.permutations([["-p", "p"], ["--task_name=t"], ["--cmd", "ls"], ["--no_spot"], ["--tag", "a", "b"]]),
    cut=st.integers(0, 5),
)
def test_the_order_of_options_and_hyperparameters_does_not_matter(
    values: dict[str, str], after: list[list[str]], cut: int
) -> None:
    keys = [[f"--{name}", value] for name, value in values.items()]
    spec = meant(["shell", *(word for argv in [*after[:cut], *keys, *after[cut:]] for word in argv)])
    assert list(spec.hyperparameters.items()) == list(values.items())
    assert (spec.place.task, spec.instances.spot, dict(spec.tags)) == ("t", False, {"a": "b"})
