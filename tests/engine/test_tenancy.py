"""Which credentials an object gets, and that nobody is asked for who is refused."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.placement import Identity
from ivs_operator.engine.tenancy import AccountBook, OwnAccount, Tenancy
from support.objects import resource, subject_of
from support.virtual_time import VirtualClock

OTHER = "222233334444"


class Estate:
    """AWS, which remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def identity(self, kind: Kind) -> Identity:
        self.asked.append("own")
        return Identity("123456789012", "us-west-2")

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        self.asked.append(account)
        return Identity(role.account_id, "us-west-2")

    def region(self, *_: Any) -> Any:
        raise AssertionError("nobody is placed here")


class Keeper:
    """Remembers what was kept."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    async def keep(self, name: str) -> None:
        self.kept.append(name)


class Bench:
    """A tenancy and what it asks."""

    def __init__(self, *, namespaces: tuple[str, ...] = (), known: bool = True, **spec: Any) -> None:
        self.estate, self.keeper, self.clock = Estate(), Keeper(), VirtualClock()
        self.book = AccountBook(resources={} if known else None)
        if known:
            metadata = {"name": "prod", "uid": "u", "generation": 1, "resourceVersion": "1"}
            usual = {"roleARN": f"arn:aws:iam::{OTHER}:role/r", "allowedNamespaces": {}}
            self.book.put({"metadata": metadata, "spec": {**usual, **spec}})
        self.tenancy = Tenancy(self.estate, self.book, self.keeper, self.clock, default_namespaces=namespaces)

    async def ask(self, account: str | None = "prod") -> Identity:
        return await self.tenancy.identity(subject_of(resource()), account)


async def test_through_an_account_with_its_default_region() -> None:
    bench = Bench(defaultRegion="eu-west-1")
    found = await bench.ask()
    assert (found.account_id, found.account, found.default_region, found.regional) == (OTHER, "prod", "eu-west-1", True)
    assert (bench.estate.asked, bench.keeper.kept) == (["prod"], ["prod"])


async def test_without_one_the_operators_default_region_counts() -> None:
    found = await Bench().ask()
    assert (found.default_region, found.regional) == ("us-west-2", False)


async def test_without_an_account_the_operators_own_credentials() -> None:
    bench = Bench()
    assert (await bench.ask(None)).account_id == "123456789012"
    assert (bench.estate.asked, bench.keeper.kept) == (["own"], [])


REFUSED = [
    pytest.param(Bench(allowedNamespaces={"list": ["x"]}), "prod", Reason.ACCOUNT_NOT_ALLOWED, id="another namespace"),
    pytest.param(Bench(), "missing", Reason.ACCOUNT_NOT_FOUND, id="no such account"),
    pytest.param(Bench(namespaces=("chat",)), None, Reason.ACCOUNT_NOT_ALLOWED, id="not the operator's own either"),
]


@pytest.mark.parametrize(("bench", "account", "reason"), REFUSED)
async def test_whoever_is_refused_costs_no_call(bench: Bench, account: str | None, reason: Reason) -> None:
    found = await bench.ask(account)
    assert found.refusal is not None
    assert found.refusal.reason is reason
    assert (bench.estate.asked, bench.keeper.kept) == ([], [])


UNKNOWN = [
    pytest.param(Bench(known=False), Reason.ACCOUNT_NOT_FOUND, id="AWSAccounts were not listed yet"),
    pytest.param(
        Bench(allowedNamespaces={"selector": {"matchLabels": {"a": "b"}}}),
        Reason.ACCOUNT_NOT_ALLOWED,
        id="labels of namespaces were not",
    ),
]


@pytest.mark.parametrize(("bench", "reason"), UNKNOWN)
async def test_what_is_not_known_yet_passes_by_itself_and_costs_no_call(bench: Bench, reason: Reason) -> None:
    """A start must not take access from those who have it, not even in words."""
    found = await bench.ask()
    assert found.refusal is None
    assert found.fault is not None
    began = found.fault_since
    assert (found.account_id, found.fault.reason) == (None, reason)
    assert found.retry_at > began
    assert bench.estate.asked == []
    bench.clock.ahead += 30
    assert (await bench.ask()).fault_since == began, "the same trouble"
    bench.clock.ahead += 300
    assert (await bench.ask()).fault_since >= began + 330, "another one"


async def test_where_no_account_can_be_used_none_is() -> None:
    estate = Estate()
    own = OwnAccount(estate)
    found = await own.identity(subject_of(resource()), "prod")
    assert found.refusal is not None
    assert estate.asked == []
    assert (await own.identity(subject_of(resource()), None)).account_id == "123456789012"


def test_the_book_keeps_the_newest_version_and_forgets_only_the_life_that_went() -> None:
    book = AccountBook()

    def version(number: int, uid: str = "u1") -> dict[str, Any]:
        return {"metadata": {"name": "prod", "uid": uid, "generation": number, "resourceVersion": str(number)}}

    assert book.put(version(5))
    assert not book.put(version(4)), "a watch may tell late what an own write has overtaken"
    assert book.put(version(3, "u2")), "another life begins anew"
    book.remove("prod", "u1")
    assert book.account("prod") is not None
    book.remove("prod", "u2")
    assert book.account("prod") is None


SERVES = [
    pytest.param({"allowedNamespaces": {}}, set(), True, id="everybody may"),
    pytest.param({"allowedNamespaces": None}, set(), False, id="nobody may"),
    pytest.param({"allowedNamespaces": {"list": ["live"]}}, {"live", "chat"}, True, id="one of two"),
    pytest.param({"allowedNamespaces": {"list": ["x"]}}, {"live", "chat"}, False, id="none of those who name it"),
    pytest.param({"allowedNamespaces": {"list": ["x"]}}, set(), True, id="nobody names it, somebody may"),
    pytest.param({"allowedNamespaces": {"selector": {}}}, {"live"}, False, id="labels are not known"),
    pytest.param({"roleARN": "x"}, set(), False, id="it can't be read"),
]


@pytest.mark.parametrize(("spec", "namespaces", "serves"), SERVES)
def test_whom_an_account_serves(spec: dict[str, Any], namespaces: set[str], serves: bool) -> None:
    bench = Bench(**spec)
    assert bench.tenancy.serves("prod", namespaces) is serves
    assert not bench.tenancy.serves("missing", namespaces)


WITHDRAWN = [
    pytest.param(Bench(), "prod", False, id="it is allowed as ever"),
    pytest.param(Bench(allowedNamespaces={"list": ["x"]}), "prod", True, id="the namespace is not allowed any more"),
    pytest.param(Bench(), "missing", True, id="the AWSAccount is gone"),
    pytest.param(Bench(roleARN="nonsense"), "prod", True, id="it names no role"),
    pytest.param(Bench(known=False), "prod", False, id="what is not known for a moment is not taken away"),
    pytest.param(
        Bench(namespaces=("x",)), "", False, id="the operator's own credentials change with its settings only"
    ),
]


@pytest.mark.parametrize(("bench", "account", "withdrawn"), WITHDRAWN)
def test_what_is_not_allowed_any_more(bench: Bench, account: str, withdrawn: bool) -> None:
    assert bench.tenancy.withdrawn(account, "live") is withdrawn


def test_an_account_that_is_being_deleted_serves_those_who_have_it_until_they_are_gone() -> None:
    bench = Bench()
    known = (bench.book.resources or {})["prod"]
    bench.book.put({**known, "metadata": {**known["metadata"], "deletionTimestamp": "2023-11-14T22:13:20Z"}})
    assert not bench.tenancy.withdrawn("prod", "live")
