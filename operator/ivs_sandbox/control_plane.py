"""A control plane of our own: etcd, kube-apiserver and kube-controller-manager as processes on loopback."""

import http.client
import json
import os
import shutil
import ssl
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from ivs_sandbox.audit import AuditLog
from ivs_sandbox.binaries import Binaries
from ivs_sandbox.certificates import Authority
from ivs_sandbox.cluster import Cluster
from ivs_sandbox.components import Layout, api_server_command, controller_manager_command, etcd_command
from ivs_sandbox.errors import PortTakenError, SandboxError
from ivs_sandbox.files import file_name, write_private
from ivs_sandbox.kubeconfigs import certificate_credentials, write_kubeconfig
from ivs_sandbox.ports import free_port
from ivs_sandbox.processes import Process, await_ready, spawn, stop

ETCD: Final = "etcd"
API_SERVER: Final = "kube-apiserver"
CONTROLLER_MANAGER: Final = "kube-controller-manager"
_STOP_ORDER = (CONTROLLER_MANAGER, API_SERVER, ETCD)
# Seconds; each takes 0.3 to 3 on an idle machine with 2 cores, so this only ends what hangs.
_READY_TIMEOUT = 90.0
_PORT_ATTEMPTS = 5


@dataclass(slots=True)
class _State:
    """What another process must know to use or stop this control plane; kept in `state.json`."""

    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text())
        return cls(kept["ports"], {name: Process(**values) for name, values in kept["processes"].items()})

    def save(self, path: Path) -> None:
        write_private(path, json.dumps(asdict(self)).encode())


