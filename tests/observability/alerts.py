"""The alerts that ship, as data: what each measures, and what that is compared to."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["PATH", "Alert", "alerts"]

PATH: Final = Path(__file__).resolve().parents[2] / "manifests" / "alerts" / "alerts.yaml"
_LIMIT: Final = re.compile(r"^(?P<measure>.+) (?P<limit>[<>] [0-9.]+)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule; `measure` is the expression without its limit, which must have data while all is well, too."""

    name: str
    measure: str
    limit: str
    rule: dict[str, Any]


def alerts() -> tuple[Alert, ...]:
    """All of them, in order of the file."""
    groups = yaml.safe_load(PATH.read_text())["groups"]
    return tuple(_alert(rule) for group in groups for rule in group["rules"])


def _alert(rule: dict[str, Any]) -> Alert:
    parts = _LIMIT.match(rule["expr"])
    assert parts, f"{rule['alert']}: the expression must end with what it is compared to"
    return Alert(rule["alert"], parts["measure"], parts["limit"], rule)
