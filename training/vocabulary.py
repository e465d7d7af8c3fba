"""The student's tokenizer and initial weights: the teacher's, pruned for English and widened by Chinese words and
characters and by English words that it would cut into many pieces.

A Chinese word's first embedding is the mean of the teacher's embeddings of its English renderings, so that 便秘 stands
where "constipation" does before the first step, and a longer term, 先天性膈疝, reads like its English. A character's is
the average over the words and terms it occurs in, for what the list of words does not have.
"""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertModel, PreTrainedTokenizerFast

from training import teacher
from training.material import Material

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_LENGTH = 512
ENGLISH = re.compile(r"[a-z]{4,}")


def chinese(text: str) -> list[str]:
    return [c for c in text if "\u4e00" <= c <= "\u9fff"]


def chosen_words(material: Material, limit: int) -> dict[str, list[str]]:
    """Chinese words of two to four characters that become one token -> their English renderings: the list of words,
    then the lexicon's, the most used first."""
    found: dict[str, list[str]] = {}
    for concept in [*material.words, *material.concepts]:
        for zh in concept.zh:
            if 2 <= len(zh) <= 4 and len(chinese(zh)) == len(zh):
                found.setdefault(zh, concept.en)
    listed = {c.zh[0] for c in material.words}
    text = "\n".join(material.chinese())
    order = sorted(found, key=lambda w: (w not in listed, -text.count(w)))
    return {w: found[w] for w in order[:limit]}


def technical_words(material: Material, pieces: list[str], limit: int) -> dict[str, list[str]]:
    """English words that the pieces cut into three or more, the most used first -> what they mean in plain words, where
    a concept says it (diaphoresis -> sweating, 出汗)."""
    tokenizer = _wordpiece(pieces)
    used: Counter[str] = Counter()
    for text in material.english():
        used.update(set(ENGLISH.findall(text.lower())))
    length = {w: len(tokenizer.encode(w, add_special_tokens=False).ids) for w in used}
    chosen = sorted((w for w in used if length[w] > 2), key=lambda w: (-used[w], -length[w], w))[:limit]
    meanings: dict[str, list[str]] = {w: [w] for w in chosen}
    for concept in material.concepts:
        plain = [w for w in concept.en if all(length.get(x, 9) < 3 for x in ENGLISH.findall(w.lower()))]
        for wording in concept.en:
            if wording.lower() in meanings:
                meanings[wording.lower()] = [*plain, *concept.zh[:3]] or [wording]
    return meanings


def build(
    material: Material, english: int, words: int, technical: int
) -> tuple[Tokenizer, BertModel, dict[str, list[str]]]:
    """A tokenizer, a network that has its rows in the teacher's shape, and what its new words mean.

    ``english`` is how many of the teacher's pieces stay: those that knowledge/ uses twice, then the most frequent
    (the teacher's vocabulary is ordered by frequency); ``words`` how many Chinese words become tokens, ``technical``
    how many English ones.
    """
    teacher_tokenizer, network = teacher.load()
    vocabulary = teacher_tokenizer.get_vocab()
    chars: set[str] = set()
    used: Counter[str] = Counter()
    evidence: dict[str, Counter[int]] = defaultdict(Counter)
    compounds = chosen_words(material, words)
    pairs = [(zh, en) for c in [*material.words, *material.concepts] for zh in c.zh for en in c.en] + material.sentences
    pairs += [(zh, en) for q in material.questions for zh, en in zip(q["zh"], q["en"], strict=True)]
    for zh, en in pairs:
        encoding = teacher_tokenizer.encode(en, add_special_tokens=False)
        used.update(encoding.tokens)
        weight = 1 / (1 + len(encoding.ids))
        for char in set(chinese(zh)):
            chars.add(char)
            if len(zh) <= 12:
                for piece in encoding.ids:
                    evidence[char][piece] += weight
    plain = [t for t, _ in sorted(vocabulary.items(), key=lambda item: item[1]) if _is_english(t)]
    singles = [t for t in plain if len(t.removeprefix("##")) == 1]
    kept = dict.fromkeys([*singles, *(t for t in plain if used[t] > 1), *plain])
    pieces = [*SPECIAL, *list(kept)[:english], *sorted(chars), *compounds]

    meanings = technical_words(material, pieces, technical)
    pieces += meanings
    tokenizer = _wordpiece(pieces)
    # Added tokens are found before the text is cut into characters, the leftmost and longest first.
    tokenizer.add_tokens([AddedToken(word, normalized=True) for word in compounds])

    old = network.embeddings.word_embeddings.weight.data
    total = sum((Counter(e) for e in evidence.values()), Counter())
    fallback = old[[vocabulary[t] for t in used if t in vocabulary]].mean(0)
    new = torch.empty(len(pieces), old.shape[1])
    for i, piece in enumerate(pieces):
        if piece in compounds or piece in meanings:
            meant = compounds.get(piece) or [m for m in meanings[piece] if m.isascii()] or [piece]
            renderings = [teacher_tokenizer.encode(en, add_special_tokens=False).ids for en in meant]
            new[i] = torch.stack([old[ids].mean(0) for ids in renderings]).mean(0)
        elif piece in vocabulary and piece not in chars:
            new[i] = old[vocabulary[piece]]
        elif near := evidence.get(piece):
            # Weight a piece by how much of its use goes with this character: "pain" goes with every one of them.
            ids = torch.tensor(list(near))
            weights = torch.tensor([near[p] ** 2 / total[p] for p in near])
            new[i] = (old[ids] * weights[:, None]).sum(0) / weights.sum()
        else:
            new[i] = fallback + 0.02 * torch.randn(old.shape[1], generator=torch.Generator().manual_seed(i))
    network.resize_token_embeddings(len(pieces))
    network.embeddings.word_embeddings.weight.data = new
    network.config.vocab_size = len(pieces)
    network.config.pad_token_id = 0
    return tokenizer, network, compounds | meanings


