"""`python -m site_sources` (PYTHONPATH=docs): write the reference pages."""

from site_sources.reference import DOCS, write

for path in write():
    print(path.relative_to(DOCS.parent))  # noqa: T201
