"""The site builds without a warning, its reference is the code's own, and every link leads somewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from site_sources.reference import FOLDER, pages

from docs.pages import PAGES, ROOT

_IN_TEXT = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(built)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return built


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.targets |= {value for key in ("href", "src") if (value := found.get(key))}
        self.names |= {value for key in ("id", "name") if (value := found.get(key))}


def _links(page: Path) -> _Links:
    links = _Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def test_every_link_of_the_site_leads_to_a_page_and_a_heading_that_exist(site: Path) -> None:
    found = {page: _links(page) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(found) > 30
    broken = []
    for page, links in found.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or target.startswith("//"):
                continue
            goal = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            goal = goal / "index.html" if goal.is_dir() else goal
            if not goal.exists():
                broken.append(f"{page.relative_to(site)}: {target}")
            elif parts.fragment and goal in found and unquote(parts.fragment) not in found[goal].names:
                broken.append(f"{page.relative_to(site)}: {target}: no such heading")
    assert not broken


def test_the_site_needs_no_other_host_to_be_read(site: Path) -> None:
    asked = set()
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        asked |= set(
            re.findall(r'<(?:script|img|link rel="stylesheet")[^>]+(?:src|href)="(?:https?:)?//([^"/]+)', text)
        )
    assert not asked


def test_links_in_the_repository_lead_to_files() -> None:
    """As one reads a page in the repository, where nothing is rewritten."""
    broken = []
    for page in PAGES:
        for target in _IN_TEXT.findall(page.read_text(encoding="utf-8")):
            parts = urlsplit(target)
            if parts.path and not parts.scheme and not (page.parent / parts.path).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def test_the_reference_is_what_the_code_says() -> None:
    written = {page.name: page.read_text(encoding="utf-8") for page in FOLDER.glob("*.md")}
    assert written == pages(), "run `make generate` and commit docs/reference"


def test_nothing_of_a_machine_or_an_index_is_in_the_texts() -> None:
    """What is written once in a text stays: folders of whoever wrote it, addresses of package indexes."""
    private = re.compile(
        r"/(?:root|home/\w+|work|tmp/\w{3,}_jobs)/|--(?:extra-)?index-url|pypi\.|artifactory|jfrog", re.IGNORECASE
    )
    found = [
        f"{page.relative_to(ROOT)}: {match[0]}"
        for page in PAGES
        for match in private.finditer(page.read_text(encoding="utf-8"))
    ]
    assert not found
