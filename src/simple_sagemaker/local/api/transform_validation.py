"""What CreateTransformJob rejects beyond the shapes of the service's model; each check returns one text or None.

Where AWS would run a container's own program, which a process of this machine has not, the request is refused too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...images.built_in import algorithm_of
from ..batch_transform.joining import CSV, JSON
from ..batch_transform.json_path import BadPath, JsonPath
from ..requests.transform import CONCURRENT, PAYLOAD_MB, container_of, framework_of, serves_built_in, variables_of
from .validation import check_tags

_MOST_MB = 100
_WITH_OWN_PROGRAM = {  # images whose server is more than AWS's inference toolkit
    "tensorflow": "TensorFlow Serving",
    "tritonserver": "Triton",
    "djl-inference": "DJL Serving",
}
_TYPES = (CSV, *JSON)


def objection(request: Mapping[str, Any], *, images: bool, python: str) -> str | None:
    """Why a request, with its ``Model``, cannot become a job; None when it can.

    ``images`` is whether jobs run in containers of their images; ``python`` is the interpreter of those that do not.
    """
    return (
        check_tags(request.get("Tags", ()))
        or _check_model(request, images=images, python=python)
        or _check_limits(request)
        or _check_data(request)
        or _check_processing(request)
    )


def _check_model(request: Mapping[str, Any], *, images: bool, python: str) -> str | None:
    model, name = request["Model"], request["ModelName"]
    if images:
        return "Transform jobs run as processes of this machine, not in containers: use an emulator without Docker."
    if len(model.get("Containers", ())) > 1:
        return f"The model {name} is an inference pipeline of several containers, which this machine does not run."
    container = container_of(model)
    if "ModelPackageName" in container:
        return f"The model {name} is of a model package, which this machine does not have."
    if container.get("Mode") == "MultiModel":
        return f"The model {name} is a multi-model container, which batch transform does not support."
    if container.get("AdditionalModelDataSources"):
        return f"The model {name} has AdditionalModelDataSources, which this machine does not load."
    return _check_program(request, container, python)


def _check_program(request: Mapping[str, Any], container: Mapping[str, Any], python: str) -> str | None:
    """Check that the container's program is one that runs here: a script by AWS's inference toolkit, or XGBoost."""
    image, name = container["Image"], request["ModelName"]
    server = next((one for word, one in _WITH_OWN_PROGRAM.items() if word in image.rpartition("/")[2]), None)
    if server:
        return f"The image {image} of the model {name} serves by {server}, which a process of this machine has not."
    if variables_of(request).get("SAGEMAKER_PROGRAM"):
        return None
    if serves_built_in(request):
        from ..isolation.algorithms import why_not

        return why_not("xgboost", python)
    script = (
        "Here a script serves the model, by AWS's inference toolkit: name it in the model's environment, as "
        "SAGEMAKER_PROGRAM, with SAGEMAKER_SUBMIT_DIRECTORY, or put it into code/ of model.tar.gz."
    )
    if algorithm := algorithm_of(image):
        return f"The built-in algorithm {algorithm} serves its model by its own image's program. {script}"
    if framework_of(image) not in {"pytorch", "huggingface"}:  # whose images look for code/inference.py
        return f"This machine runs processes and has no images, so not the serving program of {image}. {script}"
    return None


def _check_limits(request: Mapping[str, Any]) -> str | None:
    """Check sizes, by https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html."""
    payload, concurrent = request.get("MaxPayloadInMB", PAYLOAD_MB), request.get("MaxConcurrentTransforms")
    if payload > _MOST_MB:
        return f"MaxPayloadInMB can be at most {_MOST_MB}, not {payload}."
    if payload * (concurrent or CONCURRENT) > _MOST_MB:
        return f"MaxConcurrentTransforms * MaxPayloadInMB can be at most {_MOST_MB} MB, not {payload * concurrent} MB."
    return None


def _check_data(request: Mapping[str, Any]) -> str | None:
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    if source["S3DataType"] not in {"S3Prefix", "ManifestFile"}:
        return f"S3DataType {source['S3DataType']} is not one of a transform job: S3Prefix or ManifestFile."
    for uri in (source["S3Uri"], request["TransformOutput"]["S3OutputPath"]):
        if not uri.startswith("s3://"):
            return f"{uri!r} is not an S3 address."
    if "DataCaptureConfig" in request:
        return "DataCaptureConfig is not supported on this machine: nothing would be captured."
    return None


def _check_processing(request: Mapping[str, Any]) -> str | None:
    """Check filters and what they apply to.

    https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
    """
    processing = request.get("DataProcessing", {})
    filters = [processing.get(name, "$") for name in ("InputFilter", "OutputFilter")]
    try:
        paths = [JsonPath(text) for text in filters]
    except BadPath as why:
        return f"DataProcessing: {why}."
    joins = processing.get("JoinSource", "None") == "Input"
    if not joins and all(path.is_root for path in paths):
        return None
    given, wanted = request["TransformInput"], request["TransformOutput"]
    types = [(one or "").split(";")[0].strip() for one in (given.get("ContentType"), wanted.get("Accept"))]
    if not {*types} <= {*_TYPES} or (CSV in types and len({*types}) > 1):
        return (
            f"DataProcessing needs TransformInput.ContentType and TransformOutput.Accept of the same kind: {CSV}, or "
            f"{' and '.join(JSON)}."
        )
    if CSV in types:
        if given.get("SplitType") != "Line" or wanted.get("AssembleWith") != "Line":
            return f"DataProcessing of {CSV} needs SplitType Line and AssembleWith Line."
        if any(path.names_attributes for path in paths):
            return f"DataProcessing of {CSV} chooses columns by their numbers, as in $[0] or $[1:]."
    return None
