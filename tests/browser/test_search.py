"""The main job, read off the page."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.ui.text import INTERFACE
from tests.browser.conftest import App, chip, ranked, search

CASES = json.loads((Path(__file__).parent.parent / "data" / "acceptance.json").read_text(encoding="utf-8"))["searches"]


@pytest.mark.parametrize("case", CASES, ids=[c["query"][:12] for c in CASES])
def test_presentations_find_what_they_should(case: dict, ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, case["query"])
    ids = ranked(page)
    assert ids[0] in case["first"]
    if case["before"] in ids:  # the rival: behind everything that is right, and not called strong
        rival = page.locator(f'[data-testid="candidate"][data-entry="{case["before"]}"]')
        assert rival.get_attribute("data-band") != "strong"
        assert all(ids.index(case["before"]) > ids.index(right) for right in case["first"] if right in ids)
    if case.get("absent"):
        expect(chip(page, "absent", case["absent"])).to_have_count(1)
        expect(chip(page, "present", case["absent"])).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_newcomer_presses_an_example_and_searches(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page, column = visit(language=language), language == "en"
    for number in (3, 2, 1):
        example = INTERFACE[f"example_{number}"][column]
        page.get_by_role("button", name=example).click()
        expect(page.get_by_role("textbox").first).to_have_value(example)
    page.get_by_role("button", name=f"{INTERFACE['search'][column]} Ctrl+Enter").click()
    assert "acute-appendicitis" in ranked(page)


def test_a_candidate_shows_its_band_score_evidence_and_every_stage(ready: App, visit: Callable[..., Page]) -> None:
    page = visit(language="en")
    search(page, "fever, productive cough and pleuritic chest pain for four days")
    assert len(ranked(page)) == 5
    first = page.locator('[data-testid="candidate"]').first
    expect(first.locator(".zl-score")).to_contain_text(re.compile(r"(strong|possible|weak|none)\s*[01]\.\d\d"))
    expect(page.locator('[data-testid="evidence"]').first).to_contain_text("✓")
    line = page.locator('[data-testid="status-line"]')
    expect(line).to_contain_text(re.compile(r"encode \d+ ms · retrieve \d+ ms"))
    expect(line).to_contain_text("built-in")
    page.get_by_text("Scores and the whole entry").first.click()
    scores = page.locator(".zl-scores").first
    for stage in ("dense", "sparse", "multi-vector", "findings", "fused"):
        expect(scores).to_contain_text(stage)


def test_markup_in_a_query_is_shown_as_text(ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "<img src=x onerror=document.title='owned'>头痛 **加粗** <b>发热</b>，[链接](javascript:alert(1))")
    ranked(page)
    assert page.locator(".st-key-findings").locator("img, b, strong, a").count() == 0
    expect(chip(page, "present", "**加粗**")).to_have_count(1)
    assert page.title() != "owned"


@pytest.mark.parametrize(
    ("language", "typed", "said"),
    [
        ("zh", "   ", "还没有输入内容"),
        ("en", "   ", "Nothing has been entered"),
        ("zh", "痛", "内容太少"),
        ("en", "?!", "too little"),
        ("zh", "头痛，" * 2000, "超过上限"),
        ("en", "pain, " * 2000, "the limit is"),
        ("zh", "😀😀", "内容太少"),
    ],
)
def test_what_cannot_be_searched_is_explained(
    language: str, typed: str, said: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language)
    box = page.get_by_role("textbox").first
    box.fill(typed)
    box.press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    assert box.input_value() == typed
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.parametrize("typed", ["頭痛發熱三天，咳嗽", "ｆｅｖｅｒ ａｎｄ ｃｏｕｇｈ", "发热\x00\x07咳嗽，😷😷"])
def test_odd_characters_still_search(typed: str, ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, typed)
    assert len(ranked(page)) == 5


def test_the_result_survives_a_change_of_language_and_fits_a_phone(ready: App, visit: Callable[..., Page]) -> None:
    page = visit(width=390, scheme="dark")
    search(page, "怕热、手抖、多汗、体重下降、心跳快")
    before = ranked(page)
    page.get_by_text("English", exact=True).click()
    expect(page.locator('[data-testid="status-line"]')).to_contain_text("candidates")
    assert ranked(page) == before
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    bar, card = (
        page.locator(".zl-bar").first.bounding_box(),
        page.locator('[data-testid="candidate"]').first.bounding_box(),
    )
    assert bar and card and bar["x"] + bar["width"] <= card["x"] + card["width"] + 1


def test_no_query_is_left_behind(ready: App, visit: Callable[..., Page]) -> None:
    """What was typed stands in no URL, no file of the data folder and no log."""
    marker = "独特标记紫色斑点脚底zqxv"
    page = visit()
    search(page, f"发热，{marker}")
    ranked(page)
    assert "zqxv" not in page.url
    files = [p for p in ready.data.rglob("*") if p.is_file()] + [ready.log]
    assert len(files) > 5
    assert [str(p) for p in files if marker.encode() in p.read_bytes() or b"zqxv" in p.read_bytes()] == []


def test_nothing_of_an_earlier_drawing_stays_behind_the_last(ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "右下腹痛、恶心、低热一天")
    found = ranked(page)
    assert len(found) == len(set(found)) == 5
    expect(page.get_by_text("内置知识库未经临床医生审校")).to_have_count(1)
    expect(page.get_by_test_id("status-line")).to_have_count(1)
