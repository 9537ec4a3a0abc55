"""How engines are found: PATH's when it fits, else ours, and never silence when there is none."""

import os
from pathlib import Path

import pytest

from ivs_sandbox.progress import Progress
from support.engines import ENGINES, EngineError, find


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Nothing in the cache, nothing on PATH but what a test puts there, and no registry to get Go from."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PIP_NO_INDEX": "1"}


def put(environ: dict[str, str], name: str, says: str) -> Path:
    program = Path(environ["PATH"]) / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def test_what_is_on_path_and_new_enough_is_taken(environ: dict[str, str]) -> None:
    program = put(environ, "helm", "v4.2.0")
    assert find("helm", environ, Progress()) == program


@pytest.mark.parametrize(
    ("says", "why"), [("v3.19.0", "is 3.19.0, not 4.1.0 or a newer 4"), ("hello", "does not tell")]
)
def test_what_does_not_fit_is_named_with_what_to_install(environ: dict[str, str], says: str, why: str) -> None:
    put(environ, "helm", says)
    with pytest.raises(EngineError) as told:
        find("helm", environ, Progress())
    assert why in str(told.value)
    assert "Install Go" in str(told.value)
    assert "put helm v4" in str(told.value)


def test_without_debian_the_package_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(EngineError) as told:
        find("promtool", environ, Progress())
    assert "not on PATH" in str(told.value)
    assert "there is no apt-get" in str(told.value)
    assert "Install the package prometheus" in str(told.value)


def test_what_is_in_the_cache_is_taken_before_anything_else(environ: dict[str, str]) -> None:
    put(environ, "helm", "v4.9.0")
    source = ENGINES["helm"].source
    kept = Path(environ["XDG_CACHE_HOME"]) / "ivs-operator" / "engines" / f"helm-{source.edition()}" / "helm"
    kept.parent.mkdir(parents=True)
    kept.write_text("#!/bin/sh\n")
    kept.chmod(0o755)
    assert find("helm", environ, Progress()) == kept
    assert os.access(kept, os.X_OK)
