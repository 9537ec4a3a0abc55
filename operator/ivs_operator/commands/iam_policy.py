"""`ivs-operator iam-policy`: what the operator must be allowed at AWS, and who may use that."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, quiet_option, write_file
from ivs_operator.commands.places import give, names_in
from ivs_operator.commands.setting_options import setting_options, settings_from

if TYPE_CHECKING:
    from ivs_operator.domain.permissions import Scope

__all__ = ["command"]

_EXAMPLES = """
ivs-operator iam-policy
ivs-operator iam-policy --features recording,channels --regions us-west-2 --bucket my-vod
ivs-operator iam-policy --format terraform --trust pod-identity --cluster-id prod-1
ivs-operator iam-policy --trust irsa --account-id 111122223333 --oidc-provider oidc.eks.us-west-2.amazonaws.com/id/ABC
ivs-operator iam-policy --trust account --operator-role arn:aws:iam::111122223333:role/ivs-operator --external-id live
"""

_USAGE = ExitCode.USAGE
_FORMATS = ("json", "terraform", "cloudformation")
_TRUSTS = ("irsa", "pod-identity", "account")
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]|(?=.*[*?])[a-z0-9._*?-]{1,63}")  # IAM's wildcards, too
_STREAM = re.compile(r"[a-zA-Z0-9_.*?-]{1,64}")
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PROVIDER = re.compile(r"(?:https://|arn:aws:iam::(\d{12}):oidc-provider/)?([a-z0-9.-]+(?:/[A-Za-z0-9_/-]*)?)")


@command_of(examples=_EXAMPLES)
@click.option("--features", metavar="LIST", help="What the operator is used for, comma-separated; see below.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="json", show_default=True, help="What for.")
@click.option("--account-id", metavar="ID", help="Only resources of this account.")
@click.option("--regions", metavar="LIST", help="Only these regions, comma-separated.")
@click.option("--bucket", "buckets", multiple=True, metavar="NAME", help="Only this bucket; several times: these.")
@click.option("--stream", "streams", multiple=True, metavar="NAME", help="Only this Firehose stream; as --bucket.")
@click.option(
    "--consumer-tag",
    "consumer_tags",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only rooms and channels with this tag may be associated; several: all of them.",
)
@click.option("--role", "roles", multiple=True, metavar="ARN", help="Role of an AWSAccount that may be assumed.")
@click.option(
    "--trust",
    type=click.Choice(_TRUSTS),
    help="Print the trust policy instead; in Terraform and CloudFormation the policy and a role with it.",
)
@click.option(
    "--service-account",
    default="ivs-operator/ivs-operator",
    show_default=True,
    metavar="NAMESPACE/NAME",
    help="For --trust irsa and pod-identity: the operator's service account.",
)
@click.option("--oidc-provider", metavar="URL", help="For --trust irsa: the cluster's OIDC issuer, or its IAM ARN.")
@click.option("--eks-cluster", metavar="ARN", help="For --trust pod-identity: only pods of this cluster.")
@click.option("--operator-role", metavar="ARN", help="For --trust account: the operator's own role.")
@click.option("--external-id", metavar="ID", help="For --trust account: as in the AWSAccount's spec.externalID.")
@click.option("--name", default="ivs-operator", show_default=True, help="Name of the policy and the role.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
@setting_options("cluster_id")
@quiet_option
def command(
    *,
    features: str | None,
    format_: str,
    trust: str | None,
    name: str,
    output: Path | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Print the least IAM policy for what the operator is used for.

    \b
    Features: recording, channels, chat-logging, rooms, chat-to-s3, chat-to-cloudwatch,
    chat-to-firehose, destination-checks, delivery-metrics (all of these by default);
    accounts (roles of AWSAccounts, see --role); inventory (only looks: inventory, import); why (only looks).

    Objects can be changed and deleted only if they carry an operator's owner tag: with --cluster-id this cluster's.
    Nothing is called at AWS.
    """  # noqa: D301 - click wants the control character itself, or it rewraps the paragraph
    from ivs_operator.commands import policy_formats as formats
    from ivs_operator.domain.permissions import document, statements_for

    _check("--name", _NAME, [name], "up to 64 letters, digits and +=,.@_-, for example ivs-operator")
    chosen = _features(features, given["roles"])
    policy = document(statements_for(chosen, _scope(given)))
    trusted = _trust(trust, given) if trust is not None else None
    notes = Notes(quiet=quiet)
    if formats.size_of(policy) > formats.LONGEST_POLICY:
        notes.warn(
            f"ivs-operator: the policy has {formats.size_of(policy)} characters, more than IAM allows a managed policy "
            f"({formats.LONGEST_POLICY}); split the features over two policies, or name fewer buckets and roles"
        )
    match format_:
        case "terraform":
            text = formats.as_terraform(name, policy, trusted)
        case "cloudformation":
            text = formats.as_cloudformation(name, policy, trusted)
        case _:
            text = formats.as_json(policy if trusted is None else trusted)
    if output is None:
        give(text)
    else:
        write_file(output, text)
        notes.say(f"wrote {output}")


