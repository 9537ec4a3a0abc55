"""The chart's RBAC rules, out of manifests/base: the same, and their two halves for an operator of some namespaces."""

from pathlib import Path
from typing import Any, Final

import yaml

from ivs_operator.api.names import GROUP

__all__ = ["Rule", "chart_rules", "rules_of"]

Rule = dict[str, Any]
_CLUSTER_SCOPED: Final = "awsaccounts"


def chart_rules(base: Path) -> dict[str, list[Rule]]:
    """Rules by the name of the role that has them.

    `cluster` is everything. For an operator that watches some namespaces it is split: `scoped-namespaces` is bound in
    each of these, `scoped-cluster` everywhere. Finalizer and status of our own kinds stay cluster-wide, and so does the
    look at one object before its deletion: a namespace that is deleted loses its RoleBindings before the operator has
    let go of what is in it. The List of all objects, too: an AWSAccount that is deleted must not go while an object of
    another installation needs it.
    """
    cluster = rules_of(base / "cluster-role.yaml")
    halves = [_halves(rule) for rule in cluster]
    return {
        "cluster": cluster,
        "scoped-cluster": [rule for wide, _ in halves for rule in wide],
        "scoped-namespaces": [rule for _, narrow in halves for rule in narrow],
        "lease": rules_of(base / "lease-role.yaml"),
    }


def rules_of(role: Path) -> list[Rule]:
    """The rules of a role in a file."""
    return list(yaml.safe_load(role.read_text())["rules"])


def _halves(rule: Rule) -> tuple[list[Rule], list[Rule]]:
    """What of a rule must hold everywhere, and what in the namespaces only."""
    if rule["apiGroups"] == ["events.k8s.io"]:
        return [], [rule]
    if rule["apiGroups"] != [GROUP]:
        return [rule], []
    namespaced = [name for name in rule["resources"] if name.partition("/")[0] != _CLUSTER_SCOPED]
    seen = [verb for verb in rule["verbs"] if verb in {"list", "watch"}]
    kept = [verb for verb in rule["verbs"] if verb != "watch"]
    if namespaced != rule["resources"]:
        others = [name for name in rule["resources"] if name not in namespaced]
        wide, narrow = _halves({**rule, "resources": namespaced}) if namespaced else ([], [])
        return [{**rule, "resources": others}, *wide], narrow
    return [{**rule, "verbs": kept}] if kept else [], [{**rule, "verbs": seen}] if seen else []
