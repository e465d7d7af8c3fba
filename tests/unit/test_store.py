"""Versions of a knowledge base: what is loaded comes back, the old version serves until the new one is whole, and a
second process or a killed one does no harm."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.checkpoint import Calibration
from dashboard.domain import Entry, RedFlag, RowProblem, ZhenluError
from dashboard.encoders.base import Encoder, Encoding, Progress
from dashboard.records import Parsed
from dashboard.store import KEEP_VERSIONS, MULTI_VECTOR_TOKENS, KnowledgeBase, Store
from dashboard.text import hint, message

ROOT = Path(__file__).parent.parent.parent

FLU = Entry(
    "flu",
    "流感",
    ("发热", "咳嗽", "乏力"),
    disease_en="Influenza",
    aliases=("流行性感冒",),
    aliases_en=("flu",),
    symptoms_en=("fever", "cough", "fatigue"),
    description="由病毒引起。\n第二行\u2028",
    description_en="<b>viral</b>",
    department="感染科",
    icd10="J11",
    urgent=True,
    red_flags=(RedFlag("呼吸困难", "short of breath", "可能为肺炎", "may be pneumonia"),),
    ages=("child", "adult"),
    source="手册",
)
PNEUMONIA = Entry("pneumonia", "肺炎", ("咳嗽", "胸痛", "Fever"), description="急性")
MIGRAINE = Entry("migraine", "Migraine", ("headache", "nausea", "light sensitivity"))
GOUT = Entry("gout", "痛风", ("关节痛", "红肿"))
THREE = (FLU, PNEUMONIA, MIGRAINE)


def parsed(*entries: Entry, rejected: Sequence[RowProblem] = ()) -> Parsed:
    return Parsed(entries, tuple(rejected), len(entries) + len(rejected))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def loaded(store: Store, m3_encoder: Encoder) -> Store:
    """A store whose base "ward" holds THREE."""
    store.load("ward", parsed(*THREE), m3_encoder, file="ward.jsonl")
    return store


def fails(code: str, action: Callable[..., Any], *args: Any) -> ZhenluError:
    """The error of an action, which must have words in both languages."""
    with pytest.raises(ZhenluError) as caught:
        action(*args)
    assert caught.value.code == code
    assert all(f(caught.value, language) for f in (message, hint) for language in ("zh", "en"))
    return caught.value


def ids(kb: KnowledgeBase) -> list[str]:
    return [entry.id for entry in kb.entries]


def count(report: Any) -> dict[str, int]:
    return {name: getattr(report, name) for name in ("rows", "added", "changed", "unchanged", "removed")} | {
        "rejected": len(report.rejected)
    }


# -- loading and reading ----------------------------------------------------------------------------------------


def test_a_first_load_adds_everything(store: Store, m3_encoder: Encoder) -> None:
    report = store.load("ward", parsed(*THREE), m3_encoder)
    assert count(report) == {"rows": 3, "added": 3, "changed": 0, "unchanged": 0, "removed": 0, "rejected": 0}
    assert (report.kb, report.version, report.encoder) == ("ward", store.active("ward"), m3_encoder.name)
    assert store.names() == ["ward"]


def test_a_second_load_counts_what_it_did(loaded: Store, m3_encoder: Encoder) -> None:
    problems = [RowProblem(2, "row_no_disease"), RowProblem(5, "row_duplicate_id", {"id": "flu", "first": 1})]
    changed = replace(PNEUMONIA, symptoms=("咳嗽", "胸痛", "气促"))
    report = loaded.load("ward", parsed(FLU, changed, GOUT, rejected=problems), m3_encoder)
    assert count(report) == {"rows": 5, "added": 1, "changed": 1, "unchanged": 1, "removed": 1, "rejected": 2}
    assert report.rejected == tuple(problems)
    assert report.rows == report.added + report.changed + report.unchanged + len(report.rejected)
    assert loaded.open("ward").entries == (FLU, changed, GOUT)


def test_entries_come_back_equal(loaded: Store) -> None:
    assert loaded.open("ward").entries == THREE


def test_meta_says_what_was_built_with_what(loaded: Store, m3_encoder: Encoder) -> None:
    meta = loaded.meta("ward")
    assert (meta.kb, meta.entries, meta.passages, meta.file) == ("ward", 3, 7, "ward.jsonl")
    assert (meta.encoder, meta.fingerprint) == (m3_encoder.name, m3_encoder.fingerprint)
    assert (meta.dimension, meta.kinds) == (m3_encoder.dimension, ("dense", "sparse", "multi_vector"))


def test_passages_are_whole_entries_in_each_of_their_languages(loaded: Store) -> None:
    kb = loaded.open("ward")
    assert kb.wholes == 4
    assert kb.passage_entry[:4].tolist() == [0, 0, 1, 2]
    assert kb.passage_language[:4] == ("zh", "en", "zh", "en")
    assert kb.passage_text[1] == "Influenza. fever, cough, fatigue. <b>viral</b>"


def test_what_has_a_description_is_a_passage_without_it_too(loaded: Store) -> None:
    kb = loaded.open("ward")
    assert kb.passage_entry[4:].tolist() == [0, 0, 1]
    assert kb.passage_language[4:] == ("zh", "en", "zh")
    assert kb.passage_text[4:] == (
        "流感。发热、咳嗽、乏力。",
        "Influenza. fever, cough, fatigue.",
        "肺炎。咳嗽、胸痛、Fever。",
    )


def test_a_version_of_an_older_edition_has_no_briefs_and_no_names(loaded: Store) -> None:
    path = loaded.root / "ward" / "v0001" / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"passages": 4}), encoding="utf-8")
    (path.parent / "names.npz").unlink()
    opened = loaded.open("ward")
    assert opened.passage_entry.tolist() == [0, 0, 1, 2]
    assert opened.name_vectors is None


def test_every_stored_vector_is_the_encoder_s(loaded: Store, m3_encoder: Encoder) -> None:
    kb = loaded.open("ward")
    whole = m3_encoder.encode(kb.passage_text[: kb.wholes], kinds=m3_encoder.kinds)
    np.testing.assert_allclose(kb.dense([2, 0, 3, 1]), whole.dense[[2, 0, 3, 1]], atol=1e-5)
    np.testing.assert_allclose(kb.dense([6, 4]), m3_encoder.encode(kb.passage_text).dense[[6, 4]], atol=1e-5)
    assert kb.sparse is not None
    assert whole.sparse is not None
    assert whole.multi_vector is not None
    np.testing.assert_allclose(kb.sparse.toarray(), whole.sparse.toarray(), atol=1e-5)
    for row, vectors in enumerate(whole.multi_vector):
        np.testing.assert_allclose(kb.multi_vectors(row), vectors[:MULTI_VECTOR_TOKENS], atol=1e-3)  # kept as float16
    np.testing.assert_allclose(kb.phrase_vectors, m3_encoder.encode(kb.phrases).dense, atol=1e-5)
    assert kb.name_vectors is not None
    np.testing.assert_allclose(kb.name_vectors, m3_encoder.encode(kb.names).dense, atol=1e-5)


def test_each_symptom_is_kept_once_and_each_entry_knows_its_own(loaded: Store) -> None:
    kb = loaded.open("ward")
    assert len(kb.phrases) == len(set(kb.phrases)) == 10  # 咳嗽 is of two entries, fever and Fever are one
    assert kb.meta.phrases == 10
    of = [
        [kb.phrases[i] for i in kb.phrase_ids[kb.phrase_starts[e] : kb.phrase_starts[e + 1]]]
        for e in range(len(kb.entries))
    ]
    assert of == [
        ["发热", "咳嗽", "乏力", "fever", "cough", "fatigue"],
        ["咳嗽", "胸痛", "fever"],
        ["headache", "nausea", "light sensitivity"],
    ]


def test_nearest_gives_the_nearest_passages_with_their_cosines(store: Store, m3_encoder: Encoder) -> None:
    from tests.checkpoints import WORDS  # here, so that the child processes below start without torch

    pairs = [(a, b) for a in WORDS[:24] for b in WORDS[24:60:7]]
    entries = [Entry(f"e{i}", f"病{i}", pair) for i, pair in enumerate(pairs)]
    store.load("many", parsed(*entries), m3_encoder)
    kb = store.open("many")
    vectors = m3_encoder.encode(kb.passage_text).dense
    for query in ("发热、咳嗽", "headache and nausea", "水肿"):
        vector = m3_encoder.encode([query]).dense[0]
        cosines = vectors @ vector
        found = kb.nearest(vector, 7)
        assert len(found) == 7
        assert [score for _, score in found] == pytest.approx(np.sort(cosines)[::-1][:7].tolist(), abs=1e-5)
        assert [score for _, score in found] == pytest.approx(cosines[[i for i, _ in found]].tolist(), abs=1e-5)
    assert len(kb.nearest(vectors[0], 10_000)) == len(entries)
    assert kb.nearest(vectors[5], 1)[0][1] == pytest.approx(1, abs=1e-5)


class Numbers:
    """A quick encoder of dense vectors only, for bases of many entries: a text's number decides its direction."""

    name = fingerprint = "numbers"
    dimension = 2
    calibration = Calibration(name="numbers")
    kinds = ("dense",)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None, **_: Any) -> Encoding:
        if progress:
            progress(len(texts), len(texts))
        angles = np.array([int("".join(filter(str.isdigit, text)) or 0) for text in texts]) / 10_000
        return Encoding(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))


