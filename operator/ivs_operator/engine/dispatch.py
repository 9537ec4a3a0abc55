"""One queue for objects and AWSAccounts: who takes which key."""

from typing import Any, Protocol

from ivs_operator.domain.identity import AccountKey, AnyKey
from ivs_operator.engine.reconciler import Outcome

__all__ = ["Dispatch"]


class _Reconciles(Protocol):
    async def reconcile(self, key: Any, /) -> Outcome: ...


class Dispatch:
    """Hands each key to the reconciler of its kind."""

    def __init__(self, objects: _Reconciles, accounts: _Reconciles) -> None:
        self._objects = objects
        self._accounts = accounts

    async def reconcile(self, key: AnyKey) -> Outcome:
        """Bring what the key names closer to what its spec asks for."""
        reconciler = self._accounts if isinstance(key, AccountKey) else self._objects
        return await reconciler.reconcile(key)
