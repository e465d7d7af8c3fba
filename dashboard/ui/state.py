"""What one browser session remembers: in memory only, under one key, gone with the session."""

from dataclasses import dataclass, field

import streamlit as st

from dashboard import services
from dashboard.domain import Language, SearchResult
from dashboard.search import Query
from dashboard.services import BUILTIN

_KEY = "zhenlu"


@dataclass
class Session:
    language: Language = "zh"
    kb: str = BUILTIN
    query: Query | None = None
    result: SearchResult | None = None
    problem: object | None = None  # a ZhenluError to show above the results
    job: str = ""
    admin: bool = False
    upload: str = ""  # the folder of the file waiting to be loaded
    terms: list[str] = field(default_factory=list)


def session() -> Session:
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session(language=services.get().settings.language)
    return st.session_state[_KEY]


def language() -> Language:
    return session().language
