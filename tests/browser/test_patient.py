"""What is known of the patient: kept through a change of language, and a soft factor of the ranking."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import App, choose, ranked, search, settled, speak_english


@pytest.mark.parametrize("searched_before", [True, False])
def test_a_change_of_language_changes_no_choice(searched_before: bool, ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_label("年龄", exact=True).fill("6")
    for label, option in (("单位", "月"), ("性别", "女"), ("科室", "儿科")):
        choose(page, label, option)
    if searched_before:
        search(page, "发热，咳嗽，哭闹")
        ranked(page)
    speak_english(page)
    settled(page)
    said = {"Unit": "months", "Sex": "Female", "Department": "Paediatrics"}
    if searched_before:
        for label, option in said.items():
            expect(page.get_by_role("combobox", name=label, exact=True)).to_have_value(option)
    search(page, "fever, cough, crying")
    expect(page.get_by_role("button", name="✓ crying")).to_have_count(1)
    ranked(page)
    for label, option in said.items():
        expect(page.get_by_role("combobox", name=label, exact=True)).to_have_value(option)
    page.get_by_role("button", name="Copy as text").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("Patient: 6 months old, female, Paediatrics")


def scores(page: Page) -> dict[str, float]:
    """Candidate -> its score, as they stand on the page."""
    ids = ranked(page)
    return {i: float(card(page, i).locator(".zl-score span").inner_text()) for i in ids}


def card(page: Page, entry: str) -> Locator:
    return page.locator(f'[data-testid="candidate"][data-entry="{entry}"]')


def misfits(page: Page) -> dict[str, str]:
    """Candidate that is greyed -> all that is said beside it."""
    greyed = page.locator('.zl-misfit[data-testid="candidate"]').all()
    return {str(c.get_attribute("data-entry")): c.locator("xpath=..").inner_text() for c in greyed}


@pytest.mark.parametrize("factor", ["age", "pregnancy", "department"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_does_not_fit_is_greyed_and_lowered_and_never_hidden(
    language: str, factor: str, ready: App, visit: Callable[..., Page]
) -> None:
    page, en = visit(language=language), language == "en"
    text = ("停经50天，下腹痛，阴道流血", "missed period, lower abdominal pain, vaginal bleeding")[en]
    reason = {
        "age": ("年龄不符", "does not fit the age"),
        "pregnancy": ("与妊娠状态不符", "does not fit the pregnancy state"),
        "department": ("科室不符", "another department"),
    }[factor][en]
    search(page, text)
    before = scores(page)
    assert misfits(page) == {}
    if factor == "age":
        page.get_by_label(("年龄", "Age")[en], exact=True).fill("70")
    elif factor == "pregnancy":
        choose(page, ("妊娠", "Pregnant")[en], ("否", "No")[en])
    else:
        choose(page, ("科室", "Department")[en], ("儿科", "Paediatrics")[en])
    search(page, text)
    expect(page.locator(".zl-misfit").first).to_be_visible()
    after, greyed = scores(page), misfits(page)
    assert greyed
    assert all(reason in said for said in greyed.values())
    both = [entry for entry in greyed if entry in before]
    assert both
    assert all(after[entry] < before[entry] for entry in both)
    fitting = [entry for entry in after if entry not in greyed and entry in before]
    for entry in both:  # what stood above it and fits, still does
        above = [f for f in fitting if list(before).index(f) < list(before).index(entry)]
        assert all(list(after).index(f) < list(after).index(entry) for f in above)
    if factor == "pregnancy":  # others of these fit as well as before
        assert any(list(after).index(entry) > list(before).index(entry) for entry in both)
