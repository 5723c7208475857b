from __future__ import annotations

import shlex

import pytest

from simple_sagemaker.cli.run_line import run_line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "tune -p P -t T -e w.py --md loss 'loss=(.*)' --tune_for loss min --hp_space lr 1..2 --epochs 3",
            "run -p P -t T-best -e w.py --md loss 'loss=(.*)' --epochs 3 --hp lr 0.5",
        ),
        (
            "tune --task_name=T -o out/ -d a b --tune_resource epochs 1 27 --spot=no --tune_by=grid -- --lr 3",
            "run --task_name=T-best -o out-best -d a b --spot=no --hp lr 0.5 -- --lr 3",
        ),
        (
            "tune -p P --iis data s3://b/k FullyReplicated -t T",
            "run -p P --iis data s3://b/k FullyReplicated -t T-best --hp lr 0.5",
        ),
        ("tune -t T -d a b", "run -t T-best -d a b --hp lr 0.5"),  # as many as there are, to the line's end
    ],
)
def test_the_line_is_the_same_without_what_searches(line: str, expected: str) -> None:
    assert shlex.split(run_line(shlex.split(line), {"lr": "0.5"})) == ["ssm", *shlex.split(expected)]


def test_a_task_that_only_the_project_file_names_has_no_line() -> None:
    assert not run_line(["tune", "--hp_space", "lr", "1..2"], {"lr": "1"})
