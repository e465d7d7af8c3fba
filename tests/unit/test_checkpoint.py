"""Model folders: refused with the file and the reason when bad, found in every place where they are looked for."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dashboard.checkpoint import COMPACT, Calibration, fingerprint, locate, open_checkpoint, resolve
from dashboard.domain import ZhenluError
from dashboard.encoders import open_encoder
from dashboard.rerankers import open_reranker
from dashboard.settings import Settings
from dashboard.text import hint, message
from tests.checkpoints import HIDDEN, TEXTS, write_mean_m3, write_reranker, write_sentence


@pytest.fixture(scope="module")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    return write_reranker(tmp_path_factory.mktemp("models") / "tiny-reranker")


@pytest.fixture
def m3(m3_folder: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(m3_folder, tmp_path / "m3"))


@pytest.fixture
def reranker(reranker_folder: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(reranker_folder, tmp_path / "reranker"))


def refused(folder: Path, role: str = "encoder") -> ZhenluError:
    """The error of a folder, which must have words in both languages."""
    with pytest.raises(ZhenluError) as caught:
        if role == "encoder":
            open_encoder(Settings(encoder=str(folder)))
        else:
            open_reranker(Settings(reranker=str(folder)))
    assert all(f(caught.value, language) for f in (message, hint) for language in ("zh", "en"))
    return caught.value


def refused_file(folder: Path, role: str = "encoder") -> tuple[str, str]:
    """(name of the file, reason)."""
    error = refused(folder, role)
    assert error.code == "model_file"
    return Path(str(error.params["file"])).name, str(error.params["reason"])


def edit_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# -- what is good is opened -------------------------------------------------------------------------------------


def test_each_layout_is_recognised(m3_folder: Path, reranker_folder: Path, tmp_path: Path) -> None:
    assert open_checkpoint(m3_folder, "encoder").layout.name == "m3"
    assert open_checkpoint(write_mean_m3(tmp_path / "mean"), "encoder").layout.name == "m3"
    assert open_checkpoint(write_sentence(tmp_path / "st"), "encoder").layout.name == "sentence-transformers"
    assert open_checkpoint(reranker_folder, "reranker").layout.name == "cross-encoder"


def test_a_sentence_transformers_model_gives_the_same_dense_vectors_as_the_same_network_in_m3_layout(
    tmp_path: Path,
) -> None:
    mean = open_encoder(Settings(encoder=str(write_mean_m3(tmp_path / "mean"))))
    sentence = open_encoder(Settings(encoder=str(write_sentence(tmp_path / "st"))))
    assert (sentence.kinds, sentence.dimension) == (("dense",), HIDDEN)
    np.testing.assert_allclose(sentence.encode(TEXTS).dense, mean.encode(TEXTS).dense, atol=1e-5)


def test_a_text_longer_than_the_network_has_places_for_is_cut(m3_folder: Path, reranker_folder: Path) -> None:
    assert open_encoder(Settings(encoder=str(m3_folder))).encode(["发热 " * 600]).dense.shape == (1, HIDDEN)
    found = open_reranker(Settings(reranker=str(reranker_folder)))
    assert found is not None
    assert np.isfinite(found.score("头痛 " * 600, ["发热 " * 600])).all()


def test_the_fingerprint_is_of_what_decides_a_vector(m3: Path, m3_folder: Path) -> None:
    original = fingerprint(m3_folder, 512)
    assert fingerprint(m3, 512) == original
    edit_json(m3 / "tokenizer_config.json", comment="says nothing about vectors")
    (m3 / "README.md").write_text("nor does this")
    assert fingerprint(m3, 512) == original
    assert fingerprint(m3, 256) != original
    edit_json(m3 / "config.json", layer_norm_eps=1e-5)
    assert fingerprint(m3, 512) != original


def test_the_fingerprint_notices_other_weights(m3: Path) -> None:
    before = fingerprint(m3, 512)
    data = bytearray((m3 / "sparse_linear.pt").read_bytes())
    data[len(data) // 2] ^= 1
    (m3 / "sparse_linear.pt").write_bytes(data)
    assert fingerprint(m3, 512) != before


# -- what is bad is refused -------------------------------------------------------------------------------------


def test_no_such_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing").code == "model_missing"
    (tmp_path / "file").write_text("not a folder")
    assert refused(tmp_path / "file", "reranker").code == "model_missing"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors", "sparse_linear.pt"])
def test_a_missing_file_is_named(m3: Path, name: str) -> None:
    (m3 / name).unlink()
    error = refused(m3)
    assert (error.code, error.params["layout"]) == ("model_layout", "m3")
    assert name in str(error.params["files"])


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_of_a_reranker_is_named(reranker: Path, name: str) -> None:
    (reranker / name).unlink()
    error = refused(reranker, "reranker")
    assert (error.code, error.params["layout"]) == ("model_layout", "cross-encoder")
    assert name in str(error.params["files"])


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("sparse_linear.pt", 2, HIDDEN), ("sparse_linear.pt", 1, HIDDEN + 1), ("colbert_linear.pt", HIDDEN, HIDDEN - 1)],
)
def test_a_head_of_the_wrong_shape(m3: Path, name: str, rows: int, columns: int) -> None:
    torch.save(torch.nn.Linear(columns, rows).state_dict(), m3 / name)
    file, reason = refused_file(m3)
    assert file == name
    assert f"({rows}, {columns})" in reason


def test_a_head_without_its_weight(m3: Path) -> None:
    torch.save({"bias": torch.zeros(1)}, m3 / "sparse_linear.pt")
    file, reason = refused_file(m3)
    assert file == "sparse_linear.pt"
    assert "weight" in reason


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["sparse_linear.pt", "colbert_linear.pt"])
@pytest.mark.parametrize("save", [torch.save, lambda trap, path: path.write_bytes(pickle.dumps(trap, protocol=2))])
def test_a_pickle_of_anything_but_tensors_is_refused_and_not_run(
    m3: Path, tmp_path: Path, name: str, save: Callable[[Any, Path], Any]
) -> None:
    trap = Trap(tmp_path / "sprung")
    pickle.loads(pickle.dumps(trap))
    assert trap.path.exists()  # the trap works
    trap.path.rmdir()
    save({"weight": trap, "bias": torch.zeros(1)}, m3 / name)
    file, reason = refused_file(m3)
    assert file == name
    assert reason
    assert not trap.path.exists()


def test_a_pickle_of_weights_is_refused_and_not_run(m3: Path, tmp_path: Path) -> None:
    (m3 / "model.safetensors").unlink()
    torch.save({"embeddings": Trap(tmp_path / "sprung")}, m3 / "pytorch_model.bin")
    file, reason = refused_file(m3)
    assert file == "pytorch_model.bin"
    assert reason
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_a_tokenizer_with_more_tokens_than_the_network(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"].append(["多出来的", -5.0])
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    size = json.loads((folder / "config.json").read_text())["vocab_size"]
    file, reason = refused_file(folder, role)
    assert file == "tokenizer.json"
    assert f"{size + 1} tokens" in reason
    assert str(size) in reason.split(",")[1]


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_a_tokenizer_that_cannot_be_read(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    (folder / "tokenizer.json").write_text('{"version": "1.0"')
    file, reason = refused_file(folder, role)
    assert file == "tokenizer.json"
    assert reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
@pytest.mark.parametrize("content", ["{", "[]", '{"model_type": "no-such-architecture"}'])
def test_a_config_that_cannot_be_used(m3: Path, reranker: Path, role: str, content: str) -> None:
    folder = m3 if role == "encoder" else reranker
    if role == "reranker" and content.startswith('{"'):
        content = content[:-1] + ', "id2label": {"0": "x"}}'
    (folder / "config.json").write_text(content)
    file, reason = refused_file(folder, role)
    assert file == "config.json"
    assert reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_weights_that_were_copied_only_in_part(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    file, reason = refused_file(folder, role)
    assert file == "model.safetensors"
    assert reason


def test_weights_in_parts_of_which_one_is_missing(m3: Path) -> None:
    (m3 / "model.safetensors").rename(m3 / "elsewhere")
    index = {"metadata": {}, "weight_map": {"embeddings.word_embeddings.weight": "model-00001-of-00001.safetensors"}}
    (m3 / "model.safetensors.index.json").write_text(json.dumps(index))
    file, reason = refused_file(m3)
    assert file == "model.safetensors.index.json"
    assert "model-00001-of-00001.safetensors" in reason


def test_weights_of_another_size_name_what_does_not_fit(m3: Path) -> None:
    edit_json(m3 / "config.json", intermediate_size=48)
    file, reason = refused_file(m3)
    assert file == "model.safetensors"
    assert "intermediate" in reason


def test_weights_with_a_layer_too_few_name_what_is_missing(m3: Path) -> None:
    edit_json(m3 / "config.json", num_hidden_layers=3)
    file, reason = refused_file(m3)
    assert file == "model.safetensors"
    assert "encoder.layer.2" in reason


@pytest.mark.parametrize("labels", [2, 3])
def test_a_reranker_with_more_than_one_label(tmp_path: Path, labels: int) -> None:
    folder = write_reranker(tmp_path / "reranker", labels=labels)
    file, reason = refused_file(folder, "reranker")
    assert file == "config.json"
    assert f"{labels} labels" in reason


def test_an_encoder_is_no_reranker(m3_folder: Path) -> None:
    assert refused_file(m3_folder, "reranker")[0] == "config.json"


def test_a_sentence_transformers_model_without_its_weights(tmp_path: Path) -> None:
    folder = write_sentence(tmp_path / "st")
    (folder / "model.safetensors").unlink()
    assert refused(folder).code == "model_file"


@pytest.mark.parametrize("content", ["[1]", "{", '{"name": "x", "no_such_field": 1}', "{}"])
def test_a_calibration_that_cannot_be_read(m3: Path, content: str) -> None:
    (m3 / "zhenlu.json").write_text(content)
    file, reason = refused_file(m3)
    assert file == "zhenlu.json"
    assert reason


# -- where models are found -------------------------------------------------------------------------------------

ROLES = {"encoder": "bge-m3", "reranker": "bge-reranker-v2-m3"}


@pytest.fixture
def put(m3_folder: Path, reranker_folder: Path) -> Callable[..., Path]:
    """Copies the tiny model of a role to a place."""

    def copy(place: Path, role: str = "encoder") -> Path:
        return Path(shutil.copytree(m3_folder if role == "encoder" else reranker_folder, place))

    return copy


def put_in_hub(hub: Path, source: Path, repo: str, commit: str) -> Path:
    """Hugging Face's cache: blobs, and snapshots of links to them."""
    model = hub / ("models--" + repo.replace("/", "--"))
    snapshot = model / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (model / "blobs").mkdir(exist_ok=True)
    for file in source.iterdir():
        blob = model / "blobs" / f"{commit}-{file.name}"
        shutil.copyfile(file, blob)
        (snapshot / file.name).symlink_to(Path("../../blobs") / blob.name)
    return snapshot


