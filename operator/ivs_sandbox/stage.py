"""What the demo plays on: a control plane, the AWS emulator and the operator, each a process, all gone at the end."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import yaml

from ivs_operator.api import crd
from ivs_sandbox.control_plane import ControlPlane
from ivs_sandbox.processes import Process, await_ready, spawn, stop
from ivs_sandbox.progress import Progress
from ivs_sandbox.resolver import resolve
from ivs_sandbox.shipped import manifests
from ivs_sandbox.stage_account import ACCOUNT, REGION, Account
from ivs_sandbox.stage_view import Observer

__all__ = ["NAMESPACE", "Stage", "opened"]

NAMESPACE: Final = "live"
_START_TIMEOUT: Final = 90.0  # seconds; each takes 1 to 3 on an idle machine
# Slower than AWS need be, so that a person sees the states pass by.
_TRANSITION_SECONDS: Final = 1.5
# Kinds of the shipped manifests that give the operator its rights; its Deployment is what our process stands for.
_IDENTITY_KINDS: Final = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything runs."""

    cluster: ControlPlane
    account: Account
    observer: Observer
    emulator: Process
    operator: Process

    @property
    def environment(self) -> dict[str, str]:
        """What another terminal needs to look at all this with kubectl, the AWS CLI or boto3."""
        return {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "PATH": f"{self.cluster.binaries.kubectl.parent}:$PATH",
            **_aws_environment(self.account.control.url),
        }


@contextmanager
def opened(folder: Path, say: Callable[[str, str], None], progress: Progress) -> Iterator[Stage]:
    """Start everything in `folder`, telling `say` what is there as it comes; stop all of it afterwards.

    Raises:
        SandboxError: something is missing or does not start; the message has the remedy or the end of its log.
    """
    with ExitStack() as running:
        binaries = resolve(progress=progress, announce=lambda line: say("programs", line.partition(" (before")[0]))
        cluster = ControlPlane(binaries, folder)
        running.enter_context(cluster)
        crd.write(folder / "crds")
        cluster.apply_crds(folder / "crds")
        cluster.start_controller_manager()
        cluster.kubectl("create", "namespace", NAMESPACE)
        say("Kubernetes", f"API server on {cluster.url} with our CustomResourceDefinitions")
        temporary = _temporary_files(folder)
        environ = os.environ | temporary
        emulator = spawn("emulator", _emulator_command(), owner_pid=os.getpid(), folder=folder, environ=environ)
        _started(running, emulator, _emulator_url)
        url = _emulator_url(emulator) or ""
        account = Account(url)
        say("AWS", f"emulator on {url}, account {ACCOUNT}, region {REGION}")
        service_account, kubeconfig = _identity(cluster)
        environ = _operator_environment(url, kubeconfig) | temporary
        operator = spawn(
            "operator", _operator_command(service_account), owner_pid=os.getpid(), folder=folder, environ=environ
        )
        _started(running, operator, _ready)
        say("operator", f"process {operator.pid}, as service account {service_account}")
        yield Stage(cluster, account, Observer(cluster.kubeconfig, account, NAMESPACE), emulator, operator)


def _started(running: ExitStack, process: Process, is_ready: Callable[[Process], object]) -> Process:
    running.callback(stop, process)
    await_ready(process, lambda: bool(is_ready(process)), _START_TIMEOUT)
    return process


def _temporary_files(folder: Path) -> dict[str, str]:
    """Where the processes put theirs: they are killed at the end, and can't tidy up after themselves."""
    place = folder / "tmp"
    place.mkdir(mode=0o700)
    return {"TMPDIR": str(place)}


def _emulator_command() -> list[str]:
    pace = [f"--{step}-seconds={_TRANSITION_SECONDS}" for step in ("create", "update", "delete")]
    return [sys.executable, "-m", "ivs_emulator", "--port", "0", *pace]


def _operator_command(service_account: str) -> list[str]:
    """As in the pod that the shipped Deployment makes, whose namespace is where leases are allowed."""
    ports = ["--health-port=0", "--metrics-port=0"]
    lease = f"--lease-namespace={service_account.partition('/')[0]}"
    return [sys.executable, "-m", "ivs_operator", "run", *ports, lease, "--sweep-interval=2"]


def _aws_environment(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def _operator_environment(url: str, kubeconfig: Path) -> dict[str, str]:
    """This process's, without what would lead to a real account or cluster; IVS_OPERATOR_* stay in force."""
    unwanted = ("AWS_", "KUBERNETES_", "KUBECONFIG")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return ours | _aws_environment(url) | {"KUBECONFIG": str(kubeconfig), "AWS_EC2_METADATA_DISABLED": "true"}


def _emulator_url(process: Process) -> str | None:
    said = re.search(r"AWS emulator on (http://\S+);", Path(process.log).read_text(errors="replace"))
    return said.group(1) if said else None


def _ready(process: Process) -> bool:
    """Whether the operator's own /readyz says so; the port is in its log."""
    log = re.sub(r"\x1b\[[0-9;]*m", "", Path(process.log).read_text(errors="replace"))
    line = next((line for line in log.splitlines() if "purpose=health" in line or '"purpose": "health"' in line), "")
    port = re.search(r'port(?:=|": )(\d+)', line)
    return port is not None and _answers(int(port.group(1)), "/readyz")


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200  # noqa: PLR2004 - HTTP's OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _identity(cluster: ControlPlane) -> tuple[str, Path]:
    """The service account and rights that ship with the operator: what works here works with them."""
    documents = yaml.safe_load_all(cluster.kubectl("kustomize", manifests("base")).stdout)
    parts = [item for item in documents if item and item["kind"] in _IDENTITY_KINDS]
    cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(parts))
    account = next(item["metadata"] for item in parts if item["kind"] == "ServiceAccount")
    name, namespace = account["name"], account["namespace"]
    return f"{namespace}/{name}", cluster.service_account_kubeconfig(namespace, name)
