"""From a text to scored entries: recall by every channel, scores of their union in all of them, one fusion; then what
another base knows of the same diseases."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np

from dashboard.counterparts import Counterparts
from dashboard.domain import Finding, Language, Patient, Status, ZhenluError, language_of, side_of
from dashboard.encoders.base import Encoder, Encoding
from dashboard.findings import extract, normalise
from dashboard.rerankers import Reranker
from dashboard.store import KnowledgeBase
from dashboard.values import judged

MODES = ("dense", "hybrid", "rerank")
OTHER_SIDE = 0.7  # what a symptom of the other side keeps of its similarity
AGAINST = 0.06  # what an absent finding takes from the score of an entry that has it


@dataclass(frozen=True)
class Parts:
    """What a search runs on."""

    kb: KnowledgeBase
    encoder: Encoder
    reranker: Reranker | None
    wordings: Iterable[str] = ()
    bands: Mapping[str, Sequence[float]] = field(default_factory=dict)  # stage -> this base's own, where calibrated
    counterparts: Counterparts | None = None

    def edges(self, stage: str) -> Sequence[float]:
        """The lowest score of strong, possible and weak in a stage: this base's own, else the model's."""
        model = self.reranker if stage == "rerank" and self.reranker else self.encoder
        return self.bands.get(stage) or model.calibration.bands[stage]


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


def understand(
    text: str, wordings: Iterable[str] = (), *, max_chars: int = 5000, age_years: float | None = None
) -> Query:
    """Text -> query. Raises ZhenluError query_empty, query_short or query_long."""
    folded = normalise(text)
    if not folded:
        raise ZhenluError("query_empty")
    length = max(len(text), len(folded))  # as typed too: what is longer has not been masked
    if length > max_chars:
        raise ZhenluError("query_long", length=length, limit=max_chars)
    if sum(c.isalnum() for c in folded) < 2:
        raise ZhenluError("query_short")
    told, readings = _spelled(folded, age_years)
    findings = dict[tuple[str, Status], Finding]()
    for finding in extract(told, wordings):
        marks = _MARK.findall(finding.text)
        said, rule = readings[marks[0]][1:] if marks else (finding.said, "")
        for mark in _MARK.findall(said):
            said = said.replace(readings[mark][0], readings[mark][1])
        here = replace(finding, text=_MARK.sub("", finding.text), said=said, rule=rule)
        first = findings.setdefault((here.text.casefold(), here.status), here)
        if rule and not first.rule:  # told in words before
            findings[here.text.casefold(), here.status] = replace(first, said=said, rule=rule)
    return from_findings(folded, list(findings.values()))


_MARK = re.compile(r" [\U000f0000-\U000ffffd]")  # stands after a finding that a value is, and not after one in words


def _spelled(text: str, age_years: float | None) -> tuple[str, dict[str, tuple[str, str, str]]]:
    """The text with the findings that its measured values are in their place, so that one that is denied or past is
    read as such, and normal values left out; each with a mark, and mark -> (as spelled, as written, rule)."""
    text, language = _MARK.sub(" ", text), language_of(text)
    parts, place, found = [], 0, dict[str, tuple[str, str, str]]()
    for measure, reading in judged(text, age_years):
        if measure.start < place:
            continue
        parts.append(text[place : measure.start])
        place = measure.end
        if reading:
            name, rule = (reading.zh, reading.rule_zh) if language == "zh" else (reading.en, reading.rule_en)
            mark = f" {chr(0xF0000 + len(found))}"
            comma = "、" if language == "zh" else ", "
            before, after = text[: measure.start].rstrip()[-1:], text[measure.end :].lstrip()[:1]
            parts.append(f"{comma if before.isalnum() else ''}{name}{mark}{comma if after.isalnum() else ''}")
            found[mark] = parts[-1].strip(", "), measure.text, rule
    return "".join([*parts, text[place:]]), found


def from_findings(text: str, findings: Sequence[Finding]) -> Query:
    """A query from findings that a person has corrected."""
    by = {s: tuple(f.text for f in findings if f.status is s) for s in Status}
    return Query(text, tuple(findings), by[Status.PRESENT], by[Status.ABSENT])


@dataclass(frozen=True)
class Recalled:
    """Scores of the recalled entries, one row each, in the base's order; a channel that did not run is left out of ``channels``."""

    entries: np.ndarray  # (n,) entry index
    channels: dict[str, np.ndarray]  # name -> (n,)
    similarity: np.ndarray  # (present findings, phrases)
    absent: np.ndarray  # (absent findings, phrases)
    fused: np.ndarray  # (n,)
    present: np.ndarray  # (n,) the same before what is absent was taken off
    told: float  # how far the present findings narrow the base down: 1 is down to one entry
    encode_ms: float = 0.0
    lent: "Recalled | None" = None  # the same of the base that lends, where one does
    lifts: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (n,) what fused has risen by for it
    lenders: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))  # (n,) for which of its entries, or -1


