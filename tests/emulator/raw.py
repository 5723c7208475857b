"""Requests as somebody without an SDK sends them: bytes on a socket, with or without a signature of botocore's."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.emulated import Emulator


@dataclass(frozen=True)
class Raw:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: str


def exchange(emulator: Emulator, data: bytes) -> Raw:
    """Send bytes; read the answer to its end."""
    address = urlsplit(emulator.url)
    assert address.hostname
    assert address.port
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Raw(int(first.split()[1]), headers, body.decode("utf-8", "replace"))


def send(
    emulator: Emulator, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Raw:
    """Send a request with exactly these headers beside Host and Content-Length."""
    every = {"Host": urlsplit(emulator.url).netloc, "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in every.items()), "", ""]
    return exchange(emulator, "\r\n".join(lines).encode() + body)


def signed(  # noqa: PLR0917 - a request's own order
    emulator: Emulator,
    service: str,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    keys: Credentials | None = None,
) -> dict[str, str]:
    """The headers of a request with a signature, by the printed keys unless others are given."""
    environment = emulator.environment
    keys = keys or Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest(method=method, url=f"{emulator.url}{target}", data=body, headers=dict(headers or {}))
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, environment["AWS_REGION"])
    signer.add_auth(request)
    return dict(request.headers)
