"""What a refusal of Kubernetes makes the operator look at anew."""

from types import SimpleNamespace
from typing import Any

import pytest

from ivs_operator.domain.kinds import PLURALS
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import Conflict, Forbidden, Gone, KubeError
from ivs_operator.lookout import Lookout
from ivs_operator.settings import Settings

OURS = "/apis/ivs-operator.dev/v1alpha1"
CHATS = f"{OURS}/namespaces/live/chatloggingconfigurations"
GONE, FORBIDDEN = Gone("not found"), Forbidden("no")

# A path, what it was answered with, and whether rights are reviewed and objects counted.
REFUSALS = [
    pytest.param(f"{CHATS}/vod", GONE, (False, True), id="an object is not there"),
    pytest.param(f"{CHATS}/vod/status", GONE, (False, True), id="a status has no object"),
    pytest.param(f"{OURS}/awsaccounts/prod/status", GONE, (False, True), id="nor this one"),
    pytest.param(f"{CHATS}?limit=500", GONE, (False, False), id="a kind is missing: the census itself asks so"),
    pytest.param(f"{OURS}/chatloggingconfigurations?limit=500", GONE, (False, False), id="in all namespaces"),
    pytest.param(f"{OURS}/awsaccounts?limit=500", GONE, (False, False), id="or AWSAccounts are"),
    pytest.param(OURS, GONE, (False, False), id="or all of them are"),
    pytest.param(f"{CHATS}/vod/status", FORBIDDEN, (True, False), id="a right is missing"),
    pytest.param(f"{CHATS}/vod/status", Conflict("changed"), (False, False), id="somebody else has written"),
    pytest.param("/apis/coordination.k8s.io/v1/namespaces/x/leases/y", FORBIDDEN, (False, False), id="a Lease"),
]


@pytest.mark.parametrize(("path", "error", "doubted"), REFUSALS)
def test_refusals(path: str, error: KubeError, doubted: tuple[bool, bool]) -> None:
    cluster: Any = SimpleNamespace(served_plurals=None)
    lookout = Lookout(
        Settings(),
        cluster=cluster,
        resources=ResourceCache(),
        plurals=PLURALS,
        register=lambda _: None,
        on_gone=lambda _: None,
    )
    cluster.on_refusal(path, error)
    assert (lookout._access._doubted.is_set(), lookout._census._doubted.is_set()) == doubted
