"""The four programs of a control plane, and the check that a file really is one of them."""

import os
import platform
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ivs_sandbox.versions import OLDEST_KUBERNETES, Version


class Tool(StrEnum):
    """A program, named as its file."""

    ETCD = "etcd"
    KUBE_APISERVER = "kube-apiserver"
    KUBE_CONTROLLER_MANAGER = "kube-controller-manager"
    KUBECTL = "kubectl"


ALL_TOOLS = frozenset(Tool)
# Without a controller-manager everything runs but garbage collection, namespace deletion and Deployments.
REQUIRED_TOOLS = ALL_TOOLS - {Tool.KUBE_CONTROLLER_MANAGER}


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the programs are; `origin` is the line that says what was chosen and why."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path | None
    kubectl: Path
    origin: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One program that a source has. `version` is None for files the user named: those are not questioned."""

    path: Path
    version: Version | None
    source: str


def architecture() -> str:
    """This machine as Go and the Kubernetes release name it, such as `amd64`."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def is_executable(path: Path) -> bool:
    """Whether the path is a file that may be run."""
    return path.is_file() and os.access(path, os.X_OK)


def ask_version(tool: Tool, path: Path) -> Version | str:
    """Run the program and read its version; on failure the reason as a text, for the error that lists what was tried.

    Files on PATH may be anything: a wrapper that wants a terminal, a cloud vendor's dispatcher, another architecture.
    """
    question = ("version", "--client", "--output=json") if tool is Tool.KUBECTL else ("--version",)
    try:
        answer = subprocess.run(  # noqa: S603 - a program the user has installed
            [path, *question], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path} does not run ({error})"
    if answer.returncode != 0:
        return f"{path} {' '.join(question)} ended with {answer.returncode}"
    if "dispatcher" in answer.stdout:
        return f"{path} is a dispatcher that picks another kubectl by server version"
    text = _after(answer.stdout, '"gitVersion"') if tool is Tool.KUBECTL else answer.stdout
    version = Version.find(text)
    return version if version is not None else f"{path} does not tell its version"


def misfit(tool: Tool, offered: Version | None, api_server: Version | None) -> str | None:
    """Why a program does not go with the API server, by Kubernetes' version skew policy; None when it does.

    Source: https://kubernetes.io/releases/version-skew-policy/. One minor version either way for kubectl; the
    controller-manager may be one older, never newer.
    """
    if offered is None or tool is Tool.ETCD:
        return None
    if tool is Tool.KUBE_APISERVER:
        oldest = Version.parse(OLDEST_KUBERNETES)
        return f"is {offered}, older than {oldest}" if offered < oldest else None
    if api_server is None:
        return None
    newer = offered.minor - api_server.minor
    fits = newer in (-1, 0) if tool is Tool.KUBE_CONTROLLER_MANAGER else newer in (-1, 0, 1)
    return None if fits else f"is {offered}, too far from kube-apiserver {api_server}"


def _after(text: str, marker: str) -> str:
    return text.partition(marker)[2]
