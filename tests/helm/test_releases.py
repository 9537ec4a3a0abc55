"""Releases by Helm itself: installed, tried, upgraded, rolled back, uninstalled, installed again; and several.

Nobody loses anything at AWS by any of it, and the operator never needs more rights than the chart has given.
"""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from helm.chart import CHART, ROOT, Helm, run_helm
from helm.nodes import Words, pretended_node
from helm.releases import OLD_VERSION, Release, previous_chart
from helm.trial import ask_readiness, helm_test
from ivs_sandbox.control_plane import ControlPlane
from support.deadlines import until
from support.terminal_picture import lasting_words, terminal_picture
from support.walk import CHAT, RECORDING, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivs_sandbox.binaries import Binaries
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

pytestmark = pytest.mark.xdist_group("helm-releases")
ROLE = "arn:aws:iam::222233334444:role/ivs-operator"


@pytest.fixture(scope="module")
def cluster(control_plane_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster that nobody has installed anything in."""
    with ControlPlane(control_plane_binaries, tmp_path_factory.mktemp("helm") / "control-plane") as started:
        started.start_controller_manager()
        yield started


@pytest.fixture(scope="module", autouse=True)
def words(cluster: ControlPlane) -> Iterator[Words]:
    """What pods say; while it lasts, they run."""
    with pretended_node(cluster) as said:
        yield said


@pytest.fixture
def release(cluster: ControlPlane, emulator: Emulator, tmp_path: Path) -> Iterator[Callable[..., Release]]:
    """`(name, **settings) -> release`, not installed yet."""
    made: list[Release] = []

    def make(name: str, **settings: Any) -> Release:
        made.append(Release(cluster, emulator, name, tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def walk_in(cluster: ControlPlane, emulator: Emulator) -> Iterator[Callable[[str, OperatorProcess], Walk]]:
    """`(namespace, operator) -> walk` in a new namespace."""
    made: list[Walk] = []

    def walk(namespace: str, operator: OperatorProcess) -> Walk:
        cluster.kubectl("create", "namespace", namespace, check=False)
        made.append(Walk(cluster, namespace, emulator, operator))
        return made[-1]

    yield walk
    for one in made:
        one.api.close()


def refusals(release: Release) -> list[str]:
    """What the API server refused to the release's service account."""
    user = f"system:serviceaccount:{release.name}:{release.name}"
    entries = release.cluster.audit_log.entries(user=user)
    assert entries, "it has asked for something"
    return [f"{entry.verb} {entry.resource} in {entry.namespace}" for entry in entries if entry.code in {401, 403}]


def standing(process: OperatorProcess) -> str:
    """What /readyz says."""
    return process.probe("/readyz")[1].strip()


def leads(process: OperatorProcess) -> bool:
    return standing(process) == "ok: leading"


def old_crd(crd: dict[str, Any]) -> None:
    """As an older version may have been: a column fewer."""
    (version,) = crd["spec"]["versions"]
    version["additionalPrinterColumns"] = [
        column for column in version["additionalPrinterColumns"] if column["name"] not in {"Destination", "Role"}
    ]


def columns(release: Release) -> set[str]:
    crd = release.get("crd", f"{RECORDING}.ivs-operator.dev")
    return {column["name"] for column in crd["spec"]["versions"][0]["additionalPrinterColumns"]}


def test_an_install_says_what_to_do_next_and_helm_test_what_each_replica_does(
    release: Callable[..., Release], cluster: ControlPlane, emulator: Emulator, words: Words
) -> None:
    """The first page of the docs, with its own command lines; it comes first here, too: nobody has made the CRDs."""
    shown = release("ivs-operator")
    line = ("install", "ivs-operator", CHART, "--namespace", "ivs-operator", "--create-namespace")
    notes = shown.helm(*line, "--set", "settings.region=us-west-2").stdout
    assert "helm test ivs-operator -n ivs-operator --logs" in notes
    assert "aws eks create-pod-identity-association" in notes, "nobody has named a role"
    draw(
        "helm-install",
        "helm install ivs-operator helm/ivs-operator --namespace ivs-operator --create-namespace \\\n"
        "    --set settings.region=us-west-2",
        notes,
    )

    flags = {"health_port": 0, "metrics_port": 0, "lease_namespace": shown.name}
    leader, other = (shown.launch(emulator.environment(), **flags) for _ in range(2))
    until(
        lambda: (leads(leader) or leads(other)) and {"ok:"} == {standing(each)[:3] for each in (leader, other)},
        "both are ready, and one of them leads",
        last=lambda: leader.tail() + other.tail(),
    )
    said, printed = helm_test(shown, words, [leader, other])
    assert said[-1] == "ivs-operator works"
    assert sorted(line.partition(" ")[2][:15] for line in said[:-1]) == ["ok: leading", "ok: standing by"]
    assert "Phase:          Succeeded" in printed
    assert f"POD LOGS: {shown.name}-test (test)\n" + "\n".join(said) in printed, "--logs shows it"
    assert cluster.kubectl("get", "pod", f"{shown.name}-test", f"--namespace={shown.name}", check=False).returncode
    draw("helm-test", f"helm test {shown.name} --namespace {shown.name} --logs", printed)

    for process in (leader, other):
        process.stop()
    shown.uninstall()
    cluster.kubectl("delete", "crds", "--all")


def test_a_release_takes_over_from_the_manifests_once_their_deployment_is_gone(cluster: ControlPlane) -> None:
    """As docs/install.md says it. The Deployment's selector can't be changed; all else goes over, objects untouched."""
    helm = Helm(cluster.kubeconfig)
    cluster.kubectl("apply", "--server-side", "-k", ROOT / "manifests" / "base")
    sample = ROOT / "manifests" / "samples" / "chat-to-s3.yaml"
    cluster.kubectl("apply", "--namespace=default", "-f", sample)
    before = cluster.kubectl("get", "ivs", "--namespace=default", "--output=json").json()["items"]
    line = ("install", "ivs-operator", CHART, "--namespace=ivs-operator", "--take-ownership", "--force-conflicts")
    refused = helm(*line, check=False)
    assert refused.returncode != 0
    assert "spec.selector" in refused.stderr
    helm("uninstall", "ivs-operator", "--namespace=ivs-operator", "--wait")

    cluster.kubectl("delete", "deployment", "ivs-operator", "--namespace=ivs-operator")
    helm(*line, "--wait", "--timeout=120s")
    crd = cluster.kubectl("get", "crd", f"{CHAT}.ivs-operator.dev", "--output=json").json()["metadata"]
    assert crd["annotations"]["meta.helm.sh/release-name"] == "ivs-operator"
    assert cluster.kubectl("get", "ivs", "--namespace=default", "--output=json").json()["items"] == before != []

    helm("uninstall", "ivs-operator", "--namespace=ivs-operator", "--wait")
    cluster.kubectl("delete", "-f", sample, "--namespace=default")
    cluster.kubectl("delete", "crds", "--all")


def draw(name: str, command: str, printed: str) -> None:
    """A picture of the docs, from this run; written if `IVS_OPERATOR_PICTURES` is the folder for it, else compared."""
    picture = terminal_picture(command.partition(" --")[0], f"$ {command}\n{printed}", columns=120)
    folder = os.environ.get("IVS_OPERATOR_PICTURES")
    if folder:
        (Path(folder) / f"{name}.svg").write_text(picture)
        return
    kept = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text()
    remedy = (
        "stale: IVS_OPERATOR_PICTURES=docs/pictures .venv/bin/pytest tests/helm/test_releases.py -k what_to_do_next"
    )
    assert lasting_words(kept) == lasting_words(picture), remedy


def test_install_upgrade_roll_back_uninstall_and_install_again(
    release: Callable[..., Release],
    walk_in: Callable[[str, OperatorProcess], Walk],
    cluster: ControlPlane,
    emulator: Emulator,
    tmp_path: Path,
) -> None:
    video = release("video")
    account = {"prod": {"roleARN": ROLE}}
    old = previous_chart(tmp_path, old_crd)
    notes = video.install(old, awsAccounts=account)
    assert f"ivs-operator {OLD_VERSION} is installed as release video" in notes
    assert "Destination" not in columns(video)
    assert video.get("awsaccount", "prod")["spec"] == {"roleARN": ROLE}, "of a kind that came with the same release"
    operator = video.start()
    walk = walk_in("live", operator)
    bucket = emulator.bucket("live-logs")
    room = walk.room("lobby", env="prod")
    walk.apply(CHAT, "chat", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket))
    arn = walk.ready(CHAT, "chat")["arn"]
    walk.ready(RECORDING, "vod")
    before = {plural: walk.get(plural, name) for plural, name in ((CHAT, "chat"), (RECORDING, "vod"))}
    since = emulator.control.last_sequence()

    # Upgrade: new CRDs, a new pod, an AWSAccount that differs; what exists is met as it was left.
    assert operator.stop() == 0, operator.tail()
    changed = {"prod": {"roleARN": ROLE, "externalID": "live-platform"}}
    video.upgrade(awsAccounts=changed)
    assert "Destination" in columns(video), "an upgrade renews the CRDs"
    assert video.get("awsaccount", "prod")["spec"] == changed["prod"], "edited in place, not made anew"
    operator = walk.operator = video.start()
    assert until(lambda: leads(operator), "the new one leads", last=operator.tail)
    walk.sweeps(CHAT, 2)

    # Roll back to the older version: what the newer one has written is understood.
    assert operator.stop() == 0, operator.tail()
    video.helm("rollback", "video", "1", "--namespace=video", "--wait", "--timeout=120s")
    assert "Destination" not in columns(video)
    operator = walk.operator = video.start()
    until(lambda: leads(operator), "the old one leads", last=operator.tail)
    walk.sweeps(CHAT, 2)
    assert refusals(video) == []
    assert emulator.control.requests(since, write=True) == [], "nothing was made again or changed at AWS"
    for plural, name in ((CHAT, "chat"), (RECORDING, "vod")):
        assert walk.get(plural, name) == before[plural], "nor was anything written to Kubernetes"

    # Uninstall: the CRDs, the objects and AWS stay; installed again, it goes on.
    assert operator.stop() == 0, operator.tail()
    said = video.uninstall()
    assert "CustomResourceDefinition" in said, "Helm names what it keeps"
    assert [walk.get(plural, name) for plural, name in ((CHAT, "chat"), (RECORDING, "vod"))] == list(before.values())
    assert video.get("awsaccount", "prod")
    assert walk.held_by(room) == [arn]
    assert not cluster.kubectl("get", "deployment,role,pdb,service", "--namespace=video", "--output=name").stdout
    video.install()
    operator = walk.operator = video.start()
    until(lambda: leads(operator), "it leads again", last=operator.tail)
    walk.sweeps(CHAT, 2)
    assert emulator.control.requests(since, write=True) == []
    walk.edit(CHAT, "chat", deletionPolicy="DetachAndDelete")
    for plural, name in ((CHAT, "chat"), (RECORDING, "vod")):
        walk.delete(plural, name)
        walk.gone(plural, name)
    assert walk.configurations(CHAT) == walk.configurations(RECORDING) == []


