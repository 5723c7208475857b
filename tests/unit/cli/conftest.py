"""Every test here stands in a folder of its own, with a script and some data to name."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    for name in ("train.py", "code/worker.py", "code/sub/deep.py", "data/a.txt", "data/part/b.txt", "lib/one.py"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("print()\n")
    monkeypatch.chdir(folder)
    return folder
