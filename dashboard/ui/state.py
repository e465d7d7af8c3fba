"""What one browser session remembers: in memory only, under one key, gone with the session or after idle minutes."""

import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from dashboard import services
from dashboard.domain import Language, Patient, SearchResult, ZhenluError
from dashboard.retrieval import Query
from dashboard.services import BUILTIN

_KEY = "zhenlu"
HISTORY = 20


@dataclass(frozen=True)
class Asked:
    """One search of this session, to be run again."""

    clock: str  # HH:MM
    query: Query
    read: Query | None  # as it was before a person corrected its findings
    kb: str
    patient: Patient
    form: dict[str, Any]  # what the fields held


@dataclass
class Session:
    language: Language = "zh"
    kb: str = BUILTIN
    spoken: Language | None = None  # what the fields were last drawn in
    query: Query | None = None
    read: Query | None = None  # the query as it was read from the text, before any correction of its findings
    form: dict[str, Any] = field(default_factory=dict)  # what the fields held at the last search
    patient: Patient = field(default_factory=Patient)
    masked: tuple[str, ...] = ()  # the kinds of identifiers that were masked in the text
    result: SearchResult | None = None
    stale: bool = False  # the findings were changed: search again
    problem: ZhenluError | None = None  # a ZhenluError to show above the results
    history: list[Asked] = field(default_factory=list)
    touched: float = field(default_factory=time.time)
    generation: int = 0  # part of every widget's key: a new one clears what the browser still shows
    searches: int = 0  # part of the keys of what belongs to one result
    expired: bool = False  # what was here was cleared after idle minutes, and the page should say so
    admin: bool = False
    watched: set[str] = field(default_factory=set)  # ids of loads that ran when the page was last drawn
    dismissed: set[str] = field(default_factory=set)  # ids of ended loads that need no more telling

    def key(self, name: str) -> str:
        """The key of a widget that holds what a person entered."""
        return f"{name}_{self.generation}" if self.generation else name

    def remember(self) -> None:
        """Put the search on top of the history; the same one asked again moves up."""
        assert self.query is not None
        asked = Asked(time.strftime("%H:%M"), self.query, self.read, self.kb, self.patient, self.form)
        same = (asked.query, asked.kb, asked.patient)
        self.history = [asked, *(a for a in self.history if (a.query, a.kb, a.patient) != same)][:HISTORY]

    def idle_minutes(self) -> float:
        return (time.time() - self.touched) / 60


def session() -> Session:
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session(language=services.get().settings.language)
    return st.session_state[_KEY]


def forget(*, expired: bool = False) -> None:
    """Drop everything that this session holds but its language: texts, findings, results, history, the login."""
    old = session()
    for key in list(st.session_state):
        del st.session_state[key]
    st.session_state[_KEY] = Session(language=old.language, generation=old.generation + 1, expired=expired)


def language() -> Language:
    return session().language
