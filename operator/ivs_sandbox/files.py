"""Files that only their owner may read, and that readers in other processes see whole or not at all."""

import os
import re
import tempfile
from pathlib import Path


def write_private(path: Path, content: bytes) -> Path:
    """Write mode 0600 under a temporary name, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return Path(partial).replace(path)


def file_name(*words: str) -> str:
    """A file name out of words that may hold anything, such as `system:serviceaccount:a:b`."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(words)).strip("-.")[:100]
