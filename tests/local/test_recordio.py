"""Records come back as they went in, also where they hold what separates records."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.local.data import recordio
from tests.local.records import MAGIC, records

PIECES = st.sampled_from([struct.pack("<I", MAGIC), b"a", b"bcde", b""])


@given(datas=st.lists(st.lists(PIECES, max_size=12).map(b"".join), max_size=4))
def test_records_come_back_whatever_they_hold(datas: list[bytes]) -> None:
    assert records(b"".join(b"".join(recordio.frame(data)) for data in datas)) == datas
