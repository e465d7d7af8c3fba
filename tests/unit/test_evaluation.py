"""The measures, on rankings made by hand."""

import pytest

from dashboard.evaluation import LabelledQuery, evaluate, rank_of


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
