"""AWSAccounts: who may use one, by name and by label, and what the others are told."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.account_report import Standing, User, account_status
from ivs_operator.domain.accounts import Account, Role, account_from, admits, may_use_default, reference_of, refusal
from ivs_operator.domain.failures import FaultClass
from support.situations import fault

ROLE = "arn:aws:iam::222233334444:role/ivs-operator"
LIVE = {"team": "live", "kubernetes.io/metadata.name": "live"}


def account(allowed: Any = None, *, deleting: bool = False, **spec: Any) -> Account:
    given = {"roleARN": ROLE, **spec, **({} if allowed is None else {"allowedNamespaces": allowed})}
    metadata = {"name": "prod", **({"deletionTimestamp": "2023-11-14T22:13:20Z"} if deleting else {})}
    return account_from({"metadata": metadata, "spec": given})


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    found: dict[str, Any] = {"key": key, "operator": operator}
    return {"selector": {"matchExpressions": [found | ({"values": list(values)} if values else {})]}}


ADMITTED = [
    pytest.param(None, LIVE, False, id="without allowedNamespaces nobody is allowed: the deputy is not confused"),
    pytest.param({}, LIVE, True, id="an empty one allows all"),
    pytest.param({}, None, True, id="and takes no labels to say so"),
    pytest.param({"list": ["live"]}, None, True, id="by name"),
    pytest.param({"list": ["chat", "lively"]}, LIVE, False, id="another name, and a name that only begins alike"),
    pytest.param({"selector": {}}, LIVE, True, id="an empty selector selects all"),
    pytest.param({"selector": {"matchLabels": {"team": "live"}}}, LIVE, True, id="by label"),
    pytest.param({"selector": {"matchLabels": {"team": "live", "env": "prod"}}}, LIVE, False, id="all labels count"),
    pytest.param({"selector": {"matchLabels": {"team": "live"}}}, {}, False, id="a namespace without labels"),
    pytest.param({"selector": {"matchLabels": {"team": "live"}}}, None, None, id="labels that nobody knows yet"),
    pytest.param({"list": ["live"], "selector": {"matchLabels": {"a": "b"}}}, None, True, id="either suffices"),
    pytest.param({"list": ["x"], "selector": {"matchLabels": {"team": "live"}}}, LIVE, True, id="either, the other"),
    pytest.param(expression("team", "In", "chat", "live"), LIVE, True, id="In"),
    pytest.param(expression("team", "In", "chat"), LIVE, False, id="not In"),
    pytest.param(expression("env", "In", "prod"), LIVE, False, id="In needs the label"),
    pytest.param(expression("team", "NotIn", "live"), LIVE, False, id="NotIn"),
    pytest.param(expression("env", "NotIn", "prod"), LIVE, True, id="NotIn holds for what lacks the label"),
    pytest.param(expression("team", "Exists"), LIVE, True, id="Exists"),
    pytest.param(expression("env", "Exists"), LIVE, False, id="Exists not"),
    pytest.param(expression("env", "DoesNotExist"), LIVE, True, id="DoesNotExist"),
    pytest.param(expression("team", "DoesNotExist"), LIVE, False, id="DoesNotExist, but it does"),
]


@pytest.mark.parametrize(("allowed", "labels", "admitted"), ADMITTED)
def test_who_is_admitted(allowed: Any, labels: dict[str, str] | None, admitted: bool | None) -> None:
    assert admits(account(allowed), "live", labels) is admitted


ALL = account({})
REFUSED = [
    pytest.param(None, False, Reason.ACCOUNT_NOT_FOUND, "there is no AWSAccount prod; create it, with namespace live"),
    pytest.param(account(), False, Reason.ACCOUNT_NOT_ALLOWED, "does not allow namespace live"),
    pytest.param(account(), True, Reason.ACCOUNT_NOT_ALLOWED, "Nothing is called"),
    pytest.param(
        account({"selector": {"matchLabels": {"a": "b"}}}), False, Reason.ACCOUNT_NOT_ALLOWED, "or select its"
    ),
    pytest.param(account({}, roleARN="nonsense"), True, Reason.ACCOUNT_NOT_FOUND, "can't be used: spec.roleARN: must"),
    pytest.param(account({}, deleting=True), False, Reason.ACCOUNT_NOT_FOUND, "is being deleted"),
]


@pytest.mark.parametrize(("found", "holds", "reason", "says"), REFUSED)
def test_who_is_refused_and_told_what_to_do(found: Account | None, holds: bool, reason: Reason, says: str) -> None:
    refused = refusal("prod", found, "live", LIVE, holds=holds)
    assert refused is not None
    assert refused.reason is reason
    assert says in refused.message


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        pytest.param(ALL, False, id="allowed"),
        pytest.param(account({}, deleting=True), True, id="what it may have there can still be deleted"),
    ],
)
def test_who_is_not_refused(found: Account, holds: bool) -> None:
    assert refusal("prod", found, "live", LIVE, holds=holds) is None


FLAWS = [
    (expression("team", "In"), "matchExpressions[0].values: operator In needs at least one value"),
    (expression("team", "Exists", "live"), "operator Exists takes no values; remove them"),
]


@pytest.mark.parametrize(("allowed", "says"), FLAWS)
def test_a_selector_that_kubernetes_would_refuse_allows_nobody(allowed: Any, says: str) -> None:
    found = account(allowed)
    assert found.role is None
    assert says in (found.invalid or "")


PATTERNS = [
    pytest.param((), "live", True, id="none: all"),
    pytest.param(("live", "chat"), "chat", True, id="named"),
    pytest.param(("live",), "lively", False, id="a name is no prefix"),
    pytest.param(("team-*",), "team-a", True, id="a pattern"),
    pytest.param(("!team-b",), "team-a", True, id="all but one"),
    pytest.param(("!team-b",), "team-b", False, id="that one"),
    pytest.param(("team-*", "!team-b"), "team-b", False, id="an exclusion goes before"),
    pytest.param(("!*",), "live", False, id="nobody"),
]


@pytest.mark.parametrize(("patterns", "namespace", "may"), PATTERNS)
def test_who_may_use_the_operators_own_credentials(patterns: tuple[str, ...], namespace: str, may: bool) -> None:
    assert may_use_default(namespace, patterns) is may


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({"accountRef": {"name": "prod"}}, "prod"),
        ({"accountRef": {"name": "prod"}, "rooms": "nonsense"}, "prod"),
        ({"accountRef": "prod"}, None),
        ({"accountRef": {"name": 7}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_account_that_a_resource_names_however_the_rest_reads(spec: Any, name: str | None) -> None:
    assert reference_of({"spec": spec}) == name


DENIED = fault(FaultClass.SLOW, Reason.ACCESS_DENIED, "AWSAccount prod: no trust")
AWAY = fault(FaultClass.FAST, Reason.UNAVAILABLE, "AssumeRole: no answer")
STAYING = User("ChatLoggingConfiguration", "live", "chat")
LEAVING = User("ChatLoggingConfiguration", "live", "old", deleting=True)

TOLD = [
    pytest.param({"account_id": "2"}, ("True", "Available", None), "the role can be assumed", id="well"),
    pytest.param(
        {"account": account(), "account_id": "2"},
        ("True", "Available", None),
        "no namespace may use it until spec.allowedNamespaces is set",
        id="well, but of no use yet",
    ),
    pytest.param({"fault": DENIED}, ("False", "AccessDenied", "Reconciling"), "no trust", id="refused: tried again"),
    pytest.param({"fault": AWAY}, ("False", "Unavailable", "Reconciling"), "no answer", id="STS is long away"),
    pytest.param(
        {"account": account({}, roleARN="x")},
        ("False", "InvalidSpec", "Stalled"),
        "roleARN: must",
        id="a spec of before the schema",
    ),
    pytest.param(
        {"account_id": "2", "labels_trouble": "forbidden"},
        ("False", "AccessDenied", "Reconciling"),
        "labels of namespaces: forbidden",
        id="labels that nobody may read",
    ),
    pytest.param(
        {"account": account({}, deleting=True), "account_id": "2", "users": (LEAVING, STAYING)},
        ("False", "DeletionBlocked", "Reconciling"),
        "ChatLoggingConfiguration live/chat still uses it; delete them, and it goes after them",
        id="deleted while somebody stays",
    ),
    pytest.param(
        {"account": account({}, deleting=True), "fault": DENIED, "users": (LEAVING,)},
        ("False", "Deleting", "Reconciling"),
        "goes once 1 object that uses it is deleted",
        id="deleted with its users: nobody has to do anything",
    ),
    pytest.param(
        {"account": account({}, deleting=True), "account_id": "222233334444", "untold": "x is forbidden: no list"},
        ("False", "DeletionBlocked", "Reconciling"),
        "can't be told: x is forbidden: no list. Allow the operator to list recordingconfigurations and "
        "chatloggingconfigurations in all namespaces; or, if no object names it any more, remove its finalizer "
        "ivs-operator.dev/aws-cleanup",
        id="deleted, and whether others use it can't be told",
    ),
    pytest.param(
        {"account": account({}, deleting=True), "untold": "no list", "users": (LEAVING,)},
        ("False", "Deleting", "Reconciling"),
        "goes once 1 object",
        id="those who are known come first",
    ),
]


@pytest.mark.parametrize(("found", "ready", "says"), TOLD)
def test_what_an_account_tells(found: dict[str, Any], ready: tuple[str, str, str | None], says: str) -> None:
    standing = Standing(**{"account": ALL, "generation": 2, **found})
    status = account_status(standing, {}, 1_700_000_100.0)
    assert status is not None
    first, *rest = status["conditions"]
    assert (first["status"], first["reason"], rest[0]["type"] if rest else None) == ready
    assert says in first["message"]
    assert status["observedGeneration"] == first["observedGeneration"] == 2


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({}, id="not asked yet"),
        pytest.param({"fault": AWAY, "fault_since": 1_700_000_099.0}, id="STS was away for a second"),
    ],
)
def test_what_is_not_worth_telling(found: dict[str, Any]) -> None:
    assert account_status(Standing(ALL, 2, **found), {}, 1_700_000_100.0) is None


def test_a_status_once_told_stays_as_it_is() -> None:
    standing = Standing(ALL, 2, account_id="222233334444")
    before = account_status(standing, {}, 1_700_000_000.0)
    assert before is not None
    assert account_status(standing, before, 1_700_009_999.0) == before


@pytest.mark.parametrize(("role", "kept"), [(ROLE, "222233334444"), (ROLE.replace("2222", "9999"), None)])
def test_the_account_id_is_kept_while_the_role_is_refused_unless_it_is_of_another_account(
    role: str, kept: str | None
) -> None:
    changed = Account("prod", Role(role))
    status = account_status(Standing(changed, 3, fault=DENIED), {"accountID": "222233334444"}, 1_700_000_000.0)
    assert status is not None
    assert status.get("accountID") == kept
