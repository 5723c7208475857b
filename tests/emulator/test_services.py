"""Which services answer: those that the emulator stands for; all others refuse by name, and nothing answers in HTML."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from simple_sagemaker.emulator import protocol
from simple_sagemaker.emulator.protocol import ServiceError
from simple_sagemaker.local.api.operation_names import OF_COMMANDS, OF_THE_EMULATOR
from tests.emulated import Emulator
from tests.emulator.raw import exchange, send, signed
from tests.running_ssm import run

ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})
RECORD = {"FeatureGroupName": "g", "RecordIdentifierValueAsString": "1"}
REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"x"}, "sagemaker.InvokeEndpoint"),
    ("sagemaker-featurestore-runtime", "get_record", RECORD, "sagemaker.FeatureStoreRuntime"),
    (
        "sagemaker",
        "create_pipeline",
        {"PipelineName": "p", "ClientRequestToken": "t" * 32, "RoleArn": "r" * 20},
        "CreatePipeline",
    ),
    ("dynamodb", "list_tables", {}, "dynamodb"),
    ("lambda", "list_functions", {}, "lambda"),
    ("ec2", "describe_instances", {}, "ec2"),
    ("sqs", "list_queues", {}, "sqs"),
    ("sns", "list_topics", {}, "sns"),
    ("kms", "list_keys", {}, "kms"),
    ("secretsmanager", "list_secrets", {}, "secretsmanager"),
    ("ssm", "describe_parameters", {}, "ssm"),
    ("route53", "list_hosted_zones", {}, "route53"),
    ("cloudformation", "list_stacks", {}, "cloudformation"),
    ("pricing", "get_attribute_values", {"ServiceCode": "AmazonSageMaker", "AttributeName": "vCpu"}, "pricing"),
]


@pytest.mark.parametrize(("service", "operation", "arguments", "name"), REFUSED, ids=[one[0] for one in REFUSED])
def test_what_it_does_not_stand_for_is_refused_by_name_at_once(
    emulator: Emulator, service: str, operation: str, arguments: dict[str, Any], name: str
) -> None:
    client = emulator.client(service, config=ONCE)
    with pytest.raises(ClientError, match=rf"does not serve .*{name}") as caught:
        getattr(client, operation)(**arguments)
    response = caught.value.response
    assert response["Error"]["Code"].removesuffix("Exception") in {"UnknownOperation", "NotImplemented"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    emulator.calls()
    with pytest.raises(ClientError):
        getattr(emulator.client(service), operation)(**arguments)
    assert sum(emulator.calls().values()) == 1  # boto3 does not try it again


def test_repositories_are_there_without_a_registry_of_images(emulator: Emulator) -> None:
    ecr = emulator.client("ecr", config=ONCE)
    made = ecr.create_repository(repositoryName="images")["repository"]
    assert [one["repositoryUri"] for one in ecr.describe_repositories()["repositories"]] == [made["repositoryUri"]]
    assert ecr.describe_images(repositoryName="images")["imageDetails"] == []
    assert ecr.get_authorization_token()["authorizationData"]
    ecr.delete_repository(repositoryName="images")


def test_s3_control_is_refused_and_not_taken_for_a_bucket(emulator: Emulator) -> None:
    target, account = "/v20180820/accesspoint", {"x-amz-account-id": "000000000000"}
    refused = send(emulator, "GET", target, signed(emulator, "s3", "GET", target, account))
    assert refused.status == 400
    assert "does not serve s3control" in refused.body


def test_moto_s_own_pages_are_not_served(emulator: Emulator) -> None:
    for path in ("/moto-api/data.json", "/moto-api/", "/moto-api/reset", "/latest/meta-data/", "/favicon.ico"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert send(emulator, method, path).status == 403
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="moto-api")  # a bucket like any other
    s3.put_object(Bucket="moto-api", Key="reset", Body=b"kept")
    s3.create_bucket(Bucket="kept-bucket")
    for method in ("GET", "POST"):
        send(emulator, method, "/moto-api/reset", signed(emulator, "s3", method, "/moto-api/reset"))
    assert s3.get_object(Bucket="moto-api", Key="reset")["Body"].read() == b"kept"
    s3.head_bucket(Bucket="kept-bucket")
    body = send(emulator, "GET", "/moto-api/data.json", signed(emulator, "s3", "GET", "/moto-api/data.json")).body
    assert "NoSuchKey" in body


def test_prices_are_a_small_table(emulator: Emulator) -> None:
    from simple_sagemaker.aws.prices import hourly

    pricing = emulator.client("pricing", config=ONCE)
    assert [one["ServiceCode"] for one in pricing.describe_services()["Services"]] == ["AmazonSageMaker"]

    def price(**fields: str) -> float | None:
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()]
        return hourly(pricing.get_products(ServiceCode="AmazonSageMaker", Filters=filters)["PriceList"])

    asked = {"regionCode": "us-east-1", "component": "Training"}
    assert price(instanceName="ml.m5.large", **asked) == 0.115
    assert price(instanceName="ml.unknown", **asked) is None
    assert price(instanceName="ml.m5.large", regionCode="eu-west-1", component="Training") is None
    with pytest.raises(ClientError, match="AmazonSageMaker only") as caught:
        pricing.get_products(ServiceCode="AmazonEC2")
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


BROKEN = [
    b"\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/1.1 more\r\n\r\n",
    b"GET / HTTP/x\r\n\r\n",
    b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
]


def test_broken_http_is_a_400_without_a_traceback(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    try:
        for data in BROKEN[1:]:
            answer = exchange(emulator, data)
            assert answer.status in {400, 414, 505}, (data, answer)
            assert "Traceback" not in answer.body
        target = {"X-Amz-Target": "SageMaker.ListTrainingJobs"}
        headers = signed(emulator, "sagemaker", "POST", "/", {**target, "Transfer-Encoding": "chunked"}, b"")
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        chunked = f"POST / HTTP/1.1\r\nHost: {emulator.url[7:]}\r\n{lines}\r\nzz\r\n{{}}\r\n0\r\n\r\n"
        assert exchange(emulator, chunked.encode()).status == 400
        broken_json = [
            ("sagemaker", "SageMaker.CreateTrainingJob"),
            ("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources"),
            ("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"),
            ("logs", "Logs_20140328.DescribeLogStreams"),
            ("pricing", "AWSPriceListService.GetProducts"),
        ]
        for service, name in broken_json:
            for body in (b"{", b"[]", b"\xff", b"null" if service == "sagemaker" else b"1"):
                headers = signed(emulator, service, "POST", "/", {"X-Amz-Target": name}, body)
                answer = send(emulator, "POST", "/", headers, body)
                assert answer.status == 400, (service, body, answer)
                assert json.loads(answer.body)["__type"] == "SerializationException"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for body in (b"", b"Action=SimulatePrincipalPolicy", b"Action=NoSuch&Version=2010-05-08", b"\xff=\xfe"):
            answer = send(emulator, "POST", "/", signed(emulator, "iam", "POST", "/", form, body), body)
            assert answer.status in {400, 404, 500, 501}
            assert "<html" not in answer.body.lower()
        with socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2]))) as half:
            half.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        assert emulator.page("health")["running"] == 0
    finally:
        printed = emulator.stop()
    assert "Traceback" not in printed


def test_a_taken_port_is_one_message(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        done = run("emulator", "--port", number, "--home", str(tmp_path))
    assert done.returncode == 6
    assert done.stderr.count("is taken") == 1
    assert "in use" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 3  # what, what to do, and where there is more


TWO = """
import sys
from dataclasses import replace
from pathlib import Path
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.errors import EngineUnavailable
from simple_sagemaker.services.choose import emulator
import boto3

