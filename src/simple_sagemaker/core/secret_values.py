"""Values that look like secrets, which are not to be printed: by their names, and by what they look like themselves."""

from __future__ import annotations

import re

HIDDEN = "(hidden: it looks like a secret)"

_STRONG = r"password|passwd|passphrase|secret|private_?key|access_?key|credentials?"
_NAME = re.compile(
    rf"{_STRONG}|(?:^|_)(?:pw|pwd|pass|pin|token|auth|bearer|cookie|dsn|webhook)(?:_|$)|api_?key|authorization",
    re.IGNORECASE,
)
_NUMBER_NAME = re.compile(_STRONG, re.IGNORECASE)
# What services' keys look like, from their documentation; a password in an address; a signed address.
_PASSWORD = r"://[^/\s:@]*:[^/\s@]+@"
_VALUE = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY"
    rf"|{_PASSWORD}"
    r"|X-Amz-(?:Signature|Security-Token)="
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|hf_|sk-|sk_live_|xox[abeprs]-|npm_|pypi-|dckr_pat_|dapi|AIza|ya29\.)[\w.-]{16,}"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\."
)
_AWS_SECRET = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*[0-9])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
# A secret's name and its value within a command line.
_IN_TEXT = re.compile(
    rf"(?:{_STRONG}|(?<![a-z])token|(?<![a-z])pwd|api[_-]?key|authorization)[\"']?(?:\s*[=:]\s*|\s+)\S", re.IGNORECASE
)


def looks_secret(name: str, value: object) -> bool:
    """Whether a value is one to hide; ``name`` is what it is called, empty for what has no name of a person's."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_")
    if isinstance(value, dict):
        return any(looks_secret(str(key), one) for key, one in value.items()) or _is_name(_NUMBER_NAME, plain)
    if isinstance(value, list):
        words = " ".join(map(str, value))
        return any(looks_secret(name, one) for one in value) or _is_secret_text(words)
    if isinstance(value, str):
        return bool(value) and (_is_name(_NAME, plain) or _is_secret_text(value))
    return not isinstance(value, bool) and _is_name(_NUMBER_NAME, plain)


def is_key(text: str) -> bool:
    """Whether a text has a key of a service, a private key, or a password in an address, whatever it is called."""
    if re.search(_PASSWORD, text):
        return True
    return re.search("[0-9]", text) is not None and any(sign.search(text) for sign in (_VALUE, _AWS_SECRET))


def _is_name(names: re.Pattern[str], name: str) -> bool:
    return names.search(name) is not None


def _is_secret_text(text: str) -> bool:
    return any(sign.search(text) for sign in (_VALUE, _AWS_SECRET, _IN_TEXT))
