"""The command line, as the contract of every automated check has it."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard import services
from dashboard.cli import main
from dashboard.services import Services
from dashboard.settings import Settings

KB = [
    {"id": "flu", "disease": "流行性感冒", "disease_en": "Influenza", "symptoms": ["高热", "肌肉酸痛", "乏力"],
     "symptoms_en": ["high fever", "muscle ache", "fatigue"], "urgent": False},
    {"id": "mi", "disease": "急性心肌梗死", "disease_en": "Acute myocardial infarction", "symptoms": ["胸痛", "出冷汗"],
     "symptoms_en": ["chest pain", "cold sweat"], "urgent": True,
     "red_flags": [{"flag": "持续胸痛", "flag_en": "lasting chest pain", "reason": "立即心电图", "reason_en": "ECG at once"}]},
    {"id": "prostate", "disease": "前列腺增生", "symptoms": ["尿频", "排尿费力"], "sex": "male"},
]  # fmt: skip
SEARCH_KEYS = {
    "wanted",
    "query",
    "kb",
    "version",
    "encoder",
    "reranker",
    "status",
    "findings",
    "candidates",
    "cant_miss",
    "notices",
    "timings_ms",
}
CANDIDATE_KEYS = {
    "rank",
    "id",
    "disease",
    "disease_en",
    "band",
    "score",
    "scores",
    "evidence",
    "unexplained",
    "against",
    "ask",
}

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(m3_folder: Path, own_data: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command with --json on the tiny model: exit code and the parsed answer."""
    # Names are all alike to random weights: what another base lends has tests of its own.
    settings = Settings(data=own_data, encoder=str(m3_folder), reranker="none", counterparts=False)
    with services.replaced(Services(settings)):

        def go(*arguments: str) -> tuple[int, Any]:
            code = main([*arguments, "--json"])
            out = capsys.readouterr().out
            lines = [json.loads(line) for line in out.splitlines()]
            return code, lines[0] if len(lines) == 1 else lines

        yield go


@pytest.fixture
def ward(run: Run, tmp_path: Path) -> Run:
    file = tmp_path / "ward.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in KB), encoding="utf-8")
    code, report = run("load", str(file))
    assert (code, report["kb"], report["added"]) == (0, "ward", 3)
    return run