def carry_over(tokenizer: Tokenizer, network: BertModel, start: Path, meanings: dict[str, list[str]]) -> None:
    """Take the weights of an earlier encoder: its rows for the tokens that it knows; a new word begins where that
    encoder has what it means."""
    known, before = Tokenizer.from_file(str(start / "tokenizer.json")), BertModel.from_pretrained(start)
    rows = known.get_vocab()
    old = before.embeddings.word_embeddings.weight.data
    new = network.embeddings.word_embeddings.weight.data
    for piece, i in tokenizer.get_vocab().items():
        if piece in rows:
            new[i] = old[rows[piece]]
        elif piece in meanings:
            ids = [known.encode(text, add_special_tokens=False).ids for text in meanings[piece]]
            new[i] = torch.stack([old[row].mean(0) for row in ids]).mean(0)
    state = {k: v for k, v in before.state_dict().items() if "word_embeddings" not in k and "pooler" not in k}
    missing = set(network.load_state_dict(state, strict=False).missing_keys)
    assert missing == {"embeddings.word_embeddings.weight"}, missing


def _wordpiece(pieces: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.BertNormalizer(lowercase=True)])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def pruned(tokenizer: Tokenizer, texts: list[str], keep: int) -> tuple[Tokenizer, torch.Tensor]:
    """A tokenizer of the ``keep`` tokens that the texts use most, without words of more than one Chinese character, and
    the rows of the old one (keep,). Single characters stay: whatever is cut away is read in smaller pieces."""
    used = Counter(i for e in tokenizer.encode_batch(texts) for i in e.ids)
    order = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    short = {t for t, _ in order if t in SPECIAL or len(t.removeprefix("##")) == 1}
    longer = [
        t for t, i in sorted(order, key=lambda item: (-used[item[1]], item[1])) if not chinese(t) and t not in short
    ]
    kept = {*short, *longer[: max(0, keep - len(short))]}
    pieces = [t for t, _ in order if t in kept]
    return _wordpiece(pieces), torch.tensor([i for t, i in order if t in kept])


def without_words(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer reading Chinese character by character: used now and then in training, so that the characters
    learn too (as subword regularization does, Kudo 2018, arXiv:1804.10959)."""
    layout = json.loads(tokenizer.to_str())
    layout["added_tokens"] = [t for t in layout["added_tokens"] if t["special"]]
    return Tokenizer.from_str(json.dumps(layout))


def reopen(layout: str) -> tuple[Tokenizer, BertModel]:
    """The tokenizer that a run began with, and a network of its size for the checkpoint's weights."""
    tokenizer = Tokenizer.from_str(layout)
    _, network = teacher.load()
    network.resize_token_embeddings(tokenizer.get_vocab_size())
    network.config.vocab_size, network.config.pad_token_id = tokenizer.get_vocab_size(), 0
    return tokenizer, network


def _is_english(piece: str) -> bool:
    text = piece.removeprefix("##")
    return text.isascii() and not (text.startswith("[") and len(text) > 1)


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json, readable by tokenizers and transformers alike."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=MAX_LENGTH,
        **dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL, strict=True)),
    ).save_pretrained(folder)
    # The library writes it with indents, which doubles its size.
    path = folder / "tokenizer.json"
    layout = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(layout, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
