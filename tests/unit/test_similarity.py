"""Pairs, matrices and groups."""

from typing import Any

import numpy as np
import pytest

from dashboard.domain import ZhenluError
from dashboard.similarity import groups, level, matrix, pairs


def test_levels_are_by_the_thresholds() -> None:
    thresholds = {"very_similar": 0.85, "related": 0.6}
    assert [level(c, thresholds) for c in (0.85, 0.849, 0.6, 0.599, -1)] == [
        "very_similar", "related", "related", "unrelated", "unrelated",
    ]  # fmt: skip


def test_width_and_traditional_characters_are_folded(m3_encoder: Any) -> None:
    (result,) = pairs([("頭痛　ｆｅｖｅｒ", "头痛 fever")], m3_encoder)
    assert result.cosine == 1.0


def test_a_pair_does_not_depend_on_the_others_in_the_batch(m3_encoder: Any) -> None:
    alone = pairs([("发热", "咳嗽")], m3_encoder)[0].cosine
    among = pairs([("头痛" * 20, "x"), ("发热", "咳嗽")], m3_encoder)[1].cosine
    assert among == pytest.approx(alone, abs=1e-4)


def test_an_empty_text_is_refused(m3_encoder: Any) -> None:
    with pytest.raises(ZhenluError) as failure:
        pairs([("发热", " ")], m3_encoder)
    assert failure.value.code == "text_empty"


def test_a_matrix_is_symmetric_with_ones_and_puts_like_by_like(m3_encoder: Any) -> None:
    result = matrix(["发热", "咳嗽", "发热", " ", "fever"], m3_encoder)
    assert result.terms == ("发热", "咳嗽", "fever")
    assert np.allclose(result.matrix, result.matrix.T)
    assert np.allclose(np.diag(result.matrix), 1)
    assert sorted(result.order) == [0, 1, 2]
    with pytest.raises(ZhenluError):
        matrix(["发热", "发热"], m3_encoder)


def test_groups_are_connected_components_larger_first() -> None:
    cosines = np.array([[1, 0.8, 0.1, 0], [0.8, 1, 0.76, 0], [0.1, 0.76, 1, 0], [0, 0, 0, 1]])
    assert groups(cosines, 0.75) == ((0, 1, 2), (3,))
    assert groups(cosines, 0.79) == ((0, 1), (2,), (3,))
