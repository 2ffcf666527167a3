"""The HTML report in a real browser: it draws, sorts, filters and zooms, and hostile names do
nothing."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from aklo_analysis.report import build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.html.document import document
from aklo_analysis.reporters.html.page import HtmlPage

from .compare.test_html import page, without_some
from .sample import sample_trace
from .synthetic_trace import MS, SyntheticTrace
from .test_html_report import NASTY, hostile

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
DRIVER = "chromedriver"
ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--force-prefers-reduced-motion",
)
SIZE = (1300, 900)

TEXTS = """
    const found = document.querySelectorAll(".frame, .lanes .bar, code, td, dd");
    return [...found].map(one => one.textContent);
"""

Driver = webdriver.Chrome


@pytest.fixture(scope="module")
def browser() -> Iterator[Driver]:
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which(DRIVER)
    if binary is None or driver is None:
        pytest.skip(f"there is no browser here: one of {', '.join(BROWSERS)}, and {DRIVER}")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ARGUMENTS:
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options, webdriver.ChromeService(driver))
    found.set_window_size(*SIZE)
    yield found
    found.quit()


Open = Callable[[str], Driver]


@pytest.fixture
def opened(browser: Driver, tmp_path: Path) -> Iterator[Open]:
    """Opens pages, and sees that no script of theirs fails."""

    def open_page(html: str) -> Driver:
        (tmp_path / "report.html").write_text(html, encoding="utf-8")
        browser.get(f"file://{tmp_path}/report.html")
        return browser

    yield open_page
    assert browser.get_log("browser") == []


def html(trace: SyntheticTrace) -> str:
    stream = io.StringIO()
    REPORTERS["html"](build(trace, top=30, over_time=True), stream, Options(width=None))
    return stream.getvalue()


@pytest.fixture(scope="module")
def sample() -> str:
    return html(sample_trace())


def page_of(*cells: tuple[str, str]) -> str:
    """A page with one table, of a number and a name."""
    page, grid = HtmlPage(), Grid((Column("number"), Column("name", "left")))
    for row in cells:
        grid.add(*row)
    grid.add("9h00m", "all", style="strong", closing=True)
    page.titled("Numbers", grid)
    return document("aklo-trace", "test", page.sections, {})


def all_of(browser: Driver, selector: str) -> list[WebElement]:
    return browser.find_elements(By.CSS_SELECTOR, selector)


def one_of(browser: Driver, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def titled(browser: Driver, title: str, within: str = "body") -> WebElement:
    return one_of(browser, within).find_element(By.XPATH, f".//button[text()='{title}']")


def names(browser: Driver) -> list[str]:
    """The last cells of all rows of a table that are shown."""
    return [cell.text for cell in all_of(browser, "tbody tr:not([hidden]) td:last-child")]


def frame(browser: Driver, name: str) -> WebElement:
    return one_of(browser, ".flame").find_element(By.XPATH, f"./div[text()='{name}']")


def focused(browser: Driver) -> str:
    return browser.switch_to.active_element.text


def press(browser: Driver, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


SORTED = (
    *("3h07m", "2m05s", "119s", "1.23s", "999ms", "45.6ms", "789µs", "12ns", "0"),
    "",
)


@pytest.mark.parametrize(
    "values",
    [
        SORTED,
        ("1.50TiB", "1.40GiB", "23.4MiB", "999KiB", "512B", ""),
        ("100%", "45%", "9%", "<1%", ""),
        ("1,234,567", "98,765", "1,000", "999", "2", ""),
        ("+1.50s", "+20.0ms", "+0", ""),
    ],
)
def test_numbers_are_sorted_by_what_they_are(opened: Open, values: tuple[str, ...]) -> None:
    rows = [(value, f"name {place}") for place, value in enumerate(values)]
    browser = opened(page_of(*rows[::2], *rows[1::2]))
    title, expected = titled(browser, "number"), [name for _, name in rows]
    title.click()
    assert names(browser) == expected
    title.click()
    known = [name for value, name in rows if value]
    assert names(browser)[: len(known)] == known[::-1]
    header = one_of(browser, "th")
    assert header.get_attribute("aria-sort") == "ascending"
    assert one_of(browser, "tfoot td:last-child").text == "all"


def test_names_are_sorted_and_filtered_and_long_tables_are_short(opened: Open) -> None:
    browser = opened(page_of(*((str(number), f"row {99 - number}") for number in range(30))))
    assert len(names(browser)) == 10
    assert "the first 10 of 30 rows" in one_of(browser, ".tools").text
    titled(browser, "name").click()
    assert names(browser)[0] == "row 70"
    titled(browser, "Show all 30 rows").click()
    assert len(names(browser)) == 30
    one_of(browser, "input").send_keys("row 9")
    assert names(browser) == [f"row {number}" for number in range(90, 100)]
    assert "\n10 of 30 rows\n" in f"\n{one_of(browser, '.tools').text}\n"


def test_the_page_loads_nothing_and_draws_everything(opened: Open, sample: str) -> None:
    browser = opened(sample)
    loaded = "return performance.getEntriesByType('resource').map(one => one.name)"
    assert browser.execute_script(loaded) == []
    assert len(all_of(browser, ".frame")) >= 6
    assert len(all_of(browser, ".lanes .bar")) == 10
    assert len(all_of(browser, ".heat rect")) > 20


@pytest.mark.parametrize("name", NASTY)
def test_hostile_names_do_nothing(opened: Open, name: str) -> None:
    browser = opened(html(hostile(name)))
    assert len(all_of(browser, "script")) == 2
    assert all_of(browser, "img") == []
    shown = re.sub("[\x00-\x1f]", lambda found: f"\\x{ord(found[0]):02x}", name)
    shown = shown.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    texts = browser.execute_script(TEXTS)
    assert sum(shown in text for text in texts) > 5


def test_an_empty_trace_has_a_page_that_works(opened: Open) -> None:
    browser = opened(html(SyntheticTrace()))
    assert "Data quality" in one_of(browser, "main").text


def test_a_click_zooms_into_the_flame_graph_and_escape_out(opened: Open, sample: str) -> None:
    browser = opened(sample)
    whole = frame(browser, "all").size["width"]
    assert frame(browser, "sed").size["width"] < whole / 2
    frame(browser, "sed").click()
    assert frame(browser, "sed").size["width"] == whole
    assert frame(browser, "title_of").size["width"] == whole
    assert focused(browser) == "sed"
    frame(browser, "title_of").click()
    assert frame(browser, "title_of").size["width"] == whole
    assert whole * 88 / 995 - 2 < frame(browser, "sed").size["width"] < whole * 88 / 995 + 2
    press(browser, Keys.ESCAPE)
    assert frame(browser, "sed").size["width"] < whole / 2
    assert focused(browser) == "all"


def test_the_flame_graph_is_used_by_keyboard(opened: Open, sample: str) -> None:
    browser = opened(sample)
    browser.execute_script("document.querySelector('.flame [tabindex=\"0\"]').focus()")
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert focused(browser) == "main"
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert focused(browser).startswith("/tmp/evil")
    press(browser, Keys.ARROW_LEFT, Keys.ARROW_DOWN)
    assert focused(browser) == "title_of"
    press(browser, Keys.ENTER)
    assert frame(browser, "title_of").size["width"] == frame(browser, "all").size["width"]
    assert "function title_of, 995ms of wall time, 66%" in one_of(browser, ".details").text
    press(browser, Keys.HOME)
    assert focused(browser) == "all"
    assert len(all_of(browser, '.flame [tabindex="0"]')) == 1


def test_the_flame_graph_finds_names_and_changes_its_measure(opened: Open, sample: str) -> None:
    browser = opened(sample)
    one_of(browser, 'input[aria-label^="Find"]').send_keys("sed")
    assert [one.text for one in all_of(browser, ".frame.match")] == ["sed"]
    figure = one_of(browser, '[data-drawing="flame"]')
    assert "1 found: 88.0ms, 5% of wall time" in figure.text
    titled(browser, "by processes").click()
    assert "1 found: 8, 80% of processes" in figure.text
    assert titled(browser, "by processes").get_attribute("aria-pressed") == "true"


def test_what_is_more_is_red_and_what_is_less_is_blue(opened: Open) -> None:
    browser = opened(page([sample_trace()], [without_some()]))
    red, _, blue = colors(frame(browser, "awk"))
    assert red > blue
    red, _, blue = colors(frame(browser, "sed"))
    assert red < blue
    titled(browser, "by processes before").click()
    assert "awk" not in [one.text for one in all_of(browser, ".frame")]
    assert "3 less than before" in (frame(browser, "sed").get_attribute("aria-label") or "")


def colors(element: WebElement) -> list[int]:
    return [
        int(one) for one in re.findall(r"\d+", element.value_of_css_property("background-color"))
    ][:3]


def test_processes_are_zoomed_and_reached_by_keyboard(opened: Open, sample: str) -> None:
    browser = opened(sample)
    bars = all_of(browser, ".lanes .bar")
    before = bars[1].size["width"]
    titled(browser, "+").click()
    assert bars[1].size["width"] > 1.8 * before
    titled(browser, "All").click()
    assert bars[1].size["width"] == before
    browser.execute_script("arguments[0].focus()", bars[0])
    press(browser, Keys.ARROW_RIGHT)
    details = one_of(browser, '[data-drawing="timeline"] .details').text
    assert details.startswith(
        "sed -n 's/^title: *//p' /home/dev/project/backlog/item-20.md, pid 20"
    )
    assert details.endswith("52.0ms, from +200ms, exit status 0")


def test_the_heat_map_shows_one_class_and_single_cells(opened: Open, sample: str) -> None:
    browser = opened(sample)
    details = one_of(browser, '[data-drawing="heat"] .details')
    assert details.text.startswith("210 calls")
    browser.execute_script(
        "const s = document.querySelector('select');"
        "s.value = [...s.options].find(o => o.text === 'waiting for child processes').value;"
        "s.dispatchEvent(new Event('change'));"
    )
    assert details.text.startswith("8 calls")
    browser.execute_script("document.querySelector('.heat').focus()")
    press(browser, *[Keys.ARROW_RIGHT] * 26)
    assert re.match(r"[01] calls of 8\.39ms to 16\.8ms, from \+\d+ms to \+\d+ms", details.text)


def background(browser: Driver) -> Any:
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_the_page_is_light_or_dark_as_wanted(opened: Open) -> None:
    browser = opened(html(SyntheticTrace()))
    light = background(browser)
    titled(browser, "Dark").click()
    dark = background(browser)
    assert dark != light
    titled(browser, "Light").click()
    assert background(browser) == light
    wants_dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wants_dark})
    browser.refresh()
    assert background(browser) == dark
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_can_be_printed(opened: Open, sample: str) -> None:
    browser = opened(sample)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not one_of(browser, "nav").is_displayed()
    assert not any(one.is_displayed() for one in all_of(browser, "button:not(th button)"))
    assert one_of(browser, ".frame").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(browser.print_page()) > 20_000


def test_a_narrow_page_does_not_scroll_sideways(opened: Open, sample: str) -> None:
    browser = opened(sample)
    narrow = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width <= 400


def test_what_is_not_printed_is_said(opened: Open) -> None:
    browser = opened(page_of(*((str(number), f"row {number}") for number in range(30))))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert one_of(browser, ".tools").text == "the first 10 of 30 rows"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_frames_too_narrow_to_be_seen_are_one_frame(opened: Open) -> None:
    trace = SyntheticTrace(wall_ns=2000 * MS)
    shell = trace.process(1, 0, 2000 * MS)
    image = trace.image(shell, 0, "/bin/bash", "bash", "/s.sh", shell="bash 5.2.15")
    for number in range(1500):
        site = trace.site(f"f{number:04}", "/s.sh", number, (None, "/s.sh", 9))
        trace.call(1, "read", number * MS, MS, image_id=image, site_id=site)
    browser = opened(html(trace))
    rest = one_of(browser, "[data-rest]")
    assert rest.text == "(1,499 narrow)"
    assert rest.size["width"] > one_of(browser, ".flame").size["width"] / 2
    rest.click()
    assert len(all_of(browser, ".flame .function")) == 500
    titles = [one.text for one in all_of(browser, "[data-rest]")]
    assert titles == ["(1,499 narrow)", "(999 narrow)"]
    all_of(browser, "[data-rest]")[1].click()
    titles = [one.text for one in all_of(browser, "[data-rest]")]
    assert titles == ["(999 narrow)", "(499 narrow)"]
