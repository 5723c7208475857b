"""Which errors pass, how long is waited for them, and when it is given up."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as botocore
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from simple_sagemaker.core import retries
from simple_sagemaker.core.experiments import MlflowStore, mlflow_arn_kind, written
from tests.unit.tasks.service import refused


def answered(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "X")


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        *(
            (answered(code), True)
            for code in ("ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded")
        ),
        *((answered(code), True) for code in ("SlowDown", "RequestTimeout", "InternalFailure", "ServiceUnavailable")),
        *((answered(code), True) for code in ("InternalError", "InternalServerError", "503", "429", "500", "599")),
        *((answered("Odd", status), True) for status in (429, 500, 503)),
        *((answered("Odd", status), False) for status in (400, 403, 499, 0)),
        *((answered(code), False) for code in ("ValidationException", "4290", "1503", "600", "50")),
        (ClientError({"Error": {"Code": "Odd", "Message": "x"}}, "X"), False),
        (botocore.EndpointConnectionError(endpoint_url="u"), True),
        (botocore.ReadTimeoutError(endpoint_url="u"), True),
        (botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2), True),
        (ResponseParserError("x"), True),
        (OSError("x"), False),
        (botocore.NoCredentialsError(), False),
    ],
)
def test_an_error_passes_or_not(error: Exception, passes: bool) -> None:
    assert retries.is_transient(error) is passes


@pytest.mark.parametrize(
    ("error", "is_over"),
    [
        *((answered(code), True) for code in ("ExpiredToken", "ExpiredTokenException", "RequestExpired")),
        (answered("TokenRefreshRequired"), True),
        (answered("InvalidToken"), False),
        (botocore.UnauthorizedSSOTokenError(), True),
        (botocore.SSOTokenLoadError(error_msg="x"), True),
        (botocore.TokenRetrievalError(provider="x", error_msg="x"), True),
        (OSError("x"), False),
    ],
)
def test_credentials_that_a_person_can_renew_are_known(error: Exception, is_over: bool) -> None:
    assert retries.has_expired(error) is is_over


@pytest.mark.parametrize(
    ("failures", "pause_s"), [(0, 0.0), (1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (11, 30.0), (5000, 30.0)]
)
def test_a_pause_doubles_up_to_half_a_minute(failures: int, pause_s: float) -> None:
    assert retries.backoff_s(failures) == pause_s


ASSUME = refused("ValidationException", "Could not assume role arn", "CreateTrainingJob")


@pytest.mark.parametrize(
    ("error", "waited_s", "pause_s"),
    [
        (ASSUME, 0.0, 0.2),
        (ASSUME, 3.0, 3.0),
        (ASSUME, 60.0, 10),
        (ASSUME, 119.9, 10),
        (ASSUME, 120.0, None),
        (refused("ValidationException", "The role r does not have s3:X permission", "C"), 1.0, 1.0),
        (refused("ValidationException", "other", "C"), 1.0, None),
        (refused("AccessDenied", "Could not assume role", "C"), 1.0, None),
    ],
)
def test_a_new_role_is_waited_for_two_minutes(error: Exception, waited_s: float, pause_s: float | None) -> None:
    assert retries.new_role_pause_s(error, waited_s) == pause_s


@pytest.mark.parametrize("code", ["ConcurrentModification", "ConcurrentModificationException", "NoSuchEntity"])
def test_iam_is_asked_nine_times_until_it_is_settled(code: str) -> None:
    waits, tries = list[float](), list[int]()

    def act(enough: int) -> str:
        tries.append(1)
        if len(tries) < enough:
            raise answered(code)
        return "done"

    assert retries.call_until_settled(lambda: act(9), waits.append) == "done"
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8])
    tries.clear()
    with pytest.raises(ClientError, match=code):
        retries.call_until_settled(lambda: act(10), lambda _: None)
    assert len(tries) == 9


def test_another_error_of_iam_is_raised_at_once() -> None:
    def act() -> None:
        raise answered("AccessDenied")

    with pytest.raises(ClientError, match="AccessDenied"):
        retries.call_until_settled(act, lambda _: pytest.fail("it waits"))


def test_requests_are_repeated_as_often_as_the_note_says() -> None:
    assert retries.SERVICE_RETRIES == {"mode": "adaptive", "max_attempts": 10}
    assert retries.FIRST_CALL_RETRIES == {"mode": "adaptive", "max_attempts": 5}
    assert retries.S3_RETRIES == {"mode": "standard", "max_attempts": 10}
    assert (retries.S3_TIMEOUT_TRIES, retries.NO_RETRIES) == (5, {"total_max_attempts": 1})


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("arn:aws:sagemaker:r:1:mlflow-tracking-server/x", "mlflow-tracking-server"),
        ("arn:aws:sagemaker:r:1:mlflow-app/x", "mlflow-app"),
        ("arn:aws:sagemaker:r:1:model/x", None),
        ("arn:aws:sagemaker:r:mlflow-app/x", None),
        ("urn:aws:sagemaker:r:1:mlflow-app/x", None),
        ("http://host", None),
        ("local", None),
    ],
)
def test_an_mlflow_of_sagemakers_is_known_by_its_arn(uri: str, kind: str | None) -> None:
    assert mlflow_arn_kind(uri) == kind


def test_where_a_run_is_kept_is_written_for_the_job() -> None:
    assert written(None, project="p", task="t") == {}
    tags = {"ssm.project": "p", "ssm.task": "t"}
    made = {"mlflow": {"uri": "local", "experiment": "p", "tags": tags}}
    assert written(MlflowStore(uri="local"), project="p", task="t") == made
    made["mlflow"]["tags"] = {**tags, "mlflow.source.git.commit": "abc"}
    assert written(MlflowStore(uri="local", commit="abc"), project="p", task="t") == made
