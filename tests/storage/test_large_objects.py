"""An object that is larger than what is read as a whole, on a server of S3: refused by its size, before it is read."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.store import LARGEST_RECORD, TooLarge
from simple_sagemaker.storage.s3.store import S3Store
from tests.storage.conftest import session


@pytest.mark.parametrize("key", ["by/obstore", "by/boto3%"])
def test_an_object_larger_than_its_kind_is_refused(moto: str, key: str) -> None:
    store = S3Store(session(), endpoint=moto)
    store.make_bucket("large")
    store.write("large", key, b"12345")
    assert store.read("large", key, 5) == b"12345"
    with pytest.raises(TooLarge, match=f"s3://large/{key} has more than 4 bytes"):
        store.read("large", key, 4)
    assert not store.write_if("large", key, b"new", expected=b"1234")
    store.write("large", key, bytes(LARGEST_RECORD + 1))
    with pytest.raises(TooLarge, match="has more than 16777216 bytes"):
        store.read("large", key)
