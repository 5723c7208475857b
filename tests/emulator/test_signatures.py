"""Nobody reaches the emulator without a signature by a key of its start; refusals are AWS's own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.emulated import Emulator, request
from tests.emulator.raw import Raw, send, signed
from tests.emulator.streams import signed_stream

TARGET = {"X-Amz-Target": "SageMaker.ListTrainingJobs", "Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SERVICES: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "sagemaker": ("POST", "/", TARGET, b"{}"),
    "logs": ("POST", "/", {**TARGET, "X-Amz-Target": "Logs_20140328.DescribeLogGroups"}, b"{}"),
    "iam": ("POST", "/", FORM, b"Action=ListRoles&Version=2010-05-08"),
    "sts": ("POST", "/", FORM, b"Action=GetCallerIdentity&Version=2011-06-15"),
    "s3": ("GET", "/", {}, b""),
}


def code_of(raw: Raw) -> str:
    if raw.body.startswith("{"):
        code: str = json.loads(raw.body)["__type"]
        assert raw.headers["x-amzn-errortype"] == code
        return code
    assert "<Error>" in raw.body
    return raw.body.partition("<Code>")[2].partition("</Code>")[0]


def expected(service: str, json_code: str, query_code: str, s3_code: str) -> str:
    return {"s3": s3_code, "iam": query_code, "sts": query_code}.get(service, json_code)


def ask(emulator: Emulator, service: str, headers: Callable[[dict[str, str]], dict[str, str]], **keys: Any) -> Raw:
    method, target, given, body = SERVICES[service]
    return send(emulator, method, target, headers(signed(emulator, service, method, target, given, body, **keys)), body)


@pytest.mark.parametrize("service", SERVICES)
def test_a_request_without_or_with_a_wrong_signature_gets_the_services_own_403(
    emulator: Emulator, service: str
) -> None:
    method, target, given, body = SERVICES[service]
    assert ask(emulator, service, lambda headers: headers).status == 200
    unsigned = send(emulator, method, target, given, body)
    codes = ("MissingAuthenticationTokenException", "MissingAuthenticationToken", "AccessDenied")
    assert (unsigned.status, code_of(unsigned)) == (403, expected(service, *codes))
    stranger = ask(emulator, service, lambda headers: headers, keys=Credentials("AKIASTRANGER", "secret"))
    codes = ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId")
    assert (stranger.status, code_of(stranger)) == (403, expected(service, *codes))
    known = emulator.environment["AWS_ACCESS_KEY_ID"]
    guessed = ask(emulator, service, lambda headers: headers, keys=Credentials(known, "a guess"))
    codes = ("InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch")
    assert (guessed.status, code_of(guessed)) == (403, expected(service, *codes))
    for scheme in ("Basic dGVzdDp0ZXN0", "AWS test:abc", "AWS4-HMAC-SHA256 Credential=x", "AWS4-HMAC-SHA256"):
        assert send(emulator, method, target, {**given, "Authorization": scheme}, body).status == 403, scheme


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_date_that_is_far_off_is_refused(
    emulator: Emulator, service: str, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore import auth

    moment = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_: moment.replace(tzinfo=None))
    raw = ask(emulator, service, lambda headers: headers)
    codes = ("InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed")
    assert (raw.status, code_of(raw)) == (403, expected(service, *codes))


def test_what_was_signed_cannot_be_changed(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(Bucket="signed")
    body = b"{}"
    headers = signed(emulator, "sagemaker", "POST", "/", TARGET, body)
    changed = send(emulator, "POST", "/", headers, b'{"MaxResults": 1}')
    assert (changed.status, code_of(changed)) == (403, "InvalidSignatureException")
    other = send(emulator, "POST", "/", {**headers, "X-Amz-Target": "SageMaker.ListProcessingJobs"}, body)
    assert (other.status, code_of(other)) == (403, "InvalidSignatureException")
    put = signed(emulator, "s3", "PUT", "/signed/key", {}, b"one")
    tampered = send(emulator, "PUT", "/signed/key", put, b"two")
    assert (tampered.status, code_of(tampered)) == (400, "XAmzContentSHA256Mismatch")
    rehashed = {**put, "X-Amz-Content-SHA256": hashlib.sha256(b"two").hexdigest()}
    assert code_of(send(emulator, "PUT", "/signed/key", rehashed, b"two")) == "SignatureDoesNotMatch"
    assert code_of(send(emulator, "PUT", "/signed/other", put, b"one")) == "SignatureDoesNotMatch"
    assert code_of(send(emulator, "PUT", "/signed/key?acl", put, b"one")) == "SignatureDoesNotMatch"
    copied = send(emulator, "PUT", "/signed/key", {**put, "x-amz-copy-source": "/signed/secret"}, b"one")
    assert (copied.status, code_of(copied)) == (403, "AccessDenied")
    elsewhere = signed(emulator, "s3", "POST", "/", TARGET, body)
    assert send(emulator, "POST", "/", elsewhere, body).status == 403
    assert not emulator.client("s3").list_objects_v2(Bucket="signed").get("Contents")


def test_s3_takes_unsigned_payloads_and_streams_with_each_chunk_signed(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="streams")
    keys = Credentials(emulator.environment["AWS_ACCESS_KEY_ID"], emulator.environment["AWS_SECRET_ACCESS_KEY"])
    chunks = [b"a" * 8192, b"b" * 100, b""]
    headers, _ = signed_stream(emulator.url, "/streams/u", keys, [], kind="UNSIGNED-PAYLOAD")
    assert send(emulator, "PUT", "/streams/u", headers, b"any").status == 200
    for trailer in ("", "x-amz-checksum-crc32:AAAAAA=="):
        headers, body = signed_stream(emulator.url, "/streams/s", keys, chunks, trailer=trailer)
        sent = send(emulator, "PUT", "/streams/s", headers, body)
        assert sent.status == 200, sent.body
        assert s3.get_object(Bucket="streams", Key="s")["Body"].read() == b"".join(chunks)
        changed = send(emulator, "PUT", "/streams/changed", headers, body.replace(b"bbb", b"bab", 1))
        assert changed.status == 403
        headers, body = signed_stream(emulator.url, "/streams/changed", keys, chunks, trailer=trailer)
        for wrong in (body.replace(b"bbb", b"bab", 1), body[:-90], body + b"more", body.replace(b"2000;", b"1fff;", 1)):
            refused = send(emulator, "PUT", "/streams/changed", headers, wrong)
            assert (refused.status, code_of(refused)) == (403, "SignatureDoesNotMatch")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="streams")["Contents"]] == ["s", "u"]


@pytest.mark.parametrize("version", ["s3v4", None])
def test_presigned_urls_work_until_they_are_changed_or_over(emulator: Emulator, version: str | None) -> None:
    s3 = emulator.client("s3", config=Config(signature_version=version) if version else None)
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a b+é", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "a b+é"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"content"
    upload = s3.generate_presigned_url("put_object", Params={"Bucket": "presigned", "Key": "up"})
    urllib.request.urlopen(
        urllib.request.Request(upload, data=b"x", method="PUT", headers={"Content-Type": ""})
    ).close()
    assert s3.head_object(Bucket="presigned", Key="up")["ContentLength"] == 1
    over = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "a b+é"}, ExpiresIn=-5)
    for wrong in (url.replace("presigned/a", "presigned/b"), url.replace("Expires=", "Expires=1"), url[:-3] + "abc"):
        assert _status(wrong) == 403, wrong
    assert _status(over) == 403
    assert _status(f"{emulator.url}/presigned/up") == 403


def _status(url: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)
    caught.value.close()
    return caught.value.code


def test_temporary_keys_count_with_their_own_token_only(emulator: Emulator) -> None:
    import boto3

    sts = emulator.client("sts")
    issued = [
        sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/Some", RoleSessionName="some")["Credentials"],
        sts.get_session_token()["Credentials"],
        sts.get_federation_token(Name="bob")["Credentials"],
    ]
    assert len({one["AccessKeyId"] for one in issued}) == 3
    assert "AKIAIOSFODNN7EXAMPLE" not in {one["AccessKeyId"] for one in issued}
    tokens = [one["SessionToken"] for one in issued]
    for number, one in enumerate(issued):
        keys = {"aws_access_key_id": one["AccessKeyId"], "aws_secret_access_key": one["SecretAccessKey"]}
        for token, works in ((tokens[number], True), (tokens[number - 1], False), (None, False)):
            session = boto3.Session(**keys, aws_session_token=token, region_name="us-east-1")
            calls = (
                session.client("sagemaker", endpoint_url=emulator.url).list_training_jobs,
                session.client("s3", endpoint_url=emulator.url).list_buckets,
                session.client("iam", endpoint_url=emulator.url).list_roles,
            )
            for call in calls:
                if works:
                    call()
                else:
                    with pytest.raises(ClientError, match=r"Invalid|Unrecognized"):
                        call()


def test_a_users_key_counts_until_it_is_inactive_or_deleted(emulator: Emulator) -> None:
    import boto3

    iam = emulator.client("iam")
    iam.create_user(UserName="keyed")
    key = iam.create_access_key(UserName="keyed")["AccessKey"]
    user = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    client = user.client("sagemaker", endpoint_url=emulator.url)
    client.list_training_jobs()
    named = {"UserName": "keyed", "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**named, Status="Inactive")
    with pytest.raises(ClientError, match="UnrecognizedClient"):
        client.list_training_jobs()
    iam.update_access_key(**named, Status="Active")
    client.list_training_jobs()
    iam.delete_access_key(**named)
    with pytest.raises(ClientError, match="UnrecognizedClient"):
        client.list_training_jobs()


@pytest.mark.long
def test_keys_are_new_at_each_start_unless_the_environment_has_some(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "my-key", "AWS_SECRET_ACCESS_KEY": "my-secret"}
    session = {**keys, "AWS_SESSION_TOKEN": "an account's own"}
    printed = []
    for number, environment in enumerate(({}, {}, keys, session)):
        emulator = Emulator(tmp_path / str(number), environment=environment)
        try:
            printed.append(tuple(emulator.variables[name] for name in keys))
            emulator.client("sts").get_caller_identity()
        finally:
            emulator.stop()
    assert printed[2] == ("my-key", "my-secret")
    assert len({*printed}) == 4
    assert all(len(secret) >= 40 for _, secret in printed[:2])


def test_its_own_pages_need_a_signature_too_but_for_health(emulator: Emulator) -> None:
    assert send(emulator, "GET", "/_ssm/health").status == 200
    for method, page in (("GET", "requests"), ("DELETE", "requests"), ("POST", "faults"), ("GET", "nothing")):
        refused = send(emulator, method, f"/_ssm/{page}", body=b"error=1")
        assert (refused.status, code_of(refused)) == (403, "MissingAuthenticationTokenException")
    headers = signed(emulator, "s3", "GET", "/_ssm/requests")
    assert send(emulator, "GET", "/_ssm/requests", headers).status == 200
    for page in ("health/", "credentials/", "credentials/../requests", "Health", "health%2f..%2frequests"):
        assert send(emulator, "GET", f"/_ssm/{page}").status in {403, 404}


def test_the_documented_curl_signs(emulator: Emulator) -> None:
    keys = f"{emulator.environment['AWS_ACCESS_KEY_ID']}:{emulator.environment['AWS_SECRET_ACCESS_KEY']}"
    options = ["--aws-sigv4", "aws:amz:us-east-1:sagemaker", "--user", keys, "-s", "-o", "/dev/null"]
    words = ["curl", *options, "-w", "%{http_code}", "-d", "slow=0.5:0.01", f"{emulator.url}/_ssm/faults"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("curl is not installed")
    emulator.page("faults", "POST", b"")
    assert done.stdout == "200"


def test_with_iam_enforced_presigned_urls_and_sessions_work_and_unsigned_is_403(tmp_path: Path) -> None:
    import boto3

    emulator = Emulator(tmp_path, "--enforce_iam")
    try:
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket="enforced")
        s3.put_object(Bucket="enforced", Key="k", Body=b"content")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "enforced", "Key": "k"})
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"content"
        for method, target, headers, body in SERVICES.values():
            assert send(emulator, method, target, headers, body).status == 403
        iam = emulator.client("iam")
        iam.create_user(UserName="u")
        key = iam.create_access_key(UserName="u")["AccessKey"]
        user = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
        token = user.client("sts", endpoint_url=emulator.url)
        denied = user.client("s3", endpoint_url=emulator.url).generate_presigned_url(
            "get_object", Params={"Bucket": "enforced", "Key": "k"}
        )
        assert _status(denied) == 403
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(everything))
        issued = token.get_session_token()["Credentials"]
        session = boto3.Session(
            issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"], region_name="us-east-1"
        )
        assert session.client("s3", endpoint_url=emulator.url).list_buckets()["Buckets"]
        session.client("sagemaker", endpoint_url=emulator.url).list_training_jobs()
        iam.delete_user_policy(UserName="u", PolicyName="p")
        with pytest.raises(ClientError, match="not authorized"):
            session.client("sagemaker", endpoint_url=emulator.url).list_training_jobs()
    finally:
        emulator.stop()


def test_obstore_signs_as_the_emulator_reads_it(emulator: Emulator) -> None:
    import obstore
    from obstore.store import S3Store

    emulator.client("s3").create_bucket(Bucket="obstored")
    environment = emulator.environment
    store = S3Store(
        "obstored",
        endpoint=emulator.url,
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )
    for key in ("a b", "c+d=e&f", "é/ü", "100%", "x~y"):
        obstore.put(store, key, key.encode())
        assert bytes(obstore.get(store, key).bytes()) == key.encode()
    assert len([one for page in obstore.list(store) for one in page]) == 5
    obstore.put(store, "large", b"z" * (12 << 20))
    emulator_wrong = S3Store(
        "obstored",
        endpoint=emulator.url,
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key="wrong",
        region="us-east-1",
        client_options={"allow_http": True},
    )
    with pytest.raises(obstore.exceptions.PermissionDeniedError):
        obstore.get(emulator_wrong, "large")


def test_an_unsigned_job_does_not_run(emulator: Emulator, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    job = request("unsigned", "bucket")
    job["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/sh", "-c", f"touch {mark}"]
    headers = {**TARGET, "X-Amz-Target": "SageMaker.CreateTrainingJob"}
    assert send(emulator, "POST", "/", headers, json.dumps(job).encode()).status == 403
    assert not (emulator.home / "jobs" / "unsigned").exists()
