"""Twenty clients at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from ivs_emulator.clock import ManualClock
from ivs_emulator.service import Emulation, Request
from ivs_emulator.settings import Settings
from support.emulator import Emulator

CLIENTS = 20


def test_nothing_is_lost_or_doubled(emulator: Emulator) -> None:
    chat = emulator.client("ivschat")

    def work(client: int) -> list[str]:
        arns = []
        for number in range(10):
            room = chat.create_room(name=f"{client}-{number}")["arn"]
            chat.tag_resource(resourceArn=room, tags={"client": str(client)})
            chat.list_rooms(maxResults=5)
            if number % 2:
                chat.delete_room(identifier=room)
            else:
                arns.append(room)
        return arns

    with ThreadPoolExecutor(CLIENTS) as pool:
        kept = [arn for arns in pool.map(work, range(CLIENTS)) for arn in arns]
    assert len(set(kept)) == CLIENTS * 5
    rooms = emulator.control.resources("room")
    assert {room["arn"] for room in rooms} == set(kept)
    assert all(room["tags"]["client"] == room["name"].partition("-")[0] for room in rooms)
    counts = emulator.control.counts()
    assert counts.operations == {
        "ivschat.CreateRoom": 200,
        "ivschat.TagResource": 200,
        "ivschat.ListRooms": 200,
        "ivschat.DeleteRoom": 100,
    }
    sequences = [entry["sequence"] for entry in emulator.control.requests()]
    assert sequences == list(range(sequences[0], sequences[0] + 700))


def test_quota_holds_under_a_race(emulator: Emulator) -> None:
    emulator.bucket("vod")
    ivs = emulator.client("ivs")

    def create(_: int) -> bool:
        try:
            ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "vod"}})
        except ivs.exceptions.ServiceQuotaExceededException:
            return False
        return True

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert sum(pool.map(create, range(40))) == 20


def test_motos_services_are_loaded_once_by_many(emulator: Emulator) -> None:
    def create(number: int) -> None:
        emulator.client("s3", account=f"{number:012d}").create_bucket(
            Bucket=f"bucket-{number}", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )

    for number in range(1, CLIENTS + 1):
        emulator.client("s3", account=f"{number:012d}")
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(create, range(1, CLIENTS + 1)))
    assert len(emulator.control.requests(service="s3", status=200)) == CLIENTS


class InterruptingClock(ManualClock):
    """Reads of the time happen in the middle of an operation; the first one lets another request try to get in."""

    def __init__(self) -> None:
        super().__init__()
        self.emulation: Emulation | None = None
        self.intruder: threading.Thread | None = None
        self.intruded = False

    def now(self) -> float:
        if self.intruder is None and self.emulation is not None:
            self.intruder = threading.Thread(target=self.emulation.handle, args=(LIST_ROOMS,), daemon=True)
            self.intruder.start()
            self.intruder.join(0.3)
            self.intruded = not self.intruder.is_alive()
        return super().now()


LIST_ROOMS = Request("ivschat", "ListRooms", "123456789012", "us-west-2", "x", "POST", "/ListRooms", "", b"{}")


def test_one_operation_at_a_time() -> None:
    """The interpreter switches threads too seldom for the races above to show a missing lock."""
    clock = InterruptingClock()
    clock.emulation = Emulation(Settings(), clock)
    assert clock.emulation.handle(LIST_ROOMS).status == 200
    assert clock.intruder is not None
    assert not clock.intruded, "a second request was served in the middle of the first"
    clock.intruder.join(30)
    assert not clock.intruder.is_alive()
