"""The tools that judge health: kstatus, Flux's expressions and Argo CD's Lua, each by what its project runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lupa import luajit21

from gitops.argo import health
from support.engines import engine

__all__ = ["EXPRESSIONS", "FLUX", "Verdict", "Verdicts", "as_lua", "judge", "judge_in_luajit", "refused_by_flux"]

FLUX = Path(__file__).parents[2] / "manifests" / "flux"
EXPRESSIONS = {
    entry["kind"]: {word: text for word, text in entry.items() if word in {"inProgress", "failed", "current"}}
    for entry in yaml.safe_load((FLUX / "health-checks.yaml").read_text())["healthCheckExprs"]
}
_LIBRARIES = ("string", "math", "os", "io", "debug", "package", "coroutine", "bit", "jit", "require", "python")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a tool says of an object; `error` when it could not tell."""

    status: str = ""
    message: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What each tool says of one object."""

    kstatus: Verdict
    flux: Verdict
    argo: Verdict


def judge(objects: Iterable[Mapping[str, Any]]) -> list[Verdicts]:
    """Ask Flux's and Argo CD's own libraries, all objects at once."""
    scripts: dict[str, str] = {}
    questions = []
    for item in objects:
        kind = str(item["kind"])
        lua = scripts.setdefault(kind, health(kind))
        questions.append({"object": item, "expressions": EXPRESSIONS[kind], "lua": lua})
    answers = _ask("health", questions)
    return [Verdicts(**{tool: Verdict(**said) for tool, said in answer.items()}) for answer in answers]


def refused_by_flux(manifests: Iterable[Mapping[str, Any]]) -> list[str]:
    """For each manifest what a strict decoder of Flux's own types says against it; empty when nothing."""
    return [answer.get("error", "") for answer in _ask("strict", manifests)]


def judge_in_luajit(item: Mapping[str, Any]) -> Verdict:
    """A second implementation of Lua, without any library."""
    runtime = luajit21.LuaRuntime(unpack_returned_tuples=True, register_eval=False, register_builtins=False)
    names = runtime.globals()
    for library in _LIBRARIES:
        names[library] = None
    names["obj"] = as_lua(runtime, item)
    try:
        answer = runtime.execute(health(str(item["kind"])))
    except luajit21.LuaError as error:
        return Verdict(error=str(error))
    return Verdict(answer["status"], answer["message"] or "")


def as_lua(runtime: Any, value: Any) -> Any:
    """A value as a table of Lua, nested ones included."""
    if isinstance(value, Mapping):
        return runtime.table_from({key: as_lua(runtime, item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return runtime.table_from([as_lua(runtime, item) for item in value])
    return value


def _ask(command: str, questions: Iterable[Any]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    answer = subprocess.run(
        [engine("gitops-health"), command], input=lines, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]
