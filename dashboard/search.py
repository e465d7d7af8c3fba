"""retrieve -> fuse -> rerank -> explain. Pure functions over the parts they are given."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dashboard.checkpoint import Calibration
from dashboard.domain import (
    BANDS,
    Band,
    Candidate,
    CantMiss,
    Entry,
    Evidence,
    Finding,
    Language,
    Patient,
    Scores,
    SearchResult,
    Status,
    ZhenluError,
    language_of,
)
from dashboard.encoders.base import Encoder
from dashboard.findings import extract, normalise
from dashboard.records import key
from dashboard.rerankers import Reranker, chunks
from dashboard.store import KnowledgeBase

MODES = ("dense", "hybrid", "rerank")
MISFIT = 0.8  # what does not fit the patient keeps this much of its score
AGAINST = 0.06  # what an absent finding takes from the score of an entry that has it
ASK = 3
AGES = {"neonate": (0, 0.08), "infant": (0, 1), "child": (1, 12), "adolescent": (10, 18), "adult": (18, 65), "elderly": (60, 130)}  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """What a search runs on."""

    kb: KnowledgeBase
    encoder: Encoder
    reranker: Reranker | None
    wordings: Iterable[str] = ()


@dataclass(frozen=True)
class Options:
    top: int = 5
    recall: int = 50
    mode: str = "rerank"
    patient: Patient = field(default_factory=Patient)
    rerank_seconds: float = 10.0
    max_chars: int = 5000


@dataclass(frozen=True)
class Query:
    """A text as the models see it: what is present as one text, and finding by finding."""

    text: str
    findings: tuple[Finding, ...]
    present: tuple[str, ...]
    absent: tuple[str, ...]

    @property
    def language(self) -> Language:
        return language_of(self.text)

    @property
    def whole(self) -> str:
        return ("，" if self.language == "zh" else ", ").join(self.present)


def understand(text: str, wordings: Iterable[str] = (), *, max_chars: int = 5000) -> Query:
    """Text -> query. Raises ZhenluError query_empty, query_short or query_long."""
    folded = normalise(text)
    if not folded:
        raise ZhenluError("query_empty")
    if len(folded) > max_chars:
        raise ZhenluError("query_long", length=len(folded), limit=max_chars)
    if sum(c.isalnum() for c in folded) < 2:
        raise ZhenluError("query_short")
    return from_findings(folded, extract(folded, wordings))


def from_findings(text: str, findings: Sequence[Finding]) -> Query:
    """A query from findings that a person has corrected."""
    by = {s: tuple(f.text for f in findings if f.status is s) for s in Status}
    return Query(text, tuple(findings), by[Status.PRESENT], by[Status.ABSENT])


@dataclass
class Recalled:
    """Scores of the recalled entries, one row each: columns are the channels, NaN where a channel did not run."""

    entries: np.ndarray  # (n,) entry index
    channels: dict[str, np.ndarray]  # name -> (n,)
    similarity: np.ndarray  # (present findings, phrases)
    absent: np.ndarray  # (absent findings, phrases)
    encode_ms: float
    fused: np.ndarray  # (n,)


def search(parts: Parts, query: Query, options: Options) -> Iterator[SearchResult]:
    """The first list, then a better one after each chunk that the reranker has scored.

    Raises ZhenluError encoder_mismatch when the base was built by another encoder.
    """
    started = time.perf_counter()
    check_encoder(parts)
    if not query.present:
        yield _result(
            parts, query, "not_enough", (), (), {"encode": 0.0, "retrieve": 0.0, "rerank": None, "total": 0.0}
        )
        return
    recalled = retrieve(parts, query, options)
    timings: dict[str, float | None] = {"encode": recalled.encode_ms, "rerank": None}
    timings["retrieve"] = _ms(started) - recalled.encode_ms
    order = np.argsort(-recalled.fused, kind="stable")[: options.recall]
    cant_miss = _cant_miss(parts, query, recalled)
    reranker = parts.reranker if options.mode == "rerank" else None
    if reranker is not None and not reranker.calibration.use_reranker:
        reranker = None
    first = _candidates(parts, query, options, recalled, order, None)
    timings["total"] = _ms(started)
    yield _result(
        parts, query, _status(first), first[: options.top], cant_miss, timings, to_rerank=len(order) if reranker else 0
    )
    if reranker is None:
        return
    begun = time.perf_counter()
    logits = np.full(len(order), np.nan, dtype=np.float32)
    passages = [_passage(parts.kb, int(recalled.entries[i]), query.language) for i in order]
    for start, scores in chunks(reranker, query.whole, passages, options.rerank_seconds):
        logits[start : start + len(scores)] = scores
        done = int(np.isfinite(logits).sum())
        timings |= {"rerank": _ms(begun), "total": _ms(started)}
        final = _candidates(parts, query, options, recalled, order, logits)
        yield _result(
            parts, query, _status(final), final[: options.top], cant_miss, timings, reranker, done, len(order)
        )  # fmt: skip


def check_encoder(parts: Parts) -> None:
    """Raises ZhenluError encoder_mismatch."""
    meta = parts.kb.meta
    if meta.fingerprint != parts.encoder.fingerprint:
        raise ZhenluError("encoder_mismatch", kb=meta.kb, built=meta.encoder, current=parts.encoder.name)


def retrieve(parts: Parts, query: Query, options: Options) -> Recalled:
    """Recall by every channel the base and the encoder have, score their union in all of them, fuse."""
    kb, encoder = parts.kb, parts.encoder
    weights = encoder.calibration.fusion
    started = time.perf_counter()
    kinds = [k for k in kb.meta.kinds if k == "dense" or (options.mode != "dense" and weights.get(k, 0) > 0)]
    encoding = encoder.encode([query.whole, *query.present, *query.absent], query=True, kinds=kinds)
    encode_ms = _ms(started)
    vector, parts_of = encoding.dense[0], encoding.dense[1:]
    similarity = parts_of @ kb.phrase_vectors.T
    present, absent = similarity[: len(query.present)], similarity[len(query.present) :]

    passages = dict(kb.nearest(vector, options.recall * 2))
    recalled = {int(kb.passage_entry[i]) for i in passages}
    channels: dict[str, np.ndarray] = {}
    if options.mode != "dense":
        channels["findings"] = _findings_scores(kb, present)
        recalled |= _best(channels["findings"], options.recall)
        if encoding.sparse is not None and kb.sparse is not None:
            lexical = (kb.sparse @ encoding.sparse[0].T).toarray()[:, 0]
            channels["sparse"] = _by_entry(kb, lexical)
            recalled |= _best(channels["sparse"], options.recall)
    entries = np.array(sorted(recalled))
    channels = {name: scores[entries] for name, scores in channels.items()}
    rows = np.flatnonzero(np.isin(kb.passage_entry, entries))
    owners = np.searchsorted(entries, kb.passage_entry[rows])
    channels["dense"] = _maximum(owners, kb.dense(rows) @ vector, len(entries))
    if encoding.multi_vector is not None and kb.tokens is not None and options.mode != "dense":
        late = np.array([_late_interaction(encoding.multi_vector[0], kb.multi_vectors(int(i))) for i in rows])
        channels["multi_vector"] = _maximum(owners, late, len(entries))
    fused = fuse(channels, weights)
    if len(absent):
        fused = fused - AGAINST * _contradiction(kb, absent, entries, encoder.calibration.evidence)
    return Recalled(entries, channels, present, absent, encode_ms, fused)


def fuse(channels: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """The weighted mean of the channels that ran; weights of those that did not are shared among the others."""
    used = {name: weights.get(name, 0.0) for name in channels}
    total = sum(used.values())
    if total <= 0:
        return channels["dense"].copy()
    return sum((channels[name] * (weight / total) for name, weight in used.items()), np.zeros_like(channels["dense"]))


def _findings_scores(kb: KnowledgeBase, similarity: np.ndarray) -> np.ndarray:
    """(findings, phrases) -> (entries,): the mean over findings of the entry's best symptom.

    A clause that is near no symptom of the whole base (small talk, a date) counts little.
    """
    weights = np.clip((similarity.max(axis=1) - 0.3) / 0.4, 0.05, 1.0)
    return (weights @ best_by_entry(kb, similarity)) / weights.sum()


def best_by_entry(kb: KnowledgeBase, similarity: np.ndarray) -> np.ndarray:
    """(findings, phrases) -> (findings, entries): the best of each entry's symptoms."""
    return np.maximum.reduceat(similarity[:, kb.phrase_ids], kb.phrase_starts[:-1], axis=1)


