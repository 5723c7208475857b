"""Which account and region a command acts in: what is typed counts more than the environment's keys and region."""

from __future__ import annotations

from pathlib import Path

from tests.emulated import Emulator


def test_a_profile_and_a_region_are_acted_by_on_every_command(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "w.py").write_text("print('done')")
    keys = {name: emulator.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    lines = [f"{name.lower()} = {key}" for name, key in keys.items()]
    (tmp_path / "credentials").write_text("\n".join(["[dev]", *lines]))
    foreign = {
        "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
        "AWS_SECRET_ACCESS_KEY": "foreign",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    task = ("-p", "proj", "-t", "placed")
    typed = ("--aws_profile", "dev", "--aws_region", emulator.environment["AWS_REGION"])
    refused = emulator.ssm(tmp_path, "run", *task, "-e", "w.py", **foreign)
    assert refused.returncode != 0
    ran = emulator.ssm(tmp_path, "run", *task, "-e", "w.py", *typed, **foreign)
    assert "algo-1 | done" in ran.stdout, ran.stderr
    assert f"--aws_region {emulator.environment['AWS_REGION']} --aws_profile dev" in ran.stderr
    brought = emulator.ssm(tmp_path, "data", *task, *typed, "-o", "out", **foreign)
    assert brought.returncode == 0, brought.stderr
    assert "done" in (tmp_path / "out/logs/logs0").read_text()
    missing = emulator.ssm(tmp_path, "run", *task, "-e", "w.py", "--aws_profile", "nosuch", **foreign)
    assert missing.returncode != 0
    assert "nosuch" in missing.stderr
    assert "Traceback" not in missing.stderr
