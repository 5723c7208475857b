"""Translate AWS's errors into ours: why, and what to do next. One place for all services and all steps.

AWS's message is kept where it says more than we know; never that of a wrong signature, because it repeats what was
signed, which includes credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from ..errors import AccessDenied, InputNotFound, NoCredentials, QuotaExceeded, SsmError, UsageError
from . import aws_console, unreadable
from .aws_api import error_code
from .late_regex import compile_late
from .retries import EXPIRED, is_throttled, is_unusable_role

_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation", "UnauthorizedAccess"}
) | {"403", "Forbidden"}  # an answer to HEAD has no body, so that its status is all there is
_INVALID: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_QUOTA: Final = frozenset(
    {
        "LimitExceeded",
        "LimitExceededException",
        "ResourceLimitExceeded",
        "ServiceQuotaExceededException",
        "TooManyBuckets",
    }
)
_ELSEWHERE: Final = frozenset(
    {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "301"}
)

# S3 does not name the action it denies; these are the ones whose names differ from their operations'.
_S3_ACTIONS: Final = {
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
_DENIAL: Final = compile_late(
    r"(?:User: (?P<who>\S+) is )?not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on (?:resource|the resource)s?:? (?P<what>\S+))?"
)
# SageMaker's message: https://repost.aws/knowledge-center/sagemaker-resource-limit-exceeded
_LIMIT: Final = compile_late(r"service limit '(?P<name>[^']+)' is (?P<has>\d+)")
_NO_IMAGE: Final = compile_late(
    r"image\b.*\b(not found|does not exist)|cannot find (repository|image)|repository\b.*\bdoes not exist|manifest"
    r" unknown",
    re.IGNORECASE | re.DOTALL,
)
_NO_OBJECTS: Final = compile_late(r"no s3 objects found", re.IGNORECASE)  # the sentence goes on about regions
_FAR_BUCKET: Final = compile_late(r"\bbucket\b.*\bregion\b|\bregion\b.*\bbucket\b", re.IGNORECASE | re.DOTALL)
_LONGEST: Final = 600
_LONGEST_REFUSAL: Final = 400  # the service lists every legal value, which may be hundreds


class Denied(PermissionError):
    """A store's denial, with the service's code; "" where it is not known."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def translate_errors(*, region: str = "", job: str = "") -> Iterator[None]:
    """Raise AWS's known errors in this block as our own. ``job`` is the job that runs or may run meanwhile."""
    try:
        yield
    except Exception as error:
        translated = explain(error, region=region, job=job)
        if translated is None:
            raise
        raise translated from error


@contextmanager
def translate_all_errors(*, region: str = "", job: str = "") -> Iterator[None]:
    """Do as :func:`translate_errors`, and raise any other error of a service as SsmError with the service's message."""
    try:
        with translate_errors(region=region, job=job):
            yield
    except Exception as error:
        message = service_message(error)
        if message is None:
            raise
        raise SsmError(message) from error


def service_message(error: Exception) -> str | None:
    """A line with the service's message, if the error is a service's response; else None."""
    code = error_code(error)
    if code is None:
        return None
    message: str = error.response.get("Error", {}).get("Message") or "no reason is given"  # type: ignore[attr-defined]
    message = message if len(message) <= _LONGEST_REFUSAL else message[:_LONGEST_REFUSAL] + " …"
    operation: str = error.operation_name  # type: ignore[attr-defined]
    who = "SageMaker" if "Job" in operation else "AWS"
    return f"{who} refused {operation}: {message} ({code})"


def explain(error: Exception, *, region: str = "", job: str = "") -> SsmError | None:
    """Return an error that the user can act on; None if it is ours already, or not a known one."""
    if isinstance(error, SsmError):
        return None
    if (code := error_code(error)) is not None:
        return _explain_response(error, code, region=region, job=job)
    if isinstance(error, PermissionError) and error.errno is None:  # the store's; the system's has a number
        if isinstance(error, Denied) and (bad := _bad_credentials(error.code, job)):
            return bad
        return AccessDenied.naming(
            "{error}\nAsk for that action, or name a bucket of your own with {bucket_name}.", error=error
        )
    return _explain_failure(error, job)


