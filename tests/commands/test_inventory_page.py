"""The inventory's page in a real browser: offline, sorted, filtered, on a phone, and deaf to whatever a tag says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error, sync_playwright

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.commands.inventory_page import as_page
from ivs_operator.domain.inventory_rows import COLUMNS, rows_of
from ivs_operator.domain.listed import Listed
from ivs_operator.domain.observed import Configuration, ConsumerIndex
from support.objects import CHAT, RECORDING, REGION, channel, configuration, room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
EVIL = '"><script>document.title="owned"</script><img src=x onerror=document.title="owned">'
WIDE, PHONE = (1400, 900), (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's browser; the page is for what people have, so an engine that is like theirs must judge it."""
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except Error as error:
            pytest.fail(f"no browser at {CHROMIUM}: apt-get install -y chromium ({str(error).splitlines()[0]})")
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recordings = [
        configuration("vod", RECORDING, name="vod", owner=None),
        configuration("bad", RECORDING, name="bad", state="CREATE_FAILED", tags={"team": EVIL}),
    ]
    logs = [configuration(f"l{n:02}", CHAT, name=f"logs-{n}", owner=None, tags={"env": f"e{n % 3}"}) for n in range(30)]
    channels = ConsumerIndex([channel(f"c{n:02}x", "vod") for n in range(12)])
    rooms = ConsumerIndex([room(f"r{n:02}x", "l09") for n in range(9)])
    rows = rows_of([listed(RECORDING, recordings, channels), listed(CHAT, logs, rooms)])
    path = tmp_path_factory.mktemp("page") / "inventory.html"
    path.write_text(as_page(rows, made_at="2026-11-21T12:00:00Z", gaps=[f"could not read {EVIL}"]), encoding="utf-8")
    return path


def listed(kind: Any, items: list[Configuration], consumers: ConsumerIndex | None) -> Listed:
    return Listed(kind, REGION, "", tuple(items), consumers)


@pytest.fixture
def page(browser: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page without a network; whatever it complains of or asks for fails the test."""
    width, height = getattr(request, "param", WIDE)
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("console", lambda message: trouble.append(message.text))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("request", lambda asked: trouble.append(asked.url) if not asked.url.startswith("file:") else None)
    opened.goto(file.as_uri())
    yield opened
    context.close()
    assert trouble == []


def names(page: Page) -> list[str]:
    """Names of the rows that show, in order."""
    shown = page.locator("tbody tr:visible td[data-column=name]")
    return [text.strip() for text in shown.all_inner_texts()]


def sort(page: Page, column: str) -> None:
    page.locator(f"th[data-column={column}] button").click()


def test_every_column_and_row_is_there(page: Page) -> None:
    columns = page.locator("th").evaluate_all("found => found.map(item => item.dataset.column)")
    assert sorted(columns) == sorted(COLUMNS)
    assert page.locator("th").first.inner_text().strip() == "name"
    assert len(names(page)) == 32
    assert page.locator("#count").inner_text() == "32 of 32 shown"


def test_sorting_by_text_and_by_number(page: Page) -> None:
    sort(page, "name")
    assert names(page)[:4] == ["bad", "logs-0", "logs-1", "logs-2"]
    assert names(page).index("logs-9") < names(page).index("logs-10"), "numbers in names count as numbers"
    sort(page, "name")
    assert names(page)[0] == "vod"
    assert page.locator("th[data-column=name]").get_attribute("aria-sort") == "descending"
    sort(page, "associations")
    sort(page, "associations")
    assert names(page)[:2] == ["vod", "logs-9"], "12 before 9, which text would not have"
    sort(page, "managed_by")
    assert names(page)[0] == "bad", "what has nobody comes last"
    sort(page, "managed_by")
    assert names(page)[0] == "bad", "in both directions"


def test_filtering(page: Page) -> None:
    page.fill("#search", "logs e1")
    assert len(names(page)) == 10
    assert page.locator("#count").inner_text() == "10 of 32 shown"
    page.fill("#search", "r05x")
    assert names(page) == ["logs-9"], "also by a room that is folded away"
    page.fill("#search", "nothing-like-this")
    assert page.locator("#none").is_visible()
    page.fill("#search", "")
    page.select_option("select[data-column=state]", "CREATE_FAILED")
    assert names(page) == ["bad"]
    page.select_option("select[data-column=managed_by]", "")
    assert names(page) == [], "both choices hold"
    page.select_option("select[data-column=state]", "*")
    assert len(names(page)) == 31


def test_associations_unfold(page: Page) -> None:
    row = page.locator("tbody tr").filter(has_text="recording-configuration/vod")
    assert row.locator("summary").inner_text() == "12"
    assert not row.locator("li").first.is_visible()
    row.locator("summary").click()
    assert row.locator("li").count() == 12
    assert row.locator("li").first.is_visible()


def test_a_tag_is_text_whatever_it_says(page: Page) -> None:
    assert page.title() == "IVS inventory"
    assert page.locator("img").count() == 0
    shown = page.locator("tbody tr").filter(has_text="CREATE_FAILED").locator("td[data-column=tags]").inner_text()
    assert EVIL in shown
    assert TAG_OWNER in shown
    assert EVIL in page.locator(".gaps").inner_text()


def test_no_script_but_its_own_runs(browser: Browser, file: Path) -> None:
    """Should escaping ever fail, the page's policy still refuses what was smuggled in."""
    context = browser.new_context(offline=True)
    opened = context.new_page()
    refused: list[str] = []
    opened.on("console", lambda message: refused.append(message.text))
    opened.goto(file.as_uri())
    opened.evaluate(
        "const script = document.createElement('script'); script.textContent = 'document.title = `owned`';"
        "document.body.append(script)"
    )
    assert opened.title() == "IVS inventory"
    assert any("Content Security Policy" in text for text in refused)
    context.close()


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_on_a_phone_rows_are_cards_that_fit(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0], "nobody has to scroll sideways"
    card = page.locator("tbody tr").first
    box = card.bounding_box()
    assert box is not None
    assert box["width"] <= PHONE[0]
    assert box["height"] > 200, "a card, not a line"
    sizes = page.locator("td:visible").evaluate_all("found => found.map(item => item.scrollWidth - item.clientWidth)")
    assert max(sizes) <= 0, "no cell is cut off"
    page.fill("#search", "recording-configuration/vod")
    assert names(page) == ["vod"]


def test_it_says_the_same_without_scripts(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    opened = context.new_page()
    opened.goto(file.as_uri())
    text = opened.locator("body").inner_text()
    assert "logs-29" in text
    assert "2026-11-21T12:00:00Z" in text
    context.close()


def test_nothing_is_fetched_from_anywhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "http://" not in text.replace(EVIL, "")
    assert "https://" not in text
    assert "<link" not in text
