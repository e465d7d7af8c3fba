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
from safetensors.torch import load_file, save_file

from dashboard.checkpoint import COMPACT, Calibration, _digest, fingerprint, locate, open_checkpoint, resolve
from dashboard.domain import ZhenluError
from dashboard.encoders import open_encoder
from dashboard.encoders.bge_m3 import check_vocabulary
from dashboard.rerankers import open_reranker
from dashboard.settings import Settings
from dashboard.text import hint, message
from tests.checkpoints import HIDDEN, TEXTS, write_bert_reranker, write_mean_m3, write_reranker, write_sentence


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
    """(name of the file, the message in English)."""
    error = refused(folder, role)
    assert error.code == "model_file"
    return Path(str(error.params["file"])).name, message(error, "en")


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
    assert "weights of another size" in reason
    assert f"({rows}, {columns})" in reason


def test_a_head_without_its_weight(m3: Path) -> None:
    torch.save({"bias": torch.zeros(1)}, m3 / "sparse_linear.pt")
    file, reason = refused_file(m3)
    assert file == "sparse_linear.pt"
    assert "lacks weights: weight" in reason


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
    assert any(words in reason for words in ("is not a file of plain tensors", "damaged"))
    assert "\x1b" not in reason
    assert not trap.path.exists()


def test_a_pickle_of_weights_is_refused_and_not_run(m3: Path, tmp_path: Path) -> None:
    (m3 / "model.safetensors").unlink()
    torch.save({"embeddings": Trap(tmp_path / "sprung")}, m3 / "pytorch_model.bin")
    file, reason = refused_file(m3)
    assert file == "pytorch_model.bin"
    assert "is not a file of plain tensors" in reason
    assert "\x1b" not in reason
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
    assert f"the tokenizer does not match the network: {size + 1} tokens, {size} rows" in reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_a_tokenizer_that_cannot_be_read(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    (folder / "tokenizer.json").write_text('{"version": "1.0"')
    file, reason = refused_file(folder, role)
    assert file == "tokenizer.json"
    assert "is not valid JSON" in reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not valid JSON"),
        ("[]", "does not hold what"),
        ('{"model_type": "no-such-architecture"}', "does not hold what"),
    ],
)
def test_a_config_that_cannot_be_used(m3: Path, reranker: Path, role: str, content: str, words: str) -> None:
    folder = m3 if role == "encoder" else reranker
    if role == "reranker" and content.startswith('{"'):
        content = content[:-1] + ', "id2label": {"0": "x"}}'
    (folder / "config.json").write_text(content)
    file, reason = refused_file(folder, role)
    assert file == "config.json"
    assert words in reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_weights_that_were_copied_only_in_part(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    file, reason = refused_file(folder, role)
    assert file == "model.safetensors"
    assert "ends too early or is damaged" in reason


def test_weights_in_parts_of_which_one_is_missing(m3: Path) -> None:
    (m3 / "model.safetensors").rename(m3 / "elsewhere")
    index = {"metadata": {}, "weight_map": {"embeddings.word_embeddings.weight": "model-00001-of-00001.safetensors"}}
    (m3 / "model.safetensors.index.json").write_text(json.dumps(index))
    file, reason = refused_file(m3)
    assert file == "model.safetensors.index.json"
    assert "lacks its parts: model-00001-of-00001.safetensors" in reason


def test_weights_of_another_size_name_what_does_not_fit(m3: Path) -> None:
    edit_json(m3 / "config.json", intermediate_size=48)
    file, reason = refused_file(m3)
    assert file == "model.safetensors"
    assert "weights of another size: " in reason
    assert "intermediate" in reason


def test_weights_with_a_layer_too_few_name_what_is_missing(m3: Path) -> None:
    edit_json(m3 / "config.json", num_hidden_layers=3)
    file, reason = refused_file(m3)
    assert file == "model.safetensors"
    assert "lacks weights: encoder.layer.2" in reason


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
    error = refused(folder)
    assert (error.code, error.params["layout"]) == ("model_layout", "sentence-transformers")
    assert "model.safetensors" in str(error.params["files"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1]", "does not hold what"),
        ("{", "is not valid JSON"),
        ('{"name": "x", "no_such_field": 1}', "no_such_field"),
        ("{}", "the value of name"),
    ],
)
def test_a_calibration_that_cannot_be_read(m3: Path, content: str, words: str) -> None:
    (m3 / "zhenlu.json").write_text(content)
    file, reason = refused_file(m3)
    assert file == "zhenlu.json"
    assert words in reason


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_length", v) for v in ("256", None, 2.5, float("nan"), 0, -3, 15, True)]
    + [("name", None), ("name", 5), ("enough", "x"), ("evidence", None), ("use_reranker", "no"), ("bands_kb", 5)]
    + [("similarity", None), ("similarity.related", "x"), ("blend.bias", float("inf")), ("cant_miss", [])]
    + [("fusion.dense", float("nan")), ("fusion.dense", 10**400), ("fusion.sprase", 0.1), ("cant_miss.temperature", 0)]
    + [
        ("bands", "x"),
        ("bands.fused", [0.5, 0.4]),
        ("bands.fused", [0.4, 0.5, 0.6]),
        ("bands.rerank", ["a", "b", "c"]),
    ],
)
def test_a_value_of_the_calibration_that_cannot_be_used_is_named(m3: Path, key: str, value: object) -> None:
    outer, _, inner = key.partition(".")
    (m3 / "zhenlu.json").write_text(json.dumps({"name": "x", outer: {inner: value} if inner else value}))
    file, reason = refused_file(m3)
    assert file == "zhenlu.json"
    assert f"the value of {key} cannot be used" in reason


