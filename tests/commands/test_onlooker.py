"""Who works on an object, as its Lease tells."""

from typing import Any

import pytest

from ivs_operator.commands.onlooker import _leader
from ivs_operator.domain.times import format_time

NOW = 1_800_000_000.0


def lease(holder: str = "pod-1_0f3c", ago: float = 3.0) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "renewTime": format_time(NOW - ago), "leaseDurationSeconds": 15}
    return {"metadata": {"namespace": "ivs-operator", "name": "ivs-operator"}, "spec": spec}


@pytest.mark.parametrize(
    ("found", "says"),
    [
        pytest.param(lease(), "pod-1 leads (Lease ivs-operator/ivs-operator, renewed 3 s ago)", id="a leader"),
        pytest.param(lease(ago=-2.0), "renewed 0 s ago", id="its clock is ahead of ours"),
        pytest.param(lease(ago=90.0), "nobody leads: pod-1 has not renewed", id="one that is gone"),
        pytest.param(lease(holder=""), "nobody leads (Lease", id="one that has left"),
        pytest.param({"metadata": lease()["metadata"]}, "nobody leads", id="a Lease that nobody took"),
    ],
)
def test_who_leads(found: dict[str, Any], says: str) -> None:
    assert says in _leader(found, NOW)
