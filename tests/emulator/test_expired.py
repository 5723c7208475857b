"""A job is followed although credentials expire meanwhile: a person renews them, and nothing is lost or doubled."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import typed_ssm
from tests.emulated import Emulator

# Short credentials may be over before a busy machine has asked anything by them: it tries longer ones then.
_LIVE_S = (2, 10, 40)
WORKER = """
import sys, time
for number in range(int(sys.argv[-1])):
    print(f"line {number}", flush=True)
    time.sleep(0.2)
"""


def credentials(file: Path, key: str, secret: str, token: str = "") -> None:
    lines = ["[default]", f"aws_access_key_id = {key}", f"aws_secret_access_key = {secret}"]
    lines += [f"aws_session_token = {token}"] if token else []
    file.write_text("\n".join(lines) + "\n")


def test_following_goes_on_with_renewed_credentials(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    try:
        assert any(_follow(emulator, tmp_path, lives_s) for lives_s in _LIVE_S)
    finally:
        emulator.stop()


def _follow(emulator: Emulator, tmp_path: Path, lives_s: int) -> bool:
    """Return False where the credentials had expired before the command had its first answer."""
    file, task, count = tmp_path / "credentials", f"t{lives_s}", 10 * lives_s
    (tmp_path / "w.py").write_text(WORKER)
    begun = emulator.ssm(tmp_path, "run", "-p", "p", "-t", task, "-e", "w.py", "--no_wait", "--", str(count))
    assert begun.returncode == 0, begun.stderr

    emulator.page("faults", "POST", f"session={lives_s}".encode())
    issued = emulator.client("sts").get_session_token()["Credentials"]
    credentials(file, issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])
    names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    environment = {name: value for name, value in emulator.environment.items() if name not in names}
    environment["AWS_SHARED_CREDENTIALS_FILE"] = str(file)
    command = [str(typed_ssm.install(tmp_path / "tools") / "ssm"), "logs", "-f", "-p", "p", "-t", task]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    follower = subprocess.Popen(command, env=environment, stdin=nothing, stdout=pipe, stderr=pipe)
    assert follower.stderr
    note = follower.stderr.readline().decode()
    if "once they are renewed" not in note and lives_s != _LIVE_S[-1]:
        assert follower.wait(120) != 0, note
        return False
    assert "The AWS credentials have expired" in note
    assert "once they are renewed" in note
    keys = emulator.environment
    credentials(file, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    out, err = follower.communicate(timeout=120)
    assert follower.returncode == 0, err.decode()
    numbers = [int(line.split()[1]) for line in out.decode().splitlines() if line.startswith("line ")]
    assert numbers == list(range(count))
    return True
