"""A job is followed although credentials expire meanwhile: a person renews them, and nothing is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.emulated import Emulator

_LIVE_S = 6
_LINES = 60
WORKER = f"""
import time
for number in range({_LINES}):
    print(f"line {{number}}", flush=True)
    time.sleep(0.2)
"""


def credentials(file: Path, key: str, secret: str, token: str = "") -> None:
    lines = ["[default]", f"aws_access_key_id = {key}", f"aws_secret_access_key = {secret}"]
    lines += [f"aws_session_token = {token}"] if token else []
    file.write_text("\n".join(lines) + "\n")


def test_following_goes_on_with_renewed_credentials(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, "--faults", f"session={_LIVE_S}")
    try:
        _follow(emulator, tmp_path)
    finally:
        emulator.stop()


def _follow(emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    (tmp_path / "w.py").write_text(WORKER)
    ssm = [sys.executable, "-m", "simple_sagemaker.cli.main"]
    begun = emulator.ssm(tmp_path, "run", "-p", "p", "-t", "t", "-e", "w.py", "--no_wait")
    assert begun.returncode == 0, begun.stderr

    issued = emulator.client("sts").get_session_token()["Credentials"]
    credentials(file, issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])
    names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    environment = {name: value for name, value in emulator.environment.items() if name not in names}
    environment["AWS_SHARED_CREDENTIALS_FILE"] = str(file)
    pipe = subprocess.PIPE
    follower = subprocess.Popen([*ssm, "logs", "-f", "-p", "p", "-t", "t"], env=environment, stdout=pipe, stderr=pipe)
    assert follower.stderr
    note = follower.stderr.readline().decode()
    assert "The AWS credentials have expired" in note
    assert "once they are renewed" in note
    keys = emulator.environment
    credentials(file, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    out, err = follower.communicate(timeout=120)
    assert follower.returncode == 0, err.decode()
    numbers = [int(line.split()[1]) for line in out.decode().splitlines() if line.startswith("line ")]
    assert numbers == list(range(_LINES))
