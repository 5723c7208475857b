"""How the server reads one HTTP request: what breaks HTTP's own rules is refused before an application sees it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import EngineUnavailable
from .http import keep_raw
from .mock_aws import INSTALL

_PIECE = 64 * 1024

if TYPE_CHECKING:
    from email.message import Message

    from werkzeug.serving import WSGIRequestHandler


def make_handler() -> type[WSGIRequestHandler]:
    """Moto's request handler, which keeps the case of header names, without a log line for each request."""
    try:
        from moto.moto_server.werkzeug_app import MotoRequestHandler
    except ImportError as error:
        raise EngineUnavailable(INSTALL) from error

    class Handler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"
        default_request_version = "HTTP/1.0"  # so that every refusal has a status line

        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's own name
            """Say nothing: what matters to the caller is in the answer."""

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """As above; werkzeug's own fails for a target that it cannot read."""

        def make_environ(self) -> dict[str, Any]:
            environ: dict[str, Any] = self.__dict__.pop("checked", None) or super().make_environ()
            keep_raw(environ, self.headers, self.path)
            return environ

        def run_wsgi(self) -> None:
            try:
                check_message(self.headers, self.path)
                self.checked = super().make_environ()
                self.checked["wsgi.input"] = self.rfile  # werkzeug's reader of chunks takes no end for an end
            except ValueError as error:
                self.close_connection = True
                self.send_error(400, explain=str(error).encode("ascii", "replace").decode())
                return
            whole = self.rfile
            self.rfile = _InPieces(whole)  # type: ignore[assignment]
            try:
                super().run_wsgi()
            finally:
                self.rfile = whole

    return Handler


class _InPieces:
    """A connection's input. What is left of a body that nobody wanted is read by the server, 10 MB at a time."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def read(self, _size: int) -> bytes:
        """Read what is there, in little memory."""
        data: bytes = self._source.read1(_PIECE)
        return data


def check_message(headers: Message, target: str) -> None:
    """Check the parts of a request that servers and clients could read differently. Raises ValueError."""
    if headers.defects or headers.get_payload() or headers.get_unixfrom():  # where the parser gave up
        raise ValueError("a line of the headers cannot be read")
    if any(re.search(r"[\r\n\0]", value) for value in headers.values()):
        raise ValueError("a header has more than one line")
    if not target.isascii() or re.search(r"[\x00-\x20\x7f]", target):
        raise ValueError("the target has characters that must be percent-encoded")
    lengths, encodings = headers.get_all("Content-Length", []), headers.get_all("Transfer-Encoding", [])
    if encodings and (lengths or [encoding.strip().lower() for encoding in encodings] != ["chunked"]):
        raise ValueError("Transfer-Encoding must be chunked alone, without Content-Length")
    if len(lengths) > 1 or any(re.fullmatch(r"[0-9]{1,15}", length.strip()) is None for length in lengths):
        raise ValueError("Content-Length must be one number")
    if len(headers.get_all("Host", [])) != 1:
        raise ValueError("a request has one Host")
