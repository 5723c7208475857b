# ruff: noqa: E501 - a row a line
"""Channels of built-in algorithms: which are read, as what, and what is said of content that is something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.built_ins.algorithms import Algorithm, algorithm
from simple_sagemaker.built_ins.channels import (
    check_channels,
    check_distribution,
    check_same_type,
    check_type,
    type_by_name,
)
from simple_sagemaker.built_ins.formats import refuse_other_content
from simple_sagemaker.built_ins.sample import FileSample
from simple_sagemaker.core.specs import Input, LocalInput, S3Input, TaskInput
from simple_sagemaker.errors import UsageError

XGBOOST, KMEANS, LINEAR = (algorithm(name) for name in ("xgboost", "kmeans", "linear-learner"))


def file(*lines: str, head: bytes | None = None, path: str = "a.csv") -> FileSample:
    text = "".join(f"{line}\n" for line in lines)
    return FileSample(path=path, head=head or text.encode()[:512], lines=lines, is_whole=True, size=len(text))


def channel(name: str, *, kind: str = "local", how: str = "FullyReplicated") -> Input:
    if kind == "local":
        return LocalInput(name=name, path=Path("p"), distribution=how)  # type: ignore[arg-type]
    if kind == "s3":
        return S3Input(name=name, uri="s3://b/k", distribution=how)  # type: ignore[arg-type]
    return TaskInput(name=name, task="before", type="output", distribution=how)  # type: ignore[arg-type]


class TestChannels:
    @pytest.mark.parametrize(
        ("name", "kind", "mend"),
        [
            ("training", "local", "Write: --input_local train p"),
            ("training", "s3", "Write: --iis train s3://b/k"),
            ("training", "task", "Write: --iit train before"),
            ("data", "local", "Write: --input_local train p"),
            ("test", "local", "Write: --input_local validation p"),
            ("DEV", "local", "Write: --input_local validation p"),
            ("trian", "local", "Write: --input_local train p"),
            ("nothing", "local", "Drop it."),
        ],
    )
    def test_a_channel_that_is_not_read_is_refused_with_the_one_that_was_meant(
        self, name: str, kind: str, mend: str
    ) -> None:
        with pytest.raises(UsageError) as refused:
            check_channels(XGBOOST, [channel("train"), channel(name, kind=kind)], has_model=False, types={})
        assert f"the channel {name!r}: xgboost reads train, validation" in str(refused.value)
        short = {"--iis": "--input_s3", "--iit": "--input_task"}
        for flag, long in short.items():
            mend = mend.replace(flag, long)
        assert mend in str(refused.value)

    def test_what_is_needed_and_not_there_is_told(self) -> None:
        check_channels(XGBOOST, [channel("train")], has_model=False, types={})
        with pytest.raises(UsageError, match="the channel 'train' is missing: xgboost needs it"):
            check_channels(XGBOOST, [channel("validation")], has_model=False, types={})
        with pytest.raises(UsageError, match="xgboost has no channel 'model', so it goes on from none"):
            check_channels(XGBOOST, [channel("train")], has_model=True, types={})
        images = algorithm("image-classification")
        both = [channel("train"), channel("validation")]
        check_channels(images, both, has_model=True, types={"train": "application/x-recordio"})
        for kind in ("application/x-image", "image/png", "image/jpeg"):
            with pytest.raises(UsageError, match="the channel 'train_lst' is missing"):
                check_channels(images, both, has_model=False, types={"train": kind})

    @pytest.mark.parametrize(
        ("train", "other", "is_refused"),
        [
            ("text/csv", "text/csv", False),
            ("text/csv", "csv", False),
            ("text/csv;label_size=1", "csv", False),
            ("text/csv", "text/libsvm", True),
            ("text/csv", "", False),
            ("", "text/csv", False),
        ],
    )
    def test_validation_is_of_the_type_of_train(self, train: str, other: str, is_refused: bool) -> None:
        types = {"train": train, "validation": other}
        check_same_type(LINEAR, types)
        if not is_refused:
            check_same_type(XGBOOST, types)
            return
        with pytest.raises(UsageError, match=f"write: --channel_type validation {train}"):
            check_same_type(XGBOOST, types)

    def test_hosts_share_the_train_channel_of_random_cut_forest(self) -> None:
        forest = algorithm("randomcutforest")
        check_distribution(forest, [channel("train", how="ShardedByS3Key"), channel("test")])
        check_distribution(XGBOOST, [channel("train", how="ShardedByS3Key")])
        with pytest.raises(UsageError, match="Write: --input_local train p ShardedByS3Key"):
            check_distribution(forest, [channel("train")])
        with pytest.raises(UsageError, match="Write: --input_s3 test s3://b/k FullyReplicated"):
            check_distribution(forest, [channel("test", kind="s3", how="ShardedByS3Key")])

    @pytest.mark.parametrize(
        ("facts", "names", "kind"),
        [
            (XGBOOST, ("README", "a.CSV"), "text/csv"),
            (XGBOOST, ("a.parquet",), "application/x-parquet"),
            (XGBOOST, ("a.jpg",), ""),
            (XGBOOST, ("a", "b.xyz"), None),
            (XGBOOST, (), None),
            (algorithm("forecasting-deepar"), ("a.json.gz",), "json"),
            (algorithm("image-classification"), ("a.rec",), "application/x-recordio"),
        ],
    )
    def test_names_of_files_tell_their_type(self, facts: Algorithm, names: tuple[str, ...], kind: str | None) -> None:
        assert type_by_name(facts, names) == kind

    @pytest.mark.parametrize(
        ("facts", "kind", "mend"),
        [
            (XGBOOST, "text/csv", None),
            (XGBOOST, "csv;label_size=1", None),
            (XGBOOST, "text/csv;label_size=0", "Write: --channel_type train text/csv"),
            (XGBOOST, "text/x-csv", "Write: --channel_type train text/csv"),
            (XGBOOST, "Text/CSV", "Write: --channel_type train text/csv"),
            (KMEANS, "text/csv", None),
            (KMEANS, "text/csv;label_size=0", None),
            (KMEANS, "recordio-protobuf", "Write: --channel_type train application/x-recordio-protobuf"),
            (KMEANS, "csv", "Write: --channel_type train text/csv;label_size=0"),
            (KMEANS, "application/x-recordio-protobuf;x=1", "reads"),
            (algorithm("forecasting-deepar"), "application/jsonlines", None),
        ],
    )
    def test_a_type_is_said_exactly_as_the_algorithm_takes_it(
        self, facts: Algorithm, kind: str, mend: str | None
    ) -> None:
        if mend is None:
            check_type(facts, "train", kind)
            return
        with pytest.raises(UsageError) as refused:
            check_type(facts, "train", kind)
        assert mend in str(refused.value)


@pytest.mark.parametrize(
    ("facts", "said", "one", "mend"),
    [
        (XGBOOST, "text/csv", file("1,2"), None),
        (XGBOOST, "csv", file("1 0:2", path="a"), "holds libsvm lines (label index:value …), and is given as csv.\nWrite: --channel_type train text/libsvm"),
        (XGBOOST, "parquet", file("1,2"), "holds comma-separated values, and is given as parquet.\nWrite: --channel_type train text/csv"),
        (XGBOOST, "recordio-protobuf", file("x", head=b"\x0a\x23\xd7\xcexx"), None),
        (XGBOOST, "text/csv", file('{"a": 1}'), "holds JSON, and is given as text/csv.\nxgboost reads "),
        (XGBOOST, "text/libsvm", file('{"a": 1}'), None),  # which its rows say
        (KMEANS, "text/csv", file("x", head=b"PAR1"), "From an array: sagemaker.amazon.common.write_numpy_to_dense_tensor(file, array, labels)"),
        (algorithm("image-classification"), "application/x-recordio", file("x", head=b"\x0a\x23\xd7\xcexx"), None),
        (algorithm("image-classification"), "image/png", file("x", head=b"\xff\xd8\xff"), None),
        (algorithm("image-classification"), "application/x-image", file("0\t1\ta", path="a.lst"), None),
        (algorithm("image-classification"), "application/x-image", file("1,2"), "holds comma-separated values"),
        (XGBOOST, "text/csv", file(head=b"PAR1"), "holds Parquet, and is given as text/csv.\nWrite: --channel_type train application/x-parquet"),
        (XGBOOST, "text/csv", file(), None),
        (XGBOOST, "text/csv", file("a b"), None),
    ],
)  # fmt: skip
def test_content_is_held_against_what_a_channel_is_said_to_hold(
    facts: Algorithm, said: str, one: FileSample, mend: str | None
) -> None:
    if mend is None:
        refuse_other_content(facts, "train", said, one)
        return
    with pytest.raises(UsageError) as refused:
        refuse_other_content(facts, "train", said, one)
    assert mend in str(refused.value)
    takes_arrays = "application/x-recordio-protobuf" in facts.content_types and "Write: " not in mend
    assert ("write_numpy_to_dense_tensor" in str(refused.value)) == takes_arrays
