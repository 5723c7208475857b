"""STS's GetSessionToken and GetFederationToken: moto's keys for them are the same everywhere, so these are ours.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

import re
import uuid
from urllib.parse import parse_qs

from ..local.job.home import ACCOUNT
from .access_keys import AccessKey, KeyRing
from .authentication import Caller
from .error_forms import service_error
from .http import Answer, Environ, xml_answer

OPERATIONS = ("sts.GetSessionToken", "sts.GetFederationToken")
_LONGEST_S, _SHORTEST_S, _DEFAULT_S = 129_600, 900, 43_200


def answer(
    environ: Environ, name: str, body: bytes, caller: Caller, keys: KeyRing, *, enforce: bool, longest_s: float = 0
) -> Answer:
    """Issue a temporary key that acts as its caller. With IAM enforced a federated user's policy cannot be applied.

    ``longest_s`` is how many seconds it lives at most, whatever was asked for; 0 for that.
    """
    operation = name.partition(".")[2]
    if caller.key.token:
        message = f"Cannot call {operation} with session credentials"
        return service_error(environ, "sts", "AccessDenied", message, 403)
    if enforce and operation == "GetFederationToken":
        message = f"The emulator does not serve {name} with --enforce_iam."
        return service_error(environ, "sts", "NotImplemented", message, 501)
    request = parse_qs(body.decode("utf-8", "replace"))
    seconds = request.get("DurationSeconds", [str(_DEFAULT_S)])[0]
    if not re.fullmatch(r"[0-9]{1,7}", seconds) or not _SHORTEST_S <= int(seconds) <= _LONGEST_S:
        message = f"DurationSeconds must be between {_SHORTEST_S} and {_LONGEST_S}."
        return service_error(environ, "sts", "ValidationError", message, 400)
    user = request.get("Name", [""])[0]
    if operation == "GetFederationToken" and not re.fullmatch(r"[\w+=,.@-]{2,32}", user, re.ASCII):
        return service_error(environ, "sts", "ValidationError", "Name must have 2 to 32 letters.", 400)
    lives_s = min(float(seconds), longest_s or _LONGEST_S)
    key = keys.issue_session(caller.key.access_key, lives_s)
    federated = (
        f"<FederatedUser><FederatedUserId>{ACCOUNT}:{user}</FederatedUserId>"
        f"<Arn>arn:aws:sts::{ACCOUNT}:federated-user/{user}</Arn></FederatedUser>"
        if operation == "GetFederationToken"
        else ""
    )
    return xml_answer(
        200,
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>'
        f"{_credentials(key)}{federated}</{operation}Result>"
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>",
    )


def _credentials(key: AccessKey) -> str:
    expiration = f"{key.expires:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"<Credentials><AccessKeyId>{key.access_key}</AccessKeyId><SecretAccessKey>{key.secret}</SecretAccessKey>"
        f"<SessionToken>{key.token}</SessionToken><Expiration>{expiration}</Expiration></Credentials>"
    )
