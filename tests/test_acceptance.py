"""The embedded default as it is shipped: what it must find, grade and reject, through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dashboard.checkpoint import COMPACT

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
CASES = json.loads((DATA / "acceptance.json").read_text(encoding="utf-8"))
PRESENTATIONS = [json.loads(line) for line in (DATA / "presentations.jsonl").read_text(encoding="utf-8").splitlines()]
MEGABYTES = 60


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ZHENLU_")}
    data = str(tmp_path_factory.mktemp("acceptance"))
    return env | {"ZHENLU_DATA": data, "ZHENLU_ENCODER": "compact", "ZHENLU_RERANKER": "compact", "HF_HUB_OFFLINE": "1"}


def run(environment: dict[str, str], *arguments: str, stdin: str | None = None) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", *arguments, "--json"],
        cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES["searches"], ids=[c["query"][:12] for c in CASES["searches"]])
def test_the_four_presentations(case: dict, environment: dict[str, str]) -> None:
    answer = run(environment, "search", "-", stdin=case["query"])
    ids = [c["id"] for c in answer["candidates"]]
    assert ids[0] in case["first"], ids
    if case.get("absent"):
        assert {"text": case["absent"], "status": "absent"} in answer["findings"]


@pytest.mark.parametrize("pair", CASES["similarity"], ids=[p["texts"][0][:8] for p in CASES["similarity"]])
def test_similarity_levels(pair: dict, environment: dict[str, str]) -> None:
    assert run(environment, "similarity", *pair["texts"])["level"] in pair["levels"]


def test_sixteen_of_twenty_unseen_presentations_are_right_in_the_first_three(
    environment: dict[str, str], tmp_path: Path
) -> None:
    assert len(PRESENTATIONS) == 20
    assert sum(p["lang"] == "zh" for p in PRESENTATIONS) == 10
    file = tmp_path / "presentations.jsonl"
    file.write_text("\n".join(json.dumps(p, ensure_ascii=False) for p in PRESENTATIONS), encoding="utf-8")
    report = run(environment, "evaluate", str(file))
    assert report["n"] == 20
    assert report["hit@3"] >= 0.8, report


def test_the_models_are_small_and_say_what_they_are() -> None:
    folder = COMPACT["encoder"].parent
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < MEGABYTES * 1_000_000
    for model in COMPACT.values():
        assert (model / "README.md").is_file()
        assert json.loads((model / "zhenlu.json").read_text(encoding="utf-8"))["bands_kb"] == "builtin"
