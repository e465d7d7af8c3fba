"""Candidates side by side: rows made of real evidence on a small base."""

from pathlib import Path
from typing import Any

import pytest

from dashboard.contrast import KINDS, contrast
from dashboard.domain import Entry, SearchResult
from dashboard.records import Parsed
from dashboard.retrieval import Options, Parts, understand
from dashboard.search import search
from dashboard.store import KnowledgeBase, Store

ENTRIES = (
    Entry("flu", "流感", ("发热", "咳嗽", "头痛"), "influenza", symptoms_en=("fever", "cough", "headache")),
    Entry("pneumonia", "肺炎", ("发热", "咳嗽", "胸痛"), "pneumonia", symptoms_en=("fever", "cough", "chest pain")),
    Entry("migraine", "偏头痛", ("头痛", "畏光"), "migraine", symptoms_en=("headache", "light sensitivity")),
)


@pytest.fixture
def kb(m3_encoder: Any, tmp_path: Path) -> KnowledgeBase:
    store = Store(tmp_path)
    store.load("kb", Parsed(ENTRIES, (), len(ENTRIES)), m3_encoder)
    return store.open("kb")


def ask(kb: KnowledgeBase, encoder: Any, text: str) -> SearchResult:
    *_, result = search(Parts(kb, encoder, None), understand(text), Options())
    return result


@pytest.mark.parametrize(
    ("language", "fever", "cough", "parting"),
    [("zh", "发热", "咳嗽", {"头痛", "胸痛"}), ("en", "fever", "cough", {"headache", "chest pain"})],
)
def test_rows_tell_findings_shared_and_separating(
    language: Any, fever: str, cough: str, parting: set[str], kb: KnowledgeBase, m3_encoder: Any
) -> None:
    result = ask(kb, m3_encoder, fever)
    two = [c for c in result.candidates if c.entry.id in ("flu", "pneumonia")]
    # Random weights bring different words near each other: only equal ones count as the same here.
    rows = contrast(kb, two, 0.9999, language)
    assert [r.kind for r in rows] == sorted((r.kind for r in rows), key=KINDS.index)
    assert [(r.label, r.cells) for r in rows if r.kind == "finding"] == [(fever, (fever, fever))]
    assert [r.cells for r in rows if r.kind == "shared"] == [(cough, cough)]
    assert {c for r in rows if r.kind == "separating" for c in r.cells if c} == parting


def test_every_symptom_of_an_entry_stands_in_the_table_and_once_outside_the_findings(
    kb: KnowledgeBase, m3_encoder: Any
) -> None:
    result = ask(kb, m3_encoder, "发热，头痛")
    rows = contrast(kb, result.candidates, 0.9999)
    for place in range(len(result.candidates)):
        told = {r.cells[place] for r in rows if r.kind == "finding" and r.cells[place]}
        own = [r.cells[place] for r in rows if r.kind != "finding" and r.cells[place]]
        assert len(own) == len(set(own))
        assert told.isdisjoint(own)
        assert told | set(own) == set(result.candidates[place].entry.symptoms)


def test_an_english_entry_with_other_english_symptoms_stands_beside_a_chinese_query(
    m3_encoder: Any, tmp_path: Path
) -> None:
    """Such a base can be loaded: English in the fields without a language, and other words in the English ones."""
    entries = (
        Entry("a", "gastritis", ("stomach pain", "nausea"), symptoms_en=("epigastric pain", "nausea", "bloating")),
        Entry("b", "胃溃疡", ("上腹痛", "黑便")),
    )
    store = Store(tmp_path)
    store.load("kb", Parsed(entries, (), 2), m3_encoder)
    kb = store.open("kb")
    assert list(kb.symptoms(0, "zh")) == list(kb.symptoms(0, "en")) == ["epigastric pain", "nausea", "bloating"]
    assert [kb.phrases[i] for i in kb.symptoms(1, "en").values()] == ["上腹痛", "黑便"]
    rows = contrast(kb, ask(kb, m3_encoder, "上腹痛").candidates, 0.9999, "zh")
    assert {"bloating", "黑便"} <= {cell for row in rows for cell in row.cells}


def test_symptoms_of_two_sides_are_not_shared(m3_encoder: Any, tmp_path: Path) -> None:
    entries = (Entry("a", "阑尾炎", ("发热", "右下腹痛")), Entry("b", "憩室炎", ("发热", "左下腹痛")))
    Store(tmp_path).load("sides", Parsed(entries, (), 2), m3_encoder)
    kb = Store(tmp_path).open("sides")
    rows = contrast(kb, ask(kb, m3_encoder, "发热").candidates, -0.99)  # all else counts as the same
    assert {c for r in rows if r.kind == "separating" for c in r.cells if c} == {"右下腹痛", "左下腹痛"}
