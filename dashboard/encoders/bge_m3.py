"""bge-m3's three kinds of vectors from one forward pass, for bge-m3 itself and for the compact model.

Chen et al. 2024, "BGE M3-Embedding" (arXiv:2402.03216). With h the last hidden state:
dense = normalize(pool(h)); lexical weight = relu(sparse(h)), the maximum per token id, special tokens left out;
multi-vector = normalize(colbert(h[:, 1:])), one vector a token after the first.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel
from transformers.utils import logging as transformers_logging

from dashboard.checkpoint import WEIGHTS, Checkpoint, _json
from dashboard.domain import ZhenluError
from dashboard.encoders.base import Encoding, Progress, batches

TOKEN_BUDGET = 2048

transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()


def load_tokenizer(folder: Path) -> Tokenizer:
    """tokenizer.json, without truncation or padding. Raises ZhenluError model_file."""
    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises plain Exception, nothing narrower
        raise ZhenluError("model_file", file=str(path), reason=str(error)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_vocabulary(tokenizer: Tokenizer, size: int, folder: Path) -> None:
    """Raises ZhenluError model_file when the tokenizer has ids that the network has no vector for."""
    tokens = max(tokenizer.get_vocab().values()) + 1
    if tokens > size:
        reason = f"{tokens} tokens, {size} in config.json"
        raise ZhenluError("model_file", file=str(folder / "tokenizer.json"), reason=reason)


def load_network(auto: Any, folder: Path, **options: Any) -> Any:
    """A transformers network in float32, from local files only. Raises ZhenluError model_file."""
    weights = next((folder / name for name in WEIGHTS if (folder / name).exists()), folder)
    file = folder / "config.json"
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, **options)
        file = weights
        # Sizes that do not match are named below, with the keys that are missing.
        network, report = auto.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except Exception as error:  # transformers, safetensors and pickle raise many kinds; all mean: not a usable file
        raise ZhenluError("model_file", file=str(file), reason=_first_line(error)) from error
    missing = [k for k in report["missing_keys"] if "pooler" not in k and "position_ids" not in k]
    wrong = [*missing, *(str(m[0]) for m in report["mismatched_keys"])]
    if wrong:
        raise ZhenluError("model_file", file=str(weights), reason="weights: " + ", ".join(sorted(wrong)[:3]))
    return network.eval()


def positions(config: Any) -> int:
    """How many tokens a network has places for."""
    # XLM-R counts positions from the padding id on, so two of its places are never used.
    offset = int(config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
    return int(config.max_position_embeddings) - offset


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def load_linear(path: Path, width: int, rows: int | None = None) -> torch.nn.Linear:
    """A head's weights; a pickle of anything but plain tensors is refused. Raises ZhenluError model_file."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        weight, bias = state["weight"].float(), state["bias"].float()
    except Exception as error:  # pickle and zip readers raise many kinds; all mean: not a usable head
        raise ZhenluError("model_file", file=str(path), reason=_first_line(error)) from error
    if weight.ndim != 2 or weight.shape[1] != width or (rows and weight.shape[0] != rows) or len(bias) != len(weight):
        raise ZhenluError("model_file", file=str(path), reason=f"shape {tuple(weight.shape)}, hidden size {width}")
    linear = torch.nn.Linear(width, weight.shape[0])
    linear.load_state_dict({"weight": weight, "bias": bias})
    return linear.eval()


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
        check_vocabulary(self._tokenizer, self.vocabulary_size, folder)
        self._sparse = load_linear(folder / "sparse_linear.pt", self.dimension, 1)
        self._colbert = load_linear(folder / "colbert_linear.pt", self.dimension)
        pooling = folder / "1_Pooling" / "config.json"
        self._mean = bool(pooling.exists() and _json(pooling).get("pooling_mode_mean_tokens"))
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
