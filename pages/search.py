"""Search: a presentation in, ranked and explained candidates out."""

from typing import Literal

import streamlit as st

from dashboard import services
from dashboard.domain import Patient, SearchResult, ZhenluError
from dashboard.explain import AGES
from dashboard.ui import cards, frame
from dashboard.ui.state import session
from dashboard.ui.text import t

SEXES: list[Literal["female", "male"] | None] = [None, "female", "male"]

found, mine = services.get(), session()


def ask() -> Patient | None:
    """The form; what it holds is searched for only when it is sent. Returns the patient when it was."""
    bases = found.store.names() or [services.BUILTIN]
    with st.form("ask", border=False, enter_to_submit=True):
        left, right = st.columns([3.1, 1], gap="medium")
        with left:
            st.text_area(
                t("describe"), key="said", height=120, persist_state="session", placeholder=t("describe_placeholder")
            )
        with right:
            age_column, sex_column = st.columns(2, gap="small")
            ages = ["any", *AGES]
            age = age_column.selectbox(
                t("age"), ages, format_func=lambda a: t("age_" + a), key="age", persist_state="session"
            )
            sex = sex_column.selectbox(
                t("sex"), SEXES, format_func=lambda s: t("sex_" + (s or "any")), key="sex", persist_state="session"
            )
            if len(bases) > 1:
                start = bases.index(mine.kb) if mine.kb in bases else 0
                mine.kb = st.selectbox(t("base"), bases, index=start, format_func=_base_name)
            sent = st.form_submit_button(
                f"{t('search')} Ctrl+Enter",
                type="primary",
                icon=":material/search:",
                width="stretch",
                disabled=found.store.active(mine.kb) is None,  # the frame shows how the first load goes
            )
    if not sent:
        return None
    low, high = AGES.get(age, (0, 0))
    return Patient(None if age == "any" else (low + high) / 2, sex)


def _base_name(kb: str) -> str:
    return t("builtin") if kb == services.BUILTIN else kb


def run(patient: Patient, place: st.delta_generator.DeltaGenerator) -> None:
    """Search and draw as results come: the first list at once, then each better one."""
    mine.result = mine.problem = None
    try:
        query = found.understand(st.session_state["said"])
        for result in found.search(query, mine.kb, found.options(patient=patient)):
            mine.result = result
            with place.container():
                draw(result)
    except ZhenluError as problem:
        mine.problem = problem


def draw(result: SearchResult) -> None:
    cards.findings(result.findings)
    if result.status == "not_enough":
        st.warning(f"{t('not_enough')} {t('not_enough_help')}", icon=":material/help:")
        return
    cards.cant_miss(result.cant_miss)
    cards.status_line(result, found.settings.recall)
    for notice in result.notices:
        st.caption(t("notice_" + notice))
    if result.status == "no_good_match":
        st.warning(t("no_good_match"), icon=":material/search_off:")
    stage = "rerank" if result.reranked else "fused"
    for candidate in result.candidates:
        cards.candidate(candidate, stage)
    if result.kb == services.BUILTIN:
        st.caption(t("builtin_unreviewed"))


def examples() -> None:
    """Something to start with, for who has never been here."""
    st.html(f'<div class="zl-label">{t("examples")}</div>')
    for number in (1, 2, 3):
        text = t(f"example_{number}")
        st.button(text, key=f"example_{number}", type="tertiary", on_click=_take, args=(text,))


def _take(text: str) -> None:
    st.session_state["said"] = text


patient = ask()
place = st.empty()
if patient is not None:
    run(patient, place)
elif mine.result is not None:
    with place.container():
        draw(mine.result)
if mine.problem is not None:
    frame.error(mine.problem)
elif mine.result is None:
    examples()
