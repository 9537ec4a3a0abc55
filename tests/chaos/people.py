"""Who takes part in chaos: people, others on the same account, AWS and its failures, each with what they may do."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ivs_operator.domain.identity import Key, Kind
from support.fake_aws import FakeAws
from support.objects import ACCOUNT, CHAT, RECORDING, arn_of, channel, configuration, consumer_arn, resource, room
from support.world import REGIONS, World

__all__ = ["EVENTS", "People", "account_of", "entries_of", "kind_of", "place_of"]

_OTHER_ACCOUNT = "444455556666"

_ENVIRONMENTS = ("prod", "test", "dev")
_BUCKETS = ("my-bucket", "other-bucket", "third-bucket")


def kind_of(number: int) -> Kind:
    """Two of three objects are of the kind with more to it."""
    return CHAT if number % 3 else RECORDING


def account_of(number: int) -> str | None:
    """Every fourth object lives in the account of an AWSAccount."""
    return "other" if number % 4 == 3 else None


def place_of(world: World, number: int) -> FakeAws:
    """AWS where the object of a number lives."""
    account = _OTHER_ACCOUNT if account_of(number) else ACCOUNT
    return world.at(kind_of(number), REGIONS[number // 3 % len(REGIONS)], account)


def entries_of(form: dict[str, Any]) -> list[dict[str, Any]]:
    """A form's entries for rooms or channels."""
    return list(form["spec"].get("rooms") or form["spec"].get("channels") or [])


