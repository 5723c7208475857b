"""The processes that hold the model of a transform job: replaced when one ends, and asked again where that may help."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local import batch_transform

HEAD = {"content_type": "text/csv", "accept": "text/csv"}
SCRIPT = """
import os, sys, time

def model_fn(folder):
    with open("began", "a") as file:
        file.write("x")
    if os.path.exists("broken"):
        sys.exit(3)
    return folder

def transform_fn(model, body, kind, accept):
    with open("asked", "a") as file:
        file.write(body[:1])
    if body == "die":
        os._exit(1)
    if body == "die once" and not os.path.exists("died"):
        open("died", "w").close()
        os._exit(1)
    if body == "sleep":
        time.sleep(600)
    if body == "meet":
        open(f"met-{os.getpid()}", "w").close()
        while len([name for name in os.listdir(".") if name.startswith("met-")]) < 2:
            time.sleep(0.01)
    if body == "fail":
        raise ValueError("no")
    if body == "refuse":
        error = ValueError("not that")
        error.status_code = 422
        raise error
    return f"{body} {kind} {accept} {model}"
"""

Made = Callable[..., Any]


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """Makes pools of processes that load a script here; the package stands alone, as it does in a host."""
    shutil.copytree(Path(batch_transform.__path__[0]), tmp_path / "package" / "batch_transform")
    monkeypatch.syspath_prepend(tmp_path / "package")
    (tmp_path / "inference.py").write_text(SCRIPT)
    package = importlib.import_module("batch_transform.pool")
    made: list[Any] = []
    environment = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}

    def make(count: int = 1, *, retries: int = 0) -> Any:
        words = ["", "inference.py", str(tmp_path), "the-model"]
        made.append(package.Pool(count, words, environment, str(tmp_path), retries=retries))
        return made[-1]

    yield make
    for one in made:
        one.end()
    for name in [name for name in sys.modules if name.partition(".")[0] == "batch_transform"]:
        del sys.modules[name]


def ask(pool: Any, body: bytes, timeout_s: float = 60) -> tuple[int, bytes] | None:
    answer = pool.ask(HEAD, body, timeout_s)
    return None if answer is None else (answer.status, answer.body)


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text())


def test_a_request_reaches_the_script_and_its_answer_comes_back_whole(pool: Made) -> None:
    made = pool()
    made.start()
    assert ask(made, b"1,2") == (200, b"1,2 text/csv text/csv the-model")
    large = b"9" * (3 << 20)
    assert ask(made, large) == (200, large + b" text/csv text/csv the-model")


def test_as_many_hold_the_model_as_were_asked_for_and_answer_at_once(pool: Made, tmp_path: Path) -> None:
    made = pool(2)
    made.start()
    assert (tmp_path / "began").read_text() == "xx"
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(ask, made, b"meet") for _ in range(2)]
        assert [one.result(60) for one in both] == [(200, b"meet text/csv text/csv the-model")] * 2


@pytest.mark.parametrize(("retries", "times"), [(0, 1), (2, 3)])
def test_what_fails_on_the_models_side_is_asked_again_as_often_as_may_be(
    pool: Made, tmp_path: Path, retries: int, times: int
) -> None:
    made = pool(retries=retries)
    made.start()
    status, body = ask(made, b"fail") or (0, b"")
    assert (status, body.startswith(b"no\n"), asked(tmp_path)) == (500, True, times)


def test_what_the_script_refuses_is_not_asked_again(pool: Made, tmp_path: Path) -> None:
    made = pool(retries=3)
    made.start()
    status, _ = ask(made, b"refuse") or (0, b"")
    assert (status, asked(tmp_path)) == (422, 1)


def test_a_process_that_ends_is_replaced_and_asked_again(pool: Made, tmp_path: Path) -> None:
    made = pool(retries=1)
    made.start()
    assert ask(made, b"die once") == (200, b"die once text/csv text/csv the-model")
    assert (tmp_path / "began").read_text() == "xx"
    assert ask(made, b"die") is None
    assert ask(made, b"1") == (200, b"1 text/csv text/csv the-model")


def test_an_answer_that_does_not_come_in_time_is_none(pool: Made) -> None:
    made = pool()
    made.start()
    began = time.monotonic()
    assert ask(made, b"sleep", 0.3) is None
    assert time.monotonic() - began < 60
    assert ask(made, b"1") is not None  # of another process


def test_a_model_that_cannot_be_loaded_is_told_when_starting_and_later(pool: Made, tmp_path: Path) -> None:
    made = pool()
    made.start()
    (tmp_path / "broken").touch()
    with pytest.raises(sys.modules["batch_transform.pool"].NotReady):
        pool().start()
    assert ask(made, b"die") is None
    assert ask(made, b"1") is None  # whose process could not be replaced
    (tmp_path / "broken").unlink()
    assert ask(made, b"1") == (200, b"1 text/csv text/csv the-model")


def test_at_the_end_no_process_is_left(pool: Made) -> None:
    made = pool(2)
    made.start()
    processes = [worker._process.pid for worker in made._all]
    made.end()
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
