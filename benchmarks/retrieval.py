"""The compact model beside BM25 and all-MiniLM-L6-v2: retrieval, similar questions, terms and synonyms.

    pip install -r benchmarks/requirements.txt
    python benchmarks/retrieval.py --eval DIR [--only FILE ...] [--systems bm25 minilm dense hybrid rerank]
                                   [--queries N] [--kb-limit N] [--work DIR] [--out FILE.json]

DIR holds the files named in BASES, PAIRS and TERMS below; one that is not there is skipped. builtin_zh and builtin_en
are the test split of knowledge/vignettes.jsonl. --queries and --kb-limit take the first N rows, for a quick look; a
right entry beyond the limit is a miss. What is in --out is not measured again unless its rows, limits or model are
others; after a change of the product's code start a new --out. Bases and vectors stay in --work. Tables go to stdout,
progress to stderr. What the systems are: benchmarks/README.md.
"""

import argparse
import contextlib
import hashlib
import io
import json
import statistics
import sys
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bm25s
import jieba
import numpy as np
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dashboard import cli, evaluation, services
from dashboard.domain import Entry, Language, Patient, language_of
from dashboard.encoders import Encoder, open_encoder
from dashboard.encoders.base import Progress
from dashboard.evaluation import LabelledQuery, Ranking
from dashboard.findings import normalise
from dashboard.records import read_entries
from dashboard.retrieval import MODES, Query
from dashboard.services import BUILTIN_FILE, Services
from dashboard.settings import KNOWLEDGE, ROOT, Settings
from training import teacher

BASES = {  # base -> the files of queries against it
    "kb_zh": ("cmexam_zh", "cmexam_zh_relaxed", "dialmed_zh", "dialmed_zh_relaxed", "s2d_en_zh"),
    "kb_en": ("s2d_en_en", "vignettes_en_en"),
    "kb_rare": ("rare_zh", "rare_en"),
}
BUILTIN = {"builtin_zh": "zh", "builtin_en": "en"}
PAIRS = ("sts_zh", "sts_en")
TERMS = {"terms_zh_en": "zh en", "symptom_norm_zh": "mention standard", "synonyms_zh": "synonyms canonical"}
FILES = (*(name for names in BASES.values() for name in names), *BUILTIN, *PAIRS, *TERMS)
SYSTEMS = ("bm25", "minilm", *MODES)
ENCODERS = ("minilm", "dense")  # the systems that give a cosine of two texts
RANKS = ("hit@1", "hit@3", "hit@5", "hit@10", "hit@50", "mrr@10")
MEASURES = {"Retrieval and terms": RANKS, "Pairs": ("auc",)}  # a table each

Row = dict[str, Any]
Score = Callable[[str], np.ndarray]  # of every candidate