def test_load_accounts_for_every_row(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text(json.dumps([*KB, {"disease": "无症状"}, KB[0]], ensure_ascii=False), encoding="utf-8")
    code, report = run("load", str(file), "--lang", "en")
    assert code == 0
    assert report.keys() == {
        "kb",
        "version",
        "encoder",
        "rows",
        "added",
        "changed",
        "unchanged",
        "removed",
        "rejected",
        "seconds",
    }
    assert report["rows"] == 5 == report["added"] + report["changed"] + report["unchanged"] + len(report["rejected"])
    assert [r["row"] for r in report["rejected"]] == [4, 5]
    assert report["rejected"][0]["problem"] == "has no symptoms"
    file.write_text(
        json.dumps([KB[0] | {"symptoms": ["高热", "咳嗽", "乏力"]}, KB[1]], ensure_ascii=False), encoding="utf-8"
    )
    _, report = run("load", str(file))
    assert (report["added"], report["changed"], report["unchanged"], report["removed"]) == (0, 1, 1, 1)
    _, listed = run("kb", "list")
    assert [(m["version"], m["active"]) for m in listed] == [("v0002", True), ("v0001", False)]
    assert run("kb", "use", "base", "v0001")[0] == 0
    _, listed = run("kb", "list")
    assert [(m["version"], m["active"]) for m in listed] == [("v0002", False), ("v0001", True)]


def test_load_maps_columns(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mapped.jsonl"
    file.write_text('{"id": "a1", "title": "某病", "abstract": "发热、咳嗽"}\n', encoding="utf-8")
    code, report = run("load", str(file), "--map", "disease=title", "--map", "symptoms=abstract")
    assert (code, report["added"], report["rejected"]) == (0, 1, [])
    code, answer = run("load", str(file), "--map", "disease=nothing")
    assert (code, answer["error"]["code"]) == (1, "mapping_unknown_column")
    assert "title" in answer["error"]["hint"]


def test_search_answers_with_the_whole_contract(ward: Run) -> None:
    code, answer = ward("search", "胸痛两小时，出冷汗，没有高热", "--kb", "ward")
    assert code == 0
    assert answer.keys() == SEARCH_KEYS
    assert answer["findings"] == [
        {"text": "胸痛", "status": "present"},
        {"text": "出冷汗", "status": "present"},
        {"text": "高热", "status": "absent"},
    ]
    first = next(c for c in answer["candidates"] if c["id"] == "mi")  # random weights rank as they like
    assert first.keys() >= CANDIDATE_KEYS
    assert first["scores"].keys() == {"dense", "sparse", "multi_vector", "findings", "fused", "rerank"}
    assert first["scores"]["rerank"] is None
    assert {"finding": "胸痛", "symptom": "胸痛", "similarity": 1.0} in first["evidence"]
    assert [c["rank"] for c in answer["candidates"]] == [1, 2, 3]
    assert answer["cant_miss"][0]["id"] == "mi"
    assert answer["timings_ms"]["rerank"] is None
    assert answer["timings_ms"]["encode"] > 0
    flu = next(c for c in answer["candidates"] if c["id"] == "flu")
    assert flu["against"][0]["finding"] == "高热"


def test_search_takes_the_patient_into_account(ward: Run) -> None:
    _, answer = ward("search", "尿频，排尿费力", "--kb", "ward", "--sex", "female", "--age", "3y")
    prostate = next(c for c in answer["candidates"] if c["id"] == "prostate")
    assert prostate["misfits"] == ["sex"]
    _, plain = ward("search", "尿频，排尿费力", "--kb", "ward")
    assert next(c for c in plain["candidates"] if c["id"] == "prostate")["score"] > prostate["score"]


def test_search_dense_only_runs_no_other_stage(ward: Run) -> None:
    _, answer = ward("search", "chest pain", "--kb", "ward", "--mode", "dense", "--top", "1")
    (candidate,) = answer["candidates"]
    assert candidate["scores"]["dense"] is not None
    assert {candidate["scores"][k] for k in ("sparse", "multi_vector", "findings", "rerank")} == {None}


def test_a_text_from_stdin_stays_out_of_the_arguments(ward: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("胸痛".encode()), encoding="utf-8"))
    _, answer = ward("search", "-", "--kb", "ward")
    assert answer["query"] == "胸痛"


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "query_empty"), ("痛", "query_short"), ("头痛，" * 3000, "query_long"), ("🙂🙂", "query_short")],
)
def test_what_cannot_be_searched_fails_with_code_and_hint(text: str, code: str, ward: Run) -> None:
    for language in ("zh", "en"):
        exit_code, answer = ward("search", text, "--kb", "ward", "--lang", language)
        assert exit_code == 1
        assert answer["error"]["code"] == code
        assert answer["error"]["message"]
        assert answer["error"]["hint"]


def test_an_unknown_base_is_named(ward: Run) -> None:
    code, answer = ward("search", "胸痛", "--kb", "nothing", "--lang", "en")
    assert (code, answer["error"]["code"]) == (1, "kb_unknown")
    assert "ward" in answer["error"]["hint"]


