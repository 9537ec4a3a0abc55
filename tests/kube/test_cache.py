"""The newest version of each resource: the watch may deliver what an own write has overtaken."""

import json
from typing import Any

import pytest

from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.cache import ResourceCache
from support.objects import key_of, resource

KEY = key_of(resource())


def version(number: str, uid: str = "one", **metadata: Any) -> dict[str, Any]:
    made = resource(uid=uid)
    made["metadata"] |= {"resourceVersion": number, **metadata}
    return made


CASES = [
    pytest.param("5", "6", "one", "6", id="newer"),
    pytest.param("6", "5", "one", "6", id="overtaken"),
    pytest.param("9", "10", "one", "10", id="compared as numbers, not as text"),
    pytest.param("5", "5", "one", "5", id="the same again"),
    pytest.param("9", "12", "two", "12", id="another life under the same name"),
    pytest.param("9", "5", "two", "9", id="the last word of the life before, which comes late"),
]


@pytest.mark.parametrize(("known", "told", "uid", "kept"), CASES)
def test_versions_only_move_forward(known: str, told: str, uid: str, kept: str) -> None:
    cache = ResourceCache()
    cache.put(KEY, version(known))
    assert cache.put(KEY, version(told, uid)) is (told == kept)
    found = cache.get(KEY)
    assert found is not None
    assert found["metadata"]["resourceVersion"] == kept


LIVES = [
    # known, told (number, created); whether the API server was asked; which is kept
    pytest.param(("9", "10:00:00"), ("5", "10:00:01"), False, "5", id="a later life, whatever its number"),
    pytest.param(("9", "10:00:01"), ("12", "10:00:00"), False, "9", id="an earlier life, whatever its number"),
    pytest.param(
        ("9", "10:00:01"), ("5", "10:00:00"), True, "5", id="an earlier life that is there again, from a backup"
    ),
]


@pytest.mark.parametrize(("known", "told", "asked", "kept"), LIVES)
def test_of_two_lives_the_later_is_kept_unless_the_api_server_itself_says_otherwise(
    known: tuple[str, str], told: tuple[str, str], asked: bool, kept: str
) -> None:
    """The watch hands on the events of each life by themselves, so that they arrive in any order."""
    cache = ResourceCache()
    cache.put(KEY, version(known[0], creationTimestamp=f"2026-01-01T{known[1]}Z"))
    later = version(told[0], "two", creationTimestamp=f"2026-01-01T{told[1]}Z")
    assert cache.put(KEY, later, asked=asked) is (told[0] == kept)
    found = cache.get(KEY)
    assert found is not None
    assert found["metadata"]["resourceVersion"] == kept


def test_a_deletion_that_comes_late_does_not_remove_the_next_life() -> None:
    cache = ResourceCache()
    cache.put(KEY, version("5", "two"))
    cache.remove(KEY, "one")
    assert cache.get(KEY) is not None
    cache.remove(KEY, "two")
    assert cache.get(KEY) is None
    cache.remove(KEY)


def test_what_nobody_looks_at_is_not_kept() -> None:
    """managedFields are the largest part of many objects."""
    cache = ResourceCache()
    told = version("5", managedFields=[{"manager": "kubectl"}])
    cache.put(KEY, told)
    found = cache.get(KEY)
    assert found is not None
    assert "managedFields" not in found["metadata"]
    assert "managedFields" in told["metadata"], "what was given is not changed"


def test_all_of_them() -> None:
    cache = ResourceCache()
    for name in "abc":
        made = resource(name=name)
        cache.put(key_of(made), made)
    assert len(cache) == 3
    assert [key.name for key in cache.keys()] == ["a", "b", "c"]  # noqa: SIM118 - a method of ours
    for key, made in cache.items():
        cache.remove(key, made["metadata"]["uid"])  # while going through them
    assert len(cache) == 0


def test_what_objects_have_in_common_is_kept_once() -> None:
    cache = ResourceCache()
    for name in ("one", "two"):
        told = json.loads(json.dumps({**resource(name=name), "status": {"location": "s3://a-bucket-of-both/"}}))
        cache.put(key_of(told), told)

    one, two = (found["status"] for _, found in cache.items())

    assert one["location"] is two["location"], "thousands of objects differ in little but their names"
    assert next(iter(one)) is next(iter(two)), "names of members, too"


def naming(account: str | None, name: str = "chat", *, uid: str = "u1", version: str = "1") -> dict[str, Any]:
    spec = {"accountRef": {"name": account}} if account is not None else {}
    return {"metadata": {"name": name, "uid": uid, "resourceVersion": version}, "spec": spec}


def test_it_knows_who_refers_to_an_account_without_looking_at_all() -> None:
    cache = ResourceCache()
    here, there = (Key(Kind.CHAT_LOGGING, namespace, "chat") for namespace in ("live", "test"))
    cache.put(here, naming("prod"))
    cache.put(there, naming("prod"))
    cache.put(Key(Kind.CHAT_LOGGING, "live", "own"), naming(None))
    assert [key for key, _ in cache.referring("prod")] == [here, there]
    assert [key for key, _ in cache.referring("prod", "live")] == [here]
    assert list(cache.referring("other")) == list(cache.referring("prod", "nowhere")) == []
    assert cache.accounts() == ("prod",)

    cache.put(here, naming("other", uid="u2"), asked=True)
    assert [key for key, _ in cache.referring("prod")] == [there]
    assert dict(cache.referring("other"))[here]["metadata"]["uid"] == "u2", "the newest version"
    cache.put(here, naming("other", uid="u2", version="7"))
    assert dict(cache.referring("other"))[here]["metadata"]["resourceVersion"] == "7"

    cache.remove(here, "u1")
    assert cache.accounts() == ("prod", "other"), "that was another life"
    cache.remove(here)
    cache.put(there, naming(None, uid="u3"), asked=True)
    assert cache.accounts() == ()
