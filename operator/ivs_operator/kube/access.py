"""What RBAC must allow, asked of the API server itself: at the start, and whenever something was refused.

A missing right shows otherwise as one refused call among many, or, for watch, as an operator that sees nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import structlog

from ivs_operator.api.names import GROUP
from ivs_operator.kube.errors import KubeError
from ivs_operator.kube.watched import is_pattern

__all__ = ["LABELS_OF_NAMESPACES", "Access", "Right", "needed_rights"]

Right = Mapping[str, str]
"""Members as in `resourceAttributes` of a SelfSubjectAccessReview."""

_ACCOUNTS: Final = "awsaccounts"

LABELS_OF_NAMESPACES: Final[tuple[Right, ...]] = tuple(
    {"group": "", "resource": "namespaces", "verb": verb} for verb in ("list", "watch")
)
"""Needed only while some AWSAccount selects namespaces by their labels, and with patterns of namespaces."""

_AGAIN: Final = 5.0  # seconds between reviews while something is missing, or could not be asked
_LEAST: Final = 2.0  # seconds between reviews that refusals ask for

log = structlog.get_logger(__name__)


class _Reviewer(Protocol):
    async def allowed(self, right: Right, /) -> bool: ...


_CRDS: Final[Right] = {"group": "apiextensions.k8s.io", "resource": "customresourcedefinitions"}
_KUBE_SYSTEM: Final[Right] = {"group": "", "resource": "namespaces", "name": "kube-system", "verb": "get"}


def needed_rights(
    plurals: Iterable[str], namespaces: Iterable[str], *, cluster_uid: bool, lease: tuple[str, str] | None
) -> tuple[Right, ...]:
    """The rights without which an operator for these namespaces (none: all) does not do its work.

    Of a pattern only kopf knows the namespaces, which it finds by watching all: what is allowed in them is not asked.
    `lease`: namespace and name of the Lease that it competes for.
    """
    given = tuple(namespaces)
    places = [name for name in given if not is_pattern(name)] if given else [""]
    rights: list[Right] = list(LABELS_OF_NAMESPACES) if len(places) < len(given) else []
    for plural in plurals:
        for namespace in places:
            place = {"group": GROUP, "resource": plural, "namespace": namespace}
            rights += [{**place, "verb": verb} for verb in ("get", "list", "watch", "patch")]
            rights.append({**place, "verb": "patch", "subresource": "status"})
        rights.append({**_CRDS, "name": f"{plural}.{GROUP}", "verb": "get"})
    rights += [{**_CRDS, "verb": verb} for verb in ("list", "watch")]
    for namespace in places:
        rights.append({"group": "events.k8s.io", "resource": "events", "namespace": namespace, "verb": "create"})
    accounts = {"group": GROUP, "resource": _ACCOUNTS}
    rights += [{**accounts, "verb": verb} for verb in ("list", "watch", "patch")]
    rights.append({**accounts, "verb": "patch", "subresource": "status"})
    if lease is not None:
        leases = {"group": "coordination.k8s.io", "resource": "leases", "namespace": lease[0]}
        rights += [{**leases, "name": lease[1], "verb": verb} for verb in ("get", "update")]
        rights.append({**leases, "verb": "create"})  # which no rule can limit to a name
    if cluster_uid:
        rights.append(_KUBE_SYSTEM)
    return tuple(rights)


class Access:
    """Knows which rights are missing. `run` it as a task; tell it of refusals by `doubt`."""

    def __init__(self, reviewer: _Reviewer, rights: Iterable[Right]) -> None:
        self._reviewer = reviewer
        self._rights = tuple(rights)
        self._doubted = asyncio.Event()
        self.trouble: str | None = None
        """What is missing, in words; None when nothing is, as far as is known."""

    def need(self, rights: Iterable[Right]) -> None:
        """These rights are needed, too, from now on."""
        self._rights = (*self._rights, *(right for right in rights if right not in self._rights))
        self.doubt()

    def doubt(self) -> None:
        """Something was refused."""
        self._doubted.set()

    async def run(self) -> None:
        """Review now, after refusals, and again and again while something is missing."""
        while True:
            self._doubted.clear()
            certain = await self.review()
            await asyncio.sleep(_LEAST)
            try:
                async with asyncio.timeout(_AGAIN if self.trouble or not certain else None):
                    await self._doubted.wait()
            except TimeoutError:
                continue

    async def review(self) -> bool:
        """Ask for every right. Returns whether the API server has answered."""
        missing = await self._missing(self._rights)
        if missing is None:
            return False
        self._report(", ".join(map(_words, missing)), remedy=_remedy(missing))
        return True

    async def blind(self) -> bool:
        """Whether objects of our kinds surely can't be listed: nothing can begin then, and trying fills the log."""
        lists = [right for right in self._rights if right["verb"] == "list" and right["group"] == GROUP]
        return bool(await self._missing(lists))

    async def _missing(self, rights: Iterable[Right]) -> list[Right] | None:
        """Those that we do not have; None when the API server does not say."""
        try:
            return [right for right in rights if not await self._reviewer.allowed(right)]
        except KubeError as error:
            log.debug("rights not reviewed", error=str(error))
            return None

    def _report(self, missing: str, *, remedy: str) -> None:
        trouble = f"RBAC does not allow the operator to {missing}" if missing else None
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("all rights are there")
        else:
            log.error("rights are missing", missing=missing, remedy=remedy)


def _remedy(missing: Iterable[Right]) -> str:
    spared = "; with --cluster-id, namespaces kube-system is not needed" if _KUBE_SYSTEM in missing else ""
    return f"grant them to the operator's service account{spared}"


def _words(right: Right) -> str:
    """`patch chatloggingconfigurations/status.ivs-operator.dev in namespace live`."""
    resource = "/".join(part for part in (right["resource"], right.get("subresource")) if part)
    kind = ".".join(part for part in (resource, right["group"]) if part)
    name = f" {right['name']}" if right.get("name") else ""
    place = f" in namespace {right['namespace']}" if right.get("namespace") else ""
    return f"{right['verb']} {kind}{name}{place}"
