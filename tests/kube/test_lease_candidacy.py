"""Which Lease a process competes for, what it may do without it, and who notices when it hangs."""

import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ivs_operator.aws.calls import CLIENT_CONFIG, guard_writes
from ivs_operator.domain.failures import PermitLost
from ivs_operator.engine.permit import PermittedCluster, Tenure
from ivs_operator.heartbeat import Heartbeat
from ivs_operator.leadership import candidacy
from ivs_operator.settings import Settings
from support.emulator import Emulator, emulator, emulator_process

__all__ = ["emulator", "emulator_process"]

NOWHERE = Path("/nonexistent")


def test_replicas_share_a_lease_and_differ_in_name() -> None:
    one, other = (candidacy(Settings(workers=2), NOWHERE) for _ in range(2))
    assert (one.namespace, one.name) == (other.namespace, other.name) == ("default", "ivs-operator")
    assert one.identity != other.identity


@pytest.mark.parametrize(
    ("why", "given", "same"),
    [
        ("the order of namespaces means nothing", {"namespaces": "b,a"}, True),
        ("settings that change no object's operator", {"namespaces": "a,b", "workers": 3, "cluster_id": "x"}, True),
        ("other namespaces are another operator's", {"namespaces": "a"}, False),
        ("so are other labels", {"namespaces": "a,b", "watch_selector": "team=live"}, False),
    ],
)
def test_who_watches_the_same_shares_a_lease(why: str, given: dict[str, Any], same: bool) -> None:
    name = candidacy(Settings(namespaces=("a", "b")), NOWHERE).name
    assert (candidacy(Settings(**given), NOWHERE).name == name) is same, why


def test_the_lease_is_in_the_pods_namespace_unless_set(tmp_path: Path) -> None:
    own = tmp_path / "namespace"
    own.write_text("live\n")
    assert candidacy(Settings(), own).namespace == "live"
    assert candidacy(Settings(lease_namespace="leases"), own).namespace == "leases"


class _Cluster:
    def __getattr__(self, name: str) -> Any:
        async def done(*_: Any, **__: Any) -> dict[str, Any]:
            return {"written": name}

        return done


@pytest.mark.parametrize(
    ("why", "held", "stopping", "aws", "kubernetes"),
    [
        ("leading", True, False, True, True),
        ("stopping: nothing new at AWS, but results are put on record", True, True, False, True),
        ("the lease is lost", False, False, False, False),
        ("the lease is lost while stopping", False, True, False, False),
    ],
)
async def test_what_a_process_may_write(why: str, held: bool, stopping: bool, aws: bool, kubernetes: bool) -> None:
    tenure = Tenure(lambda: held, stopping)
    assert (tenure.valid(), tenure.may_record()) == (aws, kubernetes), why
    cluster: Any = PermittedCluster(_Cluster(), tenure)  # type: ignore[arg-type]
    for write in ("patch_status", "add_finalizer", "remove_finalizer"):
        arguments = ("rooms", {}, {})[: 3 if write == "patch_status" else 2]
        if kubernetes:
            assert await getattr(cluster, write)(*arguments) == {"written": write}
        else:
            with pytest.raises(PermitLost):
                await getattr(cluster, write)(*arguments)


def test_a_write_is_refused_at_the_last_moment_and_a_read_never(emulator: Emulator) -> None:
    permitted = True
    # Under another name than the operator's, which never makes or deletes a room.
    config = CLIENT_CONFIG.merge(Config(user_agent_extra="test"))
    client = boto3.client("ivschat", endpoint_url=emulator.url, config=config, region_name="us-west-2",
                          aws_access_key_id="x", aws_secret_access_key="x")  # fmt: skip
    guard_writes(client, lambda: permitted)
    room = client.create_room(name="allowed")["arn"]
    permitted = False
    writes = emulator.control.counts(write=True).writes
    for call in (
        lambda: client.create_room(name="refused"),
        lambda: client.update_room(identifier=room, name="refused"),
        lambda: client.tag_resource(resourceArn=room, tags={"a": "b"}),
        lambda: client.untag_resource(resourceArn=room, tagKeys=["a"]),
        lambda: client.delete_room(identifier=room),
    ):
        with pytest.raises(PermitLost):
            call()
    assert emulator.control.counts(write=True).writes == writes, "none has left"
    assert client.get_room(identifier=room)["name"] == "allowed"
    client.close()


async def test_a_stuck_event_loop_is_noticed_and_its_place_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    heart = Heartbeat(limit=0.2)
    heart.start()
    assert heart.ailment() is None

    def culprit() -> None:
        time.sleep(1)  # what must never happen on the loop

    culprit()
    assert "stuck" in str(heart.ailment())
    heart.stop()
    out, err = capfd.readouterr()
    assert "the event loop is stuck" in out + err
    assert "culprit" in out + err
