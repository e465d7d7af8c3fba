"""An OpenAI-compatible embeddings server (SGLang, vLLM, TEI ...) on the hospital's network: dense vectors only.

The query instruction follows Qwen3-Embedding's model card: "Instruct: ...\\nQuery:" stands before a query and
nothing before a passage.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from dashboard.checkpoint import Calibration
from dashboard.domain import ZhenluError
from dashboard.encoders.base import Encoding, Progress

BATCH = 32


class RemoteEncoder:
    kinds: tuple[str, ...] = ("dense",)

    def __init__(self, url: str, model: str, *, key: str = "", instruction: str = "", timeout: float = 60.0):
        self._url = url.rstrip("/")
        self._instruction = instruction
        # trust_env=False: a proxy in the environment must not see patients' words.
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(timeout=timeout, headers=headers, trust_env=False)
        self._model = model or self._first_model()
        self.name = self._model
        self.dimension = 0  # any, for the probe
        probe = self._request(["probe"])
        self.dimension = probe.shape[1]
        # A server does not show its files: its name, its size and what it says of one text stand for them.
        identity = f"{self._model}|{self.dimension}|{instruction}|{np.round(probe, 3).tolist()}"
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self.calibration = Calibration(name=self._model)

    def encode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,
        kinds: Sequence[str] = ("dense",),
        progress: Progress | None = None,
    ) -> Encoding:
        """See `Encoder.encode`. Raises ZhenluError remote_failed."""
        prefix = f"Instruct: {self._instruction}\nQuery:" if query and self._instruction else ""
        parts = []
        for start in range(0, len(texts), BATCH):
            parts.append(self._request([prefix + text for text in texts[start : start + BATCH]]))
            if progress:
                progress(min(start + BATCH, len(texts)), len(texts))
        return Encoding(np.concatenate(parts) if parts else np.zeros((0, self.dimension), dtype=np.float32))

    def _first_model(self) -> str:
        data = self._json("GET", "/models", None)
        try:
            return str(data["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise ZhenluError("remote_failed", url=self._url, reason="/models") from error

    def _request(self, texts: list[str]) -> np.ndarray:
        data = self._json("POST", "/embeddings", {"model": self._model, "input": texts, "encoding_format": "float"})
        try:
            rows = sorted(data["data"], key=lambda row: row["index"])
            places = [row["index"] for row in rows]
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise ZhenluError("remote_failed", url=self._url, reason="/embeddings") from error
        width = self.dimension or vectors.shape[-1]
        if places != list(range(len(texts))) or vectors.shape != (len(texts), width):
            reason = f"{vectors.shape} for {len(texts)} texts"
            raise ZhenluError("remote_failed", url=self._url, reason=reason)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise ZhenluError("remote_failed", url=self._url, reason="0 / NaN")
        return vectors / norms

    def _json(self, method: str, path: str, body: dict[str, object] | None) -> Any:
        try:
            response = self._client.request(method, self._url + path, json=body)
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            raise ZhenluError("remote_failed", url=self._url, reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    """What went wrong, in words that neither the server nor the request had a part in."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    said = str(error).splitlines()[:1] if isinstance(error, httpx.ConnectError) else []
    return ": ".join([type(error).__name__, *said])
