"""How the API server is reached: in-cluster, else the kubeconfig; one source for our calls and kopf's watches."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import kopf
from kubernetes.aio import client, config
from kubernetes.aio.config.config_exception import ConfigException
from yaml import YAMLError

__all__ = ["CONTEXT", "NoCluster", "connect", "kopf_login", "usual_namespace"]

CONTEXT: Final = "IVS_OPERATOR_KUBE_CONTEXT"
"""Environment variable with the context of the kubeconfig to use; unset: its current one."""

_UNREADABLE: Final = (OSError, ValueError, TypeError, AttributeError, LookupError, YAMLError)
"""What the client's loader raises for a file that is no YAML, or not of the shape it expects."""


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
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            environ.get("KUBECONFIG") or None, context=context, client_configuration=configuration
        )
    except ConfigException as error:
        message = f"no cluster: {error}. Set KUBECONFIG to a kubeconfig file, or run in a pod with a service account"
        raise NoCluster(message) from error
    except _UNREADABLE as error:
        told = isinstance(error, OSError | YAMLError)  # all else is what Python says of a text of another shape
        reason = " ".join(str(error).split()) if told else "it is no kubeconfig"  # a parser's error has several lines
        named = f" ({environ['KUBECONFIG']})" if environ.get("KUBECONFIG") else ""
        message = f"the kubeconfig{named} can't be read: {reason}. Set KUBECONFIG to a valid file"
        raise NoCluster(message) from error
    return configuration


def _check_there(environ: Mapping[str, str]) -> None:
    """The client passes over files that are missing, and then says that a key is."""
    named = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    if named and not any(Path(path).expanduser().exists() for path in named):
        paths = " and ".join(named)
        message = f"no cluster: KUBECONFIG names {paths}, and there is no such file. Set it to a kubeconfig file"
        raise NoCluster(message)


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
    """The same connection in kopf's terms; called again whenever kopf finds its credentials refused."""
    settings: Mapping[str, Any] = await configuration.auth_settings()
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