@pytest.fixture
def crds(cluster: ControlPlane) -> None:
    """The CRDs, whoever has made them."""
    if "recordingconfigurations" not in cluster.kubectl("get", "crds", "--output=name").stdout:
        cluster.apply_crds(CHART.parents[1] / "crds")


@pytest.mark.usefixtures("crds")
def test_an_operator_of_one_namespace_touches_no_other_and_outlives_its_namespace(
    release: Callable[..., Release],
    walk_in: Callable[[str, OperatorProcess], Walk],
    cluster: ControlPlane,
    emulator: Emulator,
) -> None:
    for namespace in ("inside", "outside"):
        cluster.kubectl("create", "namespace", namespace)
    scoped = release("scoped", namespaces=["inside"])
    scoped.install(crds={"install": False})
    operator = scoped.start()
    inside, outside = (walk_in(name, operator) for name in ("inside", "outside"))
    bucket = emulator.bucket("logs")
    outside.apply(CHAT, "chat", destinationConfiguration=s3(bucket))
    inside.apply(CHAT, "chat", destinationConfiguration=s3(bucket))
    inside.ready(CHAT, "chat")
    assert outside.status(CHAT, "chat") == {"observedGeneration": -1}, "nobody has looked at it"
    user = f"system:serviceaccount:{scoped.name}:{scoped.name}"
    ours = [entry for entry in cluster.audit_log.entries(user=user) if entry.resource in {CHAT, RECORDING}]
    assert {entry.namespace for entry in ours} == {"inside"}, "no other namespace, and never all at once"
    assert refusals(scoped) == []

    cluster.kubectl("delete", "namespace", "inside", "--wait=false")
    until(
        lambda: not cluster.kubectl("get", "namespace", "inside", "--ignore-not-found", "--output=name").stdout,
        "the namespace is gone: its RoleBindings went first, but the finalizer was taken off",
        last=operator.tail,
    )
    assert outside.configurations(CHAT) == []
    outside.delete(CHAT, "chat")
    outside.gone(CHAT, "chat")


