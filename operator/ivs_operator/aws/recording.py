"""IVS recording configurations and the channels that record with them.

Facts of the API that shape this: no update call; a List entry leaves out all settings but name and destination; a
channel holds one configuration, and "" takes it off.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.tagging import Tagging
from ivs_operator.domain.failures import NotFound
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.settings import canonical

__all__ = ["RecordingGateway"]

_PAGE: Final = 100  # the most that ListRecordingConfigurations, ListChannels and ListStreams give at once
_LISTED: Final = ("name", "destinationConfiguration")


class RecordingGateway(Tagging):
    """Recording configurations and channels of one account and region."""

    kind = Kind.RECORDING
    newest_first = False

    async def configurations(self) -> AsyncIterator[list[Configuration]]:
        """All recording configurations, page by page, without what only Get tells."""
        async for page in self._calls.pages("ListRecordingConfigurations", "recordingConfigurations", size=_PAGE):
            yield [_configuration(item, complete=False) for item in page]

    async def get(self, arn: str) -> Configuration:
        """One recording configuration with all its settings."""
        answer = await self._calls("GetRecordingConfiguration", arn=arn)
        return _configuration(answer["recordingConfiguration"], complete=True)

    async def create(self, settings: Mapping[str, Any], tags: Mapping[str, str]) -> Configuration:
        """Create a recording configuration. The answer may be in any state."""
        answer = await self._calls(
            "CreateRecordingConfiguration", missing=Reason.DESTINATION_NOT_FOUND, **settings, tags=dict(tags)
        )
        return _configuration(answer["recordingConfiguration"], complete=True)

    async def update(self, arn: str, settings: Mapping[str, Any]) -> Configuration:
        """There is no UpdateRecordingConfiguration.

        Raises:
            NotImplementedError: always; no plan asks for it.
        """
        raise NotImplementedError(f"AWS can't update {arn}")

    async def delete(self, arn: str) -> None:
        """Delete a recording configuration that no channel uses."""
        try:
            await self._calls("DeleteRecordingConfiguration", arn=arn)
        except NotFound:
            return

    async def consumers(self) -> AsyncIterator[list[Consumer]]:
        """All channels, page by page."""
        async for page in self._calls.pages("ListChannels", "channels", size=_PAGE):
            yield [_channel(item) for item in page]

    async def users(self, arn: str) -> list[Consumer]:
        """The channels that record with a configuration."""
        found: list[Consumer] = []
        async for page in self._calls.pages(
            "ListChannels", "channels", size=_PAGE, filterByRecordingConfigurationArn=arn
        ):
            found += [_channel(item) for item in page]
        return found

    async def get_consumer(self, arn: str) -> Consumer:
        """One channel as it is now."""
        answer = await self._calls("GetChannel", missing=Reason.CHANNEL_NOT_FOUND, arn=arn)
        return _channel(answer["channel"])

    async def associate(self, arn: str, configurations: tuple[str, ...]) -> Consumer:
        """Set the configuration that a channel records with, or none. Refused while the channel is live."""
        value = configurations[0] if configurations else ""
        answer = await self._calls(
            "UpdateChannel", missing=Reason.CHANNEL_NOT_FOUND, arn=arn, recordingConfigurationArn=value
        )
        return _channel(answer["channel"])

    async def live(self) -> frozenset[str]:
        """ARNs of the channels that broadcast now."""
        found: set[str] = set()
        async for page in self._calls.pages("ListStreams", "streams", size=_PAGE):
            found |= {item["channelArn"] for item in page if item.get("state") != "OFFLINE"}
        return frozenset(found)


def _configuration(item: Mapping[str, Any], *, complete: bool) -> Configuration:
    settings = canonical(Kind.RECORDING, item)
    if not complete:
        settings = {key: settings[key] for key in _LISTED}
    return Configuration(
        arn=item["arn"],
        id=item["arn"].rpartition("/")[2],
        state=item.get("state", ""),
        settings=settings,
        tags=item.get("tags") or {},
        complete=complete,
    )


def _channel(item: Mapping[str, Any]) -> Consumer:
    configuration = item.get("recordingConfigurationArn") or ""
    return Consumer(
        arn=item["arn"],
        name=item.get("name") or "",
        tags=item.get("tags") or {},
        configurations=(configuration,) if configuration else (),
    )
