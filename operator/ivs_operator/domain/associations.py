"""Which rooms or channels are to be joined and let go, and what stands in the way.

AWS marks no association as anybody's. Ours is what a recorded selector matches: selectors are on record (the ledger in
status) before the first call that attaches, and an entry taken out of the spec stays on record until nothing that only
it meant is associated any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivs_operator.api.reasons import ConditionType, Reason
from ivs_operator.domain.actions import Action, Associate, InspectConsumer, RefreshConsumers
from ivs_operator.domain.desired import ConflictPolicy, Desired
from ivs_operator.domain.failures import Failure
from ivs_operator.domain.holders import hold_of, replaceable_by
from ivs_operator.domain.kinds import TRAITS, Traits, count
from ivs_operator.domain.observed import Consumer
from ivs_operator.domain.patience import earliest, passing
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.slots import Blocked, arrange
from ivs_operator.domain.subject import Rival, Situation

__all__ = ["LAG", "Associations", "Problem", "associate"]

LAG = 10.0
"""Seconds by which a List of rooms or channels may be behind a write. AWS publishes no bound; other tools see a few."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One room or channel that should be associated and is not."""

    arn: str
    reason: Reason
    message: str
    blocks_ready: bool = False


@dataclass(frozen=True, slots=True)
class Associations:
    """The state of an object's associations, and what to do next about them."""

    known: bool
    """False while nothing of the rooms or channels was read: then status keeps what it says."""
    matched: int = 0
    associated: int = 0
    foreign: tuple[Consumer, ...] = ()
    releasing: int = 0
    problems: tuple[Problem, ...] = ()
    selectors: tuple[Selector, ...] = ()
    """What belongs on record now."""
    actions: tuple[Action, ...] = ()
    joining: int = 0
    """How many are about to be joined."""
    joining_exact: int = 0
    """How many of these an entry names by ARN or name."""
    wake: float | None = None
    unsure: bool = False
    """Whether something that an entry names could not be asked about a moment ago, which may pass at once."""

    @property
    def pending(self) -> int:
        """Matched and not associated yet."""
        return self.matched - self.associated


def associate(
    s: Situation, arn: str | None, *, serving: bool, surplus: frozenset[str] = frozenset(), looking: bool = True
) -> Associations:
    """Plan the associations of the configuration `arn`.

    `serving` tells whether it may be attached now (ACTIVE, not being deleted). `surplus` are our own other
    configurations (twins, replaced ones), which `arn` replaces in place. Without `looking` the plan is made from what
    is known (a deletion has asked for the users by a List of its own).
    """
    wanted = s.subject.entries
    recorded = s.subject.recorded.ledger.selectors
    if looking and not wanted and not recorded and s.view.consumers.listed_at == 0.0:
        return Associations(known=False)
    reads = _reads(s, wanted, recorded) if looking else ()
    matched = {item.arn: item for entry in wanted for item in s.view.consumers.matching(entry)}
    users = {item.arn: item for item in (s.view.consumers.users(arn) if arn else ())}
    stale = tuple(entry for entry in recorded if entry not in wanted)
    outdated = {item.arn: item for old in sorted(surplus) for item in s.view.consumers.users(old)}
    leaving = [item for key, item in (outdated | users).items() if key not in matched and _meant(stale, item)]
    foreign = [item for key, item in users.items() if key not in matched and not _meant(stale, item)]
    associated = [item for key, item in matched.items() if arn in item.configurations]
    still_needed = tuple(e for e in stale if not _forgettable(s) or any(_meant((e,), c) for c in leaving))
    joins, problems = _joins(s, arn, matched, wanted, serving=serving, surplus=surplus)
    leaves = [
        Associate(consumer=item.arn, remove=frozenset({arn}) | surplus)
        for item in leaving
        if arn and item.arn not in s.view.live
    ]
    problems += [_live(s, item) for item in leaving if item.arn in s.view.live]
    due, held, wake = _split(s, (*leaves, *joins))
    targets = [f"inspect:{entry.arn}" for entry in wanted if entry.arn is not None]
    targets += [action.target for action in joins if _exact(s, action, wanted)]
    quiet = [failure.retry_at for failure in map(s.failure, targets) if failure is not None and passing(s, failure)]
    complete = not looking or not _needs_pass(s, (*wanted, *recorded))
    return Associations(
        known=complete,
        matched=len(matched),
        associated=len(associated),
        foreign=tuple(sorted(foreign, key=lambda item: item.arn)),
        releasing=len(leaving),
        problems=tuple(sorted((*problems, *held, *(_missing(s, wanted) if looking else ())))),
        selectors=tuple(dict.fromkeys((*wanted, *still_needed))),
        actions=(*reads, *due),
        joining=sum(1 for action in due if action.add),
        joining_exact=sum(1 for action in due if action.add and _exact(s, action, wanted)),
        wake=earliest(wake, *quiet, None if complete else _retry_of_pass(s)),
        unsure=bool(quiet),
    )


