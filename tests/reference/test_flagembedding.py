"""The encoder and the reranker against FlagEmbedding 1.4.2, the reference, on the same checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from FlagEmbedding import BGEM3FlagModel, FlagReranker

from dashboard.checkpoint import open_checkpoint
from dashboard.encoders.base import Encoding
from dashboard.encoders.bge_m3 import M3Encoder
from dashboard.rerankers import CrossEncoderReranker
from tests.checkpoints import TEXTS, write_m3, write_mean_m3, write_reranker

NEAR = 1e-5
MAX_LENGTH = 48
LONG = "、".join(["发热", "cough", "右下腹疼痛", "shortness of breath", "皮疹 and edema"] * 12)
LONG_TEXTS = (*TEXTS, LONG, LONG + "。头痛")


@pytest.fixture(scope="module")
def m3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_m3(tmp_path_factory.mktemp("m3") / "m3", max_length=MAX_LENGTH)


@pytest.fixture(scope="module")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reranker(tmp_path_factory.mktemp("reranker") / "reranker", max_length=MAX_LENGTH)


def ours(folder: Path, texts: Sequence[str]) -> Encoding:
    return M3Encoder(open_checkpoint(folder, "encoder")).encode(texts, kinds=M3Encoder.kinds)


def theirs(folder: Path, texts: Sequence[str], max_length: int, **options: str) -> dict:
    model = BGEM3FlagModel(str(folder), use_fp16=False, devices="cpu", **options)
    return model.encode(
        list(texts), max_length=max_length, return_dense=True, return_sparse=True, return_colbert_vecs=True
    )


def same_lexical(encoding: Encoding, expected: Sequence[dict[str, float]], left_out: Sequence[int] = ()) -> None:
    assert encoding.sparse is not None
    assert sum(map(len, expected)) > 20  # otherwise equality would say little
    for row, weights in enumerate(expected):
        wanted = {int(token): float(weight) for token, weight in weights.items() if int(token) not in left_out}
        found = encoding.sparse[row]
        assert dict(zip(found.indices.tolist(), found.data.tolist(), strict=True)) == pytest.approx(wanted, abs=NEAR)


def same_multi_vector(encoding: Encoding, expected: Sequence[np.ndarray]) -> None:
    assert encoding.multi_vector is not None
    for row, vectors in zip(encoding.multi_vector, expected, strict=True):
        assert row.shape == vectors.shape
        np.testing.assert_allclose(row, vectors, atol=NEAR)


def test_all_three_kinds_equal_the_reference_also_for_texts_that_are_cut(m3: Path) -> None:
    found, expected = ours(m3, LONG_TEXTS), theirs(m3, LONG_TEXTS, MAX_LENGTH)
    np.testing.assert_allclose(found.dense, expected["dense_vecs"], atol=NEAR)
    same_lexical(found, expected["lexical_weights"])
    same_multi_vector(found, expected["colbert_vecs"])


def test_the_long_text_really_is_cut(m3: Path) -> None:
    found = ours(m3, LONG_TEXTS)
    assert found.multi_vector is not None
    assert len(found.multi_vector[-2]) == MAX_LENGTH - 1  # all tokens but the first
    np.testing.assert_allclose(found.dense[-1], found.dense[-2], atol=NEAR)  # they differ only after the cut
    uncut = theirs(m3, [LONG], 2 * MAX_LENGTH)["dense_vecs"][0]
    assert np.abs(found.dense[-2] - uncut).max() > 0.01


def test_mean_pooling_over_bert_equals_the_reference(tmp_path: Path) -> None:
    folder = write_mean_m3(tmp_path / "mean", max_length=MAX_LENGTH)
    found, expected = ours(folder, LONG_TEXTS), theirs(folder, LONG_TEXTS, MAX_LENGTH, pooling_method="mean")
    np.testing.assert_allclose(found.dense, expected["dense_vecs"], atol=NEAR)
    # FlagEmbedding knows BERT's [SEP] by no name it leaves out; a weight that every text has says nothing.
    same_lexical(found, expected["lexical_weights"], left_out=[3])
    same_multi_vector(found, expected["colbert_vecs"])


class WithPrepareForModel:
    """A tokenizer with the `prepare_for_model` that FlagReranker was written for and transformers 5 removed.

    Without it FlagEmbedding 1.4.2 decodes the cut ids and tokenises them again, which turns the text of an unknown
    character into "<unk>" and drops an empty passage with its separators.
    """

    def __init__(self, tokenizer: Any):
        self._tokenizer = tokenizer

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._tokenizer(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def prepare_for_model(
        self, ids: list[int], pair_ids: list[int], *, truncation: str, max_length: int, **_: Any
    ) -> dict[str, list[int]]:
        """transformers 4's, for XLM-RoBERTa: <s> A </s></s> B </s>, B cut to fit."""
        assert truncation == "only_second"
        over = len(ids) + len(pair_ids) + 4 - max_length
        start, end = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        whole = [start, *ids, end, end, *(pair_ids[:-over] if over > 0 else pair_ids), end]
        return {"input_ids": whole, "attention_mask": [1] * len(whole)}


QUERIES = [
    pytest.param("发热、咳嗽三天 with chest pain", id="short"),
    pytest.param("unseen charactèrs 龘", id="unknown characters"),
    pytest.param(LONG, id="longer than a pair may be"),
    pytest.param("咳嗽、" * 22, id="between three quarters and the whole"),
    pytest.param("unseen charactèrs 龘 " * 9, id="long with unknown characters"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_reranker_logits_equal_the_reference(reranker_folder: Path, query: str) -> None:
    reference = flag_reranker(reranker_folder)
    reference.tokenizer = WithPrepareForModel(reference.tokenizer)
    found, expected = logits(reranker_folder, reference, query, LONG_TEXTS)
    assert np.ptp(expected) > 1  # otherwise equality would say little
    np.testing.assert_allclose(found, expected, atol=NEAR, rtol=NEAR)


def test_reranker_logits_equal_the_untouched_reference_where_its_round_trip_loses_nothing(
    reranker_folder: Path,
) -> None:
    passages = [text for text in LONG_TEXTS if text and "龘" not in text]
    for query in ("头痛", LONG):
        found, expected = logits(reranker_folder, flag_reranker(reranker_folder), query, passages)
        np.testing.assert_allclose(found, expected, atol=NEAR, rtol=NEAR)


def test_a_long_passage_is_cut_and_a_long_query_leaves_it_room(reranker_folder: Path) -> None:
    reranker = CrossEncoderReranker(open_checkpoint(reranker_folder, "reranker"))
    short = reranker.score("头痛", [LONG, LONG + "。头痛", "皮疹" + LONG])
    assert short[0] == pytest.approx(short[1], abs=NEAR)  # they differ only after the cut
    assert short[0] != pytest.approx(short[2], abs=NEAR)
    long = reranker.score(LONG, ["皮疹", "fever"])
    assert long[0] != pytest.approx(long[1], abs=NEAR)  # the passage still counts


def flag_reranker(folder: Path) -> FlagReranker:
    return FlagReranker(str(folder), use_fp16=False, devices="cpu", max_length=MAX_LENGTH)


def logits(folder: Path, reference: FlagReranker, query: str, passages: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Ours and theirs."""
    mine = CrossEncoderReranker(open_checkpoint(folder, "reranker")).score(query, passages)
    scores = reference.compute_score([(query, passage) for passage in passages], normalize=False)
    return mine, np.array(scores, dtype=np.float32)
