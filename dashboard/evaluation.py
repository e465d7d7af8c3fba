"""How well a search finds what it should: hit@k, MRR, nDCG, each with a 95% interval."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from dashboard.domain import ZhenluError
from dashboard.records import decode

CUTS = (1, 3, 5, 10, 50)
FEWEST = 30  # answerable queries below which bands would be guesses
SHOWN = 5  # candidates of a query that a person reads
RIGHT = {"strong": 0.75, "possible": 0.25}  # how often a candidate in the band is right, at its lower edge
UNANSWERED = 0.02  # of the answerable queries, those whose best candidate may stand below the floor
Ranking = tuple[Sequence[tuple[str, float]], bool]  # (id, score) best first; whether a good match was claimed


@dataclass(frozen=True)
class LabelledQuery:
    query: str
    relevant: tuple[str, ...]


def read_queries(path: Path) -> list[LabelledQuery]:
    """One {"query", "relevant": [ids]} a line. Raises ZhenluError file_missing or queries_bad_row."""
    if not path.is_file():
        raise ZhenluError("file_missing", file=path.name)
    queries = []
    for row, line in enumerate(decode(path.read_bytes(), path.name).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            queries.append(LabelledQuery(str(raw["query"]), tuple(map(str, raw["relevant"]))))
        except (ValueError, KeyError, TypeError) as error:
            raise ZhenluError("queries_bad_row", row=row) from error
    if not queries:
        raise ZhenluError("file_no_rows", file=path.name)
    return queries


def rank_of(ranking: Sequence[tuple[str, float]], relevant: Sequence[str]) -> int | None:
    """The place, from 1, of the best relevant entry. Ties count against it: equal scores stand before it."""
    wanted = set(relevant)
    best = next((score for identifier, score in ranking if identifier in wanted), None)
    if best is None:
        return None
    return 1 + sum(score >= best for identifier, score in ranking if identifier not in wanted)


def evaluate(queries: Sequence[LabelledQuery], rank: Callable[[str], Ranking]) -> dict[str, Any]:
    """Run every query. Rows without a relevant entry stay out of hit@k; for them counts that no match was claimed."""
    ranks: list[int | None] = []
    gains: list[float] = []
    silent: list[bool] = []
    took: list[float] = []
    for item in queries:
        started = time.perf_counter()
        ranking, good = rank(item.query)
        took.append((time.perf_counter() - started) * 1000)
        if item.relevant:
            ranks.append(rank_of(ranking, item.relevant))
            gains.append(_ndcg(ranking, item.relevant))
        else:
            silent.append(not good)
    report: dict[str, Any] = {"n": len(queries)}
    series = {f"hit@{k}": np.array([r is not None and r <= k for r in ranks], dtype=float) for k in CUTS}
    series["mrr@10"] = np.array([1 / r if r and r <= 10 else 0.0 for r in ranks])
    series["ndcg@10"] = np.array(gains)
    report |= {name: round(float(values.mean()), 4) if len(values) else None for name, values in series.items()}
    report["ci95"] = {name: _interval(values) for name, values in series.items() if len(values)}
    report["no_match_recall"] = round(float(np.mean(silent)), 4) if silent else None
    p50, p95 = np.percentile(took, [50, 95]) if took else (0.0, 0.0)
    report["latency_ms"] = {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}
    return report


def _ndcg(ranking: Sequence[tuple[str, float]], relevant: Sequence[str], depth: int = 10) -> float:
    """Binary gain; ties count against the relevant, as in `rank_of`."""
    wanted = set(relevant)
    places: list[int] = []
    for score in (score for identifier, score in ranking if identifier in wanted):
        others = sum(s >= score for i, s in ranking if i not in wanted)
        places.append(others + len(places) + 1)
    gain = sum(1 / np.log2(1 + place) for place in places if place <= depth)
    ideal = sum(1 / np.log2(2 + i) for i in range(min(len(wanted), depth)))
    return float(gain / ideal)


def _interval(values: np.ndarray, draws: int = 1000) -> list[float]:
    """The percentile bootstrap's 95% interval of the mean, seeded."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    return [round(float(x), 4) for x in np.percentile(means, [2.5, 97.5])]


def fit_bands(rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """(scores, whether relevant) of the candidates of each labelled query -> the lowest score of strong, possible, weak.

    strong and possible: where a logistic fit over the first five of each query says that a candidate is right three
    times in four, one time in four (Platt 1999). weak, the floor: one in fifty answerable queries has nothing over it.
    Raises ZhenluError calibrate_few, or calibrate_flat when a higher score does not mean a better candidate.
    """
    answered = [(scores, right) for scores, right in rows if right.any()]
    if len(answered) < FEWEST:
        raise ZhenluError("calibrate_few", count=len(answered), least=FEWEST)
    shown = [np.argsort(-scores, kind="stable")[:SHOWN] for scores, _ in answered]
    x = np.concatenate([scores[i] for (scores, _), i in zip(answered, shown, strict=True)])
    y = np.concatenate([right[i] for (_, right), i in zip(answered, shown, strict=True)]).astype(float)
    slope, shift = logistic(x[:, None], y, [10.0, -5.0])
    if slope <= 0:
        raise ZhenluError("calibrate_flat")
    edges = [(np.log(p / (1 - p)) - shift) / slope for p in RIGHT.values()]
    floor = float(np.quantile([scores.max() for scores, _ in answered], UNANSWERED))
    return sorted((round(float(np.clip(v, 0, 1)), 3) for v in (*edges, min(floor, edges[-1]))), reverse=True)


def logistic(x: np.ndarray, y: np.ndarray, start: Sequence[float]) -> list[float]:
    """Logistic regression of y (n,) on x (n, k): the k slopes and the shift, sought from ``start``."""

    def loss(p: np.ndarray) -> float:
        z = x @ p[:-1] + p[-1]
        return float((np.logaddexp(0, z) - y * z).mean())

    return [float(v) for v in minimize(loss, np.asarray(start)).x]
