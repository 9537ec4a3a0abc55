"""Rooms and a logging configuration: joined by ARN, name and tags, with room for others, and let go again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.walk import CHAT, condition, s3

if TYPE_CHECKING:
    from support.walk import Walk


def test_rooms_are_joined_by_arn_by_name_and_by_tags_with_one_write_each(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    by_arn, by_name = walk.room("alpha"), walk.room("lobby")
    by_tags, unmatched = walk.room("gamma", env="prod", team="live"), walk.room("delta", env="prod")
    since, mark = walk.control.last_sequence(), walk.mark()

    entries = [{"arn": by_arn}, {"name": "lobby"}, {"matchTags": {"env": "prod", "team": "live"}}]
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=entries)
    status = walk.ready(CHAT, "logs")

    for room in (by_arn, by_name, by_tags):
        assert walk.held_by(room) == [status["arn"]]
    assert walk.held_by(unmatched) == [], "it has only one of the two tags"
    assert status["associations"]["summary"] == "3/3"
    assert status["associations"]["selectors"] == entries
    assert walk.aws_writes(since) == {"ivschat.CreateLoggingConfiguration": 1, "ivschat.UpdateRoom": 3}
    walk.sweeps(CHAT, 2)
    assert len(walk.kube_writes(mark)) <= 4


def test_a_room_made_or_tagged_later_is_picked_up(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    tagged_later = walk.room("later")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    arn = walk.ready(CHAT, "logs")["arn"]

    made_later = walk.room("new", env="prod")
    walk.chat.tag_resource(resourceArn=tagged_later, tags={"env": "prod"})

    walk.associated([made_later, tagged_later], arn)
    walk.wait(CHAT, "logs", lambda item: item["status"]["associations"]["summary"] == "2/2", "shows both")


def test_a_name_that_no_room_has_yet_is_named_and_waited_for(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"name": "stage"}])

    assert "stage" in walk.reason(CHAT, "logs", "RoomNotFound")
    room = walk.room("stage")

    arn = walk.ready(CHAT, "logs")["arn"]
    assert walk.held_by(room) == [arn]


def test_an_entry_taken_out_releases_its_rooms_and_only_those(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    stays, goes = walk.room("stays"), [walk.room("goes-1", env="dev"), walk.room("goes-2", env="dev")]
    both = walk.room("both", env="dev")
    walk.apply(
        CHAT,
        "logs",
        destinationConfiguration=s3(bucket),
        rooms=[{"arn": stays}, {"arn": both}, {"matchTags": {"env": "dev"}}],
    )
    arn = walk.ready(CHAT, "logs")["arn"]
    foreign = walk.room("foreign", arn)

    walk.edit(CHAT, "logs", rooms=[{"arn": stays}, {"arn": both}])
    walk.released(goes, arn)
    walk.wait(
        CHAT,
        "logs",
        lambda item: item["status"]["associations"].get("selectors") == [{"arn": stays}, {"arn": both}],
        "forgets the entry once its rooms are let go",
    )
    walk.sweeps(CHAT, 2)

    assert [walk.held_by(room) for room in (stays, both, foreign)] == [[arn], [arn], [arn]]


def test_what_others_have_put_on_a_room_keeps_its_place(walk: Walk) -> None:
    first, second = walk.foreign(CHAT, "first"), walk.foreign(CHAT, "second")
    room = walk.room("shared", second, first)
    bucket = walk.emulator.bucket("logs")

    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"arn": room}])
    arn = walk.ready(CHAT, "logs")["arn"]
    assert walk.held_by(room) == [second, first, arn]

    walk.edit(CHAT, "logs", rooms=[])
    walk.released([room], arn)
    assert walk.held_by(room) == [second, first]


def test_a_full_room_names_its_three_holders_and_is_taken_when_a_place_is_free(walk: Walk) -> None:
    holders = [walk.foreign(CHAT, f"holder-{number}") for number in range(3)]
    room = walk.room("full", *holders)
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"arn": room}])

    message = walk.reason(CHAT, "logs", "RoomFull")
    assert all(holder in message for holder in holders), message
    problems = walk.status(CHAT, "logs")["associations"]["problems"]
    assert [(problem["arn"], problem["reason"]) for problem in problems] == [(room, "RoomFull")]
    assert walk.held_by(room) == holders

    walk.chat.update_room(identifier=room, loggingConfigurationIdentifiers=[holders[0], holders[2]])
    arn = walk.ready(CHAT, "logs")["arn"]
    assert walk.held_by(room) == [holders[0], holders[2], arn]


def test_a_full_room_matched_by_tags_shows_in_associated_and_not_in_ready(walk: Walk) -> None:
    holders = [walk.foreign(CHAT, f"holder-{number}") for number in range(3)]
    full, free = walk.room("full", *holders, env="prod"), walk.room("free", env="prod")
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])

    status = walk.ready(CHAT, "logs")

    assert status["associations"]["summary"] == "1/2"
    assert condition({"status": status}, "Associated")["reason"] == "RoomFull"
    assert walk.held_by(free) == [status["arn"]]
    assert walk.held_by(full) == holders


def test_two_objects_want_the_last_place_and_the_older_has_it(walk: Walk) -> None:
    others = [walk.foreign(CHAT, "one"), walk.foreign(CHAT, "two"), walk.foreign(CHAT, "three")]
    room = walk.room("contested", *others)
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "zz-older", destinationConfiguration=s3(bucket), rooms=[{"arn": room}])
    older = walk.wait(CHAT, "zz-older", lambda item: "RoomFull" in str(item.get("status")), "waits for a place")
    # creationTimestamp has whole seconds; within one, the uid would decide
    walk.outlive_second(older)
    walk.apply(CHAT, "aa-younger", destinationConfiguration=s3(bucket), rooms=[{"arn": room}])
    walk.reason(CHAT, "aa-younger", "RoomFull")

    walk.chat.update_room(identifier=room, loggingConfigurationIdentifiers=others[:2])
    arn = walk.ready(CHAT, "zz-older")["arn"]
    walk.sweeps(CHAT, 2)

    assert walk.held_by(room) == [*others[:2], arn]
    assert arn in walk.reason(CHAT, "aa-younger", "RoomFull"), "the younger names who has it"


def test_a_room_that_no_longer_matches_stays_and_is_named(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    room = walk.room("moved", env="prod")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    arn = walk.ready(CHAT, "logs")["arn"]

    walk.chat.untag_resource(resourceArn=room, tagKeys=["env"])
    found = walk.wait(CHAT, "logs", lambda item: item["status"]["associations"]["foreign"] == 1, "counts it as foreign")

    assert room in condition(found, "Associated")["message"]
    assert walk.held_by(room) == [arn]
