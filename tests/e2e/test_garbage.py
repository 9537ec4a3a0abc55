"""Objects that can't work must not slow those that can."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from support.api_server import ApiServer, custom
from support.deadlines import until
from support.walk import CHAT, RECORDING, Walk, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.cluster import Cluster

_GARBAGE = 2000
_AT_ONCE = 4
_PAGE = "500"


def _create_all(walk: Walk) -> None:
    def create(first: int) -> None:
        api = ApiServer(walk.cluster.kubeconfig)
        for number in range(first, _GARBAGE, _AT_ONCE):
            body = {
                "apiVersion": "ivs-operator.dev/v1alpha1",
                "kind": "ChatLoggingConfiguration",
                "metadata": {"name": f"garbage-{number}"},
                "spec": {"accountRef": {"name": "nobody"}, "destinationConfiguration": s3("nowhere")},
            }
            api.call("POST", custom(CHAT, walk.namespace), body)
        api.close()

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(create, range(_AT_ONCE)))


def _all(walk: Walk) -> list[dict[str, Any]]:
    """Every object, page by page: the newest state that a user could see."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = walk.api.call("GET", custom(CHAT, walk.namespace), limit=_PAGE, **({"continue": token} if token else {}))
        found += page["items"]
        token = page["metadata"].get("continue", "")
        if not token:
            return found


def test_two_thousand_objects_of_garbage_do_not_keep_a_good_one_waiting(
    begin: Callable[..., Walk], control_plane: Cluster, namespace: str
) -> None:
    """The operator is stopped while garbage piles up and meets all of it at once; the good ones are another team's."""
    other = f"{namespace}-good"
    control_plane.kubectl("create", "namespace", other)
    walk = begin(namespaces=f"{namespace},{other}")
    good = Walk(control_plane, other, walk.emulator, walk.operator)
    walk.operator.stop()
    _create_all(walk)
    bucket = walk.emulator.bucket("good")
    for plural in (CHAT, RECORDING):
        good.apply(plural, "good", destinationConfiguration=s3(bucket))

    walk.operator.start()
    good.ready(CHAT, "good", timeout=120)
    good.ready(RECORDING, "good", timeout=120)
    told = sum(map(_is_told, _all(walk)))
    until(
        lambda: sum(map(_is_told, _all(walk))) == _GARBAGE,
        "every object of garbage says what is wrong with it",
        timeout=240,
        last=walk.operator.tail,
    )
    good.api.close()

    assert told < _GARBAGE / 2, "the good ones were Ready before half of the garbage was worked off"
    assert [len(walk.configurations(plural)) for plural in (CHAT, RECORDING)] == [1, 1]


def test_an_edit_amid_known_garbage_takes_effect_at_once(walk: Walk) -> None:
    """What was told already is no work: it must not come back with every sweep."""
    for number in range(20):
        walk.apply(CHAT, f"garbage-{number}", accountRef={"name": "nobody"}, destinationConfiguration=s3("nowhere"))
        walk.reason(CHAT, f"garbage-{number}", "AccountNotFound")
    mark = walk.mark()

    walk.apply(CHAT, "good", destinationConfiguration=s3(walk.emulator.bucket("good")))
    walk.ready(CHAT, "good")
    walk.sweeps(CHAT, 2)

    assert {entry.name for entry in walk.kube_writes(mark) if entry.resource == CHAT} == {"good"}


def _is_told(resource: dict[str, Any]) -> bool:
    return condition(resource, "Ready").get("reason") == "AccountNotFound"
