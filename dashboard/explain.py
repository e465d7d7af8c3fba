"""Why an entry is listed: evidence finding by finding, what speaks against it, its band, and what must not be missed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from dashboard import cues
from dashboard.counterparts import completed
from dashboard.domain import (
    BANDS,
    Band,
    Candidate,
    CantMiss,
    Counterpart,
    Entry,
    Evidence,
    Language,
    Patient,
    Scores,
    Wanted,
)
from dashboard.evaluation import SHOWN
from dashboard.records import key
from dashboard.retrieval import Parts, Query, Recalled
from dashboard.store import KnowledgeBase

ASK = 3  # symptoms to ask for next
CANDIDATES = 10  # the first ones, between which a question should decide
CANT_MISS = 10  # urgent entries at most
WEIGHED = 20  # the first candidates, among which the urgent ones have to weigh enough
AGES = {"neonate": (0, 0.08), "infant": (0, 1), "child": (1, 12), "adolescent": (10, 18), "adult": (18, 65), "elderly": (60, 130)}  # fmt: skip


def explain(parts: Parts, query: Query, recalled: Recalled, index: int, candidate: Candidate) -> Candidate:
    """Finding by finding: the entry's best symptom, else its counterpart's, what is left over, what speaks against, what
    to ask."""
    kb, floor = parts.kb, parts.encoder.calibration.evidence
    ids = kb.phrases_of(index)
    shown = _in_language(candidate.entry, query.language)
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
    counterpart = _counterpart(parts, query, recalled, index)
    lent = [e for e in counterpart.evidence if e.finding in unexplained] if counterpart else []
    ask = [s for s in dict.fromkeys(shown.values()) if s not in met][:ASK]
    return replace(
        candidate,
        evidence=tuple(evidence),
        unexplained=tuple(f for f in unexplained if all(e.finding != f for e in lent)),
        against=tuple(against),
        ask=tuple(ask),
        counterpart=replace(counterpart, evidence=tuple(lent)) if counterpart else None,
    )


def _counterpart(parts: Parts, query: Query, recalled: Recalled, index: int) -> Counterpart | None:
    """What lifts an entry, with all that it explains; None when nothing does."""
    row = int(np.searchsorted(recalled.entries, index))
    if parts.counterparts is None or recalled.lent is None or recalled.lenders[row] < 0:
        return None
    lender, place = parts.counterparts.kb, int(recalled.lenders[row])
    bare = Candidate(lender.entries[place], 0, 0.0, "none", Scores())
    told = explain(replace(parts, kb=lender, counterparts=None), query, recalled.lent, place, bare)
    score = recalled.lent.fused[np.searchsorted(recalled.lent.entries, place)]
    return Counterpart(told.entry, told.evidence, round(float(score), 4), round(float(recalled.lifts[row]), 4))


def _match(kb: KnowledgeBase, ids: np.ndarray, finding: str, row: np.ndarray, shown: Mapping[str, str]) -> Evidence:
    best = int(ids[np.argmax(row[ids])])
    phrase = kb.phrases[best]
    return Evidence(finding, shown.get(key(phrase), phrase), round(float(row[best]), 4))


def _in_language(entry: Entry, language: Language) -> dict[str, str]:
    """Each symptom of an entry -> the same symptom in the query's language, where the entry has it."""
    groups, target = entry.phrases(), entry.symptoms_in(language)
    pairs = {key(s): s for s in target}
    for group in groups.values():
        if len(group) == len(target):
            pairs |= {key(other): own for other, own in zip(group, target, strict=True)}
    return pairs


