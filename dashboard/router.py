"""Page configuration and navigation; no logic."""

import streamlit as st

from dashboard.ui import frame
from dashboard.ui.text import t

# A file of our own: Streamlit fetches a :material: page icon from the network.
st.set_page_config(page_title="诊路 Zhenlu", page_icon=frame.ICON, layout="wide")
frame.style()
page = st.navigation(
    [
        st.Page("../pages/search.py", title=t("nav_search"), icon=":material/search:", url_path="search", default=True),
        st.Page("../pages/terms.py", title=t("nav_terms"), icon=":material/grid_on:", url_path="terms"),
        st.Page(
            "../pages/knowledge.py", title=t("nav_knowledge"), icon=":material/library_books:", url_path="knowledge"
        ),
        st.Page("../pages/compare.py", title=t("nav_compare"), icon=":material/compare_arrows:", url_path="compare"),
    ],
    position="top",
)
frame.language_switch()
try:
    with frame.errors_in_words():
        frame.watch_idleness()
        frame.touch()
        frame.notices()
        page.run()
finally:
    frame.footer()
