"""How alike texts are: pairs with a graded level, matrices, groups of terms in clustered order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from dashboard.domain import ZhenluError
from dashboard.encoders.base import Encoder, Encoding
from dashboard.findings import normalise


@dataclass(frozen=True)
class Similarity:
    """cosine in [-1, 1]; percent = 100 x cosine, not below 0; level by the thresholds of the encoder."""

    cosine: float
    percent: float
    level: str
    encoder: str
    scores: dict[str, float | None]


def level(cosine: float, thresholds: dict[str, float]) -> str:
    """very_similar, related or unrelated."""
    return next((name for name in ("very_similar", "related") if cosine >= thresholds[name]), "unrelated")


def pairs(
    texts: Sequence[tuple[str, str]], encoder: Encoder, thresholds: dict[str, float] | None = None
) -> list[Similarity]:
    """The similarity of each pair, every different text encoded once. Raises ZhenluError text_empty."""
    unique = list(dict.fromkeys(normalise(text) for pair in texts for text in pair))
    if "" in unique:
        raise ZhenluError("text_empty")
    place = {text: i for i, text in enumerate(unique)}
    encoding = encoder.encode(unique, kinds=encoder.kinds)
    result = []
    for a, b in texts:
        i, j = place[normalise(a)], place[normalise(b)]
        cosine = round(float(np.clip(encoding.dense[i] @ encoding.dense[j], -1, 1)), 4)
        scores = _scores(encoding, i, j)
        grade = level(cosine, thresholds or encoder.calibration.similarity)
        result.append(Similarity(cosine, round(max(cosine, 0) * 100, 1), grade, encoder.name, scores))
    return result


def _scores(encoding: Encoding, i: int, j: int) -> dict[str, float | None]:
    lexical = late = None
    if encoding.sparse is not None:
        lexical = round(float((encoding.sparse[i] @ encoding.sparse[j].T).sum()), 4)
    if encoding.multi_vector is not None:
        late = round(float((encoding.multi_vector[i] @ encoding.multi_vector[j].T).max(axis=1).mean()), 4)
    return {"dense": round(float(encoding.dense[i] @ encoding.dense[j]), 4), "sparse": lexical, "multi_vector": late}


@dataclass(frozen=True)
class Matrix:
    """terms in the order given; matrix float32 (n, n) of cosines; order: rows so that like stands by like;
    groups: lists of term indexes joined by a similarity at or over the threshold, larger first."""

    terms: tuple[str, ...]
    matrix: np.ndarray
    order: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    linkage: np.ndarray  # scipy's (n - 1, 4), for a dendrogram; empty for one term


def matrix(terms: Sequence[str], encoder: Encoder, threshold: float = 0.75) -> Matrix:
    """All terms against all, in one batched pass; repeats and blanks dropped. Raises ZhenluError terms_too_few."""
    unique = tuple(dict.fromkeys(t for t in (normalise(term) for term in terms) if t))
    if len(unique) < 2:
        raise ZhenluError("terms_too_few")
    vectors = encoder.encode(unique).dense
    cosines = np.clip(vectors @ vectors.T, -1, 1)
    np.fill_diagonal(cosines, 1)
    cosines = (cosines + cosines.T) / 2
    distances = squareform(np.clip(1 - cosines, 0, None), checks=False)
    tree = optimal_leaf_ordering(linkage(distances, "average"), distances)
    return Matrix(
        unique, cosines.astype(np.float32), tuple(map(int, leaves_list(tree))), groups(cosines, threshold), tree
    )


def groups(cosines: np.ndarray, threshold: float) -> tuple[tuple[int, ...], ...]:
    """Connected components of the graph whose edges are similarities at or over the threshold, singles included."""
    count, labels = connected_components(csr_matrix(cosines >= threshold), directed=False)
    found = [tuple(map(int, np.flatnonzero(labels == label))) for label in range(count)]
    return tuple(sorted(found, key=lambda g: (-len(g), g)))
