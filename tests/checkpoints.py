"""Tiny model folders with random weights, in the layouts that real models have: hidden size 32, two layers.

Every writer takes a folder, fills it and returns it. The weights depend on the seed alone.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram, WordPiece
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaModel,
)
from transformers.utils import logging as transformers_logging

transformers_logging.disable_progress_bar()

HIDDEN = 32
POSITIONS = 128  # texts of at most this many tokens

# In the tokenizers as they stand; every single character of them is a piece as well.
_WORDS = (
    "发热 咳嗽 咳痰 胸痛 胸闷 头痛 头晕 恶心 呕吐 腹痛 腹泻 乏力 心悸 皮疹 水肿 黄疸 呼吸困难 关节痛 尿频 尿急 尿痛 肺炎 "
    "流感 偏头痛 哮喘 胃炎 急性 慢性 疼痛 症状 患者 三天 无 伴 和 的 高血压 糖尿病 阑尾炎 肾炎 甲亢 右下腹 气促 喘息 畏光 "
    "fever cough chest pain head ache headache nausea vomiting diarrhea fatigue rash edema short ness of breath "
    "and with for three days pneumonia influenza migraine asthma gastritis acute chronic patient the no dry "
    "hypertension diabetes appendicitis abdominal right lower wheeze light sensitivity"
)
WORDS = _WORDS.split()
CHARACTERS = sorted(
    set("".join(WORDS))
    | set("abcdefghijklmnopqrstuvwxyz0123456789")
    | set("、，。,.:;!?()-/%°天周月年岁男女左右上下痒红肿")
)

# Enough for every test: mixed lengths and languages, an empty text, characters the vocabularies do not have.
TEXTS = (
    "发热、咳嗽三天，伴胸痛",
    "fever and cough for three days, no chest pain",
    "头痛",
    "",
    "患者女，45岁，右下腹疼痛，恶心、呕吐，无腹泻。",
    "short of breath 呼吸困难 with wheeze 喘息",
    "龘䨻🙂 unseen charactèrs",
    "皮疹 " * 12,
)


def xlmr_tokenizer() -> Tokenizer:
    """A unigram tokenizer with XLM-RoBERTa's special tokens, ids and post-processor."""
    pieces: dict[str, float] = {"<s>": 0.0, "<pad>": 0.0, "</s>": 0.0, "<unk>": 0.0, "▁": -6.0}
    pieces |= {piece: -4.0 for word in WORDS for piece in (word, "▁" + word) if len(word) > 1}
    pieces |= {character: -7.0 for character in CHARACTERS if character not in pieces}
    pieces["<mask>"] = 0.0
    tokenizer = Tokenizer(Unigram(list(pieces.items()), unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return tokenizer


def bert_tokenizer() -> Tokenizer:
    """A WordPiece tokenizer with BERT's special tokens and post-processor; Chinese character by character."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CHARACTERS]
    pieces += ["##" + c for c in CHARACTERS if c.isascii() and c.isalnum()]
    pieces += [w for w in WORDS if w.isascii()]
    tokenizer = Tokenizer(WordPiece({p: i for i, p in enumerate(dict.fromkeys(pieces))}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def write_m3(folder: Path, *, seed: int = 0, max_length: int | None = None) -> Path:
    """bge-m3's layout over XLM-RoBERTa: first-token pooling, two heads."""
    torch.manual_seed(seed)
    tokenizer = _xlmr_tokenizer_files(folder)
    XLMRobertaModel(_xlmr_config(tokenizer)).save_pretrained(folder)
    _heads(folder)
    _pooling(folder, "cls_token")
    _calibration(folder, max_length)
    return folder


def write_mean_m3(folder: Path, *, seed: int = 0, max_length: int | None = None) -> Path:
    """bge-m3's layout over BERT with mean pooling, which is what the compact encoder is."""
    torch.manual_seed(seed)
    BertModel(_bert_config(_bert_tokenizer_files(folder))).save_pretrained(folder)
    _heads(folder)
    _pooling(folder, "mean_tokens")
    _calibration(folder, max_length)
    return folder


def write_reranker(folder: Path, *, seed: int = 0, labels: int = 1, max_length: int | None = None) -> Path:
    """bge-reranker-v2-m3's layout; any number of labels but one makes a folder that must be refused."""
    torch.manual_seed(seed)
    tokenizer = _xlmr_tokenizer_files(folder)
    config = _xlmr_config(tokenizer)
    config.num_labels = labels
    network = XLMRobertaForSequenceClassification(config)
    # At its initial scale the head gives all pairs nearly the same logit, and equality would prove little.
    with torch.no_grad():
        for parameter in network.classifier.parameters():
            parameter.mul_(20)
    network.save_pretrained(folder)
    _calibration(folder, max_length)
    return folder


def write_bert_reranker(folder: Path, *, seed: int = 0) -> Path:
    """A reranker over BERT, whose classifier stands on the pooler: what the compact reranker is."""
    torch.manual_seed(seed)
    config = _bert_config(_bert_tokenizer_files(folder))
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def write_sentence(folder: Path, *, seed: int = 0) -> Path:
    """A sentence-transformers model: BERT, mean pooling, no heads."""
    torch.manual_seed(seed)
    BertModel(_bert_config(_bert_tokenizer_files(folder))).save_pretrained(folder)
    _pooling(folder, "mean_tokens")
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": POSITIONS, "do_lower_case": False})
    return folder


def _xlmr_tokenizer_files(folder: Path) -> Tokenizer:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = xlmr_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>"}
    special |= {"pad_token": "<pad>", "mask_token": "<mask>"}
    _write(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": POSITIONS, **special},
    )
    return tokenizer


def _bert_tokenizer_files(folder: Path) -> Tokenizer:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = bert_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]"}
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": POSITIONS,
            "mask_token": "[MASK]",
            **special,
        },
    )
    return tokenizer


def _xlmr_config(tokenizer: Tokenizer) -> XLMRobertaConfig:
    # XLM-R never uses its first two positions.
    return XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=POSITIONS + 2,
        type_vocab_size=1,
        initializer_range=0.2,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )


def _bert_config(tokenizer: Tokenizer) -> BertConfig:
    return BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
        initializer_range=0.2,
        pad_token_id=0,
    )


def _heads(folder: Path) -> None:
    sparse, colbert = torch.nn.Linear(HIDDEN, 1), torch.nn.Linear(HIDDEN, HIDDEN)
    torch.nn.init.constant_(sparse.bias, 0.3)  # so that relu leaves most tokens a weight, but not all
    torch.save(sparse.state_dict(), folder / "sparse_linear.pt")
    torch.save(colbert.state_dict(), folder / "colbert_linear.pt")


def _pooling(folder: Path, mode: str) -> None:
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = {f"pooling_mode_{m}": m == mode for m in ("cls_token", "mean_tokens", "max_tokens")}
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": HIDDEN, **modes})


def _calibration(folder: Path, max_length: int | None) -> None:
    if max_length is not None:
        _write(folder / "zhenlu.json", {"name": folder.name, "max_length": max_length})


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
