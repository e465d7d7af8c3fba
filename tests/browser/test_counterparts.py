"""A ward's own base of a few words an entry: found by what the built-in base knows of the same diseases, and said so."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.store import Store
from tests.browser.conftest import ROOT, App, choose, ranked, search, settled

THIN = """{"id": "t1", "disease": "急性阑尾炎", "symptoms": ["腹痛"]}
{"id": "t2", "disease": "甲亢", "symptoms": ["心悸"]}
{"id": "t3", "disease": "痛风", "symptoms": ["关节痛"]}
{"id": "t4", "disease": "某科自定的条目", "symptoms": ["皮疹", "发热"]}
"""


@pytest.fixture
def thin(ready: App, tmp_path: Path) -> Iterator[str]:
    """Loaded with the command, beside the server that runs; gone after the test."""
    file = tmp_path / "thin.jsonl"
    file.write_text(THIN, encoding="utf-8")
    env = os.environ | {"ZHENLU_DATA": str(ready.data), "ZHENLU_ENCODER": "compact"}
    subprocess.run(
        [sys.executable, "-m", "dashboard", "load", str(file), "--kb", "thin"], cwd=ROOT, env=env, check=True
    )
    yield "thin"
    Store(ready.data).delete("thin")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_thin_entry_is_found_and_the_page_says_by_what(
    language: str, thin: str, ready: App, visit: Callable[..., Page]
) -> None:
    page, en = visit(language=language), language == "en"
    choose(page, ("知识库", "Knowledge base")[en], thin)
    search(page, ("怕热，手抖，体重下降，吃得多", "cannot stand heat, shaky hands, weight loss, eating a lot")[en])
    assert ranked(page)[0] == "t2"
    first = page.locator('[data-testid="stVerticalBlock"]:has(> * [data-entry="t2"])').last
    expect(first.locator(".zl-by")).to_have_text(("内置库“甲状腺功能亢进症”", "built-in “Hyperthyroidism”")[en])
    expect(first.locator(".zl-lent").filter(has_text=("手抖", "shaky hands")[en])).to_have_count(1)
    expect(page.locator('[data-testid="stMain"]')).to_contain_text(
        ("得分也参考了该条目", "that entry counts too")[en]
    )  # fmt: skip
    first.locator('[data-testid="stExpander"]').first.click()
    expect(page.get_by_test_id("how").first).to_contain_text(("上调", "raised by")[en])
    settled(page)
    page.get_by_role("button", name=("复制为文本", "Copy as text")[en]).click()
    expect(page.get_by_test_id("stCode")).to_contain_text(
        ("内置库“甲状腺功能亢进症”：", "built-in “Hyperthyroidism”: ")[en]
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_emergency_is_shown_that_only_the_built_in_base_marks(
    language: str, thin: str, ready: App, visit: Callable[..., Page]
) -> None:
    page, en = visit(language=language), language == "en"
    choose(page, ("知识库", "Knowledge base")[en], thin)
    search(
        page,
        ("脐周痛转移到右下腹，恶心，低热", "pain moving from the navel to the right lower belly, nausea, low fever")[
            en
        ],
    )
    ranked(page)
    panel = page.get_by_test_id("cant-miss")
    expect(panel).to_contain_text("急性阑尾炎")
    expect(panel).to_contain_text(("内置库标为急症", "urgent by the built-in base")[en])
