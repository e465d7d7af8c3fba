"""What reading a text as findings is worth: the test vignettes with it and without it, tag by tag.

    python benchmarks/findings.py [--split test] [--encoder compact] [--limit N] [--plot FILE.svg] [--out FILE.json]

Without: the whole text as it stands is the query, denials, history and numbers included. With: the product's own way.
Then, for each denied finding, where the entry that it points to stands with the denial and with that clause deleted;
how many urgent answers stand in the can't-miss panel and how many other cases show any. All of that is of the first
stage. With --plot a reliability plot: how often one of the first five candidates is right, by its score, in the stage
that a search ends with (reranked, where the reranker's calibration uses it) and in the first, with the bands' edges.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dashboard.domain import Finding, SearchResult, Status, ZhenluError
from dashboard.evaluation import SHOWN
from dashboard.records import read_entries
from dashboard.retrieval import Options, Parts, Query, best_by_entry, from_findings, retrieve
from dashboard.search import search
from dashboard.services import BUILTIN, BUILTIN_FILE, Services
from dashboard.settings import KNOWLEDGE, Settings

TAGS = ("negation", "history", "numbers", "side", "abbreviation", "colloquial", "mixed", "child", "cant_miss")
PLOT = Path(__file__).parent / "reliability.svg"
STAGES = {"fused": ("first stage", "#b45309"), "rerank": ("reranked", "#0f766e")}
WIDTH, LEAST = 0.05, 20  # of a point of the plot: its range of scores, and the candidates that it stands for
Row = dict[str, Any]


def first(parts: Parts, query: Query) -> SearchResult:
    return next(search(parts, query, Options(top=50, mode="hybrid")))


def shown(parts: Parts, query: Query, relevant: set[str]) -> Row:
    """stage -> score of each candidate that a person reads, and whether it is right; the reranker takes its time."""
    options = Options(top=SHOWN, mode="rerank", rerank_seconds=float("inf"))
    results = {"rerank" if r.reranker else "fused": r for r in search(parts, query, options)}
    return {stage: [(c.score, c.entry.id in relevant) for c in r.candidates] for stage, r in results.items()}


def run(found: Services, vignettes: Sequence[Row], *, plotted: bool) -> list[Row]:
    parts, rows = found.parts(BUILTIN), []
    for number, vignette in enumerate(vignettes, start=1):
        text, relevant = vignette["query"], set(vignette["relevant"])
        raw = Query(text, (Finding(text),), (text,), ())
        try:
            query = found.understand(text)
        except ZhenluError:
            query = Query(text, (), (), ())
        told, blunt = first(parts, query), first(parts, raw)
        rows.append(
            {
                "tags": vignette["tags"],
                "relevant": sorted(relevant),
                "with": rank(told, relevant),
                "without": rank(blunt, relevant),
                "status": told.status,
                "status_without": blunt.status,
                "shown": shown(parts, query, relevant) if plotted else {},
                "denials": [lowered(parts, query, f) for f in query.findings if f.status is Status.ABSENT],
                "urgent": any(e.urgent for e in parts.kb.entries if e.id in relevant),
                "cant_miss": [item.entry.id for item in told.cant_miss],
            }
        )
        if number % 50 == 0:
            print(f"  {number}/{len(vignettes)}", file=sys.stderr, flush=True)
    return rows


def rank(result: SearchResult, relevant: set[str]) -> int:
    """Of the best relevant candidate; 999 when none is among the first fifty."""
    return next((c.rank for c in result.candidates if c.entry.id in relevant), 999)


def lowered(parts: Parts, query: Query, denied: Finding) -> tuple[int, int] | None:
    """Where the entry that a denied finding points to stands: with the denial, and with its clause deleted. Of the
    entries recalled it is the one with the nearest symptom; None when none of them has the finding."""
    without = [f for f in query.findings if f is not denied]
    if not query.present:
        return None
    recalled = [
        retrieve(parts, from_findings(query.text, f), Options(mode="hybrid")) for f in (query.findings, without)
    ]
    near = recalled[0].absent[query.absent.index(denied.text)]
    best = best_by_entry(parts.kb, near[None])[0, recalled[1].entries]
    if best.max() < parts.encoder.calibration.evidence:
        return None
    pointed = recalled[1].entries[np.argmax(best)]
    places = [int((r.fused > r.fused[r.entries == pointed][0]).sum()) + 1 for r in recalled]
    return places[0], places[1]


def report(rows: Sequence[Row]) -> str:
    answered = [r for r in rows if r["relevant"]]
    lines = [
        "| cases | n | hit@1 with / without | hit@5 with / without | MRR with / without |",
        "|---|--:|--:|--:|--:|",
    ]
    for tag in ("all", *TAGS):
        mine = [r for r in answered if tag == "all" or tag in r["tags"]]
        if not mine:
            continue
        cells = [f"{hit(mine, 'with', k):.3f} / {hit(mine, 'without', k):.3f}" for k in (1, 5)]
        cells.append(" / ".join(f"{np.mean([1 / r[side] if r[side] < 999 else 0 for r in mine]):.3f}" for side in ("with", "without")))  # fmt: skip
        lines.append(f"| {tag} | {len(mine)} | {' | '.join(cells)} |")
    for tag in ("not_enough", "nothing_fits"):
        mine = [r for r in rows if tag in r["tags"]]
        if mine:
            said, blunt = (np.mean([r[key] != "ok" for r in mine]) for key in ("status", "status_without"))
            lines.append(f"\n{tag} ({len(mine)}): said so, or no good match, {said:.3f}; without findings {blunt:.3f}.")
    if answered:
        wrongly, blunt = (np.mean([r[key] != "ok" for r in answered]) for key in ("status", "status_without"))
        lines.append(f"\nAnswerable cases ({len(answered)}) told so all the same: {wrongly:.3f}; without findings {blunt:.3f}.")  # fmt: skip
    denials = [d for r in rows if "negation" in r["tags"] for d in r["denials"]]
    moved = [d for d in denials if d]
    if moved:
        lower, same = np.mean([a > b for a, b in moved]), np.mean([a == b for a, b in moved])
        lines.append(f"\nDenied findings ({len(moved)} of {len(denials)} are a symptom of an entry recalled): the entry pointed to stands lower in {lower:.3f}, where it stood in {same:.3f}.")  # fmt: skip
    urgent = [r for r in answered if "cant_miss" in r["tags"]]
    calm = [r for r in rows if not r["urgent"]]
    seen = np.mean([bool(set(r["relevant"]) & set(r["cant_miss"])) for r in urgent]) if urgent else np.nan
    noise = np.mean([bool(r["cant_miss"]) for r in calm]) if calm else np.nan
    lines.append(f"\nCan't-miss: shown in {seen:.3f} of {len(urgent)} urgent cases; in {noise:.3f} of {len(calm)} cases without an urgent answer.")  # fmt: skip
    return "\n".join(lines)


def hit(rows: Sequence[Row], side: str, k: int) -> float:
    return float(np.mean([r[side] <= k for r in rows]))


def points(candidates: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(mean score, share right) of the candidates whose scores lie together, few ones with their neighbours."""
    groups: list[list[tuple[float, bool]]] = []
    for score, right in sorted(candidates):
        same = groups and score // WIDTH == groups[-1][-1][0] // WIDTH
        if same or (groups and len(groups[-1]) < LEAST):
            groups[-1].append((score, right))
        else:
            groups.append([(score, right)])
    if len(groups) > 1 and len(groups[-1]) < LEAST:
        groups[-2:] = [groups[-2] + groups[-1]]
    return [(float(np.mean([s for s, _ in g])), float(np.mean([r for _, r in g]))) for g in groups]


