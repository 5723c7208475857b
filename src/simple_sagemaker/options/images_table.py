"""The options that choose a job's image, and those of ``ssm images``; part of the table in ``table.py``."""

from __future__ import annotations

from .option import BOTH, IMAGES, Option
from .option import flag as _flag

IMAGE = (
    Option(
        "--aws_repo_name", "--ar", shape="NAME", early="--aws_repo",
        help="The ECR repository that a built image is pushed to.",
    ),
    Option("--repo_name", "--rn", shape="NAME", help="The name of a built image on this machine."),
    Option("--image_tag", shape="TAG", default="latest", help="The tag of a built image."),
    Option(
        "--docker_file_path_or_content", "--df", shape="PATH|TEXT", early="--docker_file_path",
        help="Build an image: a folder with a Dockerfile, a Dockerfile, or its text ('RUN pip install pandas'). "
        "__BASE_IMAGE__ in it stands for the framework's image.",
    ),
    Option(
        "--framework", "-f", shape="NAME", default="pytorch", commands=BOTH,
        help="The framework whose ready-made image to use, or to build on: "
        "pytorch, tensorflow, sklearn, xgboost, huggingface, autogluon and others; 'ssm images' lists them.",
    ),
    Option("--framework_version", "--fv", shape="VERSION", commands=BOTH, help="The framework's version."),
    Option(
        "--py_version", "--pv", shape="VERSION", early="--python_version",
        help="The Python version of the framework's image.",
    ),
    Option(
        "--image_uri", shape="URI", commands=BOTH,
        help="Use this image, from any registry that SageMaker pulls from, instead of a ready-made one. On 'run' "
        "without --entry_point and --source_dir its own program runs, and hyperparameters reach it as plain text.",
    ),
)  # fmt: skip

IMAGES_ONLY = (
    _flag("--help", "-h", commands=IMAGES, help="Show this page."),
    Option(
        "--framework", "-f", shape="NAME", commands=IMAGES,
        help="Show every image of this framework, with its address.",
    ),
    Option(
        "--instance_type", "--it", shape="TYPE", commands=IMAGES,
        help="Show only what runs on this machine: an AWS instance type, local or local_gpu.",
    ),
    Option(
        "--aws_region", shape="REGION", commands=IMAGES,
        help="The region of the addresses: by default that of AWS_REGION or AWS_DEFAULT_REGION, else us-east-1.",
    ),
    _flag("--json", commands=IMAGES, help="Print JSON instead: every image, with its address."),
)  # fmt: skip

GROUPS: dict[str, tuple[Option, ...]] = {"Images": IMAGES_ONLY}
