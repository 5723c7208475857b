"""Keys that S3 has and people have: what goes in comes out, through whichever library carries it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simple_sagemaker.s3store import S3Store
from tests.counts import examples
from tests.stores.conftest import session

_letters = st.text(st.sampled_from(list("ab.-_ /%+=&?#:@~'\"(){}[]*!,;<>|^`äß日")), min_size=1, max_size=12)
_keys = _letters.filter(lambda key: not key.startswith("/") and "//" not in key and not {".", ".."} & {*key.split("/")})


@hypothesis_settings(max_examples=examples(15, 300))
@given(content=st.dictionaries(_keys, st.binary(max_size=20), min_size=1, max_size=5))
def test_any_key_is_kept_as_it_is(moto: str, content: Mapping[str, bytes]) -> None:
    store, bucket = S3Store(session(), endpoint=moto), f"odd-{uuid.uuid4()}"
    store.make_bucket(bucket)
    for key, data in content.items():
        store.write(bucket, key, data)
    assert {key: store.read(bucket, key) for key in content} == content
    assert [found.key for found in store.list(bucket, "")] == sorted(content, key=str.encode)
    for key in content:
        listed = [found.key for found in store.list(bucket, key)]
        assert listed == sorted((one for one in content if one.startswith(key)), key=str.encode)
    store.delete(bucket, content)
    assert list(store.list(bucket, "")) == []
