"""What the built-in base lends to a base that has a disease of the same name."""

import json
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard import cli
from dashboard import services as services_module
from dashboard.cli import search_document
from dashboard.counterparts import SHARE, WITNESS, Counterparts, completed, pair
from dashboard.domain import Entry, Evidence, Patient, RedFlag, ZhenluError
from dashboard.records import Parsed
from dashboard.retrieval import Options, Parts, retrieve, understand
from dashboard.search import search
from dashboard.services import BUILTIN, Services
from dashboard.settings import Settings
from dashboard.store import KnowledgeBase, Store
from dashboard.takeaway import as_csv, as_text

KNOWN = (
    Entry("migraine", "偏头痛", ("搏动性头痛", "畏光", "恶心"), "Migraine", symptoms_en=("pulsating headache", "light sensitivity", "nausea")),
    Entry("mi", "心梗", ("胸痛", "冷汗"), "Heart attack", ("急性心肌梗死",), symptoms_en=("chest pain", "cold sweat")),
    Entry("gout", "痛风", ("关节红肿", "夜间剧痛")),
)  # fmt: skip
WARD = (
    Entry("1", "急性心肌梗死", ("胸骨后不适",), urgent=True, red_flags=(RedFlag("持续胸痛"),)),
    Entry("2", "migraine", ("one-sided pain",)),
    Entry("3", "白血病", ("乏力", "出血")),
    Entry("4", "感冒", ("流涕", "打喷嚏")),
)
Load = Callable[[str, Sequence[Entry]], KnowledgeBase]


@pytest.fixture
def load(m3_encoder: Any, tmp_path: Path) -> Load:
    def loaded(name: str, entries: Sequence[Entry]) -> KnowledgeBase:
        store = Store(tmp_path)
        store.load(name, Parsed(tuple(entries), (), len(entries)), m3_encoder)
        return store.open(name)

    return loaded


@pytest.fixture
def parts(load: Load, m3_encoder: Any) -> Parts:
    kb, encoder = load("ward", WARD), copy(m3_encoder)
    encoder.calibration = replace(encoder.calibration, evidence=0.999)  # its random vectors are all alike
    return Parts(kb, encoder, None, counterparts=pair(kb, load(BUILTIN, KNOWN), 0.9999))


def test_a_name_or_an_alias_in_common_pairs_entries_whatever_the_case(parts: Parts) -> None:
    found = parts.counterparts
    assert found is not None
    assert dict(zip(found.entries.tolist(), found.lenders.tolist(), strict=True)) == {0: 1, 1: 0}
    assert found.alike.tolist() == [1.0, 1.0]


def test_like_names_pair_by_how_alike_they_are(load: Load) -> None:
    ours, theirs = load("ward", WARD[2:]), load(BUILTIN, KNOWN)
    assert ours.name_vectors is not None
    assert theirs.name_vectors is not None
    similarity = np.maximum.reduceat(ours.name_vectors @ theirs.name_vectors.T, theirs.name_starts[:-1], axis=1)
    floor = float(np.sort(similarity.ravel())[-2]) - 1e-4  # two pairs are over it
    found = pair(ours, theirs, floor)
    assert found is not None
    expected = (similarity - floor) / (1 - floor)
    assert len(found.alike) == 2
    np.testing.assert_allclose(found.alike, expected[found.entries, found.lenders], atol=1e-5)
    assert pair(ours, theirs, 0.9999) is None


def test_an_entry_with_a_name_in_common_has_no_counterpart_of_a_like_name(load: Load) -> None:
    found = pair(load("ward", WARD), load(BUILTIN, KNOWN), -1.0)  # all names are alike
    assert found is not None
    by = {i: found.lenders[found.entries == i].tolist() for i in range(4)}
    assert by == {0: [1], 1: [0], 2: [0, 1, 2], 3: [0, 1, 2]}
    assert set(found.same) == {0, 1}
    assert max(found.alike[found.entries > 1]) < 1


def test_a_like_name_of_the_other_side_is_another_disease(load: Load) -> None:
    theirs = load(BUILTIN, [Entry("l", "左侧气胸", ("胸痛",)), Entry("r", "右侧气胸", ("胸痛",), "right pneumothorax")])
    found = pair(load("ward", [Entry("1", "气胸（左）", ("胸痛",))]), theirs, 0.0)
    assert found is not None
    assert found.lenders.tolist() == [0]