def test_more_entries_than_chroma_takes_at_once(store: Store) -> None:
    size = 6000
    store.load("large", parsed(*(Entry(f"e{i}", f"disease {i}", ("cough",)) for i in range(size))), Numbers())
    kb = store.open("large")
    assert (kb.meta.passages, kb.collection.count()) == (size, size)
    for wanted in (0, 2999, size - 1):
        angle = wanted / 10_000
        assert abs(kb.nearest(np.array([np.cos(angle), np.sin(angle)], dtype=np.float32), 1)[0][0] - wanted) <= 3
    assert (kb.sparse, kb.tokens) == (None, None)


def test_progress_is_told_stage_by_stage_up_to_the_end(store: Store, m3_encoder: Encoder) -> None:
    steps: list[tuple[str, int, int]] = []
    store.load("ward", parsed(*THREE), m3_encoder, step=lambda *step: steps.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in steps)) == ["passages", "phrases", "index"]
    assert {("passages", 7, 7), ("phrases", 16, 16), ("index", 7, 7)} <= set(steps)


# -- versions ---------------------------------------------------------------------------------------------------


def test_rolling_back_and_forth(loaded: Store, m3_encoder: Encoder) -> None:
    first = loaded.active("ward")
    assert first is not None
    second = loaded.load("ward", parsed(GOUT), m3_encoder).version
    assert [m.version for m in loaded.versions("ward")] == [second, first]
    assert loaded.use("ward", first).version == loaded.active("ward") == first
    assert loaded.open("ward").entries == THREE
    assert loaded.open("ward", second).entries == (GOUT,)
    loaded.use("ward", second)
    assert loaded.open("ward").entries == (GOUT,)


