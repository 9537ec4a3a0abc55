"""`iam-policy`: the same policy in three languages, and who may use it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.domain.permissions import DEFAULT_FEATURES, Feature, Scope, document, statements_for
from support.command_here import run_here
from support.engines import engine

if TYPE_CHECKING:
    from pathlib import Path

    from support.command_here import RunHere

__all__ = ["run_here"]

ACCOUNT = "111122223333"
ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/ABCDEF"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ivs-operator"
IRSA = ["--trust=irsa", f"--oidc-provider=https://{ISSUER}", f"--account-id={ACCOUNT}"]
POLICY = document(statements_for(DEFAULT_FEATURES, Scope()))


def said(run_here: RunHere, *arguments: str) -> str:
    done = run_here("iam-policy", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


def from_hcl(text: str) -> Any:
    """The maps of `jsonencode(...)` back as values: HCL's differs from JSON in `=`, bare keys and a last comma."""
    found = []
    for body in re.findall(r"= jsonencode\((.*?)\n  \}\)\n", text, re.DOTALL):
        quoted = re.sub(r"^(\s*)([A-Za-z][A-Za-z0-9_]*)\s+= ", r'\1"\2": ', body + "\n}", flags=re.MULTILINE)
        colons = re.sub(r'^(\s*"[^"]+")\s+= ', r"\1: ", quoted, flags=re.MULTILINE)
        separated = re.sub(r'(["\]}])\n(\s*")', r"\1,\n\2", colons)
        found.append(json.loads(re.sub(r",(\s*[\]}])", r"\1", separated).replace("$${", "${")))
    return found


def test_the_three_languages_say_the_same(run_here: RunHere) -> None:
    assert json.loads(said(run_here)) == POLICY
    terraform = said(run_here, "--format=terraform", *IRSA)
    policy, trust = from_hcl(terraform)
    template = yaml.safe_load(said(run_here, "--format=cloudformation", *IRSA))
    resources = template["Resources"]
    assert policy["Statement"][0]["Sid"] == "RegionWide"
    assert resources["IvsOperatorPolicy"]["Properties"]["PolicyDocument"] == policy
    assert resources["IvsOperatorRole"]["Properties"]["AssumeRolePolicyDocument"] == trust
    assert resources["IvsOperatorRole"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "IvsOperatorPolicy"}]
    assert json.loads(said(run_here, *IRSA)) == trust, "JSON has no place for both"
    assert "aws_iam_policy.ivs_operator.arn" in terraform


