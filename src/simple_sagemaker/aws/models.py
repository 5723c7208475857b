"""The models of AWS's services as botocore's clients need them, kept without their texts.

A client is made from its service's model. For the three services that a skipped task asks botocore reads 6 MB of JSON,
which takes a third of the command's time; most of it is documentation, and the endpoints of services that we never
call. What was read once is kept in the cache of the home, for one version of botocore.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

from ..core.regular_files import read_plain
from ..storage.private import replace_private
from ..storage.s3.clients import has_own_models

_TEXTS = frozenset({"documentation", "documentationUrl", "examples"})
_KEPT_TYPES = frozenset({"service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"})
_PREFIX = "models-"
# What endpoints.json calls the services of our clients, and of botocore's own where it signs in for a person.
_ENDPOINTS = frozenset(
    {
        *("api.ecr", "api.pricing", "api.sagemaker", "ecr", "iam", "logs", "monitoring", "oidc", "portal.sso", "s3"),
        *("s3-control", "sagemaker", "signin", "ssm", "sso", "sts", "tagging"),
    }
)


def keeping_loader(cache: Path, loader: Loader) -> Loader:
    """A loader of models that keeps what it reads below ``cache``; ``loader`` where a person has some of their own."""
    return loader if has_own_models(loader) else _KeepingLoader(cache)


class _KeepingLoader(Loader):
    """botocore's loader, which reads kept models in the place of its own."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self._folders = cache
        self._folder = cache / f"{_PREFIX}{botocore.__version__}"
        self._models: dict[str, Any] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """As botocore's, without the texts."""
        load = super().load_service_model
        if type_name not in _KEPT_TYPES or api_version is not None:
            return load(service_name, type_name, api_version)

        def read() -> Any:
            model = load(service_name, type_name)
            return _without_texts(model) if type_name == "service-2" else model

        return self._keep(f"{service_name}-{type_name}", read)

    def load_data_with_path(self, name: str) -> Any:
        """As botocore's; of the endpoints, those of the services that we call."""
        load = super().load_data_with_path
        if name != "endpoints":
            return load(name)
        # The path says that they are botocore's own: those of a person would count more than the services' rules.
        return self._keep(name, lambda: _our_endpoints(load(name)[0])), os.path.join(self.BUILTIN_DATA_PATH, name)

    def _keep(self, name: str, load: Callable[[], Any]) -> Any:
        if name not in self._models:
            try:
                self._models[name] = _whole(json.loads(read_plain(self._folder / f"{name}.json")))
            except (OSError, ValueError, RecursionError):
                self._models[name] = load()
                self._write(f"{name}.json", self._models[name])
        return self._models[name]

    def _write(self, name: str, model: Any) -> None:
        """Keep a model for other commands, which may be writing it too; without a place for it there is none."""
        with suppress(OSError):
            if not self._folder.exists():
                self._remove_older()
            replace_private(self._folder / name, json.dumps(model, separators=(",", ":")))

    def _remove_older(self) -> None:
        """Remove what was kept for other versions."""
        import shutil

        for folder in self._folders.glob(f"{_PREFIX}*"):
            shutil.rmtree(folder, ignore_errors=True)


def _whole(model: Any) -> dict[str, Any]:
    """A model that was kept. Raises ValueError for what is none."""
    if isinstance(model, dict) and model:
        return model
    raise ValueError("it is no model")


def _without_texts(value: Any) -> Any:
    """A model whose texts for people are empty; members of requests that have such a name are no texts, and stay."""
    if isinstance(value, dict):
        return {
            key: type(item)() if key in _TEXTS and isinstance(item, (str, list)) else _without_texts(item)
            for key, item in value.items()
        }
    return [_without_texts(item) for item in value] if isinstance(value, list) else value


def _our_endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    partitions = [
        {**one, "services": {name: about for name, about in one["services"].items() if name in _ENDPOINTS}}
        for one in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}
