"""What clinicians said of candidates, as findings only, in DATA/state.db; evaluation cases come out of it."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dashboard.domain import Finding, SearchResult, Status, language_of

Verdict = Literal["useful", "wrong", "missing"]

_SCHEMA = """
create table if not exists feedback (
    id integer primary key,
    said_at text not null,     -- ISO 8601, UTC
    kb text not null, version text not null, encoder text not null,
    findings text not null,    -- JSON: [{"text", "status"}]
    entry text not null,       -- entry id
    verdict text not null check (verdict in ('useful', 'wrong', 'missing'))
)
"""


@dataclass(frozen=True)
class Opinion:
    entry: str  # entry id
    verdict: Verdict


class Feedback:
    """The state database. Opened for each use, so that any number of processes and threads may share it."""

    def __init__(self, folder: Path):
        self.path = folder / "state.db"

    def add(self, result: SearchResult, opinions: Sequence[Opinion]) -> None:
        """Keep what was said of one result: its findings, never its text."""
        findings = json.dumps([{"text": f.text, "status": f.status} for f in result.findings], ensure_ascii=False)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(now, result.kb, result.version, result.encoder, findings, o.entry, o.verdict) for o in opinions]
        with self._open() as database:
            database.executemany(
                "insert into feedback (said_at, kb, version, encoder, findings, entry, verdict) values (?,?,?,?,?,?,?)",
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
        return [
            {"query": sentence(Finding(f["text"], Status(f["status"])) for f in json.loads(findings)), "relevant": ids, "kb": name}
            for (name, findings), ids in relevant.items()
            if ids
        ]  # fmt: skip

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=10)) as database, database:
            database.execute(_SCHEMA)
            yield database


_SAID = {
    "zh": {Status.ABSENT: "无{}", Status.UNCERTAIN: "可疑{}", Status.HISTORICAL: "既往{}", Status.FAMILY: "家族史：{}"},
    "en": {
        Status.ABSENT: "no {}",
        Status.UNCERTAIN: "possible {}",
        Status.HISTORICAL: "history of {}",
        Status.FAMILY: "family history of {}",
    },
}


def sentence(findings: Iterator[Finding] | Sequence[Finding]) -> str:
    """Findings as a text that is read as the same findings again."""
    listed = list(findings)
    language = language_of("".join(f.text for f in listed))
    said = [_SAID[language].get(f.status, "{}").format(f.text) for f in listed]
    return ("。" if language == "zh" else ". ").join(said)
