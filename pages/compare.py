"""Compare: how alike two texts are, as a percentage and a level."""

import streamlit as st

from dashboard import services
from dashboard.similarity import level, pairs
from dashboard.ui import charts
from dashboard.ui.state import session
from dashboard.ui.text import t

found, mine = services.get(), session()
st.title(t("compare_title"))
with st.form("compare", border=False):
    left, right = st.columns(2, gap="medium")
    a = left.text_area(t("compare_a"), height=120, key=mine.key("text_a"), persist_state="session")
    b = right.text_area(t("compare_b"), height=120, key=mine.key("text_b"), persist_state="session")
    sent = st.form_submit_button(f"{t('compare_go')} Ctrl+Enter", type="primary", icon=":material/compare_arrows:")

stored = found.encoder.calibration.similarity
with st.expander(t("compare_thresholds")):
    very, related = st.columns(2, gap="medium")
    chosen = {
        "very_similar": very.slider(t("level_very_similar"), 0, 100, round(stored["very_similar"] * 100), 1, "%d%%")
        / 100,
        "related": related.slider(t("level_related"), 0, 100, round(stored["related"] * 100), 1, "%d%%") / 100,
    }
if sent or (a and b):
    (result,) = pairs([(a, b)], found.encoder, chosen)
    dial, words = st.columns([1, 1], gap="medium", vertical_alignment="center")
    dial.plotly_chart(charts.gauge(result.percent, chosen), config={"displayModeBar": False}, theme="streamlit")
    with words:
        grade = level(result.cosine, chosen)
        st.html(
            f'<div class="zl-level" data-testid="level" data-level="{grade}">{t("level_" + grade)}</div>'
            f'<div data-testid="percent">{result.percent:.1f}%</div>'
        )
        rows = "".join(
            f"<tr><th scope='row'>{t('score_' + name)}</th><td>{t('not_run') if v is None else format(v, '.3f')}</td></tr>"
            for name, v in result.scores.items()
        )
        st.html(f'<table class="zl-scores">{rows}</table>')
st.caption(
    t(
        "compare_threshold_note",
        very=round(stored["very_similar"] * 100),
        related=round(stored["related"] * 100),
        encoder=found.encoder.name,
    )
)
