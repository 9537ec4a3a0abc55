"""AWSAccounts: other accounts by roles, who may use them, and what happens when one changes, fails or goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.accounts import OTHER, AccountWalk, role_arn
from support.deadlines import until
from support.emulator import ACCOUNT
from support.service_account import BASE
from support.walk import CHAT, RECORDING, Walk, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

THIRD = "333344445555"
REMOTE = "eu-west-1"
SERVICES = {"ivs", "ivschat"}


@pytest.fixture
def account(walk: Walk) -> AccountWalk:
    """The walk's AWSAccount, not applied yet."""
    return AccountWalk(walk)


def calls_in(walk: Walk, account: str, since: int = 0) -> list[str]:
    """Requests to IVS and IVS Chat that were made in an account."""
    made = walk.control.requests(since, account=account)
    return [entry["operation"] for entry in made if entry["service"] in SERVICES]


def writes_in(walk: Walk, since: int) -> list[str]:
    """Writes to IVS and IVS Chat in any account."""
    made = walk.control.requests(since, write=True)
    return [entry["operation"] for entry in made if entry["service"] in SERVICES]


def tags_of(walk: Walk, arn: str) -> dict[str, str]:
    """Tags of a logging configuration, whichever account it is in."""
    found = next(item for item in walk.configurations(CHAT) if item["arn"] == arn)
    return dict(found.get("tags") or {})


def declare(walk: Walk, account: AccountWalk, name: str = "chat", region: str = REMOTE) -> None:
    """An object that names the AWSAccount."""
    bucket = walk.emulator.bucket(f"bucket-of-{name}", region=region, account=OTHER)
    walk.apply(CHAT, name, accountRef=account.reference, destinationConfiguration=s3(bucket), region=region)


def test_an_object_lives_in_the_account_it_names_and_both_go_by_one_prune(walk: Walk, account: AccountWalk) -> None:
    account.trust(external_id="live-platform")
    account.apply(externalID="live-platform", defaultRegion=REMOTE)
    bucket = walk.emulator.bucket("there", region=REMOTE, account=OTHER)
    walk.apply(CHAT, "chat", accountRef=account.reference, destinationConfiguration=s3(bucket))

    status = walk.ready(CHAT, "chat")
    assert (status["accountID"], status["region"]) == (OTHER, REMOTE), "the account's default region"
    assert account.ready()["accountID"] == OTHER
    assert account.finalizers() == ["ivs-operator.dev/aws-cleanup"]
    (assumed,) = walk.control.requests(operation="AssumeRole")
    assert "RoleSessionName=ivs-operator&" in assumed["body"] + "&"
    assert "ExternalId=live-platform" in assumed["body"]
    assert calls_in(walk, ACCOUNT) == [], "none with the operator's own credentials"

    mark = walk.mark()
    walk.sweeps(CHAT, 2)
    assert account.kube_writes(mark) == walk.kube_writes(mark) == [], "at rest nothing is written"

    assert walk.operator.stop() == 0
    mark, since = walk.cluster.audit_log.mark(), walk.control.last_sequence()
    walk.operator.start()
    walk.sweeps(CHAT, 2)
    walk.mark()
    assert account.kube_writes(mark) == walk.kube_writes(mark) == [], "nor at a restart"
    assert writes_in(walk, since) == []

    account.delete()
    walk.delete(CHAT, "chat")
    walk.gone(CHAT, "chat")
    account.gone()
    assert walk.configurations(CHAT) == []


def test_an_account_that_is_deleted_first_goes_after_its_users(walk: Walk, account: AccountWalk) -> None:
    account.apply()
    declare(walk, account)
    walk.ready(CHAT, "chat")
    account.delete()
    message = account.reason("DeletionBlocked")
    assert message.startswith(f"ChatLoggingConfiguration {walk.namespace}/chat still uses it; delete them")

    declare(walk, account, "late")
    assert "is being deleted" in walk.reason(CHAT, "late", "AccountNotFound")
    arn = walk.status(CHAT, "chat")["arn"]
    walk.edit(CHAT, "chat", tags={"still": "served"})
    until(lambda: tags_of(walk, arn).get("still") == "served", "who uses it already is served")

    walk.delete(CHAT, "chat")
    walk.gone(CHAT, "chat")
    account.gone()
    until(lambda: "create it" in walk.reason(CHAT, "late", "AccountNotFound"), "who came late is told what to do")
    walk.delete(CHAT, "late")
    walk.gone(CHAT, "late")
    assert walk.configurations(CHAT) == []


def test_a_role_that_can_not_be_assumed_is_told_until_it_can(walk: Walk, account: AccountWalk) -> None:
    """A wrong external id looks to AWS like any other lack of trust, so the message names all that may be wrong."""
    account.trust(external_id="live-platform")
    account.apply(externalID="wrong")
    declare(walk, account)
    told = account.reason("AccessDenied")
    assert f"role {role_arn(OTHER)} can't be assumed" in told
    assert "its condition on sts:ExternalId must equal spec.externalID" in told
    assert walk.reason(CHAT, "chat", "AccessDenied") == told
    assert condition(walk.get(CHAT, "chat") or {}, "Reconciling")["status"] == "True", "somebody may mend it"
    assert "accountID" not in (account.get() or {}).get("status", {})
    assert calls_in(walk, OTHER) == calls_in(walk, ACCOUNT) == []

    account.apply(externalID="live-platform")
    assert walk.ready(CHAT, "chat")["accountID"] == OTHER
    account.ready()


