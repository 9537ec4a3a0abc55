"""The newest version of each resource: the watch may deliver what an own write has overtaken."""

from typing import Any

import pytest

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
    pytest.param("9", "5", "two", "5", id="another life under the same name is newer whatever its number"),
]


@pytest.mark.parametrize(("known", "told", "uid", "kept"), CASES)
def test_versions_only_move_forward(known: str, told: str, uid: str, kept: str) -> None:
    cache = ResourceCache()
    cache.put(KEY, version(known))
    assert cache.put(KEY, version(told, uid)) is (told == kept)
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
