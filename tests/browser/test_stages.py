"""Two stages: the first list at once, then the reranker's. Every entry is reranked here, which takes a while."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.services import BUILTIN_FILE
from tests.browser.conftest import App, chip, search, settled, start

ALL = len(BUILTIN_FILE.read_text(encoding="utf-8").splitlines())
# Notes what stands in the line and which candidates below it, at every change of the page.
WATCH = """() => {
    window.seen = [];
    new MutationObserver(() => {
        const line = document.querySelector('[data-testid="status-line"]');
        if (!line) return;
        const cards = [...document.querySelectorAll('[data-testid="candidate"]')];
        const now = [line.textContent, cards.map(c => c.dataset.entry)];
        if (JSON.stringify(now) !== JSON.stringify(window.seen.at(-1))) window.seen.push(now);
    }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


@pytest.fixture(scope="module")
def slow(ready: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    log = tmp_path_factory.mktemp("slow") / "server.log"
    settings = {"ZHENLU_RECALL": str(ALL), "ZHENLU_RERANK_SECONDS": "600", "ZHENLU_RERANK_BFLOAT16": "false"}
    running, process = start(ready.data, log, **settings)
    yield running
    process.terminate()
    process.wait(timeout=30)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_first_list_comes_at_once_and_stop_keeps_what_is_there(
    language: str, slow: App, visit: Callable[..., Page]
) -> None:
    page = visit(language=language, server=slow)
    reranked, stop, stopped = {
        "zh": ("重排", "停止重排", "已停"),
        "en": ("reranked", "Stop reranking", "stopped"),
    }[language]
    page.evaluate(WATCH)
    search(
        page,
        {"zh": "突发胸痛、大汗、呼吸困难、晕厥", "en": "chest pain, cold sweat, breathlessness, no fever"}[language],
    )
    line = page.get_by_test_id("status-line")
    expect(line).to_contain_text(re.compile(rf"{reranked} [1-9]\d+/{ALL} …"))
    expect(page.locator(".zl-moved").first).to_be_visible()
    page.get_by_role("button", name=stop).click()
    expect(line).to_contain_text(stopped)
    settled(page)
    expect(page.get_by_role("button", name=stop)).to_have_count(0)
    done = re.search(rf"{reranked} (\d+)/{ALL} {stopped}", line.inner_text())
    assert done and 0 < int(done[1]) < ALL

    lists = [ids for said, ids in page.evaluate("window.seen") if f"{reranked} 0/{ALL}" in said]
    first, cards = lists[-1], page.get_by_test_id("candidate")
    assert len(first) == cards.count() == 5
    for now, card in enumerate(cards.all()):
        entry = card.get_attribute("data-entry")
        moved = (card.locator(".zl-moved").all_inner_texts() or ["0"])[0]
        gained = int(moved.replace("↑", "+").replace("↓", "-"))
        assert gained == first.index(entry) - now if entry in first else gained > 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_query_typed_meanwhile_ends_the_old_one(language: str, slow: App, visit: Callable[..., Page]) -> None:
    page = visit(language=language, server=slow)
    old, new = {
        "zh": ("尿频、尿急、尿痛", "怕热、手抖、体重下降"),
        "en": ("painful frequent urination, cloudy urine", "heat intolerance, tremor, weight loss"),
    }[language]
    tremor = {"zh": "手抖", "en": "tremor"}[language]
    line = page.get_by_test_id("status-line")
    search(page, old)
    expect(line).to_contain_text(re.compile(rf" [1-9]\d*/{ALL} …"))
    page.evaluate(WATCH)
    search(page, new)
    expect(chip(page, "present", tremor)).to_have_count(1)
    expect(page.locator('[data-entry="graves-disease"], [data-entry="hyperthyroidism"]').first).to_be_visible()
    expect(line).to_contain_text("…")
    assert f"{ALL}/{ALL}" not in str(page.evaluate("window.seen"))
    page.get_by_role("button", name={"zh": "停止重排", "en": "Stop reranking"}[language]).click()
    expect(line).to_contain_text({"zh": "已停", "en": "stopped"}[language])
    expect(chip(page, "present", tremor)).to_have_count(1)
    expect(page.get_by_text({"zh": "本次会话（2）", "en": "This session (2)"}[language])).to_be_visible()
