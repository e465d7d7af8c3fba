"""Feedback: findings only, and cases that evaluate reads again."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard.domain import Finding, SearchResult, Status
from dashboard.evaluation import read_queries
from dashboard.feedback import Feedback, Opinion, sentence
from dashboard.findings import extract


def result(*findings: Finding, query: str = "我叫王小明，发烧") -> SearchResult:
    return SearchResult(query, "ward", "v0001", "tiny", None, "ok", findings, ())


FEVER, NO_COUGH = Finding("发热", said="我叫王小明，发烧"), Finding("咳嗽", Status.ABSENT)


def test_what_was_typed_is_not_kept(tmp_path: Path) -> None:
    Feedback(tmp_path).add(result(FEVER), [Opinion("flu", "useful")])
    (file,) = tmp_path.iterdir()
    assert "王小明".encode() not in file.read_bytes()
    assert "发热".encode() in file.read_bytes() or b"\\u53d1" in file.read_bytes()


def test_useful_and_missing_become_cases_and_wrong_does_not(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.add(result(FEVER, NO_COUGH), [Opinion("flu", "useful"), Opinion("mi", "wrong"), Opinion("sepsis", "missing")])
    kept.add(result(Finding("头痛")), [Opinion("migraine", "wrong")])
    assert kept.count() == 4
    assert kept.cases() == [{"query": "发热。无咳嗽", "relevant": ["flu", "sepsis"], "kb": "ward"}]
    assert kept.cases("another") == []


def test_a_later_opinion_counts(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.add(result(FEVER), [Opinion("flu", "useful")])
    kept.add(result(FEVER), [Opinion("flu", "wrong")])
    assert kept.cases() == []


def test_the_cases_are_a_file_that_evaluate_reads(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.add(result(FEVER), [Opinion("flu", "useful")])
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in kept.cases()), encoding="utf-8")
    (case,) = read_queries(file)
    assert (case.query, tuple(case.relevant)) == ("发热", ("flu",))


@pytest.mark.parametrize(
    "findings",
    [
        (Finding("发热"), Finding("咳嗽", Status.ABSENT), Finding("糖尿病", Status.FAMILY)),
        (Finding("fever"), Finding("cough", Status.ABSENT), Finding("diabetes", Status.FAMILY)),
    ],
)
def test_a_case_is_read_as_the_same_findings(findings: tuple[Finding, ...]) -> None:
    known = {"发热", "咳嗽", "糖尿病", "fever", "cough", "diabetes"}
    again = [(f.text, f.status) for f in extract(sentence(findings), known)]
    assert again == [(f.text, f.status) for f in findings]


def test_many_may_write_at_once(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: kept.add(result(FEVER), [Opinion(f"e{i}", "useful")]), range(40)))
    assert kept.count() == 40


def test_an_unknown_verdict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        Feedback(tmp_path).add(result(FEVER), [Opinion("flu", "perhaps")])  # type: ignore[arg-type]
