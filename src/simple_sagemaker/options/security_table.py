"""The options for roles, networks and encryption; part of the table in ``table.py``."""

from __future__ import annotations

from .option import MANY, Option
from .option import flag as _flag

SECURITY = (
    Option(
        "--role_name", shape="NAME|ARN",
        help="The role that the job uses: an existing one, left unchanged, instead of the one made for the project.",
    ),
    Option(
        "--vpc_subnets", value_count=MANY, shape="ID [ID ...]",
        help="Run in these subnets of a network of yours; with --vpc_security_groups.",
    ),
    Option(
        "--vpc_security_groups", value_count=MANY, shape="ID [ID ...]",
        help="The security groups of the job's machines; with --vpc_subnets.",
    ),
    Option(
        "--kms_key_id", shape="KEY",
        help="The KMS key that encrypts the results on S3 and the machines' volumes: its id, alias or ARN. Volumes "
        "take no alias, and disks built into a machine are encrypted by the machine.",
    ),
    _flag("--network_isolation", help="Give the job no network access; only its data is moved."),
    _flag("--encrypt_traffic", help="Encrypt the traffic between the machines of the job, which takes time."),
)  # fmt: skip
