"""The three patterns by which Sieve (Sun et al., OSDI 2022) breaks controllers: stale, unobserved, intermediate states.

A proxy before a real API server holds back what the operator would see, or what it writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from support.api_proxy import ApiProxy
from support.deadlines import TIMEOUT, until
from support.walk import CHAT, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

_NEEDED = 3 * TIMEOUT  # seconds; kopf lists again after pauses of its own
_PROD = [{"matchTags": {"env": "prod"}}]


@pytest.fixture
def proxy(control_plane: Cluster, tmp_path: Path) -> Iterator[ApiProxy]:
    """The API server with a screen before it."""
    with ApiProxy(control_plane.kubeconfig, tmp_path) as screen:
        yield screen


@pytest.fixture
def seen_through(
    proxy: ApiProxy,
    make_operator: Callable[..., OperatorProcess],
    control_plane: Cluster,
    namespace: str,
    emulator: Emulator,
) -> Iterator[Walk]:
    """A walk whose operator sees Kubernetes through the proxy; people do not."""
    operator = make_operator(proxy.kubeconfig, namespaces=namespace, cluster_id=namespace, create_grace=3)
    walk = Walk(control_plane, namespace, emulator, operator)
    operator.start()
    yield walk
    operator.end()  # before the proxy goes
    walk.api.close()


class TestStaleState:
    """The operator acts on what was true once."""

    def test_a_replica_that_takes_over_with_an_old_view_does_not_delete_what_a_later_life_has_made(
        self,
        proxy: ApiProxy,
        make_operator: Callable[..., OperatorProcess],
        control_plane: Cluster,
        namespace: str,
        emulator: Emulator,
    ) -> None:
        """The stand-by saw a deletion begin, then its watch fell silent; name and owner tag are those of old."""
        name = f"sieve-{uuid4().hex[:8]}"
        options = {
            "namespaces": namespace,
            "cluster_id": namespace,
            "create_grace": 3,
            "leader_elect": "on",
            "lease_namespace": self._lease_namespace(control_plane, name),
            "lease_duration": 4,
        }
        first = make_operator(control_plane.kubeconfig, **options)
        walk = Walk(control_plane, namespace, emulator, first)
        first.start()
        second = make_operator(proxy.kubeconfig, **options)
        second.start()
        bucket = emulator.bucket("archive")
        walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
        user = walk.room("holds-it-back", walk.ready(CHAT, "logs")["arn"])
        walk.delete(CHAT, "logs")
        walk.reason(CHAT, "logs", "DeletionBlocked")
        walk.sweeps(CHAT, 2)
        proxy.silence()

        walk.chat.update_room(identifier=user, loggingConfigurationIdentifiers=[])
        walk.gone(CHAT, "logs")
        walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
        arn = walk.ready(CHAT, "logs")["arn"]
        since = walk.control.last_sequence()
        first.kill()
        second.wait_line(event="leading", timeout=_NEEDED)
        walk.operator = second
        walk.sweeps(CHAT, 8)

        assert walk.aws_writes(since) == {}, "it is another life's, whatever this replica has seen"
        proxy.cut()
        walk.edit(CHAT, "logs", tags={"seen": "again"})
        assert walk.ready(CHAT, "logs", timeout=_NEEDED)["arn"] == arn
        second.end()
        walk.api.close()

    @staticmethod
    def _lease_namespace(control_plane: Cluster, name: str) -> str:
        control_plane.kubectl("create", "namespace", name)
        return name

    def test_an_edit_that_the_operator_does_not_see_yet_is_not_undone_in_the_status(
        self, seen_through: Walk, proxy: ApiProxy
    ) -> None:
        """Its writes name the version that it has seen, so the API server refuses them, and nothing comes of them."""
        walk = seen_through
        bucket, other = walk.emulator.bucket("archive"), walk.emulator.bucket("other")
        room = walk.room("lobby", env="prod")
        walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=_PROD)
        arn = walk.ready(CHAT, "logs")["arn"]
        walk.associated([room], arn)

        proxy.silence()
        walk.edit(CHAT, "logs", destinationConfiguration=s3(other), rooms=[])
        late = walk.room("late", env="prod")  # the old spec wants it, the new one does not
        walk.sweeps(CHAT, 3)
        proxy.cut()
        walk.ready(CHAT, "logs", timeout=_NEEDED)

        walk.released([room, late], arn)
        (found,) = walk.configurations(CHAT)
        assert (found["arn"], found["destinationConfiguration"]) == (arn, s3(other))


class TestUnobservedState:
    """What comes and goes while nobody looks must not be missed by its effects."""

    def test_what_is_created_deleted_and_changed_within_one_gap_of_the_watch(
        self, seen_through: Walk, proxy: ApiProxy
    ) -> None:
        walk = seen_through
        bucket = walk.emulator.bucket("archive")
        spec = {"destinationConfiguration": s3(bucket), "tags": {"team": "live"}}
        arns = {}
        for name in ("changed-and-back", "restored", "replaced"):
            walk.apply(CHAT, name, **spec)
            arns[name] = walk.ready(CHAT, name)["arn"]
        gap = proxy.add(part=f"/{CHAT}?", status=503)
        proxy.cut()
        until(lambda: gap.struck, "the watch is away", timeout=_NEEDED)
        since = walk.control.last_sequence()

        walk.apply(CHAT, "came-and-went", **spec)
        walk.kubectl("delete", CHAT, "came-and-went", "--timeout=30s")
        walk.edit(CHAT, "changed-and-back", tags={"team": "other"})
        walk.edit(CHAT, "changed-and-back", tags={"team": "live"})
        for name, deletion in (("restored", "--cascade=orphan"), ("replaced", "--cascade=background")):
            walk.kubectl("delete", CHAT, name, "--wait=false", deletion)
            walk.kubectl("patch", CHAT, name, "--type=merge", '--patch={"metadata":{"finalizers":null}}')
            walk.gone(CHAT, name)
        walk.apply(CHAT, "restored", **spec)
        proxy.clear()

        assert walk.ready(CHAT, "restored", timeout=_NEEDED)["arn"] == arns["restored"], "found by its owner tag"
        assert walk.ready(CHAT, "changed-and-back", timeout=_NEEDED)["arn"] == arns["changed-and-back"]
        walk.sweeps(CHAT, 2)
        assert walk.get(CHAT, "came-and-went") is None
        assert sorted(item["arn"] for item in walk.configurations(CHAT)) == sorted(arns.values())
        assert set(walk.aws_writes(since)) <= {"ivschat.TagResource"}, "only the uid of the restored object"


_REPLY = "reply"  # instead of a write to Kubernetes


class TestIntermediateState:
    """The process dies between two writes that belong together."""

    def test_killed_between_any_two_writes_of_a_life_the_next_process_goes_on(
        self, seen_through: Walk, proxy: ApiProxy
    ) -> None:
        walk = seen_through
        walk.operator.kill()
        room = walk.room("lobby", env="prod")
        since = walk.control.last_sequence()
        bucket = walk.emulator.bucket("archive")
        walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=_PROD, deletionPolicy="DetachAndDelete")

        for call, write, state, story in (
            ("", "/logs", "", "the finalizer is asked for"),
            ("", "/logs/status", "finalizer", "the intent is asked for"),
            ("CreateLoggingConfiguration", "", "finalizer, intent", "the intent is there, and nothing is made"),
            ("CreateLoggingConfiguration", _REPLY, "finalizer, intent, 1 made", "it is made, and no status names it"),
            ("UpdateRoom", "/logs", "finalizer, intent, 1 made, 1 joined", "a room is joined, and no status says so"),
        ):
            self._killed_between(walk, proxy, call, write)
            assert self._state(walk, room) == state, story
        walk.operator.start()
        arn = walk.ready(CHAT, "logs", timeout=_NEEDED)["arn"]
        walk.associated([room], arn)
        walk.operator.kill()

        walk.delete(CHAT, "logs")
        for call, state, story in (
            ("UpdateRoom", "finalizer, 1 made", "the room is let go, and no status says so"),
            ("DeleteLoggingConfiguration", "finalizer", "it is deleted, and the object still there"),
        ):
            self._killed_between(walk, proxy, call, "/logs")
            assert self._state(walk, room) == state, story
        walk.operator.start()
        walk.gone(CHAT, "logs", timeout=_NEEDED)

        written = walk.aws_writes(since)
        assert written == {
            "ivschat.CreateLoggingConfiguration": 1,
            "ivschat.UpdateRoom": 2,
            "ivschat.DeleteLoggingConfiguration": 1,
        }, "each once, although seven processes died"

    @staticmethod
    def _killed_between(walk: Walk, proxy: ApiProxy, call: str, write: str) -> None:
        """Dead after `call` to AWS and before the next `write` to Kubernetes, or while the reply is on its way.

        Without a write, just before the call.
        """
        if call:
            held = walk.control.add_fault(operation=call, hold="after" if write else "before", count=1)
            walk.operator.launch()
            walk.control.wait_held(held, timeout=_NEEDED)
        if write not in {"", _REPLY}:
            stuck = proxy.add(method="PATCH", part=write, delay=3600.0)
            if call:
                walk.control.remove_fault(held)
            else:
                walk.operator.launch()
            until(lambda: stuck.struck > 0, f"a write to {write}", timeout=_NEEDED, last=walk.operator.tail)
        walk.operator.kill()
        walk.control.clear_faults(discard=True)
        proxy.clear()

    @staticmethod
    def _state(walk: Walk, room: str) -> str:
        """What there is, apart from the object itself."""
        found = walk.get(CHAT, "logs") or {"metadata": {}}
        made = len([item for item in walk.configurations(CHAT) if item["state"] != "DELETING"])
        joined = len(walk.held_by(room))
        words = {
            "finalizer": found["metadata"].get("finalizers"),
            "intent": "pendingCreate" in (found.get("status") or {}),
            f"{made} made": made,
            f"{joined} joined": joined,
        }
        return ", ".join(word for word, there in words.items() if there)
