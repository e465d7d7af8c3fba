"""The command line. With --json one document (or JSON Lines) on stdout; everything else goes to stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage. TEXT given as - is read from stdin, which keeps patients' words out of
the shell's history.
"""

import argparse
import json
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dashboard import catalogue, evaluation, jobs, models, services, text
from dashboard.domain import Patient, SearchResult, ZhenluError
from dashboard.privacy import mask
from dashboard.records import decode, read_entries
from dashboard.retrieval import MODES
from dashboard.services import BUILTIN, BUILTIN_FILE, Services, builtin_stamp
from dashboard.settings import Settings
from dashboard.similarity import Similarity, matrix, pairs


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    args = _parser().parse_args(argv)
    # Progress and warnings of libraries are not part of an answer.
    warnings.filterwarnings("ignore")
    try:
        return args.run(args, services.get(serving=False)) or 0
    except ZhenluError as error:
        return _fail(error, args)
    except OSError as error:
        return _fail(ZhenluError("disk", file=error.filename or "?", reason=error.strerror or str(error)), args)
    except KeyboardInterrupt:
        return 1


def _fail(error: ZhenluError, args: argparse.Namespace) -> int:
    said, advice = text.message(error, args.lang), text.hint(error, args.lang)
    if getattr(args, "json", False):
        print(json.dumps({"error": {"code": error.code, "message": said, "hint": advice}}, ensure_ascii=False))
    print(f"{said} {advice}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="诊路 Zhenlu on the command line")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(run=run)
        sub.add_argument("--json", action="store_true", help="machine-readable answer on stdout")
        sub.add_argument("--lang", choices=("zh", "en"), default=Settings().language, help="language of messages")
        return sub

    load = command("load", _load, "make a knowledge base equal to a file")
    load.add_argument("file", type=Path)
    load.add_argument("--kb", help="name of the base (default: the file's stem)")
    load.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN")
    load.add_argument("--status", type=Path, help=argparse.SUPPRESS)

    search = command("search", _search, "candidates for a free text")
    search.add_argument("text")
    _search_options(search)
    search.add_argument("--top", type=_positive, help="how many candidates")
    search.add_argument("--age", help="3y, 8m or 10d")
    search.add_argument("--sex", choices=("female", "male"))
    search.add_argument("--pregnant", action="store_true", default=None)
    search.add_argument("--department", default="")

    similar = command("similarity", _similarity, "how alike two texts are")
    similar.add_argument("texts", nargs="*", metavar="TEXT")
    similar.add_argument("--pairs", type=Path, help='JSON Lines of {"text_a", "text_b"}')

    terms = command("matrix", _matrix, "all terms of a file against all")
    terms.add_argument("file", type=Path)
    terms.add_argument("--threshold", type=float, default=0.75)

    encode = command("encode", _encode, "dense vectors of texts, as a .npy file")
    encode.add_argument("file", type=Path)
    encode.add_argument("--out", type=Path, required=True)

    resolve = command("resolve", _resolve, "the concepts that terms mean")
    resolve.add_argument("terms", nargs="+", metavar="TERM")

    evaluate = command("evaluate", _evaluate, "retrieval quality on labelled queries")
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument(
        "--calibrate", action="store_true", help="fit this base's bands on the queries, and keep them"
    )
    _search_options(evaluate)

    kb = command("kb", None, "knowledge bases: list, stats, use")
    actions = kb.add_subparsers(required=True, metavar="ACTION")
    for name, run in (("list", _kb_list), ("stats", _kb_stats), ("use", _kb_use)):
        sub = _nested(actions, name, run)
        if name == "stats":
            sub.add_argument("--kb", default=BUILTIN)
        if name == "use":
            sub.add_argument("kb")
            sub.add_argument("version")

    model = command("models", None, "models: list, path, pull")
    actions = model.add_subparsers(required=True, metavar="ACTION")
    for name, run in (("list", _models_list), ("path", _models_path), ("pull", _models_pull)):
        sub = _nested(actions, name, run)
        if name != "list":
            sub.add_argument("name", nargs="?", choices=tuple(models.PUBLISHED))
        if name == "pull":
            sub.add_argument("--source", choices=("modelscope", "huggingface"), required=True)
    return parser


def _nested(actions: Any, name: str, run: Any) -> argparse.ArgumentParser:
    # SUPPRESS keeps the outer command's values when the inner one does not repeat the option.
    sub: argparse.ArgumentParser = actions.add_parser(name)
    sub.set_defaults(run=run)
    sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    sub.add_argument("--lang", choices=("zh", "en"), default=argparse.SUPPRESS)
    return sub


def _search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kb", default=BUILTIN)
    parser.add_argument("--mode", choices=MODES, default="rerank")


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


# -- commands ---------------------------------------------------------------------------------------------------


def _load(args: argparse.Namespace, found: Services) -> int:
    mapping = {}
    for item in args.map:
        name, equals, column = item.partition("=")
        if not equals:
            raise ZhenluError("mapping_form", value=item)
        mapping[name.strip()] = column.strip()
    reporter = jobs.Reporter(args.status)
    try:
        report = _load_file(found, args.file, args.kb or args.file.stem, mapping, reporter)
    except ZhenluError as error:
        reporter.finish(error={"code": error.code, "params": error.params})
        raise
    except OSError as error:
        reporter.finish(
            error={"code": "disk", "params": {"file": error.filename or "?", "reason": str(error.strerror)}}
        )
        raise
    reporter.finish(report=report)
    rejected = [{"row": p["row"], "problem": text.say(p["code"], args.lang, **p["params"])} for p in report["rejected"]]
    shown = report | {"rejected": rejected}
    if args.json:
        _print(shown)
    else:
        print(
            f"{shown['kb']} {shown['version']}: {shown['rows']} rows = {shown['added']} added + {shown['changed']} changed"
            f" + {shown['unchanged']} unchanged + {len(rejected)} rejected; {shown['removed']} removed; {shown['seconds']} s"
        )
        for item in rejected:
            print(f"  {item['row']}: {item['problem']}")
    return 0


def _load_file(
    found: Services, file: Path, kb: str, mapping: dict[str, str], reporter: jobs.Reporter
) -> dict[str, Any]:
    def step(stage: str, done: int, total: int) -> None:
        reporter.step(stage, done, total)
        if sys.stderr.isatty():
            print(f"\r{stage} {done}/{total}   ", end="", file=sys.stderr, flush=True)

    found.check_new_base(kb, file)
    parsed = read_entries(file, mapping, found.settings.max_upload_mb)
    stamp = builtin_stamp() if kb == BUILTIN else file.name
    return asdict(found.store.load(kb, parsed, found.encoder, file=stamp, step=step))


def _ready(found: Services, kb: str, mode: str = "dense") -> None:
    """The first command that needs the built-in base loads it: to search in it, or for what it lends to another."""
    lends = mode != "dense" and found.borrows(kb)
    if (kb == BUILTIN or lends) and found.needs_builtin():
        print("loading the built-in knowledge base ...", file=sys.stderr)
        try:
            _load_file(found, BUILTIN_FILE, BUILTIN, {}, jobs.Reporter(None))
        except ZhenluError as error:
            if kb == BUILTIN or error.code != "kb_busy":
                raise
            print("another process is loading it; this search goes without", file=sys.stderr)


def _search(args: argparse.Namespace, found: Services) -> None:
    patient = Patient(_age(args.age), args.sex, args.pregnant, args.department)
    query = found.understand(mask(_read_text(args.text)).text, patient)
    _ready(found, args.kb, args.mode)
    options = found.options(top=args.top, mode=args.mode, patient=patient)
    *_, result = found.search(query, args.kb, options)
    if args.json:
        _print(search_document(result))
        return
    print(" ".join(f"[{f.status}] {f.text}" for f in result.findings))
    if result.status != "ok":
        print(result.status)
    for item in result.cant_miss[:3]:
        print(f"  !! {item.entry.disease} {item.entry.disease_en}{f' ({BUILTIN})' if item.lent else ''}")
    for candidate in result.candidates:
        entry = candidate.entry
        bar = "█" * round(candidate.score * 20)
        print(f"{candidate.rank}. {entry.disease} {entry.disease_en}  {candidate.band} {candidate.score:.2f} {bar}")
        for e in candidate.evidence:
            print(f"     {e.finding} ~ {e.symptom} {e.similarity:.2f}")
        if candidate.counterpart:
            name = " ".join(filter(None, (candidate.counterpart.entry.disease, candidate.counterpart.entry.disease_en)))
            for e in candidate.counterpart.evidence:
                print(f"     {e.finding} ~ {e.symptom} {e.similarity:.2f} ({BUILTIN}: {name})")


def search_document(result: SearchResult) -> dict[str, Any]:
    """A result as the contract's JSON document."""
    return {
        "query": result.query,
        "kb": result.kb,
        "version": result.version,
        "encoder": result.encoder,
        "reranker": result.reranker,
        "status": result.status,
        "findings": [{"text": f.text, "status": f.status.value} for f in result.findings],
        "candidates": [
            {
                "rank": c.rank,
                "id": c.entry.id,
                "disease": c.entry.disease,
                "disease_en": c.entry.disease_en,
                "band": c.band,
                "score": round(c.score, 4),
                "scores": asdict(c.scores),
                "evidence": [asdict(e) for e in c.evidence],
                "unexplained": list(c.unexplained),
                "against": [asdict(e) for e in c.against],
                "ask": list(c.ask),
                "misfits": list(c.misfits),
                "counterpart": c.counterpart
                and {
                    "id": c.counterpart.entry.id,
                    "disease": c.counterpart.entry.disease,
                    "disease_en": c.counterpart.entry.disease_en,
                    "score": c.counterpart.score,
                    "lift": c.counterpart.lift,
                    "evidence": [asdict(e) for e in c.counterpart.evidence],
                },
            }
            for c in result.candidates
        ],
        "cant_miss": [
            {
                "id": m.entry.id,
                "disease": m.entry.disease,
                "disease_en": m.entry.disease_en,
                "red_flag": m.red_flag.flag if m.red_flag else "",
                "reason": m.red_flag.reason if m.red_flag else "",
                "lent": m.lent,
            }
            for m in result.cant_miss
        ],
        "wanted": [asdict(w) for w in result.wanted],
        "notices": list(result.notices),
        "timings_ms": dict(result.timings_ms),
    }


def _similarity(args: argparse.Namespace, found: Services) -> None:
    if args.pairs is not None:
        rows = list(_json_lines(args.pairs, ("text_a", "text_b")))
        for row, item in zip(rows, pairs([(r["text_a"], r["text_b"]) for r in rows], found.encoder), strict=True):
            print(json.dumps(row | {"cosine": item.cosine, "level": item.level}, ensure_ascii=False))
        return
    if len(args.texts) != 2:
        raise SystemExit(2)
    (result,) = pairs([(_read_text(args.texts[0]), _read_text(args.texts[1]))], found.encoder)
    if args.json:
        _print(asdict(result))
    else:
        print(_similarity_line(result))


def _similarity_line(result: Similarity) -> str:
    return f"{result.percent:.1f}%  {result.level}  ({result.encoder})"


def _matrix(args: argparse.Namespace, found: Services) -> None:
    if not args.file.is_file():
        raise ZhenluError("file_missing", file=args.file.name)
    result = matrix(decode(args.file.read_bytes(), args.file.name).split("\n"), found.encoder, args.threshold)
    named = [[result.terms[i] for i in group] for group in result.groups]
    if args.json:
        _print(
            {
                "terms": result.terms,
                "matrix": np.round(result.matrix, 4).astype(float).round(4).tolist(),
                "groups": named,
            }
        )
        return
    for group in named:
        print(" | ".join(group))


def _encode(args: argparse.Namespace, found: Services) -> None:
    rows = list(_json_lines(args.file, ("text",)))
    vectors = found.encoder.encode([row["text"] for row in rows]).dense
    with args.out.open("wb") as out:
        np.save(out, vectors)
    shape = {
        "out": str(args.out),
        "rows": len(vectors),
        "dimension": int(vectors.shape[1]),
        "encoder": found.encoder.name,
    }
    print(json.dumps(shape, ensure_ascii=False) if args.json else shape)


def _resolve(args: argparse.Namespace, found: Services) -> None:
    matches = [
        {"term": m.term, "concept": m.concept.id, "wording": m.wording, "similarity": m.similarity}
        for (m,) in found.resolver.resolve(args.terms)
    ]
    if args.json:
        _print(matches)
    else:
        for m in matches:
            print(f"{m['term']}\t{m['concept']}\t{m['wording']}\t{m['similarity']:.2f}")


def _evaluate(args: argparse.Namespace, found: Services) -> None:
    if args.calibrate and args.mode == "dense":
        raise ZhenluError("calibrate_dense")
    queries = evaluation.read_queries(args.file)
    _ready(found, args.kb, args.mode)
    options = found.options(top=max(evaluation.CUTS), mode=args.mode, seconds=float("inf"))
    rankings: dict[str, list[tuple[str, float]]] = {}
    stage = "fused"

    def rank(said: str) -> evaluation.Ranking:
        nonlocal stage
        try:
            *_, result = found.search(found.understand(said), args.kb, options)
        except ZhenluError as error:
            if error.code in ("query_empty", "query_short", "query_long"):
                return [], False
            raise
        stage = "rerank" if result.reranker else "fused"
        rankings[said] = [(c.entry.id, c.score) for c in result.candidates]
        return rankings[said], result.status == "ok"

    report = evaluation.evaluate(queries, rank)
    if args.calibrate:
        rows = [
            (np.array([s for _, s in ranked]), np.array([i in item.relevant for i, _ in ranked]))
            for item in queries
            if (ranked := rankings.get(item.query))
        ]
        edges = evaluation.fit_bands(rows)
        found.store.save_bands(args.kb, found.models_key, stage, edges)
        report["bands"] = {stage: edges}
    if args.json:
        _print(report)
    else:
        for name, value in report.items():
            print(f"{name}: {value}")


def _kb_list(args: argparse.Namespace, found: Services) -> None:
    listed = []
    for name in found.store.names():
        active = found.store.active(name)
        listed += [asdict(m) | {"active": m.version == active} for m in found.store.versions(name)]
    if args.json:
        _print(listed)
    else:
        for m in listed:
            print(
                f"{'*' if m['active'] else ' '} {m['kb']} {m['version']}  {m['entries']} entries  {m['encoder']}  {m['created']}"
            )


def _kb_stats(args: argparse.Namespace, found: Services) -> None:
    _ready(found, args.kb)
    stats = catalogue.stats(found.kb(args.kb), found.lexicon)
    if args.json:
        _print(stats)
    else:
        for name, value in stats.items():
            print(f"{name}: {json.dumps(value, ensure_ascii=False)}")


def _kb_use(args: argparse.Namespace, found: Services) -> None:
    meta = found.store.use(args.kb, args.version)
    if args.json:
        _print(asdict(meta))
    else:
        print(f"{meta.kb} {meta.version}")


def _models_list(args: argparse.Namespace, found: Services) -> None:
    listed = models.listing(found.settings)
    if args.json:
        _print(listed)
    else:
        for item in listed:
            print(f"{'*' if item['in_use'] else ' '} {item['role']:9} {item['name']:24} {item['folder'] or '-'}")


def _models_path(args: argparse.Namespace, found: Services) -> None:
    paths = models.paths(found.settings, args.name)
    if args.json:
        _print(paths)
    else:
        for path in paths.values():
            print(path)


def _models_pull(args: argparse.Namespace, found: Services) -> None:
    folders = models.pull(found.settings, args.source, args.name)
    if args.json:
        _print(folders)
    else:
        for folder in folders.values():
            print(folder)


# -- helpers ----------------------------------------------------------------------------------------------------


def _print(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False))


def _read_text(argument: str) -> str:
    if argument != "-":
        return argument
    return decode(sys.stdin.buffer.read(), "stdin")


def _age(value: str | None) -> float | None:
    """3y, 8m, 10d -> years. Raises ZhenluError age_unknown."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([ymwd]?)", value.strip().lower())
    if not match:
        raise ZhenluError("age_unknown", age=value)
    return float(match[1]) / {"y": 1, "": 1, "m": 12, "w": 52, "d": 365}[match[2]]


def _json_lines(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise ZhenluError("file_missing", file=path.name)
    for row, line in enumerate(decode(path.read_bytes(), path.name).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError as error:
            raise ZhenluError("lines_bad_row", row=row, fields=", ".join(needed)) from error
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in needed):
            raise ZhenluError("lines_bad_row", row=row, fields=", ".join(needed))
        yield item
