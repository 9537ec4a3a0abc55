"""What every operation is given, and the look-ups and checks that they share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivs_emulator.clock import timestamp
from ivs_emulator.errors import ApiError
from ivs_emulator.paging import page
from ivs_emulator.settings import Settings
from ivs_emulator.state import Kind, Lag, Resource, Shelf, Territory, Transition, World, new_id

__all__ = ["Call", "Handler", "merge"]


@dataclass(frozen=True, slots=True)
class Call:
    """One validated request. `forced_state` is what a fault wants the resource to end in."""

    service: str
    operation: str
    params: Mapping[str, Any]
    world: World
    territory: Territory
    settings: Settings
    now: float
    page_size: int = 0
    forced_state: str | None = None

    @property
    def lag(self) -> Lag:
        """How far Lists trail behind this call's write."""
        return Lag(self.settings.list_lag_seconds, self.settings.list_lag_lists)

    def shelf(self, kind: Kind) -> Shelf:
        """The resources of a kind in the caller's account and region."""
        return self.territory.shelves[kind]

    def all(self, kind: Kind) -> list[Resource]:
        """Every resource of a kind, whatever Lists show."""
        return self.shelf(kind).all(self.now, self.lag)

    def find(self, kind: Kind, arn: str) -> Resource | None:
        """The resource that other calls may still refer to, or None."""
        resource = self.shelf(kind).get(arn, self.now, self.lag)
        return None if resource is None or resource.leaving else resource

    def read(self, kind: Kind, arn: str) -> Resource:
        """The resource as Get shows it: while it is being deleted, too, but perhaps not when just made.

        Raises:
            ApiError: ResourceNotFoundException, or AccessDeniedException for another account's ARN.
        """
        resource = self.shelf(kind).get(arn, self.now, self.lag)
        if resource is None or resource.created + self.settings.get_lag_seconds > self.now:
            raise self.missing(arn)
        return resource

    def require(self, kind: Kind, arn: str) -> Resource:
        """The resource that this call acts on or refers to.

        Raises:
            ApiError: as `read`; a resource that is being deleted counts as missing.
        """
        resource = self.find(kind, arn)
        if resource is None:
            raise self.missing(arn)
        return resource

    def missing(self, arn: str) -> ApiError:
        """The error for an ARN that names nothing here."""
        if arn.split(":")[4:5] != [self.territory.account]:
            message = f"Account {self.territory.account} is not authorized to perform {self.operation} on {arn}"
            return ApiError("AccessDeniedException", message)
        return ApiError("ResourceNotFoundException", f"Resource: {arn} not found", resource_id=arn.rpartition("/")[2])

    def conflict(self, arn: str, message: str) -> ApiError:
        """A ConflictException about the resource `arn`."""
        return ApiError("ConflictException", message, resource_id=arn.rpartition("/")[2])

    def check_quota(self, kind: Kind, limit: int) -> None:
        """Refuse one more of `kind` than the quota allows.

        Raises:
            ApiError: ServiceQuotaExceededException.
        """
        if len(self.all(kind)) >= limit:
            message = f"The quota of {limit} {kind.value}s in {self.territory.region} has been reached"
            raise ApiError("ServiceQuotaExceededException", message, limit=limit)

    def new(self, kind: Kind, members: Mapping[str, Any], transition: Transition | None = None) -> Resource:
        """Store a new resource under a new ARN."""
        identifier = new_id()
        identity = {"arn": self.territory.arn(kind, identifier), "id": identifier}
        resource = Resource({**identity, **members}, self.now, self.world.next_order(), transition)
        self.shelf(kind).put(resource, self.now, self.lag)
        return resource

    def write(self, kind: Kind, resource: Resource) -> Resource:
        """Store a changed resource, dated now if its kind has dates, at the head of newest-first Lists."""
        if "updateTime" in resource.members:
            resource = resource.with_members(updateTime=timestamp(self.now))
        resource = replace(resource, order=self.world.next_order())
        self.shelf(kind).put(resource, self.now, self.lag)
        return resource

    def settling(self, kind: Kind, resource: Resource) -> Resource:
        """`resource` after a transition that takes no time has been carried out."""
        return self.shelf(kind).get(resource.arn, self.now, self.lag) or resource

    def list(self, kind: Kind, wanted: Callable[[Mapping[str, Any]], bool] | None = None) -> dict[str, Any]:
        """One page of the resources whose members are `wanted`, as `items` and `nextToken`."""
        first_page = not self.params.get("nextToken")
        resources = self.shelf(kind).listed(self.now, self.lag, first_page=first_page)
        if wanted is not None:
            resources = [resource for resource in resources if wanted(resource.members)]
        chosen, token = page(resources, self.params, self.operation, self.page_size)
        return {"items": [resource.members for resource in chosen], "nextToken": token}


Handler = Callable[[Call], Mapping[str, Any] | None]


def merge(defaults: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """`given` on top of `defaults`."""
    return {**defaults, **(given or {})}
