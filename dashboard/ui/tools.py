"""What can be done with a result: take it along, put candidates side by side, say what was right or wrong."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard import services, takeaway
from dashboard.contrast import contrast
from dashboard.domain import Candidate, Entry, SearchResult, language_of
from dashboard.feedback import Opinion, Verdict
from dashboard.ui.state import Session, language
from dashboard.ui.text import plain, t

MOST = 4  # candidates side by side
VERDICTS: list[Verdict] = ["useful", "wrong"]


def draw(result: SearchResult, mine: Session) -> None:
    if not result.candidates:
        return
    take_along(result, mine)
    if services.get().store.active(result.kb) != result.version:
        st.caption(t("base_changed"))
        return
    if len(result.candidates) > 1:
        with st.expander(t("contrast"), icon=":material/compare:"):
            side_by_side(result, mine)
    with st.expander(t("feedback"), icon=":material/rate_review:"):
        feedback(result, mine)


def take_along(result: SearchResult, mine: Session) -> None:
    """A page to print, the text to copy, a table. Made here, kept nowhere."""
    now = datetime.now().astimezone()
    stamp = now.strftime("%Y%m%d-%H%M")
    note = t("builtin_unreviewed") if result.kb == services.BUILTIN else ""
    page = takeaway.as_html(result, language(), now, patient=mine.patient, note=note)
    with st.container(horizontal=True, gap="small", key="take_along"):
        st.download_button(
            t("print_page"), page, f"zhenlu-{stamp}.html", "text/html", icon=":material/print:", on_click="ignore"
        )
        st.download_button(
            t("candidates_csv"),
            takeaway.as_csv(result, language(), now, patient=mine.patient),
            f"zhenlu-{stamp}.csv",
            "text/csv",
            icon=":material/table_view:",
            on_click="ignore",
        )
        with st.popover(t("as_text"), icon=":material/content_copy:"):
            text = takeaway.as_text(result, language(), now, patient=mine.patient, note=note)
            st.code(text, language=None, wrap_lines=True)


def side_by_side(result: SearchResult, mine: Session) -> None:
    """Two to four candidates: the findings each explains, what they share, what would tell them apart."""
    by_id = {c.entry.id: c for c in result.candidates}
    names = labels([c.entry for c in result.candidates])
    chosen = st.pills(
        t("contrast_choose", most=MOST), list(by_id), selection_mode="multi", key=f"contrasted_{mine.searches}",
        format_func=lambda i: plain(names[i]),
    )  # fmt: skip
    picked = [by_id[i] for i in chosen if i in by_id][:MOST]
    if len(chosen) > MOST:
        st.caption(t("contrast_most", most=MOST))
    if len(picked) < 2:
        return
    found = services.get()
    rows = contrast(found.kb(result.kb), picked, found.encoder.calibration.evidence, language_of(result.query))
    st.html(table(picked, rows))


def table(picked: list[Candidate], rows: tuple) -> str:
    head = "".join(f"<th scope='col'>{escape(c.entry.name_in(language()))}</th>" for c in picked)
    lines, last = [], ""
    for row in rows:
        if row.kind != last:
            lines.append(
                f"<tr class='zl-kind'><th scope='rowgroup' colspan='{len(picked) + 1}'>{escape(t('contrast_' + row.kind))}</th></tr>"
            )
            last = row.kind
        cells = "".join(f"<td>{escape(c) if c else '–'}</td>" for c in row.cells)
        lines.append(f"<tr><th scope='row'>{escape(row.label)}</th>{cells}</tr>")
    return (
        '<div class="zl-scroll"><table class="zl-contrast" data-testid="contrast">'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def labels(entries: Sequence[Entry]) -> dict[str, str]:
    """Id -> name; with the id where two entries share a name, for a choice is known by what it shows."""
    spoken = language()
    names = {e.id: e.name_in(spoken) for e in entries}
    count = Counter(names.values())
    return {i: name if count[name] == 1 else f"{name} ({i})" for i, name in names.items()}


def feedback(result: SearchResult, mine: Session) -> None:
    """An opinion on each candidate and on what is missing; kept as findings, and only after a tick."""
    found = services.get()
    names = labels(found.kb(result.kb).entries)
    with st.form("feedback", border=False):
        opinions = {
            c.entry.id: st.segmented_control(
                plain(c.entry.name_in(language())),
                VERDICTS,
                format_func=lambda v: t("verdict_" + v),
                key=f"verdict_{mine.searches}_{c.entry.id}",
            )
            for c in result.candidates
        }
        missing = st.multiselect(
            t("verdict_missing"),
            list(names),
            format_func=names.__getitem__,
            max_selections=3,
            key=f"missing_{mine.searches}",
        )
        agreed = st.checkbox(t("feedback_agree"), key=f"agreed_{mine.searches}")
        sent = st.form_submit_button(t("feedback_send"), icon=":material/send:")
    if not sent:
        return
    said = [Opinion(i, verdict) for i, verdict in opinions.items() if verdict]
    said += [Opinion(i, "missing") for i in missing]
    if not said:
        st.warning(t("feedback_empty"))
    elif not agreed:
        st.warning(t("feedback_untouched"))
    else:
        found.feedback.add(result, said)
        st.success(t("feedback_thanks"))
