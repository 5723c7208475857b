"""Example 6 with its Dockerfile, as its page has it: built, pushed, pulled, and run on two hosts, then chained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.daemon import Daemon
from tests.emulated import Emulator
from tests.examples.conftest import Clone, blocks, wheel

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
PAGE = "examples/readme_examples/example6/README.md"


@pytest.fixture(params=["on this machine", "on an emulated AWS"])
def clone(request: pytest.FixtureRequest, docker: Daemon, tmp_path: Path) -> Iterator[Clone]:
    """The examples, whose jobs run in containers either way; on AWS the image comes from the registry."""
    if request.param == "on this machine":
        made = Clone(tmp_path)
        made.environment |= {"SSM_ENGINE": "docker"}
        yield made
        return
    emulator = Emulator(tmp_path / "aws", "--registry", docker.registry, environment={"SSM_ISOLATION": "docker"})
    yield Clone(tmp_path, emulator)
    emulator.stop()


def packages_at_hand(clone: Clone) -> None:
    """Have the Dockerfile install a package of the same name that lies beside it, as nothing may leave this machine."""
    folder = clone.folder / "examples/readme_examples/example6"
    file = folder / "Dockerfile"
    wanted = re.search(r"pip3 install (\S+)==(\S+)", text := file.read_text())
    assert wanted
    (folder / "wheels").mkdir()
    wheel(folder / "wheels", wanted[1], wanted[2], "def tabulate(rows):\n    return str(rows)\n")
    copied = text.replace("RUN pip3 install", "COPY wheels /wheels\nRUN pip3 install --no-index --find-links /wheels")
    file.write_text(copied)


def test_the_image_is_built_and_both_parts_run_in_it(clone: Clone, docker: Daemon) -> None:
    packages_at_hand(clone)
    clone.without_a_package_index()
    clone.fill_buckets()
    for block in blocks(clone.folder / PAGE):
        clone.run(block)
    (first,), (second,) = clone.jobs("task6-1-image"), clone.jobs("task6-2-image")
    image = clone.describe(first)["AlgorithmSpecification"]["TrainingImage"]
    assert re.search(r"task6_repo(@sha256:|:ssm-)[0-9a-f]+$", image)
    uses = "import tabulate; print(tabulate.tabulate([1]))"
    assert docker.docker("run", "--rm", "--network", "none", image, "python3", "-c", uses) == "[1]\n"
    for host in (1, 2):
        log = clone.log("example6_1_image", host - 1)
        assert f"-***- part 1 on algo-{host}\n" in log
        assert re.findall(r"-\*\*\*- data: (\S+),", log) == [f"sample_data{host}.txt"]
        log = clone.log("example6_2_image", host - 1)
        assert re.findall(r"-\*\*\*- state: (\S+),", log) == [f"algo-{host}/state_algo-{host}"]
        both = ["sample_data1.txt_by_algo-1", "sample_data2.txt_by_algo-2"]
        assert re.findall(r"-\*\*\*- in the model: (\S+)", log) == both
    assert "tensorflow-training" in clone.describe(second)["AlgorithmSpecification"]["TrainingImage"]
