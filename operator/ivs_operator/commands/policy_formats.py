"""IAM policies as text: JSON, Terraform, CloudFormation; with the role around them when there is a trust policy."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

__all__ = ["LONGEST_POLICY", "as_cloudformation", "as_json", "as_terraform", "size_of"]

LONGEST_POLICY: Final = 6_144
"""Characters of a managed policy, white space not counted. Source: IAM quotas."""

_HEADER: Final = "# Written by `ivs-operator iam-policy`.\n"

Document = Mapping[str, Any]


def size_of(policy: Document) -> int:
    """Characters that count for the quota."""
    return len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False))


def as_json(policy: Document) -> str:
    """A policy as the console, the CLI and EKS's tools take it."""
    return json.dumps(policy, indent=2, ensure_ascii=False) + "\n"


def as_terraform(name: str, policy: Document, trust: Document | None) -> str:
    """Resources of Terraform's AWS provider, as `terraform fmt` would leave them."""
    label = _label(name)
    blocks = [_block("aws_iam_policy", label, {"name": name, "policy": policy})]
    if trust is not None:
        blocks.append(_block("aws_iam_role", label, {"name": name, "assume_role_policy": trust}))
        references = {"role": f"aws_iam_role.{label}.name", "policy_arn": f"aws_iam_policy.{label}.arn"}
        lines = [f"  {key} = {value}\n" for key, value in _aligned(references)]
        blocks.append(f'resource "aws_iam_role_policy_attachment" "{label}" {{\n{"".join(lines)}}}\n')
    return _HEADER + "\n".join(blocks)


def as_cloudformation(name: str, policy: Document, trust: Document | None) -> str:
    """A template; deploy it with `--capabilities CAPABILITY_NAMED_IAM`."""
    logical = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", name)) or "IvsOperator"
    resources: dict[str, Any] = {
        f"{logical}Policy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": name, "PolicyDocument": _plain(policy)},
        }
    }
    outputs: dict[str, Any] = {"PolicyArn": {"Value": {"Ref": f"{logical}Policy"}}}
    if trust is not None:
        resources[f"{logical}Role"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": name,
                "AssumeRolePolicyDocument": _plain(trust),
                "ManagedPolicyArns": [{"Ref": f"{logical}Policy"}],
            },
        }
        outputs["RoleArn"] = {"Value": {"Fn::GetAtt": [f"{logical}Role", "Arn"]}}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "What ivs-operator may do",
        "Resources": resources,
        "Outputs": outputs,
    }
    return _HEADER + yaml.safe_dump(template, sort_keys=False, allow_unicode=True, width=120)


def _block(kind: str, label: str, arguments: Mapping[str, Any]) -> str:
    """A resource; maps become `jsonencode(...)`."""
    texts = {
        key: f"jsonencode({_hcl(value, 1)})" if isinstance(value, Mapping) else _string(str(value))
        for key, value in arguments.items()
    }
    body = "".join(f"  {key} = {text}\n" for key, text in _runs(texts))
    return f'resource "{kind}" "{label}" {{\n{body}}}\n'


def _hcl(value: Any, depth: int) -> str:
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, Mapping):
        entries = _runs({_key(key): _hcl(item, depth + 1) for key, item in value.items()})
        return "{\n" + "".join(f"{inner}{key} = {text}\n" for key, text in entries) + f"{outer}}}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{inner}{_hcl(item, depth + 1)},\n" for item in value) + f"{outer}]"
    return _string(str(value))


def _runs(entries: Mapping[str, str]) -> list[tuple[str, str]]:
    """Entries with their keys padded: those of one line that follow each other line up, others stand alone."""
    padded: list[tuple[str, str]] = []
    run: dict[str, str] = {}
    for key, text in entries.items():
        if "\n" not in text:
            run[key] = text
            continue
        padded += [*_aligned(run), (key, text)]
        run = {}
    return padded + _aligned(run)


def _aligned(entries: Mapping[str, str]) -> list[tuple[str, str]]:
    width = max((len(key) for key in entries), default=0)
    return [(key.ljust(width), text) for key, text in entries.items()]


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", key) else _string(key)


def _string(text: str) -> str:
    """A quoted string; `${` and `%{` would begin a template."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _label(name: str) -> str:
    label = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return label if re.match(r"[A-Za-z_]", label) else f"_{label}"


def _plain(document: Document) -> dict[str, Any]:
    """A copy that YAML needs no anchors for."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    return copy