def is_denial(code: str | None) -> bool:
    """Whether this error code means that the caller is not allowed to do it."""
    return code in _DENIED


def is_denied(error: Exception) -> bool:
    """Whether AWS says that the caller is not allowed to do it."""
    return is_denial(error_code(error))


def _explain_response(error: Exception, code: str, *, region: str, job: str) -> SsmError | None:
    """Explain an error response of a service."""
    operation: str = getattr(error, "operation_name", "the call")
    message: str = error.response.get("Error", {}).get("Message", "")  # type: ignore[attr-defined]
    if code == "DamagedJob":  # of this machine's engine, which says all there is to say
        return SsmError(message)
    if code in _DENIED:
        return _access_denied(operation, message)
    if bad := _bad_credentials(code, job):
        return bad
    if code in _QUOTA:
        return _quota(operation, message, region)
    if is_throttled(code):
        return SsmError(
            f"AWS answered {operation} with {code}, however often it was tried.\n"
            f"Many calls of this account come at once: try again in a minute. {_goes_on(job)}".rstrip()
        )
    if code == "ValidationException" and _NO_OBJECTS.search(message):
        return InputNotFound(f"{_short(message)}\nCheck the address, or run the task that writes it first.")
    if code in _ELSEWHERE or (code == "ValidationException" and _FAR_BUCKET.search(message)):
        return UsageError(
            f"A bucket is in another region than {region or 'the job'}: {_short(message)}\n"
            "SageMaker wants both in one: set AWS_REGION to the bucket's, or use a bucket of the job's."
        )
    if is_unusable_role(error):
        return AccessDenied(
            f"SageMaker cannot use the job's role: {_short(message)}\n"
            "Its trust policy must allow sts:AssumeRole to sagemaker.amazonaws.com, its own policies the rest "
            "(docs/aws.md)."
        )
    if code == "ValidationException" and operation.startswith("Create") and _NO_IMAGE.search(message):
        return InputNotFound.naming(
            "The job's image was not found: {message}\n"
            "It must be in a registry of the job's region that its role may read: check {image_uri}, or the framework "
            "and its version.",
            message=_short(message),
        )
    return None


def _bad_credentials(code: str, job: str) -> NoCredentials | None:
    """Explain a code that is about the credentials; None for any other."""
    if code in EXPIRED:
        return NoCredentials(f"The credentials have expired.\n{_renew(job)}")
    if code in _INVALID:
        return NoCredentials(
            f"AWS does not accept the credentials ({code}).\n"
            "Check them (aws sts get-caller-identity), the clock of this machine, and that the region is switched on "
            f"for the account.\n{_goes_on(job)}".rstrip()
        )
    return None


def _access_denied(operation: str, message: str) -> AccessDenied:
    match = _DENIAL.search(message)
    action = (match and match["action"]) or _S3_ACTIONS.get(operation) or operation
    who = (match and match["who"]) or "the caller"
    what = ((match and match["what"]) or "*").rstrip(".,")
    on = f" on {what}" if what != "*" else ""
    if "explicit deny" in message:
        why = f"A policy denies it explicitly, and no other policy can override that: {_short(message)}"
    else:
        why = f'Ask for: {{"Effect": "Allow", "Action": "{action}", "Resource": "{what}"}}'
    instead = "\nOr name an existing role ({role_name})." if action.startswith("iam:") else ""
    return AccessDenied.naming(
        "Not allowed: {who} may not {action}{on}.\n{why}" + instead, who=who, action=action, on=on, why=why
    )


