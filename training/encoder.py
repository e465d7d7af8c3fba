"""Train the compact encoder.

    python -m training.encoder [--steps 3000] [--threads 2] [--out knowledge/models/compact-encoder]

Resumes from training/build/encoder.pt when it is there (--fresh starts over). Three kinds of steps alternate:
terms (wordings and translations of one concept against other concepts, related ones above all), sentences, and
retrieval (findings in any wording against whole entries) for the dense, sparse and multi-vector heads together.
Methods: multilingual distillation (Reimers and Gurevych 2020, arXiv:2004.09813); InfoNCE with in-batch negatives
(van den Oord 2018, arXiv:1807.03748); three heads on one network (BGE M3, Chen et al. 2024, arXiv:2402.03216).
"""

import argparse
import hashlib
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import material as materials
from training import teacher, vocabulary
from training.material import Material

BUILD = Path(__file__).parent / "build"
TEMPERATURE = 0.05


class Student(nn.Module):
    """The network with bge-m3's three heads."""

    def __init__(self, network: nn.Module, dimension: int = 384, multi: int = 384):
        super().__init__()
        self.network = network
        self.sparse = nn.Linear(dimension, 1)
        self.colbert = nn.Linear(dimension, multi)
        with torch.no_grad():
            self.sparse.weight.normal_(std=0.02)
            self.sparse.bias.fill_(0.3)
            self.colbert.weight.copy_(torch.eye(multi, dimension))
            self.colbert.bias.zero_()

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """ids (n, t) -> dense (n, d), token weights (n, t), token vectors (n, t - 1, m), mask (n, t)."""
        mask = (ids != 0).float()
        hidden = self.network(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        dense = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        content = mask * (ids > len(vocabulary.SPECIAL) - 1)
        weights = torch.relu(self.sparse(hidden)).squeeze(-1) * content
        vectors = F.normalize(self.colbert(hidden[:, 1:]), dim=-1) * mask[:, 1:, None]
        return F.normalize(dense, dim=-1), weights, vectors, mask


def info_nce(scores: Tensor, same: Tensor | None = None) -> Tensor:
    """Cross-entropy of a square score matrix towards its diagonal, both ways; ``same`` marks false negatives."""
    if same is not None:
        scores = scores.masked_fill(same & ~torch.eye(len(scores), dtype=torch.bool), -1e4)
    target = torch.arange(len(scores))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


class Trainer:
    def __init__(self, material: Material, tokenizer: Tokenizer, network: nn.Module, seed: int):
        self.material, self.tokenizer, self.seed = material, tokenizer, seed
        self.student = Student(network)
        self.wordings = material.wordings()
        self.cases = {i: v["query"] for v in material.vignettes for i in v["relevant"]}
        self.concept_vectors, self.sentence_vectors = self.teach()

    def teach(self) -> tuple[Tensor, Tensor]:
        """The teacher's vectors: a concept's is the mean of its English wordings, the first counting double."""
        texts = sorted({w for c in self.material.concepts for w in c.en} | {en for _, en in self.material.sentences})
        key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        cache = BUILD / f"teacher-{key}.npy"
        if not cache.exists():
            BUILD.mkdir(exist_ok=True)
            np.save(cache, teacher.embed(texts))
        place = {text: i for i, text in enumerate(texts)}
        vectors = torch.from_numpy(np.load(cache))
        concepts = torch.stack([
            vectors[[place[c.en[0]], *(place[w] for w in c.en)]].mean(0) for c in self.material.concepts
        ])  # fmt: skip
        sentences = vectors[[place[en] for _, en in self.material.sentences]]
        return F.normalize(concepts, dim=-1), sentences

    def ids(self, texts: list[str], limit: int) -> Tensor:
        # "[CLS] text [SEP]" cut to the limit, the separator kept.
        rows = [e.ids for e in self.tokenizer.encode_batch(texts)]
        return teacher.pad([r if len(r) <= limit else r[: limit - 1] + r[-1:] for r in rows])

    def terms(self, rng: random.Random) -> Tensor:
        """Wordings of a concept: to each other, to the teacher's vector, away from the others."""
        concepts = self.material.concepts
        chosen: list[int] = []
        while len(chosen) < 48:
            index = rng.randrange(len(concepts))
            chosen.append(index)
            if concepts[index].related and rng.random() < 0.7:
                chosen.append(rng.choice(concepts[index].related))
        chosen = list(dict.fromkeys(chosen))
        zh = [rng.choice(concepts[i].zh) for i in chosen]
        en = [rng.choice(concepts[i].en) for i in chosen]
        other = [rng.choice([*concepts[i].zh, *concepts[i].en]) for i in chosen]
        goal = self.concept_vectors[chosen]
        first, second, third = self.student(self.ids(zh + en + other, 18))[0].split(len(chosen))
        loss = info_nce(first @ second.T / TEMPERATURE) + 0.5 * info_nce(first @ third.T / TEMPERATURE)
        loss = loss + 0.5 * info_nce(second @ third.T / TEMPERATURE)
        return (
            loss
            + sum(4 * (1 - (v * goal).sum(-1)).mean() for v in (first, second))
            + info_nce(first @ goal.T / TEMPERATURE)
        )

    def lists(self, rng: random.Random) -> Tensor:
        """Several terms in a row: the teacher's vector is of the English list."""
        zh, en, goal = [], [], []
        for _ in range(24):
            chosen = rng.sample(range(len(self.material.concepts)), rng.choice([2, 3, 4]))
            a, b = materials.joined([self.material.concepts[i] for i in chosen], rng)
            zh.append(a)
            en.append(b)
            goal.append(F.normalize(self.concept_vectors[chosen].mean(0), dim=-1))
        return self._translate(zh, en, torch.stack(goal), 64)

    def sentences(self, rng: random.Random) -> Tensor:
        chosen = rng.sample(range(len(self.material.sentences)), 20)
        zh, en = zip(*(self.material.sentences[i] for i in chosen), strict=True)
        return self._translate(list(zh), list(en), self.sentence_vectors[chosen], 96)

    def _translate(self, zh: list[str], en: list[str], goal: Tensor, limit: int) -> Tensor:
        first, second = self.student(self.ids(zh + en, limit))[0].split(len(zh))
        loss = info_nce(first @ second.T / TEMPERATURE) + info_nce(first @ goal.T / TEMPERATURE)
        return loss + sum(4 * (1 - (v * goal).sum(-1)).mean() for v in (first, second))

    def retrieval(self, rng: random.Random) -> Tensor:
        """Findings against whole entries, with all three heads."""
        entries = rng.sample(self.material.entries, min(18, len(self.material.entries)))
        queries, passages = [], []
        for entry in entries:
            case = self.cases.get(entry["id"])
            made = materials.query(entry, self.wordings, rng.choice(["zh", "en"]), rng)
            queries.append(case if case and rng.random() < 0.3 else made)
            passages.append(materials.passage(entry, rng.choice(["zh", "en"]), rng))
        q_ids, p_ids = self.ids(queries, 48), self.ids(passages, 128)
        q_dense, q_weights, q_vectors, q_mask = self.student(q_ids)
        p_dense, p_weights, p_vectors, p_mask = self.student(p_ids)
        dense = q_dense @ p_dense.T
        sparse = self._lexical(q_ids, q_weights) @ self._lexical(p_ids, p_weights).T
        pairs = torch.einsum("qid,pjd->qpij", q_vectors, p_vectors)
        best = pairs.masked_fill(p_mask[None, :, None, 1:] == 0, -1).amax(-1)
        multi = (best * q_mask[:, None, 1:]).sum(-1) / q_mask[:, 1:].sum(-1)[:, None]
        loss = info_nce(dense / TEMPERATURE) + info_nce(multi / TEMPERATURE) + 0.3 * info_nce(sparse / 0.1)
        return loss + 0.002 * (q_weights.sum(1).mean() + p_weights.sum(1).mean() / 4)

    def _lexical(self, ids: Tensor, weights: Tensor) -> Tensor:
        """Token weights -> (n, vocabulary), the maximum per token id."""
        size = self.student.network.config.vocab_size
        return torch.zeros(len(ids), size).scatter_reduce(1, ids, weights, "amax")

    def step(self, number: int) -> tuple[str, Tensor]:
        rng = random.Random(self.seed * 1_000_003 + number)
        kind = ("terms", "sentences", "terms", "retrieval", "terms", "lists")[number % 6]
        return kind, getattr(self, kind)(rng)


def save(student: Student, tokenizer: Tokenizer, folder: Path) -> None:
    """bge-m3's own folder layout, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    student.network.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config.update(architectures=["BertModel"], dtype="float16")
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({k: v.half().contiguous() for k, v in student.network.state_dict().items() if "position_ids" not in k},
              folder / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    torch.save({k: v.half() for k, v in student.sparse.state_dict().items()}, folder / "sparse_linear.pt")
    torch.save({k: v.half() for k, v in student.colbert.state_dict().items()}, folder / "colbert_linear.pt")
    vocabulary.save_tokenizer(tokenizer, folder)
    pooling = folder / "1_Pooling"
    pooling.mkdir(exist_ok=True)
    (pooling / "config.json").write_text(json.dumps(
        {"word_embedding_dimension": 384, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, indent=2) + "\n")  # fmt: skip


def main() -> None:  # noqa: PLR0915
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--english", type=int, default=12_000, help="English pieces to keep in the vocabulary")
    parser.add_argument("--out", type=Path, default=materials.KNOWLEDGE / "models" / "compact-encoder")
    parser.add_argument("--fresh", action="store_true", help="ignore the checkpoint")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    # Moments of rows that no batch touches decay into denormal numbers, which made a step three times as slow.
    torch.set_flush_denormal(True)
    material = materials.load()
    checkpoint, first = BUILD / "encoder.pt", 0
    resume = checkpoint.exists() and not args.fresh
    if resume:
        tokenizer, network = vocabulary.reopen(BUILD)
    else:
        tokenizer, network = vocabulary.build(material, args.english)
        vocabulary.save_tokenizer(tokenizer, BUILD)
    trainer = Trainer(material, tokenizer, network, args.seed)
    student = trainer.student
    embeddings = [p for n, p in student.named_parameters() if "word_embeddings" in n]
    rest = [p for n, p in student.named_parameters() if "word_embeddings" not in n]
    # The characters' embeddings are new and sparse in the batches: they need a higher rate than the network.
    optimizer = torch.optim.AdamW(
        [{"params": embeddings, "lr": args.rate * 5}, {"params": rest, "lr": args.rate}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / 100) * max(0.02, 1 - s / args.steps)
    )
    if resume:
        state = torch.load(checkpoint, weights_only=True)
        student.load_state_dict(state["student"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
        print(f"resumed at step {first}", flush=True)
    student.train()
    started, losses = time.perf_counter(), {}
    for number in range(first, args.steps):
        # bfloat16 where the processor has it (AMX, AVX-512): 2.7 times as fast here, the loss the same to three digits
        with torch.autocast("cpu", dtype=torch.bfloat16):
            kind, loss = trainer.step(number)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses[kind] = 0.9 * losses.get(kind, loss.item()) + 0.1 * loss.item()
        if number % 30 == 29:
            pace = (time.perf_counter() - started) / (number + 1 - first)
            shown = "  ".join(f"{k} {v:.3f}" for k, v in sorted(losses.items()))
            print(f"step {number + 1}/{args.steps}  {pace:.2f} s/step  {shown}", flush=True)
        if number % 300 == 299 or number + 1 == args.steps:
            state = {"student": student.state_dict(), "optimizer": optimizer.state_dict(),
                     "schedule": schedule.state_dict(), "step": number + 1}  # fmt: skip
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
            save(student, tokenizer, args.out)
    save(student, tokenizer, args.out)


if __name__ == "__main__":
    main()
