"""AWSAccounts: other accounts by roles, who may use them, and what happens when one changes, fails or goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.accounts import OTHER, AccountWalk, role_arn
from support.deadlines import until
from support.emulator import ACCOUNT
from support.walk import CHAT, RECORDING, Walk, condition, reason_of, s3

if TYPE_CHECKING:
    from collections.abc import Callable

THIRD = "333344445555"
REMOTE = "eu-west-1"


@pytest.fixture
def account(walk: Walk) -> AccountWalk:
    """The walk's AWSAccount, not applied yet."""
    return AccountWalk(walk)


def calls_in(walk: Walk, account: str, since: int = 0) -> int:
    """Requests to IVS and IVS Chat that were made in an account."""
    return sum(entry["service"] in {"ivs", "ivschat"} for entry in walk.control.requests(since, account=account))


def test_an_object_lives_in_the_account_it_names_and_both_go_by_one_prune(walk: Walk, account: AccountWalk) -> None:
    account.trust(external_id="live-platform")
    account.apply(externalID="live-platform", defaultRegion=REMOTE)
    bucket = walk.emulator.bucket("there", region=REMOTE, account=OTHER)
    walk.apply(CHAT, "chat", accountRef=account.reference, destinationConfiguration=s3(bucket))

    status = walk.ready(CHAT, "chat")
    assert (status["accountID"], status["region"]) == (OTHER, REMOTE), "the account's default region"
    assert account.ready()["accountID"] == OTHER
    assert account.get()["metadata"]["finalizers"] == ["ivs-operator.dev/aws-cleanup"]  # type: ignore[index]
    (assumed,) = walk.control.requests(operation="AssumeRole")
    assert "RoleSessionName=ivs-operator&" in assumed["body"] + "&"
    assert "ExternalId=live-platform" in assumed["body"]
    assert calls_in(walk, ACCOUNT) == 0, "none with the operator's own credentials"

    mark = walk.mark()
    walk.sweeps(CHAT, 2)
    assert walk.kube_writes(mark) == []

    account.delete()
    walk.delete(CHAT, "chat")
    walk.gone(CHAT, "chat")
    account.gone()
    assert walk.configurations(CHAT) == []
