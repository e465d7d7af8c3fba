"""Knowledge: what is loaded, loading and updating it, versions and the way back."""

import json
import shutil
import tempfile
import time
from pathlib import Path

import streamlit as st

from dashboard import catalogue, jobs, services, text
from dashboard.domain import Entry, ZhenluError
from dashboard.records import FORMATS, Table, guess_mapping, read_table, to_entries
from dashboard.store import Meta
from dashboard.ui import access, cards, frame
from dashboard.ui.state import language, session
from dashboard.ui.text import t

PREVIEW, PROBLEMS = 5, 200
RECENT = 600  # seconds
MAPPED = ("disease", "symptoms", "description", "id", "disease_en", "symptoms_en", "department", "icd10")

found, mine = services.get(), session()


def base() -> None:
    """One base: its numbers, its material, its entries, its versions."""
    names = found.store.names()
    if not names:
        return
    start = names.index(mine.kb) if mine.kb in names else 0
    chosen = st.selectbox(t("base"), names, index=start, format_func=frame.base_name) if len(names) > 1 else names[0]
    if chosen == services.BUILTIN:
        st.caption(t("builtin_unreviewed"))
    kb = found.kb(chosen)
    numbers = catalogue.stats(kb, found.lexicon)
    columns = st.columns(4)
    columns[0].metric(t("kb_entries"), numbers["entries"])
    columns[1].metric(t("kb_phrases"), numbers["symptom_phrases"])
    columns[2].metric(t("kb_urgent"), numbers["urgent"])
    columns[3].metric(t("kb_version"), kb.meta.version)
    st.caption(f"{t('kb_encoder')}: {kb.meta.encoder} · {t('kb_created')}: {frame.moment(kb.meta.created)}")
    with st.expander(t("kb_browse")):
        cards.table([_row(e) for e in kb.entries], height=320)
    with st.expander(t("kb_by_department")):
        cards.table([{t("column_department"): d, t("column_count"): n} for d, n in frame.departments(chosen).items()])
    if chosen == services.BUILTIN:
        with st.expander(t("kb_material")):
            parts = ("languages", "lexicon", "words", "sentences", "questions", "vignettes")
            cards.table(
                [
                    {t("column_kind"): f"{part} · {kind}", t("column_count"): n}
                    for part in parts
                    for kind, n in numbers[part].items()
                ]
            )
    versions(chosen, kb.meta)


def _row(entry: Entry) -> dict[str, str]:
    return {
        t("column_disease"): entry.name_in(language()),
        "ICD-10": entry.icd10,
        t("column_department"): entry.department_in(language()),
        t("column_symptoms"): t("comma").join(entry.symptoms_in(language())),
    }


def versions(kb: str, active: Meta) -> None:
    """The finished versions; switching back is one button."""
    listed = found.store.versions(kb)
    st.subheader(t("kb_versions"))
    cards.table(
        [
            {
                t("kb_version"): m.version,
                t("kb_active"): "✓" if m.version == active.version else "",
                t("kb_entries"): m.entries,
                t("kb_encoder"): m.encoder,
                t("kb_created"): frame.moment(m.created),
            }
            for m in listed
        ]
    )
    others = [m.version for m in listed if m.version != active.version]
    if not others or not access.allowed():
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        version = st.selectbox(t("kb_version"), others, key="other_version", width=160)
        if st.button(t("kb_switch"), icon=":material/history:"):
            found.store.use(kb, version)
            st.toast(t("kb_switched", version=version))
            st.rerun()
        if st.button(t("kb_delete"), icon=":material/delete:"):
            found.store.delete(kb, version)
            st.toast(t("kb_deleted", version=version))
            st.rerun()


