"""IAM's simulation of what a role may, which moto has not got and SageMaker's SDK 3 asks for before each job."""

from __future__ import annotations

from urllib.parse import parse_qs

from .http import Answer, xml_answer
from .platform import Platform

OPERATION = "iam.SimulatePrincipalPolicy"


def answer(body: bytes, platform: Platform) -> Answer:
    """The decision on each action and resource, by the role's own policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    asked = parse_qs(body.decode())
    role = asked["PolicySourceArn"][0]
    actions = [value for name, (value, *_) in asked.items() if name.startswith("ActionNames.")]
    resources = [value for name, (value, *_) in asked.items() if name.startswith("ResourceArns.")] or ["*"]
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
