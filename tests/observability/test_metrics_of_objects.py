"""What /metrics tells of objects: one by one or only counted, by the leader alone, beside the event loop."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from ivs_operator import __version__, metrics
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.readiness import Readiness

MANY = 20_000


def seen(*, status: str = "True", reason: str = "Available", generation: int = 1, of: int = 1) -> dict[str, Any]:
    conditions = [
        {"type": "Synced", "status": "False", "reason": "AccessDenied", "observedGeneration": of},
        {"type": "Ready", "status": status, "reason": reason, "observedGeneration": of},
    ]
    return {"metadata": {"generation": generation}, "status": {"conditions": conditions}}


def beside(*details: tuple[str, str, str], of: int = 1) -> dict[str, Any]:
    """A Ready object with further conditions: type, status, reason."""
    made = seen()
    made["status"]["conditions"] += [
        {"type": type_, "status": status, "reason": reason, "observedGeneration": of}
        for type_, status, reason in details
    ]
    return made


READY = seen()
NEW: dict[str, Any] = {"metadata": {"generation": 1}}


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """Name and values of labels (in alphabetical order of labels) to value."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = (sample.name.removeprefix("ivs_operator_"), *(sample.labels[name] for name in sorted(sample.labels)))
            assert key not in found, "told twice"
            found[key] = sample.value
    return found


async def told(
    resource: dict[str, Any], *, accounts: Mapping[str, Any] | None = None, leads: bool = True, each: bool = True
) -> dict[tuple[str, ...], float]:
    cache = ResourceCache()
    cache.put(Key(Kind.RECORDING, "live", "vod"), resource)
    return samples(await Readiness(cache, lambda: accounts or {}, leads=lambda: leads, each=each).text())


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        pytest.param(READY, "", id="Ready is True, whatever other conditions say"),
        pytest.param(seen(status="False", reason="QuotaExceeded"), "QuotaExceeded", id="the reason is Ready's own"),
        pytest.param(seen(status="Unknown", reason="Creating"), "Creating", id="Unknown is not Ready"),
        pytest.param(seen(generation=2), "Unobserved", id="Ready speaks of the spec before the last edit"),
        pytest.param(NEW, "Unobserved", id="nobody has looked yet"),
        pytest.param({**NEW, "status": None}, "Unobserved", id="an empty status"),
        pytest.param(seen(status="False", reason='x"} 1\n'), "Unknown", id="a status that somebody else wrote"),
    ],
)
def test_an_object(resource: dict[str, Any], reason: str) -> None:
    found = asyncio.run(told(resource))
    kind = "RecordingConfiguration"
    expected = {("resource_ready", kind, "vod", "live"): 0.0 if reason else 1.0}
    if reason:
        expected |= {("resources_not_ready", kind, reason): 1.0, ("resource_not_ready", kind, "vod", "live", reason): 1}
    assert found == expected


LOST = ("DeliveryHealthy", "False", "AccessDenied")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(beside(LOST), {("DeliveryHealthy", "AccessDenied")}, id="chat logs are lost"),
        pytest.param(
            beside(("DestinationReady", "False", "DestinationNotFound")),
            {("DestinationReady", "DestinationNotFound")},
            id="the bucket is gone",
        ),
        pytest.param(
            beside(("DestinationReady", "False", "Unavailable"), LOST),
            {("DestinationReady", "Unavailable"), ("DeliveryHealthy", "AccessDenied")},
            id="both",
        ),
        pytest.param(beside(("DeliveryHealthy", "True", "Available")), set(), id="all is well"),
        pytest.param(beside(("DeliveryHealthy", "Unknown", "Unavailable")), set(), id="unknown is no trouble"),
        pytest.param(beside(("Associated", "False", "RoomNotFound")), set(), id="what Ready says by itself"),
        pytest.param(beside(LOST, of=0), set(), id="it speaks of the spec before the last edit"),
        pytest.param(
            beside(("DeliveryHealthy", "False", 'x"} 1\n')), {("DeliveryHealthy", "Unknown")}, id="somebody else's word"
        ),
        pytest.param(NEW, set(), id="nobody has looked yet"),
    ],
)
@pytest.mark.parametrize("each", [True, False])
def test_what_is_wrong_beside_ready(resource: dict[str, Any], expected: set[tuple[str, str]], each: bool) -> None:
    found = asyncio.run(told(resource, each=each))
    counted = {tuple(labels): number for (name, *labels), number in found.items() if name == "resources_unhealthy"}
    assert counted == {(type_, "RecordingConfiguration", reason): 1 for type_, reason in expected}


def test_the_version_is_told_by_every_replica() -> None:
    metrics.stand_by()
    assert REGISTRY.get_sample_value("ivs_operator_build_info", {"version": __version__}) == 1


def test_an_account_is_told_without_a_namespace() -> None:
    found = asyncio.run(told(READY, accounts={"prod": seen(status="False", reason="AccessDenied")}))
    assert found["resource_ready", "AWSAccount", "prod", ""] == 0
    assert found["resources_not_ready", "AWSAccount", "AccessDenied"] == 1


def test_the_setting_leaves_numbers() -> None:
    found = asyncio.run(told(seen(status="False", reason="Throttled"), each=False))
    assert found == {("resources_not_ready", "RecordingConfiguration", "Throttled"): 1}


def test_a_replica_that_stands_by_tells_nothing() -> None:
    assert asyncio.run(told(seen(status="False", reason="Throttled"), leads=False)) == {}


def test_who_leads_no_more_forgets_what_only_leaders_know() -> None:
    metrics.RESOURCES.labels(kind="ChatLoggingConfiguration", state="ACTIVE").set(3)
    metrics.SWEEP_AGE.labels(account="111122223333", region="eu-west-1").set(60)
    metrics.ORPHANS.labels(region="eu-west-1").set(1)
    metrics.LEADER.set(1)
    metrics.stand_by()
    told_still = [family for family in REGISTRY.collect() if family.name.startswith("ivs_operator_")]
    names = {"ivs_operator_resources", "ivs_operator_sweep_age_seconds", "ivs_operator_orphans"}
    assert [sample for family in told_still if family.name in names for sample in family.samples] == []
    assert REGISTRY.get_sample_value("ivs_operator_leader") == 0


def test_many_objects_are_written_beside_the_event_loop() -> None:
    """Not by the clock, which says little on a busy machine: the loop turns while a thread writes."""
    cache = ResourceCache()
    for number in range(MANY):
        denied = number % 100 == 0
        resource = seen(status="False", reason="AccessDenied") if denied else beside(LOST)
        cache.put(Key(Kind.CHAT_LOGGING, f"team-{number % 50}", f"chat-{number}"), resource)
    writers = set()

    class Watched(Readiness):
        def _write(self, objects: Any) -> bytes:
            writers.add(threading.get_ident())
            return super()._write(objects)

    async def scrape() -> tuple[bytes, int]:
        turns = 0
        task = asyncio.create_task(Watched(cache, dict, leads=lambda: True, each=True).text())
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        return await task, turns

    text, turns = asyncio.run(scrape())
    assert threading.get_ident() not in writers
    assert turns > 10, "the loop went on meanwhile"
    assert text.count(b"ivs_operator_resource_ready{") == MANY
    assert b'resources_not_ready{kind="ChatLoggingConfiguration",reason="AccessDenied"} 200\n' in text
    lost = 'kind="ChatLoggingConfiguration",condition="DeliveryHealthy",reason="AccessDenied"'
    assert f"resources_unhealthy{{{lost}}} {MANY - 200}\n".encode() in text
