"""Records filtered, joined to the model's answers, and filtered again."""

from __future__ import annotations

import pytest

from simple_sagemaker.local.batch_transform.joining import BadOutput, Processing
from simple_sagemaker.local.batch_transform.splitting import BadInput

CSV, JSON = "text/csv", "application/json"


def made(given: str = "$", wanted: str = "$", *, joins: bool = True, kind: str = CSV) -> Processing:
    return Processing(given, wanted, joins=joins, content_type=kind)


def through(processing: Processing, records: list[bytes], answer: bytes) -> tuple[list[bytes], list[bytes]]:
    chosen = [processing.choose(record) for record in records]
    return [sent for sent, _ in chosen], processing.join([original for _, original in chosen], answer)


def test_an_id_is_kept_from_the_model_and_joined_to_its_answer() -> None:
    sent, joined = through(made("$[1:]", "$[0,-1]"), [b"id1,2,3", b"id2,4,5"], b"0.1\n0.2\n")
    assert sent == [b"2,3", b"4,5"]
    assert joined == [b"id1,0.1", b"id2,0.2"]


def test_csv_keeps_its_quotes() -> None:
    sent, joined = through(made("$[1:]"), [b'"a,b",2'], b'"x ""y"""')
    assert sent == [b"2"]
    assert joined == [b'"a,b",2,"x ""y"""']


def test_an_answer_becomes_an_attribute_of_a_json_record() -> None:
    sent, joined = through(made("$.features", kind=JSON), [b'{"id": 1, "features": [1, 2]}'], b'{"label": 1}')
    assert sent == [b"[1,2]"]
    assert joined == [b'{"id":1,"features":[1,2],"SageMakerOutput":{"label":1}}']


def test_what_is_no_json_object_becomes_one() -> None:
    assert through(made(kind=JSON), [b"[1]"], b"2")[1] == [b'{"SageMakerInput":[1],"SageMakerOutput":2}']


def test_json_lines_are_joined_line_by_line() -> None:
    records = ['{"id":"é"}'.encode(), b'{"id":2}']
    joined = through(made(wanted="$['id','SageMakerOutput']", kind="application/jsonlines"), records, b"[1]\n[2]\n")[1]
    assert joined == ['{"id":"é","SageMakerOutput":[1]}'.encode(), b'{"id":2,"SageMakerOutput":[2]}']


def test_answers_alone_can_be_filtered() -> None:
    assert through(made(wanted="$[1]", joins=False), [b"a"], b"x,y\n")[1] == [b"y"]


def test_without_filters_nothing_is_read() -> None:
    processing = made(joins=False, kind=JSON)
    assert processing.choose(b"no json") == (b"no json", None)
    assert not processing.changes_output


@pytest.mark.parametrize(("path", "record"), [("$[3]", b"1,2"), ("$[1:]", b'"'), ("$[1]", b"\xff")])
def test_a_record_that_does_not_fit_is_refused(path: str, record: bytes) -> None:
    with pytest.raises(BadInput):
        made(path).choose(record)


def test_values_in_values_without_end_are_refused_wherever_they_come_from() -> None:
    with pytest.raises(BadInput):
        made(kind=JSON).choose(b"[" * 100_000)
    with pytest.raises(BadOutput):
        made(kind=JSON).join([{}], b"[" * 100_000)


@pytest.mark.parametrize("answer", [b"1\n", b"1\n2\n3", b'1\n"'])
def test_answers_that_do_not_fit_the_records_are_refused(answer: bytes) -> None:
    with pytest.raises(BadOutput):
        through(made(), [b"a", b"b"], answer)


def test_a_column_may_be_as_large_as_a_request() -> None:
    assert made("$[1]").choose(b"1" * 200_000 + b",2")[0] == b"2"