def _contradiction(kb: KnowledgeBase, absent: np.ndarray, entries: np.ndarray, floor: float) -> np.ndarray:
    """(n,) how many absent findings the entry has, each by how surely."""
    best = best_by_entry(kb, absent)[:, entries]
    return np.where(best >= floor, best, 0.0).sum(axis=0)


def _by_entry(kb: KnowledgeBase, scores: np.ndarray) -> np.ndarray:
    return _maximum(kb.passage_entry, scores, len(kb.entries))


def _maximum(owners: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """An entry's score in a channel is the maximum over its passages."""
    best = np.full(count, -1.0, dtype=np.float32)
    np.maximum.at(best, owners, scores.astype(np.float32))
    return best


def _best(scores: np.ndarray, count: int) -> set[int]:
    if len(scores) <= count:
        return set(range(len(scores)))
    return {int(i) for i in np.argpartition(-scores, count)[:count]}


def _late_interaction(query: np.ndarray, passage: np.ndarray) -> float:
    """The mean over query tokens of the best passage token (ColBERT, Khattab and Zaharia 2020, as bge-m3 scales it)."""
    return float((query @ passage.T).max(axis=1).mean())


def _candidates(
    parts: Parts, query: Query, options: Options, recalled: Recalled, order: np.ndarray, logits: np.ndarray | None
) -> list[Candidate]:
    """All recalled entries as they stand now. Only those that will be shown are explained."""
    calibration = parts.encoder.calibration
    misfits = {int(i): misfit(parts.kb.entries[recalled.entries[i]], options.patient) for i in order}
    fit = np.array([MISFIT if misfits[int(i)] else 1.0 for i in order])
    first = fit * recalled.fused[order]
    before = np.argsort(-first, kind="stable")
    stage, score = "fused", np.clip(first, 0, 1)
    if logits is not None and parts.reranker is not None:
        stage, calibration_of_stage = "rerank", parts.reranker.calibration
        blend = calibration_of_stage.blend
        total = blend["rerank"] * logits + blend["fused"] * recalled.fused[order] + blend["bias"]
        relevance = fit / (1 + np.exp(-total))
        # What the reranker has not reached keeps its first order behind what it has.
        now = np.lexsort((-first, -np.nan_to_num(relevance, nan=-1.0)))
        score = np.nan_to_num(relevance, nan=0.0)
    else:
        now, calibration_of_stage = before, calibration
    place_before = {int(row): place for place, row in enumerate(before)}
    result = []
    for place, row in enumerate(now):
        index = int(recalled.entries[order[row]])
        candidate = Candidate(
            entry=parts.kb.entries[index],
            rank=place + 1,
            score=float(score[row]),
            band=band(float(score[row]), calibration_of_stage, stage),
            scores=_scores(recalled, int(order[row]), None if logits is None else float(logits[row])),
            misfits=misfits[int(order[row])],
            moved=place_before[int(row)] - place if logits is not None else 0,
        )
        result.append(_explain(parts, query, recalled, index, candidate) if place < options.top else candidate)
    return result


def _scores(recalled: Recalled, row: int, logit: float | None) -> Scores:
    values = {name: round(float(scores[row]), 4) for name, scores in recalled.channels.items()}
    rerank = None if logit is None or np.isnan(logit) else round(float(logit), 4)
    return Scores(**values, fused=round(float(recalled.fused[row]), 4), rerank=rerank)


def _explain(parts: Parts, query: Query, recalled: Recalled, index: int, candidate: Candidate) -> Candidate:
    """Finding by finding: the entry's best symptom, what is left over, what speaks against, what to ask."""
    kb, floor = parts.kb, parts.encoder.calibration.evidence
    ids = kb.phrase_ids[kb.phrase_starts[index] : kb.phrase_starts[index + 1]]
    shown = _in_language(kb, candidate.entry, query.language)
    evidence, unexplained, against, met = [], [], [], set()
    for finding, row in zip(query.present, recalled.similarity, strict=True):
        found = _match(kb, ids, finding, row, shown)
        if found.similarity >= floor:
            evidence.append(found)
            met.add(found.symptom)
        else:
            unexplained.append(finding)
    for finding, row in zip(query.absent, recalled.absent, strict=True):
        found = _match(kb, ids, finding, row, shown)
        if found.similarity >= floor:
            against.append(found)
            met.add(found.symptom)
    ask = [s for s in dict.fromkeys(shown.values()) if s not in met][:ASK]
    return replace(
        candidate,
        evidence=tuple(evidence),
        unexplained=tuple(unexplained),
        against=tuple(against),
        ask=tuple(ask),
    )


def _match(kb: KnowledgeBase, ids: np.ndarray, finding: str, row: np.ndarray, shown: Mapping[str, str]) -> Evidence:
    best = int(ids[np.argmax(row[ids])])
    phrase = kb.phrases[best]
    return Evidence(finding, shown.get(key(phrase), phrase), round(float(row[best]), 4))


def _in_language(kb: KnowledgeBase, entry: Entry, language: Language) -> dict[str, str]:
    """Each symptom of an entry -> the same symptom in the query's language, where the entry has it."""
    groups = entry.phrases()
    target = groups.get(language) or next(iter(groups.values()))
    pairs = {key(s): s for s in target}
    for group in groups.values():
        if len(group) == len(target):
            pairs |= {key(other): own for other, own in zip(group, target, strict=True)}
    return pairs


def _cant_miss(parts: Parts, query: Query, recalled: Recalled) -> tuple[CantMiss, ...]:
    """Urgent entries that the present findings fit, whatever their rank. Absent findings never take one out."""
    kb, calibration = parts.kb, parts.encoder.calibration
    if "findings" in recalled.channels:
        fit = recalled.channels["findings"]
    else:
        fit = _findings_scores(kb, recalled.similarity)[recalled.entries]
    found: list[CantMiss] = []
    for row in np.argsort(-fit, kind="stable"):
        if fit[row] < calibration.cant_miss or len(found) == 10:
            break
        entry = kb.entries[int(recalled.entries[row])]
        if entry.urgent:
            candidate = Candidate(entry, 0, 0.0, "none", Scores())
            explained = _explain(parts, query, recalled, int(recalled.entries[row]), candidate)
            flag = entry.red_flags[0] if entry.red_flags else None
            found.append(CantMiss(entry, flag, explained.evidence))
    return tuple(found)


def misfit(entry: Entry, patient: Patient) -> tuple[str, ...]:
    """Why an entry does not fit the patient: codes among sex, age, pregnancy, department."""
    reasons = []
    if patient.sex and entry.sex not in ("any", patient.sex):
        reasons.append("sex")
    if patient.age_years is not None and entry.ages:
        spans = [AGES[a] for a in entry.ages if a in AGES]
        if spans and not any(low <= patient.age_years <= high for low, high in spans):
            reasons.append("age")
    if patient.pregnant is not None:
        if (entry.pregnancy == "only" and not patient.pregnant) or (entry.pregnancy == "never" and patient.pregnant):
            reasons.append("pregnancy")
    if patient.department and key(patient.department) not in map(key, (entry.department, entry.department_en)):
        reasons.append("department")
    return tuple(reasons)


def band(score: float, calibration: Calibration, stage: str) -> Band:
    """The band of a score at a stage: fused or rerank."""
    for name, low in zip(BANDS, calibration.bands[stage], strict=False):
        if score >= low:
            return name
    return "none"


def _passage(kb: KnowledgeBase, entry: int, language: Language) -> str:
    """The whole text of an entry, in the query's language where there is one."""
    texts = kb.entries[entry].passages()
    return texts.get(language) or next(iter(texts.values()))


def _status(candidates: Sequence[Candidate]) -> str:
    return "ok" if any(c.band != "none" for c in candidates) else "no_good_match"


def _result(
    parts: Parts,
    query: Query,
    status: str,
    candidates: Sequence[Candidate],
    cant_miss: tuple[CantMiss, ...],
    timings: Mapping[str, float | None],
    reranker: Reranker | None = None,
    reranked: int = 0,
    to_rerank: int = 0,
) -> SearchResult:
    notices = []
    last = (reranker or parts.encoder).calibration
    if last.bands_kb != parts.kb.meta.kb:
        notices.append("bands_uncalibrated")
    return SearchResult(
        query=query.text,
        kb=parts.kb.meta.kb,
        version=parts.kb.meta.version,
        encoder=parts.encoder.name,
        reranker=reranker.name if reranker else None,
        status=status,  # type: ignore[arg-type]
        findings=query.findings,
        candidates=tuple(candidates),
        cant_miss=cant_miss,
        notices=tuple(notices),
        timings_ms={k: None if v is None else round(v, 1) for k, v in timings.items()},
        reranked=reranked,
        to_rerank=to_rerank,
    )


def _ms(since: float) -> float:
    return (time.perf_counter() - since) * 1000
