"""A batch transform job's request as the engine reads it, with the model that it names.

A job's folder keeps both as one request: the members of CreateTransformJob, those of CreateModel as ``Model``, and the
model's role as ``RoleArn``, as every other kind of job has it. So a job is not changed by what becomes of its model.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ...core import layout
from ...core.layout import split_uri
from ...core.records import dataclass, field
from ...core.store import ProgressCallback, Store, no_progress
from ...images.built_in import algorithm_of
from ..batch_transform.xgboost_model import NAME as XGBOOST
from ..data.channels import Channel, Item
from ..job.kinds import TRANSFORM, Kind
from .config_files import host_names, translate_path
from .request import HostFolders, MirroredFolder, Phase, Saving

FOLDER = f"{layout.BASE}/transform"
MODEL = f"{layout.BASE}/model"
CODE = f"{layout.BASE}/code"
PAYLOAD_MB, CONCURRENT, TIMEOUT_S, RETRIES = 6, 1, 600, 3  # AWS's defaults
_RUNNING = Phase(secondary="Transforming", message="Transform in progress")
_SAVING = Phase(secondary="Uploading", message="Uploading what was transformed")
_FAILED = "AlgorithmError: See job logs for more information"
_LONGEST_REASON = 1024
# by what a repository's name has; the first counts, and Hugging Face's have PyTorch in theirs
_FRAMEWORKS = {"huggingface": "huggingface", "pytorch": "pytorch", "scikit-learn": "sklearn", "xgboost": "xgboost"}
_DEFAULT_PROGRAM = "inference.py"  # https://github.com/aws/sagemaker-inference-toolkit, environment.py


@dataclass(frozen=True, kw_only=True)
class Data(Channel):
    """The objects of a job. In the job they are numbered: a key may be longer than a file's name, or below another."""

    listed: list[Item] = field(default_factory=list, compare=False)

    def items(self, store: Store, on_progress: ProgressCallback = no_progress) -> list[Item]:
        """All objects, as files of the job. What keys they have is in :attr:`listed`, in the same order."""
        pipe = Channel(name=self.name, uri=self.uri, data_type=self.data_type, sharded=True, mode="Pipe")
        self.listed[:] = pipe.items(store, on_progress)  # a Pipe may have any keys
        return [
            Item(bucket=one.bucket, key=one.key, path=f"{number:08}", size=one.size)
            for number, one in enumerate(self.listed)
        ]


