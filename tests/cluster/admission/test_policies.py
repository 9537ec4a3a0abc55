"""The admission policies that ship, as the API server enforces them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import yaml

from ivs_operator.domain.accounts import account_from, admits
from support.api_server import ApiServer, Refused, custom
from support.deadlines import until
from support.walk import CHAT, RECORDING

if TYPE_CHECKING:
    from ivs_sandbox.control_plane import ControlPlane

pytestmark = pytest.mark.xdist_group("admission")

ALLOW = {"ivs-operator.dev/allow-deletion": "true"}
KINDS = {CHAT: "ChatLoggingConfiguration", RECORDING: "RecordingConfiguration"}
ACCOUNTS = "/apis/ivs-operator.dev/v1alpha1/awsaccounts"


def make_namespace(api: ApiServer, labels: dict[str, str] | None = None, **metadata: Any) -> str:
    name = f"guarded-{uuid4().hex[:8]}"
    body = {"metadata": {"name": name, "labels": labels or {}, **metadata}}
    api.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", **body})
    return name


def make(
    api: ApiServer, namespace: str, plural: str = CHAT, used: int | None = 0, *, annotations: Any = None, **spec: Any
) -> str:
    """An object, used by so many rooms or channels (None: without a word about them); returns its path."""
    name = f"object-{uuid4().hex[:8]}"
    body = {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": KINDS[plural],
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"destinationConfiguration": {"s3": {"bucketName": "some-bucket"}}, **spec},
    }
    api.call("POST", custom(plural, namespace), body)
    path = custom(plural, namespace, name)
    if used is not None:
        status = {"observedGeneration": 1, "associations": {"associated": used, "matched": used}}
        api.merge(f"{path}/status", {"status": status})
    return path


DELETIONS = [
    pytest.param(CHAT, {"used": 0}, True, id="used by nobody"),
    pytest.param(CHAT, {"used": None}, True, id="never looked at"),
    pytest.param(CHAT, {"used": 2}, False, id="two rooms log to it"),
    pytest.param(RECORDING, {"used": 1}, False, id="a channel records with it"),
    pytest.param(
        CHAT, {"used": 2, "deletionPolicy": "DetachAndDelete"}, False, id="the policy to detach is no consent"
    ),
    pytest.param(CHAT, {"used": 2, "deletionPolicy": "Retain"}, True, id="nothing changes at AWS"),
    pytest.param(CHAT, {"used": 2, "annotations": ALLOW}, True, id="annotated"),
    pytest.param(
        CHAT, {"used": 2, "annotations": dict.fromkeys(ALLOW, "yes")}, False, id="annotated with another word"
    ),
]


@pytest.mark.parametrize(("plural", "given", "allowed"), DELETIONS)
def test_what_is_in_use_is_not_deleted_by_a_slip(
    api: ApiServer, plural: str, given: dict[str, Any], *, allowed: bool
) -> None:
    path = make(api, make_namespace(api), plural, **given)

    refusal = refused(api, "DELETE", path)

    assert bool(refusal) is not allowed, refusal


def test_a_refusal_says_who_is_affected_and_what_to_do(api: ApiServer, guarded: ControlPlane) -> None:
    namespace = make_namespace(api)
    name = make(api, namespace, RECORDING, 3).rpartition("/")[2]

    said = guarded.kubectl("delete", "ivsrc", name, f"--namespace={namespace}", check=False)

    assert f"RecordingConfiguration {name} is used by 3 channel(s)" in said.stderr
    assert 'ivs-operator.dev/allow-deletion: "true"' in said.stderr
    assert "spec.deletionPolicy: Retain" in said.stderr
    assert "\n " not in said.stderr, "one line"


def test_a_collection_is_deleted_but_for_what_is_in_use(api: ApiServer) -> None:
    namespace = make_namespace(api)
    used, free = make(api, namespace, CHAT, 1), make(api, namespace, CHAT, 0)

    assert "is used by 1 room(s)" in refused(api, "DELETE", custom(CHAT, namespace))
    assert api.call("GET", used)["metadata"].get("deletionTimestamp") is None
    refused(api, "DELETE", free)


def test_the_operators_own_writes_are_never_in_the_way(api: ApiServer) -> None:
    """Status and finalizer of an object in use, also while it is terminating, and its end."""
    path = make(api, make_namespace(api), CHAT, 2)
    api.merge(path, {"metadata": {"finalizers": ["ivs-operator.dev/aws-cleanup"], "annotations": ALLOW}})
    api.call("DELETE", path)
    api.merge(f"{path}/status", {"status": {"state": "DELETING"}})
    api.merge(path, {"metadata": {"annotations": dict.fromkeys(ALLOW, None)}})
    assert refused(api, "DELETE", path) == "", "it goes already; to ask once more changes nothing"

    patch = [
        {
            "op": "test",
            "path": "/metadata/resourceVersion",
            "value": api.call("GET", path)["metadata"]["resourceVersion"],
        },
        {"op": "remove", "path": "/metadata/finalizers/0"},
    ]
    api.call("PATCH", path, patch, content_type="application/json-patch+json")

    assert "not found" in refused(api, "GET", path)


def test_what_belongs_to_an_owner_goes_with_it(api: ApiServer) -> None:
    namespace = make_namespace(api)
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    owner = api.call("POST", maps, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}})
    path = make(api, namespace, CHAT, 2)
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    api.merge(path, {"metadata": {"ownerReferences": [reference]}})

    api.call("DELETE", f"{maps}/owner")

    until(lambda: "not found" in refused(api, "GET", path), "the garbage collector deletes what it owned")


def test_a_namespace_keeps_what_is_in_use_and_says_so(api: ApiServer) -> None:
    namespace = make_namespace(api)
    place = f"/api/v1/namespaces/{namespace}"
    path = make(api, namespace, CHAT, 2)
    api.call("DELETE", place)

    def complaint() -> str | None:
        conditions = api.call("GET", place)["status"].get("conditions", [])
        return next((each["message"] for each in conditions if "is used by 2 room(s)" in each["message"]), None)

    assert "allow-deletion" in until(complaint, "the namespace says what holds it")
    assert api.call("GET", path)["metadata"].get("deletionTimestamp") is None

    api.merge(path, {"metadata": {"annotations": ALLOW}})

    until(lambda: "not found" in refused(api, "GET", place), "the namespace goes")


@pytest.mark.parametrize("plural", ["recordingconfigurations", "chatloggingconfigurations", "awsaccounts"])
def test_a_crd_of_ours_goes_only_when_annotated(api: ApiServer, plural: str) -> None:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.ivs-operator.dev"
    assert "allow-deletion" in refused(api, "DELETE", path, dryRun="All")

    api.merge(path, {"metadata": {"annotations": ALLOW}})

    assert refused(api, "DELETE", path, dryRun="All") == ""
    api.merge(path, {"metadata": {"annotations": dict.fromkeys(ALLOW, None)}})


NAMESPACES = [
    pytest.param({}, {}, True, id="a namespace of no concern"),
    pytest.param({"ivs-operator.dev/protected": "true"}, {}, False, id="protected by its label"),
    pytest.param({"ivs-operator.dev/protected": "true"}, ALLOW, True, id="protected, and annotated"),
    pytest.param({"ivs-operator.dev/protected": "false"}, {}, True, id="no longer protected"),
]


@pytest.mark.parametrize(("labels", "annotations", "allowed"), NAMESPACES)
def test_a_protected_namespace_goes_only_when_annotated(
    api: ApiServer, labels: dict[str, str], annotations: dict[str, str], *, allowed: bool
) -> None:
    name = make_namespace(api, labels, annotations=annotations)

    refusal = refused(api, "DELETE", f"/api/v1/namespaces/{name}", dryRun="All")

    assert bool(refusal) is not allowed, refusal


def expression(operator: str, *values: str) -> dict[str, Any]:
    """Allows namespaces by the label `team`."""
    one = {"key": "team", "operator": operator, **({"values": list(values)} if values else {})}
    return {"selector": {"matchExpressions": [one]}}


ALLOWANCES = [
    pytest.param(None, id="nobody"),
    pytest.param({}, id="everybody"),
    pytest.param({"list": ["elsewhere"]}, id="others by name"),
    pytest.param({"list": ["HERE"]}, id="this one by name"),
    pytest.param({"selector": {}}, id="whatever matches nothing in particular"),
    pytest.param({"selector": {"matchLabels": {"team": "live"}}}, id="a label"),
    pytest.param({"selector": {"matchLabels": {"team": "live", "env": "prod"}}}, id="two labels"),
    pytest.param({"list": ["elsewhere"], "selector": {"matchLabels": {"team": "live"}}}, id="by name or label"),
    pytest.param(expression("In", "live", "chat"), id="In"),
    pytest.param(expression("NotIn", "live"), id="NotIn"),
    pytest.param(expression("Exists"), id="Exists"),
    pytest.param(expression("DoesNotExist"), id="DoesNotExist"),
]
LABELS = [{}, {"team": "live"}, {"team": "chat", "env": "prod"}, {"team": "live", "env": "prod"}]


@pytest.mark.parametrize("allowed", ALLOWANCES)
def test_the_api_server_allows_an_account_to_whom_the_operator_does(
    api: ApiServer, allowed: dict[str, Any] | None
) -> None:
    name = f"account-{uuid4().hex[:8]}"
    places = {make_namespace(api, labels): labels for labels in LABELS}
    here = next(iter(places))
    spec: dict[str, Any] = {"roleARN": "arn:aws:iam::222233334444:role/ivs-operator"}
    if allowed is not None:
        spec["allowedNamespaces"] = json.loads(json.dumps(allowed).replace("HERE", here))
    account = {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": "AWSAccount",
        "metadata": {"name": name},
        "spec": spec,
    }
    api.call("POST", ACCOUNTS, account)
    expected = {place: bool(admits(account_from(account), place, labels)) for place, labels in places.items()}

    def answers() -> dict[str, bool]:
        return {place: refused(api, "POST", custom(CHAT, place), naming(name), dryRun="All") == "" for place in places}

    # The API server learns of accounts by a watch of its own; until then this one is one that does not exist.
    until(lambda: answers() == expected, "the policy sees the account", last=lambda: f"{answers()} {expected}")


def test_a_refused_account_is_named_with_the_remedy(api: ApiServer) -> None:
    namespace = make_namespace(api)

    said = refused(api, "POST", custom(CHAT, namespace), naming("canary"))

    assert f"AWSAccount canary does not allow the namespace {namespace}" in said
    assert "spec.allowedNamespaces.list" in said


def test_an_account_that_git_may_bring_later_is_no_mistake(api: ApiServer) -> None:
    assert refused(api, "POST", custom(CHAT, make_namespace(api)), naming("not-there-yet"), dryRun="All") == ""


def test_policies_have_bindings_and_refuse_when_they_cannot_tell(guarded: ControlPlane) -> None:
    kinds = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
    policies, bindings = (
        yaml.safe_load(guarded.kubectl("get", kind, "--output=yaml").stdout)["items"] for kind in kinds
    )
    ours = {item["metadata"]["name"]: item for item in policies if item["metadata"]["name"].startswith("ivs-operator")}
    assert set(ours) == {f"ivs-operator-{name}" for name in ("objects", "teardown", "accounts")}
    assert {item["spec"]["policyName"] for item in bindings} >= set(ours)
    assert {item["spec"]["failurePolicy"] for item in ours.values()} == {"Fail"}


def naming(account: str) -> dict[str, Any]:
    """An object that names an account."""
    return {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": "ChatLoggingConfiguration",
        "metadata": {"name": "vod"},
        "spec": {"accountRef": {"name": account}, "destinationConfiguration": {"s3": {"bucketName": "some-bucket"}}},
    }


def refused(api: ApiServer, method: str, path: str, body: Any = None, **query: str) -> str:
    """What the API server says against a request; empty when it does as it is told."""
    try:
        api.call(method, path, body, **query)
    except Refused as error:
        return str(error)
    return ""
