"""What clinicians said of candidates, as findings only, in DATA/state.db; evaluation cases come out of it."""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dashboard import lexicon
from dashboard.domain import Finding, Language, SearchResult, Status, language_of
from dashboard.findings import extract

Verdict = Literal["useful", "wrong", "missing"]

_SCHEMA = """
create table if not exists feedback (
    id integer primary key,
    said_at text not null,     -- ISO 8601, UTC
    kb text not null, version text not null, encoder text not null,
    findings text not null,    -- JSON: [{"text", "status"}]
    entry text not null,       -- entry id
    verdict text not null check (verdict in ('useful', 'wrong', 'missing')),
    result text                -- which search it was said of; null in rows of before there was this column
)
"""
# Null differs from null, so that older rows stay as they are.
_ONCE = "create unique index if not exists feedback_once on feedback (result, entry)"


@dataclass(frozen=True)
class Opinion:
    entry: str  # entry id
    verdict: Verdict


class Feedback:
    """The state database. Opened for each use, so that any number of processes and threads may share it."""

    def __init__(self, folder: Path):
        self.path = folder / "state.db"

    def add(self, result: SearchResult, opinions: Sequence[Opinion]) -> None:
        """Keep what was said of one result: its findings, never its text. Said again, it replaces what was said of the
        same entry before: pressing the button twice is one opinion."""
        findings = json.dumps([{"text": f.text, "status": f.status} for f in result.findings], ensure_ascii=False)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        about = (now, result.kb, result.version, result.encoder, findings)
        rows = [(*about, o.entry, o.verdict, _digest(result)) for o in opinions]
        with self._open() as database:
            database.executemany(
                "insert or replace into feedback (said_at, kb, version, encoder, findings, entry, verdict, result)"
                " values (?,?,?,?,?,?,?,?)",  # a new id, so that the later opinion counts
                rows,
            )

    def count(self) -> int:
        if not self.path.exists():
            return 0
        with self._open() as database:
            return int(database.execute("select count(*) from feedback").fetchone()[0])

    def cases(self, kb: str | None = None) -> list[dict[str, Any]]:
        """Evaluation cases, as `evaluate` reads them: a query made of the findings, and what was useful or missing.

        What was only called wrong gives no case: it says what is not, not what is.
        """
        if not self.path.exists():
            return []
        with self._open() as database:
            rows = database.execute(
                "select kb, findings, entry, verdict from feedback where ? is null or kb = ? order by id", (kb, kb)
            ).fetchall()
        relevant: dict[tuple[str, str], list[str]] = {}
        for name, findings, entry, verdict in rows:
            ids = relevant.setdefault((name, findings), [])
            if verdict == "wrong" and entry in ids:
                ids.remove(entry)
            elif verdict != "wrong" and entry not in ids:
                ids.append(entry)
        known = lexicon.builtin().wordings("symptom", "disease")
        return [
            {"query": sentence([Finding(f["text"], Status(f["status"])) for f in json.loads(findings)], known),
             "relevant": ids, "kb": name}
            for (name, findings), ids in relevant.items()
            if ids
        ]  # fmt: skip

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=10)) as database, database:
            database.execute(_SCHEMA)
            _complete(database)
            yield database


def _complete(database: sqlite3.Connection) -> None:
    """Give a database of an earlier release the column and the index it lacks."""

    def lacks() -> bool:
        return all(name != "result" for _, name, *_ in database.execute("pragma table_info(feedback)"))

    if lacks():
        database.execute("begin immediate")
        if lacks():  # another process may have been first
            database.execute("alter table feedback add column result text")
    database.execute(_ONCE)


def _digest(result: SearchResult) -> str:
    """Tells one search from another, made of numbers and ids alone: a digest of the text could be guessed back."""
    scores = [(c.entry.id, c.score) for c in result.candidates]
    findings = [(f.text, f.status) for f in result.findings]
    told = [result.kb, result.version, result.encoder, findings, scores, sorted(result.timings_ms.items())]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:32]


# The first wording is the common one; the others are for what it would make something else of (无+尿道… is not 无尿+…).
_SAID: dict[Language, dict[Status, tuple[str, ...]]] = {
    "zh": {
        Status.PRESENT: ("{}", "有{}"),
        Status.ABSENT: ("无{}", "否认{}"),
        Status.UNCERTAIN: ("可疑{}", "可能有{}"),
        Status.HISTORICAL: ("既往{}", "曾有{}"),
        Status.FAMILY: ("家族史：{}",),
    },
    "en": {
        Status.PRESENT: ("{}", "has {}"),
        Status.ABSENT: ("no {}", "denies {}"),
        Status.UNCERTAIN: ("possible {}", "suspected {}"),
        Status.HISTORICAL: ("history of {}", "past history of {}", "previous {}"),
        Status.FAMILY: ("family history of {}",),
    },
}


def sentence(findings: Iterator[Finding] | Sequence[Finding], wordings: Collection[str] = ()) -> str:
    """Findings as a text that is read as the same findings again. ``wordings``: what the reader knows, folded."""
    listed = list(findings)
    language = language_of("".join(f.text for f in listed))
    known = wordings or frozenset(f.text.casefold() for f in listed)
    return ("。" if language == "zh" else ". ").join(_say(f, language, known) for f in listed)


def _say(finding: Finding, language: Language, known: Collection[str]) -> str:
    """In the first wording that is read back as it was; else in the first that at least keeps the status."""
    said = [pattern.format(finding.text) for pattern in _SAID[language][finding.status]]
    kept = []
    for text in said:
        again = extract(text, known)
        if [(f.text.casefold(), f.status) for f in again] == [(finding.text.casefold(), finding.status)]:
            return text
        if again and all(f.status is finding.status for f in again):
            kept.append(text)
    return (kept or said)[0]