def plot(rows: Sequence[Row], parts: Parts, path: Path) -> None:
    """The share of the candidates shown that are right, by score, a line for each stage; dashed the bands' edges."""
    x = lambda v: 60 + 480 * v  # noqa: E731
    y = lambda v: 330 - 250 * v  # noqa: E731
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 380" font-family="sans-serif" font-size="12">',
           '<rect width="560" height="380" fill="#fff"/>']  # fmt: skip
    for value in (0, 0.25, 0.5, 0.75, 1):
        svg.append(f'<path d="M60 {y(value):.0f}H540" stroke="#ddd"/><text x="52" y="{y(value) + 4:.0f}" text-anchor="end">{value:g}</text>')  # fmt: skip
        svg.append(f'<text x="{x(value):.0f}" y="347" text-anchor="middle">{value:g}</text>')
    said = []
    for number, (stage, (name, colour)) in enumerate(STAGES.items()):
        candidates = [c for r in rows for c in r["shown"].get(stage, ())]
        if not candidates:
            continue
        said.append(f'<tspan fill="{colour}">{name}: {len(candidates)} candidates</tspan>')
        for band, edge in zip(("strong", "possible", "weak"), parts.edges(stage), strict=True):
            svg.append(f'<path d="M{x(edge):.0f} {62 + 14 * number}V330" stroke="{colour}" stroke-opacity=".5" stroke-dasharray="4 3"/>')  # fmt: skip
            svg.append(
                f'<text x="{x(edge) + 3:.0f}" y="{60 + 14 * number}" fill="{colour}" font-size="10">{band}</text>'
            )
        line = points(candidates)
        svg.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x(a):.0f},{y(b):.0f}" for a, b in line)}"/>')  # fmt: skip
        svg += [f'<circle cx="{x(a):.0f}" cy="{y(b):.0f}" r="3.5" fill="{colour}"/>' for a, b in line]
    svg.append('<text x="300" y="370" text-anchor="middle">score</text>')
    svg.append(f'<text x="60" y="20">share of the first five candidates that are right, {len(rows)} cases</text>')
    svg.append(f'<text x="60" y="38">{" · ".join(said)}</text></svg>')
    path.write_text("\n".join(svg) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", default="test", choices=("calibrate", "test"))
    parser.add_argument("--encoder", default="compact", help="another model, as in ZHENLU_ENCODER")
    parser.add_argument(
        "--reranker", default="compact", help="of the plot; another model, as in ZHENLU_RERANKER, or none"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only so many vignettes, for a quick look")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.svg", help=f"draw the reliability plot, for example {PLOT.name}"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="the rows, one a vignette")
    args = parser.parse_args()
    lines = (KNOWLEDGE / "vignettes.jsonl").read_text(encoding="utf-8").splitlines()
    vignettes = [v for v in map(json.loads, lines) if v["split"] == args.split]
    if args.limit:  # from all of the file: its kinds stand one after the other
        vignettes = vignettes[:: max(1, len(vignettes) // args.limit)][: args.limit]
    with tempfile.TemporaryDirectory() as folder:
        found = Services(
            Settings(data=Path(folder), encoder=args.encoder, reranker=args.reranker if args.plot else "none")
        )
        found.store.load(BUILTIN, read_entries(BUILTIN_FILE), found.encoder)
        rows = run(found, vignettes, plotted=args.plot is not None)
        print(report(rows))
        if args.plot:
            plot(rows, found.parts(BUILTIN), args.plot)
    if args.out:
        args.out.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
