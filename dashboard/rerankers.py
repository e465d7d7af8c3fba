"""(query, passage) -> relevance logit, with a one-label cross-encoder in bge-reranker-v2-m3's folder layout."""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from dashboard.checkpoint import Calibration, Checkpoint, open_checkpoint, opening, refusal, resolve, weights_file
from dashboard.encoders.base import PROBE, batches
from dashboard.encoders.bge_m3 import check_vocabulary, load_network, load_tokenizer, positions
from dashboard.settings import Settings

CHUNK = 10
QUICK = 0.1  # seconds for a chunk, below which the next one is twice as large


class Reranker(Protocol):
    name: str
    fingerprint: str
    calibration: Calibration

    def score(self, query: str, passages: Sequence[str]) -> np.ndarray:
        """Logits, float32 (n,)."""
        ...


class CrossEncoderReranker:
    """Safe to share between threads."""

    def __init__(self, checkpoint: Checkpoint, *, bfloat16: bool = False):
        """``bfloat16``: about three times as fast where the processor has it; logits differ by some hundredths."""
        self.name = checkpoint.calibration.name
        self.fingerprint = checkpoint.fingerprint
        self.calibration = checkpoint.calibration
        self._tokenizer = load_tokenizer(checkpoint.folder)
        # transformers leaves out what it takes for granted: two labels
        labels = checkpoint.config.get("num_labels") or len(checkpoint.config.get("id2label") or (0, 1))
        if labels != 1:
            raise refusal(checkpoint.folder / "config.json", "labels", count=labels)
        self._network = load_network(AutoModelForSequenceClassification, checkpoint.folder, num_labels=1)
        ids, rows = self._tokenizer.get_vocab().values(), int(self._network.config.vocab_size)
        check_vocabulary(ids, rows, checkpoint.folder / "tokenizer.json")
        if bfloat16:
            self._network = self._network.to(torch.bfloat16)
        self._pad = int(self._network.config.pad_token_id or 0)
        self._types = int(getattr(self._network.config, "type_vocab_size", 1)) > 1
        self.max_length = min(self.calibration.max_length, positions(self._network.config))
        self._lock = threading.Lock()

    def score(self, query: str, passages: Sequence[str]) -> np.ndarray:
        """Logits, float32 (n,). The query is cut at three quarters of ``max_length`` tokens and the passage at what
        is left of it, as FlagEmbedding's FlagReranker does."""
        first = self._tokenizer.encode(query, add_special_tokens=False)
        first.truncate(self.max_length * 3 // 4)
        room = self.max_length - len(first.ids) - self._tokenizer.num_special_tokens_to_add(is_pair=True)
        pairs = []
        for second in self._tokenizer.encode_batch(list(passages), add_special_tokens=False):
            second.truncate(max(room, 0))
            pair = self._tokenizer.post_process(first, second)
            pairs.append((pair.ids, pair.type_ids))
        logits = np.zeros(len(pairs), dtype=np.float32)
        for batch in batches([len(ids) for ids, _ in pairs], 2048):
            width = max(len(pairs[i][0]) for i in batch)
            ids = torch.full((len(batch), width), self._pad)
            types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
            for place, row in enumerate(batch):
                size = len(pairs[row][0])
                ids[place, :size] = torch.tensor(pairs[row][0])
                types[place, :size] = torch.tensor(pairs[row][1])
                mask[place, :size] = 1
            extra = {"token_type_ids": types} if self._types else {}
            with self._lock, torch.inference_mode():
                logits[batch] = self._network(input_ids=ids, attention_mask=mask, **extra).logits[:, 0].float().numpy()
        return logits


def chunks(
    reranker: Reranker, query: str, passages: Sequence[str], seconds: float, size: int = CHUNK
) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, logits) for one chunk after another, until all are scored or the time is up. Each draws the list anew,
    so a quick reranker is given larger ones."""
    started, start = time.perf_counter(), 0
    while start < len(passages) and not (start and time.perf_counter() - started > seconds):
        begun = time.perf_counter()
        logits = reranker.score(query, passages[start : start + size])
        quick = time.perf_counter() - begun < QUICK
        yield start, logits
        start += size
        size *= 2 if quick else 1


def open_reranker(settings: Settings) -> Reranker | None:
    """The reranker that the settings name, or None for "none". Raises as `open_checkpoint` and `resolve` do."""
    if settings.reranker == "none":
        return None
    folder = resolve(settings.reranker, settings, "reranker")
    with opening(folder):
        checkpoint = open_checkpoint(folder, "reranker")
        reranker = CrossEncoderReranker(checkpoint, bfloat16=settings.rerank_bfloat16 and native_bfloat16())
    with opening(folder, "fails"):
        if not np.isfinite(reranker.score(PROBE[0], PROBE)).all():
            raise refusal(weights_file(folder), "finite", names="logits")
    return reranker


def native_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it does not, float32 is faster."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
