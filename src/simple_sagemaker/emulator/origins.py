"""Which requests are answered at all: those that no page of another site can send, under a name of this machine.

A browser tells where a page is from (Origin, Sec-Fetch-Site), and a name that an attacker's DNS points to this machine
stays in the header Host. https://developer.mozilla.org/en-US/docs/Glossary/Fetch_metadata_request_header
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from .error_forms import service_error
from .http import Answer, Environ, raw_headers

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_LOCAL_SITES = {"", "none", "same-origin"}


class Doorkeeper:
    """Refuses requests by Host and Origin. ``names`` are allowed beside those of loopback, with any port."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {name.lower() for name in names}

    def refusal(self, environ: Environ) -> Answer | None:
        """The answer to a request that must not go on; None for all others."""
        headers = raw_headers(environ)
        hosts = {environ.get("HTTP_HOST", ""), *(headers.get_all("Host") or [""])}
        if not all(self._is_allowed(host) for host in hosts):
            message = (
                "This host name is not a loopback name; to reach the emulator by it, start it with --allow_host NAME."
            )
        elif "HTTP_ORIGIN" in environ or environ.get("HTTP_SEC_FETCH_SITE", "") not in _LOCAL_SITES:
            message = "The emulator does not answer web pages."
        elif environ["REQUEST_METHOD"] in {"OPTIONS", "TRACE", "CONNECT"}:
            message = "The emulator answers no such method."
        else:
            if _HOST.fullmatch(environ["HTTP_HOST"])[1].lower() in self._names:  # type: ignore[index]
                environ["HTTP_HOST"] = "localhost"  # moto would take the first part of a name with dots for a bucket
            return None
        return service_error(environ, "", "AccessDenied", message, 403)

    def _is_allowed(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].lower()
        if name == "localhost" or name.endswith(".localhost") or name in self._names:
            return True
        return _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        if name.startswith("["):
            return ipaddress.IPv6Address(name[1:-1]) == ipaddress.IPv6Address("::1")
        return ipaddress.IPv4Address(name) in ipaddress.IPv4Network("127.0.0.0/8")
    except ValueError:
        return False


def without_cors(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """An answer's headers without those that let other sites' pages read it, which moto adds."""
    return [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
