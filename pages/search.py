"""Search: a presentation in, ranked and explained candidates out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from dashboard import services
from dashboard.domain import Patient, SearchResult, ZhenluError
from dashboard.privacy import mask
from dashboard.ui import cards, chips, frame, tools
from dashboard.ui.state import Asked, forget, session
from dashboard.ui.text import INTERFACE, plain, t

SEXES: dict[str, Literal["female", "male"] | None] = {"any": None, "female": "female", "male": "male"}
PREGNANT = {"unknown": None, "yes": True, "no": False}
UNITS = {"years": 1.0, "months": 12.0, "days": 365.0}  # how many of them a year has

found, mine = services.get(), session()


def ask() -> dict[str, Any] | None:
    """The form. Returns what its fields hold when it was sent."""
    bases = found.store.names() or [services.BUILTIN]
    if mine.kb not in bases and not mine.stale:  # a search of a base that is gone says so itself
        mine.kb = bases[0]
    if len(bases) > 1:  # not in the form: the departments below are those of the base
        start = bases.index(mine.kb) if mine.kb in bases else 0
        chosen = st.selectbox(t("base"), bases, index=start, format_func=frame.base_name, width=320)
        if mine.kb in bases:
            mine.kb = chosen
    with st.form("ask", border=False, enter_to_submit=True):
        left, right = st.columns([2.3, 1], gap="medium")
        with left:
            said = st.text_area(
                t("describe"),
                key=mine.key("said"),
                height=176,
                persist_state="session",
                placeholder=t("describe_placeholder"),
            )
        with right:
            with st.container(key="about"):
                form = {"said": said, **about()}
            sent = st.form_submit_button(
                f"{t('search')} Ctrl+Enter",
                type="primary",
                icon=":material/search:",
                width="stretch",
                on_click=hide,
                disabled=found.store.active(mine.kb) is None,  # the frame shows how the first load goes
            )
    return form if sent else None


def about() -> dict[str, Any]:
    """What is known of the patient; all of it optional, and none of it takes an entry off the list."""
    number, unit, sex = st.columns([1, 1.1, 1.2], gap="small")
    pregnant, department = st.columns([1, 2], gap="small")
    filled = {
        "age": number.number_input(
            t("age"), 0, 130, value=None, step=1, key=mine.key("age"), persist_state="session", placeholder="–"
        ),
        "unit": choice(unit, "unit", t("age_unit"), {u: t("unit_" + u) for u in UNITS}, either("unit_", UNITS)),
        "sex": choice(sex, "sex", t("sex"), {s: t("sex_" + s) for s in SEXES}, either("sex_", SEXES)),
        "pregnant": choice(
            pregnant,
            "pregnant",
            t("pregnancy"),
            {p: t("pregnant_" + p) for p in PREGNANT},
            either("pregnant_", PREGNANT),
        ),
        "department": choice(department, "department", t("department"), *departments()),
    }
    mine.spoken = mine.language
    return filled


def either(prefix: str, options: Iterable[str]) -> dict[str, str]:
    """What an option is called in either language -> option."""
    return {name: option for option in options for name in INTERFACE[prefix + option]}


def departments() -> tuple[dict[str, str], dict[str, str]]:
    """The departments of the base: option -> its name, which is the option itself; name in either language -> option."""
    listed = frame.departments(mine.kb)
    pairs = found.kb(mine.kb).departments if listed else ()
    named = {name: (en if mine.language == "en" else "") or zh for zh, en in pairs for name in (zh, en) if name}
    if mine.spoken != mine.language:  # the patient of the last search too, who is printed
        was = mine.patient.department
        mine.patient = replace(mine.patient, department=named.get(was, was))
    return {"": t("not_given")} | {name: name for name in listed}, named


def choice(
    place: st.delta_generator.DeltaGenerator,
    name: str,
    label: str,
    options: Mapping[str, str],
    named: Mapping[str, str],
) -> str:
    """A field. ``options``: option -> its name now; ``named``: name in either language -> option. The browser holds and
    sends names, after a change of language those of the other one: then the option is put back, so that the field says
    it anew."""
    key, first = mine.key(name), next(iter(options))
    held = st.session_state.get(key, first)
    kept = held if held in options else named.get(held, first)
    if kept != held or (mine.spoken != mine.language and kept != first):
        st.session_state[key] = kept
    return place.selectbox(
        label, list(options), format_func=lambda o: options.get(o, o), key=key, persist_state="session"
    )


@frame.errors_in_words()
def hide() -> None:
    """Before anything else sees the text: identifiers are masked, in the box as well."""
    key = mine.key("said")
    mine.masked = ()
    if len(st.session_state[key]) <= found.settings.max_query_chars:  # a longer one is refused, whatever it holds
        masked = mask(st.session_state[key])
        st.session_state[key], mine.masked = masked.text, tuple(masked.kinds)


def take(form: dict[str, Any]) -> None:
    """Read the form and understand its text. What was corrected by hand in the same text stays corrected."""
    years = None if form["age"] is None else form["age"] / UNITS[form["unit"]]
    mine.patient = Patient(years, SEXES[form["sex"]], PREGNANT[form["pregnant"]], form["department"])
    before, corrected, mine.form = mine.read, mine.query, form
    mine.read = mine.query = mine.result = mine.problem = None
    mine.stale = mine.expired = False
    try:
        mine.read = found.understand(form["said"], mine.patient)
        mine.query = chips.kept(before, corrected, mine.read)
        mine.remember()
    except ZhenluError as problem:
        mine.problem = problem


@frame.errors_in_words()
def replay(asked: Asked) -> None:
    """Search again as then, with the fields as they were."""
    mine.read, mine.query, mine.kb, mine.patient, mine.form = (
        asked.read,
        asked.query,
        asked.kb,
        asked.patient,
        asked.form,
    )
    mine.result, mine.problem, mine.masked, mine.stale = None, None, (), True
    for name, value in asked.form.items():
        st.session_state[mine.key(name)] = value


def run(place: st.delta_generator.DeltaGenerator) -> None:
    """Search and draw as results come: the first list at once, then each better one. A new search ends this one."""
    assert mine.query is not None
    mine.result = mine.problem = None
    mine.stale = False
    mine.searches += 1
    try:
        for result in found.search(mine.query, mine.kb, found.options(patient=mine.patient)):
            mine.result = result
            with place.container():
                draw(result, running=True)
        if result.reranked < result.to_rerank:  # out of time: no button to stop it any more
            with place.container():
                draw(result)
    except ZhenluError as problem:
        mine.problem = problem


def draw(result: SearchResult, *, running: bool = False) -> None:
    """The answer. It holds no widget with a state, for it is drawn anew with each chunk that the reranker has read; and
    what may be missing keeps its place, for after a shorter drawing the end of a longer one would stay on the page."""
    little = st.empty()
    if result.status == "not_enough":
        with little:
            cards.not_enough(result)
    cards.cant_miss(result.cant_miss)
    if not result.candidates:
        return
    cards.status_line(result, found.settings.recall, running=running)
    stop, notices, nothing = st.empty(), st.empty(), st.empty()
    if running and result.reranked < result.to_rerank:
        stop.button(t("stop"), icon=":material/stop_circle:", key=f"stop_{result.reranked}")
    if result.notices:
        notices.caption("  \n".join(t("notice_" + notice) for notice in result.notices))
    if result.status == "no_good_match":
        nothing.warning(t("no_good_match"), icon=":material/search_off:")
    for candidate in result.candidates:
        cards.candidate(candidate, "rerank" if result.reranked else "fused")
    if result.kb == services.BUILTIN:
        st.caption(t("builtin_unreviewed"))


def examples() -> None:
    """Something to start with, for who has never been here."""
    st.html(f'<div class="zl-label">{t("examples")}</div>')
    for number in (1, 2, 3):
        text = t(f"example_{number}")
        st.button(text, key=f"example_{number}", type="tertiary", on_click=_fill, args=(text,))


def _fill(text: str) -> None:
    st.session_state[mine.key("said")] = text


def history() -> None:
    """What was searched in this session: in memory only, to run again or to clear."""
    if not mine.history:
        return
    with st.expander(t("history", count=len(mine.history)), icon=":material/history:"):
        st.caption(t("history_note", minutes=found.settings.idle_minutes))
        for place, asked in enumerate(mine.history):
            told = "，".join(asked.query.present)[:60] or asked.query.text[:60]
            label = plain(f"{asked.clock}  {told}")
            st.button(label, key=f"again_{place}", type="tertiary", on_click=replay, args=(asked,))
        if st.button(t("history_clear"), icon=":material/delete_sweep:"):
            forget()
            st.rerun()


form = ask()
if form is not None:
    take(form)
if mine.masked:
    kinds = t("comma").join(t("masked_" + kind) for kind in mine.masked)
    st.info(t("masked", kinds=kinds), icon=":material/shield_person:")
if mine.query is not None:
    chips.findings(mine)
place = st.empty()
if mine.query is not None and mine.problem is None and (form is not None or mine.stale):
    run(place)
elif mine.result is not None:
    with place.container():
        draw(mine.result)
if mine.problem is not None:
    frame.error(mine.problem)
elif mine.result is not None:
    tools.draw(mine.result, mine)
else:
    examples()
history()
