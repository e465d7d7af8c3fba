"""Counts of what a knowledge base and the terminology hold."""

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from dashboard.lexicon import Lexicon
from dashboard.settings import KNOWLEDGE
from dashboard.store import KnowledgeBase


def stats(kb: KnowledgeBase, lexicon: Lexicon) -> dict[str, Any]:
    """Counts by field of medicine, language, urgency; of the lexicon by kind; of the sentences and vignettes by tag, of the rest by row."""
    entries = kb.entries
    return {
        "kb": kb.meta.kb,
        "version": kb.meta.version,
        "entries": len(entries),
        "symptom_phrases": len(kb.phrases),
        "urgent": sum(e.urgent for e in entries),
        "languages": dict(Counter(lang for e in entries for lang in e.passages())),
        "departments": dict(Counter(e.department or "-" for e in entries).most_common()),
        "lexicon": {
            "concepts": len(lexicon.concepts),
            "wordings": sum(len(c.wordings) for c in lexicon.concepts),
            **Counter(c.kind for c in lexicon.concepts),
        },
        "words": _tags(KNOWLEDGE / "words.jsonl"),
        "sentences": _tags(KNOWLEDGE / "sentences.jsonl"),
        "questions": _tags(KNOWLEDGE / "questions.jsonl"),
        "vignettes": _tags(KNOWLEDGE / "vignettes.jsonl"),
    }


@lru_cache
def _tags(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {"rows": len(rows), **Counter(tag for row in rows for tag in row.get("tags", ()))}
