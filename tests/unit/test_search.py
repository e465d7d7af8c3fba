"""What a search does with its scores, on a tiny encoder and on scores made by hand."""

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.checkpoint import Calibration
from dashboard.domain import Entry, Finding, Patient, RedFlag, Status, ZhenluError
from dashboard.encoders.base import Encoding
from dashboard.explain import WEIGHED, band, misfit, urgency
from dashboard.records import Parsed
from dashboard.rerankers import chunks
from dashboard.retrieval import Options, Parts, from_findings, fuse, retrieve, understand
from dashboard.search import search
from dashboard.store import KnowledgeBase, Store

ENTRIES = (
    Entry("flu", "流感", ("发热", "咳嗽", "头痛"), "influenza", symptoms_en=("fever", "cough", "headache")),
    Entry("mi", "心梗", ("胸痛", "呼吸困难"), urgent=True, red_flags=(RedFlag("持续胸痛"),)),
    Entry("uti", "尿路感染", ("尿频", "尿急", "尿痛")),
    Entry("colitis", "colitis", ("diarrhea", "abdominal pain", "fever")),
)


class FakeReranker:
    """Prefers the passages in which a given word stands."""

    name, fingerprint = "fake", "0"
    calibration = Calibration(name="fake", bands_kb="kb")

    def __init__(self, word: str, use: bool = True):
        self.word, self.calls = word, 0
        self.calibration = replace(self.calibration, use_reranker=use)

    def score(self, query: str, passages: Sequence[str]) -> np.ndarray:
        self.calls += 1
        return np.array([4.0 if self.word in p else -4.0 for p in passages], dtype=np.float32)


@pytest.fixture
def store_of(m3_encoder: Any, tmp_path: Path) -> Callable[[Sequence[Entry]], KnowledgeBase]:
    def load(entries: Sequence[Entry]) -> KnowledgeBase:
        store = Store(tmp_path)
        store.load("kb", Parsed(tuple(entries), (), len(entries)), m3_encoder)
        return store.open("kb")

    return load


@pytest.fixture
def kb(store_of: Callable[[Sequence[Entry]], KnowledgeBase]) -> KnowledgeBase:
    return store_of(ENTRIES)


def test_the_first_list_comes_before_the_reranked_one(kb: KnowledgeBase, m3_encoder: Any) -> None:
    reranker = FakeReranker("尿路")
    results = search(Parts(kb, m3_encoder, reranker), understand("发热，咳嗽"), Options())
    first = next(results)
    assert reranker.calls == 0
    assert (first.reranker, first.reranked, first.to_rerank) == (None, 0, 4)
    assert all(c.scores.rerank is None for c in first.candidates)
    last = list(results)[-1]
    assert (last.reranker, last.reranked) == ("fake", 4)
    assert last.candidates[0].entry.id == "uti"
    place = [c.entry.id for c in first.candidates].index("uti")
    assert last.candidates[0].moved == place


def test_a_reranker_that_does_not_help_is_not_used_and_that_is_said(kb: KnowledgeBase, m3_encoder: Any) -> None:
    reranker = FakeReranker("尿路", use=False)
    (only,) = search(Parts(kb, m3_encoder, reranker), understand("发热，咳嗽"), Options())
    assert reranker.calls == 0
    assert "reranker_not_used" in only.notices


def test_an_equal_symptom_is_the_evidence_and_the_rest_is_asked(kb: KnowledgeBase, m3_encoder: Any) -> None:
    *_, result = search(Parts(kb, m3_encoder, None), understand("头痛"), Options())
    flu = next(c for c in result.candidates if c.entry.id == "flu")
    assert (flu.evidence[0].finding, flu.evidence[0].symptom, flu.evidence[0].similarity) == ("头痛", "头痛", 1.0)
    assert set(flu.ask) == {"发热", "咳嗽"}


def test_evidence_is_told_in_the_language_of_the_query(kb: KnowledgeBase, m3_encoder: Any) -> None:
    *_, result = search(Parts(kb, m3_encoder, None), understand("headache"), Options())
    flu = next(c for c in result.candidates if c.entry.id == "flu")
    assert flu.evidence[0].symptom == "headache"
    assert set(flu.ask) <= {"fever", "cough"}


