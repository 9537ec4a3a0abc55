"""Tags of a resource: the same three operations in both services."""

from collections.abc import Iterable, Mapping

from ivs_operator.aws.calls import Calls

__all__ = ["Tagging"]


class Tagging:
    """What both gateways share: their calls, and tags."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags; others stay."""
        await self._calls("TagResource", resourceArn=arn, tags=dict(tags))

    async def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags by key."""
        await self._calls("UntagResource", resourceArn=arn, tagKeys=list(keys))
