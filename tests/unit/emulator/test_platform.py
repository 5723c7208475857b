"""Roles and callers: who may assume what, and what IAM's policies allow and deny, by moto in this process."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simple_sagemaker.emulator.mock_aws import MockAws
from simple_sagemaker.emulator.platform import ADMINISTRATOR, Platform, _resource, _trusts, roles_of
from simple_sagemaker.emulator.protocol import ServiceError

ACCOUNT = "000000000000"
REGION = "eu-west-1"
SAGEMAKER = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
ME = f"User: arn:aws:iam::{ACCOUNT}:user/me"
JOB = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/mine"


def statements(*every: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*every]}


def allow(action: str, resource: str = "*", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


def deny(action: str, resource: str = "*") -> dict[str, Any]:
    return allow(action, resource, "Deny")


def backend() -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[ACCOUNT]["aws"]


def make_role(*policies: dict[str, Any], name: str = "worker", trust: dict[str, Any] = SAGEMAKER) -> str:
    """A role with policies of its own, one for each statement; its ARN."""
    document = json.dumps(statements(trust))
    arn: str = backend().create_role(name, document, "/", None, "", [], "3600").arn
    for number, one in enumerate(policies):
        backend().put_role_policy(name, f"p{number}", json.dumps(statements(one)))
    return arn


def make_user(*policies: dict[str, Any], name: str = "me") -> str:
    """A user with policies of its own; an access key."""
    backend().create_user("aws", name)
    for number, one in enumerate(policies):
        backend().put_user_policy(name, f"p{number}", json.dumps(statements(one)))
    key: str = backend().create_access_key(name).access_key_id
    return key


def environ_of(key: str, token: str = "", **more: str) -> dict[str, Any]:
    """A request of a key's owner, after its signature was checked."""
    scope = f"{key}/20300101/{REGION}/sagemaker/aws4_request"
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "HTTP_HOST": "127.0.0.1:5000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=checked",
        **more,
    }
    return {**environ, "HTTP_X_AMZ_SECURITY_TOKEN": token} if token else environ


@pytest.fixture
def enforcing(aws: MockAws) -> Platform:
    """The account's identities where IAM is enforced, with an administrator of the key AKIAADMIN."""
    platform = Platform(aws, region=REGION, enforce=True)
    platform.administrator("AKIAADMIN", "secret")
    return platform


@pytest.fixture
def open_to_all(aws: MockAws) -> Platform:
    return Platform(aws, region=REGION, enforce=False)


class TestAdministrator:
    def test_the_key_of_the_emulator_is_its_administrators_and_may_do_everything(self, enforcing: Platform) -> None:
        key = backend().access_keys["AKIAADMIN"]
        assert (key.access_key_id, key.secret_access_key, key.user_name) == ("AKIAADMIN", "secret", ADMINISTRATOR)
        assert [*backend().access_keys] == ["AKIAADMIN"]
        assert (
            enforcing.refusal("StopTrainingJob", {"TrainingJobName": "mine"}, environ_of("AKIAADMIN"), REGION) is None
        )
        enforcing.require("ssm:StartSession", "*", environ_of("AKIAADMIN"))

    def test_iam_counts_from_then_on_for_motos_services_too(self, enforcing: Platform) -> None:
        from moto import settings

        assert settings.INITIAL_NO_AUTH_ACTION_COUNT == 0

    def test_without_enforcement_there_is_none(self, open_to_all: Platform) -> None:
        from moto import settings

        open_to_all.administrator("AKIAADMIN", "secret")
        assert backend().users == {}
        assert float("inf") == settings.INITIAL_NO_AUTH_ACTION_COUNT


