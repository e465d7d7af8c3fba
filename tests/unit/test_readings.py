"""What a text says and does not say, sentence by sentence: denials, signs, relatives, exposures, examinations."""

import pytest

from dashboard import lexicon
from dashboard.findings import extract

KNOWN = lexicon.builtin().wordings("symptom", "disease")
NAMES = [w for c in lexicon.builtin().concepts if c.kind in ("symptom", "disease") for w in c.wordings]
# Their lack is a finding of its own: the bowel is stopped.
STOPPED = {"排气", "放屁", "flatus"}


def told(text: str) -> list[str]:
    """+ present, - absent, ? uncertain, < historical, ~ family."""
    signs = {"present": "+", "absent": "-", "uncertain": "?", "historical": "<", "family": "~"}
    return [signs[f.status] + f.text for f in extract(text, KNOWN)]


@pytest.mark.parametrize(
    ("template", "chinese"),
    [("无{}", True), ("没有{}", True), ("否认{}", True), ("no {}", False), ("denies {}", False)],
)
def test_a_denial_is_never_present(template: str, chinese: bool) -> None:
    names = [n for n in NAMES if n not in STOPPED and any("\u4e00" <= c <= "\u9fff" for c in n) is chinese]
    assert [n for n in names if any(f.status == "present" for f in extract(template.format(n), KNOWN))] == []


@pytest.mark.parametrize("wording", lexicon.builtin().by_id["no-fever"].wordings)
def test_no_fever_is_a_denial(wording: str) -> None:
    assert {f.status for f in extract(wording, KNOWN)} <= {"absent"}


@pytest.mark.parametrize(
    "text",
    [
        *("没有呼吸", "没有脉搏", "没有意识", "没有胎动", "无胎心", "足背动脉搏动未触及", "肠鸣音未闻及", "没有排气"),
        *("大便3天没解", "两个月没来月经", "一点力气都没有", "不能平卧", "尿少", "无排气排便3天", "四肢无力"),
        *("no heartbeat", "no breathing", "not conscious", "absence of pulses", "bowel sounds absent", "no pulse"),
        *("has not had a bowel movement in 4 days", "not eating or drinking", "no fetal movement since yesterday"),
        *("误服农药30分钟", "误服敌敌畏", "口服百草枯50ml", "took 20 paracetamol tablets", "孕32周", "产后3天"),
    ],
)
def test_a_lack_or_an_exposure_is_a_finding(text: str) -> None:
    assert [t[0] for t in told(text)] == ["+"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("糖尿病史", ["+糖尿病"]),
        ("胸痛，100米行走后气短", ["+胸痛", "+100米行走后气短"]),
        ("platelets 45,000, bruising", ["+platelets 45,000", "+bruising"]),
        ("冠心病史5年", ["+冠心病"]),
        ("高血压病史", ["+高血压"]),
        ("No fever, chills, nausea, vomiting.", ["-fever", "-chills", "-nausea", "-vomiting"]),
        ("Denies fever/chills, N/V/D, dysuria", ["-fever", "-chills", "-N/V/D", "-dysuria"]),
        ("无发热，咳嗽，胸痛等不适", ["-发热", "-咳嗽", "-胸痛"]),
        ("No fever, cough", ["-fever", "?cough"]),
        ("No fever, cough for 3 days", ["-fever", "+cough"]),
        ("(+) fever, (-) cough", ["+fever", "-cough"]),
        ("(-) fever (+) cough", ["-fever", "+cough"]),
        ("fever (+), cough (-)", ["+fever", "-cough"]),
        ("-fever, -chills, +cough", ["-fever", "-chills", "+cough"]),
        ("+ fever, - cough", ["+fever", "-cough"]),
        ("- fever\n- cough", ["+fever", "+cough"]),
        ("无咳嗽、无发热、有胸痛", ["-咳嗽", "-发热", "+胸痛"]),
        ("无胸痛有胸闷", ["-胸痛", "+胸闷"]),
        ("颈静脉无怒张", ["-颈静脉怒张"]),
        ("体重无明显下降", ["-体重下降"]),
        ("JVP not raised", ["-JVP raised"]),
        ("精神、饮食、睡眠可", []),
        ("育有1子，遂来我院急诊", []),
        ("个人史：无特殊", []),
        ("婴儿", []),
        ("父亲高血压", ["~高血压"]),
        ("爸爸糖尿病，多饮", ["~糖尿病", "+多饮"]),
        ("舅舅有癫痫", ["~癫痫"]),
        ("父亲因肝癌去世", ["~肝癌"]),
        ("Father had MI at 50. Now chest pain.", ["~MI at 50", "+chest pain"]),
        ("Mother and sister have lupus; she has joint pain", ["~lupus", "+joint pain"]),
        ("否认家族遗传病史", []),
        ("我爸胸痛两小时", ["+胸痛"]),
        ("My father has chest pain", ["+chest pain"]),
        ("发热已退", ["-发热"]),
        ("The fever has gone", ["-fever"]),
        ("didn't pass out", ["-pass out"]),
        ("似有胸痛", ["?胸痛"]),
        ("? 肺栓塞", ["?肺栓塞"]),
        ("有无发热？有", ["+发热"]),
        ("Chest pain? No.", ["-Chest pain"]),
        ("现咳嗽", ["+咳嗽"]),
        ("未闻及杂音，无压痛反跳痛", ["-杂音", "-压痛", "-反跳痛"]),
    ],
)
def test_readings(text: str, findings: list[str]) -> None:
    assert told(text) == findings


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("Mild cough. Severe chest pain for 2 hours.", [(), ("for 2 hours",)]),
        ("denies fever. cough for 3 days", [(), ("for 3 days",)]),
        ("无明显诱因出现胸闷", [()]),
        ("6个月宝宝 发烧2天", [("2天",)]),
        ("62-year-old man with hypertension", [()]),
        ("34 weeks pregnant with itching", [(), ()]),
    ],
)
def test_details_are_of_their_finding(text: str, details: list[tuple[str, ...]]) -> None:
    assert [f.details for f in extract(text, KNOWN)] == details
