"""Leaving out of the environment what no program can be started with."""

from __future__ import annotations

import json
import os
from pathlib import Path

from simple_sagemaker.payload.ssm_launcher import environment
from simple_sagemaker.payload.ssm_launcher.places import Places


def places(tmp_path: Path) -> Places:
    (tmp_path / "input/config").mkdir(parents=True)
    return Places(str(tmp_path))


def left_out_variables(given: dict[bytes, bytes]) -> dict[str, str]:
    content: dict[str, str] = json.loads(Path(os.fsdecode(given[b"SSM_LONG_ENVIRONMENT"])).read_text())
    return content


def test_what_fits_stays(tmp_path: Path) -> None:
    given = {b"A": b"1", b"B": b"x" * (environment.LONGEST - 3)}
    assert environment.fit(given, places(tmp_path), 0) == []
    assert set(given) == {b"A", b"B"}


def test_one_byte_too_long_is_left_out_and_written_down(tmp_path: Path) -> None:
    text = b"\xff" + b"x" * (environment.LONGEST - 3)
    given = {b"A": b"1", b"B": text}
    assert environment.fit(given, places(tmp_path), 0) == ["B"]
    assert left_out_variables(given) == {"B": text.decode("utf-8", "surrogateescape")}
    assert set(given) == {b"A", b"SSM_LONG_ENVIRONMENT"}


def test_names_and_texts_that_no_environment_holds_are_left_out(tmp_path: Path) -> None:
    given = {b"SM_HP_A=B": b"1", b"SM_HP_N": b"a\0b", b"SM_HP_OK": b"="}
    assert environment.fit(given, places(tmp_path), 0) == ["SM_HP_A=B", "SM_HP_N"]
    assert b"SM_HP_OK" in given


def test_together_they_fit_too_the_longest_first_to_go(tmp_path: Path) -> None:
    given = {b"SM_HP_%d" % number: b"x" * 1000 * (number + 1) for number in range(100)}
    given[b"PATH"] = b"y" * 100_000
    limit = os.sysconf("SC_ARG_MAX")
    gone = environment.fit(given, places(tmp_path), limit - 2_000_000)
    assert gone
    assert gone == sorted(f"SM_HP_{number}" for number in range(100 - len(gone), 100))
    assert b"PATH" in given
