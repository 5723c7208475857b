"""What AWS refuses, in our own words: why, and what to do next. One place for all services and all steps.

AWS's own words are kept where they say more than we know; those of a wrong signature never, because they repeat what
was signed, and that holds credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from ..errors import AccessDenied, InputNotFound, NoCredentials, QuotaExceeded, SsmError, UsageError
from . import aws_console as console
from .aws_api import error_code

_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation", "UnauthorizedAccess"}
) | {"403", "Forbidden"}  # an answer to HEAD has no body, so that its status is all there is
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
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
_THROTTLED: Final = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
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
_DENIAL: Final = re.compile(
    r"(?:User: (?P<who>\S+) is )?not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on (?:resource|the resource)s?:? (?P<what>\S+))?"
)
# As SageMaker says it: https://repost.aws/knowledge-center/sagemaker-resource-limit-exceeded
_LIMIT: Final = re.compile(r"service limit '(?P<name>[^']+)' is (?P<has>\d+)")
_NO_IMAGE: Final = re.compile(
    r"image\b.*\b(not found|does not exist)|cannot find (repository|image)|repository\b.*\bdoes not exist|manifest"
    r" unknown",
    re.IGNORECASE | re.DOTALL,
)
_NO_OBJECTS: Final = re.compile(r"no s3 objects found", re.IGNORECASE)  # the sentence goes on about regions
_FAR_BUCKET: Final = re.compile(r"\bbucket\b.*\bregion\b|\bregion\b.*\bbucket\b", re.IGNORECASE | re.DOTALL)
_ROLE: Final = re.compile(r"could not assume role|role\b.*\bdoes not have \S+ permission", re.IGNORECASE)
_LONGEST: Final = 600
_LONGEST_REFUSAL: Final = 400  # the service lists every legal value, which may be hundreds


@contextmanager
def in_our_words(*, region: str = "", job: str = "") -> Iterator[None]:
    """What AWS refuses within is raised as our own error. ``region`` is where; ``job`` runs or may run meanwhile."""
    try:
        yield
    except Exception as error:
        told = explained(error, region=region, job=job)
        if told is None:
            raise
        raise told from error


@contextmanager
def only_ours(*, region: str = "", job: str = "") -> Iterator[None]:
    """As :func:`in_our_words`; and what else a service refuses is an error of ours in the service's words."""
    try:
        with in_our_words(region=region, job=job):
            yield
    except Exception as error:
        told = in_its_words(error)
        if told is None:
            raise
        raise SsmError(told) from error


def in_its_words(error: Exception) -> str | None:
    """The service's own words, when it is the service that refused."""
    code = error_code(error)
    if code is None:
        return None
    said: str = error.response["Error"]["Message"]  # type: ignore[attr-defined]
    said = said if len(said) <= _LONGEST_REFUSAL else said[:_LONGEST_REFUSAL] + " …"
    operation: str = error.operation_name  # type: ignore[attr-defined]
    who = "SageMaker" if "Job" in operation else "AWS"
    return f"{who} refused {operation}: {said} ({code})"


def explained(error: Exception, *, region: str = "", job: str = "") -> SsmError | None:
    """The error in words that a person can act on; None when it is ours already, or nothing that we know."""
    if isinstance(error, SsmError):
        return None
    if (code := error_code(error)) is not None:
        return _answered(error, code, region=region, job=job)
    if isinstance(error, PermissionError) and error.errno is None:  # the store's; the system's has a number
        return AccessDenied(f"{error}\nAsk for that action, or name a bucket of your own with --bucket_name.")
    return _unanswered(error, job)


def is_denial(code: str | None) -> bool:
    """Whether by this code AWS says that the caller may not."""
    return code in _DENIED


def is_denied(error: Exception) -> bool:
    """Whether AWS says that the caller may not."""
    return is_denial(error_code(error))


def role_not_ready(error: Exception) -> bool:
    """Whether SageMaker cannot use the job's role, which for a role just made or changed passes in a minute or two."""
    return error_code(error) == "ValidationException" and _ROLE.search(str(error)) is not None


