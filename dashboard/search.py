"""retrieve -> fuse -> rerank -> explain: a search as its stages come. Pure functions over the parts they are given."""

import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dashboard.counterparts import completed
from dashboard.domain import Candidate, CantMiss, Language, Outcome, Scores, SearchResult, Wanted, ZhenluError
from dashboard.explain import band, cant_miss, explain, misfit, same_name, wanted
from dashboard.rerankers import Reranker, chunks
from dashboard.retrieval import Options, Parts, Query, Recalled, milliseconds, retrieve
from dashboard.store import KnowledgeBase

FEW = 2  # present findings that a text may have and still be called too short
MISFIT = 0.8  # what does not fit the patient keeps this much of its score in each stage


def search(parts: Parts, query: Query, options: Options) -> Iterator[SearchResult]:
    """The first list, then a better one after each chunk that the reranker has scored.

    Raises ZhenluError encoder_mismatch when the base was built by another encoder.
    """
    started = time.perf_counter()
    check_encoder(parts)
    if not query.present:
        nothing = {"encode": 0.0, "retrieve": 0.0, "rerank": None, "total": 0.0}
        yield _result(parts, query, "not_enough", (), (), nothing, wanted(parts, query, None, options.patient))
        return
    recalled = retrieve(parts, query, options)
    timings: dict[str, float | None] = {"encode": recalled.encode_ms, "rerank": None}
    timings["retrieve"] = milliseconds(started) - recalled.encode_ms
    order = np.argsort(-recalled.fused, kind="stable")[: options.recall]
    floor = parts.edges("fused")[1]
    little = outcome(recalled.told, len(query.present), recalled.present.max(), parts.encoder.calibration.enough, floor)
    urgent = () if little == "no_good_match" else cant_miss(parts, query, recalled, options.patient)
    help_with = wanted(parts, query, recalled, options.patient) if little == "not_enough" else ()
    reranker = parts.reranker if options.mode == "rerank" else None
    if reranker is not None and not reranker.calibration.use_reranker:
        reranker = None  # measured to help less than the first stage; the result's notices say so
    first = _candidates(parts, query, options, recalled, order, None, little)
    timings["total"] = milliseconds(started)
    status = _status(first, little)
    to_rerank = len(order) if reranker else 0
    yield _result(parts, query, status, first[: options.top], urgent, timings, help_with, to_rerank=to_rerank)
    if reranker is None:
        return
    begun = time.perf_counter()
    logits = np.full(len(order), np.nan, dtype=np.float32)
    passages = [passage_of(parts.kb, int(recalled.entries[i]), query.language) for i in order]
    for start, scores in chunks(reranker, query.whole, passages, options.rerank_seconds):
        logits[start : start + len(scores)] = scores
        done = int(np.isfinite(logits).sum())
        timings |= {"rerank": milliseconds(begun), "total": milliseconds(started)}
        final = _candidates(parts, query, options, recalled, order, logits, little)
        status = _status(final, little)
        yield _result(
            parts, query, status, final[: options.top], urgent, timings, help_with, reranker, done, len(order)
        )  # fmt: skip


def check_encoder(parts: Parts) -> None:
    """Raises ZhenluError encoder_mismatch."""
    meta = parts.kb.meta
    if meta.fingerprint != parts.encoder.fingerprint:
        raise ZhenluError("encoder_mismatch", kb=meta.kb, built=meta.encoder, current=parts.encoder.name)