@pytest.mark.usefixtures("crds")
def test_a_second_installation_stands_by_says_so_and_takes_over(
    release: Callable[..., Release],
    walk_in: Callable[[str, OperatorProcess], Walk],
    cluster: ControlPlane,
    emulator: Emulator,
) -> None:
    cluster.kubectl("create", "namespace", "shared")
    first, second = release("first"), release("second", namespaces=["shared"])
    first.install(crds={"install": False})
    leader = first.start()
    until(lambda: leads(leader), "the first leads", last=leader.tail)
    second.install(crds={"install": False})
    late = second.start()
    line = late.wait_line(event="another installation works on the same objects; standing by")
    assert line["level"] == "warning"
    assert line["lease"] == "first/ivs-operator"
    assert "--namespaces" in line["remedy"]
    assert standing(late).startswith("ok: standing by; another installation works on the same objects: ")
    assert standing(late).endswith("(lease first/ivs-operator)")

    # `helm test` of each says what it has: the first works, the second has nobody who leads.
    done = ask_readiness(first, first.values["settings"]["healthPort"])
    assert (done.returncode, done.stdout.splitlines()) == (0, ["127.0.0.1 ok: leading", "ivs-operator works"])
    done = ask_readiness(second, second.values["settings"]["healthPort"])
    assert done.returncode == 1
    assert "another installation works on the same objects" in done.stdout

    walk = walk_in("shared", late)
    walk.apply(CHAT, "chat", destinationConfiguration=s3(emulator.bucket("logs")))
    walk.ready(CHAT, "chat")
    assert [request["operation"] for request in emulator.control.requests(write=True, service="ivschat")] == [
        "CreateLoggingConfiguration"
    ], "only one of them has worked"
    assert leader.stop() == 0, leader.tail()
    first.uninstall()
    until(lambda: leads(late), "the second takes over", last=late.tail)
    walk.delete(CHAT, "chat")
    walk.gone(CHAT, "chat")
    assert refusals(first) == refusals(second) == []