class TestRoles:
    def test_a_role_that_trusts_sagemaker_is_assumed_by_jobs(self, enforcing: Platform) -> None:
        assert enforcing.admit(make_role()) is None

    def test_a_role_that_is_not_there_or_trusts_others_is_refused_with_its_name(self, enforcing: Platform) -> None:
        other = make_role(trust={**SAGEMAKER, "Principal": {"Service": "ec2.amazonaws.com"}})
        for role in (other, f"arn:aws:iam::{ACCOUNT}:role/gone"):
            assert enforcing.admit(role) == (
                f"Could not assume role {role}. Please ensure that the role exists and allows principal "
                "'sagemaker.amazonaws.com' to assume the role."
            )

    def test_a_new_role_cannot_be_assumed_for_some_time(self, aws: MockAws) -> None:
        role = make_role()
        made = backend().get_role_by_arn(role)
        for delay_s, age_s, is_taken in ((30, 29, False), (30, 31, True), (0, 0, True)):
            platform = Platform(aws, region=REGION, enforce=True, role_delay_s=delay_s)
            made.create_date = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(seconds=age_s)
            assert (platform.admit(role) is None) == is_taken, (delay_s, age_s)

    def test_whether_a_role_is_there(self, enforcing: Platform) -> None:
        assert enforcing.has_role(make_role())
        assert not enforcing.has_role(f"arn:aws:iam::{ACCOUNT}:role/gone")

    def test_without_enforcement_any_role_will_do(self, open_to_all: Platform) -> None:
        gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
        assert open_to_all.admit(gone) is None
        assert open_to_all.has_role(gone)
        assert open_to_all.role_allows(gone, "s3:GetObject")

    def test_an_explicit_deny_outweighs_whatever_allows(self, enforcing: Platform) -> None:
        role = make_role(allow("s3:*"), deny("s3:DeleteObject"), deny("s3:GetObject", "arn:aws:s3:::secret/*"))
        assert enforcing.role_allows(role, "s3:GetObject", "arn:aws:s3:::open/key")
        assert not enforcing.role_allows(role, "s3:GetObject", "arn:aws:s3:::secret/key")
        assert not enforcing.role_allows(role, "s3:DeleteObject", "arn:aws:s3:::open/key")

    def test_what_no_policy_allows_is_not_allowed(self, enforcing: Platform) -> None:
        assert not enforcing.role_allows(make_role(name="bare"), "s3:GetObject")
        logs = make_role(allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:mine:*"))
        assert enforcing.role_allows(logs, "logs:PutLogEvents", "arn:aws:logs:x:1:log-group:mine:log-stream:any")
        assert not enforcing.role_allows(logs, "logs:PutLogEvents", "arn:aws:logs:x:1:log-group:other:log-stream:any")
        assert not enforcing.role_allows(logs, "logs:CreateLogGroup", "arn:aws:logs:x:1:log-group:mine:log-stream:any")
        assert not enforcing.role_allows(logs, "logs:PutLogEvents")  # which is about every resource


class TestCredentials:
    def test_a_token_brings_the_roles_credentials_for_an_hour(self, open_to_all: Platform) -> None:
        before = datetime.now(timezone.utc).replace(microsecond=0)
        token = open_to_all.issue("training-job/mine", ROLE)
        found = open_to_all.credentials(token)
        assert found is not None
        assert sorted(found) == ["AccessKeyId", "Expiration", "RoleArn", "SecretAccessKey", "Token"]
        assert found["RoleArn"] == ROLE
        end = datetime.strptime(found["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        assert timedelta(0) <= end - before - timedelta(hours=1) < timedelta(minutes=1)
        (assumed,) = sts().assumed_roles
        assert (found["AccessKeyId"], found["SecretAccessKey"], found["Token"]) == (
            assumed.access_key_id,
            assumed.secret_access_key,
            assumed.session_token,
        )
        assert (assumed.role_arn, assumed.session_name) == (ROLE, "SageMaker")

    def test_a_token_cannot_be_guessed_and_none_is_given_twice(self, open_to_all: Platform) -> None:
        tokens = {open_to_all.issue("training-job/mine", ROLE) for _ in range(3)}
        assert len(tokens) == 3
        assert {len(one) for one in tokens} == {43}  # 32 bytes
        assert open_to_all.credentials("no-token") is None

    @pytest.mark.parametrize(("left_s", "are_new"), [(9 * 60 + 59, True), (10 * 60 + 30, False)])
    def test_they_are_renewed_ten_minutes_before_their_end(
        self, open_to_all: Platform, left_s: int, are_new: bool
    ) -> None:
        token = open_to_all.issue("training-job/mine", ROLE)
        first = open_to_all.credentials(token)
        open_to_all._issued[token].expires = datetime.now(timezone.utc) + timedelta(seconds=left_s)
        second, third = open_to_all.credentials(token), open_to_all.credentials(token)
        assert first is not None
        assert second is not None
        assert (second["AccessKeyId"] != first["AccessKeyId"]) == are_new
        assert second["RoleArn"] == ROLE
        assert third == second  # the new ones are kept
        assert open_to_all.is_job(second["AccessKeyId"])
        open_to_all.forget("training-job/mine")
        assert open_to_all.credentials(token) is None

    def test_a_job_that_ended_gets_none_while_others_do(self, open_to_all: Platform) -> None:
        ended, running = open_to_all.issue("training-job/a", ROLE), open_to_all.issue("training-job/b", ROLE)
        of_ended, of_running = open_to_all.credentials(ended), open_to_all.credentials(running)
        assert of_ended
        assert of_running
        open_to_all.forget("training-job/a")
        assert open_to_all.credentials(ended) is None
        assert open_to_all.credentials(running) == of_running
        assert not open_to_all.is_job(of_ended["AccessKeyId"])
        assert open_to_all.is_job(of_running["AccessKeyId"])
        assert not open_to_all.is_job("AKIACLIENT")


def sts() -> Any:
    from moto.sts.models import sts_backends

    return sts_backends[ACCOUNT]["aws"]


class TestCallers:
    def test_a_caller_without_the_permission_is_refused_with_action_and_resource(self, enforcing: Platform) -> None:
        key = make_user(allow("sagemaker:StopTrainingJob", JOB))
        request = {"TrainingJobName": "Mine"}
        assert enforcing.refusal("StopTrainingJob", request, environ_of(key), REGION) is None
        assert enforcing.refusal("DescribeTrainingJob", request, environ_of(key), REGION) == (
            "AccessDeniedException",
            f"{ME} is not authorized to perform: sagemaker:DescribeTrainingJob on resource: {JOB}",
        )
        refused = enforcing.refusal("StopTrainingJob", {"TrainingJobName": "other"}, environ_of(key), REGION)
        assert refused
        assert refused[1].endswith(f"on resource: {JOB.replace('mine', 'other')}")
        elsewhere = enforcing.refusal("StopTrainingJob", request, environ_of(key), "us-east-1")
        assert elsewhere
        assert elsewhere[1].endswith(f"on resource: {JOB.replace(REGION, 'us-east-1')}")

    def test_an_explicit_deny_keeps_a_caller_out(self, enforcing: Platform) -> None:
        key = make_user(allow("*"), deny("sagemaker:StopTrainingJob"))
        request = {"TrainingJobName": "mine"}
        assert enforcing.refusal("DescribeTrainingJob", request, environ_of(key), REGION) is None
        refused = enforcing.refusal("StopTrainingJob", request, environ_of(key), REGION)
        assert refused
        assert refused[0] == "AccessDeniedException"

    def test_who_creates_a_job_has_to_be_allowed_to_pass_its_role(self, enforcing: Platform) -> None:
        create = allow("sagemaker:CreateTrainingJob")
        request = {"TrainingJobName": "mine", "RoleArn": ROLE}
        without = make_user(create, name="without")
        refused = enforcing.refusal("CreateTrainingJob", request, environ_of(without), REGION)
        assert refused
        assert "is not authorized to perform: iam:PassRole on resource: " in refused[1]
        other = make_user(create, allow("iam:PassRole", f"{ROLE}2"), name="other")
        assert enforcing.refusal("CreateTrainingJob", request, environ_of(other), REGION)
        may = make_user(create, allow("iam:PassRole", ROLE), name="may")
        assert enforcing.refusal("CreateTrainingJob", request, environ_of(may), REGION) is None

    def test_a_key_that_nobody_has_is_refused_in_the_services_words(self, enforcing: Platform) -> None:
        refused = enforcing.refusal("ListTrainingJobs", {}, environ_of("AKIANOBODY"), REGION)
        assert refused == ("UnrecognizedClientException", "The security token included in the request is invalid.")
        with pytest.raises(ServiceError, match="token included in the request is invalid") as error:
            enforcing.require("pricing:GetProducts", "*", environ_of("AKIANOBODY"))
        assert (error.value.code, error.value.status) == ("AccessDenied", 403)

    @pytest.mark.parametrize(
        ("more", "code", "status"),
        [({}, "AccessDenied", 403), ({"HTTP_X_AMZ_TARGET": "AmazonSSM.StartSession"}, "AccessDeniedException", 400)],
    )
    def test_what_moto_does_not_check_is_checked_in_the_form_of_the_request(
        self, enforcing: Platform, more: dict[str, str], code: str, status: int
    ) -> None:
        key = make_user(allow("ssm:StartSession", "arn:aws:x:::one"))
        enforcing.require("ssm:StartSession", "arn:aws:x:::one", environ_of(key, **more))
        with pytest.raises(ServiceError) as error:
            enforcing.require("ssm:StartSession", "arn:aws:x:::two", environ_of(key, **more))
        assert (error.value.code, error.value.status) == (code, status)
        assert str(error.value) == (f"{ME} is not authorized to perform: ssm:StartSession on resource: arn:aws:x:::two")

    def test_a_jobs_own_credentials_are_checked_by_its_roles_policies(self, enforcing: Platform) -> None:
        role = make_role(allow("sagemaker:StopTrainingJob"))
        found = enforcing.credentials(enforcing.issue("training-job/mine", role))
        assert found
        environ = environ_of(found["AccessKeyId"], found["Token"])
        request = {"TrainingJobName": "mine"}
        assert enforcing.refusal("StopTrainingJob", request, environ, REGION) is None
        assert enforcing.refusal("DescribeTrainingJob", request, environ, REGION)

    def test_without_enforcement_everybody_may_do_everything(self, open_to_all: Platform) -> None:
        assert (
            open_to_all.refusal("StopTrainingJob", {"TrainingJobName": "x"}, environ_of("AKIANOBODY"), REGION) is None
        )
        open_to_all.require("ssm:StartSession", "*", environ_of("AKIANOBODY"))


@pytest.mark.parametrize(
    ("request_", "arn"),
    [
        ({"TrainingJobName": "Mine"}, "training-job/mine"),
        ({"ProcessingJobName": "p"}, "processing-job/p"),
        ({"TransformJobName": "t", "ModelName": "m"}, "transform-job/t"),
        ({"HyperParameterTuningJobName": "h"}, "hyper-parameter-tuning-job/h"),
        ({"ModelName": "Model"}, "model/model"),
    ],
)
def test_a_request_is_about_the_job_or_the_model_that_it_names(request_: dict[str, Any], arn: str) -> None:
    assert _resource(request_, REGION) == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{arn}"
    assert _resource({}, REGION) == "*"


@pytest.mark.parametrize(
    ("request_", "roles"),
    [
        ({}, []),
        ({"RoleArn": "r"}, ["r"]),
        ({"ExecutionRoleArn": "m"}, ["m"]),
        ({"RoleArn": "r", "ExecutionRoleArn": "m"}, ["r", "m"]),
        ({"TrainingJobDefinition": {"RoleArn": "a"}}, ["a"]),
        ({"TrainingJobDefinitions": [{"RoleArn": "a"}, {}, {"RoleArn": "b"}]}, ["a", "b"]),
        ({"TrainingJobDefinitions": {"RoleArn": "a"}}, []),
        ({"TrainingJobDefinitions": ["a"], "TrainingJobDefinition": "a"}, []),
        ({"RoleArn": 1, "ExecutionRoleArn": ["m"]}, []),
    ],
)
def test_a_request_passes_its_roles_and_those_of_its_definitions(request_: dict[str, Any], roles: list[str]) -> None:
    assert roles_of(request_) == roles


class TestTrust:
    @pytest.mark.parametrize(
        ("change", "is_trusted"),
        [
            ({}, True),
            ({"Principal": "*"}, True),
            ({"Principal": {"Service": "*"}}, True),
            ({"Principal": {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}}, True),
            ({"Principal": {"Service": "ec2.amazonaws.com"}}, False),
            ({"Principal": {"AWS": "*"}}, False),
            ({"Principal": {}}, False),
            ({"Action": "*"}, True),
            ({"Action": "sts:*"}, True),
            ({"Action": ["sts:TagSession", "sts:AssumeRole"]}, True),
            ({"Action": "sts:TagSession"}, False),
            ({"Action": []}, False),
            ({"Effect": "Deny"}, False),
            ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}, True),
            ({"Condition": {"StringEqualsIfExists": {"AWS:SOURCEACCOUNT": [ACCOUNT, "1"]}}}, True),
            ({"Condition": {"StringLike": {"aws:SourceAccount": "0000*"}}}, True),
            ({"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}, False),
            ({"Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}}, False),
            ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:PrincipalOrgID": "o-1"}}}, False),
            ({"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}, False),
            ({"Condition": {}}, True),
        ],
    )
    def test_a_statement_lets_sagemaker_in_for_this_account(self, change: dict[str, Any], is_trusted: bool) -> None:
        statement = {**SAGEMAKER, **change}
        assert _trusts(statements(statement)) == is_trusted
        assert _trusts({"Statement": statement}) == is_trusted  # alone, without a list

    def test_a_statement_that_denies_outweighs_one_that_allows(self) -> None:
        deny_all = {**SAGEMAKER, "Effect": "Deny"}
        assert not _trusts(statements(SAGEMAKER, deny_all))
        assert not _trusts(statements(deny_all, SAGEMAKER))
        assert _trusts(statements(SAGEMAKER, {**deny_all, "Action": "sts:TagSession"}))

    def test_a_policy_or_a_statement_without_its_members_trusts_nobody(self) -> None:
        assert not _trusts({})
        assert not _trusts(statements({"Effect": "Allow", "Action": "*"}))
        assert not _trusts(statements({"Effect": "Allow", "Principal": "*"}))
