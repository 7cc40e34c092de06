"""The page of a run in a real browser: nothing goes wrong, nothing is asked of a network, and it does what it says.

Left out where there is no Chromium. KGEN_CHROMIUM names one; KGEN_SCREENSHOTS is a folder for pictures of each page.
A page takes ten seconds where no GPU draws it, so most of them are looked at with KGEN_LIVE=1 alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import NAMES, PATIENCE, Browser, chromium
from runs import run

from kgen.report.page_data import Run

pytest.importorskip("plotly", reason="plotly is not installed: pip install 'kgen[report]'")
from kgen.report.page import page

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason=f"there is no browser: none of {', '.join(NAMES)} is in the PATH"
)

SLOW = pytest.mark.skipif(not os.environ.get("KGEN_LIVE"), reason="draws for minutes without a GPU: set KGEN_LIVE=1")

PLAIN, ODD = run(40), run(30, 2, odd=True)
NOTHING = run(6, broken=1)
ONE = run(1, broken=0)
MANY = run(300, 3)
PLOT = "document.getElementById('plot-objective')"
SHOWN = "document.querySelectorAll('#trials tbody tr:not([hidden])').length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert PROGRAM is not None
    made = Browser(PROGRAM, tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("plain") / "report.html"
    file.write_text(page(PLAIN), "utf-8")
    return file


@pytest.mark.parametrize(
    ("width", "dark"),
    [
        pytest.param(1280, False, id="wide and light"),
        pytest.param(400, True, id="narrow and dark", marks=SLOW),
    ],
)
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("plain", PLAIN, id="forty trials", marks=SLOW),
        pytest.param("odd", ODD, id="hostile and Korean names"),
        pytest.param("nothing", NOTHING, id="no trial has a value", marks=SLOW),
        pytest.param("one", ONE, id="one trial", marks=SLOW),
    ],
)
def test_a_page_is_drawn_quietly(
    browser: Browser, tmp_path: Path, name: str, shown: Run, width: int, dark: bool
) -> None:
    assert _wrong(browser, tmp_path, f"{name}-{width}-{'dark' if dark else 'light'}", shown, width, dark=dark) == []


@SLOW
def test_hundreds_of_trials_are_drawn_quietly(browser: Browser, tmp_path: Path) -> None:
    assert _wrong(browser, tmp_path, "many-1280-light", MANY, 1280, dark=False) == []


def _wrong(browser: Browser, folder: Path, name: str, shown: Run, width: int, *, dark: bool) -> list[str]:
    """Draw a page, and say what is wrong with it."""
    file = folder / "report.html"
    file.write_text(page(shown), "utf-8")
    browser.show(file, width, dark=dark)
    asked = [url for url in browser.asked if not url.startswith(("data:", "blob:"))]  # those two are in the page
    wanted = len(json.loads(browser.ask("document.getElementById('figures').textContent"))["figures"])
    plots = "[...document.querySelectorAll('.plot')]"
    holds = {
        f"the page asked for {asked}": asked == [file.resolve().as_uri()],
        f"the page complained: {browser.said}": browser.said == [],
        "a name became script": browser.ask("document.title") == "iris-붓꽃 (dev)",
        "the page is wider than its window": browser.ask("document.documentElement.scrollWidth") <= width,
        "not what there is to plot": browser.ask("document.querySelectorAll('.plot .main-svg').length > 0")
        is (wanted > 0),
        "an empty plot": browser.ask(f"{plots}.every((each) => each.data && each.data.length)") is True,
        "a picture, or a link in a plot": browser.ask("document.querySelectorAll('img, .plot a[href]').length") == 0,
    }
    pictures = os.environ.get("KGEN_SCREENSHOTS")
    if pictures:
        browser.picture(Path(pictures) / f"{name}.png")
    return [what for what, is_so in holds.items() if not is_so]


@SLOW
def test_colours_follow_the_scheme_while_the_page_is_open(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    light = browser.ask(f"{PLOT}.layout.font.color")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.until(f"{PLOT}.layout.font.color !== {json.dumps(light)}")
    assert browser.said == []


@SLOW
def test_the_pointer_is_told_what_a_trial_is(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    x, y = _point(browser)
    browser.mouse("mouseMoved", x, y)
    browser.until("document.querySelector('#plot-objective .hoverlayer .hovertext')")
    said = browser.ask("document.querySelector('#plot-objective .hoverlayer .hovertext').textContent")
    assert "iris-" in said
    assert "optimizer = " in said


@SLOW
def test_a_click_leads_to_the_row(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    x, y = _point(browser)
    browser.mouse("mouseMoved", x, y)
    browser.mouse("mousePressed", x, y)
    browser.mouse("mouseReleased", x, y)
    browser.until("location.hash.startsWith('#trial-')")
    assert browser.ask("document.querySelector(location.hash).closest('#trials') !== null")


def test_a_brush_on_an_axis_chooses_trials_everywhere(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    assert browser.ask(SHOWN) == 40
    _brush(browser)
    chosen = browser.ask("document.querySelector('#chosen span').textContent")
    count = browser.ask(SHOWN)
    assert 0 < count < 40
    assert chosen.startswith(f"{count} of 40")
    dimmed = browser.ask(f"{PLOT}.data.filter((each) => each.customdata).every((each) => each.selectedpoints)")
    assert dimmed is True
    _picture(browser, "brushed")
    browser.ask("document.querySelector('#chosen button').click()")
    browser.until(f"{SHOWN} === 40")
    assert browser.ask("document.getElementById('plot-parallel').data[0].dimensions[0].constraintrange || null") is None
    assert browser.said == []


@SLOW
def test_a_brush_stays_when_the_scheme_changes(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    _brush(browser)
    count, light = browser.ask(SHOWN), browser.ask(f"{PLOT}.layout.font.color")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.until(f"{PLOT}.layout.font.color !== {json.dumps(light)}")
    assert browser.ask(SHOWN) == count
    marked = f"{PLOT}.data.some((each) => each.selectedpoints && each.selectedpoints.length < each.x.length)"
    browser.until(marked)


@SLOW
def test_headings_sort_the_table(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    heads = browser.ask("[...document.querySelectorAll('#trials th[scope=col]')].map((each) => each.textContent)")
    at = heads.index("lr")
    button = f"document.querySelectorAll('#trials thead button')[{at}]"
    cells = f"[...document.querySelectorAll('#trials tbody tr')].map((row) => Number(row.cells[{at}].dataset.v))"
    browser.ask(f"{button}.click()")
    rising = browser.ask(cells)
    browser.ask(f"{button}.click()")
    assert rising == sorted(rising)
    assert browser.ask(cells) == rising[::-1]
    assert browser.ask(f"{button}.parentNode.getAttribute('aria-sort')") == "descending"
    value = heads.index("accuracy")
    browser.ask(f"document.querySelectorAll('#trials thead button')[{value}].click()")
    texts = f"[...document.querySelectorAll('#trials tbody tr')].map((row) => row.cells[{value}].textContent)"
    found = browser.ask(texts)
    assert found[-1] == "", "a trial without a value comes last"
    assert [float(each) for each in found if each] == sorted(float(each) for each in found if each)


@SLOW
def test_a_log_opens_from_the_table(browser: Browser, plain: Path) -> None:
    browser.show(plain, 1280)
    browser.ask("document.querySelector('#trials tbody a').click()")
    browser.until("document.getElementById('log-0').open")
    assert browser.said == []


def test_without_scripts_the_tables_are_there(browser: Browser, plain: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("Page.navigate", url=plain.resolve().as_uri())
        end = time.monotonic() + PATIENCE
        while _rows(browser) < 40 and time.monotonic() < end:
            time.sleep(0.05)
        assert _rows(browser) == 40
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def _rows(browser: Browser) -> int:
    """Count the rows of the table without a script."""
    document = browser.call("DOM.getDocument")["root"]["nodeId"]
    return len(browser.call("DOM.querySelectorAll", nodeId=document, selector="#trials tbody tr")["nodeIds"])


def _point(browser: Browser) -> tuple[float, float]:
    """Bring a point of the first plot into the window, and give its place."""
    box = _box(browser, "#plot-objective .scatterlayer .point")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _brush(browser: Browser) -> None:
    """Drag over the upper half of the first axis."""
    box = _box(browser, "#plot-parallel .axis-brush .background")
    middle = box["x"] + box["width"] / 2
    browser.drag((middle, box["y"] + box["height"] * 0.5), (middle, box["y"] + box["height"] * 0.05))
    browser.until("!document.getElementById('chosen').hidden")


def _box(browser: Browser, selector: str) -> dict[str, Any]:
    element = f"document.querySelector({json.dumps(selector)})"
    browser.ask(f"{element}.scrollIntoView({{block: 'center'}})")
    found: dict[str, Any] = browser.ask(f"{element}.getBoundingClientRect().toJSON()")
    return found


def _picture(browser: Browser, name: str) -> None:
    pictures = os.environ.get("KGEN_SCREENSHOTS")
    if pictures:
        browser.picture(Path(pictures) / f"{name}.png", whole=False)
