"""Documented call rates."""

from ivs_emulator.rates import Rates
from support.aws_errors import refusal
from support.emulator import Emulator

LIST_ROOMS = ("123456789012", "us-west-2", "ivschat", "ListRooms")


def test_bucket_holds_one_second_and_refills() -> None:
    rates = Rates()
    admitted = [rates.admit(*LIST_ROOMS, now=0.0, factor=1) for _ in range(6)]
    assert admitted == [True] * 5 + [False]
    assert not rates.admit(*LIST_ROOMS, now=0.1, factor=1)
    assert rates.admit(*LIST_ROOMS, now=0.21, factor=1), "a fifth of a second is one call"
    assert [rates.admit(*LIST_ROOMS, now=60.0, factor=1) for _ in range(6)] == [True] * 5 + [False], "no saving up"


def test_long_run_is_the_rate() -> None:
    rates = Rates()
    admitted = sum(rates.admit(*LIST_ROOMS, now=tick / 100, factor=1) for tick in range(10_000))
    assert 500 <= admitted <= 505


def test_factor_scales() -> None:
    rates = Rates()
    assert sum(rates.admit(*LIST_ROOMS, now=0.0, factor=4) for _ in range(100)) == 20
    slow = Rates()
    assert sum(slow.admit(*LIST_ROOMS, now=0.0, factor=0.01) for _ in range(100)) == 1, "a bucket holds at least one"


def test_each_account_region_and_operation_has_its_own(emulator: Emulator) -> None:
    emulator.control.set(enforce_rates=True, rate_factor=0.2)
    chat = emulator.client("ivschat")
    chat.list_rooms()
    refused = refusal(chat.list_rooms)
    assert (refused.status, refused.code) == (429, "ThrottlingException")
    assert {"resourceId", "resourceType", "limit"} <= set(refused.response), "although ListRooms does not declare it"
    chat.list_logging_configurations()
    emulator.client("ivschat", region="us-east-1").list_rooms()
    emulator.client("ivschat", account="222233334444").list_rooms()
    emulator.control.advance(1)
    chat.list_rooms()


def test_off_unless_asked_for(emulator: Emulator) -> None:
    for _ in range(30):
        emulator.client("ivs").list_recording_configurations()


def test_retries_of_boto3_get_through(emulator: Emulator) -> None:
    emulator.control.set(enforce_rates=True)
    ivs = emulator.client("ivs", attempts=5)
    for _ in range(5):
        ivs.list_recording_configurations()
    assert emulator.control.counts().errors["ThrottlingException"] >= 1
