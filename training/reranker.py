"""Train the compact reranker.

    python -m training.reranker [--steps 1200] [--threads 2] [--out knowledge/models/compact-reranker]

A one-label cross-encoder in bge-reranker-v2-m3's layout: the trained encoder's embeddings and every other one of its
layers, then a listwise softmax over one relevant entry and several that resemble it (Nogueira and Cho 2019,
arXiv:1901.04085; listwise loss as in Gao et al. 2021, arXiv:2101.08751). Resumes from training/build/reranker.pt when
it is there and began with this encoder (--fresh begins anew), with the vocabulary that it began with.
"""

import json
import random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from training import loop, vocabulary
from training import material as materials
from training.material import Material

LAYERS = (0, 2, 4)
CANDIDATES, QUERIES, MAX_LENGTH = 6, 8, 112


class Trainer:
    def __init__(self, material: Material, tokenizer: Tokenizer, network: nn.Module, seed: int, encoder: Path):
        self.material, self.tokenizer, self.network, self.seed = material, tokenizer, network, seed
        self.wordings = material.wordings()
        self.cases = material.cases()
        self.plain = Tokenizer.from_str(tokenizer.to_str())
        tokenizer.enable_truncation(MAX_LENGTH, strategy="only_second")
        self.near = self._neighbours(encoder)

    def _neighbours(self, folder: Path) -> list[list[int]]:
        """For each entry the 24 that share most with it, by the encoder's vectors of the symptoms."""
        from dashboard.checkpoint import open_checkpoint
        from dashboard.encoders.bge_m3 import M3Encoder

        encoder = M3Encoder(open_checkpoint(folder, "encoder"))
        vectors = encoder.encode(["、".join(e["symptoms"]) for e in self.material.entries]).dense
        scores = vectors @ vectors.T
        np.fill_diagonal(scores, -1)
        return [list(map(int, np.argsort(-row)[:24])) for row in scores]

    def step(self, number: int) -> tuple[str, Tensor]:
        rng = random.Random(self.seed * 1_000_003 + number)
        pairs = []
        for index in rng.sample(range(len(self.material.entries)), QUERIES):
            entry = self.material.entries[index]
            said = materials.query(entry, self.wordings, rng.choice(["zh", "en"]), rng)
            cases = self.cases.get(entry["id"])
            if cases and rng.random() < 0.5:
                said = rng.choice(cases)
            others = rng.sample(self.near[index], CANDIDATES - 3) + rng.sample(range(len(self.near)), 2)
            offsets = self.plain.encode(said, add_special_tokens=False).offsets
            if len(offsets) > MAX_LENGTH // 2:
                said = said[: offsets[MAX_LENGTH // 2][0]]
            lang = rng.choice(["zh", "en"])
            pairs += [(said, materials.passage(self.material.entries[i], lang, rng)) for i in (index, *others)]
        encodings = self.tokenizer.encode_batch(pairs)
        width = max(len(e.ids) for e in encodings)
        ids = torch.zeros(len(encodings), width, dtype=torch.long)
        types = torch.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = torch.tensor(encoding.ids)
            types[row, : len(encoding.ids)] = torch.tensor(encoding.type_ids)
        mask = (ids != 0).long()
        logits = self.network(input_ids=ids, token_type_ids=types, attention_mask=mask).logits[:, 0]
        listed = logits.float().view(QUERIES, CANDIDATES)
        target = torch.zeros(QUERIES, dtype=torch.long)
        labels = torch.zeros_like(listed)
        labels[:, 0] = 1
        # The pointwise part fixes where zero lies, so that logits mean the same from query to query.
        pointwise = nn.functional.binary_cross_entropy_with_logits(listed, labels)
        return "lists", nn.functional.cross_entropy(listed, target) + 0.5 * pointwise


def sized(encoder: Path, tokens: int) -> BertForSequenceClassification:
    """Fewer of the encoder's layers, with a fresh head."""
    raw = json.loads((encoder / "config.json").read_text())
    config = BertConfig(**{k: v for k, v in raw.items() if k not in ("architectures", "dtype", "torch_dtype")})
    config.num_hidden_layers, config.num_labels, config.vocab_size = len(LAYERS), 1, tokens
    return BertForSequenceClassification(config)


def build(encoder: Path, material: Material, tokens: int) -> tuple[Tokenizer, BertForSequenceClassification]:
    """The encoder's embeddings and every other layer, with a fresh head. Of its vocabulary the ``tokens`` that the
    material uses most stay, single characters among them; the other words are read in smaller pieces."""
    tokenizer, rows = vocabulary.pruned(
        Tokenizer.from_file(str(encoder / "tokenizer.json")), material.chinese() + material.english(), tokens
    )
    network = sized(encoder, len(rows))
    source = {k: v.float() for k, v in load_file(encoder / "model.safetensors").items()}
    words = "embeddings.word_embeddings.weight"
    source[words] = source[words][rows]
    state = network.state_dict()
    for name in state:
        inner = name.removeprefix("bert.")
        if inner.startswith("encoder.layer."):
            number = int(inner.split(".")[2])
            inner = inner.replace(f"layer.{number}.", f"layer.{LAYERS[number]}.", 1)
        if inner in source and source[inner].shape == state[name].shape:
            state[name] = source[inner]
    network.load_state_dict(state)
    return tokenizer, network


def save(network: BertForSequenceClassification, tokenizer: Tokenizer, folder: Path) -> None:
    """bge-reranker-v2-m3's layout, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    network.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config.update(architectures=["BertForSequenceClassification"], dtype="float16")
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({k: v.half().contiguous() for k, v in network.state_dict().items() if "position_ids" not in k},
              folder / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    vocabulary.save_tokenizer(Tokenizer.from_str(tokenizer.to_str()), folder)


def main() -> None:
    out = materials.KNOWLEDGE / "models" / "compact-reranker"
    options = loop.parser(__doc__, steps=1200, out=out, checkpoint="reranker.pt")
    options.add_argument("--encoder", type=Path, default=materials.KNOWLEDGE / "models" / "compact-encoder")
    options.add_argument("--tokens", type=int, default=11_600, help="size of the vocabulary")
    args = options.parse_args()
    loop.prepare(args)
    state = loop.reopen(args, args.encoder)
    material = materials.load()
    if state:
        tokenizer = Tokenizer.from_str(state["tokenizer"])
        network = sized(args.encoder, tokenizer.get_vocab_size())
    else:
        tokenizer, network = build(args.encoder, material, args.tokens)
        state = loop.begun(tokenizer, args.encoder)
    trainer = Trainer(material, tokenizer, network, args.seed, args.encoder)
    groups = [{"params": list(network.parameters()), "lr": args.rate}]
    save_now = lambda: save(network, tokenizer, args.out)  # noqa: E731
    loop.run(network, groups, trainer.step, args, state, save_now)


if __name__ == "__main__":
    main()
