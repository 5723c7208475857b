"""How much of memory, disk and GPUs is used, by which rules judge a job while it runs."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from simple_sagemaker.payload.ssm_launcher import machine, usage


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of both versions of control groups, of which none is there yet."""
    for name, version in (("CGROUPS", "2"), ("CGROUPS_1", "1")):
        paths = tuple(str(tmp_path / f"{kind}{version}") for kind in ("limit", "used", "stat"))
        monkeypatch.setattr(usage, name, paths)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "percent"),
    [
        ({"limit2": "1000", "used2": "300"}, 30.0),
        ({"limit2": "1000", "used2": "300", "stat2": "anon 5\ninactive_file 100\n"}, 20.0),
        ({"limit2": "1000", "used2": "300", "stat2": "inactive_file 400\n"}, 0.0),
        ({"limit2": "max", "used2": "300", "limit1": "600", "used1": "300"}, 50.0),
        ({"limit1": "600", "used1": "300", "stat1": "total_inactive_file 150\n"}, 25.0),
        ({"limit2": "1000", "used2": "1000", "stat2": "damaged"}, 100.0),
    ],
)
def test_memory_is_that_of_the_container_without_what_is_only_cached(
    groups: Path, files: dict[str, str], percent: float
) -> None:
    for name, text in files.items():
        (groups / name).write_text(text)
    assert usage.memory_percent() == pytest.approx(percent)


@pytest.mark.parametrize("limit", ["max", "0", str(1 << 63)])
def test_without_a_limit_memory_is_that_of_the_machine(groups: Path, limit: str) -> None:
    if not os.path.exists("/proc/meminfo"):
        pytest.skip("a system without /proc")
    for version in "21":
        (groups / f"limit{version}").write_text(limit)
        (groups / f"used{version}").write_text("300")
    with open("/proc/meminfo", encoding="ascii") as file:
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in file}
    expected = 100 - 100 * sizes["MemAvailable"] / sizes["MemTotal"]
    assert usage.memory_percent() == pytest.approx(expected, abs=15)


def test_a_disk_is_used_as_df_counts_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert usage.disk_percent(str(tmp_path / "gone")) is None
    sizes = SimpleNamespace(f_blocks=100, f_bfree=40, f_bavail=30)  # 10 of the free ones are root's
    monkeypatch.setattr(os, "statvfs", lambda _: sizes)
    assert usage.disk_percent("/") == pytest.approx(100 * 60 / 90)
    sizes.f_blocks = sizes.f_bfree = sizes.f_bavail = 0
    assert usage.disk_percent("/") is None


@pytest.mark.parametrize(
    ("script", "percent"),
    [("printf '7\\n93\\n20\\n'", 93.0), ("echo '[N/A]'", None), ("exit 1", None)],
)
def test_the_busiest_gpu_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, percent: float | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert usage.gpu_percent() is None
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    assert usage.gpu_percent() == percent


@pytest.mark.parametrize(
    ("shown", "count"),
    [
        (None, 3),
        ("0,1", 2),
        ("2", 1),
        ("3", 0),
        ("0,3,1", 1),
        ("", 0),
        ("-1", 0),
        ("GPU-b, GPU-c", 2),
        ("GPU-x,0", 0),
        ("MIG-1", 0),
    ],
)
def test_gpus_that_cuda_hides_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str | None, count: int
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nfor n in a b c; do echo \"GPU 0: A100 (UUID: GPU-$n)\"; echo '  more'; done\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert machine.gpu_count() == count
