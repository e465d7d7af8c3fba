"""Two to four candidates side by side: what they share, and what would tell them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashboard.domain import Candidate, Language, side_of
from dashboard.store import KnowledgeBase

Kind = Literal["finding", "shared", "separating"]
KINDS: tuple[Kind, ...] = ("finding", "shared", "separating")


@dataclass(frozen=True)
class Row:
    """A line of the table: one cell a candidate, empty where it has nothing of the kind."""

    kind: Kind
    label: str  # the finding; empty for the entries' own symptoms
    cells: tuple[str, ...]


def contrast(
    kb: KnowledgeBase, candidates: Sequence[Candidate], floor: float, language: Language = "zh"
) -> tuple[Row, ...]:
    """The query's findings first, then the symptoms that several candidates have, then those of one alone.

    ``floor`` is the similarity (cosine, 0 to 1) from which two symptoms count as the same: the model's evidence threshold.
    """
    told = dict.fromkeys(e.finding for c in candidates for e in c.evidence)
    told |= dict.fromkeys(f for c in candidates for f in c.unexplained)
    met = [{e.finding: e.symptom for e in c.evidence} for c in candidates]
    rows = [Row("finding", finding, tuple(m.get(finding, "") for m in met)) for finding in told]
    listed = [kb.symptoms(kb.entries.index(c.entry), language) for c in candidates]
    own = [(list(symptoms), kb.phrase_vectors[list(symptoms.values())]) for symptoms in listed]
    used = [set(m.values()) for m in met]
    for place, (names, vectors) in enumerate(own):
        for name, vector in zip(names, vectors, strict=True):
            if name in used[place]:
                continue
            cells = [""] * len(own)
            cells[place] = name
            used[place].add(name)
            for other in range(place + 1, len(own)):
                others, known = own[other]
                scores = [
                    float(v @ vector) if n not in used[other] and side_of(n) * side_of(name) >= 0 else -1.0
                    for n, v in zip(others, known, strict=True)
                ]
                best = int(np.argmax(scores))
                if scores[best] >= floor:
                    cells[other] = others[best]
                    used[other].add(others[best])
            rows.append(Row("shared" if sum(map(bool, cells)) > 1 else "separating", "", tuple(cells)))
    return tuple(sorted(rows, key=lambda row: KINDS.index(row.kind)))
