"""What every encoder gives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from dashboard.checkpoint import Calibration

Progress = Callable[[int, int], None]  # texts done, texts in all
PROBE = ("发热", "fever and cough for three days")  # a model that is opened has to stand them; of unlike lengths


@dataclass(frozen=True)
class Encoding:
    """Vectors of n texts, in their order.

    dense: float32 (n, dimension), unit length. sparse: float32 CSR (n, vocabulary), lexical weights, or None.
    multi_vector: for each text float32 (tokens, m), unit length a token, or None.
    """

    dense: np.ndarray
    sparse: csr_matrix | None = None
    multi_vector: list[np.ndarray] | None = None


class Encoder(Protocol):
    """Text -> vectors. ``fingerprint`` changes whenever the vectors of a text could."""

    name: str
    fingerprint: str
    dimension: int
    calibration: Calibration
    kinds: tuple[str, ...]  # of "dense", "sparse", "multi_vector"

    def encode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,
        kinds: Sequence[str] = ("dense",),
        progress: Progress | None = None,
    ) -> Encoding:
        """Vectors of the kinds asked for that this encoder has. ``query`` adds the query instruction, if any."""
        ...


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Rows grouped by like length, longest first, so that a padded batch holds at most ``budget`` tokens, and no row is
    padded to more than twice its length: a query's text and its findings, of a few tokens each, are two batches."""
    batch: list[int] = []
    width = 0
    for row in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and ((len(batch) + 1) * width > budget or 2 * lengths[row] < width):
            yield batch
            batch = []
        if not batch:
            width = lengths[row]
        batch.append(row)
    if batch:
        yield batch
