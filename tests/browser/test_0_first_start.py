"""Named to run first: what a person sees while the built-in base is being loaded."""

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, settled


def test_the_first_start_shows_how_the_load_goes_and_then_searches(app: App, visit: Callable[..., Page]) -> None:
    page = visit()
    assert httpx.get(app.url.replace("localhost", "127.0.0.1") + "/api/health").status_code == 503
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(page.get_by_text("首次启动：正在载入内置知识库")).to_be_visible()
    expect(bar).not_to_be_visible(timeout=600_000)
    settled(page)
    assert httpx.get(app.url.replace("localhost", "127.0.0.1") + "/api/health").status_code == 200
    button = page.get_by_role("button", name="搜索 Ctrl+Enter")
    expect(button).to_have_count(1)  # for a moment the form of the run before stands below the new one
    expect(button).to_be_enabled()
