"""Fit what the compact model's numbers mean, and write it beside the models as zhenlu.json.

    python -m training.calibrate

Fusion weights, the blend of reranker and first stage, the bands and floors on the calibrate split, part of which is about
diseases whose entries the model was not trained on; similarity and evidence thresholds on pairs of wordings and
sentences, which the model knows. The test split is never looked at.
"""

import argparse
import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.checkpoint import COMPACT, Calibration
from dashboard.domain import ZhenluError
from dashboard.evaluation import fit_bands, logistic
from dashboard.explain import urgency
from dashboard.records import read_entries
from dashboard.retrieval import Options, Parts, Query, retrieve
from dashboard.search import outcome, passage_of
from dashboard.services import BUILTIN, BUILTIN_FILE, Services, builtin_stamp
from dashboard.settings import Settings
from training import material as materials

BUILD = Path(__file__).parent / "build"
CHANNELS = ("dense", "sparse", "multi_vector", "findings")
STEP = 0.1
RECALL = 50
TEMPERATURES = (0.01, 0.015, 0.02, 0.03, 0.04)
NOISE = 0.2  # of the cases without an urgent answer, those that may show a can't-miss panel
PRIOR = 0.3
USUAL = np.array([2, 1, 2, 2]) / 7  # what bge-m3's model card gives dense, sparse and multi-vector; findings as dense
WORTH = 0.01  # of mean reciprocal rank: what a reranker has to bring for the half second it takes
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=0, help="only so many vignettes, for a quick look")
    parser.add_argument("--reranker", default="compact", help='"none" calibrates the encoder alone')
    args = parser.parse_args()
    found = Services(Settings(data=BUILD / "data", encoder="compact", reranker=args.reranker))
    meta = found.store.meta(BUILTIN) if found.store.active(BUILTIN) else None
    if meta is None or meta.fingerprint != found.encoder.fingerprint or meta.file != builtin_stamp():
        found.store.load(BUILTIN, read_entries(BUILTIN_FILE), found.encoder, file=builtin_stamp())
    parts = found.parts(BUILTIN)
    encoder = replace(
        found.encoder.calibration, name="zhenlu-compact", bands_kb=BUILTIN, **similarity_thresholds(parts)
    )
    # Every channel takes part, whatever the weights are now; what counts as a finding is fitted before it is used.
    found.encoder.calibration = encoder = replace(encoder, fusion=dict.fromkeys(CHANNELS, 0.25))
    # The train split is no guide: the model has seen its texts.
    vignettes = [v for v in materials.rows("vignettes.jsonl") if v["split"] == "calibrate"]
    rows = [row for v in vignettes[: args.limit or None] if (row := features(found, parts, v))]
    print(
        f"{len(rows)} of {len(vignettes)} vignettes to calibrate on; the others hold nothing to search for", flush=True
    )

    encoder = replace(encoder, fusion=fusion([r for r in rows if r["relevant"]]))
    for row in rows:
        row["fused"] = row["matrix"] @ np.array([encoder.fusion[c] for c in CHANNELS])
    encoder = replace(encoder, bands=encoder.bands | {"fused": bands(rows, "fused")}, enough=enough(rows))
    encoder = replace(encoder, cant_miss=cant_miss(rows, encoder.enough, encoder.bands["fused"][1]))
    write(COMPACT["encoder"], encoder)

    if parts.reranker is not None:
        rerank(parts, rows)
        mixed = blend(rows)
        for row in rows:
            logit = mixed["rerank"] * row["logits"] + mixed["fused"] * row["fused"] + mixed["bias"]
            row["rerank"] = 1 / (1 + np.exp(-logit))
        calibration = replace(parts.reranker.calibration, name="zhenlu-compact-reranker", bands_kb=BUILTIN, blend=mixed)
        calibration = replace(calibration, bands=calibration.bands | {"rerank": bands(rows, "rerank")})
        report("logits", rows)
        helps = report("rerank", rows) - report("fused", rows) >= WORTH
        write(COMPACT["reranker"], replace(calibration, use_reranker=helps))


def features(found: Services, parts: Parts, vignette: dict[str, Any]) -> Row | None:
    """One vignette's recalled entries with their scores in every channel; None when there is nothing to search for."""
    try:
        query = found.understand(vignette["query"])
    except ZhenluError:
        return None
    if not query.present:
        return None
    recalled = retrieve(parts, query, Options(recall=RECALL))
    entries = [parts.kb.entries[int(i)] for i in recalled.entries]
    return {
        "query": query,
        "unseen": "unseen" in vignette["tags"],
        "relevant": set(vignette["relevant"]),
        "urgent_answer": any(e.urgent for e in parts.kb.entries if e.id in vignette["relevant"]),
        "urgent": np.array([e.urgent for e in entries]),
        "label": np.array([e.id in vignette["relevant"] for e in entries]),
        "told": recalled.told,
        "index": recalled.entries,
        "matrix": np.stack([recalled.channels[c] for c in CHANNELS], axis=1),
    }


