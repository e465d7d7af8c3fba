"""How long the models take, beside a fixed loop of the same run.

    python benchmarks/speed.py [--encoder compact] [--reranker compact] [--repeat 30]

A query is encoded with its findings, all three vectors at once, as a search does it; then the fifty entries that a
search recalls are reranked for it. Medians of many queries of knowledge/vignettes.jsonl; the loop of matrix products
is timed between them, so that figures of two machines, or of a busy and a quiet one, can be compared.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.retrieval import reference_ms
from dashboard.records import read_entries
from dashboard.retrieval import milliseconds
from dashboard.search import passage_of
from dashboard.services import BUILTIN, BUILTIN_FILE, Services
from dashboard.settings import KNOWLEDGE, Settings

PAIRS = 50


def took(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return milliseconds(started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="compact", help="another model, as in ZHENLU_ENCODER")
    parser.add_argument("--reranker", default="compact", help="another model, as in ZHENLU_RERANKER")
    parser.add_argument("--repeat", type=int, default=30, help="queries")
    args = parser.parse_args()
    rows = [json.loads(line) for line in (KNOWLEDGE / "vignettes.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [r["query"] for r in rows if r["split"] == "calibrate" and r["relevant"]][: args.repeat]
    with tempfile.TemporaryDirectory() as folder:
        found = Services(Settings(data=Path(folder), encoder=args.encoder, reranker=args.reranker))
        encoder, reranker = found.encoder, found.reranker
        loaded = took(lambda: found.store.load(BUILTIN, read_entries(BUILTIN_FILE), encoder))
        parts = found.parts(BUILTIN)
        times: dict[str, list[float]] = {"read": [], "encode": [], "rerank": [], "loop": []}
        for text in texts:
            times["loop"].append(reference_ms())
            times["read"].append(took(lambda text=text: found.understand(text)))
            query = found.understand(text)
            said = [query.whole, *query.present, *query.absent]
            times["encode"].append(took(lambda said=said: encoder.encode(said, query=True, kinds=encoder.kinds)))
            nearest = parts.kb.nearest(encoder.encode([query.whole], query=True).dense[0], 2 * PAIRS)
            entries = list(dict.fromkeys(int(parts.kb.passage_entry[i]) for i, _ in nearest))[:PAIRS]
            passages = [passage_of(parts.kb, i, query.language) for i in entries]
            if reranker is not None:
                times["rerank"].append(took(lambda q=query, p=passages: reranker.score(q.whole, p)))
    print("| what | median ms | of the loop |\n|---|--:|--:|")
    loop = statistics.median(times["loop"])
    for name, values in times.items():
        if values:
            print(f"| {name} | {statistics.median(values):.1f} | {statistics.median(values) / loop:.2f} |")
    print(f"\nThe built-in base ({len(parts.kb.entries)} entries) loaded in {loaded / 1000:.0f} s.")


if __name__ == "__main__":
    main()
