"""What becomes of a host's objects: which requests are made of them, and which outputs are written."""

from __future__ import annotations

import gzip
import re
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.batch_transform.driver import Driver
from simple_sagemaker.local.batch_transform.pool import Answer
from simple_sagemaker.local.batch_transform.splitting import MAGIC

JOB = {
    "split_type": "None",
    "batch_strategy": "SingleRecord",
    "max_payload_mb": 6,
    "max_concurrent": 1,
    "input_filter": "$",
    "output_filter": "$",
    "join_source": "None",
    "content_type": "text/csv",
    "accept": "a/b",
    "timeout_s": 60,
    "assemble_with": "None",
    "compression": "None",
}
LINES = {"split_type": "Line", "assemble_with": "Line"}


class Model:
    """Answers with what a function makes of a request, and remembers the requests; ``None`` is no answer."""

    def __init__(self, answer: Callable[[bytes], Answer | None] = lambda body: Answer(200, body.upper())) -> None:
        self.answer = answer
        self.asked: list[tuple[dict[str, Any], bytes, float]] = []

    def ask(self, head: dict[str, Any], body: bytes, timeout_s: float) -> Answer | None:
        self.asked.append((head, body, timeout_s))
        return self.answer(body)


class Host:
    """A folder with objects, and what a job makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("input", "output"):
            (folder / name).mkdir()

    def run(self, objects: dict[str, bytes], model: Any, **changes: Any) -> str:
        """The failure of a job over these objects."""
        for name, data in objects.items():
            (self.folder / "input" / name).write_bytes(data)
        files = [{"address": f"s3://b/{name}", "file": name} for name in objects]
        return Driver({**JOB, **changes, "files": files}, str(self.folder), model).run()

    @property
    def outputs(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / "output").iterdir()}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_each_object_is_one_request_and_one_output(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    model = Model()
    assert host.run({"one": b"a\nb", "two": b"c"}, model) == ""
    assert host.outputs == {"one": b"A\nB", "two": b"C"}
    head = {"content_type": "text/csv", "accept": "a/b"}
    assert model.asked == [(head, b"a\nb", 60), (head, b"c", 60)]
    (line,) = capfd.readouterr().out.splitlines()
    said = "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=SINGLE_RECORD"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}:\[sagemaker logs\]: {said}", line)


def test_lines_are_asked_for_alone_or_together(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    alone, together = Model(), Model()
    host.run({"one": b"a\nb\n"}, alone, **LINES)
    assert [body for _, body, _ in alone.asked] == [b"a", b"b"]
    host.run({"one": b"a\nb\n"}, together, **LINES, batch_strategy="MultiRecord")
    assert [body for _, body, _ in together.asked] == [b"a\nb"]
    assert host.outputs == {"one": b"A\nB\n"}
    assert "BatchStrategy=MULTI_RECORD" in capfd.readouterr().out


@pytest.mark.parametrize(("mb", "requests"), [(1, 2), (2, 1), (0, 1)])
def test_a_request_is_no_larger_than_the_payload_may_be(host: Host, mb: int, requests: int) -> None:
    half = b"x" * (600 << 10)
    model = Model()
    assert host.run({"one": half + b"\n" + half}, model, **LINES, batch_strategy="MultiRecord", max_payload_mb=mb) == ""
    assert len(model.asked) == requests
    assert host.outputs["one"].count(b"X") == 2 * len(half)


def test_a_record_that_is_too_large_fails_its_object_alone(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    failure = host.run({"one": b"a\n" + b"x" * (2 << 20), "two": b"c"}, Model(), **LINES, max_payload_mb=1)
    assert failure == "ClientError: See job logs for more information"
    assert host.outputs == {"two": b"C\n"}
    assert "s3://b/one: Too much data for max payload size" in capfd.readouterr().out


def test_outputs_are_in_the_order_of_the_records_however_long_each_takes(host: Host) -> None:
    second_is_done = threading.Event()

    def answer(body: bytes) -> Answer:
        if body == b"1":
            assert second_is_done.wait(20)
        elif body == b"2":
            second_is_done.set()
        return Answer(200, body)

    lines = b"".join(b"%d\n" % number for number in range(1, 30))
    assert host.run({"one": lines}, Model(answer), **LINES, max_concurrent=2) == ""
    assert host.outputs == {"one": lines}


def test_an_id_is_joined_to_its_answer_and_kept_from_the_model(host: Host) -> None:
    model = Model()
    more = {"input_filter": "$[1:]", "join_source": "Input", "batch_strategy": "MultiRecord"}
    assert host.run({"one": b"1,a\n2,b\n"}, model, **LINES, **more, content_type="text/csv; charset=utf-8") == ""
    assert [body for _, body, _ in model.asked] == [b"a\nb"]
    assert host.outputs == {"one": b"1,a,A\n2,b,B\n"}


def test_packed_objects_are_unpacked_and_damaged_ones_refused(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    packed = gzip.compress(b"a")
    failure = host.run({"good": packed, "cut": packed[:-3], "none": b"plain"}, Model(), compression="Gzip")
    assert failure == "ClientError: See job logs for more information"
    assert host.outputs == {"good": b"A"}
    out = capfd.readouterr().out
    assert "s3://b/cut: Unable to read the object: " in out
    assert "s3://b/none: Unable to read the object: " in out


@pytest.mark.parametrize(
    ("answer", "failure", "said"),
    [
        (None, "AlgorithmError", ["Unable to get response from algorithm"]),
        (Answer(400, b"no\nnumber"), "ClientError", ["ClientError: 400", "", "Message:", "no", "number"]),
        (Answer(499, b"no"), "ClientError", ["ClientError: 499", "", "Message:", "no"]),
        (
            Answer(500, b"oh"),
            "AlgorithmError",
            ["Bad HTTP status received from algorithm: 500", "", "Message:", "oh"],
        ),
    ],
)
def test_a_request_that_fails_fails_its_object_with_the_reason(
    host: Host, capfd: pytest.CaptureFixture[str], answer: Answer | None, failure: str, said: list[str]
) -> None:
    model = Model(lambda body: answer if body == b"bad" else Answer(200, body))
    objects = {"one": b"good\nbad\ngood\n" + b"more\n" * 50, "two": b"good\n"}
    assert host.run(objects, model, **LINES) == f"{failure}: See job logs for more information"
    assert host.outputs == {"two": b"good\n"}
    lines = [line.partition("]: ")[2] for line in capfd.readouterr().out.splitlines()]
    assert lines[1:] == [f"s3://b/one: {text}" for text in said]
    assert len(model.asked) < 10  # the rest of an object that has failed is left alone


def test_of_a_long_error_a_hundred_lines_are_kept(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    host.run({"one": b"x"}, Model(lambda _: Answer(500, b"line\n" * 101)))
    assert capfd.readouterr().out.count("s3://b/one: line\n") == 100


def test_the_first_failure_is_the_jobs(host: Host) -> None:
    answers = {b"a": Answer(400, b""), b"b": Answer(500, b"")}
    failure = host.run({"one": b"a", "two": b"b"}, Model(answers.__getitem__))
    assert failure == "ClientError: See job logs for more information"


def test_answers_that_cannot_be_joined_fail_the_object(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    model = Model(lambda _: Answer(200, b"1\n2\n"))
    failure = host.run({"one": b"a\n"}, model, **LINES, join_source="Input")
    assert failure == "ClientError: See job logs for more information"
    assert host.outputs == {}
    assert "s3://b/one: The algorithm answered 1 records with 2 lines" in capfd.readouterr().out


@pytest.mark.parametrize("split", ["RecordIO", "TFRecord"])
def test_frames_stay_around_records_that_are_sent_together(host: Host, split: str) -> None:
    frame = {
        "RecordIO": MAGIC + struct.pack("<I", 4) + b"abcd",
        "TFRecord": struct.pack("<QI", 4, 0) + b"abcd" + bytes(4),
    }[split]
    together, alone = Model(), Model()
    host.run({"one": frame * 2}, together, split_type=split, batch_strategy="MultiRecord")
    assert [body for _, body, _ in together.asked] == [frame * 2]
    host.run({"one": frame * 2}, alone, split_type=split)
    assert [body for _, body, _ in alone.asked] == [b"abcd", b"abcd"]


def test_an_object_without_records_has_an_empty_output(host: Host) -> None:
    model = Model()
    assert host.run({"one": b""}, model, **LINES) == ""
    assert (model.asked, host.outputs) == ([], {"one": b""})