def test_what_is_absent_counts_against_and_is_not_searched_for(kb: KnowledgeBase, m3_encoder: Any) -> None:
    parts = Parts(kb, m3_encoder, None)
    without, with_it = understand("咳嗽"), understand("咳嗽，没有头痛")
    assert with_it.whole == without.whole == "咳嗽"
    plain, absent = retrieve(parts, without, Options()), retrieve(parts, with_it, Options())
    flu = int(np.flatnonzero(plain.entries == 0)[0])
    assert absent.fused[flu] < plain.fused[flu]
    *_, result = search(parts, with_it, Options())
    candidate = next(c for c in result.candidates if c.entry.id == "flu")
    assert [(e.finding, e.symptom) for e in candidate.against] == [("头痛", "头痛")]


def test_a_symptom_of_the_other_side_is_no_evidence(
    store_of: Callable[[Sequence[Entry]], KnowledgeBase], m3_encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        Entry("appendix", "阑尾炎", ("右下腹痛",), symptoms_en=("pain in the right lower abdomen",)),
        Entry("colon", "憩室炎", ("左下腹痛",), symptoms_en=("pain in the left lower abdomen",)),
        Entry("both", "膀胱炎", ("下腹痛",), symptoms_en=("pain in the lower abdomen",)),
    ]
    kb = store_of(entries)
    vector = m3_encoder.encode(["x"]).dense  # every text is like every other
    kb = replace(kb, phrase_vectors=np.repeat(vector, len(kb.phrases), axis=0))
    monkeypatch.setattr(m3_encoder, "encode", lambda texts, **_: Encoding(np.repeat(vector, len(texts), axis=0)))
    for text, other in (("左下腹痛", "右下腹痛"), ("pain in my Right lower abdomen", "pain in the left lower abdomen")):
        recalled = retrieve(Parts(kb, m3_encoder, None), from_findings(text, [Finding(text)]), Options())
        near = dict(zip(kb.phrases, recalled.similarity[0], strict=True))
        assert near[other] < 0.8
        assert near["下腹痛"] == pytest.approx(1)


def test_an_absent_finding_never_takes_an_emergency_out_of_cant_miss(kb: KnowledgeBase, m3_encoder: Any) -> None:
    query = from_findings("x", [Finding("呼吸困难"), Finding("胸痛", Status.ABSENT)])
    recalled = retrieve(Parts(kb, m3_encoder, None), query, Options())
    infarction = int(np.flatnonzero(recalled.entries == 1)[0])
    before, after = float(recalled.present[infarction]), float(recalled.fused[infarction])
    assert after < before  # the denial takes from its score in the list
    m3_encoder = copy(m3_encoder)
    floors = {"temperature": 0.02, "weight": 0.0, "score": (before + after) / 2, "share": 0.0}
    m3_encoder.calibration = replace(m3_encoder.calibration, cant_miss=floors)
    *_, result = search(Parts(kb, m3_encoder, None), query, Options())
    assert [m.entry.id for m in result.cant_miss] == ["mi"]


def test_an_urgent_entry_that_is_strong_among_the_first_is_never_kept_back(kb: KnowledgeBase, m3_encoder: Any) -> None:
    m3_encoder, query = copy(m3_encoder), understand("胸痛，呼吸困难")
    floors = {"temperature": 0.02, "weight": 2.0, "score": 0.0, "share": 0.0}  # no weight is enough
    for edge, shown in ((0.1, ["mi"]), (1.1, [])):
        bands = {"fused": [edge, 0.05, 0.0], "rerank": [0.8, 0.4, 0.05]}
        m3_encoder.calibration = replace(m3_encoder.calibration, cant_miss=floors, bands=bands)
        *_, result = search(Parts(kb, m3_encoder, None), query, Options())
        assert [m.entry.id for m in result.cant_miss] == shown


def test_cant_miss_asks_how_much_the_urgent_entries_weigh() -> None:
    scores, urgent = np.array([0.60, 0.58, 0.58, 0.20]), np.array([False, True, True, True])
    near, far = np.exp(-1), np.exp(-20)  # 0.02 and 0.40 below the best, at a temperature of 0.02
    expected = (2 * near + far) / (1 + 2 * near + far)
    assert urgency(scores, urgent, 0.02) == pytest.approx(expected)
    crowd = np.concatenate([np.full(WEIGHED, 0.9), [0.899]])
    assert urgency(crowd, np.arange(len(crowd)) == WEIGHED, 0.02) == 0  # only the first ones are weighed


