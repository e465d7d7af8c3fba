"""Feedback: findings only, and cases that evaluate reads again."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard import lexicon
from dashboard.domain import Finding, SearchResult, Status
from dashboard.evaluation import read_queries
from dashboard.feedback import Feedback, Opinion, sentence
from dashboard.findings import extract
from dashboard.retrieval import understand


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


def test_sent_twice_it_is_one_opinion(tmp_path: Path) -> None:
    kept, once = Feedback(tmp_path), result(FEVER)
    for _ in range(2):
        kept.add(once, [Opinion("flu", "useful"), Opinion("mi", "wrong")])
    assert kept.count() == 2
    kept.add(replace(once, timings_ms={"total": 12.3}), [Opinion("flu", "useful")])  # another search, the same findings
    assert kept.count() == 3


def test_a_change_of_mind_replaces(tmp_path: Path) -> None:
    kept, once = Feedback(tmp_path), result(FEVER)
    for verdict in ("useful", "wrong", "useful"):
        kept.add(once, [Opinion("flu", verdict)])  # type: ignore[arg-type]
    assert kept.count() == 1
    assert kept.cases() == [{"query": "发热", "relevant": ["flu"], "kb": "ward"}]


def test_the_digest_does_not_hang_on_the_text(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.add(result(FEVER, query="我叫王小明，发烧"), [Opinion("flu", "useful")])
    kept.add(result(FEVER, query="发烧"), [Opinion("flu", "useful")])
    assert kept.count() == 1


def test_a_database_of_before_goes_on(tmp_path: Path) -> None:
    """It lacks the column that tells searches apart, and may hold an opinion twice."""
    with closing(sqlite3.connect(tmp_path / "state.db")) as database, database:
        database.execute(
            "create table feedback (id integer primary key, said_at text not null, kb text not null, version text not null,"
            " encoder text not null, findings text not null, entry text not null, verdict text not null)"
        )
        row = ("2026-01-01", "ward", "v0001", "tiny", '[{"text": "发热", "status": "present"}]', "flu", "useful")
        database.executemany(
            "insert into feedback (said_at, kb, version, encoder, findings, entry, verdict) values (?,?,?,?,?,?,?)",
            [row, row],
        )
    kept = Feedback(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: kept.add(result(FEVER), [Opinion("cold", "useful")]), range(16)))
    assert kept.count() == 3
    assert kept.cases() == [{"query": "发热", "relevant": ["flu", "cold"], "kb": "ward"}]


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


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    "text", ["尿道分泌物", "心跳漏拍", "牙齿痛", "月经不规律", "咳嗽", "糖尿病", "urethral discharge", "cough"]
)
def test_no_status_is_lost_on_the_way(text: str, status: Status) -> None:
    """无 before 尿道… would begin 无尿: as the reader of the searches knows its words, what is denied stays denied."""
    known = lexicon.builtin().wordings("symptom", "disease")
    said = sentence([Finding(text, status), Finding("发热" if text[0] > "z" else "fever")], known)
    read = understand(said, known).findings
    assert {f.status for f in read[:-1]} == {status}
    assert read[-1].status is Status.PRESENT


def test_many_may_write_at_once(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: kept.add(result(FEVER), [Opinion(f"e{i}", "useful")]), range(40)))
    assert kept.count() == 40


def test_an_unknown_verdict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        Feedback(tmp_path).add(result(FEVER), [Opinion("flu", "perhaps")])  # type: ignore[arg-type]