def _answered(error: Exception, code: str, *, region: str, job: str) -> SsmError | None:
    """The service's refusal."""
    operation: str = getattr(error, "operation_name", "the call")
    message: str = error.response["Error"].get("Message", "")  # type: ignore[attr-defined]
    if code in _DENIED:
        return _denied(operation, message)
    if code in _EXPIRED:
        return NoCredentials(f"The credentials have expired.\n{_renew(job)}")
    if code in _INVALID:
        return NoCredentials(
            f"AWS does not accept the credentials ({code}).\n"
            "Check them (aws sts get-caller-identity), the clock of this machine, and that the region is switched on "
            f"for the account.\n{_goes_on(job)}".rstrip()
        )
    if code in _QUOTA:
        return _quota(operation, message, region)
    if code in _THROTTLED:
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
    if role_not_ready(error):
        return AccessDenied(
            f"SageMaker cannot use the job's role: {_short(message)}\n"
            "Its trust policy must allow sts:AssumeRole to sagemaker.amazonaws.com, its own policies the rest "
            "(docs/aws.md)."
        )
    if code == "ValidationException" and operation.startswith("Create") and _NO_IMAGE.search(message):
        return InputNotFound(
            f"The job's image was not found: {_short(message)}\n"
            "It must be in a registry of the job's region that its role may read: check --image_uri, or the framework "
            "and its version."
        )
    return None


def _denied(operation: str, message: str) -> AccessDenied:
    found = _DENIAL.search(message)
    action = (found and found["action"]) or _S3_ACTIONS.get(operation) or operation
    who = (found and found["who"]) or "the caller"
    what = ((found and found["what"]) or "*").rstrip(".,")
    on = f" on {what}" if what != "*" else ""
    if "explicit deny" in message:
        why = f"A policy denies it outright, which no other policy can allow again: {_short(message)}"
    else:
        why = f'Ask for: {{"Effect": "Allow", "Action": "{action}", "Resource": "{what}"}}'
    instead = "Or name a role that is there already (--role_name)." if action.startswith("iam:") else ""
    return AccessDenied(f"Not allowed: {who} may not {action}{on}.\n{why}\n{instead}".rstrip())


def _quota(operation: str, message: str, region: str) -> QuotaExceeded:
    """A quota, by name where the service names it, and where to raise it."""
    found = _LIMIT.search(message)
    if operation != "CreateTrainingJob" or not found:
        other = {
            "CreateBucket": "--bucket_name",
            "CreateRepository": "--aws_repo_name",
            "PutRolePolicy": "--role_name",
            "CreateRole": "--role_name",
        }
        use = f"Use one that is there already ({other[operation]})" if operation in other else "Use fewer at once"
        return QuotaExceeded(
            f"{operation} would go beyond a quota of the account: {_short(message)}\n"
            f"{use}, or raise it: {console.quotas(region)}"
        )
    name = found["name"]
    spot = "\nMachines without spot have a quota of their own: --no_spot." if " spot " in name else ""
    at = f" --region {region}" if region else ""
    return QuotaExceeded(
        f"The account's quota does not allow this job: '{name}' is {found['has']}.\n{_short(message)}\n"
        f"Raise it: {console.quotas(region)} (search for the name), or\n"
        f"aws service-quotas list-service-quotas --service-code sagemaker{at} "
        f"--query \"Quotas[?QuotaName=='{name}'].[QuotaCode,Value]\"\n"
        f"aws service-quotas request-service-quota-increase --service-code sagemaker{at} --quota-code CODE "
        f"--desired-value NUMBER{spot}"
    )


def _unanswered(error: Exception, job: str) -> SsmError | None:
    """What went wrong before AWS could answer."""
    import botocore.exceptions as botocore

    if isinstance(error, (botocore.SSOError, botocore.TokenRetrievalError)):
        return NoCredentials(f"You are not signed in to AWS any more: aws sso login.\n{_renew(job)}")
    if type(error).__name__.startswith("Login"):  # botocore has these since 1.41.0
        return NoCredentials(f"You are not signed in to AWS any more: aws login.\n{_renew(job)}")
    if isinstance(error, (botocore.CredentialRetrievalError, botocore.RefreshWithMFAUnsupportedError)):
        source = getattr(error, "kwargs", {}).get("provider", "their source")
        return NoCredentials(f"No credentials could be had from {source}.\n{_renew(job)}")
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
    return None


def _at(error: Exception) -> str:
    """Which machine could not be reached; nothing else of its address, which may hold a password."""
    address = getattr(error, "kwargs", {}).get("endpoint_url") or ""
    host = urlsplit(str(address)).hostname
    return f" at {host}" if host else ""


def _renew(job: str) -> str:
    if not job:
        return "Renew them and type the same command again: a job that was started goes on, and is joined."
    return f"The job {job} goes on. Renew them and type the same command again: it joins the job."


def _goes_on(job: str) -> str:
    return f"The job {job} goes on: the same command joins it." if job else ""


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST else message[:_LONGEST] + " …"