def test_only_namespaces_that_are_allowed_may_use_an_account_and_labels_count_at_once(
    walk: Walk, account: AccountWalk
) -> None:
    label = f"{walk.namespace}.example.com/team"
    account.apply(allowedNamespaces=None)
    declare(walk, account)
    assert f"does not allow namespace {walk.namespace}" in walk.reason(CHAT, "chat", "AccountNotAllowed")
    walk.delete(CHAT, "chat")
    walk.gone(CHAT, "chat")
    assert calls_in(walk, OTHER) == calls_in(walk, ACCOUNT) == [], "no call is made for whoever is refused"

    account.apply(allowedNamespaces={"selector": {"matchLabels": {label: "live"}}})
    declare(walk, account, "later")
    assert "or select its labels" in walk.reason(CHAT, "later", "AccountNotAllowed")
    walk.kubectl("label", "namespace", walk.namespace, f"{label}=live")
    walk.ready(CHAT, "later")

    walk.kubectl("label", "namespace", walk.namespace, f"{label}-")
    walk.reason(CHAT, "later", "AccountNotAllowed")
    since = walk.control.last_sequence()
    walk.edit(CHAT, "later", tags={"not": "set"})
    walk.reason(CHAT, "later", "AccountNotAllowed")
    walk.delete(CHAT, "later")
    walk.wait(CHAT, "later", lambda found: "Retain" in condition(found, "Ready")["message"], "says the way out")
    assert calls_in(walk, OTHER, since) == []

    walk.kubectl("label", "namespace", walk.namespace, f"{label}=live")
    walk.gone(CHAT, "later")
    assert walk.configurations(CHAT) == []


def test_a_role_of_another_account_touches_nothing_and_the_former_one_heals(walk: Walk, account: AccountWalk) -> None:
    account.apply()
    declare(walk, account)
    before = walk.ready(CHAT, "chat")
    since = walk.control.last_sequence()
    account.apply(THIRD)
    message = walk.reason(CHAT, "chat", "AccountChanged")
    assert f"lives in account {OTHER}, but AWSAccount {account.name} leads to {THIRD}" in message
    assert condition(walk.get(CHAT, "chat") or {}, "Stalled")["reason"] == "AccountChanged"
    assert account.ready()["accountID"] == THIRD
    walk.edit(CHAT, "chat", tags={"not": "set"})
    walk.reason(CHAT, "chat", "AccountChanged")
    assert writes_in(walk, since) == []
    assert calls_in(walk, THIRD) == []

    account.apply(OTHER)
    after = walk.ready(CHAT, "chat")
    assert after["arn"] == before["arn"]
    assert tags_of(walk, before["arn"])["not"] == "set"


def test_credentials_that_are_revoked_are_replaced_and_without_trust_nothing_is_lost(
    walk: Walk, account: AccountWalk
) -> None:
    account.trust()
    account.apply()
    declare(walk, account)
    arn = walk.ready(CHAT, "chat")["arn"]

    expired = {"code": "ExpiredTokenException", "status": 403, "message": "The security token is expired"}
    revoked = walk.control.add_fault(service="ivschat", account=OTHER, error=expired)
    assumed = walk.control.counts(operation="AssumeRole").total
    until(lambda: walk.control.counts(operation="AssumeRole").total > assumed, "new ones are asked for")
    walk.control.remove_fault(revoked)
    walk.edit(CHAT, "chat", tags={"round": "1"})
    until(lambda: tags_of(walk, arn).get("round") == "1", "the edit gets through", last=walk.operator.tail)

    account.trust(of=THIRD)
    lost = walk.control.add_fault(
        service="ivschat",
        account=OTHER,
        error={"code": "AccessDeniedException", "message": "denied, with an explicit deny in an identity-based policy"},
    )
    assert "can't be assumed" in account.reason("AccessDenied")
    assert condition(walk.get(CHAT, "chat") or {}, "Ready")["status"] == "True", "a failed look is no news about it"

    account.trust()
    walk.control.remove_fault(lost)
    walk.kubectl("annotate", "awsaccount", account.name, "ivs-operator.dev/reconcile-at=now")
    account.ready()
    walk.edit(CHAT, "chat", tags={"round": "2"})
    until(lambda: tags_of(walk, arn).get("round") == "2", "the edit gets through", last=walk.operator.tail)


