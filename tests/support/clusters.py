"""Two clusters on one AWS account, told apart by their ids; here each is a namespace with an operator of its own.

AWS sees nothing of a cluster but the id in the owner tags, so that two namespaces stand for two API servers.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from ivs_sandbox.cluster import Cluster
from support.emulator import Emulator
from support.operator_process import OperatorProcess
from support.walk import Walk

__all__ = ["OTHER_CLUSTER", "begin_elsewhere"]

OTHER_CLUSTER = "the-other-cluster"


def begin_elsewhere(
    cluster: Cluster,
    make_operator: Callable[..., OperatorProcess],
    kubeconfig: Path,
    emulator: Emulator,
    **options: Any,
) -> Walk:
    """A walk in the other cluster, with its operator running."""
    namespace = f"elsewhere-{uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    mine = {"namespaces": namespace, "cluster_id": OTHER_CLUSTER, "create_grace": 3, **options}
    walk = Walk(cluster, namespace, emulator, make_operator(kubeconfig, **mine))
    walk.operator.start()
    return walk