class ControlPlane(Cluster):
    """Everything lies in `directory`; an object on the same directory in another process uses the same servers.

    The servers end with the process `owner_pid` (default: this one), however it ends.
    """

    def __init__(self, binaries: Binaries, directory: Path, *, owner_pid: int | None = None) -> None:
        super().__init__(binaries.kubectl, directory.absolute())
        self.binaries = binaries
        self.layout = Layout(self.directory)
        self._owner_pid = owner_pid or os.getpid()

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig (group system:masters)."""
        return self.layout.admin_kubeconfig

    @property
    def url(self) -> str:
        """The API server's address; stays the same over restarts."""
        return f"https://127.0.0.1:{self._port(API_SERVER)}"

    @property
    def audit_log(self) -> AuditLog:
        """Every request that was answered, since the start."""
        return AuditLog(self.layout.audit_log, touch=lambda word: self._ask_server(f"/version?{word}"))

    @property
    def pids(self) -> dict[str, int]:
        """The servers' guards by name, those that run."""
        return {name: process.pid for name, process in self._state().processes.items() if process.is_alive}

    def start(self) -> None:
        """Start etcd and the API server; returns when it is ready.

        Raises:
            ProcessDiedError: one of them ended, or was not ready in time; with the end of its log.
        """
        if self.pids:
            raise SandboxError(f"a control plane runs already in {self.directory}: stop() it first")
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(self.layout.data, ignore_errors=True)
        authority = Authority.create(self.layout.certificates)
        authority.keep("admin", *authority.client("admin", ["system:masters"]))
        self._on_free_port(ETCD, self._start_etcd)
        self._on_free_port(API_SERVER, lambda port: self._start_api_server(authority, port))
        certificate, key = self._admin_pair()
        credentials = certificate_credentials(certificate.read_bytes(), key.read_bytes())
        write_kubeconfig(self.kubeconfig, server=self.url, authority=authority.certificate, credentials=credentials)

    def start_controller_manager(self) -> None:
        """Start the controllers. Do it after the CRDs are applied.

        The garbage collector that meets a new kind later needs some 40 s to watch it, instead of 0.1 s.
        """
        program = self.binaries.kube_controller_manager
        if program is None:
            raise SandboxError(
                f"there is no kube-controller-manager ({self.binaries.origin}), so garbage collection, namespace "
                "deletion and Deployments do not work. "
                "Run `make control-plane`, or set TEST_ASSET_KUBE_CONTROLLER_MANAGER"
            )
        authority = Authority.load(self.layout.certificates)
        self._write_kubeconfig(authority, CONTROLLER_MANAGER, "system:kube-controller-manager", ())

        def start(port: int) -> None:
            command = controller_manager_command(program, self.layout, authority, port)
            self._run(CONTROLLER_MANAGER, command, lambda: self._answers(port, "/healthz", tls=True))

        self._on_free_port(CONTROLLER_MANAGER, start)

    def stop(self) -> None:
        """Kill everything and wait until it is gone; the folder with logs and data stays."""
        for name in _STOP_ORDER:
            self._stop(name)

    def stop_api_server(self) -> None:
        """Kill the API server; data and port are kept."""
        self._stop(API_SERVER)

    def restart_api_server(self) -> None:
        """Kill the API server if it runs, and start it on its port with its data."""
        self._stop(API_SERVER)
        self._start_api_server(Authority.load(self.layout.certificates), self._port(API_SERVER))

    def user_kubeconfig(self, user: str, groups: Iterable[str] = ()) -> Path:
        """A kubeconfig with a client certificate: common name = user, organisations = groups."""
        words = (user, *groups)
        return self._write_kubeconfig(Authority.load(self.layout.certificates), file_name("user", *words), user, groups)

    def diagnosis(self) -> str:
        """Which server has ended by itself, with the end of its log."""
        ended = [process for process in self._state().processes.values() if not process.is_alive]
        return "\n".join(f"{process.name} has ended. The end of {process.log}:\n{process.tail()}" for process in ended)

    def _start_etcd(self, port: int) -> None:
        command = etcd_command(self.binaries.etcd, self.layout, port, free_port())
        self._run(ETCD, command, lambda: self._answers(port, "/health", tls=False))

    def _start_api_server(self, authority: Authority, port: int) -> None:
        command = api_server_command(self.binaries.kube_apiserver, self.layout, authority, port, self._port(ETCD))
        self._run(API_SERVER, command, lambda: self._answers(port, "/readyz", tls=True))

    def _run(self, name: str, command: list[str | Path], is_ready: Callable[[], bool]) -> None:
        process = spawn(name, command, owner_pid=self._owner_pid, folder=self.directory)
        state = self._state()
        state.processes[name] = process
        state.save(self.layout.state)  # before it is ready: whoever finds it half-started must be able to stop it
        await_ready(process, is_ready, _READY_TIMEOUT)

    def _stop(self, name: str) -> None:
        state = self._state()
        process = state.processes.pop(name, None)
        if process is not None:
            stop(process)
            state.save(self.layout.state)

    def _on_free_port(self, name: str, start: Callable[[int], None]) -> None:
        """Start on a free port; somebody else may be faster in taking it, so try with others."""
        for attempt in range(_PORT_ATTEMPTS):
            port = free_port()
            state = self._state()
            state.ports[name] = port
            state.save(self.layout.state)
            try:
                return start(port)
            except PortTakenError:
                self._stop(name)
                if attempt == _PORT_ATTEMPTS - 1:
                    raise
        return None

    def _write_kubeconfig(self, authority: Authority, name: str, user: str, groups: Iterable[str]) -> Path:
        return write_kubeconfig(
            self.layout.kubeconfigs / f"{name}.yaml",
            server=self.url,
            authority=authority.certificate,
            credentials=certificate_credentials(*authority.client(user, groups)),
        )

    def _state(self) -> _State:
        return _State.load(self.layout.state)

    def _port(self, name: str) -> int:
        port = self._state().ports.get(name)
        if port is None:
            raise SandboxError(f"the control plane in {self.directory} has not been started")
        return port

    def _admin_pair(self) -> tuple[Path, Path]:
        return self.layout.certificates / "admin.crt", self.layout.certificates / "admin.key"

    def _ask_server(self, address: str) -> None:
        self._get(self._port(API_SERVER), address, tls=True)

    def _answers(self, port: int, address: str, *, tls: bool) -> bool:
        try:
            return self._get(port, address, tls=tls) == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def _get(self, port: int, address: str, *, tls: bool) -> int:
        connection: Any = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        if tls:
            context = ssl.create_default_context(cafile=self.layout.certificates / "ca.crt")
            context.load_cert_chain(*self._admin_pair())
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
        try:
            connection.request("GET", address)
            return int(connection.getresponse().status)
        finally:
            connection.close()
