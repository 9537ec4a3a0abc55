"""Our calls to Kubernetes, over HTTP to a server on loopback that answers as told and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import kopf
import pytest
from aiohttp import web
from kubernetes.aio import client as kubernetes
from kubernetes.aio.config.config_exception import ConfigException

from ivs_operator import metrics
from ivs_operator.api.names import FINALIZER
from ivs_operator.domain.failures import NotWritten
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.connection import kopf_login
from ivs_operator.kube.errors import Conflict, Forbidden, Gone, KubeError, Unauthenticated, Unreachable, error_for
from ivs_operator.kube.leases import LeaseClient
from support.objects import resource

PLURAL = "chatloggingconfigurations"
PATH = f"/apis/ivs-operator.dev/v1alpha1/namespaces/live/{PLURAL}/vod"


@dataclass
class ApiServer:
    """Answers by path; for any other as told for "", else 404."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    silent: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        self.tokens.append(request.headers.get("Authorization"))
        self.requests.append((request.method, request.raw_path, request.content_type, body))
        if self.silent:
            await self.ended.wait()
        status, answer = self.answers.get(request.raw_path) or self.answers.get(
            "", (404, {"message": f"{request.raw_path} not found"})
        )
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
        if isinstance(answer, str):
            return web.Response(status=status, text=answer)
        return web.json_response(answer, status=status)


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    made = ApiServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    made.ended.set()
    await runner.cleanup()


@pytest.fixture
async def cluster(server: ApiServer) -> AsyncIterator[KubernetesClient]:
    configuration = kubernetes.Configuration(host=server.url)
    configuration.retries = None
    async with KubernetesClient(configuration, reporter="pod-1") as made:
        yield made


def known(**metadata: Any) -> dict[str, Any]:
    made = resource()
    made["metadata"] |= {"resourceVersion": "41", **metadata}
    return made


async def test_a_status_is_merged_provided_that_nobody_wrote_since(
    server: ApiServer, cluster: KubernetesClient
) -> None:
    server.answers[f"{PATH}/status"] = (200, {"metadata": {"resourceVersion": "42"}})
    answer = await cluster.patch_status(PLURAL, known(), {"state": "ACTIVE", "arn": None})
    assert answer == {"metadata": {"resourceVersion": "42"}}
    assert server.requests == [
        (
            "PATCH",
            f"{PATH}/status",
            "application/merge-patch+json",
            {"metadata": {"resourceVersion": "41"}, "status": {"state": "ACTIVE", "arn": None}},
        )
    ]


async def test_an_account_is_found_by_a_list_for_there_is_no_right_to_get_one(
    server: ApiServer, cluster: KubernetesClient
) -> None:
    path = "/apis/ivs-operator.dev/v1alpha1/awsaccounts?fieldSelector=metadata.name%3Dprod"
    server.answers[path] = (200, {"items": [{"metadata": {"name": "prod", "uid": "u"}}]})
    found = await cluster.find("awsaccounts", None, "prod")
    assert found == {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": "AWSAccount",
        "metadata": {"name": "prod", "uid": "u"},
    }
    server.answers[path] = (200, {"items": []})
    assert await cluster.find("awsaccounts", None, "prod") is None


