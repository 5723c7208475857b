"""The options of ``ssm emulator``; part of the table in ``table.py``."""

from __future__ import annotations

from .option import EMULATOR, Option
from .option import flag as _flag

EMULATOR_ONLY = (
    Option("--port", shape="NUMBER", default="5757", commands=EMULATOR, help="The port; 0 takes any that is free."),
    Option(
        "--home", shape="DIR", commands=EMULATOR,
        help="Where its jobs are kept. Without it they are in a temporary folder that goes when the emulator ends.",
    ),
    Option(
        "--region", "--aws_region", shape="REGION", default="us-east-1", commands=EMULATOR,
        help="The region that it is.",
    ),
    Option(
        "--s3_endpoint", shape="URL", commands=EMULATOR,
        help="Another server that has the buckets; its credentials are those of this command's environment.",
    ),
    Option(
        "--registry", shape="HOST:PORT", commands=EMULATOR,
        help="The registry that ECR's answers point to, reached without TLS.",
    ),
    _flag("--enforce_iam", commands=EMULATOR, help="Refuse what a caller's, or a job's role's, policies do not allow."),
    Option(
        "--role_delay", shape="SECONDS", default="0", commands=EMULATOR,
        help="For how long a new role cannot be assumed yet; with --enforce_iam.",
    ),
    Option(
        "--faults", shape="TEXT", default="", commands=EMULATOR,
        help="What goes wrong on purpose, as in seed=7,throttle=0.1,error=0.02,reset=0.02 (SSM_EMULATOR_FAULTS too).",
    ),
    Option(
        "--env_file", shape="FILE", commands=EMULATOR,
        help="A file that gets the printed export lines, once the emulator is ready. Beside it FILE.sagemaker.yaml "
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
