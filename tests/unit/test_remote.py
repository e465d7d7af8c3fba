"""RemoteEncoder against a real server on this machine that speaks /v1/embeddings and /v1/models."""

import json
import math
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from dashboard.domain import ZhenluError
from dashboard.encoders import open_encoder
from dashboard.encoders.remote import BATCH, RemoteEncoder
from dashboard.settings import Settings
from dashboard.text import hint, message

SECRET = "王小明，身份证尾号904521，发热"
KEY = "sk-ward-7"


def vector(text: str) -> list[float]:
    """Three numbers, not of unit length, that tell texts apart."""
    return [float(len(text)), float(sum(map(ord, text)) % 97 + 1), 3.0]


def embeddings(texts: list[str]) -> dict[str, Any]:
    """The answer of a server that finishes its work in another order."""
    rows = [{"object": "embedding", "index": i, "embedding": vector(text)} for i, text in enumerate(texts)]
    return {"object": "list", "data": rows[::-1], "model": "m"}


@dataclass
class Embeddings:
    """A server: what it was asked, and how it answers."""

    url: str = ""
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    status: int = 200
    phrase: str | None = None
    models: Any = field(default_factory=lambda: {"object": "list", "data": [{"id": "Qwen3-Embedding"}, {"id": "b"}]})
    answer: Callable[[list[str]], Any] = embeddings  # a str is sent as it is, anything else as JSON

    @property
    def inputs(self) -> list[list[str]]:
        return [body["input"] for path, _, body in self.requests if path == "/v1/embeddings"]