@pytest.mark.parametrize("options", [[], IRSA, ["--trust=pod-identity", "--consumer-tag=a=${b}"]], ids=" ".join)
def test_terraforms_own_parser_reads_it_and_finds_it_well_formatted(run_here: RunHere, options: list[str]) -> None:
    text = said(run_here, "--format=terraform", *options)
    done = subprocess.run(
        [engine("hclfmt"), "-check"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, text), done.stderr


def test_terraform_takes_a_dollar_for_a_dollar(run_here: RunHere) -> None:
    text = said(run_here, "--format=terraform", "--features=rooms", "--consumer-tag=a=${b}")
    assert '"$${b}"' in text
    assert "${b}" in json.dumps(from_hcl(text))


def test_features_and_limits(run_here: RunHere) -> None:
    arguments = [
        "--features=recording,channels",
        "--regions=us-west-2",
        f"--account-id={ACCOUNT}",
        "--cluster-id=prod-1",
    ]
    found = json.loads(said(run_here, *arguments, "--bucket=vod", "--bucket=vod2"))
    scope = Scope(ACCOUNT, ("us-west-2",), "prod-1", ("vod", "vod2"))
    assert found == document(statements_for([Feature.RECORDING, Feature.CHANNELS], scope))
    assert "ivschat" not in json.dumps(found)


def test_roles_of_other_accounts(run_here: RunHere) -> None:
    found = json.loads(said(run_here, f"--role={ROLE}"))
    (statement,) = [item for item in found["Statement"] if item["Action"] == "sts:AssumeRole"]
    assert statement["Resource"] == ROLE
    assert all(item["Action"] != "sts:AssumeRole" for item in POLICY["Statement"]), "only on demand"


@pytest.mark.parametrize(
    ("arguments", "statement"),
    [
        (
            IRSA,
            {
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{ISSUER}:aud": "sts.amazonaws.com",
                        f"{ISSUER}:sub": "system:serviceaccount:ivs-operator:ivs-operator",
                    }
                },
            },
        ),
        (
            ["--trust=pod-identity", "--service-account=live/op"],
            {
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:RequestTag/kubernetes-namespace": "live",
                        "aws:RequestTag/kubernetes-service-account": "op",
                    }
                },
            },
        ),
        (
            ["--trust=account", f"--operator-role={ROLE}", "--external-id=live"],
            {
                "Principal": {"AWS": ROLE},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "live"}},
            },
        ),
    ],
)
def test_trust(run_here: RunHere, arguments: list[str], statement: dict[str, Any]) -> None:
    found = json.loads(said(run_here, *arguments))
    assert found == {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def test_the_account_may_be_in_the_providers_arn(run_here: RunHere) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
    assert json.loads(said(run_here, "--trust=irsa", f"--oidc-provider={arn}")) == json.loads(said(run_here, *IRSA))


def test_a_policy_that_is_too_long_is_said(run_here: RunHere, tmp_path: Path) -> None:
    buckets = [f"--bucket={'b' * 55}{number:03}" for number in range(60)]
    done = run_here("iam-policy", *buckets, f"--output={tmp_path / 'policy.json'}")
    assert done.code == 0
    assert "more than IAM allows a managed policy (6144); split the features" in done.err
    assert (tmp_path / "policy.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--features=rooms,romms"], "--features: there is no feature romms; use recording, channels,"),
        (["--features="], "--features: there is no feature"),
        (["--account-id=12"], "--account-id: '12' is no account id; it has 12 digits"),
        (["--regions=mars"], "--regions: 'mars' is no region"),
        (["--role=x"], "--role: 'x' is no role, for example arn:aws:iam::"),
        (["--consumer-tag=x"], "--consumer-tag: 'x' is not of the form KEY=VALUE"),
        (["--cluster-id=a/b"], "--cluster-id (or IVS_OPERATOR_CLUSTER_ID): 1 to 63 letters"),
        (["--trust=irsa"], "--oidc-provider: is needed for --trust irsa"),
        (["--trust=irsa", f"--oidc-provider={ISSUER}"], "--account-id: is needed for --trust irsa"),
        (["--trust=account"], "--operator-role: is needed, for example"),
        (["--trust=pod-identity", "--service-account=x"], "--service-account: 'x' is not of the form NAMESPACE/NAME"),
    ],
)
def test_wrong_usage(run_here: RunHere, arguments: list[str], says: str) -> None:
    done = run_here("iam-policy", *arguments)
    assert done.code == ExitCode.USAGE
    assert says in done.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--bucket", "arn:aws:s3:::my-vod"),
        ("--bucket", "My Bucket"),
        ("--bucket", "a/b"),
        ("--stream", "arn:aws:firehose:us-west-2:111122223333:deliverystream/chat"),
        ("--stream", ""),
        ("--name", "a b/c"),
    ],
)
def test_a_name_that_is_none_is_refused_and_told(run_here: RunHere, option: str, value: str) -> None:
    done = run_here("iam-policy", f"{option}={value}", "--format=terraform")
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert done.err.startswith(f"ivs-operator: {option}: {value!r} is no name; give ")


def test_names_and_patterns_of_names_are_taken(run_here: RunHere) -> None:
    text = said(run_here, "--bucket=my-vod", "--bucket=media-*", "--stream=Chat_1", "--name=ivs+operator")
    assert "arn:aws:s3:::media-*" in text
