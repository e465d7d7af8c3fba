"""The measures, on rankings made by hand."""

import numpy as np
import pytest

from dashboard.domain import ZhenluError
from dashboard.evaluation import FEWEST, LabelledQuery, evaluate, fit_bands, rank_of


@pytest.mark.parametrize(
    ("ranking", "place"),
    [
        ([("a", 0.9), ("x", 0.8)], 2),
        ([("x", 0.9), ("a", 0.9)], 2),  # a tie counts against
        ([("a", 0.9), ("b", 0.8), ("x", 0.8), ("c", 0.8)], 4),
        ([("x", 0.9), ("y", 0.9), ("a", 0.5)], 1),  # two relevant ones do not count against each other
        ([("a", 0.9)], None),
        ([], None),
    ],
)
def test_rank(ranking: list[tuple[str, float]], place: int | None) -> None:
    assert rank_of(ranking, ("x", "y")) == place


def test_measures_and_silence() -> None:
    rankings = {
        "first": ([("x", 1.0), ("a", 0.5)], True),
        "third": ([("a", 1.0), ("b", 0.9), ("x", 0.8)], True),
        "nothing": ([("a", 0.1)], False),
        "loud": ([("a", 0.9)], True),
    }
    queries = [
        LabelledQuery("first", ("x",)),
        LabelledQuery("third", ("x",)),
        LabelledQuery("nothing", ()),
        LabelledQuery("loud", ()),
    ]
    report = evaluate(queries, lambda text: rankings[text])
    assert report["n"] == 4
    assert (report["hit@1"], report["hit@3"]) == (0.5, 1.0)
    assert report["mrr@10"] == pytest.approx((1 + 1 / 3) / 2, abs=1e-4)
    assert report["ndcg@10"] == pytest.approx((1 + 0.5) / 2, abs=1e-4)
    assert report["no_match_recall"] == 0.5
    assert report["ci95"]["hit@1"] == [0.0, 1.0]


def drawn(count: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Queries with one right candidate among five: right with probability 1 / (1 + exp(-20 (score - 0.5)))."""
    rng = np.random.default_rng(seed)
    rows = []
    while len(rows) < count:
        scores = np.sort(rng.uniform(0, 1, 5))[::-1]
        right = rng.uniform(size=5) < 1 / (1 + np.exp(-20 * (scores - 0.5)))
        if right.any():
            rows.append((scores, right))
    return rows


def test_bands_are_where_a_candidate_is_right_so_often() -> None:
    strong, possible, weak = fit_bands(drawn(3000))
    assert strong == pytest.approx(0.5 + np.log(3) / 20, abs=0.02)
    assert possible == pytest.approx(0.5 - np.log(3) / 20, abs=0.02)
    assert weak <= possible


def test_bands_want_enough_queries() -> None:
    with pytest.raises(ZhenluError) as few:
        fit_bands(drawn(FEWEST - 1))
    assert few.value.code == "calibrate_few"


def test_bands_want_scores_that_mean_something() -> None:
    upside_down = [(1 - scores, right) for scores, right in drawn(200)]
    with pytest.raises(ZhenluError) as flat:
        fit_bands(upside_down)
    assert flat.value.code == "calibrate_flat"
