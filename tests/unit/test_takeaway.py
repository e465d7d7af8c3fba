"""What is taken along says everything the screen said, in both languages, and does nothing where it is opened."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from string import Formatter
from typing import Any, get_args, get_type_hints

import pytest

from dashboard.domain import (
    BANDS,
    Candidate,
    CantMiss,
    Entry,
    Evidence,
    Finding,
    Language,
    Patient,
    RedFlag,
    Scores,
    SearchResult,
    Status,
    Wanted,
)
from dashboard.takeaway import WORDS, as_csv, as_html, as_text, harmless

LANGUAGES: tuple[Language, ...] = ("zh", "en")
WHEN = datetime(2026, 3, 5, 14, 30, tzinfo=timezone(timedelta(hours=8)))

PNEUMONIA = Entry(
    "pneumonia", "肺炎", ("发热", "咳嗽"), "Pneumonia", symptoms_en=("fever", "cough"), department="呼吸内科",
    department_en="Respiratory medicine", icd10="J18.9",
)  # fmt: skip
INFARCTION = Entry(
    "mi", "急性心肌梗死", ("胸痛",), "Acute myocardial infarction", department="心内科", icd10="I21", urgent=True,
    red_flags=(RedFlag("持续胸痛", "persistent chest pain", "心肌正在坏死", "heart muscle is dying"),),
)  # fmt: skip
FLU = Entry("flu", "流感", ("发热",))

RESULT = SearchResult(
    query="张三发热、咳嗽3天，无胸痛",
    kb="hospital",
    version="v0007",
    encoder="bge-m3",
    reranker="bge-reranker-v2-m3",
    status="ok",
    findings=(
        Finding("发热", details=("3天",), rule="38.9℃ ≥ 37.3℃"),
        Finding("咳嗽"),
        Finding("胸痛", Status.ABSENT),
        Finding("气促", Status.UNCERTAIN),
        Finding("哮喘", Status.HISTORICAL),
        Finding("肺癌", Status.FAMILY),
    ),
    candidates=(
        Candidate(
            PNEUMONIA, 1, 0.8312, "strong", Scores(dense=0.71, sparse=0.2, fused=0.66, rerank=-1.25),
            (Evidence("发热", "高热", 0.914), Evidence("咳嗽", "咳嗽", 1.0)), ("乏力",),
            (Evidence("胸痛", "胸膜炎性胸痛", 0.8),), ("咳铁锈色痰", "寒战"), ("sex", "age"),
        ),
        Candidate(FLU, 2, 0.41, "possible", Scores(dense=0.5)),
    ),
    cant_miss=(CantMiss(INFARCTION, INFARCTION.red_flags[0], (Evidence("气促", "呼吸困难", 0.83),)), CantMiss(FLU, None, ())),
    notices=("bands_uncalibrated",),
    reranked=20,
    to_rerank=50,
)  # fmt: skip
NOTHING = SearchResult("你好", "hospital", "v1", "bge-m3", None, "not_enough", (), ())
FORMS: tuple[Callable[..., str], ...] = (as_text, as_html)


def table(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


class Page(HTMLParser):
    """The tags, attributes and texts of a page; a start without an end is an error."""

    VOID = ("meta",)

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


# -- what is said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "zh",
            [
                "诊路 检索结果", "仅供临床参考，不构成诊断。", "2026-03-05 14:30 +0800", "hospital", "v0007", "bge-m3",
                "bge-reranker-v2-m3（20/50）", "设置", "模式 重排、召回 50、重排 20/50、显示 2", "发热（3天、38.9℃ ≥ 37.3℃）；咳嗽", "不可漏诊", "急性心肌梗死",
                "Acute myocardial infarction", "危险信号：持续胸痛", "理由：心肌正在坏死", "符合：气促 ↔ 呼吸困难 0.83",
                "肺炎", "Pneumonia", "J18.9", "呼吸内科", "强", "0.83", "符合：发热 ↔ 高热 0.91；咳嗽 1.00", "未解释：乏力",
                "不符：无胸痛 ↔ 胸膜炎性胸痛", "与患者不符：性别、年龄", "可询问：咳铁锈色痰、寒战", "流感", "可能", "0.41",
                "分级尚未在本知识库上校准",
            ],
        ),
        (
            "en",
            [
                "Zhenlu search result", "Decision support only, not a diagnosis.", "2026-03-05 14:30 +0800", "hospital",
                "v0007", "bge-m3", "bge-reranker-v2-m3 (20/50)", "Settings", "mode rerank, recall 50, reranked 20 of 50, shown 2",
                "发热 (3天, 38.9℃ ≥ 37.3℃); 咳嗽", "Can't miss",
                "急性心肌梗死", "Acute myocardial infarction", "Red flag: persistent chest pain",
                "Reason: heart muscle is dying", "Fits: 气促 ↔ 呼吸困难 0.83", "肺炎", "Pneumonia", "J18.9",
                "Respiratory medicine", "strong", "0.83", "Fits: 发热 ↔ 高热 0.91; 咳嗽 1.00", "Unexplained: 乏力",
                "Against: no 胸痛 ↔ 胸膜炎性胸痛", "Does not fit the patient: sex, age", "Ask: 咳铁锈色痰, 寒战", "流感",
                "possible", "0.41", "The bands have not been calibrated",
            ],
        ),
    ],
)  # fmt: skip
def test_everything_is_said(form: Callable[..., str], language: Language, said: list[str]) -> None:
    text = form(RESULT, language, WHEN)
    text = Page(text).text if form is as_html else text
    assert [s for s in said if s not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_stand_by_status(language: Language) -> None:
    text = as_text(RESULT, language, WHEN)
    for status, finding in (("absent", "胸痛"), ("uncertain", "气促"), ("historical", "哮喘"), ("family", "肺癌")):
        label = WORDS["status_" + status][language == "en"]
        assert f"  {label}{WORDS['colon'][language == 'en']}{finding}\n" in text


def test_the_reader_s_language_comes_first_among_the_names() -> None:
    assert "1. 肺炎 Pneumonia  强 0.83\n" in as_text(RESULT, "zh", WHEN)
    assert "1. Pneumonia 肺炎  strong 0.83\n" in as_text(RESULT, "en", WHEN)
    assert "2. 流感  possible 0.41\n" in as_text(RESULT, "en", WHEN)  # it has no other name


@pytest.mark.parametrize("form", [*FORMS, as_csv])
def test_the_words_of_the_query_stay_behind(form: Callable[..., str]) -> None:
    assert "张三" not in form(RESULT, "zh", WHEN)


@pytest.mark.parametrize("form", [*FORMS, as_csv])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_result_gives_the_same(form: Callable[..., str], language: Language) -> None:
    assert form(RESULT, language, WHEN) == form(RESULT, language, WHEN)


@pytest.mark.parametrize("form", FORMS)
def test_a_red_flag_in_one_language_only_is_still_said(form: Callable[..., str]) -> None:
    item = CantMiss(INFARCTION, RedFlag("持续胸痛", reason="心肌正在坏死"), ())
    text = form(replace(RESULT, cant_miss=(item,)), "en", WHEN)
    assert "Red flag: 持续胸痛" in text
    assert "Reason: 心肌正在坏死" in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_without_evidence_nothing_empty_is_said(form: Callable[..., str], language: Language) -> None:
    bare = replace(RESULT, candidates=(Candidate(FLU, 1, 0.3, "weak", Scores()),), cant_miss=(CantMiss(FLU, None, ()),))
    text = form(bare, language, WHEN)
    text = Page(text).text if form is as_html else text
    colon = WORDS["colon"][language == "en"].strip()
    assert not re.search(rf"{colon}\s*$", text, re.MULTILINE)
    for key in ("met", "unexplained", "against", "misfit", "ask", "red_flag", "reason", "code", "department"):
        assert WORDS[key][language == "en"] + colon not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_not_enough(form: Callable[..., str], language: Language) -> None:
    wanted = (Wanted("duration"), Wanted("asked", "发热"))
    text = form(replace(NOTHING, wanted=wanted), language, WHEN)
    text = Page(text).text if form is as_html else text
    english = language == "en"
    assert WORDS["not_enough"][english] in text
    assert WORDS["no_findings"][english] in text
    assert ("how long, whether there is 发热" if english else "持续多久、有无发热") in text
    assert WORDS["notice"][english] in text
    assert WORDS["not_reranked"][english] in text
    assert WORDS["candidates"][english] not in text
    assert WORDS["cant_miss"][english] not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_no_good_match_still_lists_the_nearest(form: Callable[..., str], language: Language) -> None:
    text = form(replace(RESULT, status="no_good_match"), language, WHEN)
    assert WORDS["no_good_match"][language == "en"] in text
    assert "肺炎" in text


@pytest.mark.parametrize(
    ("patient", "zh", "en"),
    [
        (Patient(45, "male", None, "急诊"), "45 岁、男、急诊", "45 years old, male, 急诊"),
        (Patient(0.03), "11 天", "11 days old"),
        (Patient(0.5, "female"), "6 个月、女", "6 months old, female"),
        (Patient(30, "female", True), "30 岁、女、妊娠", "30 years old, female, pregnant"),
        (Patient(pregnant=False), "未妊娠", "not pregnant"),
    ],
)
def test_what_is_known_of_the_patient(patient: Patient, zh: str, en: str) -> None:
    assert f"患者：{zh}\n" in as_text(RESULT, "zh", WHEN, patient=patient)
    assert en in Page(as_html(RESULT, "en", WHEN, patient=patient)).texts
    assert table(as_csv(RESULT, "en", WHEN, patient=patient))[0]["Patient"] == en


@pytest.mark.parametrize(
    ("result", "zh", "en"),
    [
        (replace(RESULT, reranked=50), "模式 重排、召回 50、重排 50/50、显示 2", "mode rerank, recall 50, reranked 50 of 50, shown 2"),
        (replace(RESULT, reranker=None, reranked=0), "模式 重排、召回 50、重排 0/50、显示 2", "mode rerank, recall 50, reranked 0 of 50, shown 2"),
        (
            replace(RESULT, reranker=None, reranked=0, to_rerank=0, candidates=(Candidate(FLU, 1, 0.4, "weak", Scores(dense=0.4, findings=0.5)),)),
            "模式 融合、显示 1", "mode hybrid, shown 1",
        ),
        (
            replace(RESULT, reranker=None, reranked=0, to_rerank=0, candidates=(Candidate(FLU, 1, 0.4, "weak", Scores(dense=0.4)),)),
            "模式 仅稠密向量、显示 1", "mode dense, shown 1",
        ),
        (NOTHING, "模式 融合、显示 0", "mode hybrid, shown 0"),
    ],
)  # fmt: skip
def test_the_settings_of_the_search(result: SearchResult, zh: str, en: str) -> None:
    assert f"设置：{zh}\n" in as_text(result, "zh", WHEN)
    assert f"Settings: {en}\n" in as_text(result, "en", WHEN)
    assert en in Page(as_html(result, "en", WHEN)).texts
    for row in table(as_csv(result, "zh", WHEN)):
        assert row["设置"] == zh


def test_an_unknown_patient_takes_no_line() -> None:
    assert as_text(RESULT, "zh", WHEN, patient=Patient()) == as_text(RESULT, "zh", WHEN)


@pytest.mark.parametrize("form", FORMS)
def test_a_note_comes_last(form: Callable[..., str]) -> None:
    assert "未经审校 &lt;" in as_html(RESULT, "zh", WHEN, note="未经审校 <")
    assert form(RESULT, "zh", WHEN, note="未经审校").rstrip("\n").removesuffix("</body></html>").endswith(("未经审校", "未经审校</p>"))  # fmt: skip


@pytest.mark.parametrize("form", [*FORMS, as_csv])
def test_codes_of_another_version_stand_for_themselves(form: Callable[..., str]) -> None:
    strange = replace(RESULT.candidates[0], misfits=("weight",))
    result = replace(RESULT, candidates=(strange,), notices=("new_notice",))
    text = form(result, "en", WHEN)
    assert "weight" in text
    assert "new_notice" in text or form is as_csv


def test_a_time_without_a_zone() -> None:
    assert "时间：2026-03-05 14:30\n" in as_text(RESULT, "zh", datetime(2026, 3, 5, 14, 30))
    assert "2026-03-05 14:30 +0000" in as_text(RESULT, "zh", datetime(2026, 3, 5, 14, 30, tzinfo=UTC))


# -- hostile texts ----------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></tr></table><h1>x",
    "</title><style>*{display:none}</style>",
    "<!--",
    "&lt;b&gt; & <b>",
    "{title} {0} %s",
    "javascript:alert(1)",
]


def hostile(text: str) -> SearchResult:
    """A result with the text wherever one can stand."""
    entry = Entry(text, text, (text,), text, department=text, department_en=text, icd10=text)
    evidence = (Evidence(text, text, 0.9), Evidence(text, "x", 0.9))
    candidate = Candidate(entry, 1, 0.5, "weak", Scores(), evidence, (text,), evidence, (text,), (text,))
    flag = RedFlag(text, text, text, text)
    finding = Finding(text, details=(text,), rule=text)
    return SearchResult(
        text, text, text, text, text, "not_enough", (finding,), (candidate,), (CantMiss(entry, flag, evidence),),
        (Wanted("asked", text),), (text,),
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_html_is_escaped_wherever_it_comes_from(text: str, language: Language) -> None:
    plain, attacked = (
        Page(as_html(hostile("x"), language, WHEN)),
        Page(as_html(hostile(text), language, WHEN, note=text)),
    )
    assert attacked.tags == [*plain.tags, "p"]
    assert attacked.attributes == plain.attributes
    assert attacked.text.count(text) >= 20  # and is read as it is


def test_the_page_runs_and_fetches_nothing() -> None:
    page = as_html(RESULT, "zh", WHEN)
    found = Page(page)
    assert not {"script", "link", "img", "iframe", "form", "a", "object"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    assert "size: A4" in page
    assert 'lang="zh-CN"' in page
    assert 'lang="en"' in as_html(RESULT, "en", WHEN)
    assert "<title>诊路 检索结果 2026-03-05 14:30 +0800</title>" in page


def test_a_text_forges_no_line() -> None:
    entry = replace(FLU, disease="流感\n\n1. 正常  强 1.00\u2028x\u202ey")
    text = as_text(replace(RESULT, candidates=(Candidate(entry, 2, 0.4, "weak", Scores()),)), "zh", WHEN)
    assert "2. 流感 1. 正常 强 1.00 xy  弱 0.40\n" in text


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t'=1"),
        ("＝1", "'＝1"),
        ('x",=1', "x\",'=1"),
        ("x;=1", "x;'=1"),
        ('x"\t=1', "x\"'\t'=1"),
        ("x=1", "x=1"),
        ("C5-6", "C5-6"),
        ("3-5 天", "3-5 天"),
        ("发热, 咳嗽; 乏力", "发热, 咳嗽; 乏力"),
        ("O'Brien", "O'Brien"),
        ("", ""),
    ],
)
def test_no_cell_begins_a_formula(cell: str, expected: str) -> None:
    assert harmless(cell) == expected


@pytest.mark.parametrize(
    "attack", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")', "＝1"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_injection(attack: str, language: Language) -> None:
    text = as_csv(hostile(attack), language, WHEN)
    for delimiter in ",;\t":  # as a program with other settings would part it
        cells = [cell for row in csv.reader(io.StringIO(text[1:], newline=""), delimiter=delimiter) for cell in row]
        assert not [c for c in cells if c.strip()[:1] and c.strip()[0] in "=+-@＝＋－＠"]


# -- the table --------------------------------------------------------------------------------------------------------


def test_csv_in_chinese() -> None:
    rows = table(as_csv(RESULT, "zh", WHEN))
    assert len(rows) == 2
    first = rows[0]
    assert (first["序号"], first["疾病"], first["英文名"], first["ICD-10 编码"]) == ("1", "肺炎", "Pneumonia", "J18.9")
    assert (first["科室"], first["分级"], first["得分"]) == ("呼吸内科", "强", "0.8312")
    assert first["符合"] == "发热 ↔ 高热 0.91；咳嗽 1.00"
    assert first["不符"] == "无胸痛 ↔ 胸膜炎性胸痛"
    assert (first["未解释"], first["可询问"], first["与患者不符"]) == ("乏力", "咳铁锈色痰、寒战", "性别、年龄")
    assert (first["知识库"], first["版本"], first["编码模型"]) == ("hospital", "v0007", "bge-m3")
    assert first["时间"] == "2026-03-05 14:30 +0800"
    assert WORDS["notice"][0] in first
    assert (rows[1]["符合"], rows[1]["稀疏"]) == ("", "")


def test_csv_in_english() -> None:
    first = table(as_csv(RESULT, "en", WHEN))[0]
    assert (first["Disease"], first["English name"], first["Department"]) == (
        "肺炎",
        "Pneumonia",
        "Respiratory medicine",
    )
    assert (first["Band"], first["Against"]) == ("strong", "no 胸痛 ↔ 胸膜炎性胸痛")
    assert WORDS["notice"][1] in first


def test_our_own_negative_numbers_stay_numbers() -> None:
    text = as_csv(RESULT, "en", WHEN)
    assert table(text)[0]["Rerank (logit)"] == "-1.25"
    assert ",-1.25," in text  # unquoted
    assert "'-" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_has_its_own_head(language: Language) -> None:
    header = next(csv.reader(io.StringIO(as_csv(RESULT, language, WHEN)[1:], newline="")))
    assert len(header) == len(set(header)) == 28


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_of_nothing_has_its_head(language: Language) -> None:
    lines = as_csv(NOTHING, language, WHEN).splitlines()
    assert len(lines) == 1
    assert WORDS["disease"][language == "en"] in lines[0]


def test_quotes_and_separators_survive() -> None:
    entry = replace(FLU, disease='流感, "甲型"; x')
    (row,) = table(as_csv(replace(RESULT, candidates=(Candidate(entry, 1, 0.4, "weak", Scores()),)), "zh", WHEN))
    assert row["疾病"] == '流感, "甲型"; x'


# -- the words --------------------------------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_have_the_word(key: str) -> None:
    chinese, english = WORDS[key]
    assert chinese.strip()
    assert english.strip()
    assert placeholders(chinese) == placeholders(english)
    letters = "".join(literal for literal, *_ in Formatter().parse(chinese))
    assert re.search(r"[\u3400-\u9fff]", chinese) or not any(c.isalpha() for c in letters)
    assert not re.search(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]", english)


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("band_", BANDS),
        ("status_", tuple(Status)),
        ("want_", get_args(get_type_hints(Wanted)["kind"])),
        ("misfit_", ("sex", "age", "pregnancy", "department")),
        ("score_", tuple(get_type_hints(Scores))),
        ("sex_", ("female", "male")),
    ],
)
def test_every_value_has_its_word(prefix: str, values: tuple[Any, ...]) -> None:
    assert {key for key in WORDS if key.startswith(prefix)} == {prefix + value for value in values}
