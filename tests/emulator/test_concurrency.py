"""Twenty clients at once."""

from concurrent.futures import ThreadPoolExecutor

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
