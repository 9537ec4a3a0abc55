"""Writes kubeconfig files that hold everything in themselves."""

import base64
import json
from pathlib import Path
from typing import Any

from ivs_sandbox.files import write_private


def write_kubeconfig(path: Path, *, server: str, authority: bytes, credentials: dict[str, str]) -> Path:
    """One cluster, one user, one context. JSON is YAML, and every client reads it."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()}
    return _write(path, cluster, credentials)


def write_kubeconfig_like(path: Path, config: dict[str, Any], credentials: dict[str, str]) -> Path:
    """The cluster of a minified kubeconfig, with other credentials."""
    return _write(path, config["clusters"][0]["cluster"], credentials)


def certificate_credentials(certificate: bytes, key: bytes) -> dict[str, str]:
    """The user entry for a client certificate (PEM)."""
    return {
        "client-certificate-data": base64.b64encode(certificate).decode(),
        "client-key-data": base64.b64encode(key).decode(),
    }


def _write(path: Path, cluster: dict[str, Any], credentials: dict[str, str]) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": "sandbox", "user": credentials}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
        "current-context": "sandbox",
    }
    return write_private(path, json.dumps(config, indent=1).encode())
