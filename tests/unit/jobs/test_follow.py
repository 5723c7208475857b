"""A job watched: phases in order, lines before the end, trouble borne, few calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from simple_sagemaker.aws.polling import pace, reading
from simple_sagemaker.core.services import Reading
from simple_sagemaker.errors import Detached
from simple_sagemaker.jobs.follow import Follower
from tests.unit.jobs.watching import JOB, CloudWatch, Watch, described, refused

START = ("Starting", "Starting the training job")
PREPARE = ("Starting", "Preparing the instances for training")
TRAIN = ("Training", "Training image download completed. Training in progress.")
UPLOAD = ("Uploading", "Uploading generated training model")
DONE = ("Completed", "Training job completed")
NO_CAPACITY = ("Starting", "Insufficient capacity error from EC2 while launching instances, retrying!")
RUNS = described(START, TRAIN)
ENDS = described(START, TRAIN, UPLOAD, DONE, status="Completed", TrainingStartTime=0, TrainingTimeInSeconds=90)


def stream(host: int = 1, epoch: int = 100) -> str:
    return f"{JOB}/algo-{host}-{epoch}"


def aws(watch: Watch) -> Follower:
    """A follower as AWS has it, without chance."""
    return watch.follower(pace(lambda: 0.0), reading(lambda: 0.0))


def test_phases_that_came_and_went_between_two_looks_are_told_in_order() -> None:
    watch = Watch(history=[(0, ENDS)])
    result = watch.follower().follow()
    assert watch.reported == [START, TRAIN, UPLOAD, DONE]
    assert (result.status, result.secondary, result.seconds) == ("Completed", "Completed", 90)


def test_a_message_that_changes_in_place_is_told_once() -> None:
    prepared = described(PREPARE, TRAIN, DONE, status="Completed")
    history: list[tuple[float, Any]] = [(0, described(START)), (5, described(PREPARE)), (20, prepared)]
    watch = Watch(history=history)
    watch.follower().follow()
    assert watch.reported == [START, PREPARE, TRAIN, DONE]


def test_the_same_phase_a_second_time_is_told_again() -> None:
    stopped = ("Interrupted", "Training job interrupted")
    again = described(START, TRAIN, stopped, START, TRAIN)
    watch = Watch(history=[(0, RUNS), (5, again), (9, described(*[START, TRAIN, stopped] * 2, DONE, status="Failed"))])
    watch.follower().follow()
    assert [one for one in watch.reported if isinstance(one, tuple)] == [
        *(START, TRAIN, stopped, START, TRAIN),
        *(stopped, DONE),
    ]
    assert len(watch.notes) == 1  # the second interruption was the end
    assert "saved state" in watch.notes[0]


def test_phases_of_one_moment_are_told_once_each() -> None:
    at_once = described(START, PREPARE, TRAIN)
    for transition in at_once["SecondaryStatusTransitions"]:
        transition["StartTime"] = at_once["SecondaryStatusTransitions"][0]["StartTime"]
    watch = Watch(history=[(0, at_once), (50, described(DONE, status="Completed"))])
    watch.follower().follow()
    assert watch.reported == [START, PREPARE, TRAIN, DONE]


def test_a_service_without_a_list_of_phases_is_understood() -> None:
    bare = described(DONE, status="Completed")
    bare["SecondaryStatusTransitions"] = []
    watch = Watch(history=[(0, bare)])
    watch.follower().follow()
    assert watch.reported == [("Completed", "")]


@pytest.mark.parametrize(("spot", "way"), [(True, "--no_spot"), (False, "--instance_type")])
def test_who_waits_for_machines_is_told_once_what_may_help(spot: bool, way: str) -> None:
    waits = described(NO_CAPACITY, EnableManagedSpotTraining=spot)
    watch = Watch(history=[(0, waits), (4, described(START)), (5, waits), (9, ENDS)])
    watch.follower().follow()
    assert watch.reported.count(NO_CAPACITY) == 2
    assert len(watch.notes) == 1
    assert way in watch.notes[0]
    assert ("--no_spot" in watch.notes[0]) is spot


def test_the_last_lines_come_before_the_end() -> None:
    watch = Watch(history=[(0, RUNS), (3, ENDS)], logs=CloudWatch(streams={stream(): ["a"]}))
    watch.on_sleep = lambda now: watch.logs.streams[stream()].append(f"at {now}") if now <= 3 else None
    watch.follower().follow()
    assert watch.reported == [
        *("algo-1: a", START, TRAIN, "algo-1: at 1.0", "algo-1: at 2.0"),
        *(UPLOAD, "algo-1: at 3.0", DONE),
    ]


def test_lines_that_are_late_after_the_end_are_waited_for() -> None:
    watch = Watch(history=[(0, ENDS)], logs=CloudWatch(streams={stream(): ["a"]}))
    late = {2.4: "first", 3.9: "second"}

    def arrive(now: float) -> None:
        for when in [when for when in late if when <= now]:
            watch.logs.streams[stream()].append(late.pop(when))

    watch.on_sleep = arrive
    aws(watch).follow()
    assert watch.reported[-4:] == [UPLOAD, "algo-1: first", "algo-1: second", DONE]


def test_a_stream_that_is_late_after_the_end_is_waited_for() -> None:
    watch = Watch(history=[(0, described(START, DONE, status="Completed", hosts=2, TrainingStartTime=0))])
    watch.logs = CloudWatch(has_group=False)

    def arrive(now: float) -> None:
        if now > 4.5 and not watch.logs.has_group:
            watch.logs.has_group = True
            watch.logs.streams |= {stream(1): ["one"], stream(2): ["two"]}

    watch.on_sleep = arrive
    aws(watch).follow()
    assert {"algo-1: one", "algo-2: two"} <= {*map(str, watch.reported)}


def test_a_job_that_never_started_has_no_lines_to_wait_for() -> None:
    watch = Watch(history=[(0, described(START, ("Failed", "no image"), status="Failed"))])
    aws(watch).follow()
    assert watch.now == 2


def test_lines_of_a_second_start_are_told_as_the_same_hosts() -> None:
    again = described(START, TRAIN, ("Interrupted", ""), START, TRAIN, hosts=2)
    watch = Watch(history=[(0, RUNS), (10, again), (60, ENDS)])
    watch.logs.streams |= {stream(1): ["a"], stream(2): ["b"]}

    def arrive(now: float) -> None:
        if now > 20:
            watch.logs.streams |= {stream(1, 200): ["c"], stream(2, 200): ["d"]}

    watch.on_sleep = arrive
    aws(watch).follow()
    assert [one for one in watch.reported if str(one).startswith("algo-")] == [
        *("algo-1: a", "algo-2: b"),
        *("algo-1: c", "algo-2: d"),
    ]


def test_late_lines_of_an_earlier_start_come_at_the_end() -> None:
    again = described(START, TRAIN, ("Interrupted", ""), START, TRAIN)
    watch = Watch(history=[(0, RUNS), (10, again), (200, ENDS)])
    watch.logs.streams[stream(1)] = ["a"]

    def arrive(now: float) -> None:
        if now > 20:
            watch.logs.streams[stream(1, 200)] = ["b"]
        if now >= 200:  # long after the first start's stream fell silent
            watch.logs.streams[stream(1)] = ["a", "late"]

    watch.on_sleep = arrive
    aws(watch).follow()
    lines = sorted(one for one in watch.reported if str(one).startswith("algo-"))
    assert lines == ["algo-1: a", "algo-1: b", "algo-1: late"]


def test_a_job_of_two_seconds_is_asked_for_once_and_a_long_one_never_within_half_a_minute() -> None:
    brief = Watch(history=[(0, RUNS), (1.9, ENDS)])
    aws(brief).follow()
    assert brief.describe_times == [2.0]
    long = Watch(history=[(0, RUNS), (3600, ENDS)])
    aws(long).follow()
    waits = [after - before for before, after in zip(long.describe_times, long.describe_times[1:], strict=False)]
    assert long.describe_times[:4] == [2, 5, 9.5, 16.25]
    assert waits == sorted(waits)
    assert all(wait == 30 for before, wait in zip(long.describe_times, waits, strict=False) if before > 60)
    assert max(pace(lambda: 1.0)(watched) / pace(lambda: 0.0)(watched) for watched in (0, 5, 1e4)) <= 1.2


def test_hundreds_of_hosts_are_read_within_the_accounts_quota() -> None:
    watch = Watch(history=[(0, described(START, TRAIN, hosts=300)), (600, ENDS)])
    watch.logs.streams |= {stream(host): ["x"] * 5 for host in range(1, 301)}
    calls: list[tuple[float, int]] = []
    all_told: list[float] = []

    def count(now: float) -> None:
        calls.append((now, len(watch.logs.calls)))
        if len([one for one in watch.reported if str(one).startswith("algo-")]) == 1500:
            all_told.append(now)

    watch.on_sleep = count
    aws(watch).follow()
    within_10_s = [after - before for now, before in calls for later, after in calls if now < later <= now + 10]
    assert max(within_10_s) <= 10 * 10
    assert len([one for one in watch.reported if str(one).startswith("algo-")]) == 1500
    assert watch.now < 720
    assert all_told[0] < 120


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("Unknown", 503),
        refused("InternalFailure", 0),
        EndpointConnectionError(endpoint_url="https://api.sagemaker.eu-west-1.amazonaws.com"),
    ],
    ids=["throttled", "503", "internal", "unreachable"],
)
def test_trouble_that_passes_is_told_once_and_borne(error: Exception) -> None:
    watch = Watch(history=[(0, RUNS), (10, error), (300, RUNS), (310, error), (320, ENDS)])
    watch.follower().follow()
    assert [one for one in watch.reported if not str(one).startswith("note")] == [START, TRAIN, UPLOAD, DONE]
    assert len(watch.notes) == 1
    assert "job goes on" in watch.notes[0]
    troubled = [when for when in watch.describe_times if 10 <= when < 300]
    assert len(troubled) <= 15  # 1, 2, 4 … 30 seconds apart


def test_trouble_that_comes_and_goes_is_not_told_each_time() -> None:
    error = refused("ThrottlingException")
    history: list[tuple[float, Any]] = []
    for since in (10, 20, 30, 400):
        history += [(since, error), (since + 3, RUNS)]
    watch = Watch(history=[(0, RUNS), *history, (500, ENDS)])
    watch.follower().follow()
    assert len(watch.notes) == 2


def test_a_quarter_of_an_hour_without_an_answer_ends_the_watching_and_not_the_job() -> None:
    watch = Watch(history=[(0, RUNS), (10, refused("ServiceUnavailable", 503))])
    with pytest.raises(
        Detached, match=f"ServiceUnavailable(?s:.*){JOB} goes on: the same command joins it"
    ) as reported:
        watch.follower().follow()
    assert reported.value.exit_status == 7
    assert 900 <= watch.now <= 960


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_what_does_not_pass_ends_the_watching_at_once(code: str) -> None:
    watch = Watch(history=[(0, RUNS), (10, refused(code))])
    with pytest.raises(Exception, match=code):
        watch.follower().follow()
    assert watch.now == 10


def test_trouble_with_lines_alone_does_not_hide_the_phases() -> None:
    watch = Watch(history=[(0, RUNS), (100, ENDS)], logs=CloudWatch(trouble=1.0))
    aws(watch).follow()
    assert [one for one in watch.reported if isinstance(one, tuple)] == [START, TRAIN, UPLOAD, DONE]
    assert len(watch.notes) == 2  # that there is trouble, and that the last lines are missing
    assert "ssm data" in watch.notes[-1]
    assert watch.now < 300


def test_lines_are_neither_lost_nor_repeated_by_trouble() -> None:
    watch = Watch(history=[(0, RUNS), (60, ENDS)], logs=CloudWatch(trouble=0.3, empty=0.3, longest=3))
    watch.logs.streams[stream()] = ["0"]
    watch.on_sleep = lambda now: watch.logs.streams[stream()].append(str(now)) if now <= 60 else None
    aws(watch).follow()
    lines = [one for one in watch.reported if str(one).startswith("algo-")]
    assert lines == [f"algo-1: {line}" for line in watch.logs.streams[stream()]]


class Denied(CloudWatch):
    def describe_log_streams(self, **_: Any) -> Any:
        self.calls.append("DescribeLogStreams")
        raise refused("AccessDeniedException", operation="DescribeLogStreams")


def test_who_may_not_read_lines_still_sees_the_job_end() -> None:
    watch = Watch(history=[(0, RUNS), (60, ENDS)], logs=Denied())
    aws(watch).follow()
    assert watch.reported[-1] == DONE
    assert len(watch.notes) == 1
    assert "DescribeLogStreams" in watch.notes[0]
    assert len(watch.logs.calls) == 1


def test_expired_credentials_are_waited_for_a_quarter_of_an_hour() -> None:
    renewed = Watch(history=[(0, RUNS), (10, refused("ExpiredTokenException")), (800, RUNS), (900, ENDS)])
    renewed.follower().follow()
    assert "The AWS credentials have expired (ExpiredTokenException)" in renewed.notes[0]
    watch = Watch(history=[(0, RUNS), (10, refused("ExpiredTokenException"))])
    with pytest.raises(Detached, match=f"ExpiredTokenException(?s:.*){JOB} goes on"):
        watch.follower().follow()
    assert 900 <= watch.now <= 960


def test_credentials_that_expire_for_lines_alone_do_not_hide_the_end() -> None:
    class Expired(CloudWatch):
        def describe_log_streams(self, **_: Any) -> Any:
            raise refused("ExpiredTokenException", operation="DescribeLogStreams")

    watch = Watch(history=[(0, RUNS), (100_000, ENDS)], logs=Expired())  # more tries than a double can count up to
    aws(watch).follow()
    assert watch.reported[-1] == DONE
    assert "have expired" in watch.notes[0]


def test_left_and_taken_up_again_it_goes_on_where_it_was_and_looks_soon() -> None:
    watch = Watch(history=[(0, RUNS), (1000, ENDS)], logs=CloudWatch(streams={stream(): ["a", "b"]}))
    follower = aws(watch)

    def interrupt(now: float) -> None:
        if now > 500:
            watch.on_sleep = lambda _: None
            raise KeyboardInterrupt

    watch.on_sleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        follower.follow()
    left = watch.now
    follower.follow()
    assert watch.reported == ["algo-1: a", "algo-1: b", START, TRAIN, UPLOAD, DONE]
    assert any(left < when <= left + 2.5 for when in watch.describe_times)


def test_without_limits_all_there_is_comes_at_every_look() -> None:
    watch = Watch(history=[(0, RUNS), (1, ENDS)], logs=CloudWatch(longest=1))
    watch.logs.streams |= {stream(host): ["x"] * 50 for host in range(1, 20)}
    watch.follower(lambda _: 0.02, Reading()).follow()
    first = watch.reported.index(START)
    assert first == 19 * 50
    assert watch.now < 1.1


def test_metrics_are_shown_as_they_come_and_summed_up_also_of_lines_before_the_first_description() -> None:
    watch = Watch()
    shown: list[dict[str, float]] = []
    watch.metrics = lambda newest: shown.append(dict(newest))  # type: ignore[method-assign]
    definitions = {"MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}, {"Name": "bad", "Regex": "("}]}
    watch.logs.streams = {stream(1): ["loss=3", "nothing", "loss=word"], stream(2): ["loss=1 loss=2"]}
    watch.history = [(0, described(START, TRAIN, hosts=2, AlgorithmSpecification=definitions))]
    watch.history += [
        (5, described(START, TRAIN, DONE, status="Completed", hosts=2, AlgorithmSpecification=definitions))
    ]
    ended = watch.follower(pace=lambda _: 2.0).follow()
    summary = ended.metrics["loss"]
    assert (summary.count, summary.lowest, summary.highest) == (3, 1, 3)
    assert shown[-1] == {"loss": summary.last}
    (problem,) = [note for note in watch.notes if "metric bad" in note]
    assert "not looked for in the lines: its regular expression is not one for Python: missing )" in problem


def test_a_metric_whose_expression_does_not_end_holds_up_nothing() -> None:
    watch = Watch()
    definitions = {"MetricDefinitions": [{"Name": "bad", "Regex": "(a+)+$"}, {"Name": "good", "Regex": r"good=(\d+)"}]}
    watch.logs.streams = {stream(): ["a" * 40 + "!", "good=7"]}
    watch.history = [(0, described(START, TRAIN, DONE, status="Completed", AlgorithmSpecification=definitions))]
    ended = watch.follower().follow()
    assert ended.metrics["good"].last == 7
    assert any("metric bad is not looked for" in note for note in watch.notes)


@pytest.mark.parametrize(("joined", "shown"), [(True, [3600.0]), (False, [])])
def test_the_clock_of_a_joined_job_is_the_jobs_own(joined: bool, shown: list[float]) -> None:
    watch = Watch(history=[(0, ENDS)])
    ages: list[float] = []
    watch.joined = ages.append  # type: ignore[method-assign,assignment]
    watch.follower(joined=joined, at=ENDS["CreationTime"] + timedelta(hours=1)).follow()
    assert ages == shown
