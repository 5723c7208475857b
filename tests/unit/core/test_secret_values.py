"""Values that look like secrets are hidden, by their names and by their form; others are shown."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.secret_values import looks_secret

LETTERS = "abcdefghijklmnop"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, "x")
            for name in ("password", "DB_PASSWD", "passPhrase", "client-secret", "private_key", "privateKey")
        ),
        *((name, "x") for name in ("accessKey", "credentials", "credential", "my_pw", "pwd", "pass", "pin", "token")),
        *((name, "x") for name in ("hf_token", "authToken", "bearer", "cookie", "dsn", "webhook", "api_key", "apikey")),
        *((name, "x") for name in ("Authorization", "auth")),
        ("", "AKIAIOSFODNN7EXAMPLE"),
        ("", "key: ASIAIOSFODNN7EXAMPLE."),
        ("", "-----BEGIN RSA PRIVATE KEY-----"),
        ("", "postgresql://me:secret@db/runs"),
        ("", "https://b.s3.amazonaws.com/k?X-Amz-Signature=ab"),
        ("", "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=ab"),
        *(
            ("", prefix + LETTERS)
            for prefix in ("ghp_", "github_pat_", "glpat-", "hf_", "sk-", "xoxb-", "npm_", "pypi-")
        ),
        *(("", prefix + LETTERS) for prefix in ("dckr_pat_", "dapi", "AIza", "ya29.")),
        ("", "eyJhbGciOiJI.eyJzdWIiOiIx.sig"),
        ("", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("", "train --password=x"),
        ("", "train --token x"),
        ("", "API_KEY: x"),
        ("", "api-key=x"),
        ("x", ["--password", "x"]),
        ("x", ["a", "AKIAIOSFODNN7EXAMPLE"]),
        ("x", {"deep": {"password": "x"}}),
        ("secret", {"a": "b"}),
        ("password", 1234),
        ("secret", [1234]),
    ],
)
def test_what_looks_like_a_secret_is_hidden(name: str, value: object) -> None:
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", ""),
        ("password", True),
        ("token", 3),
        ("max_tokens", "3"),
        ("tokenizer", "bert"),
        ("pinned", "yes"),
        ("spin", "x"),
        ("author", "me"),
        ("compass", "x"),
        ("lr", "0.1"),
        ("", "AKIA1234"),
        ("", "ghp_short"),
        ("", "https://host:8080/x@y"),
        ("", "https://user@host/x"),
        ("", "a" * 40),
        ("", "0123456789abcdef0123456789abcdef01234567"),
        ("", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE"),
        ("", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYS"),
        ("", "mytoken x"),
        ("x", ["a", "b"]),
        ("token", {"a": "b"}),
        ("x", {"a": {"b": 1}}),
        ("x", []),
        ("x", None),
    ],
)
def test_what_does_not_is_shown(name: str, value: object) -> None:
    assert not looks_secret(name, value)