def _quota(operation: str, message: str, region: str) -> QuotaExceeded:
    """Explain an exceeded quota: its name, where the service names it, and where to raise it."""
    match = _LIMIT.search(message)
    if operation != "CreateTrainingJob" or not match:
        other = {
            "CreateBucket": "bucket_name",
            "CreateRepository": "aws_repo_name",
            "PutRolePolicy": "role_name",
            "CreateRole": "role_name",
        }
        use = f"Use an existing one ({{{other[operation]}}})" if operation in other else "Use fewer at once"
        return QuotaExceeded.naming(
            "{operation} would go beyond a quota of the account: {message}\n" + use + ", or raise it: {page}",
            operation=operation,
            message=_short(message),
            page=aws_console.quotas(region),
        )
    name = match["name"]
    spot = "\nMachines without spot have a quota of their own: {no_spot}." if " spot " in name else ""
    at = f" --region {region}" if region else ""
    return QuotaExceeded.naming(
        "The account's quota does not allow this job: '{name}' is {has}.\n{message}\n"
        "Raise it: {page} (search for the name), or\n"
        "aws service-quotas list-service-quotas --service-code sagemaker{at} "
        "--query \"Quotas[?QuotaName=='{name}'].[QuotaCode,Value]\"\n"
        "aws service-quotas request-service-quota-increase --service-code sagemaker{at} --quota-code CODE "
        "--desired-value NUMBER" + spot,
        name=name,
        has=match["has"],
        message=_short(message),
        page=aws_console.quotas(region),
        at=at,
    )


def _explain_failure(error: Exception, job: str) -> SsmError | None:
    """Explain an error that came before any response of AWS."""
    import botocore.exceptions as botocore

    if isinstance(error, (botocore.SSOError, botocore.TokenRetrievalError)):
        return NoCredentials(f"You are not signed in to AWS any more: aws sso login.\n{_renew(job)}")
    if type(error).__name__.startswith("Login"):  # botocore has these since 1.41.0
        return NoCredentials(f"You are not signed in to AWS any more: aws login.\n{_renew(job)}")
    if isinstance(error, (botocore.CredentialRetrievalError, botocore.RefreshWithMFAUnsupportedError)):
        source = getattr(error, "kwargs", {}).get("provider", "their source")
        return NoCredentials(f"Could not get credentials from {source}.\n{_renew(job)}")
    if isinstance(error, (botocore.NoCredentialsError, botocore.PartialCredentialsError)):
        return NoCredentials(f"{error}.\nConfigure credentials: aws configure, AWS_PROFILE, …")
    if isinstance(error, (botocore.ProfileNotFound, botocore.ConfigParseError, botocore.ConfigNotFound)):
        return NoCredentials(f"{error}.\nCheck AWS_PROFILE and ~/.aws/config (aws configure list-profiles).")
    if isinstance(error, (botocore.NoRegionError, botocore.InvalidRegionError)):
        return NoCredentials("No region of AWS is set.\nSet one: AWS_REGION=us-east-1, or aws configure.")
    if isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return SsmError(
            f"AWS could not be reached{_at(error)} ({type(error).__name__}).\n"
            f"Check the network, the region and AWS_ENDPOINT_URL. {_goes_on(job)}".rstrip()
        )
    if isinstance(error, RuntimeError) and "refreshed credentials are still expired" in str(error):
        return NoCredentials(f"The credentials have expired.\n{_renew(job)}")
    return unreadable.explain(error)


def _at(error: Exception) -> str:
    """The host that could not be reached; the rest of its address may hold a password."""
    address = getattr(error, "kwargs", {}).get("endpoint_url") or ""
    host = urlsplit(str(address)).hostname
    return f" at {host}" if host else ""


def _renew(job: str) -> str:
    if not job:
        return "Renew them and run the same command again: a job already started goes on, and is joined."
    return f"The job {job} goes on. Renew them and run the same command again: it joins the job."


def _goes_on(job: str) -> str:
    return f"The job {job} goes on: the same command joins it." if job else ""


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST else message[:_LONGEST] + " …"
