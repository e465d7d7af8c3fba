"""The findings, and what a clinician does with a result, read off the page in both languages."""

import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, chip, ranked, search, settled, typed

EACH = pytest.mark.parametrize("language", ["zh", "en"])
# What is typed and what it should be read as, in the two languages.
TOLD = {
    "zh": {
        "text": "发烧38.9℃三天，剧烈头痛，没有咳嗽，可能有皮疹，父亲有糖尿病",
        "absent": "咳嗽", "uncertain": "皮疹", "family": "糖尿病", "reading": "38.9°C → 发热", "present": "发热", "severe": "头痛",
    },
    "en": {
        "text": "Temp 39.4C for three days, severe headache, no cough, possible rash, family history of diabetes",
        "absent": "cough", "uncertain": "rash", "family": "diabetes", "reading": "39.4C → high fever", "present": "fever", "severe": "headache",
    },
}  # fmt: skip
WORDS = {
    "zh": {"remove": "移除", "present": "✓ 有", "absent": "✗ 无", "add": "添加", "field": "表现", "side": "并排对比", "history": "本次会话", "clear": "全部清除", "copy": "复制为文本", "csv": "候选 CSV", "print": "打印页", "notice": "仅供临床参考"},
    "en": {"remove": "Remove", "present": "✓ present", "absent": "✗ absent", "add": "Add", "field": "Finding", "side": "Side by side", "history": "This session", "clear": "Clear everything", "copy": "Copy as text", "csv": "Candidates as CSV", "print": "Page to print", "notice": "ecision support"},
}  # fmt: skip


