"""Two who remove the same folder do not stumble over each other; what cannot be removed is named with its folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from simple_sagemaker.local.job.remove import remove_folder


def test_many_can_remove_the_same_folder_at_once(tmp_path: Path) -> None:
    for turn in range(20):
        top = tmp_path / f"top{turn}"
        for number in range(30):
            folder = top / f"{number % 3}" / "deep" / f"{number}" / "deeper"
            folder.mkdir(parents=True)
            (folder / "file").write_text("x")
        failures: list[BaseException] = []
        start = threading.Barrier(4)

        def remove(top: Path = top, start: threading.Barrier = start, failures: list[BaseException] = failures) -> None:
            start.wait()
            try:
                remove_folder(top)
            except FileNotFoundError as error:
                if error.filename != str(top):  # all of it was gone before this one began
                    failures.append(error)
            except OSError as error:
                failures.append(error)

        threads = [threading.Thread(target=remove) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert not top.exists()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("chattr"), reason="only root makes files immutable")
def test_a_file_that_cannot_be_deleted_is_named_with_the_folder_it_is_in(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    file = tmp_path / "top/file"
    file.touch()
    if subprocess.run(["chattr", "+i", file], capture_output=True, check=False).returncode:
        pytest.skip("this file system has no immutable files")
    try:
        with pytest.raises(PermissionError) as caught:
            remove_folder(tmp_path / "top")
        assert caught.value.filename == f"{tmp_path / 'top'}: file"
    finally:
        subprocess.run(["chattr", "-i", file], check=True)
