"""The emulator's answers: by which service, and how refusals, faults and failures look to clients."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from simple_sagemaker.emulator.fault_injection import Plan
from tests.unit.emulator.running import KEYS, Running, Start, refused
from tests.unit.emulator.signed_requests import of_json, signed
from tests.unit.local.made_jobs import make


class TestFaults:
    def test_operations_are_counted_but_for_a_tests_own_look(self, start: Start) -> None:
        running = start()
        running.sagemaker("ListTrainingJobs")
        running.json("sagemaker", "SageMaker.ListTrainingJobs", headers={"User-Agent": "Boto3 ssm-testing"})
        running.s3("PUT", "/bucket")
        assert running.page("GET", "requests") == (200, {"sagemaker.ListTrainingJobs": 1, "s3.CreateBucket": 1})

    @pytest.mark.parametrize(
        ("fault", "of_json", "of_s3"),
        [("throttle", (400, "ThrottlingException"), (503, "SlowDown")), ("error", (500, "InternalFailure"), (500, ""))],
    )
    def test_a_request_that_fails_is_not_carried_out(
        self, start: Start, fault: str, of_json: tuple[int, str], of_s3: tuple[int, str]
    ) -> None:
        running = start(plan=Plan(**{fault: 1.0}))  # type: ignore[arg-type]
        status, members = running.sagemaker("ListTrainingJobs")
        assert (status, members["__type"]) == of_json
        status, text = running.s3("PUT", "/bucket")
        assert status == of_s3[0]
        assert of_s3[1] in text
        running.page("POST", "faults", b"throttle=0")
        assert running.s3("GET", "/bucket?location")[0] == 404

    def test_a_job_meets_no_faults_unless_they_are_for_jobs_too(self, start: Start) -> None:
        for jobs, expected in ((False, 200), (True, 400)):
            running = start(plan=Plan(throttle=1.0, jobs=jobs))
            platform = running.application._platform
            found = platform.credentials(platform.issue("training-job/mine", "arn:aws:iam::000000000000:role/r"))
            assert found
            status, _ = running.json(
                "sagemaker",
                "SageMaker.ListTrainingJobs",
                keys=(found["AccessKeyId"], found["SecretAccessKey"]),
                token=found["Token"],
            )
            assert status == expected, jobs

    def test_a_connection_breaks_before_the_request_or_after_it(self, start: Start) -> None:
        running = start(plan=Plan(reset=1.0))
        outcomes = []
        for number in range(12):
            environ = signed("s3", "PUT", f"/bucket{number}", keys=KEYS)
            with pytest.raises(ConnectionResetError, match="on purpose"):
                running.ask(environ)
            assert environ["werkzeug.socket"].acts == ["linger", "shutdown"]
        running.page("POST", "faults", b"seed=1")
        outcomes = [running.s3("GET", f"/bucket{number}?location")[0] for number in range(12)]
        assert set(outcomes) == {200, 404}
        assert running.reports == []

    def test_a_slow_answer_comes_as_late_as_was_asked_for(self, start: Start) -> None:
        running = start(plan=Plan(slow=1.0, slow_s=0.3))
        began = time.monotonic()
        assert running.sagemaker("ListTrainingJobs")[0] == 200
        assert time.monotonic() - began >= 0.3

    def test_an_empty_page_leads_to_the_page_itself(self, start: Start) -> None:
        running = start(plan=Plan(empty_page=1.0))
        make(running.home, "mine")
        status, page = running.sagemaker("ListTrainingJobs", MaxResults=1)
        assert (status, page["TrainingJobSummaries"]) == (200, [])
        running.page("POST", "faults", b"seed=1")
        _, page = running.sagemaker("ListTrainingJobs", MaxResults=1, NextToken=page["NextToken"])
        assert [one["TrainingJobName"] for one in page["TrainingJobSummaries"]] == ["mine"]
        assert "NextToken" not in page

    def test_an_empty_page_is_for_listings_alone(self, start: Start) -> None:
        running = start(plan=Plan(empty_page=1.0))
        make(running.home, "mine")
        status, job = running.sagemaker("DescribeTrainingJob", TrainingJobName="mine")
        assert (status, job["TrainingJobName"]) == (200, "mine")

    def test_a_job_over_the_quota_is_not_created(self, start: Start) -> None:
        running = start(plan=Plan(quota=("ml.p3.2xlarge",)))
        request = {"TrainingJobName": "mine", "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1}}
        status, code, message = refused(running.sagemaker("CreateTrainingJob", **request))
        assert (status, code) == (400, "ResourceLimitExceeded")
        assert message.startswith("The account-level service limit 'ml.p3.2xlarge for training job usage' is 0")
        _, code, _ = refused(running.sagemaker("DescribeTrainingJob", **request))
        assert code != "ResourceLimitExceeded"

    def test_sessions_live_no_longer_than_the_plan_says(self, start: Start) -> None:
        running = start(plan=Plan(session=0.2))
        _, text = running.query("sts", "Action=GetSessionToken&Version=2011-06-15")
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        key, secret, token = [text.partition(f"<{name}>")[2].partition("<")[0] for name in names]
        time.sleep(0.3)
        answer = running.json("sagemaker", "SageMaker.ListTrainingJobs", keys=(key, secret), token=token)
        assert refused(answer)[1] == "ExpiredTokenException"


class TestServices:
    def test_an_operation_of_sagemaker_is_answered_by_the_engine(self, start: Start) -> None:
        running = start()
        make(running.home, "mine")
        status, _, body = running.ask(of_json("sagemaker", "SageMaker.ListTrainingJobs", keys=KEYS))
        assert (status, json.loads(body)["TrainingJobSummaries"][0]["TrainingJobName"]) == (200, "mine")
        assert refused(running.sagemaker("CreateEndpoint"))[1] == "UnknownOperationException"

    def test_each_region_has_its_own_jobs(self, start: Start) -> None:
        running = start()
        make(running.home, "mine")
        _, answer = running.json("sagemaker", "SageMaker.ListTrainingJobs", region="eu-west-1")
        assert answer["TrainingJobSummaries"] == []
        answer = running.json("sagemaker", "SageMaker.ListTrainingJobs", region="nowhere")
        assert refused(answer) == (
            403,
            "InvalidSignatureException",
            "Credential should be scoped to a valid region, not 'nowhere'.",
        )

    @pytest.mark.parametrize(
        ("service", "target"),
        [("logs", "SageMaker.ListTrainingJobs"), ("sagemaker", "Logs_20140328.DescribeLogGroups")],
    )
    def test_a_signature_for_one_service_does_not_serve_for_another(
        self, start: Start, service: str, target: str
    ) -> None:
        assert refused(start().json(service, target)) == (
            403,
            "InvalidSignatureException",
            f"Credential should be scoped to the service of {target}.",
        )

    def test_what_is_signed_for_sagemaker_and_names_no_operation_is_refused_by_name(self, start: Start) -> None:
        running = start()
        environ = signed("sagemaker", "POST", "/endpoints/e/invocations", b"{}", keys=KEYS)
        status, _, body = running.ask(environ)
        assert (status, json.loads(body)["message"]) == (400, "The emulator does not serve sagemaker.InvokeEndpoint.")

    def test_prices_and_sessions_of_session_manager_are_our_own(self, start: Start) -> None:
        running = start()
        status, prices = running.json("pricing", "AWSPriceListService.DescribeServices")
        assert (status, prices["Services"][0]["ServiceCode"]) == (200, "AmazonSageMaker")
        answer = running.json("ssm", "AmazonSSM.StartSession", {"Target": "i-1"})
        assert refused(answer) == (400, "TargetNotConnected", "i-1 is not connected.")

    def test_with_iam_enforced_these_take_a_permission_too(self, start: Start) -> None:
        running = start(enforce=True)
        user = self.user(running)
        assert running.json("pricing", "AWSPriceListService.DescribeServices")[0] == 200
        for service, target in (
            ("pricing", "AWSPriceListService.DescribeServices"),
            ("ssm", "AmazonSSM.StartSession"),
            ("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources"),
            ("sagemaker", "SageMaker.ListTrainingJobs"),
        ):
            _, code, message = refused(running.json(service, target, keys=user))
            operation = f"{service.replace('tagging', 'tag')}:{target.partition('.')[2]}"
            assert code == "AccessDeniedException", service
            assert message.endswith(f"user/me is not authorized to perform: {operation} on resource: *"), service

    def user(self, running: Running) -> tuple[str, str]:
        """A user without permissions; its key."""
        running.query("iam", "Action=CreateUser&UserName=me&Version=2010-05-08")
        _, text = running.query("iam", "Action=CreateAccessKey&UserName=me&Version=2010-05-08")
        key, secret = [text.partition(f"<{name}>")[2].partition("<")[0] for name in ("AccessKeyId", "SecretAccessKey")]
        return key, secret

    def test_services_that_are_not_served_are_named_with_those_that_are(self, start: Start) -> None:
        running = start()
        status, text = running.query("ec2", "Action=DescribeInstances&Version=2016-11-15")
        assert status == 400
        assert "The emulator does not serve ec2; it serves SageMaker's jobs and models, S3, IAM" in text
        environ = signed("s3", "GET", "/v20180820/jobs", headers={"x-amz-account-id": "000000000000"}, keys=KEYS)
        status, _, body = running.ask(environ)
        assert status == 400
        assert b"The emulator does not serve s3control; it serves" in body

    def test_a_bucket_of_another_account_is_not_given_out(self, start: Start) -> None:
        running = start()
        assert running.s3("PUT", "/bucket")[0] == 200
        name = "x-amz-expected-bucket-owner"
        assert running.s3("GET", "/bucket?location", headers={name: "000000000000"})[0] == 200
        status, text = running.s3("GET", "/bucket?location", headers={name: "111122223333"})
        assert (status, "<Code>AccessDenied</Code><Message>Access Denied</Message>" in text) == (403, True)

    def test_sessions_and_policies_that_are_simulated_are_our_own_too(self, start: Start) -> None:
        running = start()
        status, text = running.query("sts", "Action=GetSessionToken&Version=2011-06-15")
        assert (status, "<SessionToken>" in text) == (200, True)
        role = "arn:aws:iam::000000000000:role/r"
        text = f"Action=SimulatePrincipalPolicy&PolicySourceArn={role}&ActionNames.member.1=s3:GetObject"
        status, text = running.query("iam", text)
        assert (status, "<EvalDecision>allowed</EvalDecision>" in text) == (200, True)

    def test_with_iam_enforced_no_federated_user_gets_a_key(self, start: Start) -> None:
        text = "Action=GetFederationToken&Name=me&Version=2011-06-15"
        assert start().query("sts", text)[0] == 200
        assert start(enforce=True).query("sts", text)[0] == 501

    def test_tags_of_jobs_are_found_by_the_tagging_service(self, start: Start) -> None:
        running = start()
        make(running.home, "mine", team="a")
        status, answer = running.json("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources")
        assert status == 200
        assert answer["ResourceTagMappingList"] == [
            {
                "ResourceARN": "arn:aws:sagemaker:us-east-1:000000000000:training-job/mine",
                "Tags": [{"Key": "team", "Value": "a"}],
            }
        ]
        status, answer = running.json("tagging", "ResourceGroupsTaggingAPI_20170126.GetComplianceSummary")
        assert status == 501  # moto's

    def test_events_are_found_by_the_beginning_of_their_streams_names(self, start: Start) -> None:
        running = start()
        group = {"logGroupName": "g"}
        running.json("logs", "Logs_20140328.CreateLogGroup", group)
        for name in ("a-1", "b-1"):
            running.json("logs", "Logs_20140328.CreateLogStream", {**group, "logStreamName": name})
            events = [{"timestamp": int(time.time() * 1000), "message": name}]
            running.json("logs", "Logs_20140328.PutLogEvents", {**group, "logStreamName": name, "logEvents": events})
        _, answer = running.json("logs", "Logs_20140328.FilterLogEvents", {**group, "logStreamNamePrefix": "a"})
        assert [one["message"] for one in answer["events"]] == ["a-1"]

    def test_what_an_ended_job_printed_is_in_cloudwatch_once_its_end_is_told(self, start: Start) -> None:
        running = start()
        running.application._regions.get("us-east-1").shipper.stop()  # type: ignore[union-attr]  # it ships no more by itself
        job = make(running.home, "mine")
        (job.logs / "algo-1-1700000000").write_text("1700000000000 printed\n")
        group = {"logGroupName": "/aws/sagemaker/TrainingJobs"}
        assert running.json("logs", "Logs_20140328.FilterLogEvents", group)[0] == 400
        running.sagemaker("DescribeTrainingJob", TrainingJobName="mine")
        _, answer = running.json("logs", "Logs_20140328.DescribeLogStreams", group)
        assert [one["logStreamName"] for one in answer["logStreams"]] == ["mine/algo-1-1700000000"]

    def test_what_moto_lets_pass_in_a_request_to_s3_is_refused(self, start: Start) -> None:
        running = start()
        running.s3("PUT", "/bucket")
        status, text = running.s3("GET", "/bucket?max-keys=x")
        assert (status, "Provided max-keys not an integer" in text) == (400, True)

    def test_addresses_of_ecr_are_those_of_the_registry_where_there_is_one(self, start: Start) -> None:
        create, own = "AmazonEC2ContainerRegistry_V20150921.CreateRepository", "000000000000.dkr.ecr.us-east-1"
        running = start()
        _, answer = running.json("ecr", create, {"repositoryName": "one"})
        assert answer["repository"]["repositoryUri"] == f"{own}.amazonaws.com/one"
        running = start(registry="127.0.0.1:1")
        status, headers, body = running.ask(of_json("ecr", create, {"repositoryName": "two"}, keys=KEYS))
        assert (status, json.loads(body)["repository"]["repositoryUri"]) == (200, "127.0.0.1:1/two")
        assert "content-length" not in headers
        running.json("logs", "Logs_20140328.CreateLogGroup", {"logGroupName": own})
        _, groups = running.json("logs", "Logs_20140328.DescribeLogGroups")
        assert groups["logGroups"][0]["logGroupName"] == own
        image = {"repositoryName": "two", "imageIds": [{"imageTag": "x"}]}
        answer = running.json("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchGetImage", image)
        status, code, message = refused(answer)
        assert (status, code) == (500, "ServerException")
        assert message.startswith("The registry at 127.0.0.1:1: ")


class TestFailures:
    def test_what_moto_does_not_implement_is_refused_by_name(self, start: Start) -> None:
        running = start()
        assert refused(running.json("logs", "Logs_20140328.TestMetricFilter")) == (
            501,
            "NotImplemented",
            "The emulator does not serve logs.TestMetricFilter.",
        )

    def test_a_failure_of_ours_is_reported_and_looks_like_awss(self, start: Start) -> None:
        running = start()
        running.application._regions.get("us-east-1").operations = {"ListTrainingJobs": fail_with(KeyError("x"))}  # type: ignore[union-attr]
        assert refused(running.sagemaker("ListTrainingJobs")) == (500, "InternalFailure", "Internal failure")
        assert running.reports == ["sagemaker POST: KeyError: 'x'"]

    def test_a_shortage_of_this_machine_throttles(self, start: Start) -> None:
        running = start()
        running.application._regions.get("us-east-1").operations = {"ListTrainingJobs": fail_with(MemoryError())}  # type: ignore[union-attr]
        why = "This machine has no memory left. End jobs or other programs."
        assert refused(running.sagemaker("ListTrainingJobs")) == (400, "ThrottlingException", why)
        assert running.reports == [f"sagemaker POST: {why}"]

    def test_a_document_that_s3_cannot_read_is_its_senders_fault(self, start: Start) -> None:
        running = start()
        running.s3("PUT", "/bucket")
        status, text = running.s3("PUT", "/bucket?tagging", b"<Other/>")
        assert (status, "<Code>MalformedXML</Code>" in text) == (400, True)
        assert running.reports == []

    def test_a_body_that_is_no_request_is_refused_before_moto_sees_it(self, start: Start) -> None:
        running = start()
        answer = running.json("logs", "Logs_20140328.DescribeLogGroups", b"[]")
        assert refused(answer) == (400, "SerializationException", "The request is not a JSON object.")

    def test_of_a_head_only_the_headers_are_sent(self, start: Start) -> None:
        running = start()
        running.s3("PUT", "/bucket")
        running.s3("PUT", "/bucket/key", b"content")
        status, headers, body = running.ask(signed("s3", "HEAD", "/bucket/key", keys=KEYS))
        assert (status, headers["content-length"], body) == (200, "7", b"")
        assert not [name for name in headers if name.startswith("access-control")]
        assert running.s3("GET", "/bucket/key") == (200, "content")


def fail_with(error: BaseException) -> Callable[..., Any]:
    def fail(**_: Any) -> Any:
        raise error

    return fail
