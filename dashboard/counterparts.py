"""What one base knows of a disease, lent to the entry of another base that has the same name, or nearly.

A hospital's entry may be a line long, or in one language only; the built-in base has the same disease with its symptoms
in both languages and in patients' words. An entry's score rises half of the way to that of its counterpart, and to a
little beyond, since two bases speak for it; it never falls: where the lender knows nothing of a disease, or less, the
entry stands as it did.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dashboard.domain import Entry, side_of
from dashboard.records import key
from dashboard.store import KnowledgeBase

SHARE = 0.5  # of the way
WITNESS = 0.05  # beyond the counterpart's score
LIKE = 0.99  # the most that names can be alike that are not the same


@dataclass(frozen=True)
class Counterparts:
    """Pairs of an entry and a lender's entry: entries, lenders (pairs,) are their places in the two bases; alike (pairs,)
    is 1 for a name in common, else from 0 to LIKE by how far the names' similarity is over the floor."""

    kb: KnowledgeBase
    entries: np.ndarray
    lenders: np.ndarray
    alike: np.ndarray

    @cached_property
    def same(self) -> dict[int, Entry]:
        """Entry -> the lender's entry that has a name in common with it, an urgent one before others."""
        found: dict[int, Entry] = {}
        for pair in np.flatnonzero(self.alike == 1):
            other = self.kb.entries[self.lenders[pair]]
            if int(self.entries[pair]) not in found or other.urgent:
                found[int(self.entries[pair])] = other
        return found

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
        here = (entries[place] == self.entries) & (known[self.lenders] >= 0)
        place, lenders = place[here], self.lenders[here]
        gains = SHARE * self.alike[here] * np.maximum(0, known[lenders] + WITNESS - scores[place])
        lifts, by = np.zeros(len(entries)), np.full(len(entries), -1)
        for pair in np.flatnonzero(gains):
            if gains[pair] > lifts[place[pair]]:
                lifts[place[pair]], by[place[pair]] = gains[pair], lenders[pair]
        return lifts, by


def pair(kb: KnowledgeBase, lender: KnowledgeBase, floor: float) -> Counterparts | None:
    """Each entry with those of the lender that have a name in common with it, else with those whose names are at least
    ``floor`` alike by the encoder that built both and not of opposite sides. None when there are none.

    Bases of older editions have no vectors of their names: then only equal names count.
    """
    named = defaultdict[str, set[int]](set)
    for name, place in zip(lender.names, _owners(lender), strict=True):
        named[key(name)].add(int(place))
    owners = _owners(kb)
    alike = {
        (int(i), j): 1.0
        for name, i in zip(kb.names, owners, strict=True)
        if key(name) in named
        for j in named[key(name)]
    }
    if kb.name_vectors is not None and lender.name_vectors is not None:
        same = {i for i, _ in alike}
        sides = np.array([side_of(name) for name in lender.names])
        rows = np.array([row for row, i in enumerate(owners) if int(i) not in same], dtype=int)
        for start in range(0, len(rows), 1024):  # the whole product of two large bases would not fit
            some = rows[start : start + 1024]
            similarity = kb.name_vectors[some] @ lender.name_vectors.T
            similarity[np.outer([side_of(kb.names[row]) for row in some], sides) < 0] = 0
            best = np.maximum.reduceat(similarity, lender.name_starts[:-1], axis=1)
            for i, j in zip(*np.nonzero(best > floor), strict=True):
                both = int(owners[some[i]]), int(j)
                alike[both] = max(alike.get(both, 0.0), min(LIKE, float((best[i, j] - floor) / (1 - floor))))
    if not alike:
        return None
    entries, lenders = np.array(sorted(alike)).T
    return Counterparts(lender, entries, lenders, np.array([alike[both] for both in sorted(alike)]))


def completed(entry: Entry, same: Entry | None) -> Entry:
    """An entry with whom it is about taken from its counterpart of the same name where it does not say so itself."""
    if same is None:
        return entry
    return replace(
        entry,
        sex=same.sex if entry.sex == "any" else entry.sex,
        pregnancy=same.pregnancy if entry.pregnancy == "any" else entry.pregnancy,
        ages=entry.ages or same.ages,
    )


def _owners(kb: KnowledgeBase) -> np.ndarray:
    """The entry of each name."""
    return np.repeat(np.arange(len(kb.entries)), np.diff(kb.name_starts))
