"""Findings against sentences labelled by someone who had not seen the rules.

`python -m tests.unit.test_findings` prints precision and recall. Rules were written with part "dev" in sight; of part
"held" only the totals were looked at.
"""

import json
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

from dashboard import lexicon
from dashboard.findings import extract, normalise

CASES = Path(__file__).parents[1] / "data" / "findings.jsonl"


@lru_cache(maxsize=1)
def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


@lru_cache(maxsize=1)
def wordings() -> dict[str, Any]:
    return lexicon.builtin().wordings("symptom")


def same(found: str, wanted: str) -> bool:
    """One text contains the other, or they share 60% of the longer one's characters, in order."""
    a, b = (normalise(t).casefold() for t in (found, wanted))
    if a in b or b in a:
        return True
    shared = sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return shared >= 0.6 * max(len(a), len(b))


def score(part: str) -> dict[tuple[str, str], Counter[str]]:
    """(language, status) -> hits, found, wanted. A finding counts for one label only."""
    totals: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case in cases():
        if case["part"] != part:
            continue
        found = [(f.text, str(f.status)) for f in extract(case["text"], wordings())]
        left = list(found)
        for _, status in found:
            totals[case["lang"], status]["found"] += 1
        for label in sorted(case["findings"], key=lambda f: -len(f["text"])):
            total = totals[case["lang"], label["status"]]
            total["wanted"] += 1
            fits = [f for f in left if f[1] == label["status"] and same(f[0], label["text"])]
            if fits:
                left.remove(min(fits, key=lambda f: abs(len(f[0]) - len(label["text"]))))
                total["hits"] += 1
    return totals


def report() -> str:
    lines = []
    for part in ("dev", "held"):
        totals = score(part)
        for (language, status), t in sorted(totals.items()):
            lines.append(
                f"{part:5}{language:3} {status:11} precision {t['hits'] / max(t['found'], 1):.2f} ({t['hits']}/{t['found']})"
                f"  recall {t['hits'] / max(t['wanted'], 1):.2f} ({t['hits']}/{t['wanted']})"
            )
        total = sum(totals.values(), Counter())
        lines.append(
            f"{part} all: precision {total['hits'] / total['found']:.3f}, recall {total['hits'] / total['wanted']:.3f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
