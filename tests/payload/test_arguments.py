"""Any hyperparameter and any argument arrives at the script as it was given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simple_sagemaker.payload.ssm_launcher import values
from tests.counts import examples
from tests.payload.job import JobFolder

no_nul = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
escaped = st.integers(0x80, 0xFF).map(lambda byte: chr(0xDC00 + byte))  # what argv holds of a byte that is no UTF-8
arguments = st.lists(st.text(no_nul) | st.lists(st.text(no_nul, max_size=3) | escaped).map("".join), max_size=8)
hyperparameters = st.dictionaries(
    st.text(no_nul, min_size=1, max_size=8).filter(lambda name: not name.startswith("sagemaker_")),
    st.text(no_nul),
    max_size=5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arguments")


@settings(max_examples=examples(10, 2000), suppress_health_check=[HealthCheck.too_slow])
@given(hyperparameters=hyperparameters, arguments=arguments, way=st.sampled_from(["direct", "toolkit"]))
@example({"a": "", "b": "-inf", "c": "--x"}, ["", "--", "\udcff\udc80", "$(exit 9)", "a\r\nb", "'", '"'], "direct")
def test_everything_arrives_byte_for_byte(
    folder: Path, hyperparameters: dict[str, str], arguments: list[str], way: str
) -> None:
    job = JobFolder(folder / "opt-ml")
    job.hyperparameters = {name: json.dumps(text) for name, text in hyperparameters.items()}
    job.run_file["arguments"] = arguments
    ended = job.run(way)
    assert ended.status == 0, ended.text
    expected = values.arguments(dict(hyperparameters)) + arguments
    assert job.report.argv == [word.encode("utf-8", "surrogateescape") for word in expected]
    if way == "direct":
        assert json.loads(job.report.environment["SM_HPS"]) == hyperparameters


@settings(max_examples=examples(10, 2000), suppress_health_check=[HealthCheck.too_slow])
@given(arguments=arguments)
def test_the_arguments_of_a_shell_command_are_not_the_shells_to_read(folder: Path, arguments: list[str]) -> None:
    job = JobFolder(folder / "opt-ml")
    show = f"exec {job.python} -c 'import os, sys; print([os.fsencode(w) for w in sys.argv[1:]])'"
    job.run_file = {"kind": "shell", "command": show, "arguments": arguments}
    ended = job.run()
    expected = [word.encode("utf-8", "surrogateescape") for word in arguments]
    assert ended.output.endswith(b"\n" + repr(expected).encode() + b"\n"), ended.text


@given(st.text())
def test_bytes_and_texts_are_each_others_inverse(text: str) -> None:
    assert values.to_text(values.to_bytes(text)) == text


@given(st.binary())
def test_any_bytes_survive_as_text(raw: bytes) -> None:
    assert values.to_bytes(values.to_text(raw)) == raw


BASH_HABITS = r"""
set -o pipefail
[[ -n $SECONDS && abc == a* ]] && echo "double brackets"
for ((i = 0; i < 2; i++)); do echo "loop $i"; done
echo {1..3}
echo -e 'a\tb'
list=(x "y z"); echo "${#list[@]} ${list[1]}"
cat <<< "here string"
diff <(echo same) <(echo same) && echo "no difference"
text=lower; echo "${text^^} ${text/ow/OW}"
function f { local x=1; echo "function $x"; }; f
false | true || echo "pipe failed"
"""


def test_a_shell_command_is_bashs(job: JobFolder) -> None:
    job.run_file = {"kind": "shell", "command": BASH_HABITS}
    done = job.run()
    assert done.status == 0
    assert done.text.splitlines()[-11:] == [
        "double brackets",
        "loop 0",
        "loop 1",
        "1 2 3",
        "a\tb",
        "2 y z",
        "here string",
        "no difference",
        "LOWER lOWer",
        "function 1",
        "pipe failed",
    ]