def test_a_load_after_a_rollback_compares_with_the_version_in_use(loaded: Store, m3_encoder: Encoder) -> None:
    first = loaded.active("ward")
    assert first is not None
    second = loaded.load("ward", parsed(GOUT), m3_encoder).version
    loaded.use("ward", first)
    report = loaded.load("ward", parsed(*THREE, GOUT), m3_encoder)
    assert (report.added, report.unchanged) == (1, 3)
    assert report.version not in (first, second)


def test_a_version_that_is_open_stays_readable_while_and_after_another_is_loaded(
    loaded: Store, m3_encoder: Encoder
) -> None:
    kb = loaded.open("ward")
    vector = m3_encoder.encode(["发热"]).dense[0]
    before = kb.nearest(vector, 4)
    seen = []

    def step(stage: str, done: int, total: int) -> None:
        seen.append(kb.nearest(vector, 4) == before and ids(loaded.open("ward")) == ids(kb))

    loaded.load("ward", parsed(GOUT), m3_encoder, step=step)
    assert seen
    assert all(seen)
    assert kb.nearest(vector, 4) == before


def test_only_the_newest_versions_are_kept(loaded: Store) -> None:
    reports = [loaded.load("ward", parsed(replace(GOUT, description=str(i))), Numbers()) for i in range(KEEP_VERSIONS)]
    expected = [report.version for report in reversed(reports)]
    assert [m.version for m in loaded.versions("ward")] == expected
    assert sorted(p.name for p in (loaded.root / "ward").glob("v*")) == sorted(expected)


