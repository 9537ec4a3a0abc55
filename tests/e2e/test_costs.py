"""What a replacement and an external delete cost with a hundred users: one write each, and few status writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deadlines import until
from support.replacements import change_bucket, moves
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from ivs_sandbox.audit import Mark
    from support.walk import Walk

_USERS, _LIVE = 100, 10
_ENTRIES = [{"matchTags": {"env": "prod"}}]
_SLOW = 120.0  # seconds; a hundred writes at AWS's documented 5 a second take 20, more while other tests run


def _bill(walk: Walk, what: str, since: int, mark: Mark) -> int:
    """Print what it took, for whoever runs the tests with -rP; returns the number of writes to Kubernetes."""
    writes = [entry for entry in walk.kube_writes(mark) if "serviceaccount:ivs-operator:" in entry.user]
    counts = walk.control.counts(since)
    own = {name: number for name, number in sorted(counts.operations.items()) if not name.startswith("s3.")}
    print(f"{what}: {counts.total} AWS calls {own}; {len(writes)} Kubernetes writes")
    return len(writes)


def test_a_replacement_with_a_hundred_channels_takes_one_write_for_each(walk: Walk) -> None:
    walk.apply(
        RECORDING,
        "vod",
        destinationConfiguration=s3(walk.emulator.bucket("old")),
        replacePolicy="CreateBeforeDelete",
        channels=_ENTRIES,
    )
    old = walk.ready(RECORDING, "vod")["arn"]
    channels = walk.control.seed(channels=_USERS, tags={"env": "prod"}, recording_configuration_arn=old)["channels"]
    summary = f"{_USERS}/{_USERS}"
    walk.wait(RECORDING, "vod", lambda item: item["status"]["associations"]["summary"] == summary, "knows all")
    for channel in channels[:_LIVE]:
        walk.control.go_live(channel)
    since, mark = walk.control.last_sequence(), walk.mark()

    change_bucket(walk, "new")
    new = walk.ready(RECORDING, "vod", timeout=_SLOW)["arn"]
    until(lambda: len(moves(walk, since)) == _USERS - _LIVE, "all but the live ones have moved", timeout=_SLOW)
    for channel in channels[:_LIVE]:
        walk.control.go_offline(channel)
    until(
        lambda: len(walk.configurations(RECORDING)) == 1,
        "the old one is deleted",
        timeout=_SLOW,
        last=walk.operator.tail,
    )
    walk.wait(RECORDING, "vod", lambda item: "superseded" not in item["status"], "has nothing left over")

    assert _bill(walk, "replacement with 100 channels, 10 of them live", since, mark) <= 10
    assert moves(walk, since) == {channel: [new] for channel in channels}
    assert walk.aws_writes(since) == {
        "ivs.CreateRecordingConfiguration": 1,
        "ivs.UpdateChannel": _USERS,
        "ivs.DeleteRecordingConfiguration": 1,
    }


def test_an_external_delete_with_a_hundred_rooms_takes_one_write_for_each(walk: Walk) -> None:
    walk.control.set(logging_delete="dangling")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), rooms=_ENTRIES)
    old = walk.ready(CHAT, "logs")["arn"]
    walk.control.seed(rooms=_USERS, tags={"env": "prod"}, logging_configuration_identifiers=[old])
    summary = f"{_USERS}/{_USERS}"
    walk.wait(CHAT, "logs", lambda item: item["status"]["associations"]["summary"] == summary, "knows all")

    walk.chat.delete_logging_configuration(identifier=old)
    since, mark = walk.control.last_sequence(), walk.mark()
    walk.wait(CHAT, "logs", lambda item: item["status"].get("arn") not in {None, old}, "names another")
    new = walk.ready(CHAT, "logs", timeout=_SLOW)["arn"]
    walk.wait(CHAT, "logs", lambda item: item["status"]["associations"]["summary"] == summary, "has all", timeout=_SLOW)
    walk.wait(CHAT, "logs", lambda item: "superseded" not in item["status"], "has nothing left over", timeout=_SLOW)

    assert _bill(walk, "external delete with 100 rooms", since, mark) <= 10
    assert all(room["loggingConfigurationIdentifiers"] == [new] for room in walk.control.resources("room"))
    assert walk.aws_writes(since) == {"ivschat.CreateLoggingConfiguration": 1, "ivschat.UpdateRoom": _USERS}
