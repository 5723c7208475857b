from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.rules import Rule
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.code.run_file import run_file


@pytest.fixture
def worker(tmp_path: Path) -> str:
    path = tmp_path / "w.py"
    path.write_text("print('loss=1')\n", encoding="utf-8")
    return str(path)


def read(worker: str, *words: str) -> TaskSpec:
    metrics = ("--md", "loss", "loss=(x)", "--md", "thing", "thing=(x)", "--md", "a-b", "a-b=(x)")
    spec = parse(["run", "-p", "P", "-t", "T", "-e", worker, *metrics, *words])
    assert isinstance(spec, TaskSpec)
    return spec


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("nan", Rule(action="fail", text="nan", kind="nan")),
        ("loss>1e3", Rule(action="fail", text="loss>1e3", kind="compare", metric="loss", operator=">", value=1000.0)),
        (
            "loss  <=  -.5 for 3",
            Rule(
                action="fail", text="loss <= -.5 for 3", kind="compare", metric="loss", operator="<=", value=-0.5,
                count=3,
            ),
        ),
        (
            "loss stalls 10",
            Rule(action="fail", text="loss stalls 10", kind="stalls", metric="loss", count=10, goal="min"),
        ),
        (
            "thing stalls 10 max",
            Rule(action="fail", text="thing stalls 10 max", kind="stalls", metric="thing", count=10, goal="max"),
        ),
        ("thing rises 5", Rule(action="fail", text="thing rises 5", kind="rises", metric="thing", count=5)),
        (
            "a-b - loss > 0.2 for 3",
            Rule(
                action="fail", text="a-b - loss > 0.2 for 3", kind="difference", metric="a-b", other="loss",
                operator=">", value=0.2, count=3,
            ),
        ),
        ("silent 20m", Rule(action="fail", text="silent 20m", kind="silent", seconds=1200.0)),
        ("gpu idle 1h", Rule(action="fail", text="gpu idle 1h", kind="gpu_idle", seconds=3600.0)),
        ("mem > 95%", Rule(action="fail", text="mem > 95%", kind="memory", value=95.0)),
        ("disk>99.5 %", Rule(action="fail", text="disk>99.5 %", kind="disk", value=99.5)),
    ],
)  # fmt: skip
def test_words_become_a_rule(worker: str, text: str, rule: Rule) -> None:
    assert read(worker, "--fail_if", text).rules == (rule,)