def test_deleting_a_version(loaded: Store, m3_encoder: Encoder) -> None:
    first = loaded.active("ward")
    second = loaded.load("ward", parsed(GOUT), m3_encoder).version
    assert fails("version_active", loaded.delete, "ward", second).params["version"] == second
    loaded.delete("ward", first)
    assert [m.version for m in loaded.versions("ward")] == [second]
    assert fails("version_unknown", loaded.use, "ward", first).params["version"] == first
    assert ids(loaded.open("ward")) == ["gout"]


def test_deleting_a_base_and_loading_it_again(loaded: Store, m3_encoder: Encoder) -> None:
    before = loaded.open("ward")
    loaded.delete("ward")
    assert loaded.names() == []
    assert not list((loaded.root / "ward").glob("v*"))
    fails("kb_unknown", loaded.open, "ward")
    fails("kb_unknown", loaded.delete, "ward")
    report = loaded.load("ward", parsed(GOUT), m3_encoder)
    assert (report.added, report.unchanged) == (1, 0)
    assert report.version != before.meta.version  # what has the old one open must not take the new one for it
    kb = loaded.open("ward")
    assert kb.nearest(m3_encoder.encode(["关节痛"]).dense[0], 5)[0][0] == 0
    assert ids(kb) == ["gout"]


def test_what_is_not_there_is_said_so(loaded: Store) -> None:
    assert fails("kb_unknown", loaded.open, "clinic").params == {"kb": "clinic", "known": "ward"}
    assert loaded.active("clinic") is None
    assert loaded.versions("clinic") == []
    fails("version_unknown", loaded.open, "ward", "v9999")
    fails("version_unknown", loaded.use, "ward", "build.lock")
    fails("version_unknown", loaded.delete, "ward", "v9999")


def test_an_unfinished_folder_is_never_served_and_goes_with_the_next_load(loaded: Store, m3_encoder: Encoder) -> None:
    active = loaded.active("ward")
    left = loaded.root / "ward" / "v0042"
    (left / "chroma").mkdir(parents=True)
    (left / "entries.jsonl").write_text("half a li")
    assert [m.version for m in loaded.versions("ward")] == [active]
    for action in (loaded.open, loaded.use, loaded.delete):
        fails("version_unknown", action, "ward", "v0042")
    assert loaded.open("ward").entries == THREE
    report = loaded.load("ward", parsed(GOUT), m3_encoder)
    assert not left.exists()
    assert report.version != "v0042"
    assert ids(loaded.open("ward")) == ["gout"]


@pytest.mark.parametrize("rejected", [[RowProblem(3, "row_no_disease")], []])
def test_when_every_row_was_rejected_the_old_version_stays(
    loaded: Store, m3_encoder: Encoder, rejected: list[RowProblem]
) -> None:
    active = loaded.active("ward")
    error = fails("all_rejected", loaded.load, "ward", parsed(rejected=rejected), m3_encoder)
    assert error.params == {"rows": len(rejected), "row": 3 if rejected else 0}
    assert loaded.active("ward") == active
    assert [m.version for m in loaded.versions("ward")] == [active]
    assert loaded.open("ward").entries == THREE


@pytest.mark.parametrize("stage", ["passages", "phrases", "index"])
def test_a_build_that_breaks_leaves_the_old_version_and_no_lock(loaded: Store, m3_encoder: Encoder, stage: str) -> None:
    active = loaded.active("ward")

    def break_at(at: str, done: int, total: int) -> None:
        if at == stage and done == total:
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        loaded.load("ward", parsed(GOUT), m3_encoder, step=break_at)
    assert loaded.active("ward") == active
    assert [m.version for m in loaded.versions("ward")] == [active]
    report = loaded.load("ward", parsed(GOUT), m3_encoder)
    assert (report.added, report.removed) == (1, 3)
    assert sorted(p.name for p in (loaded.root / "ward").glob("v*")) == sorted([str(active), report.version])
    assert ids(loaded.open("ward")) == ["gout"]


