"""What the other Docker tests stand on."""

from __future__ import annotations

import pytest

from tests.docker import base
from tests.docker.daemon import Daemon

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


def test_the_base_image_has_python_and_pip_and_its_names_are_those_of_the_default_images(docker: Daemon) -> None:
    pytorch, tensorflow = base.aws_names()
    assert docker.docker("run", "--rm", "--network", "host", pytorch, "python3", "-c", "print(6 * 7)") == "42\n"
    assert docker.docker("run", "--rm", "--network", "host", tensorflow, "pip3", "--version").startswith("pip ")
