"""The terminology: concepts with every wording in use, in both languages."""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.encoders.base import Encoder
from dashboard.records import key
from dashboard.settings import KNOWLEDGE
from dashboard.values import named


@dataclass(frozen=True)
class Concept:
    id: str
    kind: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    @property
    def wordings(self) -> tuple[str, ...]:
        return self.zh + self.en


@dataclass(frozen=True)
class Match:
    """The concept a term means: by the wording it equals (similarity 1) or by the nearest one."""

    term: str
    concept: Concept
    wording: str
    similarity: float


class Lexicon:
    def __init__(self, concepts: tuple[Concept, ...]):
        self.concepts = concepts
        self.by_id = {c.id: c for c in concepts}
        self._by_wording: dict[str, list[Concept]] = defaultdict(list)
        for concept in concepts:
            for wording in dict.fromkeys(map(key, concept.wordings)):
                self._by_wording[wording].append(concept)

    def find(self, term: str) -> list[Concept]:
        """The concepts that have this very wording (case and width folded); more than one if it is ambiguous."""
        return self._by_wording.get(key(term), [])

    def wordings(self, *kinds: str) -> dict[str, Concept]:
        """Folded wording -> concept, for the kinds named (all unless named)."""
        return {w: cs[0] for w, cs in self._by_wording.items() if not kinds or cs[0].kind in kinds}


def load(path: Path = KNOWLEDGE / "lexicon.jsonl") -> Lexicon:
    """Read a lexicon file: one concept a line."""
    concepts = []
    for line in path.read_text(encoding="utf-8").splitlines():
        raw: dict[str, Any] = json.loads(line)
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
        concepts.append(Concept(**fields))
    return Lexicon(tuple(concepts))


@lru_cache(maxsize=1)
def builtin() -> Lexicon:
    return load()


class Resolver:
    """Terms -> concepts: by an equal wording, by what a measured value is called, by the nearest wording in the
    encoder's space."""

    def __init__(self, lexicon: Lexicon, encoder: Encoder):
        self._lexicon, self._encoder = lexicon, encoder
        self._owners = [(c, w) for c in lexicon.concepts for w in c.wordings]
        self._vectors = encoder.encode([w for _, w in self._owners]).dense

    def resolve(self, terms: list[str], count: int = 1) -> list[list[Match]]:
        """The ``count`` best concepts of each term, best first. An equal wording always stands first (similarity 1)."""
        similarity = self._encoder.encode(terms).dense @ self._vectors.T
        return [self._best(term, row, count) for term, row in zip(terms, similarity, strict=True)]

    def _best(self, term: str, row: np.ndarray, count: int) -> list[Match]:
        exact = [Match(term, c, term, 1.0) for c in self._lexicon.find(term)]
        if not exact and (name := named(term)):
            exact = [Match(term, c, name, 1.0) for c in self._lexicon.find(name)]
        seen = {m.concept.id for m in exact}
        for i in np.argsort(-row, kind="stable"):
            if len(exact) >= count:
                break
            concept, wording = self._owners[i]
            if concept.id not in seen:
                seen.add(concept.id)
                exact.append(Match(term, concept, wording, round(float(row[i]), 4)))
        return exact[:count]
