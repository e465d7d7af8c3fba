"""The app as a person meets it: `streamlit run` in a process of its own, Chromium in front of it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent.parent
# Nothing but this machine can be reached, whatever a page asks for.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost",
]
PATIENCE = 60_000
TYPED: list[str] = []  # what the tests of this run have typed, on every page: see `typed`

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class App:
    url: str
    data: Path
    log: Path


def start(data: Path, log: Path, **environment: str) -> tuple[App, subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith("ZHENLU_")}
    env |= {"ZHENLU_DATA": str(data), "ZHENLU_ENCODER": "compact", "ZHENLU_RERANKER": "compact", "HF_HUB_OFFLINE": "1"}
    env["MALLOC_ARENA_MAX"] = "2"  # as `make run` has it
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env | environment, stdout=out, stderr=out)
    app = App(f"http://localhost:{port}", data, log)
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2)
            return app, process
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(log.read_text())


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A fresh machine's first start: the built-in base is not loaded yet when the first page opens."""
    folder = tmp_path_factory.mktemp("app")
    running, process = start(folder / "data", folder / "server.log")
    yield running
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="session")
def ready(app: App) -> App:
    """The same app once the built-in base is loaded."""
    for _ in range(600):
        if httpx.get(app.url.replace("localhost", "127.0.0.1") + "/api/health", timeout=10).status_code == 200:
            return app
        time.sleep(1)
    raise RuntimeError("the built-in base was not loaded: " + app.log.read_text())


def chromium_path() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, app: App) -> Iterator[Callable[..., Page]]:
    """Open a page in a new session. Every request it makes must stay on this machine."""
    contexts, strangers = [], []

    def go(
        path: str = "", *, width: int = 1280, scheme: str = "light", language: str = "zh", server: App = app
    ) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on(
            "request",
            lambda r: strangers.append(r.url) if "://localhost" not in r.url and r.url.startswith("http") else None,
        )
        page.goto(f"{server.url}/{path}")
        page.locator(".zl-footer").wait_for()
        if language == "en":
            speak_english(page)
        return page

    yield go
    for context in contexts:
        context.close()
    assert strangers == []


def typed(text: str) -> str:
    """The text, put down as one that must be found nowhere on disk afterwards."""
    TYPED.append(text)
    return text


def speak_english(page: Page) -> None:
    page.get_by_text("English", exact=True).click()
    page.get_by_text("Decision support only").wait_for()


def search(page: Page, text: str) -> None:
    """Type a presentation and press Ctrl+Enter; returns once its findings are there."""
    box = page.get_by_role("textbox").first
    box.fill(typed(text))
    box.press("Control+Enter")
    page.locator(".st-key-findings").first.wait_for()


def chip(page: Page, status: str, text: str = "") -> Locator:
    """The findings of a status that have a text, as buttons."""
    found = page.locator(f'.st-key-chips [class*="st-key-chip_{status}"] button')
    return found.filter(has_text=text) if text else found


def settled(page: Page) -> None:
    """Until the page's script has run to its end: what it draws on the way, a click could miss."""
    page.wait_for_timeout(300)
    page.wait_for_function("!document.querySelector('[data-testid=\"stStatusWidget\"]')")


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box. A page that has just loaded a base draws itself anew, which closes an open list:
    then it is opened once more, as a person would."""
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(3):
        settled(page)
        page.get_by_role("combobox", name=label, exact=True).click()
        page.wait_for_timeout(1200)
        if wanted.is_visible():
            break
    wanted.click()
    settled(page)


def ranked(page: Page) -> list[str]:
    """The ids of the candidates as they stand on the page, once the last stage is through."""
    line = page.locator('[data-testid="status-line"]')
    expect(line).to_contain_text(re.compile("✓|未重排|not reranked"))
    settled(page)
    cards = page.locator('[data-testid="candidate"]')
    return [str(card.get_attribute("data-entry")) for card in cards.all()]
