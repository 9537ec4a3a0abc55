"""Account and region of an object: decided once, then kept."""

from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.placement import Identity, place
from ivs_operator.domain.subject import Placement, Recorded
from support.objects import CHAT, arn_of, resource, room
from support.situations import fault
from support.virtual_time import run
from support.world import World

HERE = Identity(account_id="111122223333", default_region="us-west-2", regions=("us-west-2", "eu-west-1", "us-east-1"))
NEW = Recorded()
AWAY = replace(HERE, default_region="eu-west-1")
MADE = Recorded(region="us-west-2", account_id="111122223333")

PLACED = [
    pytest.param(NEW, None, HERE, "us-west-2", id="the operator's default region"),
    pytest.param(NEW, "eu-west-1", HERE, "eu-west-1", id="the spec's goes before it"),
    pytest.param(
        MADE, None, Identity("111122223333", "eu-west-1", HERE.regions), "us-west-2", id="the status' before both"
    ),
    pytest.param(MADE, "us-west-2", HERE, "us-west-2", id="pinned later to what it is"),
    pytest.param(NEW, "mars-1", Identity("111122223333"), "mars-1", id="without a list of regions none is refused"),
    pytest.param(
        replace(MADE, arn=arn_of("a"), region="eu-west-1"),
        None,
        HERE,
        "us-west-2",
        id="a region in the status that its ARN belies: somebody has edited it; a second object would be made",
    ),
    pytest.param(
        replace(MADE, arn=arn_of("a"), region="mars-1"), None, HERE, "us-west-2", id="one that does not exist, too"
    ),
    pytest.param(
        replace(MADE, arn=arn_of("a"), region=None),
        None,
        AWAY,
        "us-west-2",
        id="one that was taken out goes before a default",
    ),
    pytest.param(
        replace(MADE, arn=arn_of("a", region="eu-west-1")),
        "us-west-2",
        HERE,
        "us-west-2",
        id="a region that the spec bears out",
    ),
    pytest.param(
        replace(MADE, arn=arn_of("a", region="mars-1")), None, HERE, "us-west-2", id="an ARN of a region that is none"
    ),
    pytest.param(
        replace(MADE, arn=arn_of("a", CHAT, "eu-west-1", "999988887777")),
        None,
        HERE,
        "us-west-2",
        id="or of another account",
    ),
    pytest.param(replace(MADE, arn="nonsense"), None, HERE, "us-west-2", id="or no ARN at all"),
]


@pytest.mark.parametrize(("recorded", "spec", "identity", "region"), PLACED)
def test_placed(recorded: Recorded, spec: str | None, identity: Identity, region: str) -> None:
    assert place(recorded, spec, identity) == Placement(account_id="111122223333", region=region)


REFUSED = [
    pytest.param(
        NEW,
        None,
        Identity(refusal=fault(FaultClass.SLOW, Reason.ACCOUNT_NOT_FOUND, "no AWSAccount prod")),
        Reason.ACCOUNT_NOT_FOUND,
        False,
        "no AWSAccount prod",
        id="no credentials for it: somebody may create what is missing, so that nothing has stalled",
    ),
    pytest.param(
        MADE,
        "eu-west-1",
        HERE,
        Reason.REGION_CHANGED,
        True,
        "lives in us-west-2; set it back",
        id="it can't move",
    ),
    pytest.param(
        NEW, None, Identity("1"), Reason.UNSUPPORTED_REGION, True, "set spec.region, or start", id="no region"
    ),
    pytest.param(
        NEW,
        None,
        Identity("1", account="prod"),
        Reason.UNSUPPORTED_REGION,
        True,
        "set spec.region, spec.defaultRegion of AWSAccount prod, or start the operator with --region",
        id="no region, and an account that could give one",
    ),
    pytest.param(
        NEW,
        None,
        Identity("1", "mars-1", ("us-west-2",), account="prod", regional=True),
        Reason.UNSUPPORTED_REGION,
        True,
        "region mars-1 (spec.defaultRegion of AWSAccount prod); it is in us-west-2",
        id="the account's default is no region of the service",
    ),
    pytest.param(
        MADE,
        None,
        Identity("999999999999", "us-west-2", account="prod"),
        Reason.ACCOUNT_CHANGED,
        True,
        "AWSAccount prod leads to 999999999999; set its spec.roleARN to a role in the former",
        id="the role leads elsewhere: nothing is touched",
    ),
    pytest.param(
        NEW,
        "mars-1",
        HERE,
        Reason.UNSUPPORTED_REGION,
        True,
        "not offered in region mars-1; it is in eu-west-1, us-east-1, us-west-2",
        id="a region without the service, and those with it",
    ),
    pytest.param(
        MADE,
        None,
        Identity("999999999999", "us-west-2"),
        Reason.ACCOUNT_CHANGED,
        True,
        "lives in account 111122223333, but the credentials lead to 999999999999",
        id="the credentials lead elsewhere: nothing is touched",
    ),
]


