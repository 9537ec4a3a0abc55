"""What tools that look at AWS need to know of the cluster: AWSAccounts, and what accounts for AWS objects."""

from typing import TYPE_CHECKING

from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ivs_operator.domain.accounts import Account
    from ivs_operator.domain.listed import Listed
    from ivs_operator.domain.orphans import Orphan

__all__ = ["account_named", "aws_accounts", "orphans_of"]


async def aws_accounts() -> "dict[str, Account]":
    """Every AWSAccount of the cluster, by name.

    Raises:
        NoCluster: nothing says where the cluster is.
        Failure: they can't be read.
    """
    from ivs_operator.api.kinds import AWS_ACCOUNT
    from ivs_operator.domain.accounts import account_from
    from ivs_operator.kube.client import KubernetesClient
    from ivs_operator.kube.connection import connect
    from ivs_operator.kube.errors import KubeError
    from ivs_operator.kube.reader import KubernetesReader

    async with KubernetesClient(await connect()) as cluster:
        try:
            found = await KubernetesReader(cluster).resources(AWS_ACCOUNT.plural)
        except KubeError as error:
            raise Failure(f"AWSAccounts can't be read from the cluster: {error}") from error
    return {account.name: account for account in map(account_from, found)}


def account_named(known: "Mapping[str, Account]", name: str, option: str) -> "Account":
    """The AWSAccount that `option` names.

    Raises:
        Failure: there is none of that name.
    """
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise Failure(f"{option}: there is no AWSAccount {name}; there are: {there}", ExitCode.USAGE)
    return known[name]


async def orphans_of(listed: "Iterable[Listed]", cluster_id: str | None) -> "tuple[Orphan, ...]":
    """AWS objects of this cluster without a custom resource; to be called after they were read.

    Raises:
        NoCluster: nothing says where the cluster is.
        Failure: the cluster can't be read completely, so that nobody can tell.
    """
    from ivs_operator.domain.identity import Key, Kind
    from ivs_operator.domain.kinds import PLURALS
    from ivs_operator.domain.orphans import holders_of, orphans_among
    from ivs_operator.kube.client import KubernetesClient
    from ivs_operator.kube.connection import connect
    from ivs_operator.kube.errors import KubeError
    from ivs_operator.kube.reader import KubernetesReader

    async with KubernetesClient(await connect()) as cluster:
        try:
            uid = cluster_id or await cluster.cluster_uid()
            resources = [
                (Key(kind, item["metadata"]["namespace"], item["metadata"]["name"]), item)
                for kind in Kind
                for item in await KubernetesReader(cluster).resources(PLURALS[kind])
            ]
        except KubeError as error:
            raise Failure(f"orphans can't be told without the whole cluster: {error}") from error
    return orphans_among((item for part in listed for item in part.configurations), uid, holders_of(resources))