@pytest.mark.usefixtures("crds")
def test_without_rights_the_log_and_both_readiness_tests_name_what_is_missing(release: Callable[..., Release]) -> None:
    bare = release("bare", clusterId="bare", namespaces=["bare"])
    bare.install(crds={"install": False}, rbac={"create": False, "aggregate": False})
    operator = bare.launch()
    line = operator.wait_line(event="rights are missing", level="error")
    missing = "list recordingconfigurations.ivs-operator.dev in namespace bare"
    assert missing in line["missing"]
    until(lambda: missing in standing(operator), "/readyz says so", last=operator.tail)
    assert operator.probe("/readyz")[0] == 503
    done = ask_readiness(bare, bare.values["settings"]["healthPort"])
    assert done.returncode == 1
    assert missing in done.stdout


@pytest.mark.usefixtures("crds")
def test_a_second_release_with_the_same_crds_or_names_is_refused_by_helm_in_words(
    release: Callable[..., Release], cluster: ControlPlane
) -> None:
    owner, other = release("owner"), release("other")
    owner.install(crds={"install": False})
    values = {**other.values, "fullnameOverride": "owner", "crds": {"install": False}}
    refused = other.helm.apply("install", "other", CHART, values, check=False)
    assert refused.returncode != 0
    assert 'ClusterRole "owner' in refused.stderr
    assert 'must equal "other": current value is "owner"' in refused.stderr


