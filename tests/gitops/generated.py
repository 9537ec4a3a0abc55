"""`PYTHONPATH=tests python -m gitops.generated`: write what in manifests/ is made from other files.

The overlay `namespaced` has the chart's rules for an operator of some namespaces, which are made from the base. The
examples beside Argo CD's health checks are states as the operator writes them, and the docs have a picture of them.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import yaml

from gitops import argo
from gitops.judges import judge_in_luajit
from gitops.states import STATES, State
from support.terminal_picture import terminal_picture

__all__ = ["examples", "files", "pictures"]

_BEGIN, _END = "<!-- states -->\n", "<!-- end of states -->\n"

_ROOT = Path(__file__).parents[2]
_OVERLAY = _ROOT / "manifests" / "overlays" / "namespaced"
_PAGE = _ROOT / "docs" / "gitops.md"
_RULES = _ROOT / "helm" / "ivs-operator" / "files" / "rbac"
_PICTURE = _ROOT / "docs" / "pictures" / "argo-health.svg"
_COLUMNS, _STATE, _HEALTH = 128, 38, 13
"""Characters: of the picture, and of its first two columns."""

_COLOURS = {"Healthy": 32, "Progressing": 36, "Suspended": 33, "Degraded": 31}
"""As ANSI numbers; near to those of Argo CD's pages."""

_CLUSTER_ROLE = """\
# Made from the base: its rules without what is needed in the namespace only, which role.yaml gives there.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ivs-operator
rules:
"""
_ROLE = """\
# Made from the base: what an operator of one namespace watches and tells there.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: ivs-operator
  namespace: live
  labels:
    app.kubernetes.io/name: ivs-operator
rules:
"""
_BINDING = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: ivs-operator
  namespace: live
  labels:
    app.kubernetes.io/name: ivs-operator
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: ivs-operator
subjects:
  - kind: ServiceAccount
    name: ivs-operator
    namespace: ivs-operator
"""


def files() -> Iterator[tuple[Path, str]]:
    """Every file that is made, and what must be in it."""
    yield from argo.files()
    yield _OVERLAY / "cluster-role.yaml", _CLUSTER_ROLE + _rules("scoped-cluster")
    yield _PAGE, _page()
    yield _OVERLAY / "role.yaml", _ROLE + _rules("scoped-namespaces") + _BINDING


def examples() -> Iterator[tuple[Path, str]]:
    """What Argo CD's own tests read: objects, and what the health check says of them.

    The words are today's. They are good examples for as long as the check says what stands beside them.
    """
    for kind in sorted({str(state.object["kind"]) for state in STATES}):
        folder, tests = argo.CUSTOMIZATIONS / kind, []
        for state in (each for each in STATES if each.object["kind"] == kind):
            name = f"testdata/{re.sub(r'[^a-z]+', '_', state.name.lower()).strip('_')}.yaml"
            yield folder / name, yaml.safe_dump(_plain(state), sort_keys=False, width=118)
            message = judge_in_luajit(state.object).message
            tests.append({"healthStatus": {"status": state.argo, "message": message}, "inputPath": name})
        yield folder / "health_test.yaml", yaml.safe_dump({"tests": tests}, sort_keys=False, width=118)


def pictures() -> Iterator[tuple[Path, str]]:
    """Each state as Argo CD tells it, with the words beside it; these are today's, too."""
    yield _PICTURE, terminal_picture("Health in Argo CD of each state", _shown(), columns=_COLUMNS)


def _shown() -> str:
    lines = [f"\x1b[1m{'STATE':{_STATE}}{'HEALTH':{_HEALTH}}MESSAGE\x1b[0m"]
    for state in STATES:
        verdict = judge_in_luajit(state.object)
        words = textwrap.wrap(verdict.message, _COLUMNS - _STATE - _HEALTH, break_on_hyphens=False)
        health = f"\x1b[{_COLOURS[verdict.status]}m{verdict.status:{_HEALTH}}\x1b[0m"
        lines.append(f"{state.name:{_STATE}}{health}{words[0]}")
        lines += [" " * (_STATE + _HEALTH) + line for line in words[1:]]
    return "\n".join(lines)


def _page() -> str:
    """The page with the table of states as they are tried."""
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    rows = "".join(
        f"| {state.name} | {_reason(state)} | {state.kstatus} | {state.by_expressions} | {state.argo} |\n"
        for state in STATES
    )
    head = "| state | Ready's reason | kstatus | Flux with expressions | Argo CD |\n|---|---|---|---|---|\n"
    return f"{before}{_BEGIN}{head}{rows}{_END}{after}"


def _reason(state: State) -> str:
    conditions = state.object["status"].get("conditions", ())
    return next((f"`{each['reason']}`" for each in conditions if each["type"] == "Ready"), "-")


def _plain(state: State) -> dict[str, object]:
    """The object as `kubectl get` shows it: without what is there for a planner only."""
    item = dict(state.object)
    item["metadata"] = {key: value for key, value in item["metadata"].items() if value}
    return item


def _rules(name: str) -> str:
    lines = (_RULES / f"{name}.yaml").read_text().splitlines()
    return "".join(f"  {line}\n" for line in lines)


def main() -> None:
    """Write every file that is made; examples of states that are no more go."""
    for path in argo.CUSTOMIZATIONS.glob("*/testdata/*.yaml"):
        path.unlink()
    for path, text in (*files(), *examples(), *pictures()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
