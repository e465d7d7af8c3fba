"""(query, passage) -> relevance logit, with a one-label cross-encoder in bge-reranker-v2-m3's folder layout."""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from dashboard.checkpoint import Calibration, Checkpoint, open_checkpoint, resolve
from dashboard.domain import ZhenluError
from dashboard.encoders.base import batches
from dashboard.encoders.bge_m3 import load_network, load_tokenizer
from dashboard.settings import Settings

CHUNK = 10


class Reranker(Protocol):
    name: str
    fingerprint: str
    calibration: Calibration

    def score(self, query: str, passages: Sequence[str]) -> np.ndarray:
        """Logits, float32 (n,)."""
        ...


class CrossEncoderReranker:
    """Safe to share between threads."""

    def __init__(self, checkpoint: Checkpoint):
        self.name = checkpoint.calibration.name
        self.fingerprint = checkpoint.fingerprint
        self.calibration = checkpoint.calibration
        self._tokenizer = load_tokenizer(checkpoint.folder)
        labels = checkpoint.config.get("num_labels") or len(checkpoint.config.get("id2label") or "x")
        if labels != 1:
            reason = f"{labels} labels, a reranker has 1"
            raise ZhenluError("model_file", file=str(checkpoint.folder / "config.json"), reason=reason)
        self._network = load_network(AutoModelForSequenceClassification, checkpoint.folder, num_labels=1)
        self._pad = int(self._network.config.pad_token_id or 0)
        self._types = int(getattr(self._network.config, "type_vocab_size", 1)) > 1
        self.max_length = self.calibration.max_length
        self._tokenizer.enable_truncation(self.max_length, strategy="only_second")
        self._lock = threading.Lock()

    def score(self, query: str, passages: Sequence[str]) -> np.ndarray:
        """Logits, float32 (n,). A pair is cut at ``max_length`` tokens by shortening the passage, and the query
        beforehand at three quarters of that, as FlagEmbedding's FlagReranker does."""
        alone = self._tokenizer.encode(query, add_special_tokens=False)
        limit = self.max_length * 3 // 4
        if len(alone.ids) > limit:
            query = query[: alone.offsets[limit - 1][1]]
        encodings = self._tokenizer.encode_batch([(query, passage) for passage in passages])
        logits = np.zeros(len(encodings), dtype=np.float32)
        for batch in batches([len(e.ids) for e in encodings], 2048):
            width = max(len(encodings[i].ids) for i in batch)
            ids = torch.full((len(batch), width), self._pad)
            types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
            for place, row in enumerate(batch):
                size = len(encodings[row].ids)
                ids[place, :size] = torch.tensor(encodings[row].ids)
                types[place, :size] = torch.tensor(encodings[row].type_ids)
                mask[place, :size] = 1
            extra = {"token_type_ids": types} if self._types else {}
            with self._lock, torch.inference_mode():
                logits[batch] = self._network(input_ids=ids, attention_mask=mask, **extra).logits[:, 0].numpy()
        return logits


def chunks(
    reranker: Reranker, query: str, passages: Sequence[str], seconds: float, size: int = CHUNK
) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, logits) for one chunk after another, until all are scored or the time is up."""
    started = time.perf_counter()
    for start in range(0, len(passages), size):
        if start and time.perf_counter() - started > seconds:
            return
        yield start, reranker.score(query, passages[start : start + size])


def open_reranker(settings: Settings) -> Reranker | None:
    """The reranker that the settings name, or None for "none". Raises as `open_checkpoint` and `resolve` do."""
    if settings.reranker == "none":
        return None
    return CrossEncoderReranker(open_checkpoint(resolve(settings.reranker, settings, "reranker"), "reranker"))