@pytest.mark.usefixtures("crds")
def test_an_account_that_was_patched_by_hand_is_told_and_taken_back_by_force(
    release: Callable[..., Release], cluster: ControlPlane, tmp_path: Path
) -> None:
    """As docs/install.md says it; the refused upgrade must not take the account away."""
    patched, name = release("patched", clusterId="patched"), "patched-prod"
    values: dict[str, Any] = {
        **patched.values,
        "crds": {"install": False},
        "awsAccounts": {name: {"roleARN": ROLE, "externalID": "ours"}},
    }
    patched.helm.apply("install", "patched", CHART, values)
    uid = patched.get("awsaccount", name)["metadata"]["uid"]
    cluster.kubectl("patch", "awsaccount", name, "--type=merge", "--patch", '{"spec": {"externalID": "by-hand"}}')
    refused = patched.helm.apply("upgrade", "patched", CHART, values, check=False)
    assert refused.returncode != 0
    assert 'conflict with "kubectl-patch"' in refused.stderr
    assert ".spec.externalID" in refused.stderr
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    only = ("--namespace=patched", f"--values={file}", "--show-only=templates/aws-accounts.yaml")
    cluster.kubectl(
        *("apply", "--server-side", "--force-conflicts", "--field-manager=helm", "-f", "-"),
        stdin=run_helm("template", "patched", CHART, *only).stdout,
    )
    values["awsAccounts"][name]["externalID"] = "later"
    patched.helm.apply("upgrade", "patched", CHART, values)
    account = patched.get("awsaccount", name)
    assert account["spec"]["externalID"] == "later", "the field is Helm's again"
    assert account["metadata"]["uid"] == uid
    assert "deletionTimestamp" not in account["metadata"]


class _NotReady(http.server.BaseHTTPRequestHandler):
    """What an operator without a right answers."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b"RBAC does not allow the operator to list recordingconfigurations.ivs-operator.dev\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_readiness_test_says_what_is_wrong() -> None:
    script = (CHART / "files" / "readiness_test.py").read_text()

    def run(port: int) -> str:
        line = [sys.executable, "-c", script, "127.0.0.1", str(port), "0.1"]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "kubectl logs tells more" in done.stdout
        return done.stdout

    with http.server.HTTPServer(("127.0.0.1", 0), _NotReady) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        assert "127.0.0.1 not ready: RBAC does not allow the operator to list" in run(port)
        server.shutdown()
    assert f"127.0.0.1 no answer on port {port}" in run(port)


def test_an_older_kubernetes_is_refused() -> None:
    done = run_helm("template", "x", CHART, "--kube-version=1.29.9")
    assert done.returncode != 0
    assert "requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.9" in done.stderr
    vendors = run_helm("template", "x", CHART, "--kube-version=v1.31.4-eks-2d5f260")
    assert vendors.returncode == 0, vendors.stderr
