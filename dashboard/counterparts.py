"""What one base knows of a disease, lent to the entry of another base that has the same name.

A hospital's entry may be a line long, or in one language only; the built-in base has the same disease with its symptoms
in both languages and in patients' words. An entry's score rises half of the way to that of its counterpart where that is
higher, and never falls: where the lender knows nothing of a disease, the entry stands as it did.
"""

from dataclasses import dataclass

import numpy as np

from dashboard.records import key
from dashboard.store import KnowledgeBase

SHARE = 0.5  # of the way to the counterpart's score
WITNESS = 0.05  # what an entry is worth that two bases speak for


@dataclass(frozen=True)
class Counterparts:
    """Pairs of an entry and a lender's entry with like names: entries, lenders (pairs,) are their places in the two
    bases, alike (pairs,) is 1 for a name in common and nears 0 at the similarity from which names count as the same."""

    kb: KnowledgeBase
    entries: np.ndarray
    lenders: np.ndarray
    alike: np.ndarray

    def recall(self, known: np.ndarray, count: int) -> set[int]:
        """The entries whose counterparts score best. ``known``: (lender's entries,), negative where not recalled."""
        found: set[int] = set()
        worth = self.alike * known[self.lenders]
        for pair in np.argsort(-worth, kind="stable"):
            if len(found) == count or worth[pair] <= 0:
                break
            found.add(int(self.entries[pair]))
        return found

    def lift(self, known: np.ndarray, entries: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """By how much the scores (n,) of some entries (n,), in rising order, rise; and by which lender's entry, or -1."""
        place = np.searchsorted(entries, self.entries).clip(max=len(entries) - 1)
        here = entries[place] == self.entries
        place, lenders = place[here], self.lenders[here]
        gains = SHARE * self.alike[here] * np.maximum(0, known[lenders] + WITNESS - scores[place])
        gains[known[lenders] < 0] = 0
        lifts, by = np.zeros(len(entries)), np.full(len(entries), -1)
        for pair in np.flatnonzero(gains):
            if gains[pair] > lifts[place[pair]]:
                lifts[place[pair]], by[place[pair]] = gains[pair], lenders[pair]
        return lifts, by


def pair(kb: KnowledgeBase, lender: KnowledgeBase, floor: float) -> Counterparts | None:
    """The entries of two bases whose names are the same, or at least ``floor`` alike by the encoder that built both.
    None when there are none, or when a base is of an edition that has no names."""
    if kb.name_vectors is None or lender.name_vectors is None:
        return None
    known: dict[str, list[int]] = {}
    for name, place in zip(lender.names, _owners(lender), strict=True):
        known.setdefault(key(name), []).append(int(place))
    alike: dict[tuple[int, int], float] = {}
    owners = _owners(kb)
    for row in range(0, len(kb.names), 1024):  # the whole product of two large bases would not fit
        similarity = kb.name_vectors[row : row + 1024] @ lender.name_vectors.T
        best = np.maximum.reduceat(similarity, lender.name_starts[:-1], axis=1)
        for i, place in zip(*np.nonzero(best > floor), strict=True):
            both = int(owners[row + i]), int(place)
            alike[both] = max(alike.get(both, 0.0), float((best[i, place] - floor) / (1 - floor)))
    for name, owner in zip(kb.names, owners, strict=True):
        alike |= {(int(owner), place): 1.0 for place in known.get(key(name), ())}
    if not alike:
        return None
    entries, lenders = np.array(sorted(alike)).T
    return Counterparts(lender, entries, lenders, np.array([min(1.0, alike[both]) for both in sorted(alike)]))


def _owners(kb: KnowledgeBase) -> np.ndarray:
    """The entry of each name."""
    return np.repeat(np.arange(len(kb.entries)), np.diff(kb.name_starts))
