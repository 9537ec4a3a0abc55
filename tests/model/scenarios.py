"""The small worlds that are explored: each is about one promise, with everything that may come between."""

from typing import Any

from model.scenario import Scenario
from support.objects import CHAT, RECORDING, arn_of, channel, configuration, consumer_arn, room

__all__ = ["SCENARIOS", "named"]

_PROD = [{"matchTags": {"env": "prod"}}]
_TEST = [{"matchTags": {"env": "test"}}]
_CALLS = frozenset({"crash", "lost", "kube"})
_ALL = _CALLS | {"lag", "reads", "stale", "refused", "failed"}


def _bucket(name: str) -> dict[str, Any]:
    return {"destinationConfiguration": {"s3": {"bucketName": name}}}


_REPLACE = {"replacePolicy": "CreateBeforeDelete"}
_THUMBS = {"thumbnailConfiguration": {"recordingMode": "DISABLED"}}

SCENARIOS = (
    Scenario(
        "a chat logging configuration is made once",
        CHAT,
        {"vod": ({"tags": {"team": "live"}}, {"tags": {}})},
        faults=_ALL,
        people=frozenset({"edit", "delete", "again", "pause"}),
        sweeps=True,
    ),
    Scenario(
        "a few seconds matter while an object is made",
        CHAT,
        {"vod": ({},)},
        disturbances=3,
        faults=_CALLS | {"lag", "reads"},
        people=frozenset({"delete"}),
        moments=True,
    ),
    Scenario(
        "a List that lags leaves out what was just made, and Gets fail",
        CHAT,
        {"vod": ({},)},
        disturbances=5,
        faults=frozenset({"crash", "lag", "reads"}),
        sweeps=True,
        whole=13_000,
    ),
    Scenario(
        "a recording configuration is made once",
        RECORDING,
        {"vod": ({"tags": {"team": "live"}}, {"tags": {"team": "live"}, **_THUMBS})},
        faults=_ALL,
        people=frozenset({"edit", "delete", "again", "ask"}),
        sweeps=True,
    ),
    Scenario(
        "rooms are joined and let go",
        CHAT,
        {"vod": ({"rooms": _PROD}, {"rooms": _TEST}, {"rooms": []})},
        consumers=(room("r1", "x", env="prod"), room("r2", env="test")),
        configurations=(configuration("x", owner=None),),
        faults=_CALLS | {"stale"},
        people=frozenset({"edit", "pause"}),
        others=frozenset({"leave", "use", "gone"}),
        settled=True,
        disturbances=3,
    ),
    Scenario(
        "a room that lags behind is joined once",
        CHAT,
        {"vod": ({"rooms": _PROD}, {"rooms": []})},
        consumers=(room("r1", env="prod"),),
        faults=frozenset({"crash", "lag", "lost", "reads"}),
        people=frozenset({"edit", "delete"}),
        others=frozenset({"leave", "use"}),
        sweeps=True,
        disturbances=3,
    ),
    Scenario(
        "two objects want the last slot of a room",
        CHAT,
        {"one": ({"rooms": _PROD}, {"rooms": []}), "two": ({"rooms": _PROD},)},
        consumers=(room("r1", "x", "y", env="prod"),),
        configurations=(configuration("x", owner=None), configuration("y", owner=None)),
        faults=frozenset({"crash", "lost"}),
        people=frozenset({"edit", "delete"}),
        others=frozenset({"join", "leave"}),
        disturbances=1,
        most_made=3,
    ),
    Scenario(
        "a used object is deleted",
        CHAT,
        {
            "vod": (
                {"rooms": _PROD},
                {"rooms": _PROD, "deletionPolicy": "DetachAndDelete"},
                {"rooms": _PROD, "deletionPolicy": "Retain"},
            )
        },
        consumers=(room("r1", "x", env="prod"), room("r2", env="test")),
        configurations=(configuration("x", owner=None),),
        faults=_ALL,
        people=frozenset({"edit", "delete", "again", "pause"}),
        others=frozenset({"use", "leave"}),
        settled=True,
        disturbances=3,
    ),
    Scenario(
        "what is joined goes with its object",
        CHAT,
        {"vod": ({"rooms": _PROD, "deletionPolicy": "DetachAndDelete"}, {"rooms": []})},
        consumers=(room("r1", env="prod"),),
        faults=frozenset({"crash", "lag", "lost", "reads", "stale"}),
        people=frozenset({"delete", "edit"}),
        others=frozenset({"use", "leave"}),
        settled=True,
        disturbances=3,
    ),
    Scenario(
        "an object is deleted while Lists lag",
        CHAT,
        {"vod": ({"rooms": _PROD, "deletionPolicy": "DetachAndDelete"},)},
        consumers=(room("r1", env="prod"),),
        faults=frozenset({"crash", "lag", "reads"}),
        people=frozenset({"delete"}),
        disturbances=3,
    ),
    Scenario(
        "a recording configuration is replaced",
        RECORDING,
        {
            "vod": (
                {"channels": _PROD, **_REPLACE},
                {"channels": _PROD, **_REPLACE, **_THUMBS},
                {"channels": _PROD, **_REPLACE, **_THUMBS, "deletionPolicy": "Retain"},
            )
        },
        consumers=(channel("c1", env="prod"),),
        faults=_CALLS | {"lag", "reads", "refused", "failed"},
        people=frozenset({"edit", "delete"}),
        others=frozenset({"leave", "drop"}),
        settled=True,
    ),
    Scenario(
        "a recording configuration is replaced while Lists lag",
        RECORDING,
        {"vod": ({**_REPLACE}, {**_REPLACE, **_THUMBS})},
        faults=_CALLS | {"lag", "reads"},
        people=frozenset({"edit", "delete"}),
        settled=True,
        sweeps=True,
    ),
    Scenario(
        "a channel that is taken",
        RECORDING,
        {
            "vod": (
                {"channels": [{"arn": consumer_arn("c1", RECORDING)}]},
                {"channels": [{"arn": consumer_arn("c1", RECORDING)}], "channelConflictPolicy": "Replace"},
                {"channels": []},
            )
        },
        consumers=(channel("c1", "x"),),
        configurations=(configuration("x", RECORDING, owner=None),),
        faults=_CALLS | {"stale", "lag", "reads"},
        people=frozenset({"edit", "delete"}),
        others=frozenset({"leave", "join", "gone"}),
    ),
    Scenario(
        "two objects adopt the same",
        CHAT,
        {
            "one": ({"existing": {"arn": arn_of("x")}, "deletionPolicy": "Retain"},),
            "two": ({"existing": {"arn": arn_of("x")}, "deletionPolicy": "Delete"},),
        },
        configurations=(configuration("x", owner=None, name="one"),),
        faults=_CALLS,
        people=frozenset({"delete"}),
        others=frozenset({"drift", "drop"}),
        disturbances=1,
    ),
    Scenario(
        "an adopted object is let go, or deleted",
        CHAT,
        {
            "vod": (
                {"existing": {"arn": arn_of("x")}, "deletionPolicy": "Retain", "rooms": _PROD},
                {"existing": {"arn": arn_of("x")}, "deletionPolicy": "Delete", "rooms": _PROD},
                {"existing": {"arn": arn_of("x")}, "deletionPolicy": "DetachAndDelete", "rooms": _PROD},
            )
        },
        consumers=(room("r1", "x", env="test"),),
        configurations=(configuration("x", owner=None, tags={"team": "theirs"}),),
        faults=_ALL,
        people=frozenset({"edit", "delete", "again", "pause"}),
        others=frozenset({"drop", "leave", "untag"}),
        settled=True,
        disturbances=3,
    ),
    Scenario(
        "an object is stripped of its finalizer, lost and applied again",
        CHAT,
        {"vod": ({"rooms": _PROD, "tags": {"team": "live"}}, {"tags": {"team": "live", "more": "x"}})},
        consumers=(room("r1", env="prod"),),
        faults=_CALLS | {"stale", "lag"},
        people=frozenset({"edit", "delete", "again", "strip"}),
        others=frozenset({"drift", "drop"}),
        settled=True,
        disturbances=3,
    ),
    Scenario(
        "AWS fails on its own",
        CHAT,
        {"vod": (_bucket("one"), _bucket("two"), {**_bucket("two"), "driftPolicy": "Report"})},
        faults=_CALLS | {"failed", "refused"},
        people=frozenset({"edit", "delete", "pause"}),
        others=frozenset({"drift", "drop"}),
        settled=True,
        disturbances=3,
    ),
    Scenario(
        "a recording configuration that AWS could not make",
        RECORDING,
        {"vod": ({}, _bucket("two"), {**_bucket("two"), **_REPLACE})},
        faults=_CALLS | {"failed", "refused"},
        people=frozenset({"edit", "delete"}),
        disturbances=3,
        most_made=4,
    ),
)


def named(part: str) -> Scenario:
    """The scenario whose name has `part` in it."""
    (found,) = [scenario for scenario in SCENARIOS if part in scenario.name]
    return found