def test_rules_keep_what_they_do(worker: str) -> None:
    spec = read(worker, "--warn_if", "loss > 1", "--end_if", "loss < 0.1", "--fail_if", "nan", "--fail_if", "silent 5m")
    assert [(rule.action, rule.text) for rule in spec.rules] == [
        ("fail", "nan"),
        ("fail", "silent 5m"),
        ("end", "loss < 0.1"),
        ("warn", "loss > 1"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no rule"),
        ("los > 3", "Did you mean loss?"),
        ("accuracy > 3", "--metric_definitions accuracy"),
        ("thing stalls 3", "say which direction is better"),
        ("loss rises 3 min", "belong to a rule with stalls"),
        ("loss stalls 0", "at least 1"),
        ("loss == 3", "is no rule"),
        ("loss > nan", "is no rule"),
        ("loss > 1e999", "too large"),
        ("mem > 120%", "below 100 %"),
        ("mem > 95", "is no rule"),
        ("silent 0s", "give it some time"),
        ("silent", "is no rule"),
        ("loss - los > 1", "Did you mean loss?"),
        ("x" * 201, "200 characters"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_way_out(worker: str, text: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        read(worker, "--fail_if", text)
    assert why in str(error.value)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--fail_if", "nan", "--launch_by", "toolkit"), "AWS's toolkit starts the code"),
        (("--end_if", "loss > 1", "--ic", "2"), "Use --fail_if"),
    ],
)
def test_rules_that_nobody_could_judge_are_refused(worker: str, words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError) as error:
        read(worker, *words)
    assert why in str(error.value)


def test_nan_without_any_metric_is_refused(worker: str) -> None:
    with pytest.raises(UsageError, match="define one with --metric_definitions"):
        parse(["run", "-p", "P", "-t", "T", "-e", worker, "--fail_if", "nan"])


def test_an_images_own_program_has_no_rules() -> None:
    with pytest.raises(UsageError, match="nothing of ours beside it"):
        parse(["run", "-p", "P", "-t", "T", "--image_uri", "x/y:1", "--fail_if", "silent 5m"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-e", "w.py", "--profile_with", "perf"), "--profile_with 'perf': choose cprofile or torch."),
        (("-e", "w.sh", "--profile_with", "torch"), "--profile_with profiles a Python file, and this task runs 'w.sh'"),
        (("--image_uri", "x/y:1", "--profile_with", "torch"), "--profile_with: the image's own program runs"),
        (("-e", "w.py", "--profile_with", "torch", "--launch_by", "toolkit"), "AWS's toolkit starts the code"),
    ],
)
def test_what_cannot_be_profiled_is_refused(
    worker: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    folder = Path(worker).parent
    (folder / "w.sh").write_text("true\n")
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError) as refused:
        parse(["run", "-p", "P", "-t", "T", *words])
    assert message in str(refused.value)


def test_a_profiler_is_part_of_what_the_launcher_reads(worker: str) -> None:
    assert run_file(read(worker, "--profile_with", "cprofile"), {})["profile"] == "cprofile"
    assert "profile" not in run_file(read(worker), {})


@pytest.mark.parametrize(
    ("text", "seconds"), [("silent 1s", 1.0), ("silent 2m", 120.0), ("silent 3 h", 10_800.0), ("gpu  idle 1s", 1.0)]
)
def test_times_of_rules_are_in_seconds_minutes_or_hours(worker: str, text: str, seconds: float) -> None:
    (rule,) = read(worker, "--fail_if", text).rules
    assert rule.seconds == seconds


@pytest.mark.parametrize("text", ["mem > 0%", "disk > 100%", "mem > 100.1%"])
def test_a_part_is_between_nothing_and_all(worker: str, text: str) -> None:
    with pytest.raises(UsageError, match="a part is above 0 and below 100 %"):
        read(worker, "--fail_if", text)
    for legal in ("mem > 0.1%", "memory > 1 %", "disk > 99.9%"):
        assert len(read(worker, "--fail_if", legal).rules) == 1


@pytest.mark.parametrize("words", ["loss > 1 for {}", "loss stalls {}", "loss - thing > 1 for {}", "thing falls {}"])
def test_a_count_is_taken_at_its_bounds(worker: str, words: str) -> None:
    for count in (1, 1_000_000):
        assert read(worker, "--fail_if", words.format(count)).rules[0].count == count
    for count in (0, 1_000_001):
        with pytest.raises(UsageError, match="a count is at least 1, and at most a million"):
            read(worker, "--fail_if", words.format(count))


def test_a_job_has_twenty_rules_at_most(worker: str) -> None:
    many = [word for number in range(20) for word in ("--fail_if", f"silent {number + 1}s")]
    assert len(read(worker, *many).rules) == 20
    with pytest.raises(UsageError, match="21 rules; a job can have 20"):
        read(worker, *many, "--warn_if", "nan")
    assert read(worker, "--fail_if", "loss > 1" + " " * 192).rules
    with pytest.raises(UsageError, match="a rule has at most 200 characters"):
        read(worker, "--fail_if", "loss > 1" + " " * 193)


def test_only_a_rule_that_ends_a_job_needs_a_single_host(worker: str) -> None:
    assert len(read(worker, "--fail_if", "loss > 1", "--warn_if", "nan", "--ic", "2").rules) == 2
    with pytest.raises(UsageError, match="and the other 2 would go on or fail"):
        read(worker, "--end_if", "loss > 1", "--ic", "3")


@pytest.mark.parametrize("goal", ["min", "max"])
def test_the_goal_of_a_rule_is_as_it_was_said(worker: str, goal: str) -> None:
    (rule,) = read(worker, "--fail_if", f"loss stalls 2 {goal}").rules
    assert rule.goal == goal
