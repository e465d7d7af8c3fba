"""What must not be missed, what matches nothing, and what is too little to go on: in both languages, off the page."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.services import BUILTIN_FILE
from tests.browser.conftest import App, chip, ranked, search

EACH = pytest.mark.parametrize("language", ["zh", "en"])
ENTRIES = [json.loads(line) for line in BUILTIN_FILE.read_text(encoding="utf-8").splitlines()]


def names(panel: Locator) -> list[str]:
    """The entries of a panel, as it calls them: both names after another."""
    return panel.locator("li b").all_inner_texts()


def opened(page: Page, language: str) -> Locator:
    """All panels, after a click on what holds more than the first three."""
    panels = page.get_by_test_id("cant-miss")
    expect(panels.first).to_be_visible()
    more = page.get_by_text({"zh": re.compile(r"另外 \d+ 个急症"), "en": re.compile(r"\d+ more emergencies")}[language])
    assert len(names(panels.first)) == 3
    count = int(re.sub(r"\D", "", more.inner_text()))
    assert count > 0
    more.click()
    expect(panels.last.locator("li")).to_have_count(count)
    expect(panels.last.locator("li").last).to_be_visible()
    return panels


@EACH
def test_emergencies_stand_with_their_red_flag_and_reason(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language)
    search(
        page,
        {"zh": "突发胸痛、大汗、呼吸困难、晕厥", "en": "sudden chest pain, sweating, breathlessness, fainting"}[
            language
        ],
    )
    ranked(page)
    panels = opened(page, language)
    expect(panels.first).to_contain_text({"zh": "不可漏诊", "en": "Can't miss"}[language])
    said = panels.locator("li").all_inner_texts()
    assert len(said) == len(set(said)) > 3
    suffix = {"zh": "", "en": "_en"}[language]
    for item in said:
        entry = next(e for e in ENTRIES if e["disease"] in item and e["disease_en"] in item and e.get("urgent"))
        flag = entry["red_flags"][0]
        assert flag["flag" + suffix] in item
        assert flag["reason" + suffix] in item
        assert {"zh": "危险信号，请核实：", "en": "Red flag to look for: "}[language] in item


@EACH
def test_a_denied_leading_symptom_takes_no_emergency_out(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page = visit(language=language)
    text, denied = {
        "zh": ("大汗、呼吸困难、左臂痛、恶心，没有胸痛", "胸痛"),
        "en": ("sweating, breathlessness, left arm pain, nausea, no chest pain", "chest pain"),
    }[language]
    search(page, text)
    expect(chip(page, "absent", denied)).to_have_count(1)
    ranked(page)
    infarction = {"zh": "急性心肌梗死", "en": "Acute myocardial infarction"}[language]
    assert any(name.startswith(infarction) for name in names(opened(page, language)))


@EACH
def test_what_matches_nothing_is_said_before_the_nearest_entries(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language)
    text, said = {
        "zh": (
            "打印机又卡纸了，墨盒换过，驱动也重装了，还是提示脱机，请派人来修",
            "没有合适的匹配。以下是最接近的条目",
        ),
        "en": (
            "The tax form was filled in wrongly, the office wants more papers, the invoices are lost, the deadline is next Friday",
            "No good match. The nearest entries follow",
        ),
    }[language]
    search(page, text)
    assert len(ranked(page)) == 5
    warning = page.get_by_test_id("stAlert").filter(has_text=said)
    nearest = page.get_by_test_id("candidate")
    above, below = warning.bounding_box(), nearest.first.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"]
    assert {c.get_attribute("data-band") for c in nearest.all()} == {"none"}
    expect(page.get_by_test_id("cant-miss")).to_have_count(0)


@EACH
def test_one_symptom_is_not_enough_and_what_would_help_is_named(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language)
    search(page, {"zh": "头晕", "en": "dizzy"}[language])
    assert len(ranked(page)) == 5
    said = page.get_by_test_id("not-enough")
    for word in {"zh": ("信息不足", "持续多久", "年龄", "有无"), "en": ("Not enough to go on", "how long", "the age", "whether there is")}[language]:  # fmt: skip
        expect(said).to_contain_text(word)