def test_a_base_of_an_older_edition_is_paired_by_equal_names_only(load: Load) -> None:
    kb = replace(load("ward", WARD), name_vectors=None)
    found = pair(kb, load(BUILTIN, KNOWN), -1.0)
    assert found is not None
    assert found.entries.tolist() == [0, 1]
    assert pair(load("x", WARD[2:]), replace(load(BUILTIN, KNOWN), name_vectors=None), -1.0) is None


def test_of_two_with_a_name_in_common_the_urgent_one_marks(load: Load) -> None:
    theirs = load(BUILTIN, [Entry("a", "卒中", ("偏瘫",), urgent=True), Entry("b", "头晕", ("眩晕",))])
    found = pair(load("ward", [Entry("1", "卒中", ("失语",), aliases=("头晕",))]), theirs, 0.99)
    assert found is not None
    assert found.same[0].id == "a"


def test_a_score_rises_half_of_the_way_and_never_falls(parts: Parts) -> None:
    pairs = Counterparts(parts.kb, np.array([0, 1, 1, 5]), np.array([0, 1, 2, 0]), np.array([1.0, 1.0, 0.5, 1.0]))
    known = np.array([0.7, 0.2, 0.9])
    lifts, lenders = pairs.lift(known, np.array([0, 1, 3]), np.array([0.5, 0.6, 0.4]))
    np.testing.assert_allclose(lifts, [SHARE * (0.2 + WITNESS), 0.5 * SHARE * (0.3 + WITNESS), 0.0])
    assert lenders.tolist() == [0, 2, -1]
    not_recalled, nobody = pairs.lift(np.full(3, -1.0), np.array([0, 1, 3]), np.array([0.0, 0.0, 0.0]))
    assert not_recalled.tolist() == [0, 0, 0]
    assert nobody.tolist() == [-1, -1, -1]
    assert pairs.recall(known, 2) == {0, 5}
    assert pairs.recall(known, 9) == {0, 1, 5}
    assert pairs.recall(np.full(3, -1.0), 9) == set()


def test_what_only_the_counterpart_knows_lifts_the_entry_and_is_told_as_its_own(parts: Parts) -> None:
    query = understand("胸痛，冷汗")
    *_, alone = search(replace(parts, counterparts=None), query, Options())
    *_, lent = search(parts, query, Options())
    before, after = ({c.entry.id: c for c in result.candidates} for result in (alone, lent))
    assert after["1"].rank == 1
    assert after["1"].counterpart is not None
    assert after["1"].counterpart.entry.id == "mi"
    assert after["1"].counterpart.lift > 0.05
    assert after["1"].scores.fused == pytest.approx(before["1"].scores.fused + after["1"].counterpart.lift, abs=2e-4)
    assert before["1"].counterpart is None
    assert after["1"].counterpart.score > before["1"].scores.fused
    assert before["1"].unexplained == ("胸痛", "冷汗")
    assert after["1"].counterpart.evidence == (Evidence("胸痛", "胸痛", 1.0), Evidence("冷汗", "冷汗", 1.0))
    assert after["1"].unexplained == ()
    assert after["1"].evidence == before["1"].evidence  # of the entry's own text
    assert after["3"].counterpart is None
    assert after["3"].score == pytest.approx(before["3"].score, abs=1e-6)
    assert lent.notices == (*alone.notices, "counterparts")
    assert [(m.entry.id, m.lent) for m in lent.cant_miss] == [("1", False)]
    assert lent.cant_miss[0].evidence == after["1"].counterpart.evidence
    assert lent.cant_miss[0].red_flag == RedFlag("持续胸痛")


