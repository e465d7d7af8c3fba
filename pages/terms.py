"""Terms: how alike the wordings of a terminology are, as a heatmap, pairs and groups."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import services
from dashboard.domain import ZhenluError
from dashboard.similarity import Matrix, groups, matrix
from dashboard.takeaway import harmless
from dashboard.ui import charts, frame
from dashboard.ui.state import language, session
from dashboard.ui.text import t

LIMIT = 200
START = "心梗\n急性心肌梗死\nmyocardial infarction\n心绞痛\nangina\n高血压\nhypertension\n低血压\n降压药\n抗高血压药物\nantihypertensive"

found, mine = services.get(), session()
st.title(t("terms_title"))


def wordings(identifier: str) -> str:
    concept = found.lexicon.by_id[identifier]
    first = (concept.zh, concept.en) if language() == "zh" else (concept.en, concept.zh)
    return " · ".join(group[0] for group in first if group)


def below(result: Matrix) -> None:
    """The pairs over the threshold, the groups, and both to take along."""
    pairs: list[dict[str, Any]] = sorted(
        (
            {t("column_term_a"): a, t("column_term_b"): b, t("column_similarity"): round(float(result.matrix[i, j]), 3)}
            for i, a in enumerate(result.terms)
            for j, b in enumerate(result.terms)
            if i < j and result.matrix[i, j] >= threshold
        ),
        key=lambda row: -float(row[t("column_similarity")]),
    )
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        st.subheader(t("terms_pairs"))
        if pairs:
            st.dataframe(
                pd.DataFrame(pairs),
                hide_index=True,
                width="stretch",
                column_config={
                    t("column_similarity"): st.column_config.ProgressColumn(
                        format="%.2f", min_value=0, max_value=1, width="medium"
                    )
                },
            )
        else:
            st.caption(t("terms_no_pairs"))
    with right:
        st.subheader(t("terms_groups"))
        for group in groups(result.matrix, threshold):
            if len(group) > 1:
                st.text("  ·  ".join(result.terms[i] for i in group))
        named = [harmless(term) for term in result.terms]
        frame_of = pd.DataFrame(result.matrix.round(4), index=named, columns=named)
        # The mark at the front makes spreadsheet programs read it as UTF-8.
        st.download_button(
            t("terms_csv"), "\ufeff" + frame_of.to_csv(), "matrix.csv", "text/csv", icon=":material/download:"
        )
        st.download_button(
            t("terms_pairs_csv"),
            "\ufeff" + pd.DataFrame(pairs).map(lambda c: harmless(c) if isinstance(c, str) else c).to_csv(index=False),
            "pairs.csv",
            "text/csv",
            icon=":material/download:",
            disabled=not pairs,
        )


left, right = st.columns([1, 2.2], gap="large")
with left:
    typed = st.text_area(t("terms_input"), START, height=250, key=mine.key("terms"), persist_state="session")
    added = st.multiselect(
        t("terms_lexicon"),
        list(found.lexicon.by_id),
        format_func=wordings,
        key=mine.key("concepts"),
        max_selections=12,
        placeholder=t("terms_lexicon_none"),
    )
    threshold = st.slider(t("terms_threshold"), 0.0, 1.0, 0.75, 0.01)
result: Matrix | None = None
terms = typed.splitlines() + [w for c in added for w in found.lexicon.by_id[c].wordings]
with right:
    try:
        if len(set(terms)) > LIMIT:
            raise ZhenluError("terms_too_many", count=len(set(terms)), limit=LIMIT)
        result = matrix(terms, found.encoder, threshold)
        st.plotly_chart(
            charts.heatmap(result, t("column_similarity")),
            config={"displayModeBar": False},
            theme="streamlit",
            key="heatmap",
        )
    except ZhenluError as problem:
        frame.error(problem)
if result is not None:
    below(result)
