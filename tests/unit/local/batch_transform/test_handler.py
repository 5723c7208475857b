"""The contract of AWS's inference toolkit: what a script's functions are called with, and what its errors become."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from simple_sagemaker.local.batch_transform import formats
from simple_sagemaker.local.batch_transform.defaults import Defaults, of_framework
from simple_sagemaker.local.batch_transform.handler import Context, Handler, find_module

JSON, CSV = "application/json", "text/csv"


def handler(framework: str = "", **functions: Callable[..., Any]) -> Handler:
    """A script with these functions, whose model is its folder unless it says otherwise."""
    module = ModuleType("inference")
    for name, function in {"model_fn": lambda folder: folder, **functions}.items():
        setattr(module, name, function)
    return Handler(module, of_framework(framework), "/opt/ml/model")


def body_of(answer: tuple[int, bytes]) -> bytes:
    assert answer[0] == 200, answer[1].decode()
    return answer[1]


def test_three_functions_are_called_one_after_the_other() -> None:
    made = handler(
        input_fn=lambda body, kind: (body, kind),
        predict_fn=lambda data, model: [*data, model],
        output_fn=lambda prediction, accept: json.dumps([*prediction, accept]),
    )
    assert json.loads(body_of(made.answer(b"x", CSV, "a/b"))) == ["x", CSV, "/opt/ml/model", "a/b"]


def test_one_function_takes_their_place() -> None:
    made = handler(transform_fn=lambda model, body, kind, accept: json.dumps([model, body.decode(), kind, accept]))
    assert json.loads(body_of(made.answer(b"x", "a/b", None))) == ["/opt/ml/model", "x", "a/b", JSON]


def test_text_reaches_a_script_as_text_and_a_parameter_of_the_type_is_left_out() -> None:
    made = handler(transform_fn=lambda model, body, kind, accept: f"{type(body).__name__} {kind}")
    assert body_of(made.answer(b"1", "text/csv; charset=utf-8", None)) == b"str text/csv"
    assert body_of(made.answer(b"1", "image/png", None)) == b"bytes image/png"
    assert body_of(made.answer(b"1", None, None)) == b"bytes None"


def test_a_function_with_one_parameter_more_gets_the_context() -> None:
    seen: list[Any] = []

    def model_fn(folder: str, context: Context) -> str:
        seen.append(context.system_properties["model_dir"])
        return folder

    made = handler(model_fn=model_fn, transform_fn=lambda model, body, kind, accept, context: str(context is not None))
    assert body_of(made.answer(b"", CSV, None)) == b"True"
    assert seen == ["/opt/ml/model"]


def test_functions_before_and_after_the_model_are_called() -> None:
    seen: list[str] = []
    handler(
        pre_model_fn=lambda folder: seen.append(f"before {folder}"),
        model_fn=lambda folder: seen.append("model"),
        model_warmup_fn=lambda folder, model: seen.append(f"after {model}"),
        transform_fn=lambda model, body, kind, accept: b"",
    )
    assert seen == ["before /opt/ml/model", "model", "after None"]


class Response:
    def get_data(self) -> bytes:
        return b"of a response"


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ("é", "é".encode()),
        (b"x", b"x"),
        (bytearray(b"x"), b"x"),
        (("x", CSV), b"x"),
        ([1], b"[1]"),
        (Response(), b"of a response"),
    ],
)
def test_an_answer_is_text_bytes_a_response_or_json(result: Any, body: bytes) -> None:
    made = handler(transform_fn=lambda model, data, kind, accept: result)
    assert body_of(made.answer(b"", CSV, None)) == body


class OfToolkit(Exception):
    status_code = 422
    message = "not this one"


def test_an_error_is_an_answer_with_its_traceback() -> None:
    def transform_fn(model: Any, body: str, kind: str, accept: str) -> None:
        raise OfToolkit if body == "theirs" else ValueError("no number")

    made = handler(transform_fn=transform_fn)
    status, body = made.answer(b"mine", CSV, None)
    assert status == 500
    assert body.startswith(b"no number\nTraceback")
    status, body = made.answer(b"theirs", CSV, None)
    assert status == 422
    assert body.startswith(b"not this one\n")


def test_functions_that_exclude_each_other_and_wrong_numbers_of_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="Cannot use transform_fn implementation in conjunction with"):
        handler(transform_fn=lambda model, body, kind, accept: b"", predict_fn=lambda data, model: data)
    with pytest.raises(TypeError, match="takes 0 arguments but 1 were given"):
        handler(model_fn=lambda: None)


def test_without_a_function_of_its_own_a_script_has_the_images() -> None:
    with pytest.raises(NotImplementedError, match="Please provide a model_fn implementation"):
        Handler(None, Defaults(), "/opt/ml/model")
    status, body = handler().answer(b"[1]", JSON, None)
    assert status == 500
    assert b"Please provide a predict_fn implementation" in body
    made = handler(predict_fn=lambda data, model: data)
    assert json.loads(body_of(made.answer(b"[[1, 2]]", JSON, None))) == [[1, 2]]
    assert made.answer(b"x", "image/png", None)[0] == 415
    assert made.answer(b"[1]", JSON, "image/png")[0] == 415


def test_scikit_learns_and_hugging_faces_images_call_the_model() -> None:
    class Model:
        def predict(self, rows: Any) -> list[float]:
            return [float(sum(row)) for row in rows]

    learned = handler("sklearn", model_fn=lambda folder: Model())
    assert json.loads(body_of(learned.answer(b"1,2\n3,4", CSV, JSON))) == [3.0, 7.0]
    called = handler("huggingface", model_fn=lambda folder: lambda inputs, top=1: [inputs, top])
    assert json.loads(body_of(called.answer(b'{"inputs": "a", "parameters": {"top": 2}}', JSON, None))) == ["a", 2]
    assert json.loads(body_of(called.answer(b'["a"]', JSON, None))) == [["a"], 1]


def test_default_accept_is_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", CSV)
    made = handler(transform_fn=lambda model, body, kind, accept: accept)
    assert body_of(made.answer(b"", None, "*/*")) == CSV.encode()


@pytest.mark.parametrize("has_numpy", [True, False])
def test_tables_are_read_and_written_with_numpy_and_without(has_numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_numpy:
        monkeypatch.setattr(formats, "numpy", lambda: None)
    elif formats.numpy() is None:
        pytest.skip("NumPy is not installed here")
    several = formats.decode("1,2\n3,4\n", CSV)
    assert [list(row) for row in several] == [[1, 2], [3, 4]]
    assert list(formats.decode("1,2\n", CSV)) == [1, 2]
    assert formats.encode([[1.5, 2.0], [3.0, 4.5]], CSV) == "1.5,2.0\n3.0,4.5\n"
    assert formats.encode([1.5, 2.5], CSV) == "1.5\n2.5\n"
    assert json.loads(formats.encode(formats.decode("[[1, 2]]", JSON), JSON)) == [[1, 2]]
    if has_numpy:
        packed = formats.encode(several, "application/x-npy")
        assert formats.decode(packed, "application/x-npy").tolist() == [[1, 2], [3, 4]]
    else:
        with pytest.raises(formats.UnsupportedFormat):
            formats.encode([1], "application/x-npy")


def test_a_script_is_found_by_its_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "serve_here").mkdir()
    (tmp_path / "serve_here" / "code.py").write_text("WORD = 'x'")
    monkeypatch.syspath_prepend(tmp_path)
    found = find_module("serve_here/code.py")
    assert found is not None
    assert found.WORD == "x"
    assert find_module("not_there.py") is None
    assert find_module("not_there/either.py") is None
