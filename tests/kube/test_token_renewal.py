"""Tokens that a command gives for minutes, as on EKS: renewed when they end or are refused, for the same server."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from ivs_operator.kube import connection as module
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.connection import connect, kopf_login
from ivs_operator.kube.errors import Unauthenticated

COMMAND = """#!/bin/sh
echo >> "$0.runs"
cat "$0.says"
"""


class Server:
    """Takes one token, which a command gives."""

    def __init__(self, folder: Path) -> None:
        self.token = ""
        self.url = ""
        self.command = folder / "give-token"
        self.command.write_text(COMMAND)
        self.command.chmod(0o755)
        self.kubeconfig = folder / "kubeconfig"

    @property
    def runs(self) -> int:
        """How often the command has run."""
        return len(self.command.with_suffix(".runs").read_text())

    def give(self, token: str, *, lasts: timedelta | None = None) -> None:
        """From now on the command gives this token."""
        status = {"token": token}
        if lasts is not None:
            status["expirationTimestamp"] = f"{datetime.now(UTC) + lasts:%Y-%m-%dT%H:%M:%SZ}"
        said = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
        self.command.with_suffix(".says").write_text(json.dumps(said))

    def configure(self, url: str) -> None:
        """Write the kubeconfig."""
        run = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(self.command),
            "interactiveMode": "Never",
        }
        content = {
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"exec": run}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        self.kubeconfig.write_text(yaml.safe_dump(content))

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"message": "Unauthorized"}, status=401)
        return web.json_response({"metadata": {"uid": "u-1"}})

    async def connect(self) -> Any:
        return await connect({"KUBECONFIG": str(self.kubeconfig)})


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr(module, "_RENEWAL", 0.0)
    monkeypatch.setattr(module, "_WAIT", 60.0)
    made = Server(tmp_path)
    application = web.Application()
    application.router.add_route("GET", "/{path:.*}", made.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    made.configure(made.url)
    made.give("first")
    made.token = "first"
    yield made
    await runner.cleanup()


async def test_a_token_that_is_refused_is_renewed(server: Server) -> None:
    async with KubernetesClient(await server.connect()) as cluster:
        for _ in range(3):
            assert await cluster.cluster_uid() == "u-1"
        assert server.runs == 1, "not without need"
        server.give("second")
        server.token = "second"
        with pytest.raises(Unauthenticated):
            await cluster.cluster_uid()
        for _ in range(3):
            assert await cluster.cluster_uid() == "u-1"
        assert server.runs == 2


async def test_a_token_whose_end_was_told_is_renewed_before_it_is_refused(server: Server) -> None:
    server.give("first", lasts=timedelta(seconds=-1))
    async with KubernetesClient(await server.connect()) as cluster:
        server.give("second", lasts=timedelta(minutes=15))
        server.token = "second"
        for _ in range(3):
            assert await cluster.cluster_uid() == "u-1"
        assert server.runs == 2


async def test_a_command_is_not_run_for_each_refusal(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RENEWAL", 3600.0)
    async with KubernetesClient(await server.connect()) as cluster:
        server.token = "another"
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await cluster.cluster_uid()
    assert server.runs == 1


async def test_no_token_goes_to_a_server_that_it_is_not_for(server: Server) -> None:
    async with KubernetesClient(await server.connect()) as cluster:
        server.configure("http://127.0.0.1:9")
        server.give("of-another-cluster")
        server.token = "of-another-cluster"
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                await cluster.cluster_uid()


async def test_a_command_that_fails_for_once_leaves_the_token_that_is_known(server: Server) -> None:
    async with KubernetesClient(await server.connect()) as cluster:
        server.kubeconfig.rename(server.kubeconfig.with_suffix(".away"))
        server.token = "second"
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                await cluster.cluster_uid()
        server.kubeconfig.with_suffix(".away").rename(server.kubeconfig)
        server.give("second")
        assert await cluster.cluster_uid() == "u-1"


async def test_kopf_whose_token_was_refused_gets_a_new_one(server: Server) -> None:
    configuration = await server.connect()
    server.give("second")
    assert (await kopf_login(configuration)).token == "second"