def test_an_encoder_that_loses_a_vector_does_not_get_its_version_served(loaded: Store) -> None:
    class Short(Numbers):
        def encode(self, texts: Sequence[str], **options: Any) -> Encoding:
            return Encoding(super().encode(texts).dense[:-1])

    active = loaded.active("ward")
    with pytest.raises(ValueError):
        loaded.load("ward", parsed(FLU, GOUT), Short())
    assert loaded.active("ward") == active
    assert loaded.open("ward").entries == THREE


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", "/x", ".hidden", "-x", " x", "x ", "x\n", "x\x00", "a:b", "x" * 65, "😀"],
)
def test_a_bad_name_is_refused_everywhere_and_makes_no_folder(
    store: Store, m3_encoder: Encoder, tmp_path: Path, name: str
) -> None:
    store.load("ward", parsed(GOUT), Numbers())
    before = sorted(tmp_path.rglob("*"))
    fails("kb_name", store.load, name, parsed(GOUT), m3_encoder)
    for action in (store.check_name, store.open, store.meta, store.delete, store.active, store.versions):
        fails("kb_name", action, name)
    fails("kb_name", store.use, name, "v0001")
    if name:  # an empty version means the active one
        for action in (store.open, store.use, store.delete):
            with pytest.raises(ZhenluError):
                action("ward", name)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["我的知识库", "kb-1.2_x", "A", "x" * 64, "9"])
def test_a_good_name_is_taken(store: Store, name: str) -> None:
    store.check_name(name)
    store.load(name, parsed(GOUT), Numbers())
    assert store.names() == [name]
    assert ids(store.open(name)) == ["gout"]


# -- more than one process --------------------------------------------------------------------------------------


@contextmanager
def process(script: str, *args: Path | str) -> Iterator[subprocess.Popen[str]]:
    """A Python process that has printed "ready"; it ends when its standard input does."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.stdin.close()
        child.wait(timeout=60)
        child.stdout.close()


HOLD = """
import sys
from pathlib import Path
from dashboard.store import Store
with Store(Path(sys.argv[1])).building("ward"):
    print("ready", flush=True)
    sys.stdin.read()
"""

BUILD = """
import sys
from pathlib import Path
from dashboard.store import Store
from tests.unit.test_store import GOUT, Numbers, parsed

def step(stage, done, total):
    if stage == sys.argv[2] and done == total:
        print("ready", flush=True)
        sys.stdin.read()

Store(Path(sys.argv[1])).load("ward", parsed(GOUT), Numbers(), step=step)
"""


def test_a_second_builder_is_told_who_is_building(loaded: Store, m3_encoder: Encoder, tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as child:
        error = fails("kb_busy", loaded.load, "ward", parsed(GOUT), m3_encoder)
        assert (error.params["kb"], error.params["pid"]) == ("ward", child.pid)
        assert str(error.params["since"]).startswith("20")
        fails("kb_busy", loaded.delete, "ward")
        assert child.poll() is None
        # reading needs no lock, and another base has its own
        assert loaded.open("ward").entries == THREE
        assert loaded.load("clinic", parsed(GOUT), m3_encoder).added == 1
    assert loaded.load("ward", parsed(GOUT), m3_encoder).added == 1


def test_the_lock_counts_within_one_process_too(loaded: Store, m3_encoder: Encoder) -> None:
    with loaded.building("ward"):
        assert fails("kb_busy", loaded.load, "ward", parsed(GOUT), m3_encoder).params["pid"] == os.getpid()
    assert loaded.load("ward", parsed(GOUT), m3_encoder).added == 1


@pytest.mark.parametrize("stage", ["passages", "index"])
def test_a_builder_killed_in_the_middle_does_no_harm(
    loaded: Store, m3_encoder: Encoder, tmp_path: Path, stage: str
) -> None:
    active = loaded.active("ward")
    with process(BUILD, tmp_path, stage) as child:
        fails("kb_busy", loaded.load, "ward", parsed(GOUT), m3_encoder)
        child.send_signal(signal.SIGKILL)
        assert child.wait(timeout=60) == -signal.SIGKILL
    left = [p for p in (loaded.root / "ward").glob("v*") if p.name != active]
    assert [(p / "meta.json").exists() for p in left] == [False]
    assert (left[0] / "chroma").exists() == (stage == "index")
    assert json.loads((loaded.root / "ward" / "active.json").read_text()) == {"version": active}
    assert [m.version for m in loaded.versions("ward")] == [active]
    assert loaded.open("ward").entries == THREE
    report = loaded.load("ward", parsed(*THREE, GOUT), m3_encoder)
    assert (report.added, report.unchanged) == (1, 3)
    assert not left[0].exists()
    assert loaded.open("ward").entries == (*THREE, GOUT)
