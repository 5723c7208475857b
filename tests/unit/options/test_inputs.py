from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import LocalInput, S3Input, TaskInput
from simple_sagemaker.errors import InputNotFound
from tests.unit.cli.typed import RUN, TASK, meant, refused, run


def test_a_folder_is_the_data_channel() -> None:
    assert list(run("-i", "data").inputs) == [LocalInput(path=Path("data"))]


def test_a_single_file_is_the_data_channel_too() -> None:
    assert list(run("-i", "data/a.txt").inputs) == [LocalInput(path=Path("data/a.txt"))]


def test_a_folder_can_be_distributed_and_narrowed() -> None:
    expected = LocalInput(path=Path("data"), distribution="ShardedByS3Key", subdir="part")
    assert list(run("-i", "data", "ShardedByS3Key", "part/").inputs) == [expected]


def test_an_address_can_be_the_data_channel() -> None:
    assert list(run("-i", "s3://b/k", "ShardedByS3Key").inputs) == [
        S3Input(name="data", uri="s3://b/k", distribution="ShardedByS3Key")
    ]


def test_further_channels_are_read_from_s3_and_from_tasks() -> None:
    spec = run(
        *("--iit", "m", "task1", "model", "--iis", "persons", "s3://b/all/persons.json"),
        *("--iit", "s", "task1", "state", "ShardedByS3Key", "algo-1", "--iis", "x", "s3://b", "FullyReplicated", "sub"),
    )
    assert list(spec.inputs) == [
        S3Input(name="persons", uri="s3://b/all/persons.json"),
        S3Input(name="x", uri="s3://b", subdir="sub"),
        TaskInput(name="m", task="task1", type="model"),
        TaskInput(name="s", task="task1", type="state", distribution="ShardedByS3Key", subdir="algo-1"),
    ]


@pytest.mark.parametrize(
    "argv", [["-i", "nosuch"], ["-i", "data", "FullyReplicated", "nosuch"], ["--model_uri", "no.tar.gz"]]
)
def test_data_that_is_not_here_ends_with_its_own_status(argv: list[str]) -> None:
    with pytest.raises(InputNotFound, match="there is no"):
        parse([*RUN, *argv])


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Sharded", "ShardedByS3Key"), ("shardedbys3key", "ShardedByS3Key"), ("FullReplicated", "FullyReplicated")],
)
def test_a_misspelt_distribution_is_recognised(word: str, meant: str) -> None:
    for argv in (["-i", "data"], ["--iis", "x", "s3://b/k"], ["--iit", "x", "t", "state"]):
        assert f"Did you mean {meant}?" in refused(*RUN, *argv, word)


def test_a_subfolder_needs_a_distribution_before_it() -> None:
    assert "'part' is not a distribution" in refused(*RUN, "-i", "data", "part")


@pytest.mark.parametrize("subdir", ["/part", "..", "part/../..", "./part", "part//b", "/", ""])
def test_a_subfolder_lies_within_the_input(subdir: str) -> None:
    assert "SUBDIR" in refused(*RUN, "-i", "data", "FullyReplicated", subdir)


@pytest.mark.parametrize(
    "argv",
    [
        ["-i", "data/a.txt", "data/part", "lib", "code"],
        ["-i", ""],
        ["--iis", "x"],
        ["--iis", "x", "s3://b/k", "FullyReplicated", "a", "b"],
        ["--iit", "a", "b"],
        ["--iit", "a", "b", "state", "FullyReplicated", "c", "d"],
    ],
)
def test_an_input_with_the_wrong_number_of_words_shows_its_form(argv: list[str]) -> None:
    assert "[DISTRIBUTION] [SUBDIR]" in refused(*RUN, *argv)


@pytest.mark.parametrize("uri", ["data", "https://x/y", "s3:/b/k", "s3://", "s3:///k"])
def test_an_address_is_an_s3_address(uri: str) -> None:
    assert "s3://BUCKET/KEY" in refused(*RUN, "--iis", "x", uri)


def test_an_address_longer_than_sagemaker_takes_is_refused() -> None:
    assert "at most 1024" in refused(*RUN, "--iis", "x", "s3://b/" + "k" * 1018)
    assert len(run("--iis", "x", "s3://b/" + "k" * 1017).inputs) == 1


def test_the_data_path_is_no_address_of_another_kind() -> None:
    assert "https" in refused(*RUN, "-i", "https://x/y")


@pytest.mark.parametrize("kind", ["state", "model", "source", "output"])
def test_each_outcome_of_a_task_can_be_read(kind: str) -> None:
    (read,) = run("--iit", "x", "t", kind).inputs
    assert isinstance(read, TaskInput)
    assert read.type == kind


def test_another_outcome_is_refused_with_the_nearest() -> None:
    assert "Did you mean model?" in refused(*RUN, "--iit", "x", "t", "models")


@pytest.mark.parametrize("kind", ["model", "source"])
def test_a_packed_outcome_has_no_subfolder(kind: str) -> None:
    assert "one packed file" in refused(*RUN, "--iit", "x", "t", kind, "FullyReplicated", "sub")


def test_the_task_read_from_has_a_legal_name() -> None:
    assert "'a b'" in refused(*RUN, "--iit", "x", "a b", "state")


@pytest.mark.parametrize(
    "argv", [["--iis", "a b", "s3://b/k"], ["--iit", "a/b", "t", "state"], ["--iis", "x" * 65, "s3://b/k"]]
)
def test_a_channel_has_a_legal_name(argv: list[str]) -> None:
    assert "not a legal channel name" in refused(*RUN, *argv)