class People:
    """What is wanted at present, and everybody's ways to change something."""

    def __init__(self, world: World, objects: int) -> None:
        self.world = world
        self.objects = objects
        self.wanted: dict[Key, dict[str, Any]] = {}
        self.retagged: set[str] = set()
        self._lives: dict[Key, int] = {}
        self._accounts = 0
        for kind, consumer in ((CHAT, room), (RECORDING, channel)):
            for region, account in itertools.product(REGIONS, (ACCOUNT, _OTHER_ACCOUNT)):
                theirs = configuration("x", kind, owner=None)
                others = [replace(theirs, arn=arn_of(f"theirs{n}", kind, region, account)) for n in range(3)]
                consumers = [
                    replace(
                        consumer(f"c{n}", env=_ENVIRONMENTS[n % 3]), arn=consumer_arn(f"c{n}", kind, region, account)
                    )
                    for n in range(max(3, objects // 12))
                ]
                world.at(kind, region, account).put(*others, *consumers)
        self.allow(0, 1)

    def key(self, number: int) -> Key:
        """What the object of a number is called."""
        return Key(kind_of(number), "live", f"o{number}")

    def begin(self) -> None:
        """Apply everything."""
        for number in range(self.objects):
            entries = [{"matchTags": {"env": _ENVIRONMENTS[number % 3]}}] if number % 5 == 0 else []
            self._apply(number, **self._selecting(number, entries))

    def end(self) -> None:
        """Nothing stands in the way any more: no outage, no stream, no pause."""
        self.world.outages.clear()
        self.allow(0, 1)
        for aws in self.world.places.values():
            aws.live.clear()
            aws.failing = 0
        for key, form in self.wanted.items():
            form["metadata"]["annotations"] = {}
            if key in self.world.cluster.resources:
                self.world.cluster.apply(form)

    # What people do to an object that is there.

    def edit_tags(self, number: int, roll: int) -> None:
        self._edit(number, tags={"n": str(roll % 4)})

    def edit_entries(self, number: int, roll: int) -> None:
        entries = [{"matchTags": {"env": _ENVIRONMENTS[roll // 2 % 3]}}] if roll % 2 else []
        self._edit(number, **self._selecting(number, entries))

    def edit_bucket(self, number: int, roll: int) -> None:
        replacing = {"replacePolicy": "CreateBeforeDelete"} if kind_of(number) is RECORDING else {}
        self._edit(number, destinationConfiguration={"s3": {"bucketName": _BUCKETS[roll % 3]}}, **replacing)

    def delete(self, number: int, _: int) -> None:
        self._edit(number, deletionPolicy="DetachAndDelete")
        if self.key(number) in self.world.cluster.resources:
            self.world.cluster.delete(self.key(number))

    def again(self, number: int, _: int) -> None:
        if self.key(number) not in self.world.cluster.resources:
            self._lives[self.key(number)] = self._lives.get(self.key(number), 0) + 1
            self._apply(number)

    def pause(self, number: int, roll: int) -> None:
        if self.key(number) in self.world.cluster.resources:
            form = self.wanted[self.key(number)]
            form["metadata"]["annotations"] = {"ivs-operator.dev/paused": "true"} if roll % 2 else {}
            self.world.cluster.apply(form)

    def allow(self, _: int, roll: int) -> None:
        """The AWSAccount lets our namespace in, or no longer."""
        self._accounts += 1
        metadata = {"name": "other", "uid": "uid-other", "generation": self._accounts}
        spec = {
            "roleARN": f"arn:aws:iam::{_OTHER_ACCOUNT}:role/ivs-operator",
            "allowedNamespaces": {"list": ["live" if roll % 2 else "somewhere-else"]},
        }
        self.world.accounts.put({"metadata": {**metadata, "resourceVersion": str(self._accounts)}, "spec": spec})
        for key in self.world.cluster.resources:
            if self.world.process is not None and "accountRef" in self.wanted[key]["spec"]:
                self.world.process.queue.add(key)  # as whoever watches AWSAccounts does

    # What others do on the same account.

    def foreign_join(self, number: int, roll: int) -> None:
        aws, arn = self._consumer(number, roll)
        if arn and len(aws.consumers[arn].configurations) < (3 if aws.kind is CHAT else 1):
            theirs = arn_of(f"theirs{roll % 3}", aws.kind, aws.region, aws.account)
            held = [other for other in aws.consumers[arn].configurations if other != theirs]
            aws.put(replace(aws.consumers[arn], configurations=(*held, theirs)))

    def foreign_leave(self, number: int, roll: int) -> None:
        aws, arn = self._consumer(number, roll)
        if arn:
            held = tuple(other for other in aws.consumers[arn].configurations if "theirs" not in other)
            aws.put(replace(aws.consumers[arn], configurations=held))

    def retag(self, number: int, roll: int) -> None:
        aws, arn = self._consumer(number, roll)
        if arn:
            self.retagged.add(arn)
            aws.put(replace(aws.consumers[arn], tags={"env": _ENVIRONMENTS[roll % 3]}))

    def take_consumer_away(self, number: int, roll: int) -> None:
        aws, arn = self._consumer(number, roll)
        if arn:
            aws.drop(arn)

    def take_object_away(self, number: int, _: int) -> None:
        aws = place_of(self.world, number)
        arn = (self.world.cluster.resources.get(self.key(number), {}).get("status") or {}).get("arn")
        if arn and not aws.users(arn):
            aws.drop(arn)

    def drift(self, number: int, roll: int) -> None:
        aws = place_of(self.world, number)
        arn = (self.world.cluster.resources.get(self.key(number), {}).get("status") or {}).get("arn")
        item = aws.configurations.get(arn or "")
        if item is not None:
            aws.put(replace(item, tags={**item.tags, "theirs": str(roll), "n": "by hand"}))

    def live(self, number: int, roll: int) -> None:
        aws, arn = self._consumer(number - number % 3, roll)
        if arn:
            aws.live ^= {arn}

    # What AWS and the network do.

    def failure(self, number: int, _: int) -> None:
        place_of(self.world, number).failing = 1

    def outage(self, _: int, roll: int) -> None:
        what = ("aws", "kube")[roll % 2]
        self.world.outages.add(what)
        asyncio.get_running_loop().call_later(5 + roll % 40, self.world.outages.discard, what)

    def _consumer(self, number: int, roll: int) -> tuple[FakeAws, str | None]:
        aws = place_of(self.world, number)
        arns = sorted(aws.consumers)
        return aws, arns[roll // 7 % len(arns)] if arns else None

    def _selecting(self, number: int, entries: list[dict[str, Any]]) -> dict[str, Any]:
        return {"rooms" if kind_of(number) is CHAT else "channels": entries}

    def _apply(self, number: int, **spec: Any) -> None:
        life = self._lives.get(self.key(number), 0)
        region = REGIONS[number // 3 % len(REGIONS)]
        account = account_of(number)
        spec |= {"accountRef": {"name": account}} if account else {}
        form = resource(kind_of(number), f"o{number}", uid=f"uid-{number}-{life}", region=region, **spec)
        self.wanted[self.world.cluster.apply(form)] = form

    def _edit(self, number: int, **members: Any) -> None:
        key = self.key(number)
        if key in self.world.cluster.resources:
            self.wanted[key]["spec"] |= members
            self.world.cluster.apply(self.wanted[key])


EVENTS: dict[str, Callable[[People, int, int], None]] = {
    "edit tags": People.edit_tags,
    "edit entries": People.edit_entries,
    "edit bucket": People.edit_bucket,
    "delete": People.delete,
    "apply again": People.again,
    "pause or go on": People.pause,
    "allow or refuse an account": People.allow,
    "foreign join": People.foreign_join,
    "foreign leave": People.foreign_leave,
    "retag a consumer": People.retag,
    "delete a consumer": People.take_consumer_away,
    "delete the AWS object": People.take_object_away,
    "tags by hand": People.drift,
    "live or offline": People.live,
    "AWS fails": People.failure,
    "outage": People.outage,
}
"""What may happen, by name."""