def test_auto_is_the_compact_model_where_nothing_else_is(own_data: Path) -> None:
    for role in ROLES:
        assert resolve("auto", Settings(), role) == COMPACT[role]
        assert resolve("compact", Settings(), role) == COMPACT[role]


def test_a_published_model_that_is_not_here_is_said_so() -> None:
    for role, name in ROLES.items():
        for spec in (name, "BAAI/" + name):
            with pytest.raises(ZhenluError) as caught:
                resolve(spec, Settings(), role)
            assert (caught.value.code, caught.value.params) == ("model_not_here", {"name": name})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("below", ["{name}", "BAAI/{name}"])
def test_found_in_the_models_folder(tmp_path: Path, put: Callable[..., Path], role: str, below: str) -> None:
    folder = put(tmp_path / below.format(name=ROLES[role]), role)
    settings = Settings(models=tmp_path)
    for spec in ("auto", ROLES[role], "BAAI/" + ROLES[role]):
        assert resolve(spec, settings, role) == folder
    assert open_checkpoint(folder, role).calibration.name == "BAAI/" + ROLES[role]


def test_found_where_pull_puts_it(own_data: Path, put: Callable[..., Path]) -> None:
    folder = put(own_data / "models" / "bge-m3")
    assert resolve("auto", Settings(), "encoder") == folder


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME", "HOME"])
def test_found_in_the_hugging_face_cache(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    m3_folder: Path,
    reranker_folder: Path,
    role: str,
    variable: str,
) -> None:
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv(variable, str(tmp_path))
    hub = tmp_path / {"HF_HUB_CACHE": "", "HF_HOME": "hub", "HOME": ".cache/huggingface/hub"}[variable]
    source = m3_folder if role == "encoder" else reranker_folder
    snapshot = put_in_hub(hub, source, "BAAI/" + ROLES[role], "abc123")
    assert resolve("auto", Settings(), role) == snapshot
    checkpoint = open_checkpoint(snapshot, role)
    assert checkpoint.calibration.name == "BAAI/" + ROLES[role]
    assert checkpoint.fingerprint == fingerprint(source, 512)