@dataclass(frozen=True)
class Transform:
    """A CreateTransformJob request with its model."""

    request: Mapping[str, Any]
    kind: Kind = TRANSFORM
    running: Phase = _RUNNING
    saving: Phase = _SAVING

    @property
    def container(self) -> Mapping[str, Any]:
        """The model's one container."""
        return container_of(self.request["Model"])

    @property
    def image(self) -> str:
        return str(self.container.get("Image", ""))

    @property
    def host_count(self) -> int:
        return int(self.request["TransformResources"]["InstanceCount"])

    def instance_type(self, host: str) -> str:
        del host
        return str(self.request["TransformResources"]["InstanceType"])

    def receivers(self, channel: Channel) -> Sequence[str]:
        del channel
        return [f"algo-{number}" for number in range(1, self.host_count + 1)]

    @property
    def is_network_isolated(self) -> bool:
        return bool(self.request["Model"].get("EnableNetworkIsolation"))

    @property
    def exit_message_path(self) -> str:
        return f"{FOLDER}/failure"

    @property
    def entrypoint(self) -> Sequence[str]:
        return ()

    @property
    def arguments(self) -> Sequence[str]:
        return ()

    @property
    def image_arguments(self) -> Sequence[str]:
        return ("serve",)

    @property
    def is_script_mode(self) -> bool:
        return True

    @property
    def algorithm(self) -> str | None:
        return None

    @property
    def metrics(self) -> Sequence[tuple[str, str]]:
        return ()

    def environment(self, region: str, places: Mapping[str, str]) -> dict[str, str]:
        """The variables of the model and of the job, and those of the platform, which say how records are sent."""
        given = variables_of(self.request)
        variables = {name: translate_path(value, places) for name, value in given.items()}
        variables |= {"SAGEMAKER_BATCH": "true", "AWS_REGION": region}
        if "MaxPayloadInMB" in self.request:
            variables["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(self.request["MaxPayloadInMB"])
        if "BatchStrategy" in self.request:
            is_single = self.request["BatchStrategy"] == "SingleRecord"
            variables["SAGEMAKER_BATCH_STRATEGY"] = "SINGLE_RECORD" if is_single else "MULTI_RECORD"
        if "MaxConcurrentTransforms" in self.request:
            variables["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(self.request["MaxConcurrentTransforms"])
        return variables

    @property
    def submitted(self) -> str:
        """The address in S3 of the script's archive; empty where it is in the model."""
        directory = variables_of(self.request).get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        return directory if directory.startswith("s3://") else ""

    @property
    def packed_model(self) -> str:
        """The address of the model's archive; empty where the model is not packed, or there is none."""
        source = self.container.get("ModelDataSource", {}).get("S3DataSource", {})
        if source.get("CompressionType") == "Gzip":
            return str(source["S3Uri"])
        return str(self.container.get("ModelDataUrl", ""))

    @cached_property
    def data(self) -> Data:
        """The objects that are transformed, shared out among the hosts."""
        source = self.request["TransformInput"]["DataSource"]["S3DataSource"]
        return Data(
            name="transform",
            uri=source["S3Uri"],
            data_type=source["S3DataType"],
            sharded=True,
            mode="File",
            folder=f"{FOLDER}/input",
        )

    def channels(self) -> list[Channel]:
        """The data, and a model that is not packed."""
        source = self.container.get("ModelDataSource", {}).get("S3DataSource", {})
        if source.get("CompressionType") != "None":
            return [self.data]
        folder = Channel(
            name="model", uri=source["S3Uri"], data_type="S3Prefix", sharded=False, mode="File", folder=MODEL
        )
        return [folder, self.data]

    def folders(self) -> list[str]:
        return [MODEL, f"{FOLDER}/output"]

    def private(self) -> list[str]:
        return []

    def links(self) -> dict[str, str]:
        return {}

    def _share(self, host: str) -> list[tuple[str, Item]]:
        """The objects of a host: the name of each as a file, and what it is in S3."""
        hosts = self.receivers(self.data)
        numbered = [(f"{number:08}", one) for number, one in enumerate(self.data.listed)]
        return list(self.data.share(numbered, hosts.index(host), len(hosts)))

    def configs(
        self, host: str, places: Mapping[str, str], *, attempt: int, region: str, interface: str
    ) -> dict[str, dict[str, Any] | list[Any]]:
        """``job.json``, by which the host's program works."""
        del places, attempt, region, interface
        return {f"{FOLDER}/job.json": self._description(host)}

    def _description(self, host: str) -> dict[str, Any]:
        request, given, wanted = self.request, self.request["TransformInput"], self.request["TransformOutput"]
        processing, client = request.get("DataProcessing", {}), request.get("ModelClientConfig", {})
        return {
            "files": [{"file": name, "address": f"{one.bucket}/{one.key}"} for name, one in self._share(host)],
            "host": host,
            "hosts": host_names(self.host_count),
            "framework": XGBOOST if serves_built_in(request) else framework_of(self.image),
            "program": program_of(request),
            "split_type": given.get("SplitType", "None"),
            "compression": given.get("CompressionType", "None"),
            "content_type": given.get("ContentType"),
            "accept": wanted.get("Accept"),
            "assemble_with": wanted.get("AssembleWith", "None"),
            "batch_strategy": request.get("BatchStrategy", "MultiRecord"),
            "max_payload_mb": request.get("MaxPayloadInMB", PAYLOAD_MB),
            "max_concurrent": request.get("MaxConcurrentTransforms") or self._usual_concurrency,
            "timeout_s": client.get("InvocationsTimeoutInSeconds", TIMEOUT_S),
            "retries": client.get("InvocationsMaxRetries", RETRIES),
            "input_filter": processing.get("InputFilter", "$"),
            "output_filter": processing.get("OutputFilter", "$"),
            "join_source": processing.get("JoinSource", "None"),
        }

    @property
    def _usual_concurrency(self) -> int:
        """How many requests there are at once, where nobody says: one, or as many as XGBoost's image asks for."""
        return os.cpu_count() or 1 if serves_built_in(self.request) else CONCURRENT

    def mirrored_folders(self) -> list[MirroredFolder]:
        return []

    def failure(self, host: HostFolders, code: int, last_line: str) -> str | None:
        """A host says why in its failure file, also where it took all other objects through the model."""
        del last_line
        written = host.read(self.exit_message_path, _LONGEST_REASON)
        text = (written or b"").decode("utf-8", "replace")
        return text or (_FAILED if code else None)

    def warning(self, host: HostFolders, code: int) -> str | None:
        del host, code
        return None

    def message(self, hosts: Sequence[HostFolders]) -> str | None:
        del hosts
        return None

    def save(self, hosts: Sequence[HostFolders], store: Store, saving: Saving) -> None:
        """Upload an output for each object whose records were all transformed; of a job that was stopped, none."""
        from ..data import outputs

        if saving.is_stopped:
            return
        bucket, key = split_uri(self.request["TransformOutput"]["S3OutputPath"])
        prefix = f"{key.rstrip('/')}/".lstrip("/")
        for host, name in zip(hosts, self.receivers(self.data), strict=True):
            for file, one in self._share(name):
                path = host.inside(f"{FOLDER}/output/{file}").relative_to(host.folder)
                outputs.upload(
                    host.folder,
                    os.fspath(path),
                    store,
                    bucket=bucket,
                    key=f"{prefix}{one.path}.out",
                    scratch=saving.scratch / ".output.part",
                    on_progress=saving.on_progress,
                )


def container_of(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one container of a model."""
    container: Mapping[str, Any] = model.get("PrimaryContainer") or model["Containers"][0]
    return container


def framework_of(image: str) -> str:
    """The framework whose functions an image has by default; empty for an image that is none of AWS's frameworks."""
    repository = image.rpartition("/")[2].partition(":")[0]
    words = re.split(r"[^a-z0-9-]+", repository.lower())
    return next((name for word, name in _FRAMEWORKS.items() if any(word in one for one in words)), "")


def variables_of(request: Mapping[str, Any]) -> dict[str, str]:
    """The variables that the model and the job give."""
    return {**container_of(request["Model"]).get("Environment", {}), **request.get("Environment", {})}


def serves_built_in(request: Mapping[str, Any]) -> bool:
    """Whether the built-in algorithm XGBoost serves the model, without a script."""
    image = str(container_of(request["Model"]).get("Image", ""))
    return algorithm_of(image) == "xgboost" and not variables_of(request).get("SAGEMAKER_PROGRAM")


def program_of(request: Mapping[str, Any]) -> str:
    """The script: the one that the model's or the job's variables name, else the one that AWS's images look for."""
    return variables_of(request).get("SAGEMAKER_PROGRAM") or _DEFAULT_PROGRAM
