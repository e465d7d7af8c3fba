"""The pictures of the READMEs, from a running app: make screenshots

Starts the app with the compact model and a data folder of its own, waits until the built-in base is loaded, and writes
docs/*.png: the Chinese interface, 1280 pixels wide and light, and the search on a phone in dark.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from playwright.sync_api import Browser, Page, expect, sync_playwright

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from tests.browser.conftest import FLAGS, PATIENCE, App, chromium_path, ranked, search, start  # noqa: E402

PRESENTATION = "65岁男性，胸骨后压榨样疼痛两小时，向左臂放射，出冷汗，恶心，没有发热"
TERMS = (
    "心梗\n急性心肌梗死\nmyocardial infarction\n心绞痛\nangina\n高血压\nhypertension\n低血压\n"
    "降压药\n抗高血压药物\nantihypertensive\n糖尿病\ndiabetes mellitus"
)
TEXTS = ("患者主诉持续性胸痛3小时，伴有冷汗", "acute chest pain for 3 hours with diaphoresis")
WIDTH, HEIGHT, TALLEST = 1280, 800, 1700
LOADING_SECONDS = 1800


def search_page(page: Page) -> None:
    search(page, PRESENTATION)
    ranked(page)


def terms_page(page: Page) -> None:
    box = page.get_by_role("textbox").first
    expect(box).not_to_have_value("")  # the first terms come after the frame, and would take the place of these
    box.fill(TERMS)
    box.press("Control+Enter")
    heatmap = page.locator(".js-plotly-plot").first
    expect(heatmap.locator(".heatmaplayer")).to_be_visible()
    expect(heatmap).to_contain_text("diabetes mellitus")


def knowledge_page(page: Page) -> None:
    page.get_by_test_id("stMetric").first.wait_for()
    page.get_by_text("浏览条目", exact=True).click()
    page.get_by_test_id("stDataFrame").first.wait_for()


def compare_page(page: Page) -> None:
    boxes = page.get_by_role("textbox").all()
    for box, text in zip(boxes, TEXTS, strict=False):
        box.fill(text)
    boxes[1].press("Control+Enter")
    page.locator('[data-testid="level"]').wait_for()


# file: (path, how the page is brought to what it shows)
PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "search.png": ("", search_page),
    "terms.png": ("terms", terms_page),
    "knowledge.png": ("knowledge", knowledge_page),
    "compare.png": ("compare", compare_page),
}


def wait_until_loaded(app: App, process: subprocess.Popen[bytes]) -> None:
    """Raises SystemExit with the server's log when the built-in base does not come."""
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + LOADING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(app.url.replace("localhost", "127.0.0.1") + "/api/health", timeout=10):
                return
        except OSError:  # 503 while loading, or too busy to answer
            time.sleep(1)
    raise SystemExit("The built-in base was not loaded:\n" + app.log.read_text(encoding="utf-8"))


def settle(page: Page) -> None:
    """Until nothing runs, and the pointer and the focus leave no mark."""
    page.wait_for_function("!document.querySelector('[data-testid=\"stStatusWidget\"]')")
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.wait_for_timeout(1000)


def shoot(page: Page, file: Path, *, whole: bool) -> None:
    """A picture of the window; ``whole`` first makes it as tall as what it shows, within reason."""
    settle(page)
    if whole:
        content = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
        page.set_viewport_size({"width": WIDTH, "height": min(max(int(content), HEIGHT), TALLEST)})
        settle(page)
    page.screenshot(path=file, animations="disabled")
    print(file)


def pictures(browser: Browser, app: App) -> None:
    for name, (path, prepare) in PAGES.items():
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="zh-CN")
        page = open_page(context.new_page(), f"{app.url}/{path}")
        prepare(page)
        shoot(page, DOCS / name, whole=True)
        context.close()
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, color_scheme="dark", locale="zh-CN"
    )
    page = open_page(context.new_page(), app.url)
    search_page(page)
    page.locator('[data-testid="findings"]').first.scroll_into_view_if_needed()
    shoot(page, DOCS / "search-phone.png", whole=False)
    context.close()


def open_page(page: Page, url: str) -> Page:
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.locator(".zl-footer").wait_for()
    return page


def main() -> None:
    chromium = chromium_path()
    if chromium is None:
        raise SystemExit("Chromium is needed: apt-get install chromium fonts-noto-cjk")
    with tempfile.TemporaryDirectory(prefix="zhenlu-docs-") as folder:
        app, process = start(Path(folder) / "data", Path(folder) / "server.log")
        try:
            wait_until_loaded(app, process)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                pictures(browser, app)
                browser.close()
        finally:
            process.terminate()
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