def test_of_two_snapshots_the_newer_whole_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, m3_folder: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    old, new, partial = (put_in_hub(tmp_path, m3_folder, "BAAI/bge-m3", c) for c in ("old", "new", "partial"))
    (partial / "model.safetensors").resolve().unlink()  # a download that stopped leaves a link to nothing
    for age, snapshot in enumerate((partial, new, old)):
        os.utime(snapshot, (1_000_000 - age, 1_000_000 - age))
    assert locate("bge-m3", Settings(), "encoder") == new


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("below", ["hub/models", "hub", "models", ""])
def test_found_in_the_modelscope_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[..., Path], role: str, below: str
) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    folder = put(tmp_path / below / "BAAI" / ROLES[role], role)
    assert resolve("auto", Settings(), role) == folder
    assert open_checkpoint(folder, role).calibration.name == "BAAI/" + ROLES[role]


def test_found_in_the_modelscope_cache_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[..., Path]
) -> None:
    monkeypatch.delenv("MODELSCOPE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = put(tmp_path / ".cache/modelscope/hub/models/BAAI/bge-m3")
    assert resolve("auto", Settings(), "encoder") == folder


def test_the_models_folder_goes_before_the_caches_and_an_incomplete_one_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[..., Path]
) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "scope"))
    cached = put(tmp_path / "scope/hub/models/BAAI/bge-m3")
    first = put(tmp_path / "models/bge-m3")
    settings = Settings(models=tmp_path / "models")
    assert resolve("auto", settings, "encoder") == first
    (first / "colbert_linear.pt").unlink()
    assert resolve("auto", settings, "encoder") == cached


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve("~/my-model", Settings(), "encoder") == tmp_path / "my-model"
    assert resolve("models/x", Settings(), "reranker") == Path("models/x")


def test_a_calibration_of_an_older_edition_is_completed(m3: Path) -> None:
    old = {"name": "x", "cant_miss": {"score": 0.5, "share": 0.7}, "bands": {"fused": [0.7, 0.6, 0.5]}}
    (m3 / "zhenlu.json").write_text(json.dumps(old))
    found, defaults = open_checkpoint(m3, "encoder").calibration, Calibration(name="x")
    assert found.cant_miss == defaults.cant_miss | {"score": 0.5, "share": 0.7}
    assert found.bands == defaults.bands | {"fused": [0.7, 0.6, 0.5]}