def _features(given: str | None, roles: Sequence[str]) -> list[Any]:
    from ivs_operator.domain.permissions import DEFAULT_FEATURES, Feature

    if given is None:
        return [*DEFAULT_FEATURES, *([Feature.ACCOUNTS] if roles else [])]
    names = names_in(given)
    unknown = [name for name in names if name not in set(Feature)]
    if unknown or not names:
        known = ", ".join(Feature)
        raise Failure(f"--features: there is no feature {', '.join(unknown) or repr(given)}; use {known}", _USAGE)
    return [Feature(name) for name in names]


def _scope(given: dict[str, Any]) -> "Scope":
    from ivs_operator.domain.permissions import Scope

    account = given["account_id"]
    if account is not None and not re.fullmatch(r"\d{12}", account):
        raise Failure(f"--account-id: {account!r} is no account id; it has 12 digits", _USAGE)
    for role in given["roles"]:
        _check_role("--role", role)
    _check("--bucket", _BUCKET, given["buckets"], "the name alone, for example my-vod")
    _check("--stream", _STREAM, given["streams"], "the name alone, for example chat-events")
    limits: dict[str, Any] = {"roles": given["roles"]} if given["roles"] else {}
    return Scope(
        account_id=account or "*",
        regions=_regions(given["regions"]),
        cluster_id=settings_from({"cluster_id": given["cluster_id"]}).cluster_id,
        buckets=given["buckets"],
        streams=given["streams"],
        consumer_tags=tuple(_pair(tag) for tag in given["consumer_tags"]),
        **limits,
    )


def _regions(given: str | None) -> tuple[str, ...]:
    names = names_in(given)
    for name in names:
        if not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", name):
            raise Failure(f"--regions: {name!r} is no region, for example us-west-2", _USAGE)
    return names


def _pair(tag: str) -> tuple[str, str]:
    key, equals, value = tag.partition("=")
    if not equals or not key:
        raise Failure(f"--consumer-tag: {tag!r} is not of the form KEY=VALUE", _USAGE)
    return key, value


def _check(option: str, form: re.Pattern[str], values: Sequence[str], says: str) -> None:
    for value in values:
        if form.fullmatch(value) is None:
            raise Failure(f"{option}: {value!r} is no name; give {says}", _USAGE)


def _check_role(option: str, arn: str | None) -> str:
    if arn is None or _ROLE.fullmatch(arn) is None:
        example = "arn:aws:iam::111122223333:role/ivs-operator"
        raise Failure(
            f"{option}: {'is needed' if arn is None else f'{arn!r} is no role'}, for example {example}", _USAGE
        )
    return arn


def _trust(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    from ivs_operator.domain.trust import ServiceAccount, trust_account, trust_irsa, trust_pod_identity

    if kind == "account":
        return trust_account(_check_role("--operator-role", given["operator_role"]), given["external_id"])
    namespace, slash, name = given["service_account"].partition("/")
    if not slash or not namespace or not name:
        raise Failure(f"--service-account: {given['service_account']!r} is not of the form NAMESPACE/NAME", _USAGE)
    service_account = ServiceAccount(namespace, name)
    if kind == "pod-identity":
        return trust_pod_identity(service_account, given["eks_cluster"])
    provider = _PROVIDER.fullmatch(given["oidc_provider"] or "")
    if provider is None:
        example = "oidc.eks.us-west-2.amazonaws.com/id/ABCDEF"
        raise Failure(f"--oidc-provider: is needed for --trust irsa, for example {example}", _USAGE)
    account = provider.group(1) or given["account_id"]
    if account is None:
        raise Failure("--account-id: is needed for --trust irsa, unless --oidc-provider is an ARN", _USAGE)
    return trust_irsa(account, provider.group(2), service_account)
