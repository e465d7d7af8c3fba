"""bge-m3's three kinds of vectors from one forward pass, for bge-m3 itself and for the compact model.

Chen et al. 2024, "BGE M3-Embedding" (arXiv:2402.03216). With h the last hidden state:
dense = normalize(pool(h)); lexical weight = relu(sparse(h)), the maximum per token id, special tokens left out;
multi-vector = normalize(colbert(h[:, 1:])), one vector a token after the first.
"""

import re
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel
from transformers.utils import logging as transformers_logging

from dashboard.checkpoint import SHORTEST, Checkpoint, opening, read_json, refusal, weights_file
from dashboard.domain import ZhenluError
from dashboard.encoders.base import Encoding, Progress, batches

TOKEN_BUDGET = 2048
PADDING = 512  # rows that a network may have beyond its tokenizer's ids; Qwen's have the most, some four hundred

_LAYER = re.compile(r"\blayers?\.\d+\..*\.(weight|bias)$")

transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()


def load_tokenizer(folder: Path) -> Tokenizer:
    """tokenizer.json, without truncation or padding. Raises ZhenluError model_file."""
    path = folder / "tokenizer.json"
    try:
        with opening(path):
            tokenizer = Tokenizer.from_file(str(path))
    except ZhenluError:
        read_json(path)  # its own reason when it is no JSON at all
        raise
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_vocabulary(ids: Collection[int], rows: int, file: Path) -> None:
    """Raises ZhenluError model_file when the ids of a tokenizer are not those of a network with as many rows."""
    tokens = max(ids, default=-1) + 1
    if not tokens or not tokens <= rows <= tokens + PADDING:
        raise refusal(file, "tokenizer", tokens=tokens, rows=rows)


def load_network(auto: Any, folder: Path, **options: Any) -> Any:
    """A transformers network in float32, from local files only. Raises ZhenluError model_file."""
    with opening(folder / "config.json"):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **options)
        if not 0 <= (config.pad_token_id or 0) < config.vocab_size:
            raise refusal(folder / "config.json", "value", key="pad_token_id")
        if positions(config) < SHORTEST:
            raise refusal(folder / "config.json", "value", key="max_position_embeddings")
    network, report = load_reported(auto, folder, config=config, dtype=torch.float32)
    # The encoder makes no use of the pooler, the reranker of a BERT stands on it.
    check_weights(report, folder, excused=("pooler",) if auto is AutoModel else ())
    check_finite(network, folder)
    return network.eval()


def load_reported(auto: Any, folder: Path, **options: Any) -> tuple[Any, dict[str, Any]]:
    """A network and what transformers says of its weights: `check_weights` reads it. Raises ZhenluError model_file."""
    weights = weights_file(folder)
    if weights.name.endswith(".index.json"):
        with opening(weights):
            parts = {str(part) for part in read_json(weights)["weight_map"].values()}
        if lacking := sorted(part for part in parts if not (folder / part).is_file()):
            raise refusal(weights, "parts", names=", ".join(lacking[:3]))
    with opening(weights, "damaged"):
        # Sizes that do not match are named by `check_weights`, with the keys that are missing.
        network, report = auto.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **options,
        )
    return network, report


def check_weights(report: dict[str, Any], folder: Path, excused: tuple[str, ...]) -> None:
    """Raises ZhenluError model_file when weights are missing or of another size, or whole layers are left over."""
    missing = [k for k in report["missing_keys"] if not any(part in k for part in (*excused, "position_ids"))]
    for reason, names in (
        ("weights", missing),
        ("size", [str(mismatch[0]) for mismatch in report["mismatched_keys"]]),
        ("layers", [key for key in report["unexpected_keys"] if _LAYER.search(key)]),
    ):
        if names:
            raise refusal(weights_file(folder), reason, names=", ".join(sorted(names)[:3]))


def check_finite(network: Any, folder: Path) -> None:
    """Raises ZhenluError model_file when a number of a network is infinite or none at all."""
    with torch.inference_mode():
        names = [
            name for name, numbers in network.named_parameters() if not numbers.sum(dtype=torch.float32).isfinite()
        ]
    if names:
        raise refusal(weights_file(folder), "finite", names=", ".join(names[:3]))


