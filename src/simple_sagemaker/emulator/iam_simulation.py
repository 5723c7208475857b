"""SimulatePrincipalPolicy, which moto does not implement and SageMaker's SDK 3 calls before each job."""

from __future__ import annotations

import re
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from .http import Answer, Environ, xml_answer
from .platform import Platform
from .protocol import ServiceError

OPERATION = "iam.SimulatePrincipalPolicy"


def answer(environ: Environ, body: bytes, platform: Platform) -> Answer:
    """Return the decision on each action and resource, by the role's own policies. Raises ServiceError.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    request = parse_qs(body.decode("utf-8", "replace"))
    role = request.get("PolicySourceArn", [""])[0]
    if not re.fullmatch(r"arn:aws:iam::[0-9]{12}:role/\S+", role):
        raise ServiceError("InvalidInput", f"Invalid Entity Arn: {role}")
    platform.require("iam:SimulatePrincipalPolicy", role, environ)
    if not platform.has_role(role):
        raise ServiceError("NoSuchEntity", f"The role {role} cannot be found.", 404)
    actions = [value for name, (value, *_) in request.items() if name.startswith("ActionNames.")]
    resources = [value for name, (value, *_) in request.items() if name.startswith("ResourceArns.")] or ["*"]
    results = "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{'allowed' if platform.role_allows(role, action, resource) else 'implicitDeny'}</EvalDecision>"
        "</member>"
        for action in actions
        for resource in resources
    )
    return xml_answer(
        200,
        '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{results}"
        "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>",
    )
