"""Rules inside a job: scripts that a rule ends, each by the right one, and healthy ones that no rule touches."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.rules import Metric, written
from simple_sagemaker.core.specs import Code, Place, TaskSpec
from simple_sagemaker.options.arguments import Arguments, Use
from simple_sagemaker.options.rules import rules
from simple_sagemaker.payload.ssm_launcher import rules as judged
from simple_sagemaker.payload.ssm_launcher import usage

METRICS = {"loss": r"\bloss=(\S+)", "val_loss": r"val_loss=(\S+)", "acc": r"acc=(\S+)"}


def watch(*texts: str, action: str = "fail_if", metrics: dict[str, str] | None = None) -> tuple[Any, list[str]]:
    """What judges the rules, and the lines that it prints."""
    metrics = METRICS if metrics is None else metrics
    task = TaskSpec(
        kind="run",
        place=Place(project="p", task="t"),
        code=Code(entry_point="w.py"),
        metrics=tuple(Metric(name=name, regex=regex) for name, regex in metrics.items()),
    )
    arguments = Arguments("run", ())
    arguments.uses[action] = [Use(f"--{action}", (text,)) for text in texts]
    described = json.loads(json.dumps(written(rules(arguments, task), task.metrics)))
    lines: list[str] = []
    return judged.Watch(described["rules"], described["metrics"], "/", lines.append), lines


def printed(values: list[float], name: str = "loss") -> bytes:
    return "".join(f"epoch {index} {name}={value}\n" for index, value in enumerate(values)).encode()


FAILING = [
    ("nan", printed([1.0, math.nan]), "loss=nan in line 2"),
    ("nan", printed([1.0, math.inf]), "loss=inf in line 2"),
    ("nan", b"x\nacc=-inf\n", "acc=-inf in line 2"),
    ("loss > 100", printed([1, 99, 101]), "loss=101 in line 3"),
    ("loss >= 100", printed([100]), "loss=100 in line 1"),
    ("acc < 0.1", printed([0.5, 0.05], "acc"), "acc=0.05 in line 2"),
    ("loss > 3 for 2", printed([4, 1, 4, 5]), "loss=5 in line 4"),
    ("loss stalls 3", printed([5, 4, 4, 4.5, 4]), "no better than loss=4 for 3 values in line 5"),
    ("acc stalls 2", printed([0.1, 0.5, 0.4, 0.5], "acc"), "no better than acc=0.5 for 2 values in line 4"),
    ("loss rises 3", printed([1, 2, 3, 4]), "loss=4 in line 4"),
    ("acc falls 2", printed([3, 2, 1], "acc"), "acc=1 in line 3"),
    ("val_loss - loss > 0.2", b"loss=1 val_loss=1.3\n", "val_loss=1.3 loss=1 in line 1"),
    ("val_loss - loss > 0.2 for 2", b"loss=1\nval_loss=2\nloss=1\nval_loss=2\n", "val_loss=2 loss=1 in line 4"),
    ("loss > 5", b"loss=9", "loss=9 in line 1"),
]


@pytest.mark.parametrize(("rule", "output", "what"), FAILING)
def test_a_failing_script_is_ended_by_its_rule(rule: str, output: bytes, what: str) -> None:
    found, lines = watch(rule)
    found.feed(output)
    found.finish()
    assert found.hit is not None
    assert found.hit.action == "fail"
    assert f"rule '{rule}' is met: {what}" in found.hit.text
    assert lines == [f"{found.hit.text}, so the job fails"]


@pytest.mark.parametrize(("rule", "output", "what"), FAILING)
def test_in_whatever_pieces_its_output_comes(rule: str, output: bytes, what: str) -> None:
    found, _ = watch(rule)
    for byte in range(len(output)):
        found.feed(output[byte : byte + 1])
    found.finish()
    assert found.hit is not None
    assert what in found.hit.text


HEALTHY = [
    ("nan", printed([1.0, 2.0])),
    ("nan", b"nan\ninf\nloss is nan\n"),
    ("nan", b"loss=none\n"),
    ("loss > 100", printed([100, 99.9])),
    ("loss < 0", printed([0, 1])),
    ("loss > 3 for 3", printed([4, 4, 1, 4, 4])),
    ("loss stalls 3", printed([5, 4, 4, 4, 3, 3, 3, 2])),
    ("acc stalls 3", printed([0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.3], "acc")),
    ("loss rises 3", printed([1, 2, 3, 3, 4, 5])),
    ("acc falls 2", printed([3, 2, 2, 1, 1], "acc")),
    ("val_loss - loss > 0.2", b"loss=1\nval_loss=1.1\n"),
    ("val_loss - loss > 0.2 for 2", b"loss=1 val_loss=2\nloss=2 val_loss=2\nloss=1 val_loss=2\n"),
    ("val_loss - loss > 0.2", b"val_loss=9\n"),
    ("loss > 5", "lo\u00df=9 l\u00f6ss=9\n".encode()),
    ("loss > 5", b"\xff\xfe loss=3\n"),
    ("loss > 5", b"loss=\n9\n"),
    ("loss > 5", b"my_loss=900\nval_loss=70\n"),
    ("loss > 5", b"loss: 9\nLOSS=9\nloss =9\n"),
    ("loss > 5", printed([1e-12, -1e300, 5])),
    ("loss > 5", b"loss=1_000x\nloss=0x10\nloss=9,5\n"),
    ("loss > 5", b"".join(b"\r%3d%%|## | loss=%d" % (part, part % 5) for part in range(100)) + b"\n"),
    ("loss >= 5", printed([4.999999, 4.9999999])),
    ("loss <= 0", printed([1e-300, 0.1])),
    ("loss > 3 for 2", b"loss=4\n" + b"other line\n" * 50 + b"loss=3\nloss=4\n"),
    ("loss rises 2", printed([3, 4, 2, 5, 1, 9, 9, 9])),
    ("acc falls 3", printed([0.9, 0.8, 0.7, 0.71, 0.7, 0.6], "acc")),
    ("loss stalls 5", b"epoch without a value\n" * 100 + printed([9, 9, 9, 9, 9])),
    ("acc stalls 2", printed([0.5, 0.4, 0.6, 0.5, 0.7], "acc")),
    ("val_loss - loss > 0.2", b"val_loss=5\n" * 3 + b"loss=4.9 val_loss=5\n"),
    ("nan", b"loss=1\nacc=0\nval_loss=-0\nnan=nan\n"),
    ("silent 20m", printed([1, 2, 3])),
    ("mem > 99.9%", printed([1, 2, 3])),
]


@pytest.mark.parametrize(("rule", "output"), HEALTHY)
def test_a_healthy_script_is_left_alone(rule: str, output: bytes) -> None:
    for size in (1, 7, len(output)):
        found, lines = watch(rule)
        for at in range(0, len(output), size):
            found.feed(output[at : at + size])
        found.finish()
        assert found.hit is None
        assert lines == []


def test_a_warning_is_given_once_and_ends_nothing() -> None:
    found, lines = watch("loss > 1", action="warn_if")
    found.feed(printed([2, 3, 4]))
    assert found.hit is None
    assert len(lines) == 1
    assert not lines[0].endswith("fails")


def test_the_first_rule_that_is_met_decides_and_lines_are_counted_on() -> None:
    found, lines = watch("loss > 1000", "loss > 10")
    found.feed(b"a\n" * 999 + b"loss=11\nloss=2000\n")
    assert found.hit is not None
    assert "loss=11 in line 1000" in found.hit.text
    assert len(lines) == 1


def test_anchors_and_flags_mean_each_line_alone() -> None:
    for regex in (r"^loss=(\S+)", r"loss=(\S+)$", r"\Aloss=(\S+)\Z", r"(?<!val_)loss=(\S+)", r"(?i)\bLOSS=(\S+)"):
        found, _ = watch("loss > 5", metrics={"loss": regex})
        found.feed(b"first\nval_loss=9 x\nloss=6\nlast\n")
        assert found.hit is not None, regex
        assert "loss=6 in line 3" in found.hit.text, regex


def test_a_slow_expression_cannot_hold_up_the_script() -> None:
    found, lines = watch("loss > 1", metrics={"loss": r"(a+)+b(\d)"})
    began = time.monotonic()
    found.feed(b"a" * 40 + b"\n")
    assert time.monotonic() - began < 5
    assert found.hit is None
    assert "its expression is slow" in lines[0]


def test_silence_is_counted_from_the_last_output(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = watch("silent 20m")
    found.tick()
    assert found.hit is None
    later = time.monotonic() + 1201
    monkeypatch.setattr("time.monotonic", lambda: later)
    found.tick()
    assert found.hit is not None
    assert "no output for 120" in found.hit.text


def test_memory_is_that_of_the_container_without_what_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("990\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 500\n")
    files = tuple(str(tmp_path / name) for name in ("memory.max", "memory.current", "memory.stat"))
    monkeypatch.setattr(usage, "CGROUPS", files)
    assert usage.memory_percent() == 49.0
    (tmp_path / "memory.stat").write_text("anon 5\n")
    found, _ = watch("mem > 95%")
    found.tick()
    assert found.hit is not None
    assert "99.0 %" in found.hit.text
    (tmp_path / "memory.max").write_text("max\n")
    of_machine = usage.memory_percent()
    assert of_machine is not None
    assert 0 < of_machine < 100


def test_a_disk_is_full_as_df_counts_it(tmp_path: Path) -> None:
    used = usage.disk_percent(str(tmp_path))
    assert used is not None
    assert 0 <= used <= 100
    assert usage.disk_percent(str(tmp_path / "none")) is None


@pytest.mark.parametrize(("busy", "idle_for_s", "is_met"), [(0, 901, True), (50, 901, False), (0, 60, False)])
def test_gpus_are_idle_when_none_of_them_works(
    busy: int, idle_for_s: int, is_met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho 0\necho {busy}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found, _ = watch("gpu idle 15m")
    found.tick()
    later = time.monotonic() + idle_for_s
    monkeypatch.setattr("time.monotonic", lambda: later)
    found.tick()
    assert (found.hit is not None) is is_met


def test_without_a_gpu_the_rule_says_that_it_cannot_be_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found, lines = watch("gpu idle 15m")
    found.tick()
    assert "cannot be met" in lines[0]
