"""For mkdocs: links out of docs/ lead to the repository on the site, as they do when a page is read in the repository.

A link to what does not exist ends the build.
"""

import re
from pathlib import Path
from posixpath import normpath
from typing import Any, Final

from mkdocs.exceptions import PluginError

__all__ = ["on_page_markdown"]

_ROOT: Final = Path(__file__).parents[2]
_LINK: Final = re.compile(r"(?<=\]\()(?P<target>\.\./[^)#\s]*)(?P<anchor>#[^)\s]*)?(?=\))")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Put the repository's address before each link that leaves docs/ (mkdocs calls this for every page).

    Raises:
        PluginError: the link leads to nothing.
    """
    del files
    folder = Path("docs", page.file.src_uri).parent

    def address(link: re.Match[str]) -> str:
        path = normpath((folder / link["target"]).as_posix())
        if path.split("/")[0] == "docs":
            return link[0]
        if path.startswith("..") or not (_ROOT / path).exists():
            raise PluginError(f"{page.file.src_uri}: the link to {link['target']} leads to nothing")
        kind = "tree" if (_ROOT / path).is_dir() else "blob"
        return f"{config.repo_url.rstrip('/')}/{kind}/main/{path}{link['anchor'] or ''}"

    return _LINK.sub(address, markdown)
