"""Entries and sentences that say the same twice, found with the project's own encoder."""

import json
from typing import Any

import numpy as np
import pytest

from dashboard.checkpoint import COMPACT, open_checkpoint
from dashboard.encoders.bge_m3 import M3Encoder
from dashboard.settings import KNOWLEDGE

# Looked at and kept: alike in words, not in meaning.
DIFFERENT: set[frozenset[str]] = set()
SAME = 0.97


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (KNOWLEDGE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def encoder() -> M3Encoder:
    return M3Encoder(open_checkpoint(COMPACT["encoder"], "encoder"))


def twins(encoder: M3Encoder, ids: list[str], texts: list[str]) -> list[tuple[float, str, str]]:
    vectors = encoder.encode(texts).dense
    found = np.argwhere(np.triu(vectors @ vectors.T, 1) >= SAME)
    pairs = [(round(float(vectors[i] @ vectors[j]), 3), ids[i], ids[j]) for i, j in found]
    return [p for p in pairs if frozenset(p[1:]) not in DIFFERENT]


def test_no_entry_is_there_twice(encoder: M3Encoder) -> None:
    entries = rows("diseases.jsonl")
    ids = [e["id"] for e in entries]
    assert twins(encoder, ids, ["、".join(e["symptoms"]) for e in entries]) == []
    assert twins(encoder, ids, [", ".join(e["symptoms_en"]) for e in entries]) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_sentence_is_there_twice(language: str, encoder: M3Encoder) -> None:
    sentences = rows("sentences.jsonl")
    assert twins(encoder, [s["id"] for s in sentences], [s[language] for s in sentences]) == []
