"""The data on a real S3 server, rclone's, which checks signatures and keeps objects as files; all else on the emulator.

rclone 1.75 does not look at If-None-Match, so two commands that start the same task at once would make two jobs there.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import Emulator
from tests.storage.servers import rclone_server

WRITER = """
import os, pathlib
host, hosts = os.environ["SM_CURRENT_HOST"], os.environ["SM_HOSTS"]
state = pathlib.Path(os.environ["SSM_STATE"], host)
state.mkdir(exist_ok=True)
count = state / "count"
count.write_text(str(int(count.read_text()) + 1 if count.exists() else 1))
print("run", count.read_text())
data = os.environ.get("SM_CHANNEL_DATA")
print("data", sorted(os.listdir(data)) if data else None)
pathlib.Path(os.environ["SM_MODEL_DIR"], f"model-{host}").write_text(host)
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], f"output-{host}").write_text(host)
"""
READER = """
import os, tarfile
with tarfile.open(os.path.join(os.environ["SM_CHANNEL_MODEL"], "model.tar.gz")) as model:
    print("model", sorted(model.getnames()))
for folder, _, names in sorted(os.walk(os.environ["SM_CHANNEL_STATE"])):
    print("state", *sorted(names))
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator whose buckets are rclone's."""
    with rclone_server(tmp_path_factory.mktemp("rclone")) as url:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret"}
        made = Emulator(tmp_path_factory.mktemp("emulator"), "--s3_endpoint", url, environment=keys)
        assert made.variables["AWS_ENDPOINT_URL_S3"] == url
        yield made
        made.stop()


@pytest.mark.long
def test_a_chain_of_tasks_with_state_shares_model_and_downloads(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "writer.py").write_text(WRITER)
    (tmp_path / "reader.py").write_text(READER)
    (tmp_path / "data" / "sub dir").mkdir(parents=True)
    for name in ("a", "b", "c+d", "sub dir/é"):
        (tmp_path / "data" / name).write_text(name)

    def ssm(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = emulator.ssm(tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
        return done

    write = ("run", "-p", "proj", "-t", "write", "-e", "writer.py", "-i", "data", "ShardedByS3Key", "--ic", "2")
    first = ssm(*write, "-o", "out", "--download_state", "--download_model", "--download_output")
    assert "algo-1 | data ['a', 'c+d']" in first.stdout
    assert "algo-2 | data ['b', 'sub dir']" in first.stdout
    brought = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert brought == {
        "logs/logs0",
        "logs/logs1",
        "model/model-algo-1",
        "model/model-algo-2",
        "output/output-algo-1",
        "state/algo-1/count",
        "state/algo-2/count",
    }
    assert "Skipped" in ssm(*write).stderr
    (tmp_path / "data" / "b").unlink()
    changed = ssm(*write, "--if_changed")
    assert "run 2" in changed.stdout
    assert "data ['b']" not in changed.stdout
    chain = ("--iit", "model", "write", "model", "--iit", "state", "write", "state")
    read = ssm("run", "-p", "proj", "-t", "read", "-e", "reader.py", *chain)
    assert "model ['model-algo-1', 'model-algo-2']" in read.stdout
    assert read.stdout.count("state count") == 2
    assert "run 1" in ssm(*write, "--clean_state").stdout
    assert "2 files cleared" in ssm("data", "-p", "proj", "-t", "write", "--clean_state").stderr