@EACH
def test_every_status_and_a_measured_value_become_chips(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page, told = visit(language=language), TOLD[language]
    search(page, told["text"])
    ranked(page)
    for status in ("absent", "uncertain", "family", "present"):
        expect(chip(page, status, told[status])).to_have_count(1)
    expect(page.locator(".st-key-findings")).to_contain_text(told["reading"])


@EACH
def test_a_chip_is_changed_removed_and_added_and_the_search_follows(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page, words = visit(language=language), WORDS[language]
    search(page, {"zh": "右下腹痛，恶心，发热", "en": "pain in the right lower belly, nausea, fever"}[language])
    first = ranked(page)
    nausea = {"zh": "恶心", "en": "nausea"}[language]
    chip(page, "present", nausea).click()
    page.get_by_role("menuitem", name=words["absent"]).or_(page.get_by_role("option", name=words["absent"])).click()
    expect(chip(page, "absent", nausea)).to_have_count(1)
    ranked(page)
    chip(page, "absent", nausea).click()
    page.get_by_role("menuitem", name=words["remove"]).or_(page.get_by_role("option", name=words["remove"])).click()
    expect(chip(page, "absent", nausea)).to_have_count(0)
    page.get_by_role("button", name=words["add"]).first.click()
    added = typed({"zh": "怕光不敢睁眼，颈项强直", "en": "stiff neck since this morning"}[language])
    page.get_by_label(words["field"], exact=True).fill(added)
    page.get_by_label(words["field"], exact=True).press("Enter")
    expect(chip(page, "present", {"zh": "颈项强直", "en": "stiff neck"}[language])).to_have_count(1)
    assert ranked(page) != first


@EACH
def test_what_was_corrected_stays_so_when_the_patient_s_age_is_added(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page, words = visit(language=language), WORDS[language]
    nausea = {"zh": "恶心", "en": "nausea"}[language]
    age = page.get_by_label({"zh": "年龄", "en": "Age"}[language], exact=True)
    search(page, {"zh": "上腹痛，恶心，发热", "en": "upper belly pain, nausea, fever"}[language])
    ranked(page)
    chip(page, "present", nausea).click()
    page.get_by_role("menuitem", name=words["absent"]).or_(page.get_by_role("option", name=words["absent"])).click()
    expect(chip(page, "absent", nausea)).to_have_count(1)
    ranked(page)
    age.fill("40")
    age.press("Enter")
    history = page.get_by_text(words["history"])
    expect(history).to_contain_text(re.compile("3"))  # as typed, corrected, and with the age
    ranked(page)
    expect(chip(page, "absent", nausea)).to_have_count(1)
    expect(chip(page, "present", nausea)).to_have_count(0)
    history.click()
    page.locator('[class*="st-key-again_2"] button').click()
    expect(chip(page, "present", nausea)).to_have_count(1)
    ranked(page)
    page.locator('[class*="st-key-again_1"] button').click()
    expect(chip(page, "absent", nausea)).to_have_count(1)
    expect(age).to_have_value("")


@EACH
def test_past_sided_and_measured_findings_become_chips(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page = visit(language=language)
    text, past, side, read = {
        "zh": (
            "血压150/95，血氧88%，曾患哮喘，左侧肢体无力", "哮喘", "左侧肢体无力",
            ("血压150/95 → 血压升高 (收缩压 ≥ 140 mmHg)", "血氧88% → 低氧血症 (血氧饱和度 < 90%)"),
        ),
        "en": (
            "BP 150/95, SpO2 88%, previous asthma, weakness of the left arm", "asthma", "weakness of the left arm",
            ("BP 150/95 → high blood pressure (systolic pressure ≥ 140 mmHg)", "SpO2 88% → hypoxaemia (oxygen saturation < 90%)"),
        ),
    }[language]  # fmt: skip
    search(page, text)
    expect(chip(page, "historical", past)).to_have_count(1)
    expect(chip(page, "present", side)).to_have_count(1)
    for reading in read:
        expect(page.locator(".st-key-findings")).to_contain_text(reading)
        expect(chip(page, "present", reading.split(" → ")[1].split(" (")[0])).to_have_count(1)


@EACH
def test_identifiers_are_masked_in_the_box_and_that_is_said(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language)
    text = {"zh": "电话13812345678，发热咳嗽三天", "en": "phone 13812345678, fever and cough for three days"}[language]
    search(page, text)
    ranked(page)
    box = page.get_by_role("textbox").first
    expect(box).not_to_have_value(text)
    assert "13812345678" not in page.content()
    expect(page.get_by_test_id("stAlert").first).to_contain_text(
        {"zh": "已遮盖：电话", "en": "Masked: telephone"}[language]
    )


@EACH
def test_candidates_side_by_side(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page, words = visit(language=language), WORDS[language]
    search(page, {"zh": "发热、咳嗽、咳痰", "en": "fever, cough and sputum"}[language])
    ranked(page)
    page.get_by_text(words["side"], exact=True).click()
    pills = page.locator('[class*="st-key-contrasted"] button')
    pills.nth(0).click()
    settled(page)
    pills.nth(1).click()
    table = page.get_by_test_id("contrast")
    expect(table).to_be_visible()
    assert table.locator("thead th").count() == 2
    assert table.locator("tbody tr").count() > 4


@EACH
def test_a_result_is_taken_along(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page, words = visit(language=language), WORDS[language]
    search(page, {"zh": "怕热、手抖、体重下降", "en": "heat intolerance, tremor, weight loss"}[language])
    ids = ranked(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=words["csv"]).click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rows) == len(ids) + 1
    with page.expect_download() as download:
        page.get_by_role("button", name=words["print"]).click()
    printed = Path(download.value.path()).read_text(encoding="utf-8")
    assert words["notice"] in printed
    assert "<script" not in printed
    page.get_by_role("button", name=words["copy"]).click()
    expect(page.get_by_test_id("stCode")).to_contain_text(words["notice"])


def test_feedback_is_kept_only_after_the_tick_and_as_findings(ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "反馈测试zqfb，怕热、手抖、体重下降")
    first = ranked(page)[0]
    page.get_by_text("反馈", exact=True).click()
    page.get_by_role("radio", name="有用").or_(page.get_by_role("button", name="有用")).first.click()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("没有勾选同意")).to_be_visible()
    assert not (ready.data / "state.db").exists()
    page.get_by_text("同意保存上面列出的表现").click()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("已保存，谢谢")).to_be_visible()
    with sqlite3.connect(ready.data / "state.db") as database:
        entry, verdict, findings = database.execute("select entry, verdict, findings from feedback").fetchone()
    assert (entry, verdict) == (first, "useful")
    assert {f["text"] for f in json.loads(findings)} >= {"手抖"}


@EACH
def test_the_session_s_history_runs_again_and_is_cleared(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page, words = visit(language=language), WORDS[language]
    told = {"zh": ("怕热、手抖", "尿频、尿急、尿痛"), "en": ("heat intolerance, tremor", "painful frequent urination")}[
        language
    ]
    search(page, told[0])
    first = ranked(page)
    search(page, told[1])
    expect(chip(page, "present", {"zh": "尿频", "en": "urination"}[language])).to_have_count(1)
    assert ranked(page) != first
    page.get_by_text(words["history"]).click()
    page.locator('[class*="st-key-again_1"] button').click()
    expect(chip(page, "present", {"zh": "手抖", "en": "tremor"}[language])).to_have_count(1)
    settled(page)
    assert ranked(page) == first
    page.get_by_role("button", name=words["clear"]).click()
    expect(page.get_by_test_id("candidate")).to_have_count(0)
    expect(page.get_by_role("textbox").first).to_have_value("")


@EACH
def test_what_does_not_fit_the_patient_is_greyed_with_the_reason(
    language: str, ready: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language)
    box = page.get_by_role("combobox", name={"zh": "性别", "en": "Sex"}[language], exact=True)
    box.click()
    page.get_by_role("option", name={"zh": "男", "en": "Male"}[language], exact=True).click()
    search(
        page,
        {"zh": "停经50天，下腹痛，阴道流血", "en": "missed period, lower abdominal pain, vaginal bleeding"}[language],
    )
    ranked(page)
    grey = page.locator(".zl-head.zl-misfit")
    expect(grey.first).to_be_visible()
    expect(
        page.get_by_test_id("evidence")
        .filter(has_text={"zh": "性别不符", "en": "does not fit the sex"}[language])
        .first
    ).to_be_visible()


@EACH
def test_too_little_names_what_would_help(language: str, ready: App, visit: Callable[..., Page]) -> None:
    page = visit(language=language)
    search(page, {"zh": "没有发热，没有咳嗽", "en": "no fever, no cough"}[language])
    said = page.get_by_test_id("not-enough")
    expect(said).to_contain_text({"zh": "持续多久", "en": "how long"}[language])
    expect(said).to_contain_text({"zh": "年龄", "en": "the age"}[language])


def test_the_way_to_the_rank_and_the_matched_words_are_shown(ready: App, visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "发热、咳嗽、胸痛")
    ranked(page)
    page.get_by_text("得分与条目全文").first.click()
    expect(page.get_by_test_id("how").first).to_contain_text("融合 = ")
    expect(page.locator("mark").first).to_be_visible()