def test_a_long_text_that_tells_nothing_matches_nothing_and_alarms_nobody(kb: KnowledgeBase, m3_encoder: Any) -> None:
    m3_encoder = copy(m3_encoder)
    floors = {"temperature": 0.02, "weight": 0.0, "score": 0.0, "share": 0.0}
    bands = {"fused": [1.2, 1.1, 0.0], "rerank": [0.8, 0.4, 0.05]}
    m3_encoder.calibration = replace(m3_encoder.calibration, enough=100.0, cant_miss=floors, bands=bands)
    query = from_findings("x", [Finding("发票丢了"), Finding("医保报销"), Finding("去哪个窗口")])
    *_, result = search(Parts(kb, m3_encoder, None), query, Options())
    assert result.status == "no_good_match"
    assert {c.band for c in result.candidates} == {"none"}
    assert (result.cant_miss, result.wanted) == ((), ())


def test_true_findings_that_all_entries_share_are_a_match_all_the_same(
    store_of: Callable[[Sequence[Entry]], KnowledgeBase], m3_encoder: Any
) -> None:
    """A ward's base: what every entry has tells them apart little, and is no reason to say that nothing fits."""
    shared = ("胸痛", "呼吸困难", "大汗")
    ward = store_of(
        [
            Entry(f"e{i}", f"病{i}", (*shared, own), urgent=i < 3)
            for i, own in enumerate(["咳血", "背痛", "晕厥", "发热"])
        ]
    )
    m3_encoder = copy(m3_encoder)
    floors = {"temperature": 0.02, "weight": 0.0, "score": 0.0, "share": 0.0}
    m3_encoder.calibration = replace(m3_encoder.calibration, enough=100.0, cant_miss=floors)
    *_, result = search(Parts(ward, m3_encoder, None), understand("胸痛，呼吸困难，大汗"), Options())
    assert result.status == "ok"
    assert len(result.cant_miss) == 3
    assert "none" not in {c.band for c in result.candidates}


def test_a_brief_counts_in_the_query_s_language_alone(
    store_of: Callable[[Sequence[Entry]], KnowledgeBase], m3_encoder: Any
) -> None:
    kb = store_of([Entry("flu", "流感", ("发热", "咳嗽"), description="由病毒引起，冬季多见。")])
    assert (kb.wholes, len(kb.passage_entry)) == (1, 2)
    for told, counted in (("咳嗽", [0, 1]), ("cough", [0])):
        query = understand(told)
        vector = m3_encoder.encode([query.whole]).dense[0]
        expected = max(float(v @ vector) for v in kb.dense(counted))
        recalled = retrieve(Parts(kb, m3_encoder, None), query, Options())
        assert float(recalled.channels["dense"][0]) == pytest.approx(expected, abs=1e-5)


def test_dense_alone_still_recalls_as_many_entries_as_asked_for(
    store_of: Callable[[Sequence[Entry]], KnowledgeBase], m3_encoder: Any
) -> None:
    both = [
        Entry(
            f"e{i}",
            f"病{i}",
            ("咳嗽", w),
            f"disease {i}",
            symptoms_en=("cough", w),
            description="长。",
            description_en="Long.",
        )
        for i, w in enumerate("abcdefghij")
    ]
    *_, result = search(
        Parts(store_of(both), m3_encoder, None), understand("咳嗽"), Options(top=8, recall=8, mode="dense")
    )
    assert len(result.candidates) == 8


def test_nothing_present_is_not_enough(kb: KnowledgeBase, m3_encoder: Any) -> None:
    (result,) = search(Parts(kb, m3_encoder, None), from_findings("x", [Finding("发热", Status.ABSENT)]), Options())
    assert (result.status, result.candidates) == ("not_enough", ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "query_empty"),
        ("\u200b\x00 ", "query_empty"),
        ("痛", "query_short"),
        ("a" * 5001, "query_long"),
        ("发热" + " " * 5000, "query_long"),
    ],
)
def test_texts_that_cannot_be_searched(text: str, code: str) -> None:
    with pytest.raises(ZhenluError) as failure:
        understand(text)
    assert failure.value.code == code


def test_fusion_shares_the_weight_of_channels_that_did_not_run() -> None:
    channels = {"dense": np.array([1.0, 0.0]), "findings": np.array([0.0, 1.0])}
    weights = {"dense": 0.1, "findings": 0.3, "sparse": 0.6}
    assert fuse(channels, weights).tolist() == pytest.approx([0.25, 0.75])
    assert fuse({"dense": np.array([0.5])}, {"dense": 0.0}).tolist() == [0.5]


