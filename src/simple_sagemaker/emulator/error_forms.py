"""A service's error as its clients read it: JSON, CBOR, or one of AWS's forms of XML, as the request's protocol has it.

https://smithy.io/2.0/aws/protocols/ describes the protocols.
"""

from __future__ import annotations

import re
import uuid
from typing import Literal
from xml.sax.saxutils import escape

from .http import JSON, Answer, Environ, error_answer, status_line, xml_answer

Form = Literal["json", "cbor", "query", "ec2", "s3", "rest-xml"]

_XML_SERVICES = {
    "s3": "s3",
    "s3express": "s3",
    "s3-object-lambda": "s3",
    "route53": "rest-xml",
    "cloudfront": "rest-xml",
}
_QUERY_SERVICES = {"iam", "sts", "monitoring", "sns", "sqs", "autoscaling", "elasticloadbalancing", "cloudformation"}
_UNKNOWN = ("UnknownOperationException", "The emulator does not know this request.")
_S3_ERRORS = {
    404: ("NoSuchBucket", "The specified bucket does not exist"),
    405: ("MethodNotAllowed", "The specified method is not allowed against this resource."),
}
_INTERNAL_S3 = ("InternalError", "We encountered an internal error. Please try again.")


def form_of(environ: Environ, service: str) -> Form:
    """The form of a request's errors. ``service`` is the one it is signed for, empty without a signature."""
    path, kind = environ.get("PATH_INFO", ""), environ.get("CONTENT_TYPE", "")
    if "cbor" in environ.get("HTTP_SMITHY_PROTOCOL", ""):
        return "cbor"
    if environ.get("HTTP_X_AMZ_TARGET") or path.startswith("/_ssm/"):
        return "json"
    if service == "ec2":
        return "ec2"
    has_action = re.search(r"(^|&)Action=", environ.get("QUERY_STRING", "")) is not None
    if kind.startswith("application/x-www-form-urlencoded") or has_action or service in _QUERY_SERVICES:
        return "query"
    if not service or service in _XML_SERVICES:
        return "rest-xml" if _XML_SERVICES.get(service) == "rest-xml" else "s3"
    return "json"


def service_error(environ: Environ, service: str, code: str, message: str, status: int) -> Answer:
    """Build an error with the code as the form has it already."""
    form = form_of(environ, service)
    if form == "json":
        return error_answer(code, message, status)
    if form == "cbor":
        return _cbor_error(code, message, status)
    code, message = escape(code), escape(message)
    fault = "Sender" if status < 500 else "Receiver"
    request_id = uuid.uuid4()
    if form == "s3":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
        return xml_answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if form == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        return xml_answer(status, text)
    text = f"<Error><Type>{fault}</Type>{error}</Error><RequestId>{request_id}</RequestId>"
    return xml_answer(status, f"<ErrorResponse>{text}</ErrorResponse>")


def _cbor_error(code: str, message: str, status: int) -> Answer:
    body = b"\xa2" + b"".join(_cbor_text(text) for text in ("__type", code, "message", message))
    headers = [
        ("Content-Type", "application/cbor"),
        ("Content-Length", str(len(body))),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-query-error", f"{code};{'Sender' if status < 500 else 'Receiver'}"),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    ]
    return status_line(status), headers, body


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data  # a text string whose length has two bytes


def failure_answer(environ: Environ, service: str, *, throttled: bool, why: str = "") -> Answer:
    """Build the service's answer when it throttles a client, for a reason of our own or none, or fails."""
    form = form_of(environ, service)
    if form == "s3":
        code, message = ("SlowDown", why or "Please reduce your request rate.") if throttled else _INTERNAL_S3
        return service_error(environ, service, code, message, 503 if throttled else 500)
    if not throttled:
        return service_error(environ, service, "InternalFailure", "Internal failure", 500)
    code = "ThrottlingException" if form in {"json", "cbor"} else "Throttling"
    return service_error(environ, service, code, why or "Rate exceeded", 400)


def without_html(environ: Environ, service: str, answer: Answer) -> Answer:
    """An answer of moto in the service's form: where moto has no page, or names no type, it is HTML."""
    status, headers, body = answer
    types = [value for name, value in headers if name.lower() == "content-type"]
    if not types or not types[0].startswith("text/html"):
        return answer
    form, number = form_of(environ, service), int(status.split()[0])
    if form == "s3" and number < 400:  # an object's own type
        return answer
    if number >= 400 and environ["REQUEST_METHOD"] != "HEAD" and (not body or b"<html" in body.lower()):
        code, message = _S3_ERRORS.get(number, _UNKNOWN) if form == "s3" else _UNKNOWN
        return service_error(environ, service, code, message, number)
    kind = JSON if form == "json" else "application/xml"
    return status, [(name, kind if name.lower() == "content-type" else value) for name, value in headers], body


def unknown_service_answer(environ: Environ, service: str) -> Answer:
    """Build the refusal of a service that the emulator does not stand for."""
    message = (
        f"The emulator does not serve {service}; it serves SageMaker's jobs and models, S3, IAM, STS, ECR, CloudWatch, "
        "CloudWatch Logs, tagging and a small price list."
    )
    return service_error(environ, service, "UnknownOperationException", message, 400)


def not_implemented_answer(environ: Environ, service: str, operation: str) -> Answer:
    """Build the answer for an operation that moto does not implement."""
    return service_error(environ, service, "NotImplemented", f"The emulator does not serve {operation}.", 501)
