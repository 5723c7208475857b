"""Keys that S3 has and people have: what goes in comes out, through whichever library carries it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simple_sagemaker.storage.s3.store import S3Store
from tests.counts import examples
from tests.storage.conftest import session

# moto routes by the pattern ".+", which ends at a newline; rclone keeps such keys, below.
_common = st.sampled_from(list("ab.-_ //%+=&?#:@~'\"(){}[]*!,;<>|^`\\\t\r\x01\x7fäß日😀"))
_letters = _common | st.characters(codec="utf-8", exclude_characters="\n")
_keys = st.text(_letters, min_size=1, max_size=12) | st.sampled_from(
    ["/", "//", ".", "..", "a//b", "a/../b", "a/", "%2F"]
)


@hypothesis_settings(max_examples=examples(8, 300))
@given(
    content=st.dictionaries(_keys, st.binary(max_size=20), min_size=1, max_size=5),
    more=st.dictionaries(_keys, st.binary(max_size=20), max_size=2),
    prefix=st.text(_letters, max_size=2),
    data=st.data(),
)
def test_any_key_is_kept_as_it_is(
    moto_server: str, content: dict[str, bytes], more: Mapping[str, bytes], prefix: str, data: st.DataObject
) -> None:
    store, bucket = S3Store(session(), endpoint=moto_server), f"odd-{uuid.uuid4()}"
    store.make_bucket(bucket)
    for written in (content, more):
        for key, value in written.items():
            store.write(bucket, key, value)
    expected = {**content, **more}
    gone = data.draw(st.sets(st.sampled_from([*expected])))
    store.delete(bucket, [*gone, "never/was"])
    for key in gone:
        del expected[key]
    assert {key: store.read(bucket, key) for key in expected} == expected
    for asked in ("", prefix, *expected):
        listed = [(found.key, found.size) for found in store.list(bucket, asked)]
        wanted = sorted((key for key in expected if key.startswith(asked)), key=str.encode)
        assert listed == [(key, len(expected[key])) for key in wanted]
    below = {key.split("/")[0] for key in expected if "/" in key} - {""}
    assert list(store.folders(bucket, "")) == sorted(below)
    store.delete(bucket, expected)
    assert list(store.list(bucket, "")) == []


@pytest.mark.parametrize(
    "key", ["a\nb", "a\tb", "a\x01b", "a b+c", "%2F%", "é/日", "&<>\"'", "#?x=y", " a", "a\\b", "~"]
)
def test_a_server_of_files_keeps_odd_keys_too(rclone: str, key: str) -> None:
    store, bucket = S3Store(session(), endpoint=rclone), f"odd-{uuid.uuid4()}"
    store.make_bucket(bucket)
    store.write(bucket, key, b"content")
    assert store.read(bucket, key) == b"content"
    assert [found.key for found in store.list(bucket, key)] == [key]
    store.delete(bucket, [key])
    assert list(store.list(bucket, "")) == []
