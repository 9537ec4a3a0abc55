"""The one table of condition types and reasons."""

from enum import StrEnum

__all__ = ["ConditionType", "Reason"]


class ConditionType(StrEnum):
    """Condition types; `READY` is the only Ready-like one, the two of kstatus are present only while True."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    SYNCED = "Synced"
    ASSOCIATED = "Associated"
    DESTINATION_READY = "DestinationReady"
    DELIVERY_HEALTHY = "DeliveryHealthy"


class Reason(StrEnum):
    """Why a condition has its status."""

    AVAILABLE = "Available"
    CREATING = "Creating"
    UPDATING = "Updating"
    REPLACING = "Replacing"
    REPLACEMENT_REQUIRED = "ReplacementRequired"
    DELETING = "Deleting"
    DELETION_BLOCKED = "DeletionBlocked"
    DELETE_FAILED = "DeleteFailed"
    CREATE_FAILED = "CreateFailed"
    UPDATE_FAILED = "UpdateFailed"
    INVALID_SPEC = "InvalidSpec"
    QUOTA_EXCEEDED = "QuotaExceeded"
    THROTTLED = "Throttled"
    ACCESS_DENIED = "AccessDenied"
    PENDING_VERIFICATION = "PendingVerification"
    DESTINATION_NOT_FOUND = "DestinationNotFound"
    DESTINATION_WRONG_REGION = "DestinationWrongRegion"
    DESTINATION_NOT_OWNED = "DestinationNotOwned"
    ROOM_NOT_FOUND = "RoomNotFound"
    ROOM_FULL = "RoomFull"
    CHANNEL_NOT_FOUND = "ChannelNotFound"
    CHANNEL_TAKEN = "ChannelTaken"
    CHANNEL_LIVE = "ChannelLive"
    PAUSED = "Paused"
    DRIFT_DETECTED = "DriftDetected"
    EXISTING_NOT_FOUND = "ExistingNotFound"
    AMBIGUOUS_OWNER = "AmbiguousOwner"
    OWNED_ELSEWHERE = "OwnedElsewhere"
    ACCOUNT_NOT_FOUND = "AccountNotFound"
    ACCOUNT_CHANGED = "AccountChanged"
    ACCOUNT_NOT_ALLOWED = "AccountNotAllowed"
    REGION_CHANGED = "RegionChanged"
    UNSUPPORTED_REGION = "UnsupportedRegion"
    UNAVAILABLE = "Unavailable"
