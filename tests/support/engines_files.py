"""Files of published Go modules that tests need beside programs, such as the CRDs of Prometheus Operator."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ivs_sandbox.errors import SandboxError
from ivs_sandbox.progress import Progress
from support.engines_sources import EngineError, Store

__all__ = ["PROMETHEUS_OPERATOR", "prometheus_operator_crds"]

PROMETHEUS_OPERATOR: Final = ("github.com/prometheus-operator/prometheus-operator", "v0.85.0")
_CRDS: Final = Path("example/prometheus-operator-crd")
_KINDS: Final = ("servicemonitors", "podmonitors", "prometheusrules")


def prometheus_operator_crds(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder with the CRDs of ServiceMonitor, PodMonitor and PrometheusRule (a download of seconds, once).

    Raises:
        EngineError: with what to install.
    """
    module, version = PROMETHEUS_OPERATOR
    store, progress = Store(environ, "prometheus-operator-crds"), Progress()
    kept = store.root / f"prometheus-operator-crds-{version}"
    if kept.is_dir():
        return kept
    try:
        with store.locked(progress.say):
            if kept.is_dir():
                return kept
            progress.begin(f"getting the CRDs of Prometheus Operator {version}", "about 10 seconds, once")
            answer = store.go(environ, progress).run(
                "mod", "download", "-json", f"{module}@{version}", folder=store.work
            )
            (store.work / "crds").mkdir()
            for kind in _KINDS:
                name = f"monitoring.coreos.com_{kind}.yaml"
                shutil.copyfile(Path(json.loads(answer)["Dir"]) / _CRDS / name, store.work / "crds" / name)
            (store.work / "crds").rename(kept)
            progress.end()
    except SandboxError as error:
        progress.abandon()
        raise EngineError(
            f"tests need the CRDs of Prometheus Operator and can't get them: {error}\n"
            "Install Go and let `go` reach a module proxy (GOPROXY)."
        ) from error
    return kept