def test_another_encoder_blocks_the_search(
    ward: Run, own_data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tests.checkpoints import write_m3

    other = write_m3(tmp_path / "other-m3", seed=99)
    with services.replaced(Services(Settings(data=own_data, encoder=str(other), reranker="none"))):
        assert main(["search", "胸痛", "--kb", "ward", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "encoder_mismatch"


def test_similarity_of_two_texts_and_of_a_file(run: Run, tmp_path: Path) -> None:
    _, answer = run("similarity", "胸痛", "胸痛")
    assert answer.keys() == {"cosine", "percent", "level", "encoder", "scores"}
    assert (answer["cosine"], answer["percent"], answer["level"]) == (1.0, 100.0, "very_similar")
    file = tmp_path / "pairs.jsonl"
    file.write_text(
        '{"text_a": "发热", "text_b": "发热", "n": 1}\n{"text_a": "a b", "text_b": "头痛"}\n', encoding="utf-8"
    )
    _, lines = run("similarity", "--pairs", str(file))
    assert [set(line) for line in lines] == [
        {"text_a", "text_b", "n", "cosine", "level"},
        {"text_a", "text_b", "cosine", "level"},
    ]
    assert lines[0]["cosine"] == 1.0
    file.write_text('{"text_a": "发热"}\n', encoding="utf-8")
    code, answer = run("similarity", "--pairs", str(file))
    assert (code, answer["error"]["code"]) == (1, "lines_bad_row")


def test_matrix_groups_terms(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    file.write_text("发热\n发热\n头痛\n\n胸痛\n", encoding="utf-8")
    _, answer = run("matrix", str(file), "--threshold", "0.999")
    assert answer["terms"] == ["发热", "头痛", "胸痛"]
    assert [row[i] for i, row in enumerate(answer["matrix"])] == [1.0, 1.0, 1.0]
    assert sorted(t for group in answer["groups"] for t in group) == sorted(answer["terms"])


def test_encode_writes_unit_vectors(run: Run, tmp_path: Path) -> None:
    file, out = tmp_path / "texts.jsonl", tmp_path / "vectors.npy"
    file.write_text('{"text": "发热"}\n{"text": "cough and fever"}\n', encoding="utf-8")
    assert run("encode", str(file), "--out", str(out))[0] == 0
    vectors = np.load(out)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == 2
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_resolve_reads_a_measured_value(run: Run) -> None:
    _, answers = run("resolve", "烧到39.6", "BP 180/110")
    assert [a["wording"] for a in answers] == ["高热", "血压升高"]


def test_resolve_finds_an_equal_wording_first(run: Run) -> None:
    _, (answer,) = run("resolve", "拉肚子")
    assert answer == {"term": "拉肚子", "concept": "diarrhoea", "wording": "拉肚子", "similarity": 1.0}


def test_evaluate_counts_ties_against_and_reports_silence(ward: Run, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    rows = [
        {"query": "胸痛，出冷汗", "relevant": ["mi"]},
        {"query": "尿频，排尿费力", "relevant": ["absent-id"]},
        {"query": "？", "relevant": []},
    ]
    file.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    _, report = ward("evaluate", str(file), "--kb", "ward")
    assert report["n"] == 3
    assert report["hit@1"] == 0.5 == report["hit@50"]
    assert report["no_match_recall"] == 1.0
    assert report["ci95"]["hit@1"] == [0.0, 1.0]
    assert set(report) == {
        "n",
        "hit@1",
        "hit@3",
        "hit@5",
        "hit@10",
        "hit@50",
        "mrr@10",
        "ndcg@10",
        "ci95",
        "no_match_recall",
        "latency_ms",
    }


def test_evaluate_calibrates_the_bands_of_a_base(ward: Run, tmp_path: Path) -> None:
    _, before = ward("search", KB[0]["symptoms"][0], "--kb", "ward")
    assert "bands_uncalibrated" in before["notices"]
    rows = [{"query": s, "relevant": [r["id"]]} for r in KB for s in r["symptoms"]] * 10
    file = tmp_path / "queries.jsonl"
    file.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    code, report = ward("evaluate", str(file), "--kb", "ward", "--calibrate")
    assert code == 0
    (edges,) = report["bands"].values()
    assert edges == sorted(edges, reverse=True)
    _, after = ward("search", KB[0]["symptoms"][0], "--kb", "ward")
    assert "bands_uncalibrated" not in after["notices"]
    first = after["candidates"][0]
    assert first["band"] == next(
        (name for name, low in zip(("strong", "possible", "weak"), edges, strict=True) if first["score"] >= low), "none"
    )


def test_the_built_in_base_keeps_its_name(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps(KB[0], ensure_ascii=False), encoding="utf-8")
    code, answer = run("load", str(file), "--kb", "builtin")
    assert (code, answer["error"]["code"]) == (1, "kb_reserved")


def test_dense_scores_set_no_bands(ward: Run, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"query": "胸痛", "relevant": ["mi"]}', encoding="utf-8")
    code, answer = ward("evaluate", str(file), "--kb", "ward", "--calibrate", "--mode", "dense")
    assert (code, answer["error"]["code"]) == (1, "calibrate_dense")


def test_too_few_queries_calibrate_nothing(ward: Run, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"query": "胸痛", "relevant": ["mi"]}', encoding="utf-8")
    code, answer = ward("evaluate", str(file), "--kb", "ward", "--calibrate")
    assert (code, answer["error"]["code"]) == (1, "calibrate_few")


def test_identifiers_never_reach_the_search(ward: Run) -> None:
    _, answer = ward("search", "电话13812345678，胸痛", "--kb", "ward")
    assert "13812345678" not in json.dumps(answer)


def test_models_list_says_what_is_in_use(run: Run, m3_folder: Path) -> None:
    _, listed = run("models", "list")
    assert [m["folder"] for m in listed if m["in_use"] and m["role"] == "encoder"] == [str(m3_folder)]
    code, answer = run("models", "path", "bge-m3")
    assert (code, answer["error"]["code"]) == (1, "model_not_here")


def test_wrong_usage_exits_with_2() -> None:
    for arguments in ([], ["search"], ["search", "x", "--mode", "nonsense"], ["similarity", "only one"]):
        done = subprocess.run([sys.executable, "-m", "dashboard", *arguments], capture_output=True, check=False)
        assert done.returncode == 2, arguments
