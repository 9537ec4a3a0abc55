"""The metrics that tell of each object, written at a scrape out of what is known of the objects at that moment.

Not by prometheus_client: with 20,000 objects it holds the event loop for a second; this takes a thread a tenth of one.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from prometheus_client import Gauge

from ivs_operator import metrics
from ivs_operator.api.kinds import AWS_ACCOUNT
from ivs_operator.api.reasons import ConditionType, Reason
from ivs_operator.domain.transitions import DETAILS
from ivs_operator.kube.cache import ResourceCache

__all__ = ["UNOBSERVED", "Readiness"]

UNOBSERVED: Final = "Unobserved"
"""Stands for the reason while the present generation was not looked at."""

_DETAILS: Final = frozenset(map(str, DETAILS))
_REASONS: Final = frozenset(map(str, Reason))
_UNKNOWN: Final = "Unknown"  # a status may have been edited by anybody: labels stay bounded, and need no escapes

_Told = tuple[str, str, str, Mapping[str, Any]]
"""Kind, namespace, name, and the object as it was last seen."""

_Unhealthy = tuple[tuple[str, str], ...]
"""Type and reason of each detail that is False."""

_Row = tuple[str, str, str, str, _Unhealthy]
"""Kind, namespace, name, the reason, which is empty when the object is Ready, and its details that are False."""


class Readiness:
    """What `/metrics` tells of objects. Only the leader does: replicas would tell everything twice."""

    def __init__(
        self,
        resources: ResourceCache,
        accounts: Callable[[], Mapping[str, Mapping[str, Any]]],
        *,
        leads: Callable[[], bool],
        each: bool,
    ) -> None:
        """`accounts` gives by name the AWSAccounts that are this operator's to tell of.

        `each`: whether objects are told one by one, not only counted.
        """
        self._resources = resources
        self._accounts = accounts
        self._leads = leads
        self._each = each
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")  # others may hang in the loop's own threads

    async def text(self) -> bytes:
        """Lines in Prometheus' text format; written in a thread, so that the event loop goes on."""
        if not self._leads():
            return b""
        objects: list[_Told] = [
            (str(key.kind), key.namespace, key.name, resource) for key, resource in self._resources.items()
        ]
        objects += [(AWS_ACCOUNT.kind, "", name, resource) for name, resource in tuple(self._accounts().items())]
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, objects)

    def _write(self, objects: list[_Told]) -> bytes:
        rows = [(kind, namespace, name, *_judged(resource)) for kind, namespace, name, resource in objects]
        waiting = Counter((row[0], row[3]) for row in rows if row[3])
        lines = [*_head(metrics.RESOURCES_NOT_READY), *_counted(waiting)]
        unhealthy = Counter((row[0], *detail) for row in rows for detail in row[4])
        lines += [*_head(metrics.RESOURCES_UNHEALTHY), *_ailing(unhealthy)]
        if self._each:
            lines += [*_head(metrics.RESOURCE_READY), *_ready(rows)]
            lines += [*_head(metrics.RESOURCE_NOT_READY), *_not_ready(rows)]
        return "".join(f"{line}\n" for line in lines).encode()


def _head(metric: Gauge) -> Iterator[str]:
    (family,) = metric.describe()
    yield f"# HELP {family.name} {family.documentation}"
    yield f"# TYPE {family.name} {family.type}"


def _counted(counts: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for (kind, reason), number in sorted(counts.items()):
        yield f'ivs_operator_resources_not_ready{{kind="{kind}",reason="{reason}"}} {number}'


def _ailing(counts: Mapping[tuple[str, str, str], int]) -> Iterator[str]:
    for (kind, condition, reason), number in sorted(counts.items()):
        labels = f'kind="{kind}",condition="{condition}",reason="{reason}"'
        yield f"ivs_operator_resources_unhealthy{{{labels}}} {number}"


def _ready(rows: Iterable[_Row]) -> Iterator[str]:
    # Names of Kubernetes have nothing in them that would have to be escaped.
    for kind, namespace, name, reason, _ in rows:
        ready = 0 if reason else 1
        yield f'ivs_operator_resource_ready{{kind="{kind}",namespace="{namespace}",name="{name}"}} {ready}'


def _not_ready(rows: Iterable[_Row]) -> Iterator[str]:
    for kind, namespace, name, reason, _ in rows:
        if reason:
            labels = f'kind="{kind}",namespace="{namespace}",name="{name}",reason="{reason}"'
            yield f"ivs_operator_resource_not_ready{{{labels}}} 1"


def _judged(resource: Mapping[str, Any]) -> tuple[str, _Unhealthy]:
    """Why an object is not Ready, empty when it is, and its details that are False: of the present generation alone."""
    generation = resource["metadata"].get("generation")
    ready: str = UNOBSERVED
    unhealthy: _Unhealthy = ()
    for condition in (resource.get("status") or {}).get("conditions") or ():
        if condition.get("observedGeneration") != generation:
            continue
        type_, status = condition.get("type"), condition.get("status")
        if type_ == ConditionType.READY:
            ready = "" if status == "True" else _reason(condition)
        elif status == "False" and type_ in _DETAILS:
            unhealthy += ((type_, _reason(condition)),)
    return ready, unhealthy


def _reason(condition: Mapping[str, Any]) -> str:
    reason = str(condition.get("reason"))
    return reason if reason in _REASONS else _UNKNOWN
