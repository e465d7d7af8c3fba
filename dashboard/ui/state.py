"""What one browser session remembers: in memory only, under one key, gone with the session."""

from dataclasses import dataclass, field

import streamlit as st

from dashboard import services
from dashboard.domain import Language, SearchResult, ZhenluError
from dashboard.retrieval import Query
from dashboard.services import BUILTIN

_KEY = "zhenlu"


@dataclass
class Session:
    language: Language = "zh"
    kb: str = BUILTIN
    query: Query | None = None
    result: SearchResult | None = None
    problem: ZhenluError | None = None  # a ZhenluError to show above the results
    admin: bool = False
    dismissed: set[str] = field(default_factory=set)  # ids of ended loads that need no more telling


def session() -> Session:
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session(language=services.get().settings.language)
    return st.session_state[_KEY]


def language() -> Language:
    return session().language
