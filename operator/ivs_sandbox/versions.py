"""Which control plane we run, and how versions compare."""

import re
from dataclasses import dataclass
from typing import Final, Self

KUBERNETES: Final = "v1.36.3"
ETCD: Final = "v3.6.14"
# The `go` line of k8s.io/kubernetes v1.36.3's go.mod; with GOTOOLCHAIN=local an older Go refuses it.
GO: Final = "1.26.0"
# CEL rules in our CRDs need what became stable in this minor version.
OLDEST_KUBERNETES: Final = "v1.30.0"

_NUMBERS = re.compile(r"\bv?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A release number; pre-release suffixes are ignored, they never matter here."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def find(cls, text: str) -> Self | None:
        """The first version in a text such as the answer to `--version`, or None."""
        found = _NUMBERS.search(text)
        return cls(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """A version that must be there; raises ValueError."""
        found = cls.find(text)
        if found is None:
            raise ValueError(f"no version in {text!r}")
        return found

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"
