"""Knowledge bases on disk. The only importer of chromadb.

    DATA/kb/<name>/active.json            {"version"}: the switch, written with os.replace
    DATA/kb/<name>/last.json              {"number"} of the newest version there ever was
    DATA/kb/<name>/bands.json             what `evaluate --calibrate` found, by the models it was found with
    DATA/kb/<name>/<version>/meta.json    written last: a folder without it was never finished
                             entries.jsonl, chroma/ (whole texts and briefs, dense), sparse.npz (whole texts, lexical),
                             phrases.npz (each symptom once, dense), names.npz (of the entries, dense), tokens.npy + tokens.npz (whole texts, multi-vector)

A finished version is never changed again, so any number of processes read it without a lock.
"""

import json
import os
import re
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.config import Settings as ChromaSettings
from filelock import FileLock, Timeout
from scipy.sparse import csr_matrix, load_npz, save_npz

from dashboard.domain import Entry, Language, LoadReport, RedFlag, ZhenluError, side_of
from dashboard.encoders.base import Encoder
from dashboard.records import Parsed, key

MULTI_VECTOR_TOKENS = 64  # of each whole text: the name and the symptoms stand first
KEEP_VERSIONS = 5
EDITION = 3  # of what a version holds; 2: briefs, 3: names

Step = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True)
class Meta:
    """What meta.json holds."""

    kb: str
    version: str
    created: str  # ISO 8601, UTC
    entries: int
    passages: int
    phrases: int
    encoder: str
    fingerprint: str
    dimension: int
    kinds: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True)