def test_an_account_that_hangs_and_a_region_that_is_closed_slow_nobody_else(walk: Walk, account: AccountWalk) -> None:
    closed, silent = AccountWalk(walk, "closed"), AccountWalk(walk, "silent")
    walk.control.add_fault(operation="AssumeRole", contains=THIRD, hold="before")
    walk.control.add_fault(
        service="ivschat",
        account=OTHER,
        region="us-east-1",
        error={"code": "UnrecognizedClientException", "status": 403, "message": "The security token is invalid."},
    )
    silent.apply(THIRD)
    closed.apply()
    account.apply()
    for number in range(4):
        walk.apply(CHAT, f"silent-{number}", accountRef=silent.reference, destinationConfiguration=s3("some-bucket"))
        declare(walk, closed, f"closed-{number}", "us-east-1")
    for number in range(4):
        declare(walk, account, f"well-{number}", REMOTE)
        walk.ready(CHAT, f"well-{number}")
        walk.apply(RECORDING, f"own-{number}", destinationConfiguration=s3(walk.emulator.bucket(f"own-{number}")))
        walk.ready(RECORDING, f"own-{number}")
    assert "security token is invalid" in walk.reason(CHAT, "closed-0", "AccessDenied")
    assert "no answer" in walk.reason(CHAT, "silent-0", "Unavailable")
    silent.reason("Unavailable")
    arn = walk.status(RECORDING, "own-0")["arn"]
    walk.ivs.delete_recording_configuration(arn=arn)
    walk.wait(RECORDING, "own-0", lambda found: found["status"].get("arn") not in {arn, None}, "is swept and made anew")


def test_what_tenants_may_not_do(begin: Callable[..., Walk]) -> None:
    """Neither use the operator's own credentials, nor adopt what others made; both are the platform team's to say."""
    walk = begin(default_account_namespaces="!*", adoption="retain-only")
    foreign = walk.foreign(CHAT)
    walk.apply(CHAT, "own", destinationConfiguration=s3("some-bucket"))
    assert "setting default-account-namespaces" in walk.reason(CHAT, "own", "AccountNotAllowed")
    account = AccountWalk(walk)
    account.apply(ACCOUNT)
    same = {"accountRef": account.reference, "destinationConfiguration": s3("foreign-bucket-0"), "name": "foreign"}
    walk.apply(CHAT, "taken", existing={"arn": foreign}, deletionPolicy="Delete", **same)
    assert "only with deletionPolicy Retain" in walk.reason(CHAT, "taken", "InvalidSpec")
    walk.delete(CHAT, "taken")
    walk.gone(CHAT, "taken")
    walk.apply(CHAT, "kept", existing={"arn": foreign}, deletionPolicy="Retain", **same)
    walk.ready(CHAT, "kept")
    walk.edit(CHAT, "kept", deletionPolicy="Delete")
    walk.reason(CHAT, "kept", "InvalidSpec")
    for name in ("kept", "own"):
        walk.delete(CHAT, name)
        walk.gone(CHAT, name)
    assert [item["arn"] for item in walk.configurations(CHAT)] == [foreign]
    assert not any(key.startswith("ivs-operator.dev/") for key in tags_of(walk, foreign)), "and let go"


def test_labels_that_may_not_be_read_are_told_in_one_line_and_allow_nobody(
    make_operator: Callable[..., OperatorProcess], control_plane: Cluster, namespace: str, emulator: Emulator
) -> None:
    """A selector needs a right that nothing else needs: it is missed once some AWSAccount has one."""
    limited: Any = control_plane
    full: dict[str, Any] = yaml.safe_load((BASE / "cluster-role.yaml").read_text())
    full["metadata"] = {"name": namespace}
    less = {**full, "rules": [rule for rule in full["rules"] if not _reads_labels(rule)]}
    assert less["rules"] != full["rules"]
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(less))
    control_plane.kubectl(
        "create", "clusterrolebinding", namespace, f"--clusterrole={namespace}", f"--user={namespace}"
    )
    process = make_operator(limited.user_kubeconfig(namespace), namespaces=namespace, cluster_id=namespace)
    process.start()
    walk = Walk(control_plane, namespace, emulator, process)
    account = AccountWalk(walk)
    account.apply(allowedNamespaces={"selector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}})
    declare(walk, account)

    line = process.wait_line(event="rights are missing", level="error")
    assert line["missing"] == "list namespaces, watch namespaces"
    assert process.probe("/readyz")[0] == 503
    assert "selector can't be evaluated: labels of namespaces: " in account.reason("AccessDenied")
    assert "can't be told: labels of namespaces: " in walk.reason(CHAT, "chat", "AccountNotAllowed")
    assert calls_in(walk, OTHER) == []

    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(full))
    walk.ready(CHAT, "chat")
    account.ready()
    process.wait_ready()
    assert len(process.lines(event="rights are missing")) == 1
    spare = AccountWalk(walk, "spare")
    spare.apply()
    told = f'ivs_operator_resource_ready{{kind="AWSAccount",namespace="",name="{account.name}"}} 1\n'
    until(lambda: told in process.metrics(), "the AWSAccount that an object here names is told", last=process.metrics)
    assert f'name="{spare.name}"' not in process.metrics(), "it gets no status, and would not be Ready for ever"
    walk.api.close()


def _reads_labels(rule: dict[str, Any]) -> bool:
    return rule["resources"] == ["namespaces"] and "list" in rule["verbs"]