def cant_miss(parts: Parts, query: Query, recalled: Recalled, patient: Patient) -> tuple[CantMiss, ...]:
    """Urgent entries that the present findings fit, whatever their rank, when together they weigh enough among the first
    candidates or one of the very first is strong. Absent findings never take one out. An entry is urgent when its base
    marks it so, or when the base that lends does so with an entry of the same name."""
    kb, floors, fit = parts.kb, parts.encoder.calibration.cant_miss, recalled.present
    entries = [(kb.entries[int(i)], same_name(parts, recalled, int(i))) for i in recalled.entries]
    urgent = np.array([own.urgent or bool(other and other.urgent) for own, other in entries])
    order = np.argsort(-fit, kind="stable")
    strong = urgent & (fit >= parts.edges("fused")[0])
    if urgency(fit, urgent, floors["temperature"]) < floors["weight"] and not strong[order[:SHOWN]].any():
        return ()
    floor = max(floors["score"], floors["share"] * float(fit.max()))
    found: list[CantMiss] = []
    for row in order:
        if fit[row] < floor or len(found) == CANT_MISS:
            break
        entry, other = entries[row]
        if urgent[row]:
            marked = other if other and not entry.urgent else entry
            candidate = Candidate(entry, 0, 0.0, "none", Scores())
            explained = explain(parts, query, recalled, int(recalled.entries[row]), candidate)
            flag = marked.red_flags[0] if marked.red_flags else None
            lent = explained.counterpart.evidence if explained.counterpart else ()
            told = (*explained.evidence, *lent)
            found.append(
                CantMiss(entry, flag, told, misfit(completed(entry, other), patient), lent=marked is not entry)
            )
    return tuple(found)


def same_name(parts: Parts, recalled: Recalled, index: int) -> Entry | None:
    """The lender's entry that has a name in common with an entry, where one lends."""
    return parts.counterparts.same.get(index) if parts.counterparts and recalled.lent else None


def urgency(fit: np.ndarray, urgent: np.ndarray, temperature: float) -> float:
    """Scores (n,) and which are of urgent entries -> the urgent ones' share of the softmax over the first candidates."""
    first = np.argsort(-fit, kind="stable")[:WEIGHED]
    weights = np.exp((fit[first] - fit.max()) / temperature)
    return float((weights * urgent[first]).sum() / weights.sum())


def wanted(parts: Parts, query: Query, recalled: Recalled | None, patient: Patient) -> tuple[Wanted, ...]:
    """What is missing from a text that holds too little, then the symptoms that would part the first candidates best:
    those that about half of them have."""
    missing: list[Wanted] = []
    if not cues.DURATION.search(query.text.lower()):
        missing.append(Wanted("duration"))
    if patient.age_years is None and not cues.AGE.search(query.text.lower()):
        missing.append(Wanted("age"))
    if recalled is None:
        return tuple(missing)
    if not any(cues.SITE.search(f) for f in query.present):
        missing.append(Wanted("site"))
    kb, floor = parts.kb, parts.encoder.calibration.evidence
    first = [int(recalled.entries[row]) for row in np.argsort(-recalled.fused, kind="stable")[:CANDIDATES]]
    shown = {symptom: phrase for i in first for symptom, phrase in kb.symptoms(i, query.language).items()}
    vectors = [kb.phrase_vectors[kb.phrases_of(i)] for i in first]
    told = np.concatenate([recalled.similarity, recalled.absent]).max(axis=0)
    open_still = {s: kb.phrase_vectors[p] for s, p in shown.items() if told[p] < floor}
    asked: list[str] = []
    for symptom in sorted(open_still, key=lambda s: _uneven(vectors, open_still[s], floor)):
        if all(open_still[a] @ open_still[symptom] < floor for a in asked):
            asked.append(symptom)
        if len(asked) == ASK:
            break
    return (*missing, *(Wanted("asked", symptom) for symptom in asked))


def _uneven(vectors: Sequence[np.ndarray], symptom: np.ndarray, floor: float) -> float:
    """How far a symptom is from being had by half of the entries."""
    return abs(sum(float((v @ symptom).max()) >= floor for v in vectors) / len(vectors) - 0.5)


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
    named = _departments(entry.department) | _departments(entry.department_en)
    if patient.department and named and not named & _departments(patient.department):
        reasons.append("department")
    return tuple(reasons)


def _departments(names: str) -> set[str]:
    """The departments that a text names: several may share an entry."""
    return {key(part) for part in re.split("[、,/]", names) if part.strip()}


def band(score: float, edges: Sequence[float]) -> Band:
    """``edges``: the lowest score of strong, possible and weak."""
    for name, low in zip(BANDS, edges, strict=False):
        if score >= low:
            return name
    return "none"