@dataclass(frozen=True)
class Task:
    """One file made ready: retrieval and terms have queries and what they search, pairs the pairs."""

    group: str
    queries: tuple[LabelledQuery, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()  # (id, text); a term is its own id
    base: Path | None = None  # of retrieval, for the product
    pairs: tuple[tuple[str, str, int], ...] = ()


def say(done: int, total: int) -> None:
    print(f"  {done}/{total}", file=sys.stderr, flush=True)


def read_task(name: str, args: argparse.Namespace) -> Task | None:
    """The file with the limits applied, or None when it is not there or has no such rows."""
    path = KNOWLEDGE / "vignettes.jsonl" if name in BUILTIN else args.eval / f"{name}.jsonl"
    everything = read_rows(path) if path.is_file() else []
    if name in BUILTIN:
        everything = [r for r in everything if r["split"] == "test" and r["lang"] == BUILTIN[name]]
    rows = everything[: args.queries]
    if not rows:
        return None
    if name in PAIRS:
        return Task("pairs", pairs=tuple((r["text_a"], r["text_b"], r["label"]) for r in rows))
    if name in TERMS:
        said, term = TERMS[name].split()  # the term should come first among all of the file's
        wordings = [(w, r[term]) for r in rows for w in ([r[said]] if isinstance(r[said], str) else r[said])]
        queries = tuple(LabelledQuery(wording, (right,)) for wording, right in wordings)
        return Task("terms", queries, tuple((t, t) for t in dict.fromkeys(r[term] for r in everything)))
    source = BUILTIN_FILE if name in BUILTIN else args.eval / f"{next(b for b in BASES if name in BASES[b])}.jsonl"
    base = write_rows(args.work / "bases", source.stem, read_rows(source)[: args.kb_limit])
    queries = tuple(LabelledQuery(r["query"], tuple(r["relevant"])) for r in rows)
    language = statistics.mode(language_of(item.query) for item in queries)
    return Task("retrieval", queries, tuple((e.id, whole(e, language)) for e in read_entries(base).entries), base)


def whole(entry: Entry, language: Language) -> str:
    """An entry as one text; in English where that is asked for and there is any."""
    if language == "en" and entry.symptoms_en:
        return ". ".join((entry.disease_en or entry.disease, ", ".join(entry.symptoms_en), entry.description_en))
    comma, stop = ("、", "。") if language_of("".join(entry.symptoms)) == "zh" else (", ", ". ")
    return stop.join((entry.disease, comma.join(entry.symptoms), entry.description))


def read_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def write_rows(folder: Path, name: str, rows: Sequence[Row]) -> Path:
    """JSON Lines; the file's name tells one content from another."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{len(rows)}-{digest(rows)}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def digest(*things: object) -> str:
    return hashlib.sha256(repr(things).encode()).hexdigest()[:12]


class Product(Services):
    """The services that the commands run on, saying how far they are."""

    asked = total = 0

    def understand(self, text: str, patient: Patient | None = None) -> Query:
        self.asked += 1
        if self.asked % 25 == 0:
            say(self.asked, self.total)
        return super().understand(text, patient)


@dataclass
class Lab:
    """The systems."""

    work: Path
    product: Product
    minilm: Encoder

    def model(self, system: str) -> str:
        """Changes when the system's model does. Raises ZhenluError when that is not here."""
        if system == "bm25":
            return f"bm25s {bm25s.__version__}"
        parts: list[Any] = [self.minilm if system == "minilm" else self.product.encoder]
        if system == "rerank":
            parts.append(self.product.reranker)
        return " + ".join(f"{part.name} {part.fingerprint} {digest(part.calibration)}" for part in parts)

    def measure(self, system: str, task: Task) -> Row:
        if task.group == "pairs":
            return similar(task.pairs, partial(self.vectors, system))
        if system in MODES and task.base is not None:
            return self.through_commands(system, task.queries, task.base)
        texts = [text for _, text in task.documents]
        score = bm25(texts) if system == "bm25" else self.cosine(system, texts)

        def rank(query: str) -> Ranking:
            scores = score(query).round(6)  # equal vectors tie, whatever the order of summing
            return [(task.documents[i][0], float(scores[i])) for i in np.argsort(-scores, kind="stable")], True

        return evaluation.evaluate(task.queries, rank)

    def vectors(self, system: str, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        if system == "minilm":
            return self.minilm.encode(texts, progress=progress).dense
        return self.product.encoder.encode([normalise(text) for text in texts], progress=progress).dense

    def cosine(self, system: str, texts: Sequence[str]) -> Score:
        path = self.work / f"vectors-{digest(self.model(system), *texts)}.npy"
        if not path.exists():
            np.save(path, self.vectors(system, texts, say))
        vectors = np.load(path)
        return lambda query: vectors @ self.vectors(system, [query])[0]

    def through_commands(self, mode: str, queries: Sequence[LabelledQuery], base: Path) -> Row:
        """`load`, unless this base was built by this code and model, and `evaluate`: what a user gets."""
        code = digest(*((ROOT / "dashboard" / f"{name}.py").read_bytes() for name in ("domain", "records", "store")))
        kb, store = f"{base.stem}-{code}", self.product.store
        if store.active(kb) is None or store.meta(kb).fingerprint != self.product.encoder.fingerprint:
            self.command("load", str(base), "--kb", kb)
        self.product.parts(kb)  # opened before the clock runs
        self.product.asked, self.product.total = 0, len(queries)
        file = write_rows(self.work / "queries", base.stem, [asdict(item) for item in queries])
        return self.command("evaluate", str(file), "--kb", kb, "--mode", mode)

    def command(self, *argv: str) -> Row:
        """A command's JSON document. Raises SystemExit when it fails; it has then said why."""
        said = io.StringIO()
        with services.replaced(self.product), contextlib.redirect_stdout(said):
            code = cli.main([*argv, "--json"])
        if code:
            raise SystemExit(f"failed: python -m dashboard {' '.join(argv)}")
        return json.loads(said.getvalue())


def words(text: str) -> list[str]:
    if language_of(text) == "zh":
        return [word.lower() for word in jieba.lcut(text) if any(c.isalnum() for c in word)]
    return bm25s.tokenize([text], stemmer=None, return_ids=False, show_progress=False)[0]


def bm25(texts: Sequence[str]) -> Score:
    index = bm25s.BM25()
    index.index([words(text) for text in texts], show_progress=False)
    return lambda query: index.get_scores(words(query) or [""])


def similar(pairs: Sequence[tuple[str, str, int]], encode: Callable[[Sequence[str]], np.ndarray]) -> Row:
    """ROC AUC of the cosine with a bootstrap interval as in dashboard.evaluation; the time is the mean per pair."""
    started = time.perf_counter()
    cosines = (encode([a for a, _, _ in pairs]) * encode([b for _, b, _ in pairs])).sum(axis=1)
    took = round((time.perf_counter() - started) * 1000 / len(pairs), 2)
    labels = np.array([label for *_, label in pairs])
    draws = np.random.default_rng(0).integers(0, len(pairs), (1000, len(pairs)))
    drawn = [roc_auc_score(labels[rows], cosines[rows]) for rows in draws if np.ptp(labels[rows])]
    auc, interval = roc_auc_score(labels, cosines), np.percentile(drawn, [2.5, 97.5]).round(4).tolist()
    return {"n": len(pairs), "auc": round(float(auc), 4), "ci95": {"auc": interval}, "latency_ms": {"p50": took}}


def reference_ms() -> float:
    """A fixed piece of work, so that times taken on a busy machine can be compared."""
    matrix = np.random.default_rng(0).standard_normal((512, 512), dtype=np.float32)
    return timeit.timeit(lambda: matrix @ matrix, number=50) * 1000


def tables(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown tables, a row for each file and system, in columns that can be read as they stand."""
    for title, measures in MEASURES.items():
        lines = [["file", "system", "n", *measures, "ms", "loop ms"]]
        for r in rows:
            if measures[0] not in r:
                continue
            cells = ["{:.3f} ({:.2f}–{:.2f})".format(r[m], *r["ci95"][m]) if r["ci95"] else "–" for m in measures]
            times = [f"{r['latency_ms']['p50']:.1f}", f"{r['reference_ms']:.0f}"]
            lines.append([r["file"], r["system"], str(r["labelled"]), *cells, *times])
        if len(lines) == 1:
            continue
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, ["-" * w if i < 2 else "-" * (w - 1) + ":" for i, w in enumerate(widths)])
        yield f"\n### {title}\n"
        for line in lines:
            sides = [
                cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
            ]
            yield f"| {' | '.join(sides)} |"
    yield "\nIn brackets 95% intervals. ms: median per query (pairs: mean per pair, in batches). loop ms: a fixed loop."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, required=True, metavar="DIR")
    parser.add_argument("--kb-limit", type=int, metavar="N")
    parser.add_argument("--queries", type=int, metavar="N")
    parser.add_argument("--only", nargs="+", choices=FILES, default=FILES, metavar="FILE", help=" ".join(FILES))
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--encoder", default="compact", help="another model, as in ZHENLU_ENCODER")
    parser.add_argument("--reranker", default="compact", help="another model, as in ZHENLU_RERANKER")
    parser.add_argument("--work", type=Path, default=ROOT / "data" / "benchmarks", metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    args = parser.parse_args()
    jieba.setLogLevel("WARNING")
    for folder in (args.work, *([args.out.parent] if args.out else [])):
        folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(args.eval.glob("*.jsonl")):
        if path.stem not in (*FILES, *BASES):
            print(f"{path.name}: of no known name, not measured", file=sys.stderr)
    # A reranker that is not asked for need not be there.
    reranker = args.reranker if "rerank" in args.systems else "none"
    product = Product(Settings(data=args.work, encoder=args.encoder, reranker=reranker))
    lab = Lab(args.work, product, open_encoder(Settings(encoder=str(teacher.folder()))))
    models = {system: lab.model(system) for system in args.systems}
    known: list[Row] = json.loads(args.out.read_text(encoding="utf-8")) if args.out and args.out.exists() else []
    shown = []
    for name in args.only:
        task = read_task(name, args)
        if task is None:
            print(f"{name}: no such rows", file=sys.stderr)
            continue
        for system in [s for s in args.systems if task.group == "retrieval" or s in ENCODERS]:
            about = {"file": name, "system": system, "group": task.group, "model": models[system], "data": digest(task)}
            row = next((r for r in known if about.items() <= r.items()), None)
            if row is None:
                print(f"{name} {system}", file=sys.stderr, flush=True)
                before = reference_ms()
                row = about | lab.measure(system, task)
                row["reference_ms"] = round((before + reference_ms()) / 2, 1)
                row["labelled"] = row["n"] - sum(not item.relevant for item in task.queries)
                known = [r for r in known if (r["file"], r["system"]) != (name, system)] + [row]
                if args.out:
                    part = args.out.with_suffix(".part")
                    part.write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")
                    part.replace(args.out)
            shown.append(row)
    print("\n".join(tables(shown)))


if __name__ == "__main__":
    main()
