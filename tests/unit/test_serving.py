"""A model that is refused: a command says so and stops; a server says so and goes on with what served before."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cli, services
from dashboard.domain import ZhenluError
from dashboard.services import Services
from dashboard.settings import Settings
from tests.checkpoints import write_reranker


@pytest.fixture
def broken(m3_folder: Path, tmp_path: Path) -> Path:
    """A newer edition of the model whose dense weights were cut off on the way."""
    folder = tmp_path / "newer"
    shutil.copytree(m3_folder, folder)
    weights = next(p for p in folder.iterdir() if p.name in ("model.safetensors", "pytorch_model.bin"))
    weights.write_bytes(weights.read_bytes()[:100])
    return folder


def serving(data: Path, encoder: Path | str, reranker: str = "none") -> Services:
    return Services(Settings(data=data, encoder=str(encoder), reranker=reranker), serving=True)


def test_the_encoder_that_served_before_goes_on(
    m3_folder: Path, broken: Path, own_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = serving(own_data, m3_folder)
    fingerprint = first.encoder.fingerprint
    assert first.refused == {}
    second = serving(own_data, broken)
    with caplog.at_level("ERROR", "zhenlu"):
        assert second.encoder.fingerprint == fingerprint
    assert str(broken) in caplog.text
    refusal = second.refused["encoder"]
    assert refusal.code == "model_file"
    assert str(refusal.params["file"]).startswith(str(broken))


def test_without_one_before_or_when_that_is_gone_too_the_compact_model_serves(
    m3_folder: Path, broken: Path, own_data: Path, tmp_path: Path
) -> None:
    assert serving(own_data, broken).compact
    once = tmp_path / "once"
    shutil.copytree(m3_folder, once)
    assert not serving(own_data, once).compact
    shutil.rmtree(once)
    last = serving(own_data, broken)
    assert last.compact
    assert last.refused["encoder"].code == "model_file"


def test_a_reranker_is_kept_in_the_same_way(own_data: Path, m3_folder: Path, tmp_path: Path) -> None:
    before = serving(own_data, m3_folder, str(write_reranker(tmp_path / "reranker"))).reranker
    assert before is not None
    (tmp_path / "empty").mkdir()
    found = serving(own_data, m3_folder, str(tmp_path / "empty"))
    assert found.reranker is not None
    assert found.refused["reranker"].code == "model_layout"
    assert found.reranker.fingerprint == before.fingerprint


@pytest.mark.parametrize("content", ['{"name": "x", "max_length": "256"}', '{"name": "x", "max_length": 0}', "{"])
def test_a_calibration_that_cannot_be_used_does_not_stop_the_server(
    m3_folder: Path, own_data: Path, tmp_path: Path, content: str
) -> None:
    _ = serving(own_data, m3_folder).encoder
    newer = Path(shutil.copytree(m3_folder, tmp_path / "newer"))
    (newer / "zhenlu.json").write_text(content)
    found = serving(own_data, newer)
    assert found.encoder.name == "tiny-m3"
    assert Path(str(found.refused["encoder"].params["file"])).name == "zhenlu.json"


def test_what_auto_passes_over_is_said(
    m3_folder: Path, own_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Path(shutil.copytree(m3_folder, tmp_path / "bge-m3"))
    settings = Settings(data=own_data, models=tmp_path, encoder="auto", reranker="auto")
    assert Services(settings, serving=True).encoder.name == "BAAI/bge-m3"
    (folder / "model.safetensors").unlink()
    found = Services(settings, serving=True)
    with caplog.at_level("ERROR", "zhenlu"):
        assert found.compact
    refusal = found.refused["encoder"]
    assert (refusal.code, refusal.params["folder"]) == ("model_layout", str(folder))
    assert "model.safetensors" in caplog.text
    assert found.reranker is not None
    assert "reranker" not in found.refused  # nothing of it is here
    with caplog.at_level("WARNING", "zhenlu"):
        caplog.clear()
        assert Services(settings).compact  # a command was not told to take it
    assert "model.safetensors" in caplog.text


def test_a_fallback_is_not_remembered_as_the_model_that_served(
    m3_folder: Path, broken: Path, own_data: Path, tmp_path: Path
) -> None:
    once, away = tmp_path / "once", tmp_path / "away"
    shutil.copytree(m3_folder, once)
    assert not serving(own_data, once).compact
    once.rename(away)  # a drive that is not mounted
    assert serving(own_data, broken).compact
    away.rename(once)
    assert not serving(own_data, broken).compact


def test_a_server_that_was_taken_out_of_the_settings_gets_no_text(broken: Path, own_data: Path) -> None:
    (own_data).mkdir(parents=True)
    (own_data / "serving.json").write_text('{"encoder": "http://127.0.0.1:9/v1"}')
    assert serving(own_data, broken).compact


@pytest.mark.parametrize("content", ["[1]", "null", '{"encoder": 5}', "{", ""])
def test_what_cannot_be_read_is_no_memory(content: str, broken: Path, own_data: Path) -> None:
    own_data.mkdir(parents=True)
    (own_data / "serving.json").write_text(content)
    assert serving(own_data, broken).compact


def test_without_a_place_to_write_it_serves_all_the_same(m3_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    found = serving(tmp_path / "data", m3_folder)
    assert found.encoder.fingerprint
    assert found.refused == {}


def test_a_command_stops_and_names_the_file(
    broken: Path, own_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHENLU_ENCODER", str(broken))
    monkeypatch.setattr(services, "_current", None)
    assert cli.main(["similarity", "咳嗽", "cough", "--json"]) == 1
    assert str(broken) in capsys.readouterr().out
    with pytest.raises(ZhenluError):
        _ = Services(Settings(data=own_data, encoder=str(broken))).encoder


def test_a_load_is_built_with_the_model_that_serves(
    m3_folder: Path, broken: Path, own_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _ = serving(own_data, m3_folder).encoder
    found, given = serving(own_data, broken), {}
    monkeypatch.setattr(found.jobs, "start", lambda *args, environment, **rest: given.update(environment))
    found.start_load("ward", tmp_path / "ward.json", {})
    assert given == {"ZHENLU_ENCODER": str(m3_folder)}


@pytest.mark.parametrize(("language", "kept"), [("zh", "继续使用"), ("en", "goes on serving")])
def test_every_page_says_which_file_was_refused(
    language: str, kept: str, m3_folder: Path, broken: Path, own_data: Path
) -> None:
    def page(language: str) -> None:
        from dashboard.ui import frame
        from dashboard.ui.state import session

        session().language = language
        frame.notices()

    _ = serving(own_data, m3_folder).encoder
    found = serving(own_data, broken)
    found.needs_builtin = lambda: False  # type: ignore[method-assign]
    with services.replaced(found):
        test = AppTest.from_function(page, args=(language,), default_timeout=60).run()
    assert not test.exception
    assert broken.name in " ".join(str(element.proto.body) for element in test.get("html"))
    assert kept in test.caption[0].value
