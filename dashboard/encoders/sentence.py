"""Any sentence-transformers model by its folder: dense vectors only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer
from transformers import AutoConfig, AutoModel, PreTrainedModel

from dashboard.checkpoint import Checkpoint, modules, opening
from dashboard.encoders.base import Encoding, Progress
from dashboard.encoders.bge_m3 import check_finite, check_vocabulary, check_weights, load_reported, load_tokenizer


class SentenceEncoder:
    kinds: tuple[str, ...] = ("dense",)

    def __init__(self, checkpoint: Checkpoint):
        folders = [checkpoint.folder / path for kind, path in modules(checkpoint.folder) if kind == "Transformer"]
        with opening(checkpoint.folder):
            try:
                self._model = SentenceTransformer(str(checkpoint.folder), device="cpu", local_files_only=True)
            except Exception:
                for folder in folders:  # names the file, when it is one of these that is at fault
                    _examine(folder, AutoModel)
                raise
            for folder in folders:
                self._check(folder)
        self.name = checkpoint.calibration.name
        self.fingerprint = checkpoint.fingerprint
        self.calibration = checkpoint.calibration
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def _check(self, folder: Path) -> None:
        """Raises ZhenluError model_file when the weights or the tokenizer in a module's folder are not its network's:
        sentence-transformers opens it all the same, with random numbers in place of what is missing."""
        for module in self._model:
            network: Any = getattr(module, "model", None)
            if not isinstance(network, PreTrainedModel) or Path(str(network.name_or_path)) != folder:
                continue
            _examine(folder, type(network))
            check_finite(network, folder)
            if rows := getattr(network.config, "vocab_size", None):
                tokenizer: Any = module.tokenizer
                added = tokenizer.get_added_vocab()
                # Published models have added tokens without a row, which no text of ours brings up.
                ids = [i for token, i in tokenizer.get_vocab().items() if i < rows or token not in added]
                file = folder / "tokenizer.json"
                check_vocabulary(ids, rows, file if file.is_file() else folder)

    def encode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,
        kinds: Sequence[str] = ("dense",),
        progress: Progress | None = None,
    ) -> Encoding:
        """See `Encoder.encode`. A model's own query and document prompts are used where it has them."""
        encode = self._model.encode_query if query else self._model.encode_document
        parts = []
        for start in range(0, len(texts), 256):
            part = encode(list(texts[start : start + 256]), normalize_embeddings=True, show_progress_bar=False)
            parts.append(np.asarray(part, dtype=np.float32))
            if progress:
                progress(start + len(part), len(texts))
        return Encoding(np.concatenate(parts) if parts else np.zeros((0, self.dimension), dtype=np.float32))


def _examine(folder: Path, auto: Any) -> None:
    """Raises ZhenluError model_file when a module's configuration, weights or tokenizer are at fault. The numbers
    themselves are not loaded once more."""
    with opening(folder / "config.json"):
        AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    _, report = load_reported(auto, folder, device_map="meta")
    check_weights(report, folder, excused=("pooler",))
    if (folder / "tokenizer.json").is_file():
        load_tokenizer(folder)