def _forgettable(s: Situation) -> bool:
    """Whether an entry that left the spec and means nobody's association may leave the record too.

    What was joined by it, with a lost reply or by a process that died since, may not show yet: only a pass that began a
    lag after the edit, or after this process first saw the object, shows all. A deletion takes all entries along.
    """
    seen_at = max(s.memory.generation_seen_at, s.memory.met_at)
    return not s.subject.deleting and s.view.consumers.listed_at >= max(seen_at + LAG, 1.0)


def _reads(s: Situation, wanted: tuple[Selector, ...], recorded: tuple[Selector, ...]) -> tuple[Action, ...]:
    """What must be looked at before the picture is complete.

    Entries by ARN need one Get each; the others need a complete pass, newer than the generation that brought them.
    """
    entries = (*wanted, *recorded)
    if _needs_pass(s, entries):
        return () if _retry_of_pass(s) else (RefreshConsumers(newer_than=_pass_since(s, entries)),)
    unknown = [e.arn for e in entries if e.arn is not None and s.view.consumers.get(e.arn) is None]
    inspections = (InspectConsumer(arn) for arn in dict.fromkeys(unknown))
    return tuple(action for action in inspections if not s.failure(action.target))


def _needs_pass(s: Situation, entries: Iterable[Selector]) -> bool:
    """Whether the picture is incomplete without another pass, be it that the last attempt failed."""
    listed_at = s.view.consumers.listed_at
    missing = listed_at == 0.0 or listed_at < _pass_since(s, entries)
    return missing and any(entry.arn is None for entry in entries)


def _pass_since(s: Situation, entries: Iterable[Selector]) -> float:
    """What a pass must be newer than: the edit that brought a new entry, or a person's request to look.

    Any other edit is served by the pass of the latest sweep: with many rooms another one would take minutes. Entries of
    an object that is being made are on record with the intent, before any pass: then no condition speaks of them yet.
    """
    recorded = s.subject.recorded
    unseen = not recorded.condition(ConditionType.ASSOCIATED)
    new = unseen or any(entry not in recorded.ledger.selectors for entry in entries)
    return max(s.memory.asked_at, s.memory.generation_seen_at if new else 0.0)


def _retry_of_pass(s: Situation) -> float | None:
    failure = s.failure(RefreshConsumers.target)
    return failure.retry_at if failure is not None else None


def _meant(entries: Iterable[Selector], item: Consumer) -> bool:
    return any(entry.matches(item.arn, item.name, item.tags) for entry in entries)


def _joins(
    s: Situation,
    arn: str | None,
    matched: dict[str, Consumer],
    wanted: tuple[Selector, ...],
    *,
    serving: bool,
    surplus: frozenset[str],
) -> tuple[list[Associate], list[Problem]]:
    joins: list[Associate] = []
    problems: list[Problem] = []
    desired = s.subject.desired
    if arn is None or desired is None or not serving:
        return joins, problems
    rivals: Sequence[Rival] | None = None
    for item in sorted(matched.values(), key=lambda item: item.arn):
        superfluous = surplus.intersection(item.configurations)
        if arn in item.configurations and not superfluous:
            continue
        if rivals is None:
            rivals = s.claims.rivals(s.subject) if s.claims is not None else ()
        replaceable = (
            replaceable_by(s, item, frozenset(item.configurations) - surplus - {arn})
            if desired.conflict_policy is ConflictPolicy.REPLACE
            else frozenset()
        )
        obstacle = _obstacle(s, desired, item, arn, surplus=surplus, replaceable=replaceable, rivals=rivals)
        if obstacle is None:
            joins.append(
                Associate(
                    consumer=item.arn,
                    add=arn,
                    remove=surplus,
                    wanted_by=wanted,
                    replaceable=replaceable,
                )
            )
        else:
            reason, message = obstacle
            exact = any(entry.exact and entry.matches(item.arn, item.name, item.tags) for entry in wanted)
            problems.append(Problem(item.arn, reason, message, blocks_ready=exact))
    return joins, problems


