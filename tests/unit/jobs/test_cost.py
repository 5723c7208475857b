"""What a job took and cost, in a line; prices as AWS's list has them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import botocore.session
import pytest

from simple_sagemaker.aws import prices
from simple_sagemaker.cli.run import print_outcome
from simple_sagemaker.core import aws_console as console
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.errors import JobFailed, JobStopped
from simple_sagemaker.jobs import cost as costs
from simple_sagemaker.jobs.follow import result
from tests.unit.jobs.watching import JOB, Watch, described

DONE = ("Completed", "Training job completed")

# Written by hand from the page below, and never compared with an answer of AWS. Members that nobody reads are left out.
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
PRODUCT: dict[str, Any] = {
    "product": {
        "productFamily": "ML Instance",
        "attributes": {
            "servicecode": "AmazonSageMaker",
            "instanceName": "ml.m5.large",
            "regionCode": "eu-west-1",
            "component": "Training",
            "usagetype": "EU-Train:ml.m5.large",
        },
        "sku": "ABCDEFGHIJKLMNOP",
    },
    "serviceCode": "AmazonSageMaker",
    "terms": {
        "OnDemand": {
            "ABCDEFGHIJKLMNOP.JRTCKXETXF": {
                "priceDimensions": {
                    "ABCDEFGHIJKLMNOP.JRTCKXETXF.6YS6EN2CT7": {
                        "unit": "Hrs",
                        "description": "$0.129 for Training ml.m5.large per hour in EU (Ireland)",
                        "pricePerUnit": {"USD": "0.1290000000"},
                    }
                },
                "offerTermCode": "JRTCKXETXF",
            }
        }
    },
}


def took(*, hourly: float | None = None, engine: str = "aws", spot: bool = False, hosts: int = 1, **times: int) -> str:
    requests: list[str] = []

    def price(instance_type: str, _kind: str) -> float | None:
        requests.append(instance_type)
        return hourly

    services: Services = replace(Watch().services(lambda _: 0, Reading()), engine=engine, price=price)
    found = described(DONE, status="Completed", hosts=hosts, EnableManagedSpotTraining=spot, **times)
    text = costs.describe(of_training(found), services)
    assert set(requests) <= {"ml.m5.large"}
    return text + (" (asked)" if requests else "")


def test_seconds_are_those_of_all_hosts_and_a_saving_is_told() -> None:
    line = took(hourly=0.5, spot=True, hosts=2, TrainingTimeInSeconds=5000, BillableTimeInSeconds=1600)
    assert line == "Took on 2 machines: 10,000 s trained, 3,200 s billed, 68 % saved by spot, about $0.44 (asked)"


def test_without_spot_nothing_is_saved() -> None:
    line = took(TrainingTimeInSeconds=500, BillableTimeInSeconds=400)
    assert line == "Took: 500 s trained, 400 s billed (asked)"
    line = took(spot=True, TrainingTimeInSeconds=500, BillableTimeInSeconds=500)
    assert "saved" not in line


def test_the_price_of_less_than_a_minute_is_not_asked_for() -> None:
    assert took(hourly=9, hosts=2, TrainingTimeInSeconds=29, BillableTimeInSeconds=29) == (
        "Took on 2 machines: 58 s trained, 58 s billed"
    )
    assert took(hourly=0.1, hosts=2, TrainingTimeInSeconds=30, BillableTimeInSeconds=30).endswith(
        ", less than $0.01 (asked)"
    )


def test_a_cent_is_a_cent() -> None:
    assert took(hourly=0.6, TrainingTimeInSeconds=60, BillableTimeInSeconds=60).endswith("about $0.01 (asked)")


@pytest.mark.parametrize("times", [{}, {"TrainingTimeInSeconds": 100}])
def test_a_job_that_never_started_took_nothing(times: dict[str, Any]) -> None:
    assert took(hourly=1, **times) == ""


def test_this_machine_bills_nothing() -> None:
    assert took(hourly=1, engine="local", TrainingTimeInSeconds=500, BillableTimeInSeconds=400) == ""


def test_the_price_of_a_product_is_read() -> None:
    assert prices.hourly([json.dumps(PRODUCT)]) == 0.129
    assert prices.hourly([json.dumps(PRODUCT)] * 2) == 0.129


def changed(text: str, to: str) -> str:
    return json.dumps(PRODUCT).replace(text, to)


@pytest.mark.parametrize(
    "products",
    [
        [],
        ["no json"],
        ["[]"],
        ['{"terms": {"OnDemand": []}}'],
        [changed('"Hrs"', '"GB-Mo"')],
        [changed('"USD"', '"CNY"')],
        [changed("0.1290000000", "0.0000000000")],
        [changed("0.1290000000", "NaN")],
        [changed("0.1290000000", "cheap")],
        [json.dumps(PRODUCT), changed("0.1290000000", "0.2")],
    ],
)
def test_what_is_no_single_price_is_none(products: list[str]) -> None:
    assert prices.hourly(products) is None


class Answer(BaseHTTPRequestHandler):
    """Answers every call as the price list would, after ``wait_s``."""

    wait_s = 0.0
    requests: list[Any] = []  # noqa: RUF012  shared on purpose, as handlers come one for each call
    body: Any = None

    def do_POST(self) -> None:
        self.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        time.sleep(self.wait_s)
        body = json.dumps(self.body).encode()
        self.send_response(200 if self.body else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name is the base class's
        """Nothing: a test is quiet."""


class Server(ThreadingHTTPServer):
    """Whoever asked may be gone when the answer is slow."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a test is quiet."""