class KnowledgeBase:
    """One version, opened for reading.

    passages: the whole text of every entry in each of its languages, ``wholes`` of them, then the briefs, which have dense
    vectors only: a description that speaks of genes or history hides the symptoms from a query, and helps elsewhere.
    phrases: the unique symptom texts; phrase_sides: -1 for those of the left side, 1 of the right, 0 of neither or both;
    phrase_vectors float32 (phrases, d). Entry i has the phrases ``phrase_ids[phrase_starts[i]:phrase_starts[i + 1]]``.
    names: of entry i ``names[name_starts[i]:name_starts[i + 1]]``; name_vectors float32 (names, d).
    """

    meta: Meta
    entries: tuple[Entry, ...]
    passage_entry: np.ndarray
    passage_text: tuple[str, ...]
    passage_language: tuple[Language, ...]
    wholes: int
    phrases: tuple[str, ...]
    phrase_sides: np.ndarray
    phrase_vectors: np.ndarray
    phrase_ids: np.ndarray
    phrase_starts: np.ndarray
    names: tuple[str, ...]
    name_starts: np.ndarray
    name_vectors: np.ndarray | None  # older editions have none
    sparse: csr_matrix | None
    tokens: np.ndarray | None
    token_starts: np.ndarray | None
    collection: Any

    @cached_property
    def departments(self) -> Counter[tuple[str, str]]:
        """(department, department in English) -> entries, in the order met."""
        return Counter((e.department, e.department_en) for e in self.entries)

    def nearest(self, vector: np.ndarray, count: int) -> list[tuple[int, float]]:
        """(passage, cosine) of the nearest passages, best first."""
        found = self.collection.query(
            query_embeddings=[vector], n_results=min(count, len(self.passage_text)), include=["distances"]
        )
        return [(int(i), 1 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def dense(self, passages: Sequence[int] | np.ndarray) -> np.ndarray:
        """The vectors of some passages, float32 (n, d)."""
        found = self.collection.get(ids=[str(i) for i in passages], include=["embeddings"])
        place = {int(i): row for row, i in enumerate(found["ids"])}
        return np.asarray(found["embeddings"], dtype=np.float32)[[place[int(i)] for i in passages]]

    def phrases_of(self, entry: int) -> np.ndarray:
        """The phrases of an entry (its place among the entries), those of each of its languages in turn."""
        return self.phrase_ids[self.phrase_starts[entry] : self.phrase_starts[entry + 1]]

    def symptoms(self, entry: int, language: Language) -> dict[str, int]:
        """An entry's symptoms in a language, or in the one it has -> phrase."""
        ids, start = self.phrases_of(entry), 0
        wanted = self.entries[entry].symptoms_in(language)
        for group in self.entries[entry].phrases().values():
            if group == wanted:
                break
            start += len(group)
        return dict(zip(wanted, map(int, ids[start:]), strict=False))

    def multi_vectors(self, passage: int) -> np.ndarray:
        """Token vectors of a whole text, float32 (tokens, m)."""
        assert self.tokens is not None and self.token_starts is not None
        return self.tokens[self.token_starts[passage] : self.token_starts[passage + 1]].astype(np.float32)


class Store:
    """The folder of all knowledge bases."""

    def __init__(self, root: Path):
        self.root = root / "kb"

    # -- reading ------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The bases that have an active version."""
        return sorted(p.parent.name for p in self.root.glob("*/active.json"))

    def active(self, kb: str) -> str | None:
        path = self._folder(kb) / "active.json"
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["version"])
        except FileNotFoundError:
            return None

    def versions(self, kb: str) -> list[Meta]:
        """Finished versions, newest first."""
        metas = [_read_meta(path) for path in self._folder(kb).glob("*/meta.json")]
        return sorted(metas, key=lambda m: m.version, reverse=True)

    def meta(self, kb: str, version: str | None = None) -> Meta:
        """Raises ZhenluError kb_unknown or version_unknown."""
        chosen = version or self.active(kb)
        if chosen is None:
            raise ZhenluError("kb_unknown", kb=kb, known=", ".join(self.names()) or "-")
        path = self._folder(kb) / _checked(chosen) / "meta.json"
        if not path.exists():
            raise ZhenluError("version_unknown", kb=kb, version=chosen)
        return _read_meta(path)

    def open(self, kb: str, version: str | None = None) -> KnowledgeBase:
        """A finished version, the active one unless named. Raises as `meta` does."""
        meta = self.meta(kb, version)
        folder = self._folder(kb) / meta.version
        entries = tuple(_read_entries(folder / "entries.jsonl"))
        phrases = tuple(_phrases(entries))
        texts, wholes = _passages(entries)
        texts = texts[: meta.passages]  # versions of older editions have no briefs
        with np.load(folder / "phrases.npz", allow_pickle=False) as saved:
            vectors, ids, starts = saved["vectors"], saved["ids"], saved["starts"]
        has_names, has_tokens = (folder / "names.npz").exists(), (folder / "tokens.npy").exists()
        return KnowledgeBase(
            meta=meta,
            entries=entries,
            passage_entry=np.array([i for i, _, _ in texts]),
            passage_text=tuple(text for _, _, text in texts),
            passage_language=tuple(language for _, language, _ in texts),
            wholes=wholes,
            phrases=phrases,
            phrase_sides=np.array([side_of(p) for p in phrases]),
            phrase_vectors=vectors,
            phrase_ids=ids,
            phrase_starts=starts,
            names=tuple(name for e in entries for name in e.names),
            name_starts=np.cumsum([0, *(len(e.names) for e in entries)]),
            name_vectors=np.load(folder / "names.npz")["vectors"] if has_names else None,
            sparse=load_npz(folder / "sparse.npz") if (folder / "sparse.npz").exists() else None,
            tokens=np.load(folder / "tokens.npy", mmap_mode="r") if has_tokens else None,
            token_starts=np.load(folder / "tokens.npz")["starts"] if has_tokens else None,
            collection=_client(folder / "chroma").get_collection("entries", embedding_function=None),
        )

    def bands(self, kb: str, models: str) -> dict[str, list[float]]:
        """The bands calibrated on this base for these models, stage -> edges; empty when that was never done."""
        path = self._folder(kb) / "bands.json"
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return dict(saved.get(models, {}))

    def save_bands(self, kb: str, models: str, stage: str, edges: Sequence[float]) -> None:
        """Keep what `evaluation.fit_bands` found. They hold for every version of the base."""
        path = self._folder(kb) / "bands.json"
        with FileLock(path.with_suffix(".lock")):
            saved = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            saved[models] = saved.get(models, {}) | {stage: list(edges)}
            replace_json(path, saved)

    def check_name(self, kb: str) -> None:
        """Raises ZhenluError kb_name when this cannot be a base's name."""
        _checked(kb)

    # -- writing ------------------------------------------------------------------------------------------------

    def use(self, kb: str, version: str) -> Meta:
        """Make a finished version the active one. Raises as `meta` does."""
        meta = self.meta(kb, version)
        replace_json(self._folder(kb) / "active.json", {"version": version})
        return meta

    def delete(self, kb: str, version: str | None = None) -> None:
        """Delete a version that is not active, or a whole base. Raises kb_unknown, version_active, kb_busy."""
        meta = self.meta(kb, version)
        with self.building(kb):
            if version is None:
                (self._folder(kb) / "active.json").unlink()
                for item in self.versions(kb):
                    _remove(self._folder(kb) / item.version)
                return
            if self.active(kb) == meta.version:
                raise ZhenluError("version_active", kb=kb, version=version)
            _remove(self._folder(kb) / meta.version)

    @contextmanager
    def building(self, kb: str) -> Iterator[None]:
        """The lock of one base's builder. Raises ZhenluError kb_busy naming the process that has it."""
        folder = self._folder(kb)
        folder.mkdir(parents=True, exist_ok=True)
        lock, owner = FileLock(folder / "build.lock"), folder / "builder.json"
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            try:
                who = json.loads(owner.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                who = {}
            raise ZhenluError("kb_busy", kb=kb, pid=who.get("pid", "?"), since=who.get("since", "?")) from error
        try:
            replace_json(owner, {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def load(
        self, kb: str, parsed: Parsed, encoder: Encoder, *, file: str = "", step: Step | None = None
    ) -> LoadReport:
        """Make a base equal to the parsed file: build a new version beside the others, check it, switch to it.

        Raises ZhenluError kb_busy, kb_name, or all_rejected (the old version stays). An exception leaves the old
        version serving; the unfinished folder goes with the next load.
        """
        started = time.perf_counter()
        if not parsed.entries:
            first = parsed.rejected[0] if parsed.rejected else None
            raise ZhenluError("all_rejected", rows=parsed.rows, row=first.row if first else 0)
        with self.building(kb):
            folder = self._folder(kb)
            version = self._next_version(folder)
            self._sweep(folder)
            active = self.active(kb)
            old = {e.id: e for e in _read_entries(folder / active / "entries.jsonl")} if active else {}
            meta = build(folder / version, kb, version, parsed.entries, encoder, file=file, step=step or _quiet)
            _verify(folder / version, meta)
            replace_json(folder / version / "meta.json", asdict(meta))
            replace_json(folder / "active.json", {"version": version})
            for stale in [m for m in self.versions(kb) if m.version != version][KEEP_VERSIONS - 1 :]:
                _remove(folder / stale.version)
        new = {e.id: e for e in parsed.entries}
        common = [i for i in new if i in old]
        changed = sum(new[i] != old[i] for i in common)
        return LoadReport(
            kb=kb,
            version=version,
            encoder=encoder.name,
            rows=parsed.rows,
            added=len(new) - len(common),
            changed=changed,
            unchanged=len(common) - changed,
            removed=sum(i not in new for i in old),
            rejected=parsed.rejected,
            seconds=round(time.perf_counter() - started, 2),
        )

    def _folder(self, kb: str) -> Path:
        return self.root / _checked(kb)

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed builder left: version folders without meta.json. Call under the lock."""
        for path in folder.iterdir():
            if path.is_dir() and not (path / "meta.json").exists():
                shutil.rmtree(path)

    def _next_version(self, folder: Path) -> str:
        """A name that no version had before, deleted and unfinished ones included: readers know a version by its
        name, and chromadb a database by its path. Call under the lock."""
        last = folder / "last.json"
        used = [int(p.name[1:]) for p in folder.iterdir() if re.fullmatch(r"v\d{4,}", p.name)]
        if last.exists():
            used.append(int(json.loads(last.read_text(encoding="utf-8"))["number"]))
        number = max(used, default=0) + 1
        replace_json(last, {"number": number})
        return f"v{number:04d}"


def build(
    folder: Path, kb: str, version: str, entries: Sequence[Entry], encoder: Encoder, *, file: str, step: Step
) -> Meta:
    """Write everything of a version but meta.json."""
    folder.mkdir(parents=True)
    with (folder / "entries.jsonl").open("w", encoding="utf-8") as out:
        for entry in entries:
            out.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
    passages, wholes = _passages(entries)
    texts = [text for _, _, text in passages]
    whole = encoder.encode(
        texts[:wholes], kinds=encoder.kinds, progress=lambda done, _: step("passages", done, len(texts))
    )
    vectors = whole.dense
    if wholes < len(texts):
        brief = encoder.encode(texts[wholes:], progress=lambda done, _: step("passages", wholes + done, len(texts)))
        vectors = np.concatenate([vectors, brief.dense])
    phrases, names = _phrases(entries), [name for e in entries for name in e.names]
    parts = encoder.encode([*phrases, *names], progress=lambda done, total: step("phrases", done, total))
    step("index", 0, len(texts))
    _write_chroma(folder / "chroma", vectors, [entries[i].id for i, _, _ in passages])
    place = {key(phrase): i for i, phrase in enumerate(phrases)}
    ids = [[place[key(p)] for group in e.phrases().values() for p in group] for e in entries]
    np.savez(
        folder / "phrases.npz",
        vectors=parts.dense[: len(phrases)],
        ids=np.array([i for row in ids for i in row], dtype=np.int32),
        starts=np.cumsum([0, *map(len, ids)]),
    )
    np.savez(folder / "names.npz", vectors=parts.dense[len(phrases) :])
    if whole.sparse is not None:
        save_npz(folder / "sparse.npz", whole.sparse)
    if whole.multi_vector is not None:
        rows = [vectors[:MULTI_VECTOR_TOKENS].astype(np.float16) for vectors in whole.multi_vector]
        np.save(folder / "tokens.npy", np.concatenate(rows))
        np.savez(folder / "tokens.npz", starts=np.cumsum([0, *map(len, rows)]))
    step("index", len(texts), len(texts))
    return Meta(
        kb=kb,
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        entries=len(entries),
        passages=len(texts),
        phrases=len(phrases),
        encoder=encoder.name,
        fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        kinds=tuple(encoder.kinds),
        file=file,
    )


def _write_chroma(folder: Path, vectors: np.ndarray, owners: list[str]) -> None:
    with _client(folder) as client:
        # ef_search 400 measured recall@50 of 0.998 at 20,000 x 1,024, against 0.989 at 100
        collection = client.create_collection(
            "entries", embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_search": 400}}
        )
        size = client.get_max_batch_size()
        for start in range(0, len(owners), size):
            rows = range(start, min(start + size, len(owners)))
            collection.upsert(
                ids=[str(i) for i in rows],
                embeddings=vectors[start : start + size],
                metadatas=[{"entry": owners[i]} for i in rows],
            )


def _verify(folder: Path, meta: Meta) -> None:
    """A last look before the switch. Raises ZhenluError build_incomplete."""
    with _client(folder / "chroma") as client:
        count = client.get_collection("entries", embedding_function=None).count()
    if count != meta.passages:
        raise ZhenluError("build_incomplete", found=count, expected=meta.passages)


def _remove(folder: Path) -> None:
    """Delete a version. Without its meta.json it is not one any more, should this be cut short."""
    (folder / "meta.json").unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _client(folder: Path) -> Client:
    # declared as the base class, which cannot be closed
    return cast(Client, chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False)))


def _passages(entries: Sequence[Entry]) -> tuple[list[tuple[int, Language, str]], int]:
    """(entry, language, text) of all whole texts, then of all briefs; and how many are whole."""
    whole = [(i, language, text) for i, e in enumerate(entries) for language, text in e.passages().items()]
    return [*whole, *((i, lang, text) for i, e in enumerate(entries) for lang, text in e.briefs().items())], len(whole)


def _phrases(entries: Sequence[Entry]) -> list[str]:
    """Every symptom phrase once, in the order met; phrases that differ only in case or width are one."""
    found: dict[str, str] = {}
    for entry in entries:
        for group in entry.phrases().values():
            for phrase in group:
                found.setdefault(key(phrase), phrase)
    return list(found.values())


def _read_entries(path: Path) -> Iterator[Entry]:
    names = {f.name for f in fields(Entry)}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            saved: dict[str, Any] = json.loads(line)
            raw: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items() if k in names}
            raw["red_flags"] = tuple(RedFlag(**flag) for flag in saved.get("red_flags", ()))
            yield Entry(**raw)


def _read_meta(path: Path) -> Meta:
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Meta(**{**raw, "kinds": tuple(raw["kinds"])})


def _checked(name: str) -> str:
    """A name that is a single plain folder name. Raises ZhenluError kb_name."""
    if not re.fullmatch(r"[\w][\w.\-]{0,63}", name) or name.startswith("."):
        raise ZhenluError("kb_name", name=name[:80])
    return name


def replace_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of either."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    temporary.replace(path)


def _quiet(stage: str, done: int, total: int) -> None:
    """No progress wanted."""
