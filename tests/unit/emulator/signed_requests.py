"""Requests as the server hands them to the application, signed by botocore."""

from __future__ import annotations

import io
import json
from email.message import Message
from typing import Any
from urllib.parse import unquote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simple_sagemaker.emulator.http import keep_raw

HOST = "127.0.0.1:5000"


class Connection:
    """A socket that is only told how long to wait, and notes how it ends."""

    def __init__(self) -> None:
        self.acts: list[str] = []

    def settimeout(self, seconds: float | None) -> None:
        """Take note of it."""

    def setsockopt(self, *_: object) -> None:
        self.acts.append("linger")

    def shutdown(self, _: int) -> None:
        self.acts.append("shutdown")


def environ_of(request: AWSRequest, more: dict[str, str] | None = None) -> dict[str, Any]:
    """A request as the server hands it over."""
    target = str(request.url).partition(HOST)[2]
    body = request.data if isinstance(request.data, bytes) else b""
    headers = Message()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "HTTP_HOST": HOST,
    }
    headers["Host"] = HOST
    for name, value in request.headers.items():
        headers[name] = value
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    if "HTTP_CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    path, _, query = target.partition("?")
    environ |= {
        "PATH_INFO": unquote(path),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "werkzeug.socket": Connection(),
        **(more or {}),
    }
    keep_raw(environ, headers, target)
    return environ


def signed(
    service: str,
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    keys: tuple[str, str],
    token: str | None = None,
    region: str = "us-east-1",
) -> dict[str, Any]:
    """A request of ``service`` that one of the keys has signed."""
    request = AWSRequest(method=method, url=f"http://{HOST}{target}", data=body, headers=headers or {})
    make = S3SigV4Auth if service == "s3" else SigV4Auth
    make(Credentials(*keys, token), service, region).add_auth(request)
    return environ_of(request)


def of_json(service: str, target: str, members: object = None, **more: Any) -> dict[str, Any]:
    """A request of a service that speaks JSON; ``target`` is what its header X-Amz-Target names."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1", **more.pop("headers", {})}
    body = members if isinstance(members, bytes) else json.dumps(members or {}).encode()
    return signed(service, "POST", "/", body, headers, **more)


def of_query(service: str, text: str, **more: Any) -> dict[str, Any]:
    """A request of a service that speaks in forms, as IAM and STS do."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return signed(service, "POST", "/", text.encode(), headers, **more)