def fusion(rows: list[Row]) -> dict[str, float]:
    """The weights with the best mean reciprocal rank, on a grid that sums to 1, drawn a little towards the usual ones:
    the vignettes are about entries the model knows, other bases are not. None is 0: they were written to hold none of
    a textbook's words, which other queries do, so they cannot tell what the sparse channel is worth."""
    grid = np.arange(STEP, 1, STEP)
    best, chosen = -1.0, np.ones(4) / 4
    for a, b, c in itertools.product(grid, grid, grid):
        if a + b + c > 1 - STEP + 1e-9:
            continue
        weights = np.array([a, b, c, 1 - a - b - c])
        value = float(np.mean([reciprocal(r["matrix"] @ weights, r["label"]) for r in rows]))
        value -= PRIOR * float(((weights - USUAL) ** 2).sum())
        if value > best:
            best, chosen = value, weights
    new = [r for r in rows if r["unseen"]]
    print(
        f"on entries not trained on ({len(new)}): mrr {np.mean([reciprocal(r['matrix'] @ chosen, r['label']) for r in new]):.4f}"
    )
    for number, name in enumerate(CHANNELS):
        alone = np.mean([reciprocal(r["matrix"][:, number], r["label"]) for r in rows])
        print(f"{name} alone: mrr {alone:.4f}", flush=True)
    print("fusion", chosen.round(2), f"mrr less the prior {best:.4f}", flush=True)
    return {c: round(float(w), 3) for c, w in zip(CHANNELS, chosen, strict=True)}


def reciprocal(scores: np.ndarray, label: np.ndarray) -> float:
    """1 / rank of the best relevant entry; ties count against it."""
    if not label.any():
        return 0.0
    return 1 / (1 + int((scores[~label] >= scores[label].max()).sum()))


def report(stage: str, rows: list[Row]) -> float:
    """Print hit@k, return the mean reciprocal rank."""
    rows = [r for r in rows if r["relevant"]]
    ranks = np.array([reciprocal(r[stage], r["label"]) for r in rows])
    shown = {f"hit@{k}": round(float(np.mean(ranks >= 1 / k - 1e-9)), 3) for k in (1, 3, 5, 10)}
    new = ranks[[r["unseen"] for r in rows]]
    print(stage, shown, f"mrr {ranks.mean():.4f}; on entries not trained on {new.mean():.4f}", flush=True)
    return float(ranks.mean())


def bands(rows: list[Row], stage: str) -> list[float]:
    """See `evaluation.fit_bands`; printed: how many of the unanswerable stay below the floor."""
    found = fit_bands([(r[stage], r["label"]) for r in rows if r["relevant"]])
    stopped = np.mean([r[stage].max() < found[-1] for r in rows if not r["relevant"]])
    print(f"{stage} bands {found}; no-match recall {stopped:.3f}", flush=True)
    return found


def enough(rows: list[Row]) -> float:
    """One in fifty answerable texts tells less; printed: how many of the others do."""
    floor = float(np.quantile([r["told"] for r in rows if r["relevant"]], 0.02))
    below = {kind: [r["told"] < floor for r in rows if bool(r["relevant"]) == kind] for kind in (True, False)}
    shown = {kind: f"{sum(v)} of {len(v)}" for kind, v in below.items()}
    print(f"enough {floor:.2f}; texts below: unanswerable {shown[False]}, answerable {shown[True]}", flush=True)
    return round(floor, 2)


