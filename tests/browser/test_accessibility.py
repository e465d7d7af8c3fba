"""axe-core on every page: nothing serious in what we draw. Faults of Streamlit's own widgets are listed, not hidden."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import App, ranked, search, settled

OURS = ('[class*="zl-"]', ".st-key-findings", ".st-key-take_along", ".st-key-language", ".st-key-model_notice")


def faults(page: Page) -> list[str]:
    """Serious and critical violations whose element lies in something that our code draws as HTML."""
    page.wait_for_timeout(600)  # colours fade in
    found = []
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] not in ("serious", "critical"):
            continue
        for node in violation["nodes"]:
            target = node["target"][0]
            ours = page.evaluate(
                "([target, ours]) => { const e = document.querySelector(target);"
                " return !!e && ours.some(o => e.closest(o) || e.querySelector(o)) && !e.closest('[data-testid^=\"stMenu\"]') }",
                [target, list(OURS)],
            )
            said = f"{violation['id']}: {target} {node['failureSummary'][:160]}"
            if ours:
                found.append(said)
            else:
                print("Streamlit's own:", said)
    return found


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
def test_a_page_has_no_serious_fault(path: str, ready: App, visit: Callable[..., Page]) -> None:
    page = visit(path)
    settled(page)
    assert faults(page) == []
