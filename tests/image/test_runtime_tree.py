"""The image holds what the operator needs, all of it and no more: tried with a tree made as the Dockerfile makes it."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.credentials
import botocore.session
import botocore.tokens
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from image.runtime_tree import LOCK, ROOT, locked, tree_module
from support.walk import CHAT, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image.runtime_tree import RuntimeTree
    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

pytestmark = pytest.mark.xdist_group("image")  # one tree for all of them

_SOURCES = ROOT / "operator" / "ivs_operator"
_NOT_SERVICES = frozenset({"events", "account", "health", "config", "tag"})
"""Names of AWS services that mean something else where they occur in our sources."""


def test_the_lock_is_the_part_of_the_whole_that_the_operator_needs() -> None:
    """Both are made by `make lock`; a dependency of the tests must not get into the image."""
    mine, whole = locked(LOCK), locked(ROOT / "requirements.lock")
    assert {name: pin for name, pin in mine.items() if whole.get(name) != pin} == {}, "run `make lock`"
    assert all(hashes for _, hashes in mine.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = _closure(map(Requirement, project["dependencies"]))
    assert needed - mine.keys() == set(), "missing in image/requirements.lock: run `make lock`"
    assert mine.keys() - needed == set(), "not needed at run time: run `make lock`"


def _closure(wanted: Iterable[Requirement]) -> set[str]:
    """Names of what these need, directly or not, on this machine."""
    queue, seen = list(wanted), set[tuple[str, str]]()
    for requirement in queue:
        for extra in requirement.extras or {""}:
            name = canonicalize_name(requirement.name)
            if (name, extra) not in seen:
                seen.add((name, extra))
                queue += [
                    further
                    for further in map(Requirement, distribution(name).requires or ())
                    if further.marker is None or further.marker.evaluate({"extra": extra})
                ]
    return {name for name, _ in seen}


def test_commands_work_with_nothing_else_installed(runtime_tree: RuntimeTree) -> None:
    version = runtime_tree.run("-m", "ivs_operator", "--version")
    assert (version.returncode, version.stdout) == (0, "ivs-operator, version 0.1.0\n"), version.stderr
    crds = runtime_tree.run("-m", "ivs_operator", "crds")
    shipped = [path.read_text() for path in (ROOT / "crds").glob("*.yaml")]
    assert sorted(crds.stdout.split("---\n")) == sorted(shipped), crds.stderr
    absent = runtime_tree.run("-m", "ivs_operator", "demo")
    assert absent.returncode == 1
    assert "needs the extra" in absent.stderr


def test_every_module_of_the_operator_can_be_imported(runtime_tree: RuntimeTree) -> None:
    """One that needs the emulator, the sandbox or a package of the tests would fail on a user's cluster only."""
    modules = sorted(
        ".".join(path.relative_to(_SOURCES.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in _SOURCES.rglob("*.py")
        if path.name != "__main__.py"
    )
    answer = runtime_tree.run("-W", "ignore", "-c", f"import importlib\nfor m in {modules}: importlib.import_module(m)")
    assert answer.returncode == 0, answer.stderr


def test_the_models_of_every_service_that_is_used_are_kept() -> None:
    """Ours by the names in the only package that imports boto3; botocore's own by what finds credentials."""
    kept = tree_module().SERVICES
    known = set(botocore.session.get_session().get_available_services())
    ours = {text for path in (_SOURCES / "aws").rglob("*.py") for text in _texts(path) if text in known}
    assert ours - _NOT_SERVICES - kept == set(), "add it to SERVICES in image/tree.py"
    assert {"ivs", "ivschat", "sts"} <= ours
    for module in (botocore.credentials, botocore.tokens):
        source = Path(str(module.__file__)).read_text()
        asked = set(re.findall(r"(?:client_creator|create_client)\(\s*['\"]([\w-]+)['\"]", source))
        assert asked - kept == set(), f"{module.__name__} asks for it: add it to SERVICES in image/tree.py"


def _texts(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_clients_of_kept_services_are_made_and_others_are_gone(runtime_tree: RuntimeTree) -> None:
    services = sorted(tree_module().SERVICES)
    code = (
        "import boto3\n"
        f"[boto3.client(name, region_name='eu-west-1') for name in {services}]\n"
        "session = boto3.Session()\n"
        "assert session.get_available_services() == " + repr(services) + ", session.get_available_services()\n"
        "assert 'us-west-2' in session.get_available_regions('ivs')\n"
    )
    answer = runtime_tree.run("-c", code)
    assert answer.returncode == 0, answer.stderr


def test_the_operator_works_with_what_is_in_it(  # noqa: PLR0917 - fixtures
    runtime_tree: RuntimeTree,
    make_operator: Callable[..., OperatorProcess],
    control_plane: Cluster,
    service_account: Path,
    namespace: str,
    emulator: Emulator,
) -> None:
    operator = make_operator(service_account, namespaces=namespace, cluster_id=namespace)
    operator.program = runtime_tree.program
    operator.start()
    walk = Walk(control_plane, namespace, emulator, operator)
    room = walk.room("lobby")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(emulator.bucket("live-chat-logs")), rooms=[{"name": "lobby"}])
    walk.associated([room], walk.ready(CHAT, "logs")["arn"])
    assert operator.stop() == 0
    walk.api.close()


def test_a_model_that_botocore_has_no_more_ends_the_build(tmp_path: Path) -> None:
    for data in ("botocore", "boto3"):
        (tmp_path / data / "data" / "ivs").mkdir(parents=True)
    with pytest.raises(SystemExit, match=r"no model of .*firehose.*correct SERVICES"):
        tree_module().prune(tmp_path)


def test_bytecode_is_never_checked_against_its_source_and_names_the_place_in_the_image(tmp_path: Path) -> None:
    """A start on a read-only root reads it as it is; a rebuild replaces both."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "package").mkdir(parents=True)
    (source / "package" / "module.py").write_text("def where(): raise ValueError\n")
    (source / "package" / "template.py").write_text("class {{ name }}: ...\n")
    assert tree_module().compile_tree(source, target, Path("/opt/there")) == 1
    (written,) = target.rglob("*.pyc")
    content = written.read_bytes()
    assert int.from_bytes(content[4:8], "little") == 0b01, "hash-based, unchecked"
    assert b"/opt/there/package/module.py" in content
    assert str(tmp_path).encode() not in content