def test_an_emergency_that_the_ward_s_base_does_not_mark_is_marked_by_its_counterpart(load: Load, parts: Parts) -> None:
    kb = load("ward", [replace(WARD[0], urgent=False, red_flags=()), *WARD[1:]])
    urgent = load(BUILTIN, [replace(e, urgent=e.id == "mi", red_flags=(RedFlag("压榨样胸痛"),)) for e in KNOWN])
    unmarked = replace(parts, kb=kb, counterparts=pair(kb, urgent, 0.9999))
    query = understand("胸痛，冷汗")
    *_, result = search(unmarked, query, Options())
    (item,) = result.cant_miss
    assert (item.entry.id, item.lent, item.red_flag) == ("1", True, RedFlag("压榨样胸痛"))
    when = datetime(2026, 1, 2, tzinfo=UTC)
    assert "! 急性心肌梗死 （内置库标为急症）\n" in as_text(result, "zh", when)
    assert "! 急性心肌梗死 (urgent by the built-in base)\n" in as_text(result, "en", when)
    assert search_document(result)["cant_miss"][0]["lent"] is True
    for alone in (
        replace(unmarked, counterparts=None),
        replace(unmarked, counterparts=pair(kb, load("x", KNOWN), 0.99)),
    ):
        assert [*search(alone, query, Options())][-1].cant_miss == ()
    (dense,) = search(unmarked, query, Options(mode="dense"))
    assert dense.cant_miss == ()


def test_a_denied_symptom_of_the_counterpart_lifts_less(parts: Parts) -> None:
    with_it, without = (retrieve(parts, understand(text), Options()) for text in ("冷汗，没有胸痛", "冷汗"))
    row = int(np.flatnonzero(with_it.entries == 0)[0])
    assert with_it.lifts[row] < without.lifts[row]
    assert with_it.present[row] == pytest.approx(without.present[row], abs=1e-6)  # what can't-miss goes by


def test_an_entry_that_no_channel_recalls_is_found_by_its_counterpart(load: Load, m3_encoder: Any) -> None:
    many = [Entry(f"n{i}", f"病{i}", (f"胸痛{i}", f"冷汗{i}")) for i in range(30)]
    kb = load("ward", [*many, Entry("1", "急性心肌梗死", ("unlike anything else asked",))])
    parts = Parts(kb, m3_encoder, None, counterparts=pair(kb, load(BUILTIN, KNOWN), 0.9999))
    query = understand("胸痛，冷汗")
    assert 30 not in retrieve(replace(parts, counterparts=None), query, Options(recall=2)).entries
    assert 30 in retrieve(parts, query, Options(recall=2)).entries


def test_whom_a_disease_is_about_is_taken_from_the_entry_of_the_same_name(load: Load, parts: Parts) -> None:
    theirs = load(BUILTIN, [replace(e, sex="female", ages=("child",), urgent=e.id == "mi") for e in KNOWN])
    parts = replace(parts, counterparts=pair(parts.kb, theirs, 0.9999))
    *_, result = search(parts, understand("胸痛，冷汗"), Options(patient=Patient(age_years=40, sex="male")))
    by = {c.entry.id: c for c in result.candidates}
    assert by["1"].misfits == ("sex", "age")
    assert by["3"].misfits == ()
    assert result.cant_miss[0].misfits == ("sex", "age")
    mine = Entry("1", "心梗", ("胸痛",), sex="male", ages=("adult",), pregnancy="never")
    other = Entry("2", "心梗", ("胸痛",), sex="female", ages=("child",), pregnancy="only")
    assert completed(mine, other) == mine


def test_a_text_that_the_counterpart_understands_is_enough(parts: Parts) -> None:
    query = understand("胸痛，冷汗")
    alone, lent = (retrieve(p, query, Options()) for p in (replace(parts, counterparts=None), parts))
    assert lent.told > alone.told


def test_dense_alone_asks_nobody(parts: Parts) -> None:
    recalled = retrieve(parts, understand("胸痛，冷汗"), Options(mode="dense"))
    assert recalled.lent is None
    (result,) = search(parts, understand("胸痛，冷汗"), Options(mode="dense"))
    assert all(c.counterpart is None for c in result.candidates)


def test_documents_name_the_counterpart(parts: Parts) -> None:
    *_, result = search(parts, understand("胸痛，冷汗"), Options())
    first, *rest = search_document(result)["candidates"]
    assert first["counterpart"]["id"] == "mi"
    assert [e["symptom"] for e in first["counterpart"]["evidence"]] == ["胸痛", "冷汗"]
    assert rest[-1]["counterpart"] is None
    json.dumps(search_document(result))
    when = datetime(2026, 1, 2, tzinfo=UTC)
    assert "内置库“心梗”：胸痛 1.00；冷汗 1.00" in as_text(result, "zh", when)
    assert "built-in “Heart attack”: 胸痛 1.00; 冷汗 1.00" in as_text(result, "en", when)
    assert "Heart attack: 胸痛 1.00; 冷汗 1.00" in as_csv(result, "en", when)


