"""How the API server is reached: in-cluster, else the kubeconfig; one source for our calls and kopf's watches."""

import asyncio
import math
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import kopf
import structlog
from kubernetes.aio import client, config
from kubernetes.aio.config.config_exception import ConfigException
from yaml import YAMLError

__all__ = ["CONTEXT", "NoCluster", "Renewal", "connect", "doubt", "kopf_login", "usual_namespace"]

CONTEXT: Final = "IVS_OPERATOR_KUBE_CONTEXT"
"""Environment variable with the context of the kubeconfig to use; unset: its current one."""

_RENEWAL: Final = 5.0  # seconds between attempts to have a new token
_AHEAD: Final = 60.0  # seconds before its end from which on a new token is asked for
_WAIT: Final = 10.0  # seconds that a call waits for a new token at most
_COMMAND: Final = 60.0  # seconds that a command may take to give one

_UNREADABLE: Final = (OSError, ValueError, TypeError, AttributeError, LookupError, YAMLError)
"""What the client's loader raises for a file that is no YAML, or not of the shape it expects."""


log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Connection(kopf.ConnectionInfo):
    """Takes the certificates that kubectl takes; chain, host name and dates are verified as ever.

    Since 3.13 Python refuses those that name no key of their issuer. Older EKS clusters have such.
    """

    def as_ssl_context(self) -> ssl.SSLContext:
        """Kopf's own, less strict about a certificate's form."""
        context = super().as_ssl_context()
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


class Renewal:
    """Has the token of a kubeconfig told anew when it ends, or is refused: commands give some of minutes (EKS: 15).

    As `refresh_api_key_hook` of a configuration it is asked before each call.
    """

    def __init__(self, read: Callable[[], Awaitable[tuple[client.Configuration, float]]], expires_at: float) -> None:
        """`read` gives a configuration and when its token ends, by the wall clock; infinity: that is not told."""
        self._read = read
        self._expires_at = expires_at
        self._refused = False
        self._again_at = time.monotonic() + _RENEWAL
        self._task: asyncio.Task[None] | None = None

    def doubt(self) -> None:
        """The token was refused."""
        self._refused = True

    async def __call__(self, configuration: client.Configuration) -> None:
        """Renew if it is time; wait for that only when the known token is surely of no use, and not for long."""
        left = self._expires_at - time.time()
        due = self._refused or left < _AHEAD
        if due and self._task is None and time.monotonic() >= self._again_at:
            self._task = asyncio.get_running_loop().create_task(self._renew(configuration), name="token")
        if self._task is not None and (self._refused or left <= 0):
            await asyncio.wait({self._task}, timeout=_WAIT)

    async def _renew(self, configuration: client.Configuration) -> None:
        try:
            async with asyncio.timeout(_COMMAND):
                fresh, expires_at = await self._read()
            if fresh.host != configuration.host:
                log.warning("the kubeconfig names another server by now; going on with the token that is known")
                return
            configuration.api_key.update(fresh.api_key)
            self._expires_at, self._refused = expires_at, False
        except (ConfigException, TimeoutError, *_UNREADABLE) as error:
            log.warning("no new token from the kubeconfig", error=str(error) or type(error).__name__)
        finally:
            self._task, self._again_at = None, time.monotonic() + _RENEWAL


class NoCluster(Exception):
    """Nothing says where the cluster is; the message names the remedy."""


async def connect(environ: Mapping[str, str] = os.environ) -> client.Configuration:
    """The client configuration.

    Raises:
        NoCluster: neither in a cluster nor with a readable kubeconfig.
    """
    configuration = client.Configuration()
    configuration.retries = None  # retries are the queue's
    configuration.disable_strict_ssl_verification = True  # see _Connection
    context = environ.get(CONTEXT) or None
    if environ.get("KUBERNETES_SERVICE_HOST") and not environ.get("KUBECONFIG") and context is None:
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except ConfigException as error:
            raise NoCluster(f"running in a pod, but without a service account token: {error}") from error
        return configuration
    _check_there(environ)
    try:
        context, expires_at = await _load(environ.get("KUBECONFIG") or None, context, configuration)
    except ConfigException as error:
        message = f"no cluster: {error}. Set KUBECONFIG to a kubeconfig file, or run in a pod with a service account"
        raise NoCluster(message) from error
    except _UNREADABLE as error:
        told = isinstance(error, OSError | YAMLError)  # all else is what Python says of a text of another shape
        reason = " ".join(str(error).split()) if told else "it is no kubeconfig"  # a parser's error has several lines
        named = f" ({environ['KUBECONFIG']})" if environ.get("KUBECONFIG") else ""
        message = f"the kubeconfig{named} can't be read: {reason}. Set KUBECONFIG to a valid file"
        raise NoCluster(message) from error

    async def read() -> tuple[client.Configuration, float]:
        fresh = client.Configuration()
        return fresh, (await _load(environ.get("KUBECONFIG") or None, context, fresh))[1]

    configuration.refresh_api_key_hook = Renewal(read, expires_at)  # type: ignore[assignment] # the stub says None
    return configuration


async def _load(path: str | None, context: str | None, configuration: client.Configuration) -> tuple[str, float]:
    """Fill in what a kubeconfig says; returns its context, and when the token ends if a command has told."""
    loader = await config.load_kube_config(  # type: ignore[no-untyped-call]
        path, context=context, client_configuration=configuration
    )
    expiry = getattr(loader, "exec_plugin_expiry", None)
    return str(loader.current_context["name"]), expiry.timestamp() if expiry is not None else math.inf


def _check_there(environ: Mapping[str, str]) -> None:
    """The client passes over files that are missing, and then says that a key is."""
    named = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    if named and not any(Path(path).expanduser().exists() for path in named):
        paths = " and ".join(named)
        message = f"no cluster: KUBECONFIG names {paths}, and there is no such file. Set it to a kubeconfig file"
        raise NoCluster(message)


def doubt(configuration: client.Configuration) -> None:
    """The token of this connection was refused; where it can be renewed, it is, before the next call."""
    renewal: object = configuration.refresh_api_key_hook
    if isinstance(renewal, Renewal):
        renewal.doubt()


def usual_namespace(environ: Mapping[str, str] = os.environ) -> str:
    """The namespace that kubectl works in: the context's own, else `default`."""
    try:
        contexts, current = config.list_kube_config_contexts(environ.get("KUBECONFIG") or None)  # type: ignore[no-untyped-call]
        chosen = environ.get(CONTEXT)
        context = next((item for item in contexts if item["name"] == chosen), current)
        return str(context["context"].get("namespace") or "default")
    except (ConfigException, *_UNREADABLE):  # whoever connects says what is wrong with it
        return "default"


async def kopf_login(configuration: client.Configuration) -> kopf.ConnectionInfo:
    """The same connection in kopf's terms; called again whenever kopf finds its credentials refused.

    Raises:
        kopf.TemporaryError: there is no token at this moment.
    """
    doubt(configuration)
    try:
        settings: Mapping[str, Any] = await configuration.auth_settings()
    except (ConfigException, OSError) as error:
        raise kopf.TemporaryError(f"there is no token for the Kubernetes API: {error}", delay=_RENEWAL) from error
    header = str(settings.get("BearerToken", {}).get("value") or "")
    scheme, _, token = header.partition(" ")
    return _Connection(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        ca_data=configuration.ca_cert_data,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
    )
