"""The findings as chips: each a small menu that changes its status or removes it, and a field that adds one."""

from dataclasses import replace
from html import escape

import streamlit as st

from dashboard.domain import Finding, Status
from dashboard.findings import normalise
from dashboard.privacy import mask
from dashboard.retrieval import Query, from_findings
from dashboard.ui.state import Session
from dashboard.ui.text import plain, t

MARKS = {
    Status.PRESENT: "✓",
    Status.ABSENT: "✗",
    Status.UNCERTAIN: "?",
    Status.HISTORICAL: "◷",
    Status.FAMILY: "◷",
}
REMOVE = "remove"


def findings(mine: Session) -> None:
    """Draw the chips of the session's query; a change marks the result as stale and asks for a new search."""
    assert mine.query is not None
    listed = mine.query.findings
    with st.container(key="findings"):
        st.html(f'<div class="zl-label">{t("findings")}</div>')
        with st.container(horizontal=True, gap="small", key="chips"):
            for place, finding in enumerate(listed):
                choice = st.menu_button(
                    label(finding),
                    [*(s.value for s in Status if s is not finding.status), REMOVE],
                    format_func=lambda c: t("remove") if c == REMOVE else f"{MARKS[Status(c)]} {t('status_' + c)}",
                    key=f"chip_{finding.status}_{place}",
                )
                if choice:
                    changed = [] if choice == REMOVE else [replace(finding, status=Status(choice))]
                    _search_with(mine, [*listed[:place], *changed, *listed[place + 1 :]])
            with st.popover(t("add_finding"), icon=":material/add:", type="tertiary", key="add_finding"):
                _add(mine)
        read = [f"{f.said} → {f.text} ({f.rule})" for f in listed if f.rule]
        if read:
            st.html(f'<div class="zl-quiet">{escape("　".join(read))}</div>')


def label(finding: Finding) -> str:
    """The mark, the finding, how long and how bad, and in words any status but present."""
    said = " · ".join([finding.text, *finding.details])
    status = "" if finding.status is Status.PRESENT else f"({t('status_' + finding.status)})"
    return plain(f"{MARKS[finding.status]} {said}{status}")


def _add(mine: Session) -> None:
    with st.form("new_finding", border=False, clear_on_submit=True):
        text = st.text_input(t("finding"), max_chars=200)
        status = st.segmented_control(
            t("status"), list(Status), default=Status.PRESENT, format_func=lambda s: t("status_" + s)
        )
        if st.form_submit_button(t("add"), type="primary") and mine.query is not None:
            said = normalise(mask(text).text).strip()
            if said:
                _search_with(mine, [*mine.query.findings, Finding(said, status or Status.PRESENT, said)])


def _search_with(mine: Session, changed: list[Finding]) -> None:
    assert mine.query is not None
    mine.query, mine.stale, mine.problem = from_findings(mine.query.text, changed), True, None
    mine.remember()
    st.rerun()


def kept(before: Query | None, corrected: Query | None, now: Query) -> Query:
    """The query of a text that is read once more: while the text is the same, with the findings as a person corrected
    them. ``before``: what it was read as then; values that the patient's age now makes something else are read anew."""
    if before is None or corrected is None or before.text != now.text or before.findings == corrected.findings:
        return now
    gone = [f for f in before.findings if f not in now.findings]
    new = [f for f in now.findings if f not in before.findings]
    return from_findings(now.text, [*(f for f in corrected.findings if f not in gone), *new])
