"""Pages, tokens, and Lists that trail behind."""

from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator


def all_pages(operation: Any, member: str, **arguments: Any) -> tuple[list[str], int]:
    arns: list[str] = []
    pages = 0
    token: dict[str, str] = {}
    while True:
        reply = operation(**arguments, **token)
        pages += 1
        arns += [item["arn"] for item in reply[member]]
        if "nextToken" not in reply:
            return arns, pages
        token = {"nextToken": reply["nextToken"]}


@pytest.mark.parametrize(
    ("operation", "member", "seeded", "size"),
    [
        ("list_channels", "channels", "channels", 100),
        ("list_recording_configurations", "recordingConfigurations", "recording_configurations", 20),
        ("list_rooms", "rooms", "rooms", 50),
        ("list_logging_configurations", "loggingConfigurations", "logging_configurations", 50),
    ],
)
def test_every_item_once(emulator: Emulator, operation: str, member: str, seeded: str, size: int) -> None:
    made = emulator.control.seed(**{seeded: 2 * size + 1})[member]
    service = "ivschat" if "room" in seeded or "logging" in seeded else "ivs"
    call = getattr(emulator.client(service), operation)
    arns, pages = all_pages(call, member)
    assert (sorted(arns), pages) == (sorted(made), 3), "the default page is the largest one"
    arns, pages = all_pages(call, member, maxResults=size // 2)
    assert (sorted(arns), pages) == (sorted(made), 5)


def test_boto3_paginators_work(emulator: Emulator) -> None:
    emulator.control.seed(channels=250)
    pages = emulator.client("ivs").get_paginator("list_channels").paginate()
    assert sum(len(page["channels"]) for page in pages) == 250


def test_last_page_that_is_full_has_no_token(emulator: Emulator) -> None:
    emulator.control.seed(rooms=4)
    chat = emulator.client("ivschat")
    first = chat.list_rooms(maxResults=2)
    assert "nextToken" not in chat.list_rooms(maxResults=2, nextToken=first["nextToken"])


def test_filtered_pages(emulator: Emulator) -> None:
    logging = emulator.control.seed(logging_configurations=1)["loggingConfigurations"]
    wanted = emulator.control.seed(rooms=60, logging_configuration_identifiers=logging)["rooms"]
    emulator.control.seed(rooms=60)
    arns, pages = all_pages(
        emulator.client("ivschat").list_rooms, "rooms", loggingConfigurationIdentifier=logging[0], maxResults=50
    )
    assert (sorted(arns), pages) == (sorted(wanted), 2)


def test_token_belongs_to_its_list_and_filters(emulator: Emulator) -> None:
    emulator.control.seed(rooms=5, channels=5)
    chat = emulator.client("ivschat")
    token = chat.list_rooms(maxResults=2)["nextToken"]
    assert refusal(chat.list_rooms, name="other", nextToken=token).code == "ValidationException"
    assert refusal(chat.list_logging_configurations, nextToken=token).code == "ValidationException"
    assert refusal(chat.list_rooms, nextToken="bm9uc2Vuc2U=").code == "ValidationException"
    assert refusal(chat.list_rooms, nextToken="%%%").code == "ValidationException"
    assert refusal(emulator.client("ivs").list_channels, nextToken=token).code == "ValidationException"


def test_update_while_paging_moves_a_room_to_the_front(emulator: Emulator) -> None:
    """The hazard of newest-first order: a room whose turn had not come is missed by this pass, and seen by the next."""
    made = emulator.control.seed(rooms=4)["rooms"]
    chat = emulator.client("ivschat")
    first = chat.list_rooms(maxResults=2)
    chat.update_room(identifier=made[0], maximumMessageLength=9)
    second = chat.list_rooms(maxResults=2, nextToken=first["nextToken"])
    seen = [room["arn"] for room in first["rooms"] + second["rooms"]]
    assert set(made) - set(seen) == {made[0]}
    assert chat.list_rooms(maxResults=2)["rooms"][0]["arn"] == made[0]


def test_lists_may_trail_by_time(emulator: Emulator) -> None:
    chat = emulator.client("ivschat")
    old = chat.create_room(name="old")["arn"]
    gone = chat.create_room(name="gone")["arn"]
    emulator.control.set(list_lag_seconds=10)
    new = chat.create_room(name="new")["arn"]
    chat.update_room(identifier=old, name="renamed")
    chat.delete_room(identifier=gone)
    assert chat.get_room(identifier=new)["name"] == "new", "Get does not trail"
    assert {room["name"] for room in chat.list_rooms()["rooms"]} == {"old", "gone"}
    assert chat.list_rooms(name="renamed")["rooms"] == [], "filters see what Lists see"
    emulator.control.advance(10)
    assert {room["name"] for room in chat.list_rooms()["rooms"]} == {"renamed", "new"}


def test_lists_may_trail_by_count(emulator: Emulator) -> None:
    emulator.control.seed(rooms=3)
    emulator.control.set(list_lag_lists=2)
    chat = emulator.client("ivschat")
    chat.create_room(name="new")
    seen = []
    for _ in range(4):
        page = chat.list_rooms(maxResults=2)
        rest = chat.list_rooms(maxResults=2, nextToken=page["nextToken"])["rooms"]
        seen.append(len(page["rooms"] + rest))
    assert seen == [3, 3, 4, 4], "further pages do not count"


def test_transition_trails_too(emulator: Emulator) -> None:
    emulator.bucket("vod")
    emulator.control.set(create_seconds=5)
    ivs = emulator.client("ivs")
    arn = ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "vod"}})
    emulator.control.set(list_lag_seconds=10)
    emulator.control.advance(6)
    arn = arn["recordingConfiguration"]["arn"]
    assert ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["state"] == "ACTIVE"
    assert ivs.list_recording_configurations()["recordingConfigurations"][0]["state"] == "CREATING"
    emulator.control.advance(10)
    assert ivs.list_recording_configurations()["recordingConfigurations"][0]["state"] == "ACTIVE"
