"""What stands around every page: the stylesheet, the language switch, notices, errors in words, the footer."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from html import escape
from pathlib import Path

import streamlit as st

from dashboard import services
from dashboard.domain import Language, ZhenluError
from dashboard.jobs import fraction
from dashboard.ui.state import forget, session
from dashboard.ui.text import explain, t

AT_ONCE = 3  # seconds
LANGUAGES: list[Language] = ["zh", "en"]
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
ICON = Path(__file__).parent / "icon.png"
_STYLE = Path(__file__).parent / "style.css"


def style() -> None:
    st.html(_STYLE)


def language_switch() -> None:
    with st.container(key="language"):
        chosen = st.segmented_control(
            t("language"),
            LANGUAGES,
            format_func=LANGUAGE_NAMES.__getitem__,
            default=session().language,
            label_visibility="collapsed",
            key="language_choice",
        )
    if chosen and chosen != session().language:
        session().language = chosen
        st.rerun()


def base_name(kb: str) -> str:
    return t("builtin") if kb == services.BUILTIN else kb


def moment(iso: str) -> str:
    """A stored time as the clock of this machine shows it: 2026-11-21 17:53."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")


def departments(kb: str) -> dict[str, int]:
    """The departments of a base in the session's language -> entries, the largest first; none when it is not loaded."""
    found, counts = services.get(), Counter[str]()
    if found.store.active(kb) is None:
        return {}
    for (zh, en), count in found.kb(kb).departments.items():
        counts[(en if session().language == "en" else "") or zh] += count
    del counts[""]
    return dict(counts.most_common())


def error(problem: ZhenluError) -> None:
    """A failure in words, with what to do. Drawn as plain text: a file's name may hold anything."""
    st.html(f'<div class="zl-error" role="alert">{escape(explain(problem))}</div>')


@contextmanager
def errors_in_words() -> Iterator[None]:
    """No traceback on a page, in a fragment or a callback: what we know is explained, the rest is logged by its kind and named by the time."""
    try:
        yield
    except ZhenluError as known:
        error(known)
    except Exception as unknown:
        # The message could carry a patient's words: only the kind of error and where it arose go to the log.
        place = unknown.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
        logging.getLogger("zhenlu").error("%s at %s", type(unknown).__name__, where)
        now = datetime.now().strftime("%H:%M:%S")
        said = f"{t('unexpected')} {t('unexpected_hint', time=now)}"
        st.html(f'<div class="zl-error" role="alert">{escape(said)}</div>')


@st.fragment(run_every=20)
@errors_in_words()
def watch_idleness() -> None:
    """Ward computers are shared: what nobody has touched for a while is cleared, on the open page too."""
    mine, minutes = session(), services.get().settings.idle_minutes
    if mine.idle_minutes() >= minutes and not mine.expired:
        forget(expired=True)
        st.rerun(scope="app")
    if mine.expired:
        st.info(t("expired", minutes=f"{minutes:g}"), icon=":material/timer_off:")


def touch() -> None:
    """Called whenever the page runs as a whole: somebody is there. `watch_idleness` has run before."""
    mine = session()
    if mine.expired and mine.idle_minutes() * 60 > AT_ONCE:  # the run right after the clearing is nobody's
        mine.expired = False
    mine.touched = time.time()


def notices() -> None:
    """Which model runs, when it is the compact one or not the one that was asked for; how the first load goes."""
    found = services.get()
    if found.needs_builtin():
        found.start_builtin()
        _first_load()
    for role, model in (("encoder", found.encoder), ("reranker", found.reranker)):
        if role in found.refused:
            error(found.refused[role])
            st.caption(t("model_kept", name=model.name) if model else t("model_none"))
    if found.compact:
        with st.container(key="model_notice", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<span class="zl-quiet">● {escape(t("compact_short"))}</span>')
            with st.popover(t("how"), type="tertiary"):
                st.text(t("compact_notice"))


@st.fragment(run_every=0.7)
@errors_in_words()
def _first_load() -> None:
    found = services.get()
    job = found.jobs.latest(services.BUILTIN)
    if job is None or job.state != "running":
        if found.needs_builtin() and job is not None and job.error:
            error(ZhenluError(job.error["code"], **job.error["params"]))
            return
        st.rerun(scope="app")
        return
    st.progress(fraction(job), f"{t('loading_builtin')} · {t('stage_' + job.stage)} {job.done}/{job.total}")


def footer() -> None:
    st.html(f'<footer class="zl-footer">{escape(t("footer"))}</footer>')
