"""Everything that AWS has of both kinds in several places, read once: for tools that look and never write.

The operator's own view (`inventory`) is made to be kept up to date; this one is made to be complete, with the settings
that only Get tells, and to go on with the rest when a part can't be read.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.config import Config

from ivs_operator.aws.calls import CLIENT_CONFIG, Calls, LazyClient, guard_writes
from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.errors import CREDENTIAL_CODES
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, NotFound, delay
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.listed import Gap, Listed
from ivs_operator.domain.observed import Configuration, Consumer, ConsumerIndex

__all__ = ["PatientCalls", "Place", "Survey", "survey"]

_Gateway = RecordingGateway | ChatLoggingGateway

_SERVICES: Final[Mapping[Kind, tuple[str, Callable[[Calls], _Gateway]]]] = {
    Kind.RECORDING: ("ivs", RecordingGateway),
    Kind.CHAT_LOGGING: ("ivschat", ChatLoggingGateway),
}

_ATTEMPTS: Final = 6
"""With the delays between them half a minute: about as long as a person waits for a throttled account."""
_ATTEMPTS_TO_REACH: Final = 2  # a place that can't be reached is mostly one that does not exist from here

_AT_ONCE: Final = 4  # Gets under way, so that the rate and not the latency decides how long they take

_CONFIG: Final = CLIENT_CONFIG.merge(Config(read_timeout=10))
"""Nothing here writes, so a read that hangs may be given up: Ctrl-C must not wait for it longer than that."""


@dataclass(frozen=True, slots=True)
class Place:
    """One region as somebody's credentials see it."""

    region: str
    session: boto3.Session
    account: str = ""
    """Name of the AWSAccount whose role is used; empty: the credentials of whoever calls."""

    def __str__(self) -> str:
        return f"{self.region} (AWSAccount {self.account})" if self.account else self.region


class PatientCalls(Calls):
    """Calls that are repeated while what refuses them passes by itself; only ever reads."""

    async def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation, several times if need be.

        Raises:
            CallFailed: it does not pass, or not soon.
        """
        attempt = 1
        while True:
            try:
                return await super().__call__(operation, **parameters)
            except CallFailed as error:
                if attempt >= _attempts(error.fault):
                    raise
                await asyncio.sleep(delay(error.fault.kind, attempt))
                attempt += 1


def _attempts(fault: Fault) -> int:
    if fault.kind is not FaultClass.FAST or fault.code in CREDENTIAL_CODES:
        return 1
    return _ATTEMPTS_TO_REACH if fault.code == "Connect" else _ATTEMPTS


@dataclass(slots=True)
class Survey:
    """What was read, and what could not be."""

    listed: tuple[Listed, ...] = ()
    gaps: list[Gap] = field(default_factory=list)
    answered: bool = False
    """Whether AWS has answered any List at all."""


async def survey(
    places: Iterable[Place],
    *,
    detailed: Callable[[Configuration], bool] = lambda _: True,
    progress: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Read both kinds in all places, each at AWS's documented rates.

    `detailed` chooses the recording configurations that get a Get each, for what a List leaves out. What can't be read
    is in `gaps`; nothing is raised for it.
    """
    clock, tally = Clock(), _Tally(progress)
    found = Survey()
    # Two services with the Gets and one List each: whatever hangs in one place holds none of the others.
    pools = {place: ThreadPoolExecutor(2 * (_AT_ONCE + 1)) for place in places}
    try:
        readers = [
            _Reader(place, kind, _gateway(place, kind, clock, pool), tally)
            for place, pool in pools.items()
            for kind in Kind
        ]
        found.listed = tuple(await asyncio.gather(*(reader.read(detailed) for reader in readers)))
        found.gaps = [gap for reader in readers for gap in reader.gaps]
        found.answered = any(reader.answered for reader in readers)
    finally:
        for pool in pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
    return found


