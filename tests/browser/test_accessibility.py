"""axe-core on every page: nothing serious, neither in what we draw nor in Streamlit's own widgets."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import App, ranked, search, settled


def faults(page: Page) -> list[str]:
    """Serious and critical violations."""
    page.wait_for_timeout(600)  # colours fade in
    return [
        f"{violation['id']}: {node['target'][0]} {node['failureSummary'][:160]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_result_has_no_serious_fault(language: str, scheme: str, ready: App, visit: Callable[..., Page]) -> None:
    page = visit(language=language, scheme=scheme)
    search(
        page,
        {"zh": "胸痛、冷汗、呼吸困难，没有发热", "en": "chest pain, cold sweat, breathlessness, no fever"}[language],
    )
    ranked(page)
    page.locator('[data-testid="stExpander"]').first.click()
    settled(page)
    assert faults(page) == []


@pytest.mark.parametrize("path", ["", "terms", "knowledge", "compare"])
@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("zh", "light", 1280), ("en", "dark", 1280), ("zh", "dark", 390)]
)
def test_a_page_has_no_serious_fault(
    language: str, scheme: str, width: int, path: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(path, language=language, scheme=scheme, width=width)
    settled(page)
    assert faults(page) == []
