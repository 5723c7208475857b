"""What a framework's image does where the script has no function of its own: its input_fn, predict_fn, output_fn.

From the handlers of AWS's images, each in a repository of github.com/aws: sagemaker-inference-toolkit,
sagemaker-pytorch-inference-toolkit, sagemaker-scikit-learn-container, sagemaker-xgboost-container and
sagemaker-huggingface-inference-toolkit.
"""

import importlib
import json
import os

from . import formats

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any


class Defaults:
    """The functions of an image that knows no framework."""

    def model_fn(self, model_dir: str) -> "Any":
        raise NotImplementedError("Please provide a model_fn implementation.")

    def input_fn(self, data: "Any", content_type: "str | None") -> "Any":
        return formats.decode(data, content_type)

    def predict_fn(self, data: "Any", model: "Any") -> "Any":
        raise NotImplementedError("Please provide a predict_fn implementation.")

    def output_fn(self, prediction: "Any", accept: str) -> "Any":
        return formats.encode(prediction, accept)


class Sklearn(Defaults):
    """Those of scikit-learn's image."""

    def input_fn(self, data: "Any", content_type: "str | None") -> "Any":
        array = formats.decode(data, content_type)
        return array.astype("float32") if content_type in formats.TEXTS and hasattr(array, "astype") else array

    def predict_fn(self, data: "Any", model: "Any") -> "Any":
        return model.predict(data)


class Xgboost(Defaults):
    """Those of XGBoost's image with a script."""

    def input_fn(self, data: "Any", content_type: "str | None") -> "Any":
        array = formats.decode(data, content_type)
        rows = array.reshape(1, -1) if getattr(array, "ndim", 2) == 1 else array
        return importlib.import_module("xgboost").DMatrix(rows)

    def predict_fn(self, data: "Any", model: "Any") -> "Any":
        return model.predict(data, validate_features=False)


class HuggingFace(Defaults):
    """Those of Hugging Face's images, for a model that is called with its inputs, as a pipeline is."""

    def input_fn(self, data: "Any", content_type: "str | None") -> "Any":
        return json.loads(data) if content_type == formats.JSON else formats.decode(data, content_type)

    def predict_fn(self, data: "Any", model: "Any") -> "Any":
        if not isinstance(data, dict):
            return model(data)
        inputs = data.pop("inputs", data)
        return model(inputs, **(data.pop("parameters", None) or {}))


class Torch(Defaults):
    """Those of PyTorch's images."""

    def __init__(self) -> None:
        self._torch = importlib.import_module("torch")  # type: Any
        self._device = self._torch.device("cuda" if self._torch.cuda.is_available() else "cpu")

    def model_fn(self, model_dir: str) -> "Any":
        names = sorted(name for name in os.listdir(model_dir) if name.endswith((".pt", ".pth")))
        chosen = ["model.pt"] if "model.pt" in names else names
        if len(chosen) != 1:
            raise ValueError("Exactly one .pth or .pt file is required for PyTorch models: {}".format(names))
        return self._torch.jit.load(os.path.join(model_dir, chosen[0]), map_location=self._device)

    def input_fn(self, data: "Any", content_type: "str | None") -> "Any":
        array = formats.decode(data, content_type)
        is_text = content_type in formats.TEXTS
        tensor = self._torch.FloatTensor(array) if is_text else self._torch.from_numpy(array)
        return tensor.to(self._device)

    def predict_fn(self, data: "Any", model: "Any") -> "Any":
        with self._torch.no_grad():
            model.to(self._device).eval()
            return model(data.to(self._device))

    def output_fn(self, prediction: "Any", accept: str) -> "Any":
        if isinstance(prediction, self._torch.Tensor):
            prediction = prediction.detach().cpu().numpy().tolist()
        return formats.encode(prediction, accept)


_BY_FRAMEWORK = {"pytorch": Torch, "sklearn": Sklearn, "xgboost": Xgboost, "huggingface": HuggingFace}


def of_framework(name: str) -> Defaults:
    """The functions of a framework's image. One whose package the job's Python lacks has those without a framework."""
    try:
        return _BY_FRAMEWORK.get(name, Defaults)()
    except ImportError:
        return Defaults()