@pytest.mark.parametrize("bias", [torch.tensor(0.1), torch.zeros(1, 1)])
@pytest.mark.parametrize("name", ["sparse_linear.pt", "colbert_linear.pt"])
def test_a_bias_of_another_shape(m3: Path, name: str, bias: torch.Tensor) -> None:
    torch.save({"weight": torch.zeros(1, HIDDEN), "bias": bias}, m3 / name)
    file, reason = refused_file(m3)
    assert file == name
    assert f"weights of another size: shape (1, {HIDDEN}) + {tuple(bias.shape)}" in reason


def test_a_head_without_rows_or_with_numbers_that_are_none(m3: Path) -> None:
    head = m3 / "colbert_linear.pt"
    torch.save({"weight": torch.zeros(0, HIDDEN), "bias": torch.zeros(0)}, head)
    assert refused_file(m3)[0] == head.name
    torch.save({"weight": torch.full((HIDDEN, HIDDEN), torch.nan), "bias": torch.zeros(HIDDEN)}, head)
    file, reason = refused_file(m3)
    assert file == head.name
    assert "not finite" in reason


@pytest.mark.parametrize("state", [torch.zeros(3), [1, 2], "hello", {"weight": 3, "bias": torch.zeros(1)}])
def test_a_head_that_is_no_table_of_tensors(m3: Path, state: object) -> None:
    torch.save(state, m3 / "sparse_linear.pt")
    file, reason = refused_file(m3)
    assert file == "sparse_linear.pt"
    assert "is not a file of plain tensors" in reason


@pytest.mark.parametrize("content", [b"", b"hello world"])
def test_a_head_that_was_cut_off(m3: Path, content: bytes) -> None:
    (m3 / "sparse_linear.pt").write_bytes(content)
    file, reason = refused_file(m3)
    assert file == "sparse_linear.pt"
    assert "ends too early or is damaged" in reason


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_folder_in_the_place_of_a_file(m3: Path, name: str) -> None:
    (m3 / name).unlink()
    (m3 / name).mkdir()
    error = refused(m3)
    assert error.code == "model_layout"
    assert name in str(error.params["files"])


def test_links_to_nothing_beside_the_files_are_passed_over(m3: Path, m3_folder: Path) -> None:
    (m3 / "extra.json").symlink_to("/nowhere/x")
    (m3 / "extra.bin").mkdir()
    assert open_encoder(Settings(encoder=str(m3))).fingerprint == fingerprint(m3_folder, 512)


