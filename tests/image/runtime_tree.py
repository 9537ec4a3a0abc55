"""The image's tree, made from packages that are here instead of a download: what is not in it is not there."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["LOCK", "ROOT", "RuntimeTree", "build", "locked", "tree_module"]

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = ROOT / "image" / "requirements.lock"


def tree_module() -> ModuleType:
    """image/tree.py, which runs where the image is built."""
    spec = importlib.util.spec_from_file_location("image_tree", ROOT / "image" / "tree.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes by the name of what a lock pins."""
    pins: dict[str, tuple[str, frozenset[str]]] = {}
    for block in re.split(r"\n(?=\S)", path.read_text().strip()):
        found = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\\n]+)", block)
        assert found, f"{path.name}: {block.splitlines()[0]!r} pins no version"
        pins[found[1]] = (found[2], frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block)))
    return pins


@dataclass(frozen=True, slots=True)
class RuntimeTree:
    """A folder of packages; run with it, Python sees them and its standard library, nothing else."""

    packages: Path

    @property
    def program(self) -> list[str]:
        """The operator's command, without this environment's site-packages."""
        return [*self.python, "-m", "ivs_operator"]

    @property
    def python(self) -> list[str]:
        """Python, likewise."""
        code = f"PYTHONPATH={self.packages}"
        return ["/usr/bin/env", code, "PYTHONDONTWRITEBYTECODE=1", sys._base_executable, "-S", "-sP"]  # type: ignore[attr-defined]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in it to the end."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IVS_", "AWS_"))}
        return subprocess.run(
            [*self.python, *arguments], capture_output=True, text=True, check=False, timeout=120, env=kept, cwd="/"
        )


def build(folder: Path) -> RuntimeTree:
    """Link the locked packages and copy the operator, as the Dockerfile does; then prune as it does."""
    for name in locked(LOCK):
        _link(distribution(name), folder)
    hidden = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "operator" / "ivs_operator", folder / "ivs_operator", ignore=hidden)
    tree_module().prune(folder)
    return RuntimeTree(folder)


def _link(package: Distribution, folder: Path) -> None:
    for file in package.files or ():
        if file.parts[0] == ".." or file.suffix == ".pyc":  # commands, and what is compiled
            continue
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(str(file.locate()))
