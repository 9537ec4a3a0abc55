"""Objects of ours that must go: let their users go, make sure nobody uses them, delete them."""

from dataclasses import dataclass

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC, TAG_UID
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action, Delete, Inspect, ListUsers, Untag
from ivs_operator.domain.desired import DeletionPolicy, Desired
from ivs_operator.domain.failed_state import state_failure
from ivs_operator.domain.failures import Failure
from ivs_operator.domain.identity import made_by_us
from ivs_operator.domain.observed import Configuration, Consumer, Users
from ivs_operator.domain.patience import earliest
from ivs_operator.domain.subject import Situation

__all__ = [
    "CONFIRMATIONS",
    "OWN_TAGS",
    "Chores",
    "confirm_dead",
    "in_the_way",
    "remove_surplus",
    "unused",
    "users_of",
]

OWN_TAGS = (TAG_OWNER, TAG_SPEC, TAG_UID)

CONFIRMATIONS = 2
"""Filtered Lists in a row that must show nobody before a delete."""

FRESH = 60.0
"""Seconds for which they count: a delete that was held back looks again, for AWS does not promise to refuse."""

CONFIRM_GAP = 1.0
"""Seconds between them: two Lists in the same instant would share a lag.

After one that showed somebody, too: those who were let go since, a List that lags shows again, and each is read anew.
"""


@dataclass(frozen=True, slots=True)
class Chores:
    """Work that nobody waits for: it does not keep the object from being Ready."""

    actions: tuple[Action, ...] = ()
    wake: float | None = None
    remember: Failure | None = None


def users_of(s: Situation, arn: str) -> tuple[Consumer, ...] | None:
    """Who uses a configuration as far as is known without a call; None when nothing was read yet."""
    known = tuple(s.view.consumers.users(arn))  # what a filtered List found is in there too
    return known if known or arn in s.view.users else None


def unused(s: Situation, item: Configuration, since: float) -> ListUsers | float | None:
    """The read that is still needed before `item` counts as unused, the time to wait for it, or None: it is unused."""
    answer = s.view.users.get(item.arn, Users())
    if answer.listed_at < max(since, s.now - FRESH):
        return ListUsers(item.arn)
    if answer.empty_in_a_row < CONFIRMATIONS:
        next_at = answer.listed_at + CONFIRM_GAP
        return ListUsers(item.arn) if s.now >= next_at else next_at
    return None


def remove_surplus(s: Situation, desired: Desired, surplus: tuple[Configuration, ...]) -> Chores:
    """Twins and predecessors go once nobody uses them; until then they stay, and status names them.

    A predecessor that was adopted, or under `Retain`, is untagged and left; a twin is nobody's wish and always goes,
    and so does what AWS could not create, which has never served.
    """
    wakes: list[float | None] = []
    remember: Failure | None = None
    for item in surplus:
        if item.state in {"DELETING", "CREATING"} or users_of(s, item.arn):
            continue
        failed = _failed_before(s, item)
        if failed is not None:
            remember = remember or failed
            wakes.append(failed.retry_at)
            continue
        step = _next_step(s, desired, item)
        if isinstance(step, float):
            wakes.append(step)
            continue
        failure = s.failure(step.target)
        if failure is None:
            return Chores(actions=(step,), remember=remember)
        wakes.append(failure.retry_at)
    return Chores(wake=earliest(*wakes), remember=remember)


def in_the_way(s: Situation, desired: Desired, surplus: tuple[Configuration, ...]) -> Delete | ListUsers | float | None:
    """The step that frees a place in the quota before a successor is made, the time to wait for it, or None.

    The best of the predecessors (the first) stays, for it serves meanwhile, unless AWS could not create it; whatever
    else of ours nobody uses would hold the place that the successor needs. What can't be deleted now does not keep it
    from being made.
    """
    for number, item in enumerate(surplus):
        stays = number == 0 and item.state != "CREATE_FAILED"
        if stays or item.state in {"DELETING", "CREATING", "DELETE_FAILED"} or users_of(s, item.arn):
            continue
        step = _next_step(s, desired, item)
        if isinstance(step, float):
            return step
        if not isinstance(step, Untag) and s.failure(step.target) is None:
            return step
    return None


def confirm_dead(s: Situation) -> tuple[Action, ...]:
    """Looks at what status names as formerly ours and rooms or channels still hold, before it may be replaced there."""
    known = {item.arn for item in s.view.owned} | s.view.gone
    doubtful = (Inspect(arn) for arn in s.subject.recorded.superseded if arn not in known and users_of(s, arn))
    return tuple(action for action in doubtful if action.arn not in s.view.read_at and not s.failure(action.target))


def _next_step(s: Situation, desired: Desired, item: Configuration) -> Delete | ListUsers | Untag | float:
    predecessor = item.tags.get(TAG_SPEC) != desired.spec_hash
    retained = predecessor and desired.deletion_policy is DeletionPolicy.RETAIN and item.state != "CREATE_FAILED"
    if retained or not made_by_us(item.tags):
        return Untag(item.arn, OWN_TAGS)
    needed = unused(s, item, s.memory.generation_seen_at)
    return Delete(item.arn) if needed is None else needed


def _failed_before(s: Situation, item: Configuration) -> Failure | None:
    """AWS took a delete and failed: tried again slowly, while status names it."""
    if item.state != "DELETE_FAILED":
        return None
    message = f"AWS reports DELETE_FAILED for {item.arn}, without a reason; it is tried again"
    target, since = Delete(item.arn).target, s.memory.generation_seen_at
    return state_failure(s, item, target, reason=Reason.DELETE_FAILED, message=message, since=since)
