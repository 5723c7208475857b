"""What a job stands on before its hosts start: made for its user alone, and closed to its hosts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.supervisor import setup
from tests.unit.local.made_jobs import make

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")


def test_what_requirements_bring_is_kept_where_this_user_alone_can_write(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    job = make(home, "job", status="InProgress")
    lock = os.open(job.lock, os.O_RDWR)
    settings = Settings(python=sys.executable, isolation="namespaces")
    made = setup._set_up_processes(job, home, settings, lock, isolation="namespaces", may_fork=False)
    try:
        assert home.environments.is_dir()  # a host that is to see it has to find it
        assert home.environments.stat().st_mode & 0o777 == 0o700
        assert lock in made.descriptors
        assert len(made.descriptors) == 3  # with those that reserve addresses and a port
        assert [host.name for host in made.hosts] == ["algo-1"]
        assert "algo-1" in (job.path / "hosts").read_text()
    finally:
        for descriptor in made.descriptors:
            os.close(descriptor)
