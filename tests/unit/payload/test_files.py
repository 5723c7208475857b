"""The lists of what is shipped name every file there is."""

from __future__ import annotations

from simple_sagemaker.payload import CHANNEL_FILES, CODE_FILES, FOLDER


def test_every_file_is_shipped_but_the_list_itself() -> None:
    present = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix in {".py", ".sh"}}
    assert present == {*CHANNEL_FILES, *CODE_FILES, "__init__.py"}
