"""The options that only ``ssm process`` has, or with other defaults there; part of the table in ``table.py``."""

from __future__ import annotations

from .option import MANY, PROCESS, Option

CODE = (
    Option(
        "--code", shape="FILE|URI", commands=PROCESS,
        help="The script to run: a file of this machine or an s3:// address. A .py file runs in Python, any other by "
        "itself, unless --command says otherwise.",
    ),
    Option(
        "--source_dir", "-s", shape="DIR", commands=PROCESS,
        help="A folder, or an s3:// address of a .tar.gz, that the script lies in; its structure is kept. A "
        "requirements.txt at its root is installed before the script runs.",
    ),
    Option(
        "--command", value_count=MANY, shape="WORD [WORD ...]", repeatable=True, commands=PROCESS,
        help="The words that start the script of --code. One that begins with a dash is attached: --command bash "
        "--command=-x; or all are one quoted word: --command 'bash -x'. (default: python3 for a .py file)",
    ),
    Option(
        "--entrypoint", "-e", value_count=MANY, shape="WORD [WORD ...]", repeatable=True, commands=PROCESS,
        help="Instead of a script: a whole command, its words given as those of --command.",
    ),
)  # fmt: skip

INSTANCE = (
    Option(
        "--instance_type", "--it", shape="TYPE", default="ml.t3.medium", commands=PROCESS,
        help="The machine: an AWS instance type; local, this machine; or local_gpu, this machine with its GPUs.",
    ),
)  # fmt: skip

IMAGE = (
    Option(
        "--framework", "-f", shape="NAME", default="sklearn", commands=PROCESS,
        help="The framework whose ready-made image to use, or to build on: "
        "sklearn, spark, pytorch, tensorflow, xgboost, huggingface and others; 'ssm images' lists them. With spark, "
        "the script is submitted to the hosts' own Spark.",
    ),
    Option(
        "--framework_version", "--fv", shape="VERSION", default="0.20.0", commands=PROCESS,
        help="The framework's version; for any other framework than sklearn, the default is the newest.",
    ),
    Option(
        "--image_uri", shape="URI", commands=PROCESS,
        help="Use this image, from any registry that SageMaker pulls from, instead of a ready-made one.",
    ),
)  # fmt: skip

IO = (
    Option(
        "--input_at", value_count=2, shape="NAME PATH", repeatable=True, commands=PROCESS,
        help="Put the input NAME at PATH in the container, below /opt/ml/processing/, instead of "
        "/opt/ml/processing/input/data/NAME; may be repeated. The NAME of --input_path is data.",
    ),
    Option(
        "--output_from", value_count=2, shape="NAME PATH", repeatable=True, commands=PROCESS,
        help="Keep what the code leaves at PATH in the container, below /opt/ml/processing/, as the folder NAME of the "
        "output data; may be repeated. With NAME output, model or state, that one is at PATH.",
    ),
)  # fmt: skip

RUNNING = (
    Option(
        "--env", value_count=2, shape="KEY VALUE", repeatable=True, commands=PROCESS,
        help="A variable of the job's environment; may be repeated. Anyone who may describe the job can read it: not "
        "for secrets.",
    ),
    Option(
        "--arguments", value_count=MANY, shape="WORD [WORD ...]", repeatable=True, commands=PROCESS,
        help="Arguments of the script or command. What follows a lone -- comes after them, with dashes or without.",
    ),
)  # fmt: skip