@pytest.fixture
def server() -> Iterator[Embeddings]:
    state = Embeddings()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(state.models if self.path == "/v1/models" else None)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(state.answer(body["input"]) if self.path == "/v1/embeddings" else None, body)

        def reply(self, answer: Any, body: Any = None) -> None:
            state.requests.append((self.path, dict(self.headers), body))
            content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(404 if answer is None else state.status, state.phrase)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if state.status in range(300, 400):
                self.send_header("Location", "http://192.0.2.1/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing on stderr."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def failed(action: Callable[[], Any]) -> ZhenluError:
    """The error of an action: remote_failed, with nothing of the request in any of its words."""
    with pytest.raises(ZhenluError) as caught:
        action()
    assert caught.value.code == "remote_failed"
    said = [f(caught.value, language) for f in (message, hint) for language in ("zh", "en")]
    said += [str(caught.value), repr(caught.value.params)]
    for part in ("王小明", "904521", "\\u738b", KEY):
        assert not [text for text in said if part in text]
    return caught.value


def test_vectors_come_in_the_order_of_the_texts_and_of_unit_length(server: Embeddings) -> None:
    encoder = RemoteEncoder(server.url, "m")
    texts = ["发热", "a longer text about cough", "x"]
    found = encoder.encode(texts)
    expected = np.array([vector(text) for text in texts])
    np.testing.assert_allclose(found.dense, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert found.dense.dtype == np.float32
    assert (found.sparse, found.multi_vector) == (None, None)
    assert (encoder.name, encoder.dimension, encoder.kinds) == ("m", 3, ("dense",))


def test_a_request_has_the_form_of_the_openai_interface(server: Embeddings) -> None:
    RemoteEncoder(server.url + "/", "m", key=KEY).encode(["发热"])
    path, headers, body = server.requests[-1]
    assert path == "/v1/embeddings"
    assert body == {"model": "m", "input": ["发热"], "encoding_format": "float"}
    assert headers["Authorization"] == f"Bearer {KEY}"
    RemoteEncoder(server.url, "m")
    assert "Authorization" not in server.requests[-1][1]


def test_without_a_name_the_server_s_first_model_is_taken(server: Embeddings) -> None:
    encoder = RemoteEncoder(server.url, "")
    assert encoder.name == "Qwen3-Embedding"
    encoder.encode(["x"])
    assert server.requests[-1][2]["model"] == "Qwen3-Embedding"


def test_the_instruction_stands_before_queries_only(server: Embeddings) -> None:
    encoder = RemoteEncoder(server.url, "m", instruction="Find the disease")
    encoder.encode(["发热", "咳嗽"], query=True)
    encoder.encode(["发热"])
    assert server.inputs[-2] == ["Instruct: Find the disease\nQuery:发热", "Instruct: Find the disease\nQuery:咳嗽"]
    assert server.inputs[-1] == ["发热"]
    RemoteEncoder(server.url, "m").encode(["发热"], query=True)
    assert server.inputs[-1] == ["发热"]


def test_many_texts_go_in_batches_and_progress_is_told(server: Embeddings) -> None:
    encoder = RemoteEncoder(server.url, "m")
    texts = [f"text {'x' * i}" for i in range(2 * BATCH + 1)]
    steps: list[tuple[int, int]] = []
    found = encoder.encode(texts, progress=lambda done, total: steps.append((done, total)))
    assert [len(batch) for batch in server.inputs[1:]] == [BATCH, BATCH, 1]
    assert steps == [(BATCH, len(texts)), (2 * BATCH, len(texts)), (len(texts), len(texts))]
    np.testing.assert_allclose(found.dense[-1], encoder.encode(texts[-1:]).dense[0], atol=1e-6)


def test_no_texts_need_no_request(server: Embeddings) -> None:
    encoder = RemoteEncoder(server.url, "m")
    before = len(server.requests)
    assert encoder.encode([]).dense.shape == (0, 3)
    assert len(server.requests) == before


def test_the_fingerprint_is_of_the_model_its_vectors_and_the_instruction(server: Embeddings) -> None:
    first = RemoteEncoder(server.url, "m").fingerprint
    assert RemoteEncoder(server.url, "m").fingerprint == first
    assert RemoteEncoder(server.url, "other").fingerprint != first
    assert RemoteEncoder(server.url, "m", instruction="x").fingerprint != first
    server.answer = lambda texts: {"data": [{"index": i, "embedding": [1, 2, 5]} for i, _ in enumerate(texts)]}
    assert RemoteEncoder(server.url, "m").fingerprint != first


def test_the_settings_lead_to_it(server: Embeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENLU_ENCODER", server.url)
    monkeypatch.setenv("ZHENLU_REMOTE_KEY", KEY)
    monkeypatch.setenv("ZHENLU_REMOTE_INSTRUCTION", "Find")
    encoder = open_encoder(Settings())
    encoder.encode(["发热"], query=True)
    _, headers, body = server.requests[-1]
    assert (headers["Authorization"], body["input"]) == (f"Bearer {KEY}", ["Instruct: Find\nQuery:发热"])


def test_a_proxy_of_the_environment_sees_nothing(server: Embeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert RemoteEncoder(server.url, "m").encode(["发热"]).dense.shape == (1, 3)


# -- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [302, 400, 401, 404, 413, 429, 500, 503])
def test_an_error_status_is_named(server: Embeddings, status: int) -> None:
    encoder = RemoteEncoder(server.url, "m", key=KEY)
    server.status = status
    server.answer = lambda texts: {"error": {"message": f"cannot embed {texts} for {KEY}"}}
    error = failed(lambda: encoder.encode([SECRET]))
    assert str(status) in str(error.params["reason"])
    assert error.params["url"] == server.url
    failed(lambda: RemoteEncoder(server.url, "m"))
    failed(lambda: RemoteEncoder(server.url, ""))


def test_a_status_line_that_repeats_the_request_is_not_repeated_again(server: Embeddings) -> None:
    encoder = RemoteEncoder(server.url, "m")
    server.status, server.phrase = 400, f"cannot embed 904521 for {KEY}"
    failed(lambda: encoder.encode([SECRET]))


def rows(*vectors: Any, **changes: Any) -> dict[str, Any]:
    return {"data": [{"index": i, "embedding": v} | changes for i, v in enumerate(vectors)]}


GOOD = [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("<html>504 904521</html>", id="not JSON"),
        pytest.param("", id="nothing"),
        pytest.param('{"data": [', id="JSON cut off"),
        pytest.param("[" * 100_000, id="JSON too deep"),
        pytest.param([1, 2], id="a list"),
        pytest.param("null", id="null"),
        pytest.param({}, id="no data"),
        pytest.param({"data": None}, id="null data"),
        pytest.param({"data": "text"}, id="data a text"),
        pytest.param({"data": {"0": GOOD}}, id="data an object"),
        pytest.param({"data": [GOOD, GOOD]}, id="rows without a form"),
        pytest.param({"data": [{"embedding": GOOD}, {"embedding": GOOD}]}, id="no index"),
        pytest.param({"data": [{"index": 0}, {"index": 1}]}, id="no embedding"),
        pytest.param(rows(GOOD, GOOD, index=0), id="one index twice"),
        pytest.param(rows(GOOD, GOOD, index="a"), id="index a text"),
        pytest.param({"data": [{"index": i, "embedding": GOOD} for i in (1, 2)]}, id="index out of range"),
        pytest.param(rows(), id="no vectors"),
        pytest.param(rows(GOOD), id="a vector too few"),
        pytest.param(rows(GOOD, GOOD, GOOD), id="a vector too many"),
        pytest.param(rows([], []), id="empty vectors"),
        pytest.param(rows(GOOD, [1.0, 2.0]), id="vectors of two lengths"),
        pytest.param(rows([1.0, 2.0], [1.0, 2.0]), id="vectors shorter than before"),
        pytest.param(rows([GOOD], [GOOD]), id="vectors of vectors"),
        pytest.param(rows(1.0, 2.0), id="numbers instead of vectors"),
        pytest.param(rows("AACAPw==", "AACAPw=="), id="base64"),
        pytest.param(rows(["a", "b", "c"], GOOD), id="texts in a vector"),
        pytest.param(rows([None, 1.0, 2.0], GOOD), id="null in a vector"),
        pytest.param(rows([math.nan, 1.0, 2.0], GOOD), id="NaN"),
        pytest.param(rows([math.inf, 1.0, 2.0], GOOD), id="infinity"),
        pytest.param(rows([0.0, 0.0, 0.0], GOOD), id="a vector of zeros"),
    ],
)
def test_a_malformed_answer_is_refused(server: Embeddings, answer: Any) -> None:
    encoder = RemoteEncoder(server.url, "m", key=KEY)
    server.answer = lambda texts: answer
    assert failed(lambda: encoder.encode([SECRET, SECRET])).params["reason"]


@pytest.mark.parametrize("models", [{"data": []}, {"data": [{}]}, {"data": None}, {}, [], "no JSON"])
def test_a_malformed_list_of_models_is_refused(server: Embeddings, models: Any) -> None:
    server.models = models
    assert failed(lambda: RemoteEncoder(server.url, "")).params["reason"]


def test_no_server_at_that_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failed(lambda: RemoteEncoder(f"http://127.0.0.1:{port}/v1", "m"))


@pytest.mark.parametrize("url", ["http://", "http://[::1/v1", "http://127.0.0.1:99999/v1", "http://127.0.0.1:port"])
def test_an_address_that_is_none(url: str) -> None:
    failed(lambda: RemoteEncoder(url, "m"))


def test_a_key_that_cannot_stand_in_a_header_is_not_shown(server: Embeddings) -> None:
    failed(lambda: RemoteEncoder(server.url, "m", key=KEY + "\n"))


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", b"904521\r\n\r\n"])
def test_a_server_that_hangs_up_or_speaks_something_else(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        failed(lambda: RemoteEncoder(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", "m"))
        thread.join()


def test_a_server_that_does_not_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        error = failed(lambda: RemoteEncoder(url, "m", timeout=0.2))
    assert "Timeout" in str(error.params["reason"])


def test_the_tests_themselves_reach_no_other_machine() -> None:
    for address in (("192.0.2.1", 80), ("example.org", 80)):
        with socket.socket() as connection, pytest.raises(AssertionError, match="tests use no network"):
            connection.connect(address)