def upload() -> None:
    """A file in, mapped, previewed, its problems by row, then loaded in the background."""
    st.subheader(t("upload_title"))
    if not access.gate():
        return
    file = st.file_uploader(
        t("upload_file"), type=[f.removeprefix(".") for f in FORMATS], max_upload_size=found.settings.max_upload_mb
    )
    if file is None:
        return
    folder = Path(tempfile.mkdtemp(prefix="zhenlu-"))
    path = folder / Path(file.name).name
    started = False
    try:
        path.write_bytes(file.getbuffer())
        table = read_table(path, found.settings.max_upload_mb)
        mapping = choose_mapping(table, file.file_id)
        parsed = to_entries(table, mapping)
        good, bad = len(parsed.entries), len(parsed.rejected)
        st.write(t("upload_read", rows=parsed.rows, good=good, bad=bad))
        if good:
            st.caption(t("upload_preview"))
            cards.table([_row(e) for e in parsed.entries[:PREVIEW]])
        if bad:
            st.caption(t("upload_problems"))
            cards.table(
                [
                    {t("column_row"): p.row, t("column_problem"): text.problem(p, language())}
                    for p in parsed.rejected[:PROBLEMS]
                ]
            )
        name = st.text_input(t("upload_name"), value=path.stem, max_chars=64)
        busy = found.jobs.running(name)
        if st.button(t("upload_start"), type="primary", disabled=not good or busy is not None):
            found.start_load(name, path, mapping, upload=True)
            started = True
            st.rerun()
    except ZhenluError as problem:
        frame.error(problem)
    finally:
        if not started:
            shutil.rmtree(folder, ignore_errors=True)


def choose_mapping(table: Table, upload: str) -> dict[str, str]:
    """What each column is: guessed from its name, for a person to correct. Another upload begins anew."""
    guess = guess_mapping(table.columns)
    none = t("upload_none")
    incomplete = not {"disease", "symptoms"} <= guess.keys()
    with st.expander(t("upload_mapping"), expanded=incomplete):
        mapping = dict(guess)
        columns = st.columns(2)
        for number, name in enumerate(MAPPED):
            options = [none, *table.columns]
            index = options.index(guess[name]) if name in guess else 0
            chosen = columns[number % 2].selectbox(t("field_" + name), options, index=index, key=f"map_{name}_{upload}")
            mapping[name] = "" if chosen == none else chosen
    return mapping


@st.fragment(run_every=1.0)
@frame.errors_in_words()
def progress() -> None:
    """The loads that run, whoever started them, and how those of the last minutes ended, until dismissed."""
    listed = found.jobs.all()
    running = {job.id for job in listed if job.state == "running"}
    if mine.watched - running:  # what is loaded has changed: the rest of the page has to know
        mine.watched = running
        st.rerun(scope="app")
    mine.watched = running
    for job in listed:
        if job.state == "running":
            st.progress(
                jobs.fraction(job),
                f"{t('job_running', file=job.file, kb=frame.base_name(job.kb))} · {t('stage_' + job.stage)} {job.done}/{job.total}",
            )
            if access.allowed() and st.button(t("job_cancel"), key=f"cancel_{job.id}"):
                found.jobs.cancel(job.id)
                st.rerun(scope="app")
        elif job.kb != services.BUILTIN and job.id not in mine.dismissed and time.time() - job.ended < RECENT:
            ended(job)


def ended(job: jobs.Job) -> None:
    """How a load ended, until it is dismissed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.report:
            said = {**job.report, "rejected": len(job.report["rejected"]), "kb": frame.base_name(job.kb)}
            st.success(t("job_done", **said))
        elif job.error:
            frame.error(ZhenluError(job.error["code"], **job.error["params"]))
        else:
            st.info(t("job_cancelled"))
        if st.button(t("job_close"), key=f"close_{job.id}"):
            mine.dismissed.add(job.id)
            st.rerun(scope="app")


def opinions() -> None:
    """What clinicians said, as cases that `evaluate` reads."""
    count = found.feedback.count()
    if count and access.allowed():
        lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found.feedback.cases())
        st.download_button(
            t("feedback_export", count=count), lines, "feedback.jsonl", "application/jsonl", icon=":material/download:"
        )


st.title(t("knowledge_title"))
progress()
base()
upload()
opinions()
