"""A result to take along: text to copy, a page to print, a table. Made when asked for, kept nowhere.

The findings go along, the text they were read from does not: it can hold what no rule of privacy.py knows.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from dashboard.domain import Candidate, CantMiss, Entry, Evidence, Finding, Language, Patient, SearchResult, Status
from dashboard.records import clean
from dashboard.text import RESULT, say

# key: (Chinese, English)
WORDS: dict[str, tuple[str, str]] = RESULT | {
    "title": ("诊路 检索结果", "Zhenlu search result"),
    "notice": ("仅供临床参考，不构成诊断。", "Decision support only, not a diagnosis."),
    "colon": ("：", ": "),
    "brackets": ("{text}（{more}）", "{text} ({more})"),
    "time": ("时间", "Time"),
    "base": ("知识库", "Base"),
    "version": ("版本", "Version"),
    "encoder": ("编码模型", "Encoder"),
    "reranker": ("重排模型", "Reranker"),
    "not_reranked": ("未重排", "not reranked"),
    "reranked": ("{name}（{done}/{total}）", "{name} ({done}/{total})"),
    "settings": ("设置", "Settings"),
    "mode_rerank": ("重排", "rerank"),
    "mode_hybrid": ("融合", "hybrid"),
    "mode_dense": ("仅稠密向量", "dense"),
    "settings_mode": ("模式 {mode}", "mode {mode}"),
    "settings_recall": ("召回 {count}", "recall {count}"),
    "settings_reranked": ("重排 {done}/{total}", "reranked {done} of {total}"),
    "settings_shown": ("显示 {count}", "shown {count}"),
    "patient": ("患者", "Patient"),
    "age_days": ("{count} 天", "{count} days old"),
    "age_months": ("{count} 个月", "{count} months old"),
    "age_years": ("{count} 岁", "{count} years old"),
    "sex_female": ("女", "female"),
    "sex_male": ("男", "male"),
    "pregnant": ("妊娠", "pregnant"),
    "not_pregnant": ("未妊娠", "not pregnant"),
    "findings": ("表现", "Findings"),
    "no_findings": ("没有识别到表现。", "No findings were recognised."),
    "status_present": ("有", "Present"),
    "status_absent": ("无", "Absent"),
    "status_uncertain": ("不确定", "Uncertain"),
    "status_historical": ("既往", "Past"),
    "status_family": ("家族", "Family"),
    "red_flag": ("危险信号", "Red flag"),
    "reason": ("理由", "Reason"),
    "candidates": ("候选", "Candidates"),
    "rank": ("序号", "Rank"),
    "id": ("编号", "Id"),
    "disease": ("疾病", "Disease"),
    "disease_en": ("英文名", "English name"),
    "code": ("ICD-10 编码", "ICD-10 code"),
    "band": ("分级", "Band"),
    "score": ("得分", "Score"),
    "score_dense": ("稠密", "Dense"),
    "score_sparse": ("稀疏", "Sparse"),
    "score_multi_vector": ("多向量", "Multi-vector"),
    "score_findings": ("逐项症状", "Findings score"),
    "counterpart_score": ("内置库对应条目得分", "Score of the built-in counterpart"),
    "score_fused": ("融合", "Fused"),
    "score_rerank": ("重排（对数几率）", "Rerank (logit)"),
    "why": ("依据", "Why"),
    "met": ("符合", "Fits"),
    "counterpart": ("内置库对应条目的依据", "Evidence of the built-in counterpart"),
    "unexplained": ("未解释", "Unexplained"),
    "against": ("不符", "Against"),
    "denied": ("无{finding}", "no {finding}"),
    "misfit": ("与患者不符", "Does not fit the patient"),
    "misfit_sex": ("性别", "sex"),
    "misfit_age": ("年龄", "age"),
    "misfit_pregnancy": ("妊娠状态", "pregnancy"),
    "misfit_department": ("科室", "department"),
    "ask": ("可询问", "Ask"),
    "no_good_match": ("没有合适的匹配；以下为最接近的条目。", "No good match; the nearest entries follow."),
    "wanted": ("最好补充：{wanted}。", "It would help to know: {wanted}."),
}  # fmt: skip

STYLE = """
@page { size: A4; margin: 15mm; }
:root { color-scheme: light; }
body { font: 10.5pt/1.45 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; color: #000; background: #fff; max-width: 180mm; margin: 0 auto; }
h1 { font-size: 15pt; margin: 0 0 1mm; }
h2 { font-size: 12pt; margin: 5mm 0 1mm; break-after: avoid; }
p { margin: 1mm 0; }
table { width: 100%; border-collapse: collapse; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { border: 0.2mm solid #000; padding: 1mm 1.5mm; text-align: left; vertical-align: top; white-space: pre-line; overflow-wrap: anywhere; }
tbody th { font-weight: 600; }
.urgent { border: 0.7mm solid #000; padding: 0 3mm 2mm; margin-top: 4mm; }
"""


def as_text(
    result: SearchResult, language: Language, when: datetime, *, patient: Patient | None = None, note: str = ""
) -> str:
    """Plain text to copy into a record. ``when``: the time to stand on it. ``note``: one more line at the end."""
    result, w = _tidy(result), _Words(language)
    colon = w("colon")
    lines = [w("title"), w("notice"), *_pairs(_facts(result, w, when, patient), colon)]
    lines += ["", w("findings"), *(_pairs(_findings(result, w), colon, "  ") or [f"  {w('no_findings')}"])]
    lines += _status(result, w)
    if result.cant_miss:
        lines += ["", w("cant_miss")]
    for m in result.cant_miss:
        lines += [f"! {_urgent(m, w)}", *_pairs(_danger(m, w), colon, "   ")]
    if result.candidates:
        lines += ["", w("candidates")]
    for c in result.candidates:
        lines.append(f"{c.rank}. {_names(c.entry, w)}  {w('band_' + c.band)} {c.score:.2f}")
        lines += _pairs([*_place(c.entry, w), *_why(c, w)], colon, "   ")
    last = [*_notices(result, w), *filter(None, [note])]
    return "\n".join([*lines, *([""] if last else []), *last]) + "\n"


def as_html(
    result: SearchResult, language: Language, when: datetime, *, patient: Patient | None = None, note: str = ""
) -> str:
    """One self-contained page for A4, black on white, that runs and fetches nothing. Every text in it is escaped."""
    result, w = _tidy(result), _Words(language)
    title = escape(w("title"))
    parts = [
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">',
        """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">""",
        f"<title>{title} {escape(_clock(when))}</title><style>{STYLE}</style></head><body>",
        f"<h1>{title}</h1><p><strong>{escape(w('notice'))}</strong></p>",
        _table((), _facts(result, w, when, patient)),
        _heading(w("findings")),
        _table((), _findings(result, w)) or _paragraph(w("no_findings")),
    ]
    parts += [_paragraph(line) for line in _status(result, w)]
    if result.cant_miss:
        rows = [(_urgent(m, w, "\n"), _lines(_danger(m, w), w)) for m in result.cant_miss]
        parts.append(f'<section class="urgent">{_heading(w("cant_miss"))}{_table((), rows)}</section>')
    if result.candidates:
        heads = [w(key) for key in ("rank", "disease", "band", "why")]
        candidates = [
            (
                str(c.rank),
                "\n".join([_names(c.entry, w, "\n"), *(text for _, text in _place(c.entry, w))]),
                f"{w('band_' + c.band)}\n{c.score:.2f}",
                _lines(_why(c, w), w),
            )
            for c in result.candidates
        ]
        parts += [_heading(w("candidates")), _table(heads, candidates)]
    parts += [_paragraph(line) for line in (*_notices(result, w), note) if line]
    return "".join([*parts, "</body></html>\n"])


def as_csv(result: SearchResult, language: Language, when: datetime, *, patient: Patient | None = None) -> str:
    """The candidates, one a row, with a byte-order mark so that spreadsheet programs read UTF-8.

    Numbers are unquoted and stay numbers; every text is quoted and made harmless.
    """
    result, w = _tidy(result), _Words(language)
    semicolon, comma = w("semicolon"), w("comma")
    facts = dict(_facts(result, w, when, patient))
    rows = []
    for c in result.candidates:
        entry = c.entry
        row: dict[str, str | float | None] = {
            w("rank"): c.rank,
            w("disease"): entry.disease,
            w("disease_en"): entry.disease_en,
            w("id"): entry.id,
            w("code"): entry.icd10,
            w("department"): entry.department_in(w.language),
            w("band"): w("band_" + c.band),
            w("score"): round(c.score, 4),
            w("met"): semicolon.join(_met(e) for e in c.evidence),
            w("counterpart"): _counterpart(c, w),
            w("unexplained"): comma.join(c.unexplained),
            w("against"): semicolon.join(_denied(e, w) for e in c.against),
            w("misfit"): comma.join(w.code("misfit", m) for m in c.misfits),
            w("ask"): comma.join(c.ask),
        }
        row[w("counterpart_score")] = c.counterpart.score if c.counterpart else None
        row |= {w("score_" + f.name): getattr(c.scores, f.name) for f in fields(c.scores)}
        rows.append(row | facts | {w("notice"): ""})
    out = io.StringIO()
    table = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    table.writerow(rows[0] if rows else [w("rank"), w("disease"), w("disease_en"), *facts, w("notice")])
    table.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row.values()] for row in rows)
    return "\ufeff" + out.getvalue()


_FORMULA = re.compile(r"""^(?=\s*[=+\-@＝＋－＠]|[\t\r\n])|(?<=[,;|"'\t])(?=\s*[=+\-@＝＋－＠])""")


def harmless(cell: str) -> str:
    """No spreadsheet takes the text for a formula: an apostrophe stands before what begins one (OWASP, CSV Injection).

    Within the text too, behind what a program set to another separator or quote could take for the end of a cell.
    """
    return _FORMULA.sub("'", cell)


# -- what is said, the same in every form ---------------------------------------------------------------------------

Pair = tuple[str, str]


class _Words:
    def __init__(self, language: Language):
        self.language: Language = language

    def __call__(self, key: str, /, **params: object) -> str:
        return say(key, self.language, WORDS, **params)

    def code(self, prefix: str, code: str, **params: object) -> str:
        """What a code means; one that this module does not know stands for itself."""
        key = f"{prefix}_{code}"
        return self(key, **params) if key in WORDS else code


def _tidy(value: Any) -> Any:
    """The same with every text on one line and without control characters: neither forges a line nor a cell."""
    if type(value) is str:
        return " ".join(clean(value).split())
    if isinstance(value, tuple):
        return tuple(_tidy(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _tidy(getattr(value, f.name)) for f in fields(value)})
    return value


def _clock(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M %z").strip()


def _facts(result: SearchResult, w: _Words, when: datetime, patient: Patient | None) -> list[Pair]:
    """What the result stands on, and when."""
    reranker = result.reranker or w("not_reranked")
    if result.reranker and result.reranked < result.to_rerank:
        reranker = w("reranked", name=reranker, done=result.reranked, total=result.to_rerank)
    said = _patient(patient, w) if patient else ""
    return [
        *([(w("patient"), said)] if said else []),
        (w("base"), result.kb),
        (w("version"), result.version),
        (w("encoder"), result.encoder),
        (w("reranker"), reranker),
        (w("settings"), _settings(result, w)),
        (w("time"), _clock(when)),
    ]


def _settings(result: SearchResult, w: _Words) -> str:
    """How the search was made, as far as the result tells: all that was recalled goes to a reranker."""
    shown = w("settings_shown", count=len(result.candidates))
    if result.to_rerank:
        recall = w("settings_recall", count=result.to_rerank)
        done = w("settings_reranked", done=result.reranked, total=result.to_rerank)
        return w("comma").join([w("settings_mode", mode=w("mode_rerank")), recall, done, shown])
    scores = [c.scores for c in result.candidates]
    dense = bool(scores) and all(s.dense is not None and s.findings is None for s in scores)  # no other channel ran
    return w("comma").join([w("settings_mode", mode=w("mode_dense" if dense else "mode_hybrid")), shown])


def _patient(patient: Patient, w: _Words) -> str:
    said = []
    years = patient.age_years
    if years is not None:
        if years < 1 / 12:
            said.append(w("age_days", count=round(years * 365)))
        elif years < 2:
            said.append(w("age_months", count=f"{round(years * 12, 1):g}"))
        else:
            said.append(w("age_years", count=f"{round(years, 1):g}"))
    if patient.sex:
        said.append(w("sex_" + patient.sex))
    if patient.pregnant is not None:
        said.append(w("pregnant" if patient.pregnant else "not_pregnant"))
    return w("comma").join([*said, *filter(None, [_tidy(patient.department)])])


def _findings(result: SearchResult, w: _Words) -> list[Pair]:
    """By status: what there is, then what there is not."""
    by = {s: [_finding(f, w) for f in result.findings if f.status is s] for s in Status}
    return [(w("status_" + s), w("semicolon").join(said)) for s, said in by.items() if said]


def _finding(finding: Finding, w: _Words) -> str:
    more = w("comma").join(filter(None, (*finding.details, finding.rule)))
    return w("brackets", text=finding.text, more=more) if more else finding.text


def _status(result: SearchResult, w: _Words) -> list[str]:
    lines = [] if result.status == "ok" else [w(result.status)]
    if result.status == "not_enough" and result.wanted:
        wanted = [w.code("want", item.kind, symptom=item.symptom) for item in result.wanted]
        lines.append(w("wanted", wanted=w("comma").join(wanted)))
    return lines


def _danger(item: CantMiss, w: _Words) -> list[Pair]:
    """Why it must not be missed, in the reader's language where the base has it."""
    flag, said = item.red_flag, list[Pair]()
    if flag:
        said += zip((w("red_flag"), w("reason")), flag.texts_in(w.language), strict=True)
    said.append((w("met"), w("semicolon").join(_met(e) for e in item.evidence)))
    return [pair for pair in said if pair[1]]


def _urgent(item: CantMiss, w: _Words, between: str = " ") -> str:
    """The names, and whose mark it is when it is not the base's own."""
    lent = w("brackets", text="", more=w("cant_miss_lent")).strip() if item.lent else ""
    return between.join(filter(None, [_names(item.entry, w, between), lent]))


def _place(entry: Entry, w: _Words) -> Iterator[Pair]:
    yield from (p for p in ((w("code"), entry.icd10), (w("department"), entry.department_in(w.language))) if p[1])


def _why(c: Candidate, w: _Words) -> list[Pair]:
    """The lines under a candidate that have something to say."""
    said = (
        ("met", w("semicolon").join(_met(e) for e in c.evidence)),
        ("lent", w("semicolon").join(_met(e) for e in c.counterpart.evidence) if c.counterpart else ""),
        ("unexplained", w("comma").join(c.unexplained)),
        ("against", w("semicolon").join(_denied(e, w) for e in c.against)),
        ("misfit", w("comma").join(w.code("misfit", m) for m in c.misfits)),
        ("ask", w("comma").join(c.ask)),
    )
    name = c.counterpart.entry.name_in(w.language) if c.counterpart else ""
    return [(w(key, name=name), text) for key, text in said if text]


def _met(e: Evidence) -> str:
    pair = e.finding if e.finding == e.symptom else f"{e.finding} ↔ {e.symptom}"
    return f"{pair} {e.similarity:.2f}"


def _counterpart(c: Candidate, w: _Words) -> str:
    if c.counterpart is None:
        return ""
    met = w("semicolon").join(_met(e) for e in c.counterpart.evidence)
    return w("colon").join(filter(None, [c.counterpart.entry.name_in(w.language), met]))


def _denied(e: Evidence, w: _Words) -> str:
    denied = w("denied", finding=e.finding)
    return denied if e.finding == e.symptom else f"{denied} ↔ {e.symptom}"


def _notices(result: SearchResult, w: _Words) -> list[str]:
    return [w.code("notice", code) for code in result.notices]


def _names(entry: Entry, w: _Words, between: str = " ") -> str:
    """Both names, that in the reader's language first."""
    names = [entry.disease_en, entry.disease] if w.language == "en" else [entry.disease, entry.disease_en]
    return between.join(dict.fromkeys(filter(None, names)))


# -- forms ----------------------------------------------------------------------------------------------------------


def _pairs(pairs: Sequence[Pair], colon: str, indent: str = "") -> list[str]:
    return [f"{indent}{label}{colon}{text}" for label, text in pairs]


def _lines(pairs: Sequence[Pair], w: _Words) -> str:
    return "\n".join(_pairs(pairs, w("colon")))


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Nothing when there are no rows; the first cell of a row is its head."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(text)}</td>" for text in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if heads else ''}<tbody>{body}</tbody></table>"
