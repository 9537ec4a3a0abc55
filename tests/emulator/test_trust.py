"""AssumeRole asks the role's trust policy, as AWS does and moto does not."""

import json
from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import ACCOUNT, Emulator

OTHER = "222233334444"
ROLE = f"arn:aws:iam::{OTHER}:role/trusting"


def trusting(emulator: Emulator, *statements: dict[str, Any]) -> None:
    usual = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [{**usual, **statement} for statement in statements]}
    iam = emulator.client("iam", account=OTHER)
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=json.dumps(policy))


def assume(emulator: Emulator, **parameters: str) -> Any:
    return emulator.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session", **parameters)


EXTERNAL = {"Condition": {"StringEquals": {"sts:ExternalId": ["one", "live"]}}}
ALLOWED = [
    pytest.param({}, {}, id="the account"),
    pytest.param({"Principal": {"AWS": [ACCOUNT]}}, {}, id="the account by number, in a list"),
    pytest.param({"Principal": "*"}, {}, id="everybody"),
    pytest.param(EXTERNAL, {"ExternalId": "live"}, id="with the external id"),
    pytest.param({}, {"ExternalId": "any"}, id="with one that nobody asks for"),
]
REFUSED = [
    pytest.param({"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, {}, id="another account"),
    pytest.param({"Effect": "Deny"}, {}, id="no statement that allows"),
    pytest.param({"Action": "sts:TagSession"}, {}, id="another action"),
    pytest.param(EXTERNAL, {}, id="without the external id"),
    pytest.param(EXTERNAL, {"ExternalId": "wrong"}, id="with a wrong one"),
]


@pytest.mark.parametrize(("statement", "parameters"), ALLOWED)
def test_trusted(emulator: Emulator, statement: dict[str, Any], parameters: dict[str, str]) -> None:
    trusting(emulator, statement)
    assert f":sts::{OTHER}:assumed-role/trusting/session" in assume(emulator, **parameters)["AssumedRoleUser"]["Arn"]


@pytest.mark.parametrize(("statement", "parameters"), REFUSED)
def test_not_trusted(emulator: Emulator, statement: dict[str, Any], parameters: dict[str, str]) -> None:
    trusting(emulator, statement)
    refused = refusal(assume, emulator=emulator, **parameters)
    assert (refused.code, refused.status) == ("AccessDenied", 403)
    assert f"is not authorized to perform: sts:AssumeRole on resource: {ROLE}" in refused.message


def test_one_statement_of_several_suffices(emulator: Emulator) -> None:
    trusting(emulator, EXTERNAL, {"Condition": {"StringEquals": {"sts:ExternalId": "other"}}})
    assert assume(emulator, ExternalId="other")["Credentials"]["SessionToken"]


def test_a_role_that_nobody_made_can_be_assumed(emulator: Emulator) -> None:
    assert assume(emulator)["Credentials"]["AccessKeyId"].startswith("ASIA")
