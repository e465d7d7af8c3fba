"""Train the compact encoder.

    python -m training.encoder [--steps 6400] [--start FOLDER] [--out knowledge/models/compact-encoder]

Resumes from training/build/encoder.pt when it is there (--fresh begins anew), with the vocabulary that it began with.
Kinds of steps alternate: terms (wordings
and translations of one concept against other concepts, related ones above all); sentences and their translations, terms
exchanged for others of the same meaning; an entry's symptoms told in both languages, and whole entries; English alone;
questions against the same in other words; retrieval (cases and findings against whole entries) for the dense, sparse
and multi-vector heads together; findings (clause by clause against symptom by symptom).
Methods: multilingual distillation (Reimers and Gurevych 2020, arXiv:2004.09813); InfoNCE with in-batch negatives
(van den Oord 2018, arXiv:1807.03748); three heads on one network (BGE M3, Chen et al. 2024, arXiv:2402.03216).
"""

import hashlib
import json
import random
import re
from collections import defaultdict
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import loop, teacher, vocabulary
from training import material as materials
from training.loop import BUILD
from training.material import Concept, Material

TEMPERATURE = 0.05
CLAUSE = re.compile(r"[，。；、！？\n]|[,.;!?](?=\s|$)| and | with ")


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

    def load_heads(self, folder: Path) -> None:
        """Take the heads of an earlier encoder."""
        for name in ("sparse", "colbert"):
            getattr(self, name).load_state_dict(torch.load(folder / f"{name}_linear.pt", weights_only=True))

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


def away(vectors: Tensor, goal: Tensor) -> Tensor:
    """1 - cosine to the teacher's vectors, the mean."""
    return 1 - (vectors * goal).sum(-1).mean()


