"""A custom resource as the API server has it, turned into a subject. Nothing here fails: what can't be read is said."""

import re
from collections.abc import Mapping
from typing import Any

from ivs_operator.api.chat_logging import ChatLoggingConfigurationSpec
from ivs_operator.api.names import FINALIZER, PAUSED_ANNOTATION, RECONCILE_AT_ANNOTATION
from ivs_operator.api.recording import RecordingConfigurationSpec
from ivs_operator.api.validation import InvalidSpec, parse_spec
from ivs_operator.domain.accounts import reference_of
from ivs_operator.domain.adoption import Adoption, not_adopted
from ivs_operator.domain.desired import DeletionPolicy, desired_from
from ivs_operator.domain.identity import Key, Owner
from ivs_operator.domain.reading import Reading
from ivs_operator.domain.subject import Subject, recorded_from
from ivs_operator.domain.times import parse_time

__all__ = ["Intake", "Reading"]

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+")


class Intake:
    """Reads resources, remembering the reading of each generation: specs change rarely and are looked at often."""

    def __init__(self, cluster_id: str, default_tags: Mapping[str, str], *, adoption: Adoption = Adoption.ON) -> None:
        self._cluster_id = cluster_id
        self._default_tags = dict(default_tags)
        self._adoption = adoption
        self._readings: dict[Key, Reading] = {}

    def forget(self, key: Key) -> None:
        """Drop what is remembered of a key."""
        self._readings.pop(key, None)

    def forget_all(self) -> None:
        """Drop what is remembered of every key."""
        self._readings.clear()

    def read(self, key: Key, resource: Mapping[str, Any]) -> tuple[Subject, Reading]:
        """The subject that a resource amounts to, and the reading of its spec."""
        metadata = resource["metadata"]
        owner = Owner(self._cluster_id, key.namespace, key.name, str(metadata.get("uid", "")))
        reading = self._reading(key, resource, owner)
        annotations = metadata.get("annotations") or {}
        subject = Subject(
            key=key,
            owner=owner,
            generation=reading.generation,
            created_at=parse_time(metadata.get("creationTimestamp")) or 0.0,
            desired=reading.desired,
            recorded=recorded_from(resource.get("status")),
            deletion_policy=reading.deletion_policy,
            invalid=reading.invalid,
            deleting=bool(metadata.get("deletionTimestamp")),
            paused=annotations.get(PAUSED_ANNOTATION) == "true",
            has_finalizer=FINALIZER in (metadata.get("finalizers") or []),
            reconcile_at=annotations.get(RECONCILE_AT_ANNOTATION) or None,
        )
        return subject, reading

    def _reading(self, key: Key, resource: Mapping[str, Any], owner: Owner) -> Reading:
        known = self._readings.get(key)
        generation = int(resource["metadata"].get("generation", 0))
        if known is not None and known.uid == owner.uid and known.generation == generation:
            return known
        reading = not_adopted(_read(key, resource, owner, generation, self._default_tags), self._adoption)
        self._readings[key] = reading
        return reading


def _read(
    key: Key, resource: Mapping[str, Any], owner: Owner, generation: int, default_tags: Mapping[str, str]
) -> Reading:
    spec, account = resource.get("spec"), reference_of(resource)
    try:
        parsed = parse_spec(key.kind, spec)
    except InvalidSpec as error:
        # Deleting must work for what can't be read: the policy is taken from the raw spec when it is a known word.
        # And so is the account, else the operator's own credentials would be used instead, and the region.
        return Reading(owner.uid, generation, None, error.message, _raw_region(spec), account, _raw_policy(spec))
    assert isinstance(parsed, RecordingConfigurationSpec | ChatLoggingConfigurationSpec)  # noqa: S101 - both kinds
    desired = desired_from(parsed, owner, default_tags)
    region = parsed.region or (desired.existing_arn.split(":")[3] if desired.existing_arn else None)
    return Reading(owner.uid, generation, desired, None, region, account, desired.deletion_policy)


def _raw_policy(spec: object) -> DeletionPolicy:
    raw = spec.get("deletionPolicy") if isinstance(spec, Mapping) else None
    return DeletionPolicy(raw) if isinstance(raw, str) and raw in set(DeletionPolicy) else DeletionPolicy.DELETE


def _raw_region(spec: object) -> str | None:
    raw = spec.get("region") if isinstance(spec, Mapping) else None
    return raw if isinstance(raw, str) and _REGION.fullmatch(raw) else None