@pytest.mark.parametrize(
    ("entry", "patient", "reasons"),
    [
        ({"sex": "female"}, Patient(sex="male"), ("sex",)),
        ({"sex": "female"}, Patient(sex="female"), ()),
        ({"ages": ("neonate", "infant")}, Patient(age_years=30), ("age",)),
        ({"ages": ("adult",)}, Patient(age_years=30), ()),
        ({"ages": ()}, Patient(age_years=30), ()),
        ({"pregnancy": "only"}, Patient(pregnant=False), ("pregnancy",)),
        ({"pregnancy": "never"}, Patient(pregnant=True), ("pregnancy",)),
        ({"department": "眼科", "department_en": "Ophthalmology"}, Patient(department="ophthalmology"), ()),
        ({"department": "眼科"}, Patient(department="骨科"), ("department",)),
    ],
)
def test_what_does_not_fit_the_patient(entry: dict[str, Any], patient: Patient, reasons: tuple[str, ...]) -> None:
    assert misfit(replace(ENTRIES[0], **entry), patient) == reasons


def test_the_reranker_does_not_make_up_for_what_does_not_fit(
    store_of: Callable[[Sequence[Entry]], KnowledgeBase], m3_encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb = store_of([replace(ENTRIES[0], sex="female"), ENTRIES[1]])
    reranker = FakeReranker("")  # it finds both alike
    reranker.calibration = replace(reranker.calibration, blend={"rerank": 0.25, "fused": 27.0, "bias": -16.0})
    recalled = retrieve(Parts(kb, m3_encoder, None), understand("发热，胸痛"), Options())
    recalled = replace(recalled, fused=np.array([0.70, 0.60]))
    monkeypatch.setattr("dashboard.search.retrieve", lambda *_: recalled)
    results = [*search(Parts(kb, m3_encoder, reranker), understand("发热，胸痛"), Options(patient=Patient(sex="male")))]
    for result in (results[0], results[-1]):
        assert [(c.entry.id, c.misfits) for c in result.candidates] == [("mi", ()), ("flu", ("sex",))]


def test_bands_are_by_their_edges() -> None:
    edges = [0.7, 0.5, 0.3]
    assert [band(s, edges) for s in (0.7, 0.69, 0.3, 0.29)] == ["strong", "possible", "weak", "none"]


def test_a_base_s_own_bands_count_and_no_notice_is_needed_then(kb: KnowledgeBase, m3_encoder: Any) -> None:
    query = understand("头痛")
    (before,) = search(Parts(kb, m3_encoder, None), query, Options())
    assert "bands_uncalibrated" in before.notices
    (after,) = search(Parts(kb, m3_encoder, None, bands={"fused": [0.0, 0.0, 0.0]}), query, Options())
    assert "bands_uncalibrated" not in after.notices
    assert {c.band for c in after.candidates} == {"strong"}


def test_too_little_is_said_with_what_would_help_most(kb: KnowledgeBase, m3_encoder: Any) -> None:
    short = understand("头痛")
    m3_encoder = copy(m3_encoder)
    # Random weights bring different words near each other: only equal ones count as the same here.
    m3_encoder.calibration = replace(m3_encoder.calibration, enough=100.0, evidence=0.9999)
    *_, result = search(Parts(kb, m3_encoder, None), short, Options())
    assert result.status == "not_enough"
    assert result.candidates
    assert [w.kind for w in result.wanted][:2] == ["duration", "age"]
    asked = [w.symptom for w in result.wanted if w.kind == "asked"]
    assert asked
    assert set(asked) <= {s for e in ENTRIES for g in e.phrases().values() for s in g}
    known = Options(patient=Patient(age_years=40))
    *_, told = search(Parts(kb, m3_encoder, None), understand("头部疼痛三天"), known)
    assert {"duration", "age"}.isdisjoint(w.kind for w in told.wanted)


def test_the_reranker_stops_when_its_time_is_up() -> None:
    passages = ["a"] * 35
    assert [start for start, _ in chunks(FakeReranker("a"), "q", passages, seconds=60)] == [0, 10, 30]
    slow = FakeReranker("a")
    slow.score = lambda query, rows: (time.sleep(0.11), np.zeros(len(rows), dtype=np.float32))[1]  # type: ignore[method-assign]
    assert [start for start, _ in chunks(slow, "q", passages, seconds=60)] == [0, 10, 20, 30]
    assert [start for start, _ in chunks(FakeReranker("a"), "q", passages, seconds=-1)] == [0]
