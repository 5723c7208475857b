"""A process that holds the model and answers requests one by one: what AWS's model server calls a worker."""

import os
import socket
import sys

from . import messages, xgboost_model
from .defaults import of_framework
from .handler import Handler, find_module


def main() -> None:
    """Load the model, say so, and answer until the other side has ended.

    Arguments: the socket's descriptor, the framework, the script, the folder of the code, and that of the model.
    """
    descriptor, framework, program, code, model_dir = sys.argv[1:]
    os.set_inheritable(int(descriptor), False)
    sys.path[:] = [code] + [path for path in sys.path if path != code]
    sys.argv[1:] = []
    requests = socket.socket(fileno=int(descriptor))
    handler = _handler(framework, program, code, model_dir)
    messages.send(requests, {"ready": True})
    while True:
        try:
            head, body = messages.receive(requests)
        except messages.Closed:
            return
        status, answer = handler.answer(body, head["content_type"], head["accept"])
        messages.send(requests, {"status": status}, answer)


def _handler(framework: str, program: str, code: str, model_dir: str) -> "Handler | xgboost_model.XgboostModel":
    if framework == xgboost_model.NAME:
        return xgboost_model.XgboostModel(model_dir)
    module = find_module(program)
    if module is None:
        _explain(program, code)
    return Handler(module, of_framework(framework), model_dir)


def _explain(program: str, code: str) -> None:
    names = ", ".join(sorted(os.listdir(code))) if os.path.isdir(code) else "no such folder"
    sys.stderr.write("simple-sagemaker: there is no script {} in {} ({})\n".format(program, code, names))