FINALIZERS = [
    pytest.param(
        "add_finalizer",
        [],
        {"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]},
        id="the first one makes the list",
    ),
    pytest.param(
        "add_finalizer",
        ["other/x"],
        {"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER},
        id="a further one goes behind the others",
    ),
    pytest.param(
        "remove_finalizer",
        [FINALIZER],
        {"op": "remove", "path": "/metadata/finalizers/0"},
        id="ours alone",
    ),
    pytest.param(
        "remove_finalizer",
        ["other/x", FINALIZER, "other/y"],
        {"op": "remove", "path": "/metadata/finalizers/1"},
        id="ours among others, by its place",
    ),
]


@pytest.mark.parametrize(("call", "finalizers", "operation"), FINALIZERS)
async def test_finalizers_are_changed_one_by_one_under_a_test_of_the_version(
    server: ApiServer, cluster: KubernetesClient, call: str, finalizers: list[str], operation: Any
) -> None:
    server.answers[PATH] = (200, {"metadata": {"resourceVersion": "42"}})
    await getattr(cluster, call)(PLURAL, known(finalizers=finalizers))
    (request,) = server.requests
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": "41"}
    assert request == ("PATCH", PATH, "application/json-patch+json", [test, operation])


async def test_a_resource_without_our_finalizer_is_left_alone(server: ApiServer, cluster: KubernetesClient) -> None:
    mine = known(finalizers=["other/x"])
    assert await cluster.remove_finalizer(PLURAL, mine) == mine
    assert server.requests == []


FAILED_TEST = "the server rejected our request due to an error in our request"
ERRORS = [
    pytest.param(409, {"message": "the object has been modified"}, Conflict, "has been modified", id="409"),
    pytest.param(422, {"message": FAILED_TEST}, Conflict, "rejected", id="422 of a failed test"),
    pytest.param(422, {"message": "status.x: Invalid value"}, KubeError, "Invalid value", id="422 of a schema"),
    pytest.param(404, {"message": "not found"}, Gone, "not found", id="404"),
    pytest.param(403, {"message": 'cannot patch resource "x/status"'}, Forbidden, "cannot patch", id="403"),
    pytest.param(401, {"message": "Unauthorized"}, Unauthenticated, "Unauthorized", id="401"),
    pytest.param(429, {"message": "too many requests"}, Unreachable, "too many", id="429"),
    pytest.param(500, {"message": "etcd"}, Unreachable, "etcd", id="500"),
    pytest.param(503, "<html>proxy</html>", Unreachable, "proxy", id="503 from a proxy"),
    pytest.param(504, "", Unreachable, "HTTP status 504", id="504 without a word"),
    pytest.param(400, {"message": "bad"}, KubeError, "bad", id="400"),
]


@pytest.mark.parametrize(("status", "body", "error", "says"), ERRORS)
async def test_refusals(  # noqa: PLR0917 - columns of the table
    server: ApiServer, cluster: KubernetesClient, status: int, body: Any, error: type[KubeError], says: str
) -> None:
    server.answers[f"{PATH}/status"] = (status, body)
    with pytest.raises(KubeError) as caught:
        await cluster.patch_status(PLURAL, known(), {})
    assert type(caught.value) is error
    assert says in str(caught.value)
    assert isinstance(caught.value, NotWritten)


async def test_a_server_that_cuts_off_is_unreachable(server: ApiServer, cluster: KubernetesClient) -> None:
    server.answers[f"{PATH}/status"] = (0, {})
    with pytest.raises(Unreachable, match="does not answer"):
        await cluster.patch_status(PLURAL, known(), {})


async def test_a_server_that_never_answers_is_unreachable(server: ApiServer, cluster: KubernetesClient) -> None:
    server.silent = True
    with pytest.raises(Unreachable, match="does not answer"):
        async with cluster.answer("GET", "/apis", seconds=0.2):
            pass


async def test_no_server_is_unreachable() -> None:
    configuration = kubernetes.Configuration(host="http://127.0.0.1:9")
    configuration.retries = None
    async with KubernetesClient(configuration) as cluster:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 does not answer"):
            await cluster.cluster_uid()


async def test_an_answer_that_is_no_json_is_an_error_of_ours_to_handle(
    server: ApiServer, cluster: KubernetesClient
) -> None:
    server.answers[PATH] = (200, "<html>a login page</html>")
    with pytest.raises(KubeError):
        await cluster.get(PLURAL, "live", "vod")


STRANGE = [
    pytest.param(lambda c: c.cluster_uid(), id="the UID of the cluster"),
    pytest.param(lambda c: c.crd_deleting(PLURAL), id="a definition"),
    pytest.param(lambda c: c.get(PLURAL, "live", "vod"), id="an object"),
    pytest.param(lambda c: c.find(PLURAL, "live", "vod"), id="an object that need not be there"),
    pytest.param(lambda c: c.find("awsaccounts", None, "prod"), id="an AWSAccount"),
    pytest.param(lambda c: c.patch_status(PLURAL, known(), {}), id="the answer to a status"),
    pytest.param(lambda c: c.add_finalizer(PLURAL, known()), id="the answer to a finalizer"),
    pytest.param(lambda c: c.present(PLURAL, None, None), id="a List, of which nothing would be there any more"),
    pytest.param(lambda c: c.allowed({"verb": "get"}), id="a review of rights"),
    pytest.param(lambda c: LeaseClient(c).get("live", "x"), id="a Lease, which nobody would hold"),
    pytest.param(lambda c: LeaseClient(c).create({"metadata": {"namespace": "live"}}), id="a Lease that was made"),
    pytest.param(lambda c: LeaseClient(c).replace({"metadata": {"namespace": "live", "name": "x"}}), id="a write"),
    pytest.param(lambda c: LeaseClient(c).everywhere("a=b"), id="Leases"),
]


@pytest.mark.parametrize("call", STRANGE)
@pytest.mark.parametrize("answer", [{"status": "ok"}, {}, []])
async def test_a_success_that_is_none_of_the_api_servers_is_no_answer(
    server: ApiServer, cluster: KubernetesClient, call: Any, answer: Any
) -> None:
    """A proxy may answer for it, with what it likes."""
    server.answers[""] = (200, answer)
    with pytest.raises(Unreachable, match="what answers for the Kubernetes API"):
        await call(cluster)


async def test_the_cluster_is_told_by_a_uid(server: ApiServer, cluster: KubernetesClient) -> None:
    server.answers["/api/v1/namespaces/kube-system"] = (200, {"metadata": {"uid": "u-1"}})
    assert await cluster.cluster_uid() == "u-1"


SERVED = [
    pytest.param([], [], set(), id="nothing of ours"),
    pytest.param(["ivs-operator.dev"], [PLURAL, f"{PLURAL}/status"], {PLURAL}, id="one kind, and not its subresource"),
]


@pytest.mark.parametrize(("groups", "resources", "plurals"), SERVED)
async def test_what_is_served(
    server: ApiServer, cluster: KubernetesClient, groups: list[str], resources: list[str], plurals: set[str]
) -> None:
    server.answers["/apis"] = (200, {"groups": [{"name": name} for name in ["apps", *groups]]})
    server.answers["/apis/ivs-operator.dev/v1alpha1"] = (200, {"resources": [{"name": name} for name in resources]})
    assert await cluster.served_plurals() == plurals


@pytest.mark.parametrize(("metadata", "deleting"), [({}, False), ({"deletionTimestamp": "2023-11-14T00:00:00Z"}, True)])
async def test_whether_the_definition_goes(
    server: ApiServer, cluster: KubernetesClient, metadata: dict[str, str], deleting: bool
) -> None:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{PLURAL}.ivs-operator.dev"
    server.answers[path] = (200, {"metadata": metadata})
    assert await cluster.crd_deleting(PLURAL) is deleting


async def test_all_pages_of_what_is_present_are_read(server: ApiServer, cluster: KubernetesClient) -> None:
    base = f"/apis/ivs-operator.dev/v1alpha1/namespaces/live/{PLURAL}?limit=500&labelSelector=team%3Dlive"
    items = [{"metadata": {"namespace": "live", "name": name, "uid": f"u-{name}"}} for name in "ab"]
    server.answers[base] = (200, {"metadata": {"continue": "t/1"}, "items": items[:1]})
    server.answers[f"{base}&continue=t/1"] = (200, {"metadata": {}, "items": items[1:]})
    found = await cluster.present(PLURAL, "live", "team=live")
    assert found == [("live", "a", "u-a"), ("live", "b", "u-b")], "in order"


async def test_an_event_says_what_it_is_about(server: ApiServer, cluster: KubernetesClient) -> None:
    path = "/apis/events.k8s.io/v1/namespaces/live/events"
    server.answers[path] = (201, {})
    now = "2023-11-14T00:00:00.000000Z"
    long = known(name="v" * 128)
    for about in (known(), known(), long):
        await cluster.post_event(about, type_="Warning", reason="RoomFull", message="m" * 5000, now=now)
    first, second, third = (body for _, _, _, body in server.requests)
    assert first["metadata"]["name"].startswith("vod.")
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert len(third["metadata"]["name"]) <= 253
    assert len(first["note"]) == 1024
    assert (first["type"], first["reason"], first["eventTime"]) == ("Warning", "RoomFull", now)
    assert first["regarding"]["uid"] == "uid-vod"
    assert (first["reportingController"], first["reportingInstance"]) == ("ivs-operator.dev", "pod-1")


async def test_writes_are_counted_and_reads_are_not(server: ApiServer, cluster: KubernetesClient) -> None:
    answer = (200, {"metadata": {"resourceVersion": "42"}})
    server.answers |= {PATH: answer, f"{PATH}/status": answer}
    counter = metrics.KUBE_WRITES.labels(verb="patch")._value
    before = counter.get()
    await cluster.get(PLURAL, "live", "vod")
    await cluster.patch_status(PLURAL, known(), {})
    assert counter.get() == before + 1


async def test_the_token_is_sent(server: ApiServer) -> None:
    server.answers["/api/v1/namespaces/kube-system"] = (200, {"metadata": {"uid": "u"}})
    configuration = kubernetes.Configuration(
        host=server.url, api_key={"BearerToken": "t-1"}, api_key_prefix={"BearerToken": "Bearer"}
    )
    async with KubernetesClient(configuration) as cluster:
        await cluster.cluster_uid()
    assert server.tokens == ["Bearer t-1"]


class _Rotated(kubernetes.Configuration):
    """Its token is being replaced."""

    trouble: Exception = OSError()

    async def auth_settings(self) -> Any:
        raise self.trouble


@pytest.mark.parametrize(
    "trouble",
    [ConfigException("Token file exists but empty."), FileNotFoundError(2, "No such file", "token")],
)
async def test_without_a_token_for_a_moment_the_server_is_unreachable(server: ApiServer, trouble: Exception) -> None:
    """Else the tasks that go on for ever would end with it, and with them the process."""
    configuration = _Rotated(host=server.url)
    configuration.trouble = trouble
    async with KubernetesClient(configuration) as cluster:
        with pytest.raises(Unreachable, match=r"there is no token for the Kubernetes API: .*[Ff]ile"):
            await cluster.cluster_uid()
    assert not server.requests
    with pytest.raises(kopf.TemporaryError, match="no token"):
        await kopf_login(configuration)


async def test_a_lease_is_seen_to_change_however_large_it_is(server: ApiServer, cluster: KubernetesClient) -> None:
    path = "/apis/coordination.k8s.io/v1/namespaces/live/leases?watch=true&fieldSelector=metadata.name%3Dx"
    server.answers[f"{path}&resourceVersion=1&timeoutSeconds=5"] = (200, json.dumps({"note": "x" * 300_000}) + "\n")
    assert await LeaseClient(cluster).changed("live", "x", "1", 5.0)


def test_errors_without_a_message_are_told_by_their_status() -> None:
    assert str(error_for(418, "{}")) == "HTTP status 418"
    assert str(error_for(418, "[1]")) == "[1]"
