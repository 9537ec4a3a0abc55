"""Documented call rates, as token buckets per account, region and operation."""

from dataclasses import dataclass

__all__ = ["RATES", "Rates"]

# Calls per second, not adjustable: service quota pages of IVS and IVS Chat. The recording configuration row was seen
# in an older edition of the page only.
_CONFIGURATIONS = 3.0
_CHANNELS_AND_ROOMS = 5.0
_TAGS = 10.0
_TAG_OPERATIONS = ("TagResource", "UntagResource", "ListTagsForResource")

RATES: dict[tuple[str, str], float] = {
    **{("ivs", f"{verb}RecordingConfiguration"): _CONFIGURATIONS for verb in ("Create", "Get", "Delete")},
    ("ivs", "ListRecordingConfigurations"): _CONFIGURATIONS,
    **{("ivs", f"{verb}Channel"): _CHANNELS_AND_ROOMS for verb in ("BatchGet", "Create", "Delete", "Get", "Update")},
    ("ivs", "ListChannels"): _CHANNELS_AND_ROOMS,
    **{("ivs", name): _CHANNELS_AND_ROOMS for name in ("GetStream", "ListStreams", "StopStream")},
    **{("ivs", name): _CHANNELS_AND_ROOMS for name in ("GetStreamSession", "ListStreamSessions")},
    ("ivs", "PutMetadata"): 155.0,  # of an account; 5 of a channel are not counted here
    **{("ivs", f"{verb}StreamKey"): _CHANNELS_AND_ROOMS for verb in ("Create", "Get", "Delete")},
    ("ivs", "ListStreamKeys"): _CHANNELS_AND_ROOMS,
    **{("ivs", name): _TAGS for name in _TAG_OPERATIONS},
    **{("ivschat", f"{verb}LoggingConfiguration"): _CONFIGURATIONS for verb in ("Create", "Get", "Update", "Delete")},
    ("ivschat", "ListLoggingConfigurations"): _CONFIGURATIONS,
    **{("ivschat", f"{verb}Room"): _CHANNELS_AND_ROOMS for verb in ("Create", "Get", "Update", "Delete")},
    ("ivschat", "ListRooms"): _CHANNELS_AND_ROOMS,
    ("ivschat", "CreateChatToken"): 200.0,
    **{("ivschat", name): 100.0 for name in ("SendEvent", "DeleteMessage", "DisconnectUser")},
    **{("ivschat", name): _TAGS for name in _TAG_OPERATIONS},
}


@dataclass(frozen=True, slots=True)
class _Bucket:
    tokens: float
    at: float


class Rates:
    """Token buckets that hold one second's worth of calls. Not thread-safe."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str, str], _Bucket] = {}

    def admit(self, account: str, region: str, service: str, operation: str, *, now: float, factor: float) -> bool:
        """Whether a call is within the rate; if so it is counted. Operations without a documented rate always are."""
        rate = RATES.get((service, operation))
        if rate is None:
            return True
        rate *= factor
        capacity = max(rate, 1.0)
        key = (account, region, service, operation)
        last = self._buckets.get(key, _Bucket(capacity, now))
        tokens = min(capacity, last.tokens + (now - last.at) * rate)
        admitted = tokens >= 1
        self._buckets[key] = _Bucket(tokens - admitted, now)
        return admitted

    def clear(self) -> None:
        """Fill every bucket."""
        self._buckets.clear()