def _candidates(
    parts: Parts,
    query: Query,
    options: Options,
    recalled: Recalled,
    order: np.ndarray,
    logits: np.ndarray | None,
    little: Outcome,
) -> list[Candidate]:
    """All recalled entries as they stand now. Only those that will be shown are explained."""
    places = {int(row): int(recalled.entries[row]) for row in order}
    whole = {row: completed(parts.kb.entries[i], same_name(parts, recalled, i)) for row, i in places.items()}
    misfits = {row: misfit(entry, options.patient) for row, entry in whole.items()}
    fit = np.array([MISFIT if misfits[int(i)] else 1.0 for i in order])
    first = fit * recalled.fused[order]
    before = np.argsort(-first, kind="stable")
    stage, score = "fused", np.clip(first, 0, 1)
    if logits is not None and parts.reranker is not None:
        stage, blend = "rerank", parts.reranker.calibration.blend
        # A steep logistic would make up for what does not fit: it counts before, as in the first list, and after.
        total = blend["rerank"] * logits + blend["fused"] * first + blend["bias"]
        relevance = fit / (1 + np.exp(-total))
        # What the reranker has not reached keeps its first order behind what it has.
        now = np.lexsort((-first, -np.nan_to_num(relevance, nan=-1.0)))
        score = np.nan_to_num(relevance, nan=0.0)
    else:
        now = before
    edges = () if little == "no_good_match" else parts.edges(stage)
    place_before = {int(row): place for place, row in enumerate(before)}
    result = []
    for place, row in enumerate(now):
        index = int(recalled.entries[order[row]])
        candidate = Candidate(
            entry=parts.kb.entries[index],
            rank=place + 1,
            score=float(score[row]),
            band=band(float(score[row]), edges),
            scores=_scores(recalled, int(order[row]), None if logits is None else float(logits[row])),
            misfits=misfits[int(order[row])],
            moved=place_before[int(row)] - place if logits is not None else 0,
        )
        result.append(explain(parts, query, recalled, index, candidate) if place < options.top else candidate)
    return result


def _scores(recalled: Recalled, row: int, logit: float | None) -> Scores:
    values = {name: round(float(scores[row]), 4) for name, scores in recalled.channels.items()}
    rerank = None if logit is None or np.isnan(logit) else round(float(logit), 4)
    return Scores(**values, fused=round(float(recalled.fused[row]), 4), rerank=rerank)


def passage_of(kb: KnowledgeBase, entry: int, language: Language) -> str:
    """The whole text of an entry, in the query's language where there is one."""
    texts = kb.entries[entry].passages()
    return texts.get(language) or next(iter(texts.values()))


def outcome(told: float, findings: int, best: float, enough: float, possible: float) -> Outcome:
    """What to say of a text whose ``findings`` tell less than ``enough``: a short one has more to say, a long one whose
    best entry is not even possible is about something else. (In a base whose entries resemble each other true findings
    tell little.)"""
    if told >= enough:
        return "ok"
    if findings <= FEW:
        return "not_enough"
    return "ok" if best >= possible else "no_good_match"


def _status(candidates: Sequence[Candidate], little: Outcome) -> Outcome:
    if little == "ok" and all(c.band == "none" for c in candidates):
        return "no_good_match"
    return little


def _result(
    parts: Parts,
    query: Query,
    status: Outcome,
    candidates: Sequence[Candidate],
    urgent: tuple[CantMiss, ...],
    timings: Mapping[str, float | None],
    help_with: tuple[Wanted, ...] = (),
    reranker: Reranker | None = None,
    reranked: int = 0,
    to_rerank: int = 0,
) -> SearchResult:
    notices = []
    stage, last = ("rerank" if reranker else "fused"), (reranker or parts.encoder).calibration
    if stage not in parts.bands and last.bands_kb != parts.kb.meta.kb:
        notices.append("bands_uncalibrated")
    if parts.reranker is not None and not parts.reranker.calibration.use_reranker:
        notices.append("reranker_not_used")
    if any(c.counterpart for c in candidates) or any(item.lent for item in urgent):
        notices.append("counterparts")
    return SearchResult(
        query=query.text,
        kb=parts.kb.meta.kb,
        version=parts.kb.meta.version,
        encoder=parts.encoder.name,
        reranker=reranker.name if reranker else None,
        status=status,
        findings=query.findings,
        candidates=tuple(candidates),
        cant_miss=urgent,
        wanted=help_with,
        notices=tuple(notices),
        timings_ms={k: None if v is None else round(v, 1) for k, v in timings.items()},
        reranked=reranked,
        to_rerank=to_rerank,
    )