def _obstacle(
    s: Situation,
    desired: Desired,
    item: Consumer,
    arn: str,
    *,
    surplus: frozenset[str],
    replaceable: frozenset[str],
    rivals: Sequence[Rival],
) -> tuple[Reason, str] | None:
    """Why this consumer can't be joined now, as far as the view tells."""
    traits = TRAITS[desired.kind]
    slots = arrange(item.configurations, add=arn, remove=surplus, capacity=traits.slots, replaceable=replaceable)
    if isinstance(slots, Blocked):
        return traits.full, _full_message(s, item, slots.holders)
    if item.arn in s.view.live:
        live = _live(s, item)
        return live.reason, live.message
    free = traits.slots - len(item.configurations)
    if free <= 0 or surplus.intersection(item.configurations):
        return None  # takes a place over and needs no free one
    older = sum(1 for rival in rivals if rival.wants(item))
    if older >= free:
        return traits.full, f"{_named(traits, item)} has {free} free, which {older} older object(s) want as well"
    return None


def _live(s: Situation, item: Consumer) -> Problem:
    message = f"{_named(TRAITS[s.subject.kind], item)} is live; it is changed when its stream ends"
    return Problem(item.arn, Reason.CHANNEL_LIVE, message)


def _full_message(s: Situation, item: Consumer, holding: tuple[str, ...]) -> str:
    traits = TRAITS[s.subject.kind]
    if traits.slots > 1:
        return (
            f"{_named(traits, item)} already has its {traits.slots} logging configurations ({', '.join(holding)}); "
            f"it is associated as soon as one of them is taken off"
        )
    holder = holding[0]
    hold = hold_of(s, item, holder)
    remedy = "; take it off, or set spec.channelConflictPolicy to Replace" if hold.free else ""
    return f"{_named(traits, item)} records with {holder}{hold.told}{remedy}"


def _named(traits: Traits, item: Consumer) -> str:
    return f"{traits.consumer} {item.name} ({item.arn})" if item.name else f"{traits.consumer} {item.arn}"


def _split(s: Situation, actions: Iterable[Associate]) -> tuple[tuple[Associate, ...], list[Problem], float | None]:
    """Actions that are due, problems of those that a failure holds back, and when the first of these is due again."""
    due: list[Associate] = []
    held: list[Problem] = []
    wakes: list[float] = []
    for action in actions:
        failure = s.failure(action.target)
        if failure is None:
            due.append(action)
            continue
        if passing(s, failure):
            wakes.append(failure.retry_at)
            continue
        exact = s.subject.desired is not None and _exact(s, action, s.subject.desired.selectors)
        held.append(Problem(action.consumer, failure.fault.reason, failure.fault.message, blocks_ready=exact))
        wakes.append(failure.retry_at)
    return tuple(due), held, min(wakes, default=None)


def _exact(s: Situation, action: Associate, wanted: tuple[Selector, ...]) -> bool:
    item = s.view.consumers.get(action.consumer)
    return item is not None and any(e.exact and e.matches(item.arn, item.name, item.tags) for e in wanted)


def _missing(s: Situation, wanted: tuple[Selector, ...]) -> Iterable[Problem]:
    """Entries that name something which does not exist."""
    traits = TRAITS[s.subject.kind]
    for entry in wanted:
        if entry.arn is not None and s.view.consumers.get(entry.arn) is None:
            failure = s.failure(f"inspect:{entry.arn}")
            if failure is not None and not passing(s, failure):
                yield Problem(
                    entry.arn, failure.fault.reason, _why_missing(s, traits, entry.arn, failure), blocks_ready=True
                )
        elif entry.name is not None and s.view.consumers.listed_at and not list(s.view.consumers.matching(entry)):
            message = (
                f"no {traits.consumer} is named {entry.name} in {s.placement.region}; it is associated when one appears"
            )
            yield Problem(entry.name, traits.missing, message, blocks_ready=True)


def _why_missing(s: Situation, traits: Traits, arn: str, failure: Failure) -> str:
    if failure.fault.reason is not traits.missing:
        return failure.fault.message
    return f"{traits.consumer} {arn} does not exist in {s.placement.region}; it is associated when it appears"


def describe(items: Iterable[Consumer], kind_traits: Traits, *, most: int = 5) -> str:
    """`3 rooms (lobby arn:..., arn:...)`, naming at most `most`."""
    ordered = sorted(items, key=lambda item: item.arn)
    names = [f"{item.name} {item.arn}" if item.name else item.arn for item in ordered[:most]]
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return f"{count(len(ordered), kind_traits)} ({', '.join(names)}{more})"