spec = parse(["emulator", "--port", "0"])
def start(name):
    home = Path(sys.argv[1], name)
    home.mkdir()
    return emulator(spec, home, {}, print)

def client(variables):
    session = boto3.Session(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    return session.client("s3", endpoint_url=variables["AWS_ENDPOINT_URL"])

first = start("first")
s3 = client(first.start())
s3.create_bucket(Bucket="of-the-first")
try:
    start("second")
except EngineUnavailable as error:
    print("refused:", error)
s3.head_bucket(Bucket="of-the-first")
first.stop(1)
third = start("third")
print("buckets:", client(third.start()).list_buckets()["Buckets"])
third.stop(1)
"""


@pytest.mark.long
def test_a_process_has_one_emulator_at_a_time_and_says_so(tmp_path: Path) -> None:
    """By default tests/testing/test_emulated.py says the same of emulators that are begun with ``with``."""
    words = [sys.executable, "-W", "ignore", "-c", TWO, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "refused: This process has an emulator already." in done.stdout
    assert "buckets: []" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "output"),
    [
        (("--bind", "0.0.0.0"), {}, "--bind needs keys"),
        (("--bind", "0.0.0.0"), {"AWS_ACCESS_KEY_ID": "a"}, "--bind needs keys"),
        (
            ("--bind", "0.0.0.0"),
            {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"},
            "--bind needs keys",
        ),
        (("--bind", "here"), {}, "--bind 'here' is not an IP address"),
        (("--allow_host", "a:80"), {}, "--allow_host 'a:80' is not a host name"),
        (("--allow_host", "*"), {}, "--allow_host '*' is not a host name"),
    ],
)
def test_who_may_reach_it_is_checked_first(
    arguments: tuple[str, ...], environment: dict[str, str], output: str
) -> None:
    done = run("emulator", "--port", "0", *arguments, environment={**os.environ, **environment})
    assert done.returncode == 2
    assert output in done.stderr


def test_every_operation_of_sagemaker_that_is_not_there_is_refused_by_its_name() -> None:
    model = botocore.session.Session().get_service_model("sagemaker")
    others = {*model.operation_names} - {*OF_COMMANDS, *OF_THE_EMULATOR}
    assert {"CreateEndpoint", "CreatePipeline", "CreateAutoMLJobV2", "CreateNotebookInstance"} < others
    for name in others:
        with pytest.raises(ServiceError, match=rf"The emulator does not serve {name}; it serves") as refused:
            protocol.call({}, name, {})
        assert refused.value.code == "UnknownOperationException"
    with pytest.raises(
        ServiceError, match=r"There are no endpoints: a transform job serves a model by the same script"
    ):
        protocol.call({}, "CreateEndpointConfig", {})


def test_log_events_are_those_of_the_streams_whose_names_begin_so(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName="group")
    for name in ("one/a", "one/b", "two/a"):
        logs.create_log_stream(logGroupName="group", logStreamName=name)
        event = {"timestamp": int(time.time() * 1000), "message": name}
        logs.put_log_events(logGroupName="group", logStreamName=name, logEvents=[event])

    def found(**members: Any) -> list[str]:
        page = logs.filter_log_events(logGroupName="group", **members)
        return sorted(event["message"] for event in page["events"])

    assert found(logStreamNamePrefix="one/") == ["one/a", "one/b"]
    assert found(logStreamNamePrefix="three/") == []
    assert found() == ["one/a", "one/b", "two/a"]
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="none", logStreamNamePrefix="one/")