def _gateway(place: Place, kind: Kind, clock: Clock, pool: ThreadPoolExecutor) -> _Gateway:
    service, gateway = _SERVICES[kind]
    client: Any = place.session.client(service, region_name=place.region, config=_CONFIG)
    guard_writes(client, lambda: False)
    return gateway(PatientCalls(service, LazyClient(lambda: client), Limiter(clock), pool))


class _Tally:
    """How far all readers are together, in words."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._counts: Counter[str] = Counter()

    def add(self, what: str, number: int = 1) -> None:
        """So many more were read, or are to be read (`wanted`)."""
        self._counts[what] += number
        read = self._counts
        parts = [f"{read['configurations']:,} configurations"]
        if read["wanted"]:
            parts.append(f"{read['details']:,} of {read['wanted']:,} in detail")
        if read["consumers"]:
            parts.append(f"{read['consumers']:,} rooms and channels")
        self._progress("read " + ", ".join(parts))


class _Reader:
    """One kind in one place."""

    def __init__(self, place: Place, kind: Kind, gateway: _Gateway, tally: _Tally) -> None:
        self._place = place
        self._kind = kind
        self._gateway = gateway
        self._tally = tally
        self._denied = False
        self.answered = False
        self.gaps: list[Gap] = []

    async def read(self, detailed: Callable[[Configuration], bool]) -> Listed:
        """Lists and Gets, as far as they succeed."""
        found, index = await asyncio.gather(self._configurations(detailed), self._consumers())
        return Listed(self._kind, self._place.region, self._place.account, found, index)

    async def _configurations(self, detailed: Callable[[Configuration], bool]) -> tuple[Configuration, ...]:
        found: dict[str, Configuration] = {}
        try:
            async for page in self._gateway.configurations():
                self.answered = True
                found.update((item.arn, item) for item in page)
                self._tally.add("configurations", len(page))
        except CallFailed as error:
            self._miss(f"{TRAITS[self._kind].object_noun}s", error.fault)
        short = [item for item in found.values() if not item.complete and detailed(item)]
        if short:
            self._tally.add("wanted", len(short))
            turns = asyncio.Semaphore(_AT_ONCE)
            complete = await asyncio.gather(*(self._detailed(item, turns) for item in short))
            found |= {item.arn: item for item in complete if item is not None}
            for item, known in zip(short, complete, strict=True):
                if known is None:
                    del found[item.arn]
        return tuple(found[arn] for arn in sorted(found))

    async def _detailed(self, item: Configuration, turns: asyncio.Semaphore) -> Configuration | None:
        """With all its settings; as it was listed when they can't be read, None when it is gone meanwhile."""
        async with turns:
            if self._denied:
                return item
            try:
                return await self._gateway.get(item.arn)
            except NotFound:
                return None
            except CallFailed as error:
                self._denied = True  # the others would be refused as well, one by one at three a second
                self._miss("the details of recording configurations", error.fault)
                return item
            finally:
                self._tally.add("details")

    async def _consumers(self) -> ConsumerIndex | None:
        """All rooms or channels. An update moves a room to the front of the List, so the front is read once more."""
        found: dict[str, Consumer] = {}
        try:
            async for page in self._gateway.consumers():
                self.answered = True
                found |= {item.arn: item for item in page}
                self._tally.add("consumers", len(page))
            if self._gateway.newest_first:
                await self._moved_meanwhile(found)
        except CallFailed as error:
            self._miss(TRAITS[self._kind].consumers, error.fault)
            return None
        return ConsumerIndex(found.values())

    async def _moved_meanwhile(self, found: dict[str, Consumer]) -> None:
        newest = max((item.update_time or "" for item in found.values()), default="")
        async for page in self._gateway.consumers():
            found |= {item.arn: item for item in page}
            if not page or (page[-1].update_time or "") <= newest:
                return

    def _miss(self, what: str, fault: Fault) -> None:
        self.gaps.append(Gap(what, str(self._place), fault))
