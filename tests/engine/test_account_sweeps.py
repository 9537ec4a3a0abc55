"""Many objects over twenty accounts: each is swept by itself, and one that hangs takes nothing from the others."""

import asyncio
from typing import Any

from ivs_operator.domain.accounts import Role
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.placement import Identity
from ivs_operator.engine.tenancy import AccountBook, Tenancy
from support.objects import CHAT, REGION, resource
from support.virtual_time import in_virtual_time
from support.world import SWEEP, World

ACCOUNTS = [f"{number:012}" for number in range(1, 21)]
EACH = 3  # up to 50 make no difference: they are one page
EVERYBODY: dict[str, Any] = {}
"""allowedNamespaces that allows all."""


class _Kept:
    """AWSAccounts that need no keeping here."""

    async def keep(self, name: str) -> None:
        """As if the finalizer were there."""


class _Entered:
    """The estate of a process, with the roles that can't be assumed taken out."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.silent: set[str] = set()
        self.assumed = 0

    async def identity(self, kind: Kind) -> Identity:
        return await self._process.identity(kind)

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        self.assumed += 1
        if account in self.silent:
            await asyncio.Event().wait()
        return await self._process.assume(kind, account, role)

    def region(self, *place: Any) -> Any:
        return self._process.region(*place)


def name_of(account: str) -> str:
    return f"acct-{account}"


def settle_in(world: World) -> _Entered:
    """Let the world's operator work in all the accounts."""
    process = world.process
    assert process is not None
    book = AccountBook(resources={})
    for account in ACCOUNTS:
        role = f"arn:aws:iam::{account}:role/ivs-operator"
        metadata = {"name": name_of(account), "uid": account, "generation": 1, "resourceVersion": "1"}
        book.put({"metadata": metadata, "spec": {"roleARN": role, "allowedNamespaces": EVERYBODY}})
    entered = _Entered(process)
    process.reconciler._accounts = Tenancy(entered, book, _Kept(), world.clock)
    return entered


def populate(world: World, each: int) -> dict[str, list[Key]]:
    return {
        account: [
            world.cluster.apply(
                resource(name=f"chat-{account}-{n}", namespace=f"ns-{account}", accountRef={"name": name_of(account)})
            )
            for n in range(each)
        ]
        for account in ACCOUNTS
    }


def lists(world: World, account: str) -> int:
    return world.at(CHAT, REGION, account).count(operation="ListConfigurations")


@in_virtual_time
async def test_at_rest_one_list_per_account_and_sweep_and_no_write() -> None:
    """Up to 50 logging configurations are one page: 20 accounts make 20 calls a minute at the default interval."""
    async with World() as world:
        settle_in(world)
        keys = populate(world, EACH)
        await world.until_at_rest()
        assert {world.cluster.status(key)["accountID"] for key in keys[ACCOUNTS[7]]} == {ACCOUNTS[7]}
        assert all(world.cluster.ready(key) == ("True", "Available") for some in keys.values() for key in some)
        assert all(len(world.at(CHAT, REGION, account).owned()) == EACH for account in ACCOUNTS)
        calls = {account: world.at(CHAT, REGION, account).count() for account in ACCOUNTS}
        writes = world.writes()
        await world.for_(20 * SWEEP)
        made = {account: world.at(CHAT, REGION, account).count() - calls[account] for account in ACCOUNTS}
        assert all(18 <= number <= 22 for number in made.values()), made
        assert world.writes() == writes
        assert world.breaches == []


@in_virtual_time
async def test_places_that_hang_and_roles_that_nobody_answers_for_delay_no_other_sweep() -> None:
    async with World() as world:
        entered = settle_in(world)
        keys = populate(world, 3)
        await world.until_at_rest()
        process = world.process
        assert process is not None
        hanging, silent, well = ACCOUNTS[0], ACCOUNTS[1], ACCOUNTS[2:]

        async def never(*_: Any) -> Any:
            await asyncio.Event().wait()
            yield []

        process.region(CHAT, hanging, REGION).gateway.configurations = never  # type: ignore[method-assign]
        entered.silent.add(name_of(silent))
        await world.for_(2 * SWEEP)
        before = {account: lists(world, account) for account in ACCOUNTS}
        for account in well:
            world.at(CHAT, REGION, account).drop(world.cluster.status(keys[account][0])["arn"])
        await world.for_(10 * SWEEP)
        swept = {account: lists(world, account) - before[account] for account in well}
        assert all(number >= 9 for number in swept.values()), swept
        assert all(len(world.at(CHAT, REGION, account).owned()) == 3 for account in well), "what vanished is made again"
        for account in (hanging, silent):
            assert all(world.cluster.ready(key) == ("True", "Available") for key in keys[account]), "no news, no change"


@in_virtual_time
async def test_an_account_is_asked_for_by_one_sweep_at_a_time() -> None:
    """A sweep that waits is not joined by the next: a minute of silence would leave a heap of them."""
    async with World() as world:
        entered = settle_in(world)
        world.cluster.apply(resource(accountRef={"name": name_of(ACCOUNTS[0])}))
        await world.until_at_rest()
        entered.silent.add(name_of(ACCOUNTS[0]))
        await world.for_(2 * SWEEP)
        before = entered.assumed
        await world.for_(20 * SWEEP)
        assert entered.assumed - before <= 1