@pytest.mark.parametrize(
    ("argv", "owner"),
    [
        (["-i", "data", "--iis", "data", "s3://b/k"], "taken by -i"),
        (["--iis", "x", "s3://b/k", "--iit", "x", "t", "state"], "taken by --iis"),
        (["--iit", "x", "t", "state", "--iit", "x", "u", "state"], "taken by --iit"),
        (["--iis", "model", "s3://b/k", "--model_uri", "s3://b/m"], "taken by --model_uri"),
        (["--iis", "ssm_source", "s3://b/k"], "with your code"),
    ],
)
def test_a_channel_name_is_taken_once(argv: list[str], owner: str) -> None:
    assert owner in refused(*RUN, *argv)


def test_a_channel_may_be_called_data_or_model_when_nothing_else_is() -> None:
    spec = run("--iis", "data", "s3://b/k", "--iis", "model", "s3://b/k")
    assert [channel.name for channel in spec.inputs] == ["data", "model"]


def test_a_job_has_nineteen_channels_and_one_less_with_a_model() -> None:
    def channels(count: int) -> list[str]:
        return [word for number in range(count) for word in ("--iis", f"c{number}", "s3://b/k")]

    model = ["--model_uri", "s3://b/m.tar.gz"]
    assert len(run(*channels(19)).inputs) == 19
    assert len(run(*channels(18), *model).inputs) == 18
    assert "a job can have 19" in refused(*RUN, *channels(20))
    assert "a job can have 18" in refused(*RUN, *channels(19), *model)


def test_a_model_can_be_an_address_or_a_path(here: Path) -> None:
    (here / "my model.tar.gz").write_bytes(b"")
    assert run("--model_uri", "s3://b/m.tar.gz").model_uri == "s3://b/m.tar.gz"
    assert run("--model_uri", "my model.tar.gz").model_uri == "my model.tar.gz"
    assert run("--model_uri", (here / "my model.tar.gz").as_uri()).model_uri == str(here / "my model.tar.gz")


def test_a_model_has_no_other_kind_of_address() -> None:
    assert "https" in refused(*RUN, "--model_uri", "https://x/m.tar.gz")


@pytest.mark.parametrize("mode", ["File", "FastFile", "Pipe"])
def test_data_reach_the_job_in_one_of_three_ways(mode: str) -> None:
    assert run("--input_mode", mode).input_mode == mode


def test_another_way_is_refused_with_a_guess() -> None:
    assert "Did you mean FastFile?" in refused(*RUN, "--input_mode", "fastfile")


@pytest.mark.parametrize("name", [".", ".."])
def test_a_channel_is_not_named_as_a_folder_itself(name: str) -> None:
    assert "is not a legal channel name" in refused(*RUN, "--iis", name, "s3://b/k")


TYPES = (*RUN, "--iis", "one", "s3://b/k", "--iis", "two", "s3://b/l")


@pytest.mark.parametrize("kind", ["text/csv", "a", "application/x-recordio; a=b", "a" * 256])
def test_a_channels_type_is_taken_as_it_was_typed(kind: str) -> None:
    spec = meant([*TYPES, "--channel_type", "two", kind])
    assert [one.content_type for one in spec.inputs] == [None, kind]


@pytest.mark.parametrize("kind", ["text csv", "/csv", "text/", "a" * 257, "text/csv;", "é"])
def test_what_is_no_type_is_refused(kind: str) -> None:
    assert f"--channel_type one {kind!r} is not a type of content" in refused(*TYPES, "--channel_type", "one", kind)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([*TYPES, "--channel_type", "on", "a"], "there is no channel 'on'; did you mean one?"),
        ([*TYPES, "--channel_type", "qqqq", "a"], "there is no channel 'qqqq'; there are: one, two."),
        ([*RUN, "--channel_type", "one", "a"], "there is no channel 'one'; there are none."),
        (
            [*TYPES, "--channel_type", "one", "a", "--channel_type", "one", "b"],
            "--channel_type one is given twice, as a and as b: keep one",
        ),
        ([*RUN, "--input_local", "a b", "."], "'a b' is not a legal channel name"),
        ([*RUN, "--iis", "a b", "s3://b/k"], "'a b' is not a legal channel name"),
        ([*RUN, "--iit", "a b", "task", "model"], "'a b' is not a legal channel name"),
        ([*RUN, "--input_local", "x", "s3://b/k"], "'s3://b/k' is on S3: use --input_s3 x s3://b/k"),
    ],
)
def test_channels_and_their_types_are_checked(words: list[str], part: str) -> None:
    assert part in refused(*words)


def test_an_address_is_taken_up_to_1024_characters() -> None:
    longest = "s3://b/" + "k" * 1017
    (one,) = meant([*RUN, "--iis", "x", longest]).inputs
    assert isinstance(one, S3Input)
    assert one.uri == longest
    assert "an address of 1025 characters; SageMaker takes at most 1024" in refused(*RUN, "--iis", "x", longest + "k")


def test_the_code_of_a_command_without_a_script_has_what_it_depends_on(here: Path) -> None:
    (here / "more").mkdir(exist_ok=True)
    for source, more in ((["--dir_files", "more"], Path("more")), ([], None)):
        code = meant(["shell", *TASK, "--cmd_line", "ls", *source, "-d", "data"]).code
        assert (code.dependencies, code.source_dir, code.entry_point) == ((Path("data"),), more, None)
