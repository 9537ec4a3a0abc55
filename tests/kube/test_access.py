"""Which rights are asked for, how those that are missing are told, and that nothing is told when nobody answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ivs_operator.kube.access import LABELS_OF_NAMESPACES, Access, Right, needed_rights
from ivs_operator.kube.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

RIGHTS = needed_rights(["rooms"], ["live"], cluster_uid=True, lease=("ops", "ivs-operator"))
ALL = {
    "get rooms.ivs-operator.dev in namespace live",
    "list rooms.ivs-operator.dev in namespace live",
    "watch rooms.ivs-operator.dev in namespace live",
    "patch rooms.ivs-operator.dev in namespace live",
    "patch rooms/status.ivs-operator.dev in namespace live",
    "get customresourcedefinitions.apiextensions.k8s.io rooms.ivs-operator.dev",
    "list customresourcedefinitions.apiextensions.k8s.io",
    "watch customresourcedefinitions.apiextensions.k8s.io",
    "create events.events.k8s.io in namespace live",
    "list awsaccounts.ivs-operator.dev",
    "watch awsaccounts.ivs-operator.dev",
    "patch awsaccounts.ivs-operator.dev",
    "patch awsaccounts/status.ivs-operator.dev",
    "get leases.coordination.k8s.io ivs-operator in namespace ops",
    "update leases.coordination.k8s.io ivs-operator in namespace ops",
    "create leases.coordination.k8s.io in namespace ops",
    "get namespaces kube-system",
}


class Reviewer:
    """The API server, as far as it tells of rights."""

    def __init__(self, granted: Iterable[Right] = ()) -> None:
        self.granted = list(granted)
        self.answers = True

    async def allowed(self, right: Right) -> bool:
        if not self.answers:
            raise Unreachable("the API server is away")
        return right in self.granted


def told(access: Access) -> set[str]:
    """What is told as missing, right by right."""
    asyncio.run(access.review())
    if access.trouble is None:
        return set()
    return set(access.trouble.removeprefix("RBAC does not allow the operator to ").split(", "))


def test_every_right_is_told_with_verb_resource_name_and_namespace() -> None:
    assert told(Access(Reviewer(), RIGHTS)) == ALL


@pytest.mark.parametrize(
    ("rights", "spared"),
    [
        pytest.param(
            needed_rights(["rooms"], ["live"], cluster_uid=False, lease=("ops", "ivs-operator")),
            {"get namespaces kube-system"},
            id="the UID of kube-system is not read when there is a cluster id",
        ),
        pytest.param(
            needed_rights(["rooms"], ["live"], cluster_uid=True, lease=None),
            {words for words in ALL if "leases" in words},
            id="without election there is no Lease",
        ),
    ],
)
def test_what_a_setting_spares_is_not_asked_for(rights: tuple[Right, ...], spared: set[str]) -> None:
    assert told(Access(Reviewer(), rights)) == ALL - spared


def test_without_namespaces_the_rights_are_those_of_the_cluster() -> None:
    rights = needed_rights(["rooms"], [], cluster_uid=True, lease=("ops", "ivs-operator"))
    assert told(Access(Reviewer(), rights)) == {words.removesuffix(" in namespace live") for words in ALL}


def test_of_a_pattern_no_namespace_is_asked_for_but_how_to_find_those_that_match() -> None:
    """A Role in each of them is enough, and there is no namespace `team-*` in which one could be."""
    rights = needed_rights(["rooms"], ["live", "team-*"], cluster_uid=True, lease=("ops", "ivs-operator"))
    assert told(Access(Reviewer(), rights)) == ALL | {"list namespaces", "watch namespaces"}


@pytest.mark.parametrize(
    ("withheld", "blind"),
    [
        ("list rooms.ivs-operator.dev in namespace live", True),
        ("list awsaccounts.ivs-operator.dev", True),
        ("watch rooms.ivs-operator.dev in namespace live", False),
        ("list customresourcedefinitions.apiextensions.k8s.io", False),
    ],
)
def test_who_can_list_none_of_our_kinds_is_blind(withheld: str, blind: bool) -> None:
    reviewer = Reviewer()
    for right in RIGHTS:
        if told(Access(Reviewer(), [right])) != {withheld}:
            reviewer.granted.append(right)
    access = Access(reviewer, RIGHTS)
    assert told(access) == {withheld}
    assert asyncio.run(access.blind()) is blind


def test_what_was_granted_is_told_no_more_and_what_is_needed_later_is() -> None:
    reviewer = Reviewer(RIGHTS[1:])
    access = Access(reviewer, RIGHTS)
    assert told(access) == {"get rooms.ivs-operator.dev in namespace live"}
    reviewer.granted.append(RIGHTS[0])
    assert told(access) == set()
    access.need(LABELS_OF_NAMESPACES)
    assert told(access) == {"list namespaces", "watch namespaces"}


def test_while_nobody_answers_what_was_told_last_stands() -> None:
    reviewer = Reviewer(RIGHTS[1:])
    access = Access(reviewer, RIGHTS)
    before = told(access)
    reviewer.answers = False
    assert not asyncio.run(access.review()), "nothing is certain"
    assert not asyncio.run(access.blind()), "so that nobody waits for it"
    assert told(access) == before