def cant_miss(rows: list[Row], enough: float, possible: float) -> dict[str, float]:
    """The temperature that parts urgent cases from others best (area under the curve), the weight that `NOISE` of the
    others reach, the score and the share of the best score that 99% of urgent answers have; printed: how many urgent
    cases reach the weight."""
    urgent = [r for r in rows if r["urgent_answer"]]
    calm = [r for r in rows if not r["urgent_answer"]]

    def weighed(row: Row, temperature: float) -> float:
        # As dashboard.search has it: to a long text that nothing fits no panel is shown.
        said = outcome(row["told"], len(row["query"].present), row["fused"].max(), enough, possible)
        return 0.0 if said == "no_good_match" else urgency(row["fused"], row["urgent"], temperature)

    weights = {t: [np.array([weighed(r, t) for r in group]) for group in (urgent, calm)] for t in TEMPERATURES}
    parted = {t: round(float(np.mean(u[:, None] > c)), 4) for t, (u, c) in weights.items()}
    temperature = max(parted, key=lambda t: parted[t])
    weight = float(np.quantile(weights[temperature][1], 1 - NOISE))
    urgent = [r for r in urgent if (r["label"] & r["urgent"]).any()]
    own = [(r["fused"][r["label"] & r["urgent"]].max(), r["fused"].max()) for r in urgent]
    score, share = (float(np.quantile(v, 0.01)) for v in ([o for o, _ in own], [o / best for o, best in own]))
    shown = (weights[temperature][0] >= weight).mean()
    print(
        f"cant_miss: parted {parted}; of {len(weights[temperature][0])} urgent cases {shown:.3f}, of the others {NOISE}",
        flush=True,
    )
    return {"temperature": temperature, "weight": round(weight, 3), "score": round(score, 3), "share": round(share, 3)}


def rerank(parts: Parts, rows: list[Row]) -> None:
    """Logits for the first of each row; far down for the rest."""
    assert parts.reranker is not None
    for number, row in enumerate(rows):
        query: Query = row["query"]
        order = np.argsort(-row["fused"])[:RECALL]
        texts = [passage_of(parts.kb, int(row["index"][i]), query.language) for i in order]
        row["logits"] = np.full(len(row["fused"]), -30.0)
        row["logits"][order] = parts.reranker.score(query.whole, texts)
        if number % 100 == 99:
            print(f"reranked {number + 1}/{len(rows)}", flush=True)


def blend(rows: list[Row]) -> dict[str, float]:
    """A logistic regression of relevance on the logit and the first-stage score, over the reranked entries."""
    kept = [row["logits"] > -29 for row in rows]
    x = np.concatenate([np.stack([r["logits"][k], r["fused"][k]], axis=1) for r, k in zip(rows, kept, strict=True)])
    y = np.concatenate([r["label"][k] for r, k in zip(rows, kept, strict=True)]).astype(float)
    a, b, c = logistic(x, y, [0.5, 5.0, -5.0])
    print(f"blend: {a:.3f} x logit + {b:.3f} x fused {c:+.3f}", flush=True)
    return {"rerank": round(float(a), 4), "fused": round(float(b), 4), "bias": round(float(c), 4)}


def similarity_thresholds(parts: Parts) -> dict[str, Any]:
    """very_similar: three in four pairs that mean the same reach it; related: one random pair in a hundred does;
    evidence: where pairs of one concept and pairs of related concepts part best."""
    material, rng = materials.load(), np.random.default_rng(0)
    concepts = [c for c in material.concepts if len(c.zh) > 1 and len(c.en) > 1]
    chosen = [concepts[i] for i in rng.choice(len(concepts), 600, replace=False)]
    pairs = [(c.zh[0], str(rng.choice(c.zh[1:]))) for c in chosen] + [(c.zh[0], c.en[0]) for c in chosen]
    pairs += [material.sentences[i] for i in rng.choice(len(material.sentences), 300, replace=False)]
    near = [(c.zh[0], material.concepts[c.related[0]].zh[0]) for c in material.concepts if c.related][:800]
    texts = list(dict.fromkeys(t for pair in pairs + near for t in pair))
    place = {t: i for i, t in enumerate(texts)}
    vectors = parts.encoder.encode(texts).dense
    same = np.array([vectors[place[a]] @ vectors[place[b]] for a, b in pairs])
    akin = np.array([vectors[place[a]] @ vectors[place[b]] for a, b in near])
    other = (vectors @ vectors.T)[np.triu_indices(len(texts), 1)]
    very, related = float(np.quantile(same, 0.25)), float(np.quantile(other, 0.99))
    cuts = np.linspace(0.3, 0.95, 131)
    evidence = float(cuts[np.argmax([(same >= c).mean() - (akin >= c).mean() for c in cuts])])
    print(
        f"same {np.quantile(same, [0.05, 0.25, 0.5]).round(3)}, related {np.quantile(akin, [0.5, 0.9]).round(3)},"
        f" random 99% {related:.3f}, evidence {evidence:.3f}",
        flush=True,
    )
    levels = {"very_similar": round(very, 3), "related": round(min(related, very), 3)}
    return {"similarity": levels, "evidence": round(evidence, 3)}


def write(folder: Path, calibration: Calibration) -> None:
    (folder / "zhenlu.json").write_text(json.dumps(asdict(calibration), indent=2) + "\n", encoding="utf-8")
    print(folder / "zhenlu.json", flush=True)


if __name__ == "__main__":
    main()
