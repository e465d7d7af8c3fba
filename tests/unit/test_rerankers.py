"""The reranker in bfloat16 orders as in float32, and only where the processor has it."""

import numpy as np
import pytest
import torch

from dashboard.checkpoint import COMPACT, open_checkpoint
from dashboard.rerankers import CrossEncoderReranker, native_bfloat16, open_reranker
from dashboard.settings import Settings

QUERY = "胸骨后压榨样疼痛，向左臂放射，出冷汗"
PASSAGES = [
    "急性心肌梗死。胸骨后压榨样疼痛、大汗、疼痛放射至左臂。",
    "Migraine. throbbing headache, nausea, light sensitivity.",
    "痛风。第一跖趾关节红肿热痛、夜间发作。",
    "稳定型心绞痛。劳累后胸痛、休息数分钟缓解。",
]


@pytest.mark.parametrize(
    ("has", "expected"),
    [
        ({"amx_bf16": True, "avx512_bf16": False}, True),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": False}, False),
        ({}, False),
    ],
)
def test_where_the_processor_has_it(has: dict, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert native_bfloat16() is expected
    found = open_reranker(Settings(reranker="compact"))
    assert isinstance(found, CrossEncoderReranker)
    assert found._network.dtype is (torch.bfloat16 if expected else torch.float32)
    plain = open_reranker(Settings(reranker="compact", rerank_bfloat16=False))
    assert isinstance(plain, CrossEncoderReranker)
    assert plain._network.dtype is torch.float32


def test_bfloat16_orders_as_float32_does() -> None:
    checkpoint = open_checkpoint(COMPACT["reranker"], "reranker")
    exact = CrossEncoderReranker(checkpoint).score(QUERY, PASSAGES)
    fast = CrossEncoderReranker(checkpoint, bfloat16=True).score(QUERY, PASSAGES)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, exact, atol=0.15)
    assert np.argsort(-fast).tolist() == np.argsort(-exact).tolist()
    assert int(np.argmax(exact)) == 0
