"""Any sentence-transformers model by its folder: dense vectors only."""

from collections.abc import Sequence

import numpy as np
from sentence_transformers import SentenceTransformer

from dashboard.checkpoint import Checkpoint
from dashboard.domain import ZhenluError
from dashboard.encoders.base import Encoding, Progress


class SentenceEncoder:
    kinds: tuple[str, ...] = ("dense",)

    def __init__(self, checkpoint: Checkpoint):
        try:
            self._model = SentenceTransformer(str(checkpoint.folder), device="cpu", local_files_only=True)
        except Exception as error:  # transformers, safetensors and pickle raise many kinds; all mean: not usable
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ZhenluError("model_file", file=str(checkpoint.folder), reason=reason) from error
        self.name = checkpoint.calibration.name
        self.fingerprint = checkpoint.fingerprint
        self.calibration = checkpoint.calibration
        self.dimension = int(self._model.get_embedding_dimension() or 0)

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
