"""The built-in algorithm XGBoost as it answers requests: CSV or libsvm in, a prediction a line out.

https://github.com/aws/sagemaker-xgboost-container (algorithm_mode/serve.py): its statuses and its words. Needs the
package xgboost, as training does.
"""

import importlib
import os
import pickle

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

NAME = "built-in xgboost"
_CSV, _LIBSVM = ("csv", "text/csv"), ("text/libsvm", "text/x-libsvm", "libsvm")
_PICKLED = b"\x80"  # the first byte of a pickle, and of no model of xgboost's own
_MODES = ("multi:softmax", "binary:hinge")  # of which several models vote


class XgboostModel:
    """The models of a folder: one, or those of a cross-validation, whose predictions are averaged."""

    def __init__(self, model_dir: str) -> None:
        self._xgboost = importlib.import_module("xgboost")  # type: Any
        names = sorted(name for name in os.listdir(model_dir) if os.path.isfile(os.path.join(model_dir, name)))
        self._models = [self._load(os.path.join(model_dir, name)) for name in names if not name.startswith(".")]
        if not self._models:
            raise RuntimeError("Unable to load model: there is no file in {}".format(model_dir))

    def _load(self, path: str) -> "Any":
        """A model in a format of xgboost's, or pickled as AWS's older images left it."""
        try:
            with open(path, "rb") as file:
                data = bytearray(file.read())
            is_pickled = data.startswith(_PICKLED)  # the job's own model, in the job's own process
            booster = pickle.loads(data) if is_pickled else self._xgboost.Booster(model_file=data)  # noqa: S301
        except Exception as error:
            raise RuntimeError("Unable to load model: {}".format(error)) from error
        booster.set_param("nthread", 1)
        return booster

    def answer(self, body: bytes, content_type: "str | None", accept: "str | None") -> "tuple[int, bytes]":
        """The status and the body of the answer to a request."""
        if not body:
            return 204, b""
        if accept not in (None, "", "*/*", *_CSV):
            return 406, "Accept type {} is not supported: text/csv is.".format(accept).encode()
        kind = (content_type or _CSV[1]).split(";")[0].strip().lower()
        try:
            rows = self._read(body.strip().decode("utf-8"), kind)
        except ValueError as error:
            text = "Loading {} data failed with Exception, please ensure data is in {} format:\n {}\n {}"
            return 415, text.format(kind, kind, type(error), error).encode("utf-8", "replace")
        try:
            lines = map(str, self._predict(self._xgboost.DMatrix(rows)).tolist())
        except Exception as error:  # noqa: BLE001 - as the container answers whatever xgboost raises
            return 400, "Unable to evaluate payload provided: {}".format(error).encode("utf-8", "replace")
        return 200, "".join(line + "\n" for line in lines).encode()

    def _read(self, text: str, kind: str) -> "Any":
        """The rows of a request. Raises ValueError."""
        if kind in _CSV:
            numpy = importlib.import_module("numpy")
            return numpy.array([[_number(cell) for cell in line.split(",")] for line in text.split("\n")])
        if kind in _LIBSVM:
            return self._sparse([line.split() for line in text.split("\n")])
        raise ValueError("Content-type {} not supported. Supported content-type is text/csv, text/libsvm".format(kind))

    def _sparse(self, lines: "list[list[str]]") -> "Any":
        places = ([], [])  # type: tuple[list[int], list[int]]
        values = []  # type: list[float]
        for number, line in enumerate(lines):
            for index, _, value in (item.partition(":") for item in line if ":" in item):
                places[0].append(number)
                places[1].append(int(index))
                values.append(float(value))
        width = max([*(place + 1 for place in places[1]), *(one.num_features() for one in self._models)])
        return importlib.import_module("scipy.sparse").csr_matrix((values, places), shape=(len(lines), width))

    def _predict(self, rows: "Any") -> "Any":
        each = [model.predict(rows, validate_features=False) for model in self._models]
        if len(each) == 1:
            return each[0]
        numpy = importlib.import_module("numpy")
        if any(name in self._models[0].save_config() for name in _MODES):
            return numpy.array([_most_frequent(list(votes)) for votes in zip(*each)])
        return numpy.mean(each, axis=0)


def _number(cell: str) -> float:
    return float(cell) if cell.strip() else float("nan")


def _most_frequent(votes: "list[float]") -> float:
    return max(sorted(set(votes)), key=votes.count)
