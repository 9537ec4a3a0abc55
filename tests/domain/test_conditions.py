"""A plan in the words of Kubernetes."""

from typing import Any

import pytest

from ivs_operator.api.status import MAX_MESSAGE
from ivs_operator.domain.conditions import Condition, conditions_of, render
from ivs_operator.domain.observed import Users
from ivs_operator.domain.plan import plan
from support.objects import arn_of, made_for, resource, room
from support.situations import NOW, failure, ready_status, situation

PLAIN = resource()
PROD = [{"matchTags": {"env": "prod"}}]


def selecting(*rooms: Any, ready: bool = False, **facts: Any) -> Any:
    members = {"associations": {"selectors": PROD}, "arn": arn_of("a")}
    wanted = resource(rooms=PROD, status=ready_status(**members) if ready else members)
    return situation(wanted, [made_for(wanted)], rooms, **facts)


CASES = [
    pytest.param(
        situation(PLAIN, [made_for(PLAIN)], None),
        {"Ready": ("True", "Available"), "Synced": ("True", "Available")},
        id="as wanted: neither Reconciling nor Stalled is there",
    ),
    pytest.param(
        situation(PLAIN),
        {"Ready": ("False", "Creating"), "Reconciling": ("True", "Creating"), "Synced": ("False", "Creating")},
        id="on its way",
    ),
    pytest.param(
        situation(resource(destinationConfiguration={})),
        {"Ready": ("False", "InvalidSpec"), "Stalled": ("True", "InvalidSpec"), "Synced": ("False", "InvalidSpec")},
        id="nothing moves without a person",
    ),
    pytest.param(
        situation(PLAIN, failures=[failure("create")]),
        {
            "Ready": ("False", "AccessDenied"),
            "Reconciling": ("True", "AccessDenied"),
            "Synced": ("False", "AccessDenied"),
        },
        id="denied is retried, so it is not stalled",
    ),
    pytest.param(
        situation(resource(paused=True), [made_for(PLAIN)]),
        {"Ready": ("False", "Paused")},
        id="paused: nothing goes on, and nothing is said about the AWS object",
    ),
    pytest.param(
        selecting(room("r", "a", env="prod")),
        {"Ready": ("True", "Available"), "Synced": ("True", "Available"), "Associated": ("True", "Available")},
        id="all rooms are associated",
    ),
    pytest.param(
        selecting(room("r", "x", "y", "z", env="prod")),
        {"Ready": ("True", "Available"), "Synced": ("True", "Available"), "Associated": ("False", "RoomFull")},
        id="a full room by tags shows in Associated only",
    ),
    pytest.param(
        selecting(room("r", env="prod"), ready=True),
        {"Ready": ("True", "Available"), "Synced": ("True", "Available"), "Associated": ("False", "Updating")},
        id="a room to come shows in Associated only, once Ready",
    ),
]


@pytest.mark.parametrize(("s", "wanted"), CASES)
def test_conditions(s: Any, wanted: dict[str, tuple[str, str]]) -> None:
    found = conditions_of(s, plan(s))
    assert {str(item.type): (item.status, str(item.reason)) for item in found} == wanted


def test_what_is_not_known_now_is_kept_as_it_was() -> None:
    before = [
        {"type": "Synced", "status": "True", "reason": "Available", "message": "as ever"},
        {"type": "Associated", "status": "False", "reason": "RoomFull", "message": "full"},
    ]
    s = situation(resource(paused=True, status={"conditions": before}))
    kept = [item for item in conditions_of(s, plan(s)) if item.type in {"Synced", "Associated"}]
    assert [(str(item.type), item.status, str(item.reason), item.message) for item in kept] == [
        ("Synced", "True", "Available", "as ever"),
        ("Associated", "False", "RoomFull", "full"),
    ]


@pytest.mark.parametrize(
    "garbage",
    [
        {"type": "Synced", "status": "True", "reason": ["Available"]},
        {"type": "Synced", "status": "True", "reason": "Magic"},
        {"type": "Synced"},
        "text",
        None,
        {},
    ],
)
def test_a_condition_that_was_edited_by_hand_is_not_carried_on(garbage: Any) -> None:
    s = situation(resource(paused=True, status={"conditions": [garbage]}))
    assert [item for item in conditions_of(s, plan(s)) if item.type == "Synced"] == []


def _condition(status: str = "True", message: str = "") -> Condition:
    return Condition("Ready", status, "Available", message)  # type: ignore[arg-type]


BEFORE = {"type": "Ready", "status": "True", "lastTransitionTime": "2001-01-01T00:00:00Z"}
TIMES = [
    pytest.param([BEFORE], "True", "2001-01-01T00:00:00Z", id="same status: the time stays, whatever else changes"),
    pytest.param([BEFORE], "False", "2023-11-14T22:13:20Z", id="another status: now"),
    pytest.param([], "True", "2023-11-14T22:13:20Z", id="new: now"),
    pytest.param(["garbage", {"status": "True"}], "True", "2023-11-14T22:13:20Z", id="garbage counts as new"),
    pytest.param([{**BEFORE, "lastTransitionTime": None}], "True", "2023-11-14T22:13:20Z", id="a time that is missing"),
]


@pytest.mark.parametrize(("before", "status", "time"), TIMES)
def test_times(before: list[Any], status: str, time: str) -> None:
    (entry,) = render([_condition(status)], before, 7, NOW)
    assert (entry["lastTransitionTime"], entry["observedGeneration"]) == (time, 7)


def test_a_message_is_cut_to_what_status_holds() -> None:
    (entry,) = render([_condition(message="m" * 9000)], [], 1, NOW)
    assert len(entry["message"]) == MAX_MESSAGE
    assert entry["message"].endswith("…")


def test_a_stray_user_is_named_in_associated() -> None:
    s = selecting(room("r", "a", env="prod"), room("s", "a"), room("t", "a"))
    (found,) = [item for item in conditions_of(s, plan(s)) if item.type == "Associated"]
    assert "uses it without being selected (and 1 more)" in found.message


def test_while_a_deletion_waits_nothing_is_said_to_be_about_to_be_associated() -> None:
    wanted = resource(rooms=PROD, deleting=True, status={"associations": {"selectors": PROD}, "arn": arn_of("a")})
    made = made_for(wanted)
    s = situation(
        wanted, [made], [room("r", "a", env="test"), room("s", env="prod")], users={made.arn: Users(NOW - 1, 1)}
    )
    (found,) = [each for each in conditions_of(s, plan(s)) if each.type == "Associated"]
    assert (found.status, found.reason) == ("False", "Deleting")
    assert "1 room not associated" in found.message
