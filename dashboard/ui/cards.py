"""Findings, candidates and can't-miss as HTML. Everything that comes from a person or a file is escaped here."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import services
from dashboard.domain import Candidate, CantMiss, Entry, Evidence, SearchResult
from dashboard.search import MISFIT
from dashboard.services import BUILTIN
from dashboard.ui.state import language
from dashboard.ui.text import t

CANT_MISS_SHOWN = 3


def not_enough(result: SearchResult) -> None:
    """Too little was told: what would help most, by name."""
    wanted = [t("want_" + w.kind, symptom=w.symptom) for w in result.wanted]
    said = f"{t('not_enough')} {'' if result.candidates else t('not_enough_none')} "
    if wanted:
        said += t("not_enough_help", wanted=t("comma").join(wanted))
    st.html(f'<div class="zl-error" role="alert" data-testid="not-enough">{escape(said)}</div>')


def cant_miss(items: tuple[CantMiss, ...]) -> None:
    if not items:
        return
    _cant_miss(items[:CANT_MISS_SHOWN])
    if len(items) > CANT_MISS_SHOWN:
        with st.expander(t("cant_miss_more", count=len(items) - CANT_MISS_SHOWN)):
            _cant_miss(items[CANT_MISS_SHOWN:])


def _cant_miss(items: tuple[CantMiss, ...]) -> None:
    rows = []
    for item in items:
        flag = item.red_flag
        said = " — ".join(filter(None, flag.texts_in(language()))) if flag else ""
        told = t("comma").join(e.finding for e in item.evidence)
        fits = "" if not told else f' <span class="zl-quiet">{escape(t("cant_miss_fits", findings=told))}</span>'
        fits += "".join(f' <span class="zl-against">✗ {escape(t("misfit_" + m))}</span>' for m in item.misfits)
        fits += f' <span class="zl-by">{escape(t("cant_miss_lent"))}</span>' if item.lent else ""
        look = f"<br>{escape(t('cant_miss_flag', flag=said))}" if said else ""
        rows.append(f"<li><b>{_names(item.entry)}</b>{fits}{look}</li>")
    st.html(
        f'<section class="zl-cant-miss" data-testid="cant-miss"><strong>{escape(t("cant_miss"))}</strong>'
        f"<ul>{''.join(rows)}</ul></section>"
    )


def status_line(result: SearchResult, recall: int, *, running: bool = False) -> None:
    """One quiet line: how many, how far the reranker is, how long it took, on what."""
    times = {k: "–" if v is None else f"{v:.0f}" for k, v in result.timings_ms.items()}
    left = t("line_count", count=len(result.candidates), recall=recall)
    if result.to_rerank:
        left += " · " + t("line_rerank", done=result.reranked, total=result.to_rerank)
        left += " ✓" if result.reranked == result.to_rerank else " …" if running else " " + t("line_stopped")
    elif not result.reranker:
        left += " · " + t("line_no_rerank")
    base = t("builtin") if result.kb == BUILTIN else result.kb
    right = t("line_times", **times) + " · " + t("line_base", kb=base, version=result.version, encoder=result.encoder)
    st.html(
        f'<div class="zl-line" data-testid="status-line"><span>{escape(left)}</span><span>{escape(right)}</span></div>'
    )


def candidate(item: Candidate, stage: str) -> None:
    """One candidate: names, band and bar, the evidence, and behind an expander every score and the whole entry."""
    with st.container(border=True):
        st.html(_head(item, stage) + _evidence(item))
        with st.expander(t("details")):
            details(item)


def _head(item: Candidate, stage: str) -> str:
    entry = item.entry
    moved = f'<span class="zl-moved">{"↑" if item.moved > 0 else "↓"}{abs(item.moved)}</span>' if item.moved else ""
    where = [entry.icd10, entry.department_in(language())]
    words = f"{t('band_' + item.band)}"
    percent = round(item.score * 100)
    fits = "" if not item.misfits else " zl-misfit"
    return (
        f'<article class="zl-head{fits}" data-testid="candidate" data-entry="{escape(entry.id)}" data-band="{item.band}">'
        f'<div class="zl-rank">{item.rank}</div>'
        f'<div class="zl-names"><h3>{_names(entry)}{moved}</h3>'
        f'<div class="zl-quiet">{escape(" · ".join(filter(None, where)))}</div></div>'
        f'<div class="zl-score" title="{escape(t("score_of", stage=t("stage_" + stage)))}">'
        f"<div><b>{escape(words)}</b><span>{item.score:.2f}</span></div>"
        f'<div class="zl-bar" role="img" aria-label="{escape(words)} {item.score:.2f}">'
        f'<i style="width:{percent}%"></i></div></div></article>'
    )


def _names(entry: Entry) -> str:
    first, second = entry.disease, entry.disease_en
    if language() == "en" and second:
        first, second = second, first
    return escape(first) + (f' <span class="zl-second">{escape(second)}</span>' if second else "")


def _evidence(item: Candidate) -> str:
    chips = [f'<li class="zl-met">✓ {_pair(e)}</li>' for e in item.evidence]
    if item.counterpart and item.counterpart.evidence:
        by = t("lent", name=item.counterpart.entry.name_in(language()))
        chips.append(f'<li class="zl-by">{escape(by)}</li>')
        chips += [f'<li class="zl-lent">✓ {_pair(e)}</li>' for e in item.counterpart.evidence]
    chips += [
        f'<li class="zl-against">✗ {escape(t("against", finding=e.finding))} ↔ {escape(e.symptom)}</li>'
        for e in item.against
    ]
    chips += [f'<li class="zl-against">✗ {escape(t("misfit_" + m))}</li>' for m in item.misfits]
    chips += [f'<li class="zl-left">{escape(t("unexplained", finding=f))}</li>' for f in item.unexplained]
    chips += [f'<li class="zl-ask">? {escape(t("ask", symptom=s))}</li>' for s in item.ask]
    return f'<ul class="zl-evidence" data-testid="evidence">{"".join(chips)}</ul>'


def _pair(e: Evidence) -> str:
    same = e.finding == e.symptom
    return f"{escape(e.finding if same else f'{e.finding} ↔ {e.symptom}')} <small>{_two(e.similarity)}</small>"


def _two(similarity: float) -> str:
    return f"{similarity:.2f}".removeprefix("0")


def details(item: Candidate) -> None:
    """Every score under its own name and scale, how they became the rank, then the entry in full."""
    entry = item.entry
    names = ("dense", "sparse", "multi_vector", "findings", "fused", "rerank")
    values = [(t("score_" + n), getattr(item.scores, n)) for n in names]
    if item.counterpart:
        values.insert(names.index("fused"), (t("score_counterpart"), item.counterpart.score))
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{t('not_run') if v is None else format(v, '.3f')}</td></tr>"
        for name, v in values
    )
    met = [w for e in item.evidence for w in (e.symptom, e.finding)]
    st.html(
        f'<table class="zl-scores">{rows}</table><p class="zl-quiet" data-testid="how">{escape(how(item))}</p>'
        + whole_entry(entry, met)
    )


def how(item: Candidate) -> str:
    """In one line, how the scores became the rank."""
    found = services.get()
    weights = {
        name: weight
        for name, weight in found.encoder.calibration.fusion.items()
        if weight > 0 and getattr(item.scores, name) is not None
    }
    terms = [f"{w / sum(weights.values()):.2f}×{getattr(item.scores, n):.3f}" for n, w in weights.items()]
    said = [t("how_fused", terms=" + ".join(terms))]
    sum_of = sum(w * getattr(item.scores, n) for n, w in weights.items()) / sum(weights.values())
    lift = item.counterpart.lift if item.counterpart else 0
    if sum_of + lift - (item.scores.fused or 0) > 0.002:
        said.append(t("how_absent"))
    if item.counterpart:
        name = item.counterpart.entry.name_in(language())
        said.append(t("how_counterpart", name=name, score=item.counterpart.score, lift=lift))
    if item.scores.rerank is not None and found.reranker is not None:
        blend = found.reranker.calibration.blend
        said.append(t("how_rerank", a=f"{blend['rerank']:g}", b=f"{blend['fused']:g}", c=f"{blend['bias']:+g}"))
    if item.misfits:
        said.append(t("how_misfit", factor=MISFIT))
    return t("semicolon").join(said)


def whole_entry(entry: Entry, met: Sequence[str] = ()) -> str:
    """The entry's text in the session's language; the words of what matched are marked in it."""
    english = language() == "en"
    aliases = [*entry.aliases_en, *entry.aliases] if english else [*entry.aliases, *entry.aliases_en]
    symptoms = entry.symptoms_in(language())
    description = (entry.description_en if english else entry.description) or entry.description
    flags = [f.texts_in(language()) for f in entry.red_flags]
    comma = ", " if english else "、"
    parts = [
        (t("aliases"), escape(comma.join(aliases))),
        (t("symptoms"), marked(comma.join(symptoms), [*met, *_twins(entry, met)])),
        ("", marked(description, met)),
        (t("red_flags"), escape(t("semicolon").join(" — ".join(filter(None, f)) for f in flags))),
    ]
    return "".join(f"<p>{f'<b>{escape(label)}</b> ' if label else ''}{text}</p>" for label, text in parts if text)


def _twins(entry: Entry, met: Sequence[str]) -> list[str]:
    """The same symptoms in the entry's other language, for a page that is not in the query's."""
    pairs = list(zip(entry.symptoms, entry.symptoms_en, strict=False))
    return [other for zh, en in pairs for own, other in ((zh, en), (en, zh)) if own in met]


def marked(text: str, words: Sequence[str]) -> str:
    """The text as HTML with every occurrence of the words marked, the longest word first."""
    listed = sorted({w for w in words if len(w) > 1}, key=len, reverse=True)
    if not listed:
        return escape(text)
    pieces = re.split("(" + "|".join(map(re.escape, listed)) + ")", text, flags=re.IGNORECASE)
    return "".join(f"<mark>{escape(p)}</mark>" if i % 2 else escape(p) for i, p in enumerate(pieces))


def table(rows: list[dict[str, Any]], **options: Any) -> None:
    """A plain data table; texts in it are shown as they are."""
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", **options)
