"""The search page in a real Chromium: how soon a result stands, and many people searching at once.

    python benchmarks/pages.py [--searches 30] [--contexts 12] [--seconds 120] [--out FILE.json]

Times run from pressing Search to the first list, and to the last one, in the browser; beside them, taken in turns in
the same run and after the same rest, those of a page that only echoes what was typed. Then many browser contexts search
different things for a while: errors, answers that belong to another's question, and the server's memory are counted.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.conftest import FLAGS, PATIENCE, chromium_path, start

ECHO = """
import streamlit as st
with st.form("ask"):
    said = st.text_area("said")
    sent = st.form_submit_button("Search")
if sent:
    st.html(f'<div class="echo" data-said="{len(said)}">{said}</div>')
"""
SYMPTOMS = [
    "发热 咳嗽 咳痰", "右下腹痛 恶心", "尿频 尿急 尿痛", "怕热 手抖 消瘦", "胸痛 冷汗", "头痛 畏光 呕吐", "关节肿痛 晨僵", "口渴 多尿 体重下降",
    "说话不清 右侧肢体无力", "皮疹 瘙痒", "黄疸 纳差", "呼吸困难 下肢水肿", "腰痛 血尿", "听力下降 耳鸣", "视物模糊 眼痛", "便血 腹泻",
]  # fmt: skip
REST = 0.3  # seconds between searches: somebody reads the answer, and the page has drawn what stands below it
# Set before the button is pressed; the observer notes when the answer to exactly this text stands on the page. The line
# of the answer before may stand there still when the new chips do.
WATCH = """(wanted) => {
  window.zl = {start: performance.now()};
  const before = document.querySelector('[data-testid="status-line"]');
  const look = () => {
    const line = document.querySelector('[data-testid="status-line"]');
    const chips = document.querySelector('.st-key-chips');
    if (!line || line === before || !chips || !chips.innerText.includes(wanted)) return;
    window.zl.first ??= performance.now() - window.zl.start;
    if (!/…/.test(line.innerText)) window.zl.last ??= performance.now() - window.zl.start;
  };
  window.zlWatch?.disconnect();
  window.zlWatch = new MutationObserver(look);
  window.zlWatch.observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
WATCH_ECHO = """(size) => {
  window.zl = {start: performance.now()};
  window.zlWatch?.disconnect();
  window.zlWatch = new MutationObserver(() => {
    const echo = document.querySelector('.echo');
    if (echo && echo.dataset.said == size) window.zl.first ??= performance.now() - window.zl.start;
  });
  window.zlWatch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


def open_page(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.get_by_role("textbox").first.wait_for()
    page.get_by_test_id("stFormSubmitButton").first.wait_for()  # before that, Ctrl+Enter has nothing to press
    return page


def timed(page: Page, text: str, watch: str, wanted: object, done: str) -> dict[str, float]:
    """Milliseconds from Ctrl+Enter until the answer stands."""
    box = page.get_by_role("textbox").first
    box.fill(text)
    page.evaluate(watch, wanted)
    box.press("Control+Enter")
    page.wait_for_function(f"window.zl.{done} !== undefined")
    return dict(page.evaluate("window.zl"))


def speed(browser: Browser, url: str, echo: str, searches: int) -> dict[str, float]:
    ours, theirs = open_page(browser, url), open_page(browser, echo)
    first, last, echoed = [], [], []
    for number in range(searches + 3):
        words = SYMPTOMS[number % len(SYMPTOMS)].split()
        mark = f"{number}号病房"
        time.sleep(REST)
        told = timed(ours, "，".join([*words, mark + "头晕"]), WATCH, mark, "last")
        time.sleep(REST)
        plain = timed(theirs, "x" * (number + 1), WATCH_ECHO, number + 1, "first")
        if number >= 3:  # the first ones warm caches on both sides
            first.append(told["first"])
            last.append(told["last"])
            echoed.append(plain["first"])
    return {
        name: round(statistics.median(v), 1)
        for name, v in (("first_ms", first), ("last_ms", last), ("echo_ms", echoed))
    }


def load(browser: Browser, url: str, server: int, contexts: int, seconds: float) -> dict[str, float]:
    """All contexts press Search, then every answer is read: each must be to its own question."""
    pages = [open_page(browser, url) for _ in range(contexts)]
    memory: list[tuple[float, int]] = []
    searches = errors = mixed = 0
    process, began = psutil.Process(server), time.monotonic()
    while time.monotonic() - began < seconds:
        asked = []
        for number, page in enumerate(pages):
            words = SYMPTOMS[(searches + number) % len(SYMPTOMS)].split()
            mark = f"{searches}第{number}床"
            box = page.get_by_role("textbox").first
            box.fill("，".join([*words, mark + "头晕"]))
            page.evaluate(WATCH, mark)
            box.press("Control+Enter")
            asked.append((words, mark))
        for page, (words, mark) in zip(pages, asked, strict=True):
            page.wait_for_function("window.zl.last !== undefined")
            chips = page.locator(".st-key-chips").inner_text()
            mixed += (
                any(w not in chips for w in [*words, mark]) or sum(f"第{i}床" in chips for i in range(contexts)) > 1
            )
            errors += page.locator(
                '[role="alert"]:not([data-testid="not-enough"]), [data-testid="stException"]'
            ).count()
        searches += len(pages)
        memory.append((time.monotonic() - began, process.memory_info().rss))
    early = [m for t, m in memory if t >= min(30, seconds / 4)]
    return {
        "contexts": contexts, "seconds": seconds, "searches": searches, "errors": errors, "mixed_up": mixed,
        "memory_mb": round(memory[-1][1] / 2**20), "memory_growth": round(memory[-1][1] / early[0] - 1, 4),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=30)
    parser.add_argument("--contexts", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--data", type=Path, help="a data folder that already has the built-in base")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "echo.py").write_text(ECHO)
        app, server = start(args.data or home / "data", home / "server.log")
        port = int(app.url.rsplit(":", 1)[1]) + 1
        command = [sys.executable, "-m", "streamlit", "run", str(home / "echo.py"), "--server.port", str(port)]
        echo = subprocess.Popen(
            [*command, "--server.headless", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
                page = open_page(browser, app.url)
                page.get_by_role("progressbar").wait_for(state="detached", timeout=1_800_000)
                report = speed(browser, app.url, f"http://localhost:{port}", args.searches)
                report |= load(browser, app.url, server.pid, args.contexts, args.seconds)
                browser.close()
        finally:
            server.terminate()
            echo.terminate()
            server.wait(timeout=30)
    print(json.dumps(report, indent=1))
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
