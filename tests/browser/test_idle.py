"""Ward computers are shared: what nobody has touched for a while goes, on every page, without a click."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, App, ranked, search, settled, start, typed

TEXTS = {"": "怕热、手抖、心慌一个月", "terms": "阑尾炎手术后\nafter an appendectomy", "compare": "夜里憋醒要坐起来"}


def test_what_nobody_touches_is_cleared_on_every_page(ready: App, chromium: Browser, tmp_path: Path) -> None:
    app, process = start(ready.data, tmp_path / "server.log", ZHENLU_IDLE_MINUTES="0.5")
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    try:
        pages: dict[str, Page] = {}
        for path, text in TEXTS.items():
            page = pages[path] = context.new_page()
            page.goto(f"{app.url}/{path}")
            page.locator(".zl-footer").wait_for()
            settled(page)
            if path:
                box = page.get_by_role("textbox").first
                box.fill(typed(text))
                box.press("Control+Enter")
                settled(page)
                expect(box).to_have_value(text)
            else:
                search(page, text)
                assert ranked(page)
        for path, page in pages.items():
            expect(page.get_by_text(re.compile("闲置 0.5 分钟，内容已清除"))).to_be_visible(timeout=120_000)
            expect(page.get_by_role("textbox").first).not_to_have_value(TEXTS[path])
            expect(page.get_by_test_id("candidate")).to_have_count(0)
            for word in TEXTS[path].split("\n"):
                expect(page.get_by_text(word)).to_have_count(0)
    finally:
        context.close()
        process.terminate()
        process.wait(timeout=30)
