"""SimulatePrincipalPolicy, which moto does not implement and SageMaker's SDK 3 calls before each job."""

from __future__ import annotations

from urllib.parse import parse_qs

from .http import Answer, xml_answer
from .platform import Platform

OPERATION = "iam.SimulatePrincipalPolicy"


def answer(body: bytes, platform: Platform) -> Answer:
    """Return the decision on each action and resource, by the role's own policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    request = parse_qs(body.decode())
    role = request["PolicySourceArn"][0]
    actions = [value for name, (value, *_) in request.items() if name.startswith("ActionNames.")]
    resources = [value for name, (value, *_) in request.items() if name.startswith("ResourceArns.")] or ["*"]
    results = "".join(
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
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
