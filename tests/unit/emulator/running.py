"""An emulator in this process, started as a whole, without a port."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simple_sagemaker.emulator.fault_injection import Plan
from simple_sagemaker.emulator.http import Environ
from simple_sagemaker.emulator.mock_aws import MockAws
from simple_sagemaker.emulator.server import Emulator
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.supervisor.nursery import Nursery
from tests.unit.emulator.signed_requests import HOST, of_json, of_query, signed
from tests.unit.local.made_jobs import SETTINGS

KEYS = ("AKIAADMIN", "secret")
URL = f"http://{HOST}"


class Running:
    """An emulator in this process: its variables, what it reported, which connections it trusted."""

    def __init__(self, folder: Path, aws: MockAws, *, s3_endpoint: str | None = None, **more: Any) -> None:
        self.home = Home(folder / "home")
        self.reports: list[str] = []
        self.resets: list[int] = []
        self.trusted: list[Environ] = []
        more = {"plan": Plan(), "keys": KEYS, "reset": lambda: self.resets.append(1), **more}
        self.application = Emulator(
            self.home,
            Settings(**SETTINGS, s3_endpoint=s3_endpoint),  # type: ignore[arg-type]
            report=self.reports.append,
            nursery=Nursery(loads_s3=True),
            aws=aws,
            trust=self.trusted.append,
            **more,
        )

    def start(self) -> dict[str, str]:
        return self.application.start(URL)

    def ask(self, environ: Environ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self.application(environ, lambda status, headers: started.append((status, headers))))
        ((status, headers),) = started
        return int(status.split()[0]), {name.lower(): value for name, value in headers}, body

    def json(self, service: str, target: str, members: object = None, **more: Any) -> tuple[int, Any]:
        more = {"keys": KEYS, **more}
        status, _, body = self.ask(of_json(service, target, members, **more))
        return status, json.loads(body or b"null")

    def sagemaker(self, operation: str, **members: Any) -> tuple[int, Any]:
        return self.json("sagemaker", f"SageMaker.{operation}", members)

    def query(self, service: str, text: str, **more: Any) -> tuple[int, str]:
        more = {"keys": KEYS, **more}
        status, _, body = self.ask(of_query(service, text, **more))
        return status, body.decode()

    def s3(self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, str]:
        status, _, answer = self.ask(signed("s3", method, target, body, headers, keys=KEYS))
        return status, answer.decode()

    def page(self, method: str, name: str, body: bytes = b"", keys: tuple[str, str] = KEYS) -> tuple[int, Any]:
        status, _, answer = self.ask(signed("sagemaker", method, f"/_ssm/{name}", body, keys=keys))
        return status, json.loads(answer)


Start = Callable[..., Running]


def refused(answer: tuple[int, Any]) -> tuple[int, str, str]:
    """Status, code and message of a refusal in JSON."""
    status, members = answer
    return status, members["__type"], members["message"]
