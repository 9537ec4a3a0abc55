"""Which AWS objects nothing in the cluster accounts for."""

from typing import Any

import pytest

from ivs_operator.api.names import TAG_SPEC
from ivs_operator.domain.identity import Key
from ivs_operator.domain.orphans import holders_of, orphans_among
from support.objects import ACCOUNT, CHAT, CLUSTER, RECORDING, REGION, arn_of, configuration, key_of, made_for, resource

HERE = {"region": REGION, "accountID": ACCOUNT}


def holders(*resources: dict[str, Any]) -> Any:
    return holders_of((key_of(item), item) for item in resources)


NOBODY = holders()
OTHER = f"{CLUSTER}/other/vod"

CASES = [
    pytest.param(configuration(), NOBODY, "there is no ChatLoggingConfiguration live/vod", id="nobody has it"),
    pytest.param(configuration(), holders(resource(status=HERE)), None, id="its custom resource is there"),
    pytest.param(configuration(), holders(resource()), None, id="its custom resource has not looked yet"),
    pytest.param(
        configuration(), holders(resource(uid="new-life", status=HERE)), None, id="restored: another uid takes it over"
    ),
    pytest.param(
        configuration(), holders(resource(deleting=True, status=HERE)), None, id="its custom resource is being deleted"
    ),
    pytest.param(configuration(owner=None), NOBODY, None, id="nobody's at all"),
    pytest.param(configuration(owner="cluster-2/live/vod"), NOBODY, None, id="another cluster's"),
    pytest.param(configuration(owner=f"{CLUSTER}/live"), NOBODY, None, id="a tag that no operator has written"),
    pytest.param(configuration(state="DELETING"), NOBODY, None, id="on its way out"),
    pytest.param(configuration(state="CREATE_FAILED"), NOBODY, "there is no", id="a failed shell counts, too"),
    pytest.param(
        configuration("a", RECORDING),
        holders(resource(CHAT, status=HERE)),
        "there is no RecordingConfiguration live/vod",
        id="the other kind of the same name is somebody else",
    ),
    pytest.param(
        configuration(),
        holders(resource(status=HERE | {"region": "eu-west-1"})),
        "lives in region eu-west-1",
        id="made anew in another region",
    ),
    pytest.param(
        configuration(),
        holders(resource(region="eu-west-1")),
        "lives in region eu-west-1",
        id="being made anew in another region",
    ),
    pytest.param(
        configuration(),
        holders(resource(status=HERE | {"accountID": "222222222222"})),
        "lives in account 222222222222",
        id="made anew in another account",
    ),
    pytest.param(
        configuration("a"),
        holders(resource(existing={"arn": arn_of("x")}, deletionPolicy="Retain", status=HERE)),
        f"uses {arn_of('x')}",
        id="its custom resource was made anew and uses another",
    ),
    pytest.param(
        configuration("x"),
        holders(resource(existing={"arn": arn_of("x")}, deletionPolicy="Retain")),
        None,
        id="adopted",
    ),
    pytest.param(
        configuration("a"),
        holders(resource(status=HERE | {"region": "eu-west-1", "superseded": [{"arn": arn_of("a")}]})),
        None,
        id="a status that names it accounts for it, whatever else",
    ),
    pytest.param(
        configuration(),
        holders(resource(status={"superseded": "x", "arn": 1, "region": []})),
        None,
        id="a status edited by hand is read leniently",
    ),
]


@pytest.mark.parametrize(("item", "known", "cause"), CASES)
def test_what_is_an_orphan(item: Any, known: Any, cause: str | None) -> None:
    found = orphans_among([item], CLUSTER, known)
    if cause is None:
        assert found == ()
        return
    assert [(orphan.arn, orphan.account_id, orphan.region) for orphan in found] == [(item.arn, ACCOUNT, REGION)]
    assert cause in found[0].cause
    assert found[0].state == item.state


ADOPTING = resource(existing={"arn": arn_of("a")}, deletionPolicy="Retain")


@pytest.mark.parametrize(
    ("item", "made"),
    [
        pytest.param(made_for(resource()), True, id="we made it"),
        pytest.param(made_for(resource(), tags={TAG_SPEC: "v9-later"}), True, id="another version of us made it"),
        pytest.param(made_for(ADOPTING), False, id="adopted"),
        pytest.param(made_for(ADOPTING, tags={TAG_SPEC: None}), False, id="adopted, and not as the spec says"),
        pytest.param(made_for(resource(), tags={TAG_SPEC: None}), False, id="somebody took the tag off: who knows"),
    ],
)
def test_whether_an_orphan_was_made_by_us(item: Any, made: bool) -> None:
    (orphan,) = orphans_among([item], CLUSTER, NOBODY)
    assert orphan.made is made


def test_what_lies_outside_the_namespaces_that_are_known_is_not_judged() -> None:
    items = [configuration("b", owner=OTHER), configuration("a")]
    assert [o.key for o in orphans_among(items, CLUSTER, NOBODY, namespaces=frozenset({"live"}))] == [
        Key(CHAT, "live", "vod")
    ]
    assert [o.arn for o in orphans_among(items, CLUSTER, NOBODY)] == [arn_of("a"), arn_of("b")], "sorted by ARN"
