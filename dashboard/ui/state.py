"""What one browser session remembers: in memory only, under one key, gone with the session or after idle minutes."""

import time
from dataclasses import dataclass, field

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
    kb: str
    patient: Patient


@dataclass
class Session:
    language: Language = "zh"
    kb: str = BUILTIN
    query: Query | None = None
    patient: Patient = field(default_factory=Patient)
    masked: tuple[str, ...] = ()  # the kinds of identifiers that were masked in the text
    result: SearchResult | None = None
    stale: bool = False  # the findings were changed: search again
    problem: ZhenluError | None = None  # a ZhenluError to show above the results
    history: list[Asked] = field(default_factory=list)
    touched: float = field(default_factory=time.time)
    expired: bool = False  # what was here was cleared after idle minutes, and the page should say so
    admin: bool = False
    watched: set[str] = field(default_factory=set)  # ids of loads that ran when the page was last drawn
    dismissed: set[str] = field(default_factory=set)  # ids of ended loads that need no more telling

    def remember(self, query: Query, kb: str, patient: Patient) -> None:
        """Put a search on top of the history; the same one asked again moves up."""
        self.history = [a for a in self.history if (a.query, a.kb, a.patient) != (query, kb, patient)]
        self.history.insert(0, Asked(time.strftime("%H:%M"), query, kb, patient))
        del self.history[HISTORY:]

    def idle_minutes(self) -> float:
        return (time.time() - self.touched) / 60


def session() -> Session:
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session(language=services.get().settings.language)
    return st.session_state[_KEY]


def forget(*, expired: bool = False) -> None:
    """Drop everything that this session holds but its language: texts, findings, results, history, the login."""
    kept = language()
    for key in list(st.session_state):
        del st.session_state[key]
    st.session_state[_KEY] = Session(language=kept, expired=expired)


def language() -> Language:
    return session().language
