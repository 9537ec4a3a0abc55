"""Who works on an object, as its Lease tells; and what is looked at where the operator itself must not look."""

from typing import Any

import pytest

from ivs_operator.aws.estate import AwsEstate
from ivs_operator.aws.inventory import Inventory
from ivs_operator.commands.misled import MisledEstate
from ivs_operator.commands.onlooker import Onlooker, _leader
from ivs_operator.commands.output import Notes
from ivs_operator.domain.explanation import AtAws, Explanation, explain
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.times import format_time
from ivs_operator.settings import Settings
from support.fake_aws import FakeAws, FakeGateway
from support.fake_cluster import FakeCluster
from support.objects import ACCOUNT, CHAT, CLUSTER, RECORDING, REGION, arn_of, key_of, made_for, resource
from support.situations import ready_status
from support.virtual_time import VirtualClock, run

NOW = 1_800_000_000.0


def lease(holder: str = "pod-1_0f3c", ago: float = 3.0) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "renewTime": format_time(NOW - ago), "leaseDurationSeconds": 15}
    return {"metadata": {"namespace": "ivs-operator", "name": "ivs-operator"}, "spec": spec}


@pytest.mark.parametrize(
    ("found", "says"),
    [
        pytest.param(lease(), "pod-1 leads (Lease ivs-operator/ivs-operator, renewed 3 s ago)", id="a leader"),
        pytest.param(lease(ago=-2.0), "renewed 0 s ago", id="its clock is ahead of ours"),
        pytest.param(lease(ago=90.0), "nobody leads: pod-1 has not renewed", id="one that is gone"),
        pytest.param(lease(holder=""), "nobody leads (Lease", id="one that has left"),
        pytest.param({"metadata": lease()["metadata"]}, "nobody leads", id="a Lease that nobody took"),
    ],
)
def test_who_leads(found: dict[str, Any], says: str) -> None:
    assert says in _leader(found, NOW)


class OneRegion:
    """AWS as the onlooker reaches it: one account, one region, one kind."""

    def __init__(self, aws: FakeAws) -> None:
        self.inventory = Inventory(FakeGateway(aws), aws.clock)  # type: ignore[arg-type]

    async def identity(self, kind: Kind) -> Identity:
        return Identity(ACCOUNT, REGION, (REGION,))

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Inventory:
        return self.inventory


def looked(res: dict[str, Any], estate: Any) -> Explanation:
    """What `why` finds."""
    key, cluster = key_of(res), FakeCluster(PLURALS)
    eyes = Onlooker(Settings(), cluster, estate, VirtualClock(), Notes())  # type: ignore[arg-type]
    situation, plan = run(eyes._look(key, res, CLUSTER, default_id=False))
    return explain(res, situation, plan, asked=eyes._unasked(situation), sweep_interval=60.0)


def seen(res: dict[str, Any], *there: Any) -> tuple[AtAws, FakeAws]:
    """What `why` says that AWS has, and AWS with its calls."""
    aws = FakeAws(VirtualClock(), key_of(res).kind)
    aws.put(*there)
    return looked(res, OneRegion(aws)).aws, aws


@pytest.mark.parametrize("kind", [RECORDING, CHAT])
@pytest.mark.parametrize("deleting", [False, True])
@pytest.mark.parametrize("remembered", [True, False])
def test_a_paused_object_is_looked_at_although_its_plan_asks_nothing(
    kind: Kind, deleting: bool, remembered: bool
) -> None:
    arn = arn_of("a", kind)
    status = ready_status(arn=arn) if remembered else None
    res = resource(kind, paused=True, deleting=deleting, status=status)
    other = {"s3": {"bucketName": "by-hand"}}
    found, aws = seen(res, made_for(resource(kind), destinationConfiguration=other))
    assert (found.trouble, found.arn, found.state) == (None, arn, "ACTIVE")
    assert [name for name, *_ in found.differences] == ["destinationConfiguration"], "what resuming would change"
    assert aws.count(writes=True) == 0


def test_of_a_paused_object_that_is_gone_at_aws_nothing_is_shown() -> None:
    found, _ = seen(resource(paused=True, status=ready_status(arn=arn_of("a"))))
    assert (found.trouble, found.arn) == (None, None)


def test_a_paused_adoption_shows_what_it_would_adopt() -> None:
    arn = arn_of("a", RECORDING)
    bare = dict.fromkeys(made_for(resource(RECORDING)).tags)
    res = resource(RECORDING, paused=True, existing={"arn": arn}, deletionPolicy="Retain")
    found, _ = seen(res, made_for(resource(RECORDING), tags=bare))
    assert found.arn == arn
    assert {name for name, *_ in found.differences} >= {"tags.ivs-operator.dev/owner"}


def test_a_spec_that_cant_be_read_hides_nothing_of_what_is_there() -> None:
    arn = arn_of("a")
    found, _ = seen(resource(existing={"arn": arn}, status=ready_status(arn=arn)), made_for(resource()))
    assert (found.arn, found.state) == (arn, "ACTIVE")


def test_where_the_address_of_aws_is_none_the_status_speaks() -> None:
    """A caller of boto3 would be told so by a ValueError."""
    aws = AwsEstate(VirtualClock(), region=REGION, workers=1, permitted=lambda: False)
    found = looked(resource(status=ready_status(arn=arn_of("a"))), MisledEstate(aws, "AWS_ENDPOINT_URL is no address"))
    assert (found.aws.trouble, found.aws.arn) == ("AWS_ENDPOINT_URL is no address", arn_of("a"))
    assert found.agreed, "nothing is known that would speak against it"