@pytest.mark.parametrize(("recorded", "spec", "identity", "reason", "stalled", "says"), REFUSED)
def test_refused(  # noqa: PLR0917 - columns of the table
    recorded: Recorded, spec: str | None, identity: Identity, reason: Reason, stalled: Any, says: str
) -> None:
    placement = place(recorded, spec, identity)
    assert placement.fault is not None
    assert (placement.fault.reason, placement.stalled, placement.retry_at) == (reason, stalled, None)
    assert says in placement.fault.message


def test_an_account_that_can_not_be_told_passes_by_itself() -> None:
    why = fault(FaultClass.SLOW, Reason.ACCESS_DENIED, "no credentials")
    placement = place(NEW, None, Identity(None, "us-west-2", fault=why, fault_since=5.0, retry_at=9.0))
    assert placement == Placement(region="us-west-2", fault=why, fault_since=5.0, retry_at=9.0)


def test_before_the_first_answer_the_account_is_just_not_known() -> None:
    found = place(NEW, None, Identity(None, "us-west-2")).fault
    assert found is not None
    assert (found.reason, found.kind) == (Reason.UNAVAILABLE, FaultClass.FAST)


EDITS: list[Any] = [
    pytest.param({"region": "eu-west-1"}, ("True", "Available"), id="another region: the ARN tells where it is"),
    pytest.param({"region": "mars-1"}, ("True", "Available"), id="no region"),
    pytest.param({"region": None}, ("True", "Available"), id="none at all"),
    pytest.param(
        {"accountID": "999988887777"}, ("False", "AccountChanged"), id="another account: said, nothing touched"
    ),
    pytest.param(
        {"arn": arn_of("x", CHAT, "eu-west-1")},
        ("True", "Available"),
        id="an ARN elsewhere, where nothing is ours",
    ),
]


@pytest.mark.parametrize(("edit", "ready"), EDITS)
def test_a_status_that_was_edited_moves_nothing(edit: dict[str, Any], ready: tuple[str, str]) -> None:
    """No second object is made, nothing is let go, and it is noticed without anybody asking."""

    async def story() -> None:
        async with World() as world:
            world.at(CHAT).put(room("r", name="lobby"))
            key = world.cluster.apply(resource(rooms=[{"name": "lobby"}]))
            await world.until_at_rest()
            (made,) = world.at(CHAT).owned()
            world.cluster.edit_status(key, **edit)
            await world.until_at_rest()
            assert world.cluster.ready(key) == ready
            assert [item for aws in world.places.values() for item in aws.made] == world.at(CHAT).made
            if ready[0] == "True":
                assert (world.cluster.status(key)["region"], world.cluster.status(key)["arn"]) == (
                    "us-west-2",
                    made.arn,
                )
            assert world.at(CHAT).users(made.arn)

    run(story())


@pytest.mark.parametrize(
    "edit", [{"region": "eu-west-1"}, {"region": "mars-1"}, {"arn": arn_of("x", CHAT, "eu-west-1")}], ids=str
)
def test_a_deletion_finds_the_object_wherever_the_status_says_it_is(edit: dict[str, str]) -> None:
    async def story() -> None:
        async with World() as world:
            key = world.cluster.apply(resource())
            await world.until_at_rest()
            world.cluster.edit_status(key, **edit)
            world.cluster.delete(key)
            await world.until_at_rest()
            assert key not in world.cluster.resources
            assert not world.at(CHAT).owned(), "it would be left behind"

    run(story())


def test_an_unreadable_spec_pins_no_region() -> None:
    """The default would stay on record, and the mended spec be refused for good."""

    async def story() -> None:
        async with World() as world:
            key = world.cluster.apply(resource(region="eu-west-1", bogus=1))
            also = world.cluster.apply(resource(CHAT, "also", bogus=1))
            await world.until_at_rest()
            assert world.cluster.ready(key) == ("False", "InvalidSpec")
            assert [world.cluster.status(one).get("region") for one in (key, also)] == [None, None]
            world.cluster.apply(resource(region="eu-west-1"))
            world.cluster.apply(resource(CHAT, "also", region="eu-west-1"))
            await world.until_at_rest()
            assert world.cluster.ready(key) == world.cluster.ready(also) == ("True", "Available")
            assert len(world.at(CHAT, "eu-west-1").owned()) == 2

    run(story())
