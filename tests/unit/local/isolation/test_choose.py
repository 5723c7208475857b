"""Which isolation hosts get, and what is said of one that does not work here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.isolation.choose import CannotIsolate, choose

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="macOS has no namespaces")


def test_plain_is_taken_at_its_word() -> None:
    assert choose("plain").require() == "plain"


def test_a_word_that_is_no_isolation_is_refused_with_those_there_are() -> None:
    with pytest.raises(CannotIsolate, match=r"^SSM_ISOLATION=jail is none of auto, namespaces, bwrap, plain, docker$"):
        choose("jail").require()


def test_an_isolation_that_is_not_there_is_refused_with_the_reason_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    choice = choose("bwrap")
    assert (choice.how, choice.problem) == (None, "bwrap: not installed")
    with pytest.raises(CannotIsolate, match="bwrap: not installed"):
        choice.require()
    assert os.listdir(tmp_path) == []