def positions(config: Any) -> int:
    """How many tokens a network has places for."""
    # XLM-R counts positions from the padding id on, so two of its places are never used.
    offset = int(config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
    return int(config.max_position_embeddings) - offset


def load_linear(path: Path, width: int, rows: int | None = None) -> torch.nn.Linear:
    """A head's weights; a pickle of anything but plain tensors is refused. Raises ZhenluError model_file."""
    with opening(path, "damaged"):
        state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise refusal(path, "tensors")
    if lacking := [name for name in ("weight", "bias") if name not in state]:
        raise refusal(path, "weights", names=", ".join(lacking))
    weight, bias = state["weight"].float(), state["bias"].float()
    height = rows or (len(weight) if weight.ndim else 0)
    if not height or weight.shape != (height, width) or bias.shape != (height,):
        raise refusal(path, "shape", shape=f"{tuple(weight.shape)} + {tuple(bias.shape)}", width=width)
    if not (weight.isfinite().all() and bias.isfinite().all()):
        raise refusal(path, "finite", names="weight, bias")
    linear = torch.nn.Linear(width, height)
    linear.load_state_dict({"weight": weight, "bias": bias})
    return linear.eval()


def mean_pooling(path: Path) -> bool:
    """Whether a pooling config says mean; else cls. Raises ZhenluError model_file for any other mode."""
    config = read_json(path)
    # sentence-transformers' newer spelling, then its older one
    modes = [config.get("pooling_mode") or k for k, on in config.items() if k.startswith("pooling_mode") and on]
    if modes not in (["mean"], ["pooling_mode_mean_tokens"], ["cls"], ["pooling_mode_cls_token"]):
        raise refusal(path, "pooling")
    return "mean" in modes[0]


class M3Encoder:
    """An encoder in bge-m3's folder layout. Safe to share between threads."""

    kinds: tuple[str, ...] = ("dense", "sparse", "multi_vector")

    def __init__(self, checkpoint: Checkpoint):
        folder = checkpoint.folder
        self.name = checkpoint.calibration.name
        self.fingerprint = checkpoint.fingerprint
        self.calibration = checkpoint.calibration
        self._tokenizer = load_tokenizer(folder)
        self._network = load_network(AutoModel, folder)
        config = self._network.config
        self.dimension = int(config.hidden_size)
        self.vocabulary_size = int(config.vocab_size)
        ids = self._tokenizer.get_vocab().values()
        check_vocabulary(ids, self.vocabulary_size, folder / "tokenizer.json")
        self._sparse = load_linear(folder / "sparse_linear.pt", self.dimension, 1)
        self._colbert = load_linear(folder / "colbert_linear.pt", self.dimension)
        self._mean = mean_pooling(folder / "1_Pooling" / "config.json")
        self._pad = int(config.pad_token_id or 0)
        self.max_length = min(self.calibration.max_length, positions(config))
        special = {token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special}
        self._special = np.array(sorted(i for t in special if (i := self._tokenizer.token_to_id(t)) is not None))
        self._lock = threading.Lock()

    def encode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,
        kinds: Sequence[str] = ("dense",),
        progress: Progress | None = None,
    ) -> Encoding:
        """See `Encoder.encode`. Texts are cut at ``max_length`` tokens."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        # cut as the reference does: the end-of-text token stays
        rows = [ids if len(ids) <= self.max_length else ids[: self.max_length - 1] + ids[-1:] for ids in rows]
        dense = np.zeros((len(rows), self.dimension), dtype=np.float32)
        lexical: list[dict[int, float]] = [{} for _ in rows]
        vectors: list[np.ndarray] = [np.empty(0, dtype=np.float32)] * len(rows)
        done = 0
        for batch in batches([len(ids) for ids in rows], TOKEN_BUDGET):
            ids, mask = self._pad_batch([rows[i] for i in batch])
            with self._lock, torch.inference_mode():
                hidden = self._network(input_ids=ids, attention_mask=mask).last_hidden_state
                pooled = self._pool(hidden, mask)
                dense[batch] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
                if "sparse" in kinds:
                    weights = torch.relu(self._sparse(hidden)).squeeze(-1).numpy()
                    for place, row in enumerate(batch):
                        lexical[row] = self._lexical(rows[row], weights[place])
                if "multi_vector" in kinds:
                    tokens = torch.nn.functional.normalize(self._colbert(hidden[:, 1:]), dim=-1).numpy()
                    for place, row in enumerate(batch):
                        vectors[row] = tokens[place, : len(rows[row]) - 1].copy()
            done += len(batch)
            if progress:
                progress(done, len(rows))
        return Encoding(
            dense,
            self._csr(lexical) if "sparse" in kinds else None,
            vectors if "multi_vector" in kinds else None,
        )

    def _pad_batch(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        ids = torch.full((len(rows), max(map(len, rows))), self._pad)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        return ids, mask

    def _pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if not self._mean:
            return hidden[:, 0]
        weights = mask[..., None].float()
        return (hidden * weights).sum(1) / weights.sum(1)

    def _lexical(self, ids: list[int], weights: np.ndarray) -> dict[int, float]:
        best: dict[int, float] = {}
        skip = set(self._special.tolist())
        for token, weight in zip(ids, weights[: len(ids)].tolist(), strict=True):
            if token not in skip and weight > best.get(token, 0.0):
                best[token] = weight
        return best

    def _csr(self, lexical: list[dict[int, float]]) -> csr_matrix:
        pointers = np.cumsum([0, *(len(row) for row in lexical)])
        columns = np.fromiter((t for row in lexical for t in row), dtype=np.int32, count=int(pointers[-1]))
        values = np.fromiter((w for row in lexical for w in row.values()), dtype=np.float32, count=int(pointers[-1]))
        return csr_matrix((values, columns, pointers), shape=(len(lexical), self.vocabulary_size))
