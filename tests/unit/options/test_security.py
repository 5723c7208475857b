from __future__ import annotations

import pytest

from simple_sagemaker.core.specs import Security
from tests.unit.cli.typed import RUN, refused, run

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def test_nothing_is_restricted_or_encrypted_unless_said() -> None:
    assert run().security == Security()


def test_role_network_and_encryption_are_as_chosen() -> None:
    spec = run(
        *("--role_name", "my-role", "--vpc_subnets", "subnet-0a", "subnet-0b", "--vpc_security_groups", "sg-0c"),
        *("--kms_key_id", ID, "--network_isolation", "--encrypt_traffic"),
    )
    assert spec.security == Security(
        role_name="my-role",
        vpc_subnets=("subnet-0a", "subnet-0b"),
        vpc_security_groups=("sg-0c",),
        kms_key_id=ID,
        network_isolation=True,
        encrypt_traffic=True,
    )


@pytest.mark.parametrize("role", ["a" * 64, "x_+=,.@-", "arn:aws-cn:iam::123456789012:role/some/path/name"])
def test_a_role_has_a_name_or_an_arn(role: str) -> None:
    assert run("--role_name", role).security.role_name == role


@pytest.mark.parametrize("role", ["a" * 65, "a/b", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x", "é"])
def test_what_is_no_role_is_refused(role: str) -> None:
    assert "a role's name or ARN" in refused(*RUN, "--role_name", role)


@pytest.mark.parametrize(
    "key",
    [
        *(ID, "mrk-" + "0a" * 16, "alias/my/key", f"arn:aws:kms:eu-west-1:123456789012:key/{ID}"),
        "arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/x",
    ],
)
def test_a_key_has_an_id_an_alias_or_an_arn(key: str) -> None:
    assert run("--kms_key_id", key).security.kms_key_id == key


@pytest.mark.parametrize("key", ["my-key", "alias/", ID[:-1], f"arn:aws:kms:eu-west-1:12:key/{ID}", f"{ID}\n"])
def test_what_is_no_key_is_refused(key: str) -> None:
    assert "a key's id, alias" in refused(*RUN, "--kms_key_id", key)


@pytest.mark.parametrize(("flag", "other"), [("--vpc_subnets", "groups"), ("--vpc_security_groups", "subnets")])
def test_a_network_is_subnets_and_security_groups(flag: str, other: str) -> None:
    assert other in refused(*RUN, flag, "subnet-0a" if "subnets" in flag else "sg-0a")


@pytest.mark.parametrize(
    ("flag", "start", "most"), [("--vpc_subnets", "subnet", 16), ("--vpc_security_groups", "sg", 5)]
)
def test_a_network_has_no_more_parts_than_the_service_takes(flag: str, start: str, most: int) -> None:
    ids = [f"{start}-0{number}" for number in range(most + 1)]
    assert f"a job can have {most}" in refused(*RUN, flag, *ids)
    assert "given twice" in refused(*RUN, flag, ids[0], ids[0])
    assert "not commas" in refused(*RUN, flag, ",".join(ids[:2]))
    assert "is not an id" in refused(*RUN, flag, "vpc-0a")


def test_a_network_has_as_many_parts_as_the_service_takes() -> None:
    subnets, groups = [f"subnet-{number:025}" for number in range(16)], [f"sg-{number:029}" for number in range(5)]
    security = run("--vpc_subnets", *subnets, "--vpc_security_groups", *groups).security
    assert (security.vpc_subnets, security.vpc_security_groups) == (tuple(subnets), tuple(groups))
    assert "is not an id" in refused(*RUN, "--vpc_subnets", "subnet-" + "0" * 26, "--vpc_security_groups", *groups)
    assert "is not an id" in refused(*RUN, "--vpc_subnets", *subnets, "--vpc_security_groups", "sg-" + "0" * 30)


def test_anothers_bucket_is_named_with_its_owner() -> None:
    assert run("-b", "theirs", "--bucket_owner", "123456789012").place.bucket_owner == "123456789012"
    assert "12 digits" in refused(*RUN, "-b", "theirs", "--bucket_owner", "1234")
    assert "--bucket_name" in refused(*RUN, "--bucket_owner", "123456789012")