@pytest.fixture
def served(m3_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Services]:
    """Services with a small built-in base and a ward's."""
    file = tmp_path / "known.jsonl"
    file.write_text('{"disease": "心梗", "symptoms": ["胸痛", "冷汗"]}\n', encoding="utf-8")
    monkeypatch.setattr(services_module, "BUILTIN_FILE", file)

    def made(**changes: Any) -> Services:
        found = Services(Settings(data=tmp_path / "data", encoder=str(m3_folder), reranker="none", **changes))
        for name, entries in ((BUILTIN, KNOWN), ("ward", WARD)):
            if found.store.active(name) is None:
                found.store.load(name, Parsed(tuple(entries), (), len(entries)), found.encoder)
        return found

    return made


def test_every_base_but_the_built_in_one_is_lent_to_unless_the_setting_says_no(served: Callable[..., Services]) -> None:
    found = served()
    pairs = found.parts("ward").counterparts
    assert pairs is not None
    assert found.parts("ward").counterparts is pairs  # made once
    assert found.parts(BUILTIN).counterparts is None
    assert served(counterparts=False).parts("ward").counterparts is None
    assert served(counterparts=False).models_key != found.models_key


def test_a_built_in_base_of_another_version_is_paired_anew(served: Callable[..., Services]) -> None:
    found = served()
    before = found.parts("ward").counterparts
    found.store.load(BUILTIN, Parsed(KNOWN[:1], (), 1), found.encoder)
    after = found.parts("ward").counterparts
    assert before is not None
    assert after is not None
    assert {int(i) for i in before.lenders} == {0, 1, 2}
    assert {int(i) for i in after.lenders} == {0}
    assert after.kb.meta.version == "v0002"


def test_a_built_in_base_of_another_encoder_lends_nothing(served: Callable[..., Services], tmp_path: Path) -> None:
    found = served()
    meta = tmp_path / "data" / "kb" / BUILTIN / "v0001" / "meta.json"
    told = json.loads(meta.read_text(encoding="utf-8"))
    meta.write_text(json.dumps(told | {"fingerprint": "another"}), encoding="utf-8")
    assert found.parts("ward").counterparts is None


def test_the_command_loads_the_built_in_base_for_what_it_lends(
    m3_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known, ward = tmp_path / "known.jsonl", tmp_path / "ward.jsonl"
    known.write_text('{"id": "mi", "disease": "心梗", "symptoms": ["胸痛", "冷汗"]}\n', encoding="utf-8")
    ward.write_text('{"id": "1", "disease": "心梗", "symptoms": ["unlike"]}\n', encoding="utf-8")
    for module in (cli, services_module):
        monkeypatch.setattr(module, "BUILTIN_FILE", known)
    found = Services(Settings(data=tmp_path / "data", encoder=str(m3_folder), reranker="none"))
    found.encoder.calibration = replace(found.encoder.calibration, evidence=0.999)
    with services_module.replaced(found):
        assert cli.main(["load", str(ward), "--kb", "ward"]) == 0
        assert found.store.active(BUILTIN) is None
        capsys.readouterr()
        assert cli.main(["search", "胸痛，冷汗", "--kb", "ward"]) == 0
        assert found.store.active(BUILTIN) is not None
        assert "胸痛 ~ 胸痛 1.00 (builtin: 心梗)" in capsys.readouterr().out

        def busy(*_: object) -> None:
            raise ZhenluError("kb_busy", kb=BUILTIN, pid=1, since="now")

        monkeypatch.setattr(found, "needs_builtin", lambda: True)
        monkeypatch.setattr(cli, "_load_file", busy)
        assert cli.main(["search", "胸痛，冷汗", "--kb", "ward"]) == 0
        assert "goes without" in capsys.readouterr().err
        assert cli.main(["search", "胸痛，冷汗", "--kb", BUILTIN]) == 1
        found.settings.counterparts = False
        assert cli.main(["search", "胸痛，冷汗", "--kb", "ward"]) == 0
        assert "builtin:" not in capsys.readouterr().out