@contextmanager
def price_list(body: Any, wait_s: float = 0.0) -> Iterator[tuple[str, list[Any]]]:
    handler = type("Handler", (Answer,), {"wait_s": wait_s, "requests": [], "body": body})
    server = Server(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", handler.requests  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def session() -> botocore.session.Session:
    made = botocore.session.Session()
    made.set_credentials("a", "b")
    made.set_config_variable("region", "eu-west-1")
    return made


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return monkeypatch


def test_the_price_list_is_asked_for_the_type_in_the_region(elsewhere: pytest.MonkeyPatch) -> None:
    with price_list({"FormatVersion": "aws_v1", "PriceList": [json.dumps(PRODUCT)]}) as (address, requests):
        elsewhere.setenv("AWS_ENDPOINT_URL_PRICING", address)
        assert prices.asker(session(), region="eu-west-1")("ml.m5.large", "training") == 0.129
    assert requests[0]["ServiceCode"] == "AmazonSageMaker"
    assert {one["Field"]: one["Value"] for one in requests[0]["Filters"]} == {
        "instanceName": "ml.m5.large",
        "regionCode": "eu-west-1",
        "component": "Training",
    }


def test_a_price_is_kept_for_a_week_and_that_there_is_none_for_an_hour(
    elsewhere: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def price(kind: str = "training") -> float | None:
        return prices.asker(session(), region="eu-west-1", cache=tmp_path / "prices")("ml.m5.large", kind)

    with price_list({"PriceList": [json.dumps(PRODUCT)]}) as (address, requests):
        elsewhere.setenv("AWS_ENDPOINT_URL_PRICING", address)
        assert (price(), price()) == (0.129, 0.129)
        assert len(requests) == 1
        (file,) = (tmp_path / "prices").iterdir()
        os.utime(file, (0, time.time() - 8 * 86_400))
        assert price() == 0.129
        assert len(requests) == 2
        file.write_text("hostile")
        assert price() == 0.129
    with price_list({"PriceList": []}) as (address, requests):
        elsewhere.setenv("AWS_ENDPOINT_URL_PRICING", address)
        assert (price("processing"), price("processing")) == (None, None)
        assert [{one["Field"]: one["Value"] for one in request["Filters"]}["component"] for request in requests] == [
            "Processing"
        ]
        (none,) = set((tmp_path / "prices").iterdir()) - {file}
        os.utime(none, (0, time.time() - 7200))
        assert price("processing") is None
        assert len(requests) == 2


def test_who_may_not_ask_goes_without(elsewhere: pytest.MonkeyPatch) -> None:
    with price_list(None) as (address, requests):
        elsewhere.setenv("AWS_ENDPOINT_URL_PRICING", address)
        assert prices.asker(session(), region="eu-west-1")("ml.m5.large", "training") is None
    assert len(requests) == 1


def test_a_slow_price_list_delays_the_end_by_two_seconds_at_most(elsewhere: pytest.MonkeyPatch) -> None:
    with price_list({"PriceList": []}, wait_s=100) as (address, _):
        elsewhere.setenv("AWS_ENDPOINT_URL_PRICING", address)
        began = time.monotonic()
        assert prices.asker(session(), region="eu-west-1")("ml.m5.large", "training") is None
        assert time.monotonic() - began < 50


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "nowhere"])
def test_other_partitions_are_not_asked(region: str, elsewhere: pytest.MonkeyPatch) -> None:
    with price_list({"PriceList": [json.dumps(PRODUCT)]}) as (address, requests):
        elsewhere.setenv("AWS_ENDPOINT_URL_PRICING", address)
        assert prices.asker(session(), region=region)("ml.m5.large", "training") is None
    assert requests == []


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_of_a_partition_has_an_address_of_its_own(region: str, host: str) -> None:
    address = f"https://{host}/sagemaker/home?region={region}#/jobs/{JOB}"
    assert console.training_job(JOB, region=region) == address


@pytest.mark.parametrize(("status", "error"), [("Completed", None), ("Failed", JobFailed), ("Stopped", JobStopped)])
def test_every_end_tells_what_it_took(
    status: str, error: type[Exception] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = result(of_training(described((status, ""), status=status, TrainingTimeInSeconds=90)))
    with pytest.raises(error) if error else nullcontext() as caught:
        print_outcome(ended, ["Took: 90 s trained", "Results: here"])
    output = str(caught.value) if caught else capsys.readouterr().err
    assert output.startswith(f"{status} after 90 s: {JOB}")
    assert output.rstrip().endswith("Took: 90 s trained\nResults: here")