class Trainer:
    """Makes the batches. Every kind of step is a method that takes the step's own random numbers and gives a loss."""

    ORDER = (
        "terms", "english", "terms", "sentences", "told", "passages", "terms", "retrieval",
        "terms", "english", "findings", "sentences", "passages", "terms", "questions", "retrieval",
    )  # fmt: skip

    def __init__(self, material: Material, tokenizer: Tokenizer, network: nn.Module, seed: int):
        self.material, self.tokenizer, self.seed = material, tokenizer, seed
        self.characters = vocabulary.without_words(tokenizer)
        self.student = Student(network)
        self.wordings = material.wordings()
        self.cases = material.cases()
        self.departments = defaultdict(list)
        for entry in material.entries:
            self.departments[entry["department_en"]].append(entry)
        self.terms_and_words = material.concepts + material.words
        # By its wordings, so that each of them comes up as often: a rare one is learned by heart or not at all.
        self.weights = list(accumulate(len(c.zh) + len(c.en) for c in self.terms_and_words))
        self.english_long = [v["query"] for v in material.vignettes if v["lang"] == "en"]
        self.english_long += [materials.passage(e, "en", random.Random(e["id"])) for e in material.entries]
        self.english_short = [en for _, en in material.sentences] + [t for q in material.questions for t in q["en"]]
        rng = random.Random(seed)
        self.stories = [materials.told(e, self.wordings, rng) for e in material.entries for _ in range(12)]
        self.english_short += [plain for _, _, plain in self.stories]
        # One seed gives the same passage in both languages.
        self.passage_pairs = [
            tuple(materials.passage(e, lang, random.Random(f"{e['id']}/{variant}")) for lang in ("zh", "en"))
            for e in material.entries
            for variant in range(4)
        ]
        self.vectors = self.teach()

    def teach(self) -> dict[str, Tensor]:
        """The teacher's unit vector of every English text there is."""
        texts = {w for c in self.terms_and_words for w in c.en} | {en for _, en in self.material.sentences}
        texts |= {*self.english_long, *self.english_short, *(en for _, en in self.passage_pairs)}
        order = sorted(texts)
        cache = BUILD / f"teacher-{hashlib.sha256(chr(10).join(order).encode()).hexdigest()[:16]}.npy"
        if not cache.exists():
            BUILD.mkdir(exist_ok=True)
            np.save(cache.with_suffix(".part.npy"), teacher.embed(order))
            cache.with_suffix(".part.npy").replace(cache)
        return dict(zip(order, torch.from_numpy(np.load(cache)), strict=True))

    def meaning(self, concept: Concept) -> Tensor:
        """The mean of the teacher's vectors of a concept's English wordings, the first counting double."""
        return F.normalize(sum(self.vectors[w] for w in [concept.en[0], *concept.en]), dim=-1)

    def ids(self, texts: list[str], limit: int, rng: random.Random) -> Tensor:
        # "[CLS] text [SEP]" cut to the limit, the separator kept; one text in ten character by character.
        rows = [e.ids for e in self.tokenizer.encode_batch(texts)]
        for i in rng.sample(range(len(texts)), len(texts) // 10):
            rows[i] = self.characters.encode(texts[i]).ids
        return teacher.pad([r if len(r) <= limit else r[: limit - 1] + r[-1:] for r in rows])

    def terms(self, rng: random.Random) -> Tensor:
        """Wordings of a concept: to each other, to the teacher's vector, away from the others."""
        concepts = self.terms_and_words
        chosen: list[int] = []
        while len(chosen) < 112:
            index = rng.choices(range(len(concepts)), cum_weights=self.weights)[0]
            chosen.append(index)
            if concepts[index].related and rng.random() < 0.7:
                chosen.append(rng.choice(concepts[index].related))
        picked = [concepts[i] for i in dict.fromkeys(chosen)]
        zh, en = [rng.choice(c.zh) for c in picked], [rng.choice(c.en) for c in picked]
        other = [rng.choice([*c.zh, *c.en]) for c in picked]
        goal = torch.stack([self.meaning(c) for c in picked])
        first, second, third = self.student(self.ids(zh + en + other, 18, rng))[0].split(len(picked))
        loss = info_nce(first @ second.T / TEMPERATURE) + 0.5 * info_nce(first @ third.T / TEMPERATURE)
        loss = loss + 0.5 * info_nce(second @ third.T / TEMPERATURE)
        return loss + info_nce(first @ goal.T / TEMPERATURE) + 4 * (away(first, goal) + away(second, goal))

    def told(self, rng: random.Random) -> Tensor:
        """An entry's symptoms told in both languages in any words: the teacher's vector is of their plain English."""
        zh, en, goal = zip(*rng.sample(self.stories, 28), strict=True)
        return self._translate(list(zh), list(en), torch.stack([self.vectors[t] for t in goal]), 64, rng)

    def sentences(self, rng: random.Random) -> Tensor:
        """Translations, half of them with terms exchanged for others that mean the same."""
        zh, en = (list(side) for side in zip(*rng.sample(self.material.sentences, 24), strict=True))
        goal = torch.stack([self.vectors[t] for t in en])
        for side in (zh, en):
            for i in rng.sample(range(len(side)), len(side) // 2):
                side[i] = materials.reworded(side[i], self.wordings, rng)
        return self._translate(zh, en, goal, 96, rng)

    def passages(self, rng: random.Random) -> Tensor:
        """Whole entries in both languages: a base in either one lies where the teacher has its English."""
        zh, en = zip(*rng.sample(self.passage_pairs, 16), strict=True)
        return self._translate(list(zh), list(en), torch.stack([self.vectors[t] for t in en]), 128, rng)

    def english(self, rng: random.Random) -> Tensor:
        """English alone, long and short: the vectors that the teacher gives, and how they lie to each other."""
        texts = [rng.choice(pool) for pool in (self.english_long, self.english_short) for _ in range(14)]
        goal = torch.stack([self.vectors[t] for t in texts])
        vectors = self.student(self.ids(texts, 128, rng))[0]
        return 6 * away(vectors, goal) + 20 * (vectors @ vectors.T - goal @ goal.T).square().mean()

    def _translate(self, zh: list[str], en: list[str], goal: Tensor, limit: int, rng: random.Random) -> Tensor:
        dense, _, vectors, mask = self.student(self.ids(zh + en, limit, rng))
        first, second = dense.split(len(zh))
        late = self._late(vectors[: len(zh)], mask[: len(zh)], vectors[len(zh) :], mask[len(zh) :])
        loss = info_nce(first @ second.T / TEMPERATURE) + info_nce(first @ goal.T / TEMPERATURE)
        return loss + 0.5 * info_nce(late / TEMPERATURE) + 6 * (away(first, goal) + away(second, goal))

    def _late(self, queries: Tensor, asked: Tensor, passages: Tensor, known: Tensor) -> Tensor:
        """Token vectors and masks of n queries and m passages -> (n, m): the mean of each query token's best."""
        pairs = torch.einsum("qid,pjd->qpij", queries, passages)
        best = pairs.masked_fill(known[None, :, None, 1:] == 0, -1).amax(-1)
        return (best * asked[:, None, 1:]).sum(-1) / asked[:, 1:].sum(-1)[:, None]

    def questions(self, rng: random.Random) -> Tensor:
        """The same question in other words, in either language, against one that only looks like it."""
        rows = rng.sample(self.material.questions, 24)
        first, second, near, goal = [], [], [], []
        for row in rows:
            asked, again, order = rng.choice(["zh", "en"]), rng.choice(["zh", "en"]), rng.sample([0, 1], 2)
            first.append(row[asked][order[0]])
            second.append(row[again][order[1]])
            near.append(row["near_" + again])
            goal.append(self.vectors[row["en"][1]])  # of statements the one in plain words
        a, b, c = self.student(self.ids(first + second + near, 64, rng))[0].split(len(rows))
        target = torch.arange(len(rows))
        loss = F.cross_entropy(a @ torch.cat([b, c]).T / TEMPERATURE, target) + F.cross_entropy(
            b @ a.T / TEMPERATURE, target
        )
        # The near one comes last by a margin: in-batch others are too easy to keep it away.
        apart = F.relu(0.15 + (a * c).sum(-1) - (a * b).sum(-1)).mean()
        return loss + 4 * apart + away(a, torch.stack(goal))

    def entries(self, rng: random.Random, count: int) -> list[dict]:
        """Entries of a few departments: those of one department are hard to tell apart."""
        chosen: list[dict] = []
        while len(chosen) < count:
            department = self.departments[rng.choice(list(self.departments))]
            chosen += [e for e in rng.sample(department, min(6, len(department))) if e not in chosen]
        return chosen[:count]

    def said(self, entry: dict, rng: random.Random) -> str:
        """A text that a person might have typed about this entry."""
        cases = self.cases.get(entry["id"])
        if cases and rng.random() < 0.5:
            return rng.choice(cases)
        return materials.query(entry, self.wordings, rng.choice(["zh", "en"]), rng)

    def retrieval(self, rng: random.Random) -> Tensor:
        """Queries against whole entries, with all three heads."""
        entries = self.entries(rng, 18)
        queries = [self.said(e, rng) for e in entries]
        passages = [materials.passage(e, rng.choice(["zh", "en"]), rng) for e in entries]
        q_ids, p_ids = self.ids(queries, 64, rng), self.ids(passages, 112, rng)
        q_dense, q_weights, q_vectors, q_mask = self.student(q_ids)
        p_dense, p_weights, p_vectors, p_mask = self.student(p_ids)
        dense = q_dense @ p_dense.T
        sparse = self._lexical(q_ids, q_weights) @ self._lexical(p_ids, p_weights).T
        multi = self._late(q_vectors, q_mask, p_vectors, p_mask)
        # Less on the dense head: pulled as hard as the others it forgets what the teacher knew of other bases.
        loss = 0.15 * info_nce(dense / TEMPERATURE) + info_nce(multi / TEMPERATURE) + 0.3 * info_nce(sparse / 0.1)
        return loss + 0.002 * (q_weights.sum(1).mean() + p_weights.sum(1).mean() / 4)

    def findings(self, rng: random.Random) -> Tensor:
        """Clause by clause against symptom by symptom, scored as the product does: the mean of the best symptom."""
        entries = self.entries(rng, 12)
        clauses = [
            [c for c in CLAUSE.split(self.said(e, rng)) if len(c) > 1][:6] or [e["symptoms"][0]] for e in entries
        ]
        symptoms = [
            rng.sample(e["symptoms" if rng.random() < 0.5 else "symptoms_en"], min(8, len(e["symptoms"])))
            for e in entries
        ]
        texts = [t for group in clauses + symptoms for t in group]
        vectors = self.student(self.ids(texts, 32, rng))[0].split([len(g) for g in clauses + symptoms])
        asked, known = vectors[: len(entries)], vectors[len(entries) :]
        best = [torch.stack([(q @ s.T).amax(1) for s in known], dim=1) for q in asked]  # (clauses, entries) each
        # A clause that is near no symptom says little about any entry, as in dashboard.retrieval.
        weights = [((b.amax(1).detach() - 0.3) / 0.4).clamp(0.05, 1) for b in best]
        scores = torch.stack([(w @ b) / w.sum() for w, b in zip(weights, best, strict=True)])
        return info_nce(scores / TEMPERATURE)

    def _lexical(self, ids: Tensor, weights: Tensor) -> Tensor:
        """Token weights -> (n, vocabulary), the maximum per token id."""
        size = self.student.network.config.vocab_size
        return torch.zeros(len(ids), size).scatter_reduce(1, ids, weights, "amax")

    def step(self, number: int) -> tuple[str, Tensor]:
        kind = self.ORDER[number % len(self.ORDER)]
        return kind, getattr(self, kind)(random.Random(self.seed * 1_000_003 + number))


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


def main() -> None:
    out = materials.KNOWLEDGE / "models" / "compact-encoder"
    options = loop.parser(__doc__, steps=6400, out=out, checkpoint="encoder.pt")
    options.add_argument("--english", type=int, default=9_000, help="English pieces to keep in the vocabulary")
    options.add_argument("--words", type=int, default=5_200, help="Chinese words that become tokens")
    options.add_argument("--technical", type=int, default=4_000, help="English words that become tokens")
    options.add_argument("--start", type=Path, help="an earlier encoder's folder to go on from, instead of the teacher")
    args = options.parse_args()
    if args.start and args.start.resolve() == args.out.resolve():
        options.error(f"--out is what --start names, and would be overwritten: {args.out}")
    loop.prepare(args)
    state = loop.reopen(args, args.start)
    material = materials.load()
    if state:
        tokenizer, network = vocabulary.reopen(state["tokenizer"])
    else:
        tokenizer, network, meanings = vocabulary.build(material, args.english, args.words, args.technical)
        if args.start:
            vocabulary.carry_over(tokenizer, network, args.start, meanings)
        state = loop.begun(tokenizer, args.start)
    trainer = Trainer(material, tokenizer, network, args.seed)
    student = trainer.student
    if args.start and not state["step"]:
        student.load_heads(args.start)
    embeddings = [p for n, p in student.named_parameters() if "word_embeddings" in n]
    rest = [p for n, p in student.named_parameters() if "word_embeddings" not in n]
    # The new words' embeddings are sparse in the batches: they need a higher rate than the network.
    groups = [{"params": embeddings, "lr": args.rate * 5}, {"params": rest, "lr": args.rate}]
    loop.run(student, groups, trainer.step, args, state, lambda: save(student, tokenizer, args.out))


if __name__ == "__main__":
    main()
