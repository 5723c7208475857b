"""Names in the order of keys, however many."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.storage.sync.scan import names_in_key_order, sort_on_disk

texts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), max_size=40)


@given(names=texts, at_once=st.integers(1, 50))
def test_what_does_not_fit_in_memory_is_sorted_too(names: list[str], at_once: int) -> None:
    assert list(sort_on_disk(names, at_once)) == sorted(names, key=str.encode)


def test_names_that_are_no_text_come_back_as_they_are() -> None:
    names = [os.fsdecode(bytes([number])) for number in (0xFF, 0x61, 0x80)]
    assert sorted(sort_on_disk(names, 1)) == sorted(names)


def test_folders_are_ordered_as_what_lies_in_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for name in ("a-b", "a0", "b.txt"):
        (tmp_path / name).touch()
    (tmp_path / "linked").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    assert list(names_in_key_order(str(tmp_path))) == ["a-b", "a/", "a0", "b.txt", "b/", "linked/", "loop"]
