"""The manifests that ship with the project: under `manifests/` in a checkout, beside this file in a wheel."""

from pathlib import Path
from typing import Final

from ivs_sandbox.errors import SandboxError

__all__ = ["manifests", "samples"]

_PLACES: Final = (Path(__file__).with_name("manifests"), Path(__file__).parents[2] / "manifests")


def manifests(name: str) -> Path:
    """The folder `manifests/<name>`.

    Raises:
        SandboxError: this installation has none.
    """
    for place in _PLACES:
        if (place / name).is_dir():
            return place / name
    raise SandboxError(
        f"the manifests ({name}) are not part of this installation; run `make demo` in a checkout of the repository"
    )


def samples(*names: str) -> list[Path]:
    """Files of `manifests/samples`, by name without `.yaml`."""
    return [manifests("samples") / f"{name}.yaml" for name in names]
