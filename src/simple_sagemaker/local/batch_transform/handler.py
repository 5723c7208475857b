"""The contract of AWS's inference toolkit: which functions of the script are called, with what, in which order.

https://github.com/aws/sagemaker-inference-toolkit (transformer.py) and
https://sagemaker.readthedocs.io/en/stable/frameworks/pytorch/using_pytorch.html#serve-a-pytorch-model.
"""

import importlib
import importlib.util
import inspect
import json
import os
import traceback

from . import formats
from .defaults import Defaults

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"


class Context:
    """What a function that takes one argument more gets: the folder of the model."""

    def __init__(self, model_dir: str) -> None:
        self.system_properties = {"model_dir": model_dir, "gpu_id": None}


class Handler:
    """The functions of a script, with its model loaded. Raises whatever the script does."""

    def __init__(self, module: "ModuleType | None", defaults: Defaults, model_dir: str) -> None:
        self._context = Context(model_dir)
        own = {name: getattr(module, name, None) for name in ("transform_fn", "input_fn", "predict_fn", "output_fn")}
        if own["transform_fn"] and (own["input_fn"] or own["predict_fn"] or own["output_fn"]):
            raise ValueError(
                "Cannot use transform_fn implementation in conjunction with input_fn, predict_fn, and/or output_fn "
                "implementation"
            )
        self._input = own["input_fn"] or defaults.input_fn
        self._predict = own["predict_fn"] or defaults.predict_fn
        self._output = own["output_fn"] or defaults.output_fn
        self._transform = own["transform_fn"] or self._in_three_steps
        self._accept = os.environ.get(_ACCEPT) or formats.JSON
        before, after = getattr(module, "pre_model_fn", None), getattr(module, "model_warmup_fn", None)
        if before is not None:
            self._call(before, model_dir)
        self._model = self._call(getattr(module, "model_fn", None) or defaults.model_fn, model_dir)
        if after is not None:
            self._call(after, model_dir, self._model)

    def answer(self, body: bytes, content_type: "str | None", accept: "str | None") -> "tuple[int, bytes]":
        """The status and the body of the answer to a request; for an error its text and traceback."""
        try:
            kind = content_type.split(";")[0].strip() if content_type else content_type
            wanted = self._accept if not accept or accept == formats.ANY else accept
            data = body.decode("utf-8") if kind in formats.TEXTS else body  # type: str | bytes
            return 200, _as_bytes(self._call(self._transform, self._model, data, kind, wanted))
        except Exception as error:  # noqa: BLE001 - whatever the script raises is an answer
            text = "{}\n{}".format(getattr(error, "message", error), traceback.format_exc())
            return _status_of(error), text.encode("utf-8", "replace")

    def _in_three_steps(self, model: "Any", data: "Any", content_type: "str | None", accept: str) -> "Any":
        read = self._call(self._input, data, content_type)
        prediction = self._call(self._predict, read, model)
        return self._call(self._output, prediction, accept)

    def _call(self, function: "Callable[..., Any]", *arguments: "Any") -> "Any":
        """Call a function, with the context as its last argument where it takes one more."""
        count = len(inspect.signature(function).parameters)
        if count == len(arguments):
            return function(*arguments)
        if count == len(arguments) + 1:
            return function(*arguments, self._context)
        text = "{} takes {} arguments but {} were given."
        raise TypeError(text.format(getattr(function, "__name__", function), count, len(arguments)))


def find_module(program: str) -> "ModuleType | None":
    """Import the script by its file's name; None where there is none."""
    name = (program[:-3] if program.endswith(".py") else program).replace("/", ".")
    try:
        is_there = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of a package around it
        is_there = False
    return importlib.import_module(name) if is_there else None


def _status_of(error: Exception) -> int:
    """The status that an error of the toolkit has; 500 for every other."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and 400 <= status < 600 else 500


def _as_bytes(result: "Any") -> bytes:
    """The body of an answer: a text, bytes, a response of Flask's kind, or what JSON can hold."""
    body = result[0] if isinstance(result, tuple) else result
    if hasattr(body, "get_data"):
        body = body.get_data()
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    return json.dumps(body).encode("utf-8")
