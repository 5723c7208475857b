"""What an environment needs, beside an address and keys, for AWS's clients in it to come to an emulator.

A variable that somebody set for AWS would lead them elsewhere: to AWS itself, to a proxy of the company's, or nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
_IGNORING = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"  # set at any rate: a configuration file may say it as well
_OF_A_SERVICE = "AWS_ENDPOINT_URL_"
_OF_AWS_ALONE = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
_PROXIES = {"HTTP_PROXY", "ALL_PROXY"}  # or in lower case


def variables_to_lead(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to set in ``environment`` against those of its own that lead elsewhere than to ``url``."""
    variables = {_IGNORING: "false"}
    variables |= {name: url for name in environment if name.startswith(_OF_A_SERVICE)}
    variables |= {name: "false" for name in _OF_AWS_ALONE if name in environment}
    if any(value for name, value in environment.items() if name.upper() in _PROXIES):
        host = urlsplit(url).hostname or ""
        for name, other in (("no_proxy", "NO_PROXY"), ("NO_PROXY", "no_proxy")):
            variables[name] = _and_host(environment.get(name) or environment.get(other) or "", host)
    return variables


def pass_by_proxies(variables: Mapping[str, str]) -> None:
    """Let this process's own requests to its emulator, whose variables these are, go by no proxy."""
    os.environ.update({name: value for name, value in variables.items() if name.lower() == "no_proxy"})


def _and_host(hosts: str, host: str) -> str:
    """Hosts for which there is no proxy, with one more; ``*`` stands for all only where nothing else is said."""
    names = [name.strip() for name in hosts.split(",") if name.strip()]
    return hosts if "*" in names or host in names else ",".join([*names, host])
