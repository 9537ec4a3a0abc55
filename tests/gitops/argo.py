"""What Argo CD is given: health checks and actions in its own folder layout, and the same as a patch of argocd-cm.

One kind's folder is written by hand; `gitops.generated` makes the rest from it.
"""

from collections.abc import Iterator
from pathlib import Path

from ivs_operator.api.kinds import AWS_ACCOUNT, KINDS, MANAGED_KINDS
from ivs_operator.api.names import GROUP

__all__ = ["CONFIG_MAP", "CUSTOMIZATIONS", "WRITTEN", "config_map", "files", "health"]

ARGOCD = Path(__file__).parents[2] / "manifests" / "argocd"
CUSTOMIZATIONS = ARGOCD / "resource_customizations" / GROUP
CONFIG_MAP = ARGOCD / "argocd-cm.yaml"
WRITTEN = "RecordingConfiguration"
"""The kind whose folder is the original."""

_HEADER = """\
# Health checks and actions for Argo CD, made from the Lua files beside this one; for an Argo CD that does not have them
# built in. It adds its own keys and leaves all others as they are:
#
#   kubectl apply --server-side --field-manager=ivs-operator -f argocd-cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/name: argocd-cm
    app.kubernetes.io/part-of: argocd
data:
"""


def health(kind: str) -> str:
    """The health check of a kind."""
    return (CUSTOMIZATIONS / kind / "health.lua").read_text()


def actions() -> dict[str, str]:
    """The actions by name; `discovery` is what tells which are offered."""
    folder = CUSTOMIZATIONS / WRITTEN / "actions"
    found = {path.parent.name: path.read_text() for path in sorted(folder.glob("*/action.lua"))}
    return {"discovery": (folder / "discovery.lua").read_text(), **found}


def config_map() -> str:
    """The ConfigMap, as text: blocks keep the Lua readable, which a YAML library would not."""
    entries = "".join(_entry(f"health.{GROUP}_{kind}", health(WRITTEN)) for kind in sorted(KINDS))
    offered = "".join(_entry(f"actions.{GROUP}_{kind}", _actions_text()) for kind in sorted(_with_actions()))
    return _HEADER + entries + offered


def files() -> Iterator[tuple[Path, str]]:
    """Every file that is made, and what must be in it."""
    original = CUSTOMIZATIONS / WRITTEN
    for kind in KINDS:
        if kind != WRITTEN:
            yield CUSTOMIZATIONS / kind / "health.lua", health(WRITTEN)
    for kind in _with_actions():
        if kind != WRITTEN:
            for path in sorted((original / "actions").rglob("*.lua")):
                yield CUSTOMIZATIONS / kind / path.relative_to(original), path.read_text()
    yield CONFIG_MAP, config_map()


def _with_actions() -> list[str]:
    return [kind.kind for kind in MANAGED_KINDS if kind.kind != AWS_ACCOUNT.kind]


def _actions_text() -> str:
    offered = dict(actions())
    text = _entry("discovery.lua", offered.pop("discovery"), key="", indent="") + "definitions:\n"
    for name, script in offered.items():
        text += f"  - name: {name}\n" + _entry("action.lua", script, key="", indent="    ")
    return text


def _entry(name: str, text: str, *, key: str = "resource.customizations.", indent: str = "  ") -> str:
    lines = "".join(f"{indent}  {line}".rstrip() + "\n" for line in text.splitlines())
    return f"{indent}{key}{name}: |\n{lines}"
