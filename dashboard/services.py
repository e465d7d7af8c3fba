"""Wires settings into parts, once per process. Tests replace it with `replaced`."""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path

import torch

from dashboard import counterparts, lexicon
from dashboard.checkpoint import COMPACT, passed_over, resolve
from dashboard.counterparts import Counterparts
from dashboard.domain import Patient, SearchResult, ZhenluError
from dashboard.encoders import Encoder, open_encoder
from dashboard.feedback import Feedback
from dashboard.jobs import Jobs
from dashboard.lexicon import Lexicon, Resolver
from dashboard.rerankers import Reranker, open_reranker
from dashboard.retrieval import MODES, Options, Parts, Query, understand
from dashboard.search import search
from dashboard.serving import Model, Role, Serving
from dashboard.settings import KNOWLEDGE, Settings
from dashboard.store import EDITION, KnowledgeBase, Store

BUILTIN = "builtin"
BUILTIN_FILE = KNOWLEDGE / "diseases.jsonl"


class Services:
    """Models and bases are opened when first needed and then kept."""

    def __init__(self, settings: Settings, *, serving: bool = False):
        """``serving``: a model that is refused does not stop this process; see `_serve`."""
        self.settings = settings
        self._serving = Serving(settings.data) if serving else None
        self.refused: dict[Role, ZhenluError] = {}  # role -> why the model that the settings name does not serve
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self.store = Store(settings.data)
        self.jobs = Jobs(settings.data)
        self.feedback = Feedback(settings.data)
        self._lock = threading.RLock()
        self._started = time.time()
        self._open: dict[str, KnowledgeBase] = {}
        self._paired: dict[str, tuple[KnowledgeBase, KnowledgeBase, Counterparts | None]] = {}

    @cached_property
    def _encoder(self) -> tuple[str, Encoder]:
        """The spec is what "auto" means to this process, once and for all: a model that arrives later is for the next
        start."""
        settings = self.settings
        return self._serve("encoder", lambda spec: open_encoder(settings.model_copy(update={"encoder": spec})))

    @cached_property
    def _reranker(self) -> tuple[str, Reranker | None]:
        settings = self.settings
        return self._serve("reranker", lambda spec: open_reranker(settings.model_copy(update={"reranker": spec})))

    def _serve(self, role: Role, opened: Callable[[str], Model]) -> tuple[str, Model]:
        """The model that the settings name. A serving process goes on with the one that served before, or with the
        compact one, when that is refused, and keeps the reason for its pages."""
        wanted: str = getattr(self.settings, role)
        try:
            folder = wanted != "none" and not (role == "encoder" and self.settings.remote)
            spec = str(resolve(wanted, self.settings, role)) if folder else wanted
            incomplete = passed_over(self.settings, role) if folder and wanted == "auto" else None
            if incomplete and self._serving is not None:
                raise incomplete
            if incomplete:  # a command was not told to take it
                logging.getLogger("zhenlu").warning("%s: %s", role, incomplete)
            model = opened(spec)
        except ZhenluError as refusal:
            if self._serving is None or not refusal.code.startswith("model_"):
                raise
            self.refused[role] = refusal
            logging.getLogger("zhenlu").error("%s refused: %s", role, refusal)
            return self._serving.previous(role, opened)
        if self._serving is not None and folder:
            self._serving.keep(role, spec)
        return spec, model

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self.lexicon, self.encoder)

    @cached_property
    def finding_wordings(self) -> dict[str, lexicon.Concept]:
        return self.lexicon.wordings("symptom", "disease")

    @property
    def lexicon(self) -> Lexicon:
        return lexicon.builtin()

    # cached_property does not lock: two first visitors would load a model twice.
    @property
    def encoder(self) -> Encoder:
        with self._lock:
            return self._encoder[1]

    @property
    def reranker(self) -> Reranker | None:
        with self._lock:
            return self._reranker[1]

    @property
    def resolver(self) -> Resolver:
        with self._lock:
            return self._resolver

    @property
    def compact(self) -> bool:
        """Whether the embedded default encodes, so that every page can say so."""
        with self._lock:
            return self._encoder[0] == str(COMPACT["encoder"])

    def kb(self, name: str) -> KnowledgeBase:
        """The active version, opened once and again after a switch. Raises as `Store.open` does."""
        version = self.store.meta(name).version
        with self._lock:
            known = self._open.get(name)
            if known is None or known.meta.version != version:
                known = self._open[name] = self.store.open(name, version)
            return known

    def needs_builtin(self) -> bool:
        """Whether the built-in base has to be loaded (or loaded again: its file or the encoder is another one)."""
        if self.store.active(BUILTIN) is None:
            return True
        meta = self.store.meta(BUILTIN)
        return meta.fingerprint != self.encoder.fingerprint or meta.file != builtin_stamp()

    def start_builtin(self) -> None:
        """Begin loading the built-in base in a process of its own, unless one is at it or has failed since this start."""
        with self._lock:
            latest = self.jobs.latest(BUILTIN)
            if (
                latest is None
                or latest.state in ("done", "cancelled")
                or (latest.state == "failed" and latest.started < self._started)
            ):
                self.start_load(BUILTIN, BUILTIN_FILE, {})

    def start_load(self, kb: str, file: Path, mapping: Mapping[str, str], *, upload: bool = False) -> None:
        """Begin a load in a process of its own, with this process's encoder. Raises as `check_new_base` does."""
        self.check_new_base(kb, file)
        with self._lock:
            spec = self._encoder[0]
        self.jobs.start(kb, file, mapping, upload=upload, environment={"ZHENLU_ENCODER": spec})

    def parts(self, kb: str) -> Parts:
        bands = self.store.bands(kb, self.models_key)
        base = self.kb(kb)
        return Parts(base, self.encoder, self.reranker, self.finding_wordings, bands, self._counterparts(base))

    def borrows(self, kb: str) -> bool:
        """Whether the built-in base lends to this one: to all others that this encoder has built, unless the settings say
        no."""
        if not self.settings.counterparts or kb == BUILTIN or self.store.active(kb) is None:
            return False
        return self.store.meta(kb).fingerprint == self.encoder.fingerprint

    def _counterparts(self, base: KnowledgeBase) -> Counterparts | None:
        """What the built-in base lends; None as well while it is not loaded by this encoder."""
        name = base.meta.kb
        if not self.borrows(name) or self.store.active(BUILTIN) is None:
            return None
        lender = self.kb(BUILTIN)
        if lender.meta.fingerprint != self.encoder.fingerprint:
            return None
        known = self._paired.get(name)
        if known is None or known[0] is not base or known[1] is not lender:  # unlocked: others must not wait for it
            floor = self.encoder.calibration.similarity["very_similar"]
            known = self._paired[name] = base, lender, counterparts.pair(base, lender, floor)
        return known[2]

    def check_new_base(self, kb: str, file: Path) -> None:
        """Raises ZhenluError kb_name, or kb_reserved when the file would take the built-in base's place."""
        self.store.check_name(kb)
        if kb == BUILTIN and file.resolve() != BUILTIN_FILE.resolve():
            raise ZhenluError("kb_reserved", kb=kb)

    @property
    def models_key(self) -> str:
        """Tells one way of scoring from another: what bands hold for."""
        weights = [
            EDITION,
            self.settings.counterparts,
            self.encoder.calibration.fusion,
            self.reranker and self.reranker.calibration.blend,
        ]
        scoring = hashlib.sha256(json.dumps(weights, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.encoder.fingerprint} {self.reranker.fingerprint if self.reranker else '-'} {scoring}"

    def understand(self, text: str, patient: Patient | None = None) -> Query:
        """Raises as `retrieval.understand` does."""
        age = patient.age_years if patient else None
        return understand(text, self.finding_wordings, max_chars=self.settings.max_query_chars, age_years=age)

    def options(
        self,
        *,
        top: int | None = None,
        recall: int | None = None,
        mode: str = "rerank",
        patient: Patient | None = None,
        seconds: float | None = None,
    ) -> Options:
        """Options with the settings' values where none is given. Raises ZhenluError mode_unknown."""
        if mode not in MODES:
            raise ZhenluError("mode_unknown", mode=mode, modes=" ".join(MODES))
        return Options(
            top=top or self.settings.top,
            recall=recall or self.settings.recall,
            mode=mode,
            patient=patient or Patient(),
            rerank_seconds=self.settings.rerank_seconds if seconds is None else seconds,
        )

    def search(self, query: Query, kb: str, options: Options) -> Iterator[SearchResult]:
        """See `search.search`."""
        return search(self.parts(kb), query, options)


def builtin_stamp() -> str:
    """Tells one edition of the built-in base from another, by its content and by what a version holds."""
    stat = BUILTIN_FILE.stat()
    return _digest(BUILTIN_FILE, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4)
def _digest(file: Path, size: int, changed: int) -> str:
    """SHA-256 of a file's content; its size and time tell when it has to be read again."""
    return f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()[:16]} {EDITION}"


_current: Services | None = None
_guard = threading.Lock()


def get(*, serving: bool = True) -> Services:
    """The process's services, made from the environment at the first call. A command does not serve: a model that is
    refused is its answer."""
    global _current
    with _guard:
        if _current is None:
            _current = Services(Settings(), serving=serving)
        return _current


@contextmanager
def replaced(services: Services) -> Iterator[Services]:
    """Other services for as long as the block lasts."""
    global _current
    before, _current = _current, services
    try:
        yield services
    finally:
        _current = before
