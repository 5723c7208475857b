"""The options of ``ssm emulator``; part of the table in ``table.py``."""

from __future__ import annotations

from .option import EMULATOR, Option
from .option import flag as _flag

EMULATOR_ONLY = (
    Option("--port", shape="NUMBER", default="5757", commands=EMULATOR, help="The port; 0 means any free one."),
    Option(
        "--home", shape="DIR", commands=EMULATOR,
        help="Where its jobs are kept. (default: a temporary folder, removed when the emulator ends)",
    ),
    Option(
        "--region", "--aws_region", shape="REGION", default="us-east-1", commands=EMULATOR,
        help="The region to emulate.",
    ),
    Option(
        "--s3_endpoint", shape="URL", commands=EMULATOR,
        help="Another S3 server to keep the buckets; its credentials come from this command's environment.",
    ),
    Option(
        "--registry", shape="HOST:PORT", commands=EMULATOR,
        help="The registry that ECR's answers point to, reached without TLS.",
    ),
    _flag("--enforce_iam", commands=EMULATOR, help="Refuse what a caller's, or a job's role's, policies do not allow."),
    Option(
        "--role_delay", shape="SECONDS", default="0", commands=EMULATOR,
        help="How long a new role cannot be assumed; with --enforce_iam.",
    ),
    Option(
        "--faults", shape="TEXT", default="", commands=EMULATOR,
        help="Faults to inject, as in seed=7,throttle=0.1,error=0.02,reset=0.02 (SSM_EMULATOR_FAULTS too).",
    ),
    Option(
        "--env_file", shape="FILE", commands=EMULATOR,
        help="Write the printed export lines to this file, once the emulator is ready. Beside it FILE.sagemaker.yaml "
        "configures SageMaker's SDKs.",
    ),
    Option(
        "--allow_host", shape="NAME", repeatable=True, commands=EMULATOR,
        help="A name by which it may be reached, beside localhost, *.localhost and loopback addresses; may be "
        "repeated.",
    ),
    Option(
        "--bind", shape="ADDRESS", commands=EMULATOR,
        help="The IP address to listen on instead of 127.0.0.1; its keys must then be those of AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY.",
    ),
)  # fmt: skip