def retrieve(parts: Parts, query: Query, options: Options) -> Recalled:
    """Recall by every channel the base and the encoder have, score their union in all of them, fuse, and lift entries
    towards their counterparts."""
    weights, started = parts.encoder.calibration.fusion, time.perf_counter()
    kinds = [k for k in parts.kb.meta.kinds if k == "dense" or (options.mode != "dense" and weights.get(k, 0) > 0)]
    encoding = parts.encoder.encode([query.whole, *query.present, *query.absent], query=True, kinds=kinds)
    encode_ms = milliseconds(started)
    pairs = parts.counterparts if options.mode != "dense" else None
    if pairs is None:
        found = _score(parts.kb, parts.encoder, query, options, encoding, frozenset())
        return replace(found, encode_ms=encode_ms)
    lent = _score(pairs.kb, parts.encoder, query, options, encoding, frozenset())
    fused, present = (np.full(len(pairs.kb.entries), -1.0) for _ in range(2))
    fused[lent.entries], present[lent.entries] = np.maximum(0, lent.fused), lent.present
    found = _score(parts.kb, parts.encoder, query, options, encoding, pairs.recall(present, options.recall))
    lifts, lenders = pairs.lift(fused, found.entries, found.fused)
    return replace(
        found,
        fused=found.fused + lifts,
        present=found.present + pairs.lift(present, found.entries, found.present)[0],
        told=max(found.told, lent.told) if lifts.any() else found.told,
        encode_ms=encode_ms,
        lent=lent,
        lifts=lifts,
        lenders=lenders,
    )


