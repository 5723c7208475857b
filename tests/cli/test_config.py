"""``ssm config``: what is in force, where it comes from, and nothing that looks like a secret."""

from __future__ import annotations

import os

import pytest

from simple_sagemaker.core.secret_values import looks_secret
from tests.cli.conftest import Done, Shell

FILE = """
[project]
name = "demo"
aws_region = "eu-west-1"
aws_profile = "me"

[defaults]
instance_type = "ml.m5.large"
job_env = {API_KEY = "hunter2", MODE = "fast"}

[task.train]
entry_point = "train.py"
instance_type = "local"
hp = {lr = 0.1, hf_token = "hunter2", max_tokens = 512, tokenizer = "bert"}
arguments = ["--password", "hunter2"]

[task.look]
cmd_line = "curl https://me:hunter2@example.org"

[profile.big]
instance_type = "ml.p3.2xlarge"
"""


@pytest.fixture
def project(shell: Shell) -> Shell:
    shell.write("ssm.toml", FILE)
    shell.environment = {
        name: value for name, value in shell.environment.items() if not name.startswith(("AWS_", "SSM_ENGINE"))
    }
    return shell


def rows(done: Done) -> dict[str, str]:
    assert done.status == 0, done.err
    return {line.split()[0]: line for line in done.out.splitlines() if line and ": " not in line.split("  ")[0]}


def test_each_setting_has_its_origin(project: Shell) -> None:
    shown = rows(project.ssm("config", "-t", "train", "--use_profile", "big"))
    assert shown["instance_type"].split("  ")[-1].strip() == (
        'ssm.toml:21, profile.big, instead of "local" (ssm.toml:13, task.train) '
        'and "ml.m5.large" (ssm.toml:8, defaults)'
    )
    assert shown["project_name"].endswith("ssm.toml:3, project")
    assert shown["hp.lr"].split() == ["hp.lr", "0.1", "ssm.toml:14,", "task.train"]
    assert shown["(engine)"].split() == ["(engine)", "aws", "the", "default"]
    assert "cmd_line" not in shown


def test_variables_are_shown(project: Shell) -> None:
    variables = {"AWS_REGION": "us-west-2", "AWS_ACCESS_KEY_ID": "AKIAhunter2", "SSM_PROFILE": "big"}
    done = project.ssm("config", "-t", "train", environment=variables)
    shown = rows(done)
    assert shown["aws_region"].endswith('the variable AWS_REGION, instead of "eu-west-1" (ssm.toml:4, project)')
    assert shown["aws_profile"].endswith('the variable AWS_ACCESS_KEY_ID, instead of "me" (ssm.toml:5, project)')
    assert "Profile: big" in done.out
    assert "hunter2" not in done.out


def test_what_looks_like_a_secret_is_hidden(project: Shell) -> None:
    for argv in ([], ["-t", "train"], ["-t", "look"], ["--all"]):
        done = project.ssm("config", *argv)
        assert done.status == 0
        assert "hunter2" not in done.out + done.err
    shown = rows(project.ssm("config", "-t", "train"))
    assert "hidden" in shown["job_env.API_KEY"]
    assert "hidden" in shown["hp.hf_token"]
    assert '"fast"' in shown["job_env.MODE"]
    assert "512" in shown["hp.max_tokens"]
    assert '"bert"' in shown["hp.tokenizer"]


def test_defaults_of_ours_are_shown_on_request(project: Shell) -> None:
    assert "volume_size" not in rows(project.ssm("config"))
    assert rows(project.ssm("config", "--all"))["volume_size"].endswith("the default of ssm run")


def test_without_a_file(project: Shell) -> None:
    (project.folder / "ssm.toml").unlink()
    done = project.ssm("config", environment={"HOME": str(project.folder), "SSM_ENGINE": "local"})
    assert done.out.startswith("No project file: ")
    assert rows(done)["(engine)"].endswith("the variable SSM_ENGINE")
    done = project.ssm("config", "--use_profile", "big", environment={"HOME": str(project.folder)})
    assert (done.status, done.out) == (2, "")
    assert "--use_profile big: there is no project file." in done.err


def test_a_broken_file_is_an_error(project: Shell) -> None:
    project.write("ssm.toml", FILE + "x = [\n")
    done = project.ssm("config")
    assert (done.status, done.out) == (2, "")
    assert "ssm.toml:22: it is not TOML" in done.err


def test_a_name_cannot_steer_the_terminal(project: Shell) -> None:
    project.write("ssm.toml", '[defaults]\nhp = {"a\\u001b[31m" = "b\\u009b31m\\u0007"}\n')
    done = project.ssm("config")
    assert done.status == 0
    assert not {"\x1b", "\x9b", "\x07"} & set(done.out)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "x"),
        ("password", 1234),
        ("apiKey", "x"),
        ("GITHUB_TOKEN", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("x", "AKIAIOSFODNN7EXAMPLE"),
        ("x", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("x", "-----BEGIN RSA PRIVATE KEY-----\nabc"),
        ("x", "postgres://me:pw@host/db"),
        ("x", "ghp_" + "a1" * 18),
        ("cmd_line", "python t.py --api-key abc"),
        ("cmd_line", "TOKEN=abc python t.py"),
        ("arguments", ["--db_password", "abc"]),
        ("docker_file_path_or_content", "ENV SECRET=abc"),
        ("config", {"inner": {"password": "abc"}}),
    ],
)
def test_secrets_are_recognized(name: str, value: object) -> None:
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tokenizer", "bert-base-uncased"),
        ("max_tokens", 512),
        ("cmd_line", "python train.py --max_tokens 5 --tokenizer x"),
        ("bucket_name", "team-data-bucket"),
        ("kms_key_id", "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"),
        ("image_uri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/name:tag"),
        ("revision", "0123456789abcdef0123456789abcdef01234567"),
        ("role_name", "arn:aws:iam::123456789012:role/team/train"),
        ("source_dir", "s3://bucket/some/long/Path2/with/many/Parts/and/names.tar.gz"),
        ("pass", True),
        ("tag", ""),
    ],
)
def test_other_values_are_shown(name: str, value: object) -> None:
    assert not looks_secret(name, value)


def test_the_schema_is_printed(project: Shell) -> None:
    (project.folder / "ssm.toml").write_text("broken", encoding="utf-8")
    done = project.ssm("config", "--schema", environment={name: None for name in os.environ if name == "SSM_HOME"})
    assert done.status == 0
    assert done.out.startswith('{\n  "$schema": "http://json-schema.org/draft-07/schema#"')
