"""A bucket's operations: which requests they make, what they take errors for, and what they never take for success."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.store import Stored
from simple_sagemaker.errors import UsageError
from tests.unit.storage.s3.bucket import Bucket, refused, store_of


@pytest.mark.parametrize(
    ("error", "head", "expected"),
    [
        (None, {}, True),
        (None, {"BucketRegion": "eu-west-1"}, True),
        (None, {"BucketRegion": "us-east-1"}, "region us-east-1; jobs run in eu-west-1"),
        (refused("404", 404), {}, False),
        (refused("NoSuchBucket", 404), {}, PermissionError),
        (refused("403", 403), {}, PermissionError),
        (refused("403", 403, HTTPHeaders={"x-amz-bucket-region": "us-east-1"}), {}, PermissionError),
        (refused("301", 301, HTTPHeaders={"x-amz-bucket-region": "us-east-1"}), {}, "region us-east-1"),
        (refused("400", 400, HTTPHeaders={"x-amz-bucket-region": "us-east-1"}), {}, "region us-east-1"),
        (refused("400", 400, HTTPHeaders={"x-amz-bucket-region": "eu-west-1"}), {}, ClientError),
        (refused("301", 301), {}, ClientError),
        (refused("500", 500), {}, ClientError),
    ],
)
def test_a_bucket_is_there_or_not_or_far_away_or_closed(error: Any, head: Any, expected: Any) -> None:
    bucket = Bucket()
    bucket.head, bucket.errors = head, {"head bucket": [error] if error else []}
    if isinstance(expected, bool):
        assert store_of(bucket).has_bucket("b") is expected
    elif isinstance(expected, str):
        with pytest.raises(UsageError, match=expected):
            store_of(bucket).has_bucket("b")
    elif expected is PermissionError and error.response["Error"]["Code"] == "NoSuchBucket":
        with pytest.raises(FileNotFoundError):
            store_of(bucket).has_bucket("b")
    else:
        with pytest.raises(expected):
            store_of(bucket).has_bucket("b")


@pytest.mark.parametrize(
    ("region", "request_"),
    [
        ("us-east-1", {"Bucket": "b"}),
        ("eu-west-1", {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
    ],
)
def test_a_bucket_is_made_in_the_region_of_the_jobs(region: str, request_: dict[str, Any]) -> None:
    bucket = Bucket()
    bucket.meta.region_name = region
    store_of(bucket).make_bucket("b")
    assert bucket.requests == [("create", request_)]


@pytest.mark.parametrize(
    ("code", "then", "is_made"),
    [
        ("BucketAlreadyOwnedByYou", refused("403", 403), True),
        ("BucketAlreadyExists", None, True),
        ("BucketAlreadyExists", refused("404", 404), False),
        ("BucketAlreadyExists", refused("403", 403), False),
        ("AccessDenied", refused("404", 404), False),
    ],
)
def test_a_bucket_that_cannot_be_made_serves_if_it_can_be_used(code: str, then: Any, is_made: bool) -> None:
    bucket = Bucket()
    bucket.errors = {"create": [refused(code, 409)], "head bucket": [then] if then else []}
    if is_made:
        store_of(bucket).make_bucket("b")
        return
    with pytest.raises((PermissionError, ClientError)) as caught:
        store_of(bucket).make_bucket("b")
    assert "s3:CreateBucket on s3://b/" in str(caught.value) or code in str(caught.value)


def test_a_write_on_the_condition_that_nothing_is_there() -> None:
    bucket = Bucket()
    store = store_of(bucket)
    assert store.write_if("b", "k", b"1", expected=None)
    assert bucket.requests[-1] == ("put", {"Bucket": "b", "Key": "k", "Body": b"1", "IfNoneMatch": "*"})
    assert not store.write_if("b", "k", b"2", expected=None)
    assert bucket.objects == {"k": b"1"}


def test_a_write_on_the_condition_of_what_is_there() -> None:
    bucket = Bucket()
    store = store_of(bucket)
    assert not store.write_if("b", "k", b"2", expected=b"1")
    bucket.objects["k"] = b"1"
    assert not store.write_if("b", "k", b"2", expected=b"other")
    assert bucket.count("put") == 0
    tag = f'"{bucket.tag("k")}"'
    assert store.write_if("b", "k", b"2", expected=b"1")
    assert bucket.requests[-1] == ("put", {"Bucket": "b", "Key": "k", "Body": b"2", "IfMatch": tag})


@pytest.mark.parametrize("code", ["412", "409", "PreconditionFailed", "ConditionalRequestConflict"])
@pytest.mark.parametrize(
    ("retries", "there", "is_ours"), [(0, b"2", False), (1, b"2", True), (1, b"3", False), (1, None, False)]
)
def test_an_answer_that_was_lost_counts_if_the_very_bytes_are_there(
    code: str, retries: int, there: bytes | None, is_ours: bool
) -> None:
    bucket = Bucket()
    if there is not None:
        bucket.objects["k"] = there
    bucket.errors = {"put": [refused(code, 412, RetryAttempts=retries)]}
    assert store_of(bucket).write_if("b", "k", b"2", expected=None) is is_ours


def test_an_object_that_is_gone_before_a_conditional_write_is_not_written_and_a_bucket_is_told() -> None:
    bucket = Bucket("k")
    bucket.errors = {"put": [refused("NoSuchKey", 404), refused("NoSuchBucket", 404), refused("AccessDenied", 403)]}
    store = store_of(bucket)
    assert not store.write_if("b", "k", b"2", expected=b"k")
    with pytest.raises(FileNotFoundError, match="there is no bucket 'b'"):
        store.write_if("b", "k", b"2", expected=None)
    with pytest.raises(PermissionError, match="s3:PutObject on s3://b/k"):
        store.write_if("b", "k", b"2", expected=None)


def test_what_is_read_and_written_is_in_one_request() -> None:
    bucket = Bucket()
    store = store_of(bucket)
    store.write("b", "k", b"x")
    assert store.read("b", "k") == b"x"
    assert [one for one, _ in bucket.requests] == ["put", "get"]
    with pytest.raises(FileNotFoundError, match="there is no object s3://b/no"):
        store.read("b", "no")


def test_folders_are_named_once_over_all_pages_and_nothing_is_one_of_a_missing_bucket() -> None:
    bucket = Bucket("p/a/1", "p/a/2", "p/b/c/d", "p/file", "p//odd", "q/x", full=1)
    store = store_of(bucket)
    assert store.folders("b", "p/") == ["a", "b"]
    bucket.errors = {"list": [refused("NoSuchBucket", 404)]}
    assert store.folders("b", "p/") == []


def test_a_small_file_is_sent_whole_and_one_that_moves_is_counted(tmp_path: Path) -> None:
    bucket = Bucket()
    (tmp_path / "f").write_bytes(b"abc")
    counted: list[int] = []
    sent = store_of(bucket).send(tmp_path / "f", "b", "k", counted.append)
    assert (bucket.objects, counted) == ({"k": b"abc"}, [3])
    assert sent.tag == bucket.tag("k")
    assert sent.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sent.stat.st_size == 3


@pytest.mark.parametrize("keep", [True, False])
def test_a_small_object_comes_whole(tmp_path: Path, keep: bool) -> None:
    bucket, counted = Bucket("k"), list[int]()
    to = tmp_path / "new" / "f"
    store_of(bucket).fetch("b", "k", to, counted.append, tmp_path / "kept" if keep else None)
    assert (to.read_bytes(), counted) == (b"k", [1])
    assert [path.name for path in to.parent.iterdir()] == ["f"]
    store_of(bucket).fill("b", "k", str(to), counted.append)
    assert counted == [1, 1]
    with pytest.raises(FileNotFoundError):
        store_of(bucket).fetch("b", "no", to)
    assert [path.name for path in to.parent.iterdir()] == ["f"], "no scrap"


@pytest.mark.parametrize(
    ("content", "encryption", "holds"),
    [
        (b"abc", {}, True),
        (b"abd", {}, False),
        (b"abd", {"ServerSideEncryption": "AES256"}, False),
        (b"abd", {"ServerSideEncryption": "aws:kms"}, None),
        (b"abd", {"ServerSideEncryption": "aws:kms:dsse"}, None),
        (b"abd", {"SSECustomerAlgorithm": "AES256"}, None),
    ],
)
def test_a_file_is_compared_by_the_tag_where_it_tells(
    tmp_path: Path, content: bytes, encryption: dict[str, str], holds: bool | None
) -> None:
    bucket = Bucket()
    bucket.objects["k"], bucket.encryption = b"abc", encryption
    (tmp_path / "f").write_bytes(content)
    store, stored = store_of(bucket), Stored(key="k", size=3, modified=0.0, tag=bucket.tag("k"))
    assert store.holds("b", stored, tmp_path / "f") is holds
    assert store.holds("b", stored, tmp_path / "f") is holds
    assert bucket.count("head") == (0 if holds else 1), "a bucket is looked at once"
    assert store.holds("b", stored._replace(tag="of an unknown kind"), tmp_path / "f") is None


def test_objects_are_deleted_a_thousand_at_a_time() -> None:
    keys = [f"k{number:04}" for number in range(2001)]
    bucket = Bucket(*keys)
    store_of(bucket).delete("b", iter(keys))
    assert bucket.objects == {}
    sizes = [len(request["Delete"]["Objects"]) for _, request in bucket.requests]
    assert sorted(sizes) == [1, 1000, 1000]
    assert all(request["Delete"]["Quiet"] for _, request in bucket.requests)
    store_of(bucket).delete("b", [])
    assert bucket.count("delete") == 3


def test_a_key_that_xml_cannot_hold_is_deleted_alone() -> None:
    keys = ["a", "b\x01", "c\ud7ff", "d\ufffe", "e\t\n\r", "f"]
    bucket = Bucket(*keys)
    store_of(bucket).delete("b", keys)
    assert bucket.objects == {}
    assert sorted(request["Key"] for one, request in bucket.requests if one == "delete one") == ["b\x01", "d\ufffe"]


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        ({"Key": "k", "Code": "NoSuchKey"}, None, ""),
        ({"Key": "k", "Code": "AccessDenied"}, PermissionError, "access denied: s3:DeleteObject on s3://b/k"),
        (
            {"Key": "k", "Code": "InternalError", "Message": "later"},
            OSError,
            "s3://b/k was not deleted: InternalError later",
        ),
        ({"Key": "k", "Code": "InternalError"}, OSError, "s3://b/k was not deleted: InternalError"),
    ],
)
def test_what_was_not_deleted_is_an_error_unless_it_was_gone(
    error: dict[str, str], expected: type[Exception] | None, message: str
) -> None:
    bucket = Bucket("k")
    bucket.not_deleted = [error]
    if expected is None:
        store_of(bucket).delete("b", ["k"])
        return
    with pytest.raises(expected) as caught:
        store_of(bucket).delete("b", ["k"])
    assert str(caught.value) == message