def _score(
    kb: KnowledgeBase, encoder: Encoder, query: Query, options: Options, encoding: Encoding, also: Set[int]
) -> Recalled:
    """One base. ``also``: entries to score whether or not a channel recalls them."""
    weights = encoder.calibration.fusion
    vector, parts_of = encoding.dense[0], encoding.dense[1:]
    similarity = parts_of @ kb.phrase_vectors.T
    # An encoder has left and right as near to each other as two words for the same.
    sides = np.array([side_of(finding) for finding in (*query.present, *query.absent)])
    similarity[np.outer(sides, kb.phrase_sides) < 0] *= OTHER_SIDE
    present, absent = similarity[: len(query.present)], similarity[len(query.present) :]

    # An entry's passages lie near each other: as many for each wanted entry as entries have, and four at least.
    each = max(4, -(-len(kb.passage_entry) // len(kb.entries)))
    passages = dict(kb.nearest(vector, options.recall * each))
    recalled = {int(kb.passage_entry[i]) for i in passages} | also
    channels: dict[str, np.ndarray] = {}
    by_findings, told = findings_scores(kb, present, encoder.calibration.evidence)
    if options.mode != "dense":
        channels["findings"] = by_findings
        recalled |= _best(channels["findings"], options.recall)
        if encoding.sparse is not None and kb.sparse is not None:
            lexical = (kb.sparse @ encoding.sparse[0].T).toarray()[:, 0]
            channels["sparse"] = _by_entry(kb, lexical)
            recalled |= _best(channels["sparse"], options.recall)
    entries = np.array(sorted(recalled))
    channels = {name: scores[entries] for name, scores in channels.items()}
    # Across languages a bare list of symptoms says less than the whole text: briefs count in the query's own language.
    rows = np.flatnonzero(np.isin(kb.passage_entry, entries))
    own = np.array([kb.passage_language[i] == query.language for i in rows])
    rows = rows[(rows < kb.wholes) | own]
    owners = np.searchsorted(entries, kb.passage_entry[rows])
    channels["dense"] = _maximum(owners, kb.dense(rows) @ vector, len(entries))
    if encoding.multi_vector is not None and kb.tokens is not None and options.mode != "dense":
        whole = rows < kb.wholes
        late = np.array([_late_interaction(encoding.multi_vector[0], kb.multi_vectors(int(i))) for i in rows[whole]])
        channels["multi_vector"] = _maximum(owners[whole], late, len(entries))
    fused = fit = fuse(channels, weights)
    if len(absent):
        fused = fused - AGAINST * _contradiction(kb, absent, entries, encoder.calibration.evidence)
    return Recalled(entries, channels, present, absent, fused, fit, told)


def fuse(channels: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """The weighted mean of the channels that ran; weights of those that did not are shared among the others."""
    used = {name: weights.get(name, 0.0) for name in channels}
    total = sum(used.values())
    if total <= 0:
        return channels["dense"].copy()
    return sum((channels[name] * (weight / total) for name, weight in used.items()), np.zeros_like(channels["dense"]))


def findings_scores(kb: KnowledgeBase, similarity: np.ndarray, floor: float) -> tuple[np.ndarray, float]:
    """(findings, phrases) -> (entries,): the weighted mean over findings of the entry's best symptom; and how much the
    findings tell, as a share of what it takes to name one entry.

    A clause that is near no symptom of the whole base (small talk, a date) counts little, and so does a finding that
    many entries have (inverse document frequency, Sparck Jones 1972). ``floor`` is the similarity from which an entry
    counts as having a finding.
    """
    best, count = best_by_entry(kb, similarity), len(kb.entries)
    nearest = best.max(axis=1)
    holders = 1 + _has(best, floor).sum(axis=1)
    rarity = np.log(1 + count / holders)
    weights = np.clip((nearest - 0.3) / 0.4, 0.05, 1.0) * rarity / np.log(1 + count)
    return (weights @ best) / weights.sum(), float((rarity * _has(nearest, floor)).sum() / np.log(1 + count))


def best_by_entry(kb: KnowledgeBase, similarity: np.ndarray) -> np.ndarray:
    """(findings, phrases) -> (findings, entries): the best of each entry's symptoms."""
    return np.maximum.reduceat(similarity[:, kb.phrase_ids], kb.phrase_starts[:-1], axis=1)


def _contradiction(kb: KnowledgeBase, absent: np.ndarray, entries: np.ndarray, floor: float) -> np.ndarray:
    """(n,) how many absent findings the entry has, each by how surely."""
    return _has(best_by_entry(kb, absent)[:, entries], floor).sum(axis=0)


def _has(best: np.ndarray, floor: float) -> np.ndarray:
    """How surely, from 0 to 1, an entry has a finding, by its nearest symptom; one half at the floor."""
    return 1 / (1 + np.exp((floor - best) / 0.05))


def _by_entry(kb: KnowledgeBase, scores: np.ndarray) -> np.ndarray:
    return _maximum(kb.passage_entry[: kb.wholes], scores, len(kb.entries))


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


def milliseconds(since: float) -> float:
    """Time passed since a value of time.perf_counter()."""
    return (time.perf_counter() - since) * 1000
