"""One request to the API server and its answer: token, time-out, and every failure as one of our errors."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import aiohttp
from kubernetes.aio import client
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config.config_exception import ConfigException

from ivs_operator import metrics
from ivs_operator.kube.answers import decoded
from ivs_operator.kube.connection import doubt
from ivs_operator.kube.errors import KubeError, Unauthenticated, Unreachable, error_for

__all__ = ["Transport"]

REQUEST_TIMEOUT: Final = 10.0  # seconds; every call here is small


class Transport:
    """The way to one API server. Close it, or use it as an async context manager."""

    def __init__(self, configuration: client.Configuration) -> None:
        self._configuration = configuration
        self._api = client.ApiClient(configuration)
        self.on_refusal: Callable[[str, KubeError], None] = lambda _path, _error: None
        """Is told of every path that was answered without success, before the error is raised."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def call(
        self,
        verb: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        counted: bool = True,
    ) -> dict[str, Any]:
        """One request and its answer; `counted` as a write if it is one.

        Raises:
            KubeError: see `kube.errors`.
        """
        if verb != "GET" and counted:
            metrics.KUBE_WRITES.labels(verb=verb.lower()).inc()
        async with self.answer(verb, path, body, content_type=content_type, accept=accept) as answer:
            text = (await answer.read()).decode(errors="replace")
        return decoded(text)

    @asynccontextmanager
    async def answer(
        self,
        verb: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        seconds: float = REQUEST_TIMEOUT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request, closed at the end whether it was read or not; for `seconds` in all.

        Raises:
            KubeError: the answer is no success, or there is none; see `kube.errors`.
        """
        headers = {"Accept": accept, "Content-Type": content_type, "User-Agent": "ivs-operator"}
        if token := await self._token():
            headers["authorization"] = token
        try:
            answer = await self._api.call_api(
                verb, self._configuration.host + path, headers, body, _request_timeout=seconds
            )
            async with answer.response as response:
                if response.status >= 400:  # noqa: PLR2004 - client and server errors
                    text = (await response.read()).decode(errors="replace")
                    raise self._refused(path, error_for(response.status, text, response.headers))
                yield response
        except ApiException as error:
            text = str(error.body or error.reason or "")
            raise self._refused(path, error_for(int(error.status or 0), text, error.headers or {})) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"the Kubernetes API at {self._configuration.host} does not answer: {reason}") from error

    async def _token(self) -> str:
        """What to show, "" for nothing; read anew now and then, since tokens are replaced.

        Raises:
            Unreachable: there is none at this moment: a file is being replaced, or the command that makes them fails.
        """
        try:
            settings: Mapping[str, Any] = await self._configuration.auth_settings()
        except (ConfigException, OSError) as error:
            raise Unreachable(f"there is no token for the Kubernetes API: {error}") from error
        return str((settings.get("BearerToken") or {}).get("value") or "")

    def _refused(self, path: str, error: KubeError) -> KubeError:
        if isinstance(error, Unauthenticated):
            doubt(self._configuration)
        self.on_refusal(path, error)
        return error
