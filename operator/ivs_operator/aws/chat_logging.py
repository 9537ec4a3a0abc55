"""IVS Chat logging configurations and the rooms that log to them.

Facts of the API that shape this: everything can be updated in place; a List entry tells all that Get tells; rooms are
listed newest update first; neither List has a paginator in boto3.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.tagging import Tagging
from ivs_operator.domain.failures import NotFound
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.settings import canonical

__all__ = ["ChatLoggingGateway"]

_PAGE: Final = 50  # the most that ListRooms and ListLoggingConfigurations give at once


class ChatLoggingGateway(Tagging):
    """Logging configurations and rooms of one account and region."""

    kind = Kind.CHAT_LOGGING
    newest_first = True

    async def configurations(self) -> AsyncIterator[list[Configuration]]:
        """All logging configurations, page by page."""
        async for page in self._calls.pages("ListLoggingConfigurations", "loggingConfigurations", size=_PAGE):
            yield [_configuration(item) for item in page]

    async def get(self, arn: str) -> Configuration:
        """One logging configuration."""
        return _configuration(await self._calls("GetLoggingConfiguration", identifier=arn))

    async def create(self, settings: Mapping[str, Any], tags: Mapping[str, str]) -> Configuration:
        """Create a logging configuration. The answer may be in any state."""
        answer = await self._calls(
            "CreateLoggingConfiguration", missing=Reason.DESTINATION_NOT_FOUND, **settings, tags=dict(tags)
        )
        return _configuration(answer)

    async def update(self, arn: str, settings: Mapping[str, Any]) -> Configuration:
        """Change name and destination in place."""
        answer = await self._calls(
            "UpdateLoggingConfiguration", missing=Reason.DESTINATION_NOT_FOUND, identifier=arn, **settings
        )
        return _configuration(answer)

    async def delete(self, arn: str) -> None:
        """Delete a logging configuration that no room uses."""
        try:
            await self._calls("DeleteLoggingConfiguration", identifier=arn)
        except NotFound:
            return

    async def consumers(self) -> AsyncIterator[list[Consumer]]:
        """All rooms, page by page, newest update first."""
        async for page in self._calls.pages("ListRooms", "rooms", size=_PAGE):
            yield [_room(item) for item in page]

    async def users(self, arn: str) -> list[Consumer]:
        """The rooms that log to a configuration."""
        found: list[Consumer] = []
        try:
            async for page in self._calls.pages("ListRooms", "rooms", size=_PAGE, loggingConfigurationIdentifier=arn):
                found += [_room(item) for item in page]
        except NotFound:  # declared for this List alone: what does not exist has no users
            return []
        return found

    async def get_consumer(self, arn: str) -> Consumer:
        """One room as it is now."""
        return _room(await self._calls("GetRoom", missing=Reason.ROOM_NOT_FOUND, identifier=arn))

    async def associate(self, arn: str, configurations: tuple[str, ...]) -> Consumer:
        """Replace a room's list of logging configurations as a whole."""
        answer = await self._calls(
            "UpdateRoom",
            missing=Reason.ROOM_NOT_FOUND,
            identifier=arn,
            loggingConfigurationIdentifiers=list(configurations),
        )
        return _room(answer)

    async def live(self) -> frozenset[str]:
        """Rooms are never live in the sense that matters here."""
        return frozenset()


def _configuration(item: Mapping[str, Any]) -> Configuration:
    return Configuration(
        arn=item["arn"],
        id=item.get("id") or item["arn"].rpartition("/")[2],
        state=item.get("state", ""),
        settings=canonical(Kind.CHAT_LOGGING, item),
        tags=item.get("tags") or {},
        create_time=_time(item.get("createTime")),
        update_time=_time(item.get("updateTime")),
    )


def _room(item: Mapping[str, Any]) -> Consumer:
    return Consumer(
        arn=item["arn"],
        name=item.get("name") or "",
        tags=item.get("tags") or {},
        configurations=tuple(item.get("loggingConfigurationIdentifiers") or ()),
        update_time=_time(item.get("updateTime"), precise=True),
    )


def _time(value: object, *, precise: bool = False) -> str | None:
    """A time in UTC, as text: whole seconds in a status, finer where it is compared."""
    if not isinstance(value, datetime):
        return None
    moment = value.astimezone(UTC)
    text = moment.isoformat(timespec="microseconds" if precise else "seconds")
    return text.replace("+00:00", "Z")