def test_a_file_that_may_not_be_read(m3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path, *rest: Any, **more: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", forbidden)
    _digest.cache_clear()
    file, reason = refused_file(m3)
    assert file in {path.name for path in m3.rglob("*")}
    assert "cannot be read" in reason


@pytest.mark.parametrize("error", [ValueError, TypeError, RuntimeError, IndexError, KeyError, OSError])
def test_a_model_that_fails_at_its_first_text(
    m3_folder: Path, reranker_folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fails(*rest: Any, **more: Any) -> Any:
        raise error("the library's words")

    monkeypatch.setattr("dashboard.encoders.bge_m3.M3Encoder.encode", fails)
    monkeypatch.setattr("dashboard.rerankers.CrossEncoderReranker.score", fails)
    for folder, role in ((m3_folder, "encoder"), (reranker_folder, "reranker")):
        file, reason = refused_file(folder, role)
        assert file == folder.name
        assert "fails at a first text" in reason
        assert "library" not in reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_a_padding_token_that_the_network_does_not_have(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    for token in (-5, 99_999):
        edit_json(folder / "config.json", pad_token_id=token)
        file, reason = refused_file(folder, role)
        assert file == "config.json"
        assert "pad_token_id" in reason


def test_a_tokenizer_without_tokens(m3: Path) -> None:
    tokenizer = json.loads((m3 / "tokenizer.json").read_text())
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    model |= {"max_input_chars_per_word": 100, "vocab": {}}
    tokenizer |= {"model": model, "added_tokens": [], "post_processor": None}
    (m3 / "tokenizer.json").write_text(json.dumps(tokenizer))
    file, reason = refused_file(m3)
    assert file == "tokenizer.json"
    assert "the tokenizer does not match the network: 0 tokens" in reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_the_tokenizer_of_another_model(tmp_path: Path, role: str) -> None:
    other = "reranker" if role == "encoder" else "encoder"
    folder = Path(shutil.copytree(COMPACT[role], tmp_path / "model"))
    shutil.copy(COMPACT[other] / "tokenizer.json", folder)
    file, reason = refused_file(folder, role)
    assert file == "tokenizer.json"
    assert "the tokenizer does not match the network" in reason


@pytest.mark.parametrize(
    ("tokens", "rows"),
    # bge-m3, multilingual-e5, gte-multilingual-base, deberta-v3, Qwen3-Embedding-0.6B, gte-Qwen2-1.5B, Qwen2.5-7B
    [
        (250_002, 250_002),
        (250_002, 250_037),
        (250_002, 250_048),
        (128_001, 128_100),
        (151_669, 151_669),
        (151_646, 151_936),
        (151_665, 152_064),
    ],
)
def test_rows_that_published_models_have_to_spare_are_none_too_many(tokens: int, rows: int) -> None:
    check_vocabulary(range(tokens), rows, Path("tokenizer.json"))


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


def without(part: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda weights: {name: numbers for name, numbers in weights.items() if part not in name}


def test_the_pooler_is_for_the_encoder_to_lack_and_not_for_a_reranker_that_stands_on_it(tmp_path: Path) -> None:
    encoder, reranker = write_mean_m3(tmp_path / "mean"), write_bert_reranker(tmp_path / "reranker")
    assert open_reranker(Settings(reranker=str(reranker)))
    for folder in (encoder, reranker):
        change_weights(folder, without("pooler"))
    assert open_encoder(Settings(encoder=str(encoder)))
    file, reason = refused_file(reranker, "reranker")
    assert file == "model.safetensors"
    assert "lacks weights: bert.pooler" in reason


@pytest.mark.parametrize("role", ["encoder", "reranker"])
def test_layers_that_the_config_leaves_out(m3: Path, reranker: Path, role: str) -> None:
    folder = m3 if role == "encoder" else reranker
    edit_json(folder / "config.json", num_hidden_layers=1)
    file, reason = refused_file(folder, role)
    assert file == "model.safetensors"
    assert "holds layers that config.json leaves out: " in reason
    assert "layer.1" in reason


def test_weights_that_are_no_numbers(m3: Path) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        weights["embeddings.word_embeddings.weight"][50, 3] = torch.nan  # not of a token of the first texts
        return weights

    change_weights(m3, spoil)
    file, reason = refused_file(m3)
    assert file == "model.safetensors"
    assert "not finite: embeddings.word_embeddings.weight" in reason


@pytest.mark.parametrize(
    ("spoil", "file", "words"),
    [
        (lambda f: change_weights(f, without("layer.1.")), "model.safetensors", "lacks weights: encoder.layer.1"),
        (lambda f: edit_json(f / "config.json", num_hidden_layers=1), "model.safetensors", "leaves out"),
        (lambda f: edit_json(f / "config.json", intermediate_size=48), "model.safetensors", "another size"),
        (lambda f: (f / "model.safetensors").write_bytes(b"cut"), "model.safetensors", "damaged"),
        (lambda f: (f / "config.json").write_text("{"), "config.json", "is not valid JSON"),
        (lambda f: (f / "modules.json").write_text("{"), "modules.json", "is not valid JSON"),
        (lambda f: (f / "modules.json").write_text("[]"), "modules.json", "does not hold what"),
        (lambda f: (f / "tokenizer.json").write_text("{"), "tokenizer.json", "is not valid JSON"),
        (lambda f: move_a_token(f / "tokenizer.json"), "tokenizer.json", "the tokenizer does not match the network"),
    ],
)
def test_a_sentence_transformers_model_that_cannot_be_used(
    tmp_path: Path, spoil: Callable[[Path], Any], file: str, words: str
) -> None:
    folder = write_sentence(tmp_path / "st")
    spoil(folder)
    found, reason = refused_file(folder)
    assert found == file
    assert words in reason


def move_a_token(path: Path) -> None:
    """Out of the reach of any network."""
    tokenizer = json.loads(path.read_text())
    tokenizer["model"]["vocab"]["fever"] += 900_000
    path.write_text(json.dumps(tokenizer))


def test_a_pickle_in_a_sentence_transformers_model_is_refused_and_not_run(tmp_path: Path) -> None:
    folder = write_sentence(tmp_path / "st")
    (folder / "model.safetensors").unlink()
    torch.save({"embeddings": Trap(tmp_path / "sprung")}, folder / "pytorch_model.bin")
    file, reason = refused_file(folder)
    assert file == "pytorch_model.bin"
    assert "is not a file of plain tensors" in reason
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("names", [("tokenizer.json", "config.json"), ("sparse_linear.pt", "colbert_linear.pt")])
def test_several_missing_files_are_all_named(m3: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (m3 / name).unlink()
    error = refused(m3)
    assert (error.code, error.params["layout"]) == ("model_layout", "m3")
    assert set(str(error.params["files"]).split(", ")) == set(names)


def test_an_empty_folder_is_no_whole_m3(tmp_path: Path) -> None:
    assert refused(tmp_path).params["layout"] == "m3"


@pytest.mark.parametrize("name", ["sparse_linear.pt", "colbert_linear.pt"])
def test_one_head_makes_it_an_m3_even_with_modules(m3: Path, tmp_path: Path, name: str) -> None:
    shutil.copy(write_sentence(tmp_path / "st") / "modules.json", m3)
    assert open_checkpoint(m3, "encoder").layout.name == "m3"
    (m3 / name).unlink()
    error = refused(m3)
    assert (error.params["layout"], error.params["files"]) == ("m3", name)
    (m3 / name).symlink_to("/nowhere/x")  # a download that stopped
    assert refused(m3).params["files"] == name


@pytest.mark.parametrize("content", ["{}", '{"pooling_mode_max_tokens": true}', '{"pooling_mode": "lasttoken"}'])
def test_a_pooling_mode_other_than_mean_and_cls(m3: Path, content: str) -> None:
    pooling = m3 / "1_Pooling" / "config.json"
    pooling.write_text(content)
    assert "pooling mode" in refused_file(m3)[1]
    pooling.unlink()
    assert refused(m3).params["files"] == "1_Pooling/config.json"


def test_both_spellings_of_the_pooling_mode(m3: Path) -> None:
    before = open_encoder(Settings(encoder=str(m3))).encode(TEXTS).dense
    for mode, same in (("cls", True), ("mean", False)):
        (m3 / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": mode}))
        assert np.allclose(open_encoder(Settings(encoder=str(m3))).encode(TEXTS).dense, before) is same


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
    for file in (path for path in source.rglob("*") if path.is_file()):
        below = file.relative_to(source)
        blob = model / "blobs" / f"{commit}-{below.as_posix().replace('/', '-')}"
        shutil.copyfile(file, blob)
        (snapshot / below).parent.mkdir(exist_ok=True)
        (snapshot / below).symlink_to(os.path.relpath(blob, (snapshot / below).parent))
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
